/** What signals show that follow the file's programs, step by step. */
import type { SumoNet, SumoProgram } from '../network/sumo/net-types.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import { programPhaseAt, secondsToNextPhase } from '../network/sumo/programs.ts';
import { ActuatedSignal } from './actuated.ts';
import type { Traffic } from './traffic.ts';

/** A step that is due within so little is due now, s. */
const DUE = 1e-9;

export interface FilePrograms {
  /** By signal: index of the phase shown; -1 where a signal follows no program. */
  readonly phase: Int32Array;
  /** By signal: when it may show another, seconds since the begin. */
  readonly until: Float64Array;
  /** Decides what each shows in the step that ends at `now`. */
  tick(now: number): void;
  /** After vehicles moved in the step that ends at `now`, and after they changed lanes and entered. */
  noteMoves(now: number): void;
  noteChanges(now: number): void;
}

/** `follows[s]`: whether signal s follows its program. Throws InputFileError for programs that cannot be run. */
export function createFilePrograms(
  net: SumoNet,
  world: SumoWorld,
  t: Traffic,
  beginSeconds: number,
  follows: readonly boolean[],
): FilePrograms {
  const { signals } = world;
  const phase = new Int32Array(signals.length).fill(-1);
  const until = new Float64Array(signals.length).fill(Number.POSITIVE_INFINITY);
  const actuated: (ActuatedSignal | null)[] = signals.map(() => null);
  signals.forEach(({ program }, s) => {
    if (!follows[s]) return;
    phase[s] = programPhaseAt(program, beginSeconds);
    until[s] = secondsToNextPhase(program, beginSeconds);
    if (program.type !== 'actuated') return;
    // the phase that the clock names begins with the run
    until[s] = program.phases[phase[s]!]!.minSeconds;
    actuated[s] = new ActuatedSignal(net, world, program, phase[s]!, beginSeconds);
  });
  const watching = actuated.filter((signal) => signal !== null);
  const advance = (s: number, now: number): void => {
    const { program } = signals[s]!;
    const own = actuated[s]!;
    if (own !== null) {
      until[s] = now + own.look(now);
      phase[s] = own.phase;
    } else if (hasBranches(program)) {
      phase[s] = program.phases[phase[s]!]!.next[0] ?? (phase[s]! + 1) % program.phases.length;
      until[s] = until[s]! + program.phases[phase[s]!]!.durationSeconds;
    } else {
      phase[s] = programPhaseAt(program, beginSeconds + now);
      until[s] = now + secondsToNextPhase(program, beginSeconds + now);
    }
  };
  return {
    phase,
    until,
    tick(now) {
      for (let s = 0; s < signals.length; s++) {
        let looks = 0;
        while (until[s]! <= now + DUE && looks++ <= signals[s]!.program.phases.length) advance(s, now);
      }
    },
    noteMoves(now) {
      for (const signal of watching) signal.noteMoves(t, now);
    },
    noteChanges(now) {
      for (const signal of watching) signal.noteChanges(t, now);
    },
  };
}

/** Whether some phase names its successor: then the phase is no matter of the clock. */
function hasBranches({ phases }: SumoProgram): boolean {
  return phases.some(({ next }) => next.length > 0);
}
