/**
 * What an actuated program (`<tlLogic type="actuated">`) asks for: which phases are prolonged by which loops, where the
 * loops lie, and how long gaps and greens may be. SUMO's documentation: "Simulation/Traffic_Lights", section actuated.
 */
import { InputFileError } from '../json.ts';
import type { SumoConnection, SumoNet, SumoPhase, SumoProgram } from './net-types.ts';
import { classBit } from './permissions.ts';
import { plainNumber } from './xml.ts';

/** Defaults of the parameters of the same name, s. */
const MAX_GAP_SECONDS = 3;
const DETECTOR_GAP_SECONDS = 2;
const PASSING_SECONDS = 1.9;
const INACTIVE_SECONDS = 180;
/** What a waiting vehicle is taken to need, m. */
const VEHICLE_METRES = 7.5;
const NO_DETECTOR = 'NO_DETECTOR';
/** Parameters that change when lamps change and are not done. */
const REFUSED_PARAMETERS = ['coordinated', 'cycleTime', 'vTypes', 'jam-threshold'];
const ON_FOOT_OR_CYCLE = classBit('pedestrian') | classBit('bicycle');

export interface ActuatedLoop {
  /** Lane (index into `net.lanes`) whose vehicles it is for. */
  readonly lane: number;
  /** Metres before the end of that lane; more than its length where the loop lies before it. */
  readonly metresBefore: number;
  readonly maxGapSeconds: number;
  /** By phase: whether it prolongs it. */
  readonly serves: readonly boolean[];
}

export interface Actuation {
  readonly detectorGapSeconds: number;
  readonly inactiveSeconds: number;
  readonly loops: readonly ActuatedLoop[];
  /** By link index: least and greatest green over several phases; absent where no link has any. */
  readonly linkMinSeconds?: Float64Array;
  readonly linkMaxSeconds?: Float64Array;
}

/** Whether its end is found by gaps. */
export function isActuatedPhase({ minSeconds, maxSeconds }: SumoPhase): boolean {
  return minSeconds !== maxSeconds;
}

/** A phase that ends by a gap or at once, not one between two greens. */
export function isGreenPhase({ state }: SumoPhase): boolean {
  return /[gG]/.test(state) && !/[yY]/.test(state);
}

/** Why a program of this kind cannot be run, in words; null where it can. */
export function refusalOf(program: SumoProgram): string | null {
  if (program.type === 'static') return null;
  if (program.type !== 'actuated') return 'only static and actuated programs are run';
  if (program.expressions !== undefined) return `its ${program.expressions} would decide when phases end`;
  for (const [key, value] of Object.entries(program.parameters)) {
    const isLane = /^[^:]+_\d+$/.test(key) && value !== NO_DETECTOR;
    if ((isLane || REFUSED_PARAMETERS.includes(key)) && !['', 'false', '0', '-1'].includes(value))
      return `its parameter ${key}="${value}" would decide when phases end`;
  }
  return null;
}

/** Throws InputFileError where a parameter of an actuated program is no number of seconds. */
export function checkActuation(program: SumoProgram): void {
  for (const key of Object.keys(program.parameters)) {
    if (/^(max-gap(:.*)?|passing-time|detector-gap|inactive-threshold)$/.test(key)) secondsOf(program, key, 0);
  }
  if (secondsOf(program, 'passing-time', PASSING_SECONDS) === 0)
    refuse(program, 'has the parameter passing-time="0"; more than 0 s is needed');
  linkSeconds(program, 'linkMinDur:', 0);
  linkSeconds(program, 'linkMaxDur:', 0);
}

/**
 * How long after the last vehicle passed the stop line an actuated program ends a green for want of others, seconds: its
 * greatest gap, less the way from its loops to the line.
 */
export function passageSecondsOf(program: SumoProgram): number {
  const maxGap = secondsOf(program, 'max-gap', MAX_GAP_SECONDS);
  return Math.max(0, maxGap - secondsOf(program, 'detector-gap', DETECTOR_GAP_SECONDS));
}

/** Loops and times of an actuated program that `checkActuation` has passed. */
export function actuationOf(net: SumoNet, program: SumoProgram): Actuation {
  const links = linksOf(net, program);
  const laneLinks = new Map<number, Set<number>>();
  links.forEach((connections, index) => {
    for (const { fromLane } of connections) laneLinks.set(fromLane, (laneLinks.get(fromLane) ?? new Set()).add(index));
  });
  const loops = new Map<number, { metresBefore: number; maxGapSeconds: number; serves: boolean[] }>();
  const passing = secondsOf(program, 'passing-time', PASSING_SECONDS);
  const detectorGapSeconds = secondsOf(program, 'detector-gap', DETECTOR_GAP_SECONDS);
  const maxGap = secondsOf(program, 'max-gap', MAX_GAP_SECONDS);
  for (const [lane, indices] of laneLinks) {
    const { id, speed, permissions } = net.lanes[lane]!;
    if ((permissions & ~classBit('pedestrian')) === 0 || program.parameters[id] === NO_DETECTOR) continue;
    const greens = program.phases.filter(
      (phase) => isActuatedPhase(phase) && [...indices].some((index) => 'gG'.includes(phase.state[index]!)),
    );
    if (greens.length === 0) continue;
    const least = Math.min(...greens.map(({ minSeconds }) => minSeconds));
    loops.set(lane, {
      metresBefore: Math.min(detectorGapSeconds * speed, (least / passing + 0.5) * VEHICLE_METRES),
      maxGapSeconds: secondsOf(program, `max-gap:${id}`, maxGap),
      serves: program.phases.map(() => false),
    });
  }
  assignLoops(net, program, links, laneLinks, loops);
  const linkMinSeconds = linkSeconds(program, 'linkMinDur:', 0);
  const linkMaxSeconds = linkSeconds(program, 'linkMaxDur:', Number.POSITIVE_INFINITY);
  return {
    detectorGapSeconds,
    inactiveSeconds: secondsOf(program, 'inactive-threshold', INACTIVE_SECONDS),
    loops: [...loops].map(([lane, loop]) => ({ lane, ...loop })),
    ...(linkMinSeconds && { linkMinSeconds }),
    ...(linkMaxSeconds && { linkMaxSeconds }),
  };
}

/** By link index, the connections from normal edges that it governs. */
function linksOf(net: SumoNet, program: SumoProgram): readonly (readonly SumoConnection[])[] {
  const links: SumoConnection[][] = [...program.phases[0]!.state].map(() => []);
  for (const connection of net.connections) {
    if (connection.tl !== program.signal) continue;
    if (net.edges[net.lanes[connection.fromLane]!.edge]!.function !== 'normal') continue;
    links[connection.linkIndex]!.push(connection);
  }
  return links;
}

/**
 * Says which loop prolongs which phase: one whose lane has only links that are green in it. A minor green counts where
 * the link is never major and another link of its lane is, for a turn back where another is major, or where it leaves an
 * edge with one lane for motor vehicles. Where one lane leads to another of the same signal, both must be green.
 */
function assignLoops(
  net: SumoNet,
  program: SumoProgram,
  links: readonly (readonly SumoConnection[])[],
  laneLinks: ReadonlyMap<number, ReadonlySet<number>>,
  loops: ReadonlyMap<number, { serves: boolean[] }>,
): void {
  const neverMajor = links.map((_, index) => program.phases.every(({ state }) => state[index] !== 'G'));
  const isTurnBack = links.map((own) => own.every(({ dir }) => 'tT'.includes(dir)));
  const isOneLane = links.map((own) => own.some(({ fromLane }) => motorLanes(net, fromLane) === 1));
  program.phases.forEach((phase, p) => {
    if (!isActuatedPhase(phase)) return;
    const { state } = phase;
    const hasMajor = (index: number): boolean =>
      links[index]!.some(({ fromLane }) => [...laneLinks.get(fromLane)!].some((other) => state[other] === 'G'));
    const counts = (index: number): boolean =>
      state[index] === 'G' ||
      (state[index] === 'g' && (((neverMajor[index]! || isTurnBack[index]!) && hasMajor(index)) || isOneLane[index]!));
    const isOpen = (lane: number): boolean => [...laneLinks.get(lane)!].every(counts);
    for (const [lane, loop] of loops) {
      const leadsOn = net.connectionsOf[lane]!.every((c) => {
        const { toLane, dir } = net.connections[c]!;
        return 'tT'.includes(dir) || !loops.has(toLane) || isOpen(toLane);
      });
      loop.serves[p] = isOpen(lane) && leadsOn;
    }
  });
}

function motorLanes(net: SumoNet, lane: number): number {
  return net.edges[net.lanes[lane]!.edge]!.lanes.filter(
    (own) => (net.lanes[own]!.permissions & ~ON_FOOT_OR_CYCLE) !== 0,
  ).length;
}

function secondsOf(program: SumoProgram, key: string, otherwise: number): number {
  const text = Object.hasOwn(program.parameters, key) ? program.parameters[key]! : '';
  if (text === '') return otherwise;
  const seconds = plainNumber(text);
  if (!(seconds >= 0 && seconds <= 1e6)) {
    refuse(program, `has the parameter ${key}="${text}"; 0 to 1000000 seconds are allowed`);
  }
  return seconds;
}

function linkSeconds(program: SumoProgram, prefix: string, otherwise: number): Float64Array | undefined {
  const keys = Object.keys(program.parameters).filter((key) => key.startsWith(prefix));
  if (keys.length === 0) return undefined;
  const seconds = new Float64Array(program.phases[0]!.state.length).fill(otherwise);
  for (const key of keys) {
    const index = plainNumber(key.slice(prefix.length));
    if (!(Number.isInteger(index) && index >= 0 && index < seconds.length)) {
      refuse(program, `has the parameter ${key}; link indices are 0 to ${seconds.length - 1}`);
    }
    seconds[index] = secondsOf(program, key, otherwise);
  }
  return seconds;
}

function refuse({ where, signal, programId }: SumoProgram, problem: string): never {
  throw new InputFileError(where, `<tlLogic id="${signal}" programID="${programId}">`, problem, 'Correct it.');
}
