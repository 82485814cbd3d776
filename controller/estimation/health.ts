/**
 * Which detectors are believed. A detector that is silent, covered for ever, blind, or counts what cannot be says nothing of
 * traffic; worse, it says something false. It is found out by what the lamps and the other detectors say, and believed again
 * when it speaks as it should. What is remembered is JSON.
 */
import type { DetectorReading, Observation } from '../types.ts';
import type { Ground, Section, Stream } from './streams.ts';

export type Ailment = 'silent' | 'stuck on' | 'blind' | 'counts what cannot be';

/** What is remembered of a detector. */
export interface Watch {
  /** Cumulative count last read, -1: none yet; and the count that is believed, which never goes back. */
  readonly count: number;
  readonly believed: number;
  /** When it last counted somebody, and when it was last heard of; 0: never. */
  readonly countedMs: number;
  readonly heardMs: number;
  /** Seconds that it has been covered without counting anybody, and those of them in which its traffic could go. */
  readonly coveredSeconds: number;
  readonly coveredGreenSeconds: number;
  /** Seconds since it last counted anybody or was covered. */
  readonly idleSeconds: number;
  /** Vehicles that the section's other end counted since. */
  readonly elsewhere: number;
  /** Counts that could not be, fading. */
  readonly impossible: number;
}

export interface HealthMemory {
  readonly startedMs: number;
  readonly atMs: number;
  /** In the order of the streams, then of the upstream detectors of each section. */
  readonly watches: readonly Watch[];
}

/** A detector that was not heard of for so long is silent, seconds. */
const SILENT_SECONDS = 60;
/** A line covered for so long, of which so much was green that gives way to nobody, and nobody left: it is stuck, seconds. */
const STUCK_SECONDS = 300;
const STUCK_GREEN_SECONDS = 60;
/** Upstream a queue that reaches back covers a detector; so long only if it is stuck, seconds. */
const STUCK_UPSTREAM_SECONDS = 900;
/** It saw nobody for so long, while so many passed the section's other end: it is blind. */
const BLIND_SECONDS = 600;
const BLIND_VEHICLES = 20;
/** No lane carries more, vehicles a second, motorcycles side by side included; and so many at once from a reader that batches. */
const MOST_PER_SECOND = 1.5;
const MOST_AT_ONCE = 3;
/** After three jumps within minutes it is not believed; they are forgotten over so long, seconds. */
const IMPOSSIBLE_MOST = 2.5;
const IMPOSSIBLE_SECONDS = 900;

interface Placed {
  readonly id: string;
  readonly lanes: number;
  readonly section: number;
  /** The stream whose line it is; null: it is upstream. */
  readonly stream: Stream | null;
  /** Indices of all that stand at the same end of the section. */
  readonly alike: readonly number[];
}

const placedBy = new WeakMap<Ground, readonly Placed[]>();

/** The detectors that are watched. */
function placedOf(ground: Ground): readonly Placed[] {
  let placed = placedBy.get(ground);
  if (placed === undefined) {
    const lanesOf = ({ streams }: Section): number => streams.reduce((sum, s) => sum + ground.streams[s]!.lanes, 0);
    const all = [
      ...ground.streams.map((stream) => ({ id: stream.id, lanes: stream.lanes, section: stream.section, stream })),
      ...ground.sections.flatMap((section, s) =>
        section.upstream.map(({ id, stream }) => {
          return { id, lanes: stream < 0 ? lanesOf(section) : 1, section: s, stream: null };
        }),
      ),
    ];
    const isLine = ({ stream }: { stream: Stream | null }): boolean => stream !== null;
    placed = all.map((one) => ({
      ...one,
      alike: all.flatMap((other, k) => (other.section === one.section && isLine(other) === isLine(one) ? [k] : [])),
    }));
    placedBy.set(ground, placed);
  }
  return placed;
}

const NEW: Watch = {
  count: -1,
  believed: 0,
  countedMs: 0,
  heardMs: 0,
  coveredSeconds: 0,
  coveredGreenSeconds: 0,
  idleSeconds: 0,
  elsewhere: 0,
  impossible: 0,
};

/** Takes in a frame. */
export function observeHealth(ground: Ground, before: HealthMemory | null, observation: Observation): HealthMemory {
  const { nowMs, detectors, lamps } = observation;
  const placed = placedOf(ground);
  const old = before ?? { startedMs: nowMs, atMs: nowMs, watches: placed.map(() => NEW) };
  const elapsed = Math.max(0, nowMs - old.atMs) / 1000;
  const came = placed.map(({ id, lanes }, i) => increase(old.watches[i]!, detectors[id], lanes, nowMs));
  const passed = { lines: ground.sections.map(() => 0), upstream: ground.sections.map(() => 0) };
  placed.forEach(({ section, stream }, i) => {
    passed[stream === null ? 'upstream' : 'lines'][section]! += came[i]!.vehicles;
  });
  const isGreen = (group: string): boolean => lamps.byGroup[group] === 'green';
  const watches = placed.map(({ id, section, stream }, i): Watch => {
    const was = old.watches[i]!;
    const reading = detectors[id];
    const { vehicles, isPossible } = came[i]!;
    const elsewhere = was.elsewhere + passed[stream === null ? 'lines' : 'upstream'][section]!;
    if (reading === undefined) return elsewhere === was.elsewhere ? was : { ...was, elsewhere };
    const covered = reading.presence && vehicles === 0;
    const mayGo =
      stream?.groupIds.every(isGreen) === true && !stream.yields.some(([own, other]) => isGreen(own) && isGreen(other));
    const idle = vehicles === 0 && !reading.presence && reading.occupancy === 0;
    return {
      count: reading.count,
      believed: was.count < 0 ? reading.count : was.believed + vehicles,
      countedMs: vehicles > 0 || was.countedMs === 0 ? nowMs : was.countedMs,
      heardMs: nowMs,
      coveredSeconds: covered ? was.coveredSeconds + elapsed : 0,
      coveredGreenSeconds: covered ? was.coveredGreenSeconds + (mayGo ? elapsed : 0) : 0,
      idleSeconds: idle ? was.idleSeconds + elapsed : 0,
      elsewhere: idle ? elsewhere : 0,
      impossible: was.impossible * Math.max(0, 1 - elapsed / IMPOSSIBLE_SECONDS) + (isPossible ? 0 : 1),
    };
  });
  return { startedMs: old.startedMs, atMs: nowMs, watches };
}

/** Vehicles since the last reading, 0 where so many cannot be. A counter that starts anew counts from 0. */
function increase(
  { count, countedMs }: Watch,
  reading: DetectorReading | undefined,
  lanes: number,
  nowMs: number,
): { vehicles: number; isPossible: boolean } {
  if (reading === undefined || count < 0) return { vehicles: 0, isPossible: true };
  const isAnew = reading.count < count;
  const more = isAnew ? reading.count : reading.count - count;
  const seconds = isAnew ? 1 : Math.max(1, (nowMs - countedMs) / 1000);
  const isPossible = more <= Math.ceil(lanes * (MOST_AT_ONCE + MOST_PER_SECOND * seconds));
  // Starting anew is no lie, but what it counted since is not known.
  return { vehicles: isPossible ? more : 0, isPossible: isPossible || isAnew };
}

function ailmentOf(
  watch: Watch,
  { stream }: Placed,
  { startedMs, atMs }: HealthMemory,
  isAnswered: boolean,
): Ailment | null {
  if (watch.count < 0 || atMs - watch.heardMs > SILENT_SECONDS * 1000)
    return atMs - Math.max(startedMs, watch.heardMs) > SILENT_SECONDS * 1000 ? 'silent' : null;
  if (watch.impossible >= IMPOSSIBLE_MOST) return 'counts what cannot be';
  if (stream === null) {
    if (watch.coveredSeconds > STUCK_UPSTREAM_SECONDS) return 'stuck on';
  } else if (watch.coveredSeconds > STUCK_SECONDS && watch.coveredGreenSeconds > STUCK_GREEN_SECONDS) return 'stuck on';
  return isAnswered && watch.idleSeconds > BLIND_SECONDS && watch.elsewhere >= BLIND_VEHICLES ? 'blind' : null;
}

/** Detectors that are not believed at present, by id. Those that were never heard of are not known to be there. */
export function ailments(ground: Ground, memory: HealthMemory): ReadonlyMap<string, Ailment> {
  const found = new Map<string, Ailment>();
  placedOf(ground).forEach((one, i) => {
    const watch = memory.watches[i]!;
    if (watch.count < 0) return;
    // A lane that nobody uses is not blind: only all that see a section's traffic at one end can be.
    const allIdle = one.alike.every((k) => memory.watches[k]!.idleSeconds > BLIND_SECONDS);
    const ailment = ailmentOf(watch, one, memory, allIdle);
    if (ailment !== null) found.set(one.id, ailment);
  });
  return found;
}

/**
 * The observation without what is not believed: those detectors do not report, their approaches have counted nothing that
 * can be used, and jumps that cannot be are left out of the counts. The very observation where all is well.
 */
export function believed(ground: Ground, memory: HealthMemory, observation: Observation): Observation {
  const found = ailments(ground, memory);
  const placed = placedOf(ground);
  const isWell = placed.every(({ id }, i) => {
    const reading = observation.detectors[id];
    return reading === undefined || reading.count === memory.watches[i]!.believed;
  });
  if (found.size === 0 && isWell) return observation;
  const detectors: Record<string, DetectorReading> = { ...observation.detectors };
  const countsSincePlan = [...observation.countsSincePlan];
  placed.forEach(({ id, stream }, i) => {
    const reading = detectors[id];
    if (reading !== undefined) detectors[id] = { ...reading, count: memory.watches[i]!.believed };
    if (!found.has(id)) return;
    delete detectors[id];
    if (stream !== null) countsSincePlan[stream.approach] = null;
  });
  return { ...observation, detectors, countsSincePlan };
}
