/**
 * Which detectors count each vehicle twice, or miss some. Two things have to agree: what the detector itself says - nearly
 * always two at once, or covered and left without anybody counted - and the vehicles of its road, of which as many go out
 * as came in, but for those that it holds. What is remembered is JSON.
 */
import { type Placed, placedOf } from './placed.ts';
import type { Ground, Section } from './streams.ts';

export interface Miscount {
  readonly kind: 'counts double' | 'misses some';
  /** How many it counts of a vehicle: 2, or 0.7 where it misses three in ten. */
  readonly times: number;
}

/** What a detector said since its road was last reckoned up. */
interface Tally {
  readonly vehicles: number;
  /** Frames in which it was covered and counted, and those of them with one vehicle. */
  readonly passes: number;
  readonly singles: number;
  /** Times that it was covered and left, and those of them in which nobody was counted. */
  readonly covers: number;
  readonly empty: number;
  /** Counted since it was covered; -1: it is not. */
  readonly sinceCovered: number;
}

export interface CountingMemory {
  /** In the order of `placedOf`. */
  readonly tallies: readonly Tally[];
  readonly found: readonly (Miscount | null)[];
  /** By section. */
  readonly roads: readonly Road[];
}

interface Road {
  /** Vehicles that may have been on it when it was last reckoned up, at most. */
  readonly inside: number;
  /** Vehicles counted since, by all of its detectors, when they were last judged. */
  readonly judgedAt: number;
}

/** Frames and covers that say something; where one in four was single, or one in thirty empty, something is wrong. */
const PASSES = 30;
const SINGLES_LEAST = 0.25;
const COVERS = 30;
const EMPTY_FEW = 3;
const EMPTY_MOST = 0.03;
/** Where these are passed again it is well. */
const SINGLES_WELL = 0.6;
const EMPTY_WELL = 0.01;
/** Vehicles of its own that a detector is judged by. */
const VEHICLES = 25;
/** Counted of a vehicle, at the most or least: by more it miscounts, by less it is well again. */
const TIMES_DOUBLE = 1.35;
const TIMES_MISSES = 0.9;
const TIMES_WELL = 0.05;
/** What may be on the road is little of what passed. */
const SURE = 0.25;
const SURE_VEHICLES = 100;
const TIMES_STEP = 0.02;
const ONE_BY_ONE = 0.6;
const EMPTY_TIMES = 1.4;
/** Taken to be 2. */
const ABOUT_TWO = [1.6, 2.5] as const;
const TIMES_RANGE = [0.4, 3] as const;
/** Vehicles of a road after which it is reckoned up anew. */
const WINDOW_VEHICLES = 1000;
/** How often they are judged where somebody is always on the road: after so many vehicles. */
const JUDGED_EACH = 20;
/** Where nobody says how long the road is: vehicles of a lane, and seconds. */
const STORAGE_PER_LANE = 30;
const METRES_PER_VEHICLE = 6.5;
const USUAL_SECONDS = 9;
/** Nobody is on a road whose lines are clear and past whose beginning nobody came for so many times the way. */
const QUIET_TIMES = 1.5;

const NEW: Tally = { vehicles: 0, passes: 0, singles: 0, covers: 0, empty: 0, sinceCovered: -1 };

export function newCounting(ground: Ground): CountingMemory {
  const placed = placedOf(ground);
  return {
    tallies: placed.map(() => NEW),
    found: placed.map(() => null),
    roads: ground.sections.map((section) => ({ inside: storageOf(ground, section), judgedAt: 0 })),
  };
}

/** Vehicles that the road between upstream detector and line holds. */
function storageOf(ground: Ground, { metres, streams }: Section): number {
  const lanes = streams.reduce((sum, i) => sum + ground.streams[i]!.lanes, 0);
  return lanes * (metres === null ? STORAGE_PER_LANE : metres / METRES_PER_VEHICLE);
}

/** What is known of a detector. */
export interface Counter {
  /** Cumulative count, -1: it was never heard of. */
  readonly count: number;
  /** When it last counted somebody, ms. */
  readonly countedMs: number;
  readonly presence: boolean;
  readonly occupancy: number;
}

/** Takes in a frame. By detector, in the order of `placedOf`: `vehicles` since the last frame, null: nothing of it is to be used. */
export function observeCounting(
  ground: Ground,
  before: CountingMemory,
  counters: readonly Counter[],
  vehicles: readonly (number | null)[],
  nowMs: number,
): CountingMemory {
  const tallies = before.tallies.map((was, k): Tally => {
    const { presence, occupancy } = counters[k]!;
    return vehicles[k] === null ? NEW : tallied(was, vehicles[k]!, presence || occupancy > 0);
  });
  const found = [...before.found];
  const roads = before.roads.map((road, s) => {
    const section = ground.sections[s]!;
    const own = ownOf(ground)[s]!;
    let sum = 0;
    let isBroken = false;
    for (const k of own) {
      sum += tallies[k]!.vehicles;
      isBroken ||= vehicles[k] === null && counters[k]!.count >= 0;
    }
    const storage = storageOf(ground, section);
    const empty = (isQuiet: boolean): Road => {
      for (const k of own) if (counters[k]!.count >= 0) tallies[k] = { ...NEW, sinceCovered: tallies[k]!.sinceCovered };
      return { inside: isQuiet ? 0 : storage, judgedAt: 0 };
    };
    if (isBroken) return road.judgedAt === 0 && road.inside === storage ? road : empty(false);
    const isNews = sum > road.judgedAt;
    if (!isNews && (road.inside === 0 || sum >= VEHICLES)) return road;
    const isQuiet = isQuietNow(section, own, tallies, counters, nowMs);
    const isBetter = isQuiet && road.inside > 0 && sum < VEHICLES;
    if (isBetter) return empty(true);
    if (!isNews || !(isQuiet || sum >= road.judgedAt + JUDGED_EACH)) return road;
    const slack = road.inside + (isQuiet ? 0 : storage);
    let isChanged = false;
    for (const k of own) {
      const is = judge(before.found, tallies, counters, placedOf(ground)[k]!, k, slack);
      isChanged ||= is?.kind !== found[k]?.kind;
      found[k] = is;
    }
    // Best reckoned up where nobody is on the road; sooner where that never is.
    const isDue = sum > WINDOW_VEHICLES && (isQuiet || sum > 2 * WINDOW_VEHICLES);
    return isChanged || isDue ? empty(isQuiet) : { ...road, judgedAt: sum };
  });
  return { tallies, found, roads };
}

/** Nobody is at the lines of a road, and nobody can still be on the way to them. */
function isQuietNow(
  { travelSeconds, streams }: Section,
  own: readonly number[],
  tallies: readonly Tally[],
  counters: readonly Counter[],
  nowMs: number,
): boolean {
  const quietMs = 1000 * QUIET_TIMES * (travelSeconds ?? USUAL_SECONDS);
  for (let i = 0; i < own.length; i++) {
    const k = own[i]!;
    // Lines come first; who has left one is gone.
    const leastMs = i < streams.length ? 1 : quietMs;
    if (tallies[k]!.sinceCovered >= 0 || nowMs - counters[k]!.countedMs < leastMs) return false;
  }
  return true;
}

const owns = new WeakMap<Ground, readonly (readonly number[])[]>();

/** By section: its detectors. */
function ownOf(ground: Ground): readonly (readonly number[])[] {
  let own = owns.get(ground);
  if (own === undefined) {
    own = ground.sections.map((_, s) => placedOf(ground).flatMap((one, k) => (one.section === s ? [k] : [])));
    owns.set(ground, own);
  }
  return own;
}

function tallied(was: Tally, vehicles: number, isCovered: boolean): Tally {
  if (!isCovered && vehicles === 0 && was.sinceCovered < 0) return was;
  const since = Math.max(0, was.sinceCovered) + vehicles;
  const isLeft = !isCovered && was.sinceCovered >= 0;
  return {
    vehicles: was.vehicles + vehicles,
    passes: was.passes + (isCovered && vehicles > 0 ? 1 : 0),
    singles: was.singles + (isCovered && vehicles === 1 ? 1 : 0),
    covers: was.covers + (isLeft ? 1 : 0),
    empty: was.empty + (isLeft && since === 0 ? 1 : 0),
    sinceCovered: isCovered ? since : -1,
  };
}

/** How detector `k` counts, by what it says and by what the others of its road counted; `slack`: vehicles that may be on it. */
function judge(
  found: readonly (Miscount | null)[],
  tallies: readonly Tally[],
  counters: readonly Counter[],
  { alike, opposite, lanes }: Placed,
  k: number,
  slack: number,
): Miscount | null {
  const { vehicles } = tallies[k]!;
  const was = found[k]!;
  if (vehicles < VEHICLES) return was;
  const trueOf = (i: number): number => tallies[i]!.vehicles / (found[i]?.times ?? 1);
  const sum = (all: readonly number[]): number => all.reduce((total, i) => total + (i === k ? 0 : trueOf(i)), 0);
  const isReckoned = opposite.length > 0 && [...alike, ...opposite].every((i) => counters[i]!.count >= 0);
  // What it would have counted had it counted well.
  const passed = isReckoned ? Math.max(1, sum(opposite) - sum(alike)) : null;
  if (was !== null) {
    const agrees = passed === null || Math.abs(vehicles - passed) <= slack + TIMES_WELL * vehicles;
    if (agrees && isWell(was, tallies[k]!)) return null;
    if (was.kind !== 'misses some' || passed === null || vehicles < SURE_VEHICLES || slack > SURE * vehicles)
      return was;
    const times = Math.min(1, timesOf(tallies[k]!, passed));
    return Math.abs(times - was.times) > TIMES_STEP ? { ...was, times } : was;
  }
  const { passes, singles, covers, empty } = tallies[k]!;
  if (passes >= PASSES && singles < SINGLES_LEAST * passes) {
    // In a single lane nobody drives two by two: there it is enough that the road does not say otherwise.
    const by = passed === null ? null : passed + (lanes === 1 ? -slack : slack);
    if (by === null ? lanes > 1 : vehicles <= TIMES_DOUBLE * by) return null;
    const times = passed === null ? 2 : vehicles / passed;
    return { kind: 'counts double', times: lanes === 1 || isAboutTwo(times) ? 2 : rounded(times) };
  }
  const isEmpty = covers >= COVERS && empty >= EMPTY_FEW && empty > EMPTY_MOST * covers;
  if (!isEmpty || passed === null || vehicles > TIMES_MISSES * (passed - slack)) return null;
  // Half of what may be on the road, until that is little of what passed.
  return { kind: 'misses some', times: timesOf(tallies[k]!, passed - (slack > SURE * vehicles ? slack / 2 : 0)) };
}

/** How many of a vehicle it counts, by who passed; where most come one by one it misses hardly more than what it left uncounted. */
function timesOf({ vehicles, covers, empty }: Tally, passed: number): number {
  const least = covers > ONE_BY_ONE * vehicles ? 1 - (EMPTY_TIMES * empty) / covers : 0;
  return rounded(Math.max(least, vehicles / passed));
}

function isWell({ kind }: Miscount, { passes, singles, covers, empty }: Tally): boolean {
  if (kind === 'counts double') return passes >= PASSES && singles > SINGLES_WELL * passes;
  return covers >= COVERS && empty <= EMPTY_WELL * covers;
}

const isAboutTwo = (times: number): boolean => times > ABOUT_TWO[0] && times < ABOUT_TWO[1];
const rounded = (times: number): number =>
  Math.min(TIMES_RANGE[1], Math.max(TIMES_RANGE[0], Math.round(times * 100) / 100));
