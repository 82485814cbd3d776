/**
 * Which detectors are believed. A detector that is silent, covered for ever, blind, or counts what cannot be says nothing of
 * traffic; worse, it says something false. It is found out by what the lamps and the other detectors say, and believed again
 * when it speaks as it should. What is remembered is JSON.
 */
import type { DetectorReading, Observation } from '../types.ts';
import { type CountingMemory, type Miscount, newCounting, observeCounting } from './counting.ts';
import { type Placed, placedOf } from './placed.ts';
import { type CountWatch, take } from './reading.ts';
import type { Ground } from './streams.ts';

export type Ailment = 'silent' | 'stuck on' | 'blind' | 'counts what cannot be';

/** What is remembered of a detector. */
export interface Watch extends CountWatch {
  /** The count that is believed, which never goes back: vehicles that passed, parts of one where it miscounts. */
  readonly believed: number;
  /** What it said of presence with the last count that was taken for true. */
  readonly presence: boolean;
  readonly occupancy: number;
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
  /** Which of them miscount. */
  readonly counting: CountingMemory;
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
/** It is not believed where so many of its counts of the last minutes could not be: one in ten; forgotten over so long, seconds. */
const IMPOSSIBLE_MOST = 12;
const IMPOSSIBLE_SECONDS = 120;

const NEW: Watch = {
  count: -1,
  odd: -1,
  believed: 0,
  presence: false,
  occupancy: 0,
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
  const old = before ?? {
    startedMs: nowMs,
    atMs: nowMs,
    watches: placed.map(() => NEW),
    counting: newCounting(ground),
  };
  const elapsed = Math.max(0, nowMs - old.atMs) / 1000;
  const taken = placed.map(({ id, lanes }, i) => {
    const reading = detectors[id];
    return reading === undefined ? null : take(old.watches[i]!, reading, lanes, nowMs);
  });
  const passed = { lines: ground.sections.map(() => 0), upstream: ground.sections.map(() => 0) };
  placed.forEach(({ section, stream }, i) => {
    passed[stream === null ? 'upstream' : 'lines'][section]! += taken[i]?.vehicles ?? 0;
  });
  const isGreen = (group: string): boolean => lamps.byGroup[group] === 'green';
  const watches = placed.map(({ id, section, stream }, i): Watch => {
    const was = old.watches[i]!;
    const elsewhere = was.elsewhere + passed[stream === null ? 'lines' : 'upstream'][section]!;
    const seen = taken[i];
    if (seen == null) return elsewhere === was.elsewhere ? was : { ...was, elsewhere };
    const { count, odd, vehicles, isImpossible } = seen;
    const impossible = was.impossible * Math.max(0, 1 - elapsed / IMPOSSIBLE_SECONDS) + (isImpossible ? 1 : 0);
    if (odd >= 0) return { ...was, odd, heardMs: nowMs, elsewhere, impossible };
    const { presence, occupancy } = detectors[id]!;
    const covered = presence && vehicles === 0;
    const mayGo =
      stream?.groupIds.every(isGreen) === true && !stream.yields.some(([own, other]) => isGreen(own) && isGreen(other));
    const idle = vehicles === 0 && !presence && occupancy === 0;
    const times = old.counting.found[i]?.times ?? 1;
    return {
      count,
      odd,
      believed: was.count < 0 ? count : was.believed + vehicles / times,
      presence,
      occupancy,
      countedMs: vehicles > 0 || was.countedMs === 0 ? nowMs : was.countedMs,
      heardMs: nowMs,
      coveredSeconds: covered ? was.coveredSeconds + elapsed : 0,
      coveredGreenSeconds: covered ? was.coveredGreenSeconds + (mayGo ? elapsed : 0) : 0,
      idleSeconds: idle ? was.idleSeconds + elapsed : 0,
      elsewhere: idle ? elsewhere : 0,
      impossible,
    };
  });
  const health = { startedMs: old.startedMs, atMs: nowMs, watches, counting: old.counting };
  const ill = ailments(ground, health);
  const usable = placed.map(({ id }, i) => (ill.has(id) ? null : (taken[i]?.vehicles ?? null)));
  const counting = observeCounting(ground, old.counting, watches, usable, nowMs);
  const now = { ...health, counting };
  ailmentsOf.set(now, ill);
  return now;
}

/** Those of the memories that are in use: they are asked for several times a frame. */
const ailmentsOf = new WeakMap<HealthMemory, ReadonlyMap<string, Ailment>>();

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
  const known = ailmentsOf.get(memory);
  if (known !== undefined) return known;
  const found = new Map<string, Ailment>();
  placedOf(ground).forEach((one, i) => {
    const watch = memory.watches[i]!;
    if (watch.count < 0) return;
    // A lane that nobody uses is not blind: only all that see a section's traffic at one end can be.
    const allIdle =
      watch.idleSeconds > BLIND_SECONDS && one.alike.every((k) => memory.watches[k]!.idleSeconds > BLIND_SECONDS);
    const ailment = ailmentOf(watch, one, memory, allIdle);
    if (ailment !== null) found.set(one.id, ailment);
  });
  return found;
}

/** Detectors whose counts are put right, by id. */
export function miscounts(ground: Ground, { counting }: HealthMemory): ReadonlyMap<string, Miscount> {
  return new Map(placedOf(ground).flatMap(({ id }, i) => (counting.found[i] ? [[id, counting.found[i]]] : [])));
}

/** Vehicles over the lines of each approach, as believed; of the detectors that were ever heard of. */
export function passedLines(ground: Ground, { watches }: HealthMemory, approaches: number): number[] {
  const passed = new Array<number>(approaches).fill(0);
  placedOf(ground).forEach(({ stream }, i) => {
    if (stream !== null && watches[i]!.count >= 0) passed[stream.approach]! += wholeOf(watches[i]!);
  });
  return passed;
}

/** Whole vehicles; halves that add up to one are one. */
const wholeOf = ({ believed }: Watch): number => Math.floor(believed + 1e-6);

/**
 * The observation without what is not believed: those detectors do not report, their approaches have counted nothing that
 * can be used, and counts that cannot be are left out, with all that was said in that frame. The very observation where all
 * is well. `passedAtPlan`: `passedLines` when the last plan was decided.
 */
export function believed(
  ground: Ground,
  memory: HealthMemory,
  observation: Observation,
  passedAtPlan: readonly number[] | null = null,
): Observation {
  const found = ailments(ground, memory);
  const placed = placedOf(ground);
  const isTold = ({ id }: Placed, i: number): boolean => {
    const reading = observation.detectors[id];
    return reading === undefined || reading.count === memory.watches[i]!.believed;
  };
  if (found.size === 0 && placed.every(isTold)) return observation;
  const detectors: Record<string, DetectorReading> = { ...observation.detectors };
  const countsSincePlan = [...observation.countsSincePlan];
  const passed = passedLines(ground, memory, countsSincePlan.length);
  placed.forEach((one, i) => {
    if (isTold(one, i)) return;
    const { id, stream } = one;
    const { presence, occupancy } = memory.watches[i]!;
    detectors[id] = { count: wholeOf(memory.watches[i]!), presence, occupancy };
    const a = stream?.approach ?? -1;
    if (a >= 0 && countsSincePlan[a] !== null) countsSincePlan[a] = passed[a]! - (passedAtPlan?.[a] ?? 0);
  });
  placed.forEach(({ id, stream }) => {
    if (!found.has(id)) return;
    delete detectors[id];
    if (stream !== null) countsSincePlan[stream.approach] = null;
  });
  return { ...observation, detectors, countsSincePlan };
}
