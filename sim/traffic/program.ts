/** A file's own light plan: phases in a cycle, without yellow, from phase 0 at time 0. */

export interface LightProgram {
  /** Index into `Network.junctions`. */
  readonly junction: number;
  readonly firstGroup: number;
  readonly groupCount: number;
  readonly phases: readonly {
    readonly seconds: number;
    /** Global signal groups that are green; the junction's others are red. */
    readonly greenGroups: readonly number[];
  }[];
}

const RED = 0;
const GREEN = 1;

/** Seconds of one cycle. */
export function programCycleSeconds(program: LightProgram): number {
  let sum = 0;
  for (const phase of program.phases) sum += phase.seconds;
  return sum;
}

/**
 * Index of the phase that a tick starting at `timeSeconds` sees; a phase covers [its start, its end). `cycle`: its
 * `programCycleSeconds`, where it is known.
 */
export function programPhase(program: LightProgram, timeSeconds: number, cycle = programCycleSeconds(program)): number {
  // A step that is not exact in binary must not miss the instant of a switch.
  const tolerance = 1e-7;
  let rest = timeSeconds + tolerance - Math.floor((timeSeconds + tolerance) / cycle) * cycle;
  for (let i = 0; i < program.phases.length; i++) {
    const { seconds } = program.phases[i]!;
    if (rest < seconds) return i;
    rest -= seconds;
  }
  return program.phases.length - 1;
}

/** Sets the junction's groups in `groupLamp` (0 red, 1 green) for the tick that starts at `timeSeconds`. */
export function programLamps(program: LightProgram, timeSeconds: number, groupLamp: Uint8Array): void {
  groupLamp.fill(RED, program.firstGroup, program.firstGroup + program.groupCount);
  for (const group of program.phases[programPhase(program, timeSeconds)]!.greenGroups) groupLamp[group] = GREEN;
}
