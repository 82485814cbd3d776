/**
 * Which vehicles are between the upstream detector and the stop line, in which lane and how far: a filter over what the
 * detectors say. A vehicle that passes the upstream detector may be in any lane of its section, by the shares seen so far
 * and the queues; one that passes a stop line was the first in that lane; a stop line that nobody covers has nobody who
 * should be there by now; one that is covered has somebody (`lane-hypotheses.ts`). What is remembered is JSON.
 */
import type { DetectorReading, Observation } from '../types.ts';
import { follow, HYPOTHESES, type Hypothesis, newHypotheses, type SectionTold } from './lane-hypotheses.ts';
import { laneShares } from './lane-shares.ts';
import { freeSeconds } from './reported.ts';
import type { Ground, Section } from './streams.ts';

/** What waits before an upstream detector, where no one sees it. */
export interface QueueBeyond {
  /** Somebody has stood on the detector for so long. */
  readonly standingSeconds: number;
  /** Nobody has been on it or passed it for so long. */
  readonly quietSeconds: number;
  readonly vehicles: number;
}

export interface SectionVehicles {
  /** By upstream detector: cumulative count last read; -1: nothing is reported from there. */
  readonly counts: readonly number[];
  /** Vehicles a second past the upstream detector. */
  readonly perSecond: number;
  /** By upstream detector: the queue that reaches back over it. */
  readonly beyond: readonly QueueBeyond[];
  /** By upstream detector: vehicles past it, fading like those over the lines. */
  readonly entered: readonly number[];
  /** Vehicles that were nowhere less those whom nobody had counted, fading like the others; at least 0. */
  readonly missed: number;
  /** Who is where, as it may be. */
  readonly hypotheses: readonly Hypothesis[];
  /** From there to the stop line at free speed, seconds, as measured so far. */
  readonly travelSeconds: number;
}

export interface LineVehicles {
  readonly count: number;
  /** Vehicles over the line, fading: who goes where. */
  readonly served: number;
  /** Seconds that nobody has covered the line. */
  readonly clearSeconds: number;
  /** Since when its groups are green, seconds; negative: since when they are not. */
  readonly greenSeconds: number;
  /** Vehicles a second over the line. */
  readonly perSecond: number;
  /** Vehicles before the line, by those that come in the mean less those that went: where nobody reports from upstream. */
  readonly assumed: number;
  /** It has been covered before: presence is reported. */
  readonly hasPresence: boolean;
  /** Seconds that who is at the line has not moved although some of its groups were green, and which: it wants another. */
  readonly stuckSeconds: number;
  readonly stuckGroups: readonly number[];
}

export interface VehiclesMemory {
  readonly startedMs: number;
  readonly atMs: number;
  readonly sections: readonly SectionVehicles[];
  readonly lines: readonly LineVehicles[];
}

export interface VehiclesOptions {
  /** From the upstream detector to the stop line at free speed, seconds, until it was measured. */
  readonly upstreamSeconds: number;
  /** Rates are means over about so long, seconds. */
  readonly smoothingSeconds: number;
  /**
   * How many hypotheses are followed, a power of two; by default as many as tell how unsure it is who is where. Two have
   * queues nearly as well, at a quarter of the cost.
   */
  readonly hypotheses?: number;
}

/** Shares of lanes fade over so long, seconds. */
const SHARE_SECONDS = 1200;
/** A stop line free for so long has nobody waiting at it, seconds. */
const CLEAR_SECONDS = 2;
/** The same while it is green: in a queue that moves there are gaps. */
const CLEAR_GREEN_SECONDS = 3;
/** Nobody is quicker than this share of the time at free speed. */
const QUICKEST = 0.6;
/** Where nobody says how far the upstream detector is, vehicles drive at this speed, m/s. */
const USUAL_LIMIT = 13.9;
const USUAL_HEADWAY_SECONDS = 2;
/** A vehicle says how long the way is if its lane was green for so long, and nobody before it. */
const FREE_GREEN_SECONDS = 8;
const TRAVEL_GAIN = 0.1;
/** The way takes at most so many times longer or less than was said. */
const TRAVEL_FACTOR = 2.5;
/** Who covers a line so long after green is not one who just crossed it, seconds. */
const SETTLED_SECONDS = 4;
const LEAST = 0.02;
const LEFT_MAX = 80;
/** Share of a second covered, of one lane, that means somebody stands there. */
const STANDING_OCCUPANCY = 0.9;
/** Who stands on an upstream detector for longer is part of a queue that grows beyond it, seconds. */
const SETTLES_SECONDS = 2;
/** Nobody on an upstream detector for so long: the end of the queue has passed it, seconds. */
const QUEUE_ENDS_SECONDS = 3;
const BEYOND_MAX = 30;
/** Where more than these and this share of those who left are nowhere, and were not found again, a detector counts wrong. */
const MISSED_FEW = 5;
const MISSED_SHARE = 0.1;
/** Who sets off at an upstream detector arrives so much later than who passes it at speed, seconds. */
const SETS_OFF_SECONDS = 3;

/** Takes in a frame. */
export function observeVehicles(
  ground: Ground,
  before: VehiclesMemory | null,
  observation: Observation,
  options: VehiclesOptions,
): VehiclesMemory {
  const { nowMs, detectors, lamps } = observation;
  const old = before ?? emptyMemory(ground, nowMs, options);
  const elapsed = Math.max(0, nowMs - old.atMs) / 1000;
  const known = Math.min(options.smoothingSeconds, (nowMs - old.startedMs) / 1000);
  const gain = elapsed > 0 ? Math.min(1, elapsed / Math.max(elapsed, known, 30)) : 0;
  const out: number[] = [];
  const lines = ground.streams.map(({ id, groups, groupIds, lanes }, i): LineVehicles => {
    const was = old.lines[i]!;
    const line = detectors[id];
    const passed = line === undefined || was.count < 0 ? 0 : increase(was.count, line.count);
    const green = groupIds.length > 0 && groupIds.every((group) => lamps.byGroup[group] === 'green');
    const greenSeconds = green ? Math.max(0, was.greenSeconds) + elapsed : Math.min(0, was.greenSeconds) - elapsed;
    // Past a line that is silent they leave as queues do.
    const leaving = (seconds: number): number => Math.floor((lanes * Math.max(0, seconds)) / USUAL_HEADWAY_SECONDS);
    out.push(line === undefined ? leaving(greenSeconds) - leaving(was.greenSeconds) : passed);
    const fade = Math.max(0, 1 - elapsed / SHARE_SECONDS);
    const clearSeconds = line === undefined || line.presence || line.occupancy > 0 ? 0 : was.clearSeconds + elapsed;
    const hasPresence = was.hasPresence || line?.presence === true;
    const perSecond =
      line === undefined || elapsed === 0 ? was.perSecond : was.perSecond + (passed / elapsed - was.perSecond) * gain;
    let assumed = Math.min(LEFT_MAX, Math.max(line?.presence ? 1 : 0, was.assumed + perSecond * elapsed - passed));
    if (hasPresence && clearSeconds >= CLEAR_SECONDS) assumed = 0;
    const moved = line === undefined || !line.presence || passed > 0;
    const lit = groups.filter((_, k) => lamps.byGroup[groupIds[k]!] === 'green');
    const isStuck = !moved && lit.length > 0 && lit.length < groups.length;
    return {
      stuckSeconds: moved ? 0 : was.stuckSeconds + (isStuck ? elapsed : 0),
      stuckGroups: moved
        ? []
        : isStuck
          ? [...was.stuckGroups, ...lit.filter((group) => !was.stuckGroups.includes(group))]
          : was.stuckGroups,
      count: line?.count ?? was.count,
      served: was.served * fade + passed,
      clearSeconds,
      greenSeconds,
      perSecond,
      assumed,
      hasPresence,
    };
  });
  const anyPresence = lines.some(({ hasPresence }) => hasPresence);
  const sections = ground.sections.map((section, s): SectionVehicles => {
    const { upstream, streams: fed } = section;
    const was = old.sections[s]!;
    const ups = upstream.map(({ id }) => detectors[id]);
    const came = ups.map((up, k) => (up === undefined || was.counts[k]! < 0 ? 0 : increase(was.counts[k]!, up.count)));
    const fade = Math.max(0, 1 - elapsed / SHARE_SECONDS);
    const entered = was.entered.map((value, k) => value * fade + came[k]!);
    const told = tell(
      { section, was, entered, came, on: ups.map((up) => up?.presence === true), elapsed, nowMs, anyPresence },
      fed.map((stream) => ({
        line: lines[stream]!,
        left: out[stream]!,
        reading: detectors[ground.streams[stream]!.id],
        abreast: ground.streams[stream]!.lanes,
        isMixed: ground.streams[stream]!.isMixed,
        isLit: ground.streams[stream]!.groupIds.some((group) => lamps.byGroup[group] === 'green'),
      })),
    );
    const { hypotheses, tookSeconds, missed } = follow(was.hypotheses, told);
    let { travelSeconds } = was;
    fed.forEach((stream, l) => {
      const took = tookSeconds[l]! - elapsed / 2;
      const free = old.lines[stream]!.clearSeconds >= 1 && lines[stream]!.greenSeconds >= FREE_GREEN_SECONDS;
      if (section.travelSeconds !== null || !(free && took > 0)) return;
      const { upstreamSeconds } = options;
      const bounded = Math.min(TRAVEL_FACTOR * upstreamSeconds, Math.max(upstreamSeconds / TRAVEL_FACTOR, took));
      travelSeconds += (bounded - travelSeconds) * TRAVEL_GAIN;
    });
    const lanes = fed.reduce((sum, stream) => sum + ground.streams[stream]!.lanes, 0);
    const allEntered = entered.reduce((sum, value) => sum + value + 1, 0);
    const beyond = ups.map((up, k) => {
      const wide = upstream[k]!.stream < 0 ? lanes : 1;
      const perSecond = (was.perSecond * (entered[k]! + 1)) / allEntered;
      return queueBeyond(was.beyond[k]!, up === undefined ? 0 : up.occupancy * wide, came[k]!, perSecond, elapsed);
    });
    const anySeen = ups.some((up) => up !== undefined);
    const all = came.reduce((sum, count) => sum + count, 0);
    return {
      counts: ups.map((up) => up?.count ?? -1),
      perSecond: anySeen && elapsed > 0 ? was.perSecond + (all / elapsed - was.perSecond) * gain : was.perSecond,
      beyond,
      entered,
      missed: Math.max(0, was.missed * fade + missed),
      hypotheses,
      travelSeconds,
    };
  });
  return { startedMs: old.startedMs, atMs: Math.max(nowMs, old.atMs), sections, lines };
}

function emptyMemory(ground: Ground, nowMs: number, options: VehiclesOptions): VehiclesMemory {
  const { upstreamSeconds, hypotheses = HYPOTHESES } = options;
  return {
    startedMs: nowMs,
    atMs: nowMs,
    sections: ground.sections.map(({ upstream, streams, travelSeconds: known }) => ({
      counts: upstream.map(() => -1),
      perSecond: 0,
      beyond: upstream.map(() => ({ standingSeconds: 0, quietSeconds: 0, vehicles: 0 })),
      entered: upstream.map(() => 0),
      missed: 0,
      hypotheses: newHypotheses(streams.length, hypotheses),
      travelSeconds: known ?? upstreamSeconds,
    })),
    lines: ground.streams.map(() => ({
      count: -1,
      served: 0,
      clearSeconds: 0,
      greenSeconds: 0,
      perSecond: 0,
      assumed: 0,
      hasPresence: false,
      stuckSeconds: 0,
      stuckGroups: [],
    })),
  };
}

interface SectionSeen {
  readonly section: Section;
  /** In the frame before. */
  readonly was: SectionVehicles;
  readonly entered: readonly number[];
  /** By upstream detector: vehicles since the last frame. */
  readonly came: readonly number[];
  /** By upstream detector: somebody is on it. */
  readonly on: readonly boolean[];
  readonly elapsed: number;
  readonly nowMs: number;
  /** Some line of the junction has been covered before. */
  readonly anyPresence: boolean;
}

interface LineSeen {
  readonly line: LineVehicles;
  readonly left: number;
  readonly reading: DetectorReading | undefined;
  readonly abreast: number;
  readonly isMixed: boolean;
  /** Some of its groups are green. */
  readonly isLit: boolean;
}

/** Vehicles of a section that are in lane `l`, in the mean. */
function present(hypotheses: readonly Hypothesis[], l: number): number {
  return hypotheses.reduce((sum, { weight, lanes }) => sum + weight * lanes[l]!.length, 0);
}

/** What the detectors of a section tell. */
function tell(seen: SectionSeen, lines: readonly LineSeen[]): SectionTold {
  const { section, was, entered, came, on, elapsed, nowMs, anyPresence } = seen;
  const { upstream, streams: fed } = section;
  const { travelSeconds, missed } = was;
  const total = lines.reduce((sum, { line }) => sum + line.served + 1, 0);
  const overall = lines.map(({ line }) => (line.served + 1) / total);
  const own = fed.map((stream) => upstream.findIndex((one) => one.stream === stream));
  const shares = own.every((k) => k >= 0)
    ? laneShares(
        own.map((k) => entered[k]!),
        lines.map(({ line }, l) => line.served + present(was.hypotheses, l)),
      )
    : fed.map(() => overall);
  const limit = section.metres === null ? USUAL_LIMIT : section.metres / travelSeconds;
  return {
    nowMs,
    seconds: elapsed,
    metres: limit * travelSeconds,
    limit,
    quickestSeconds: QUICKEST * travelSeconds,
    came: came.flatMap((count, k) => {
      const n = Math.min(count, LEFT_MAX);
      const from = fed.indexOf(upstream[k]!.stream);
      return Array.from({ length: n }, (_, j) => ({
        from,
        atMs: Math.round(nowMs - (1000 * elapsed * (n - j - 0.5)) / n),
      }));
    }),
    onDetector: upstream.flatMap(({ stream }, k) => (on[k] ? [fed.indexOf(stream)] : [])),
    lines: lines.map(
      ({ left, reading, abreast, isMixed, isLit, line: { greenSeconds, clearSeconds, hasPresence, served } }) => {
        // Who counts and is never covered reports counts only.
        const reports = reading !== undefined && (hasPresence || (anyPresence && served === 0));
        return {
          left,
          isAssumed: reading === undefined,
          isOpen: greenSeconds > 0 || isLit,
          isClear: reports && clearSeconds >= (greenSeconds > 0 ? CLEAR_GREEN_SECONDS : CLEAR_SECONDS),
          isCovered: reports && reading.presence && greenSeconds <= -SETTLED_SECONDS,
          abreast,
          isMixed,
        };
      },
    ),
    shares,
    overall,
    areCounted: missed < MISSED_FEW + MISSED_SHARE * (total - lines.length),
  };
}

/** While it stands it grows by who comes in the mean; once it moves, who passes the detector was one of it. */
function queueBeyond(
  was: QueueBeyond,
  occupancy: number,
  came: number,
  perSecond: number,
  elapsed: number,
): QueueBeyond {
  const standingSeconds = occupancy >= STANDING_OCCUPANCY ? was.standingSeconds + elapsed : 0;
  const quietSeconds = occupancy > 0 || came > 0 ? 0 : was.quietSeconds + elapsed;
  let vehicles = 0;
  if (standingSeconds > SETTLES_SECONDS) {
    const since = was.standingSeconds > SETTLES_SECONDS ? elapsed : standingSeconds;
    vehicles = was.vehicles + perSecond * since - came;
  } else if (was.vehicles > 0 && quietSeconds < QUEUE_ENDS_SECONDS) {
    vehicles = was.vehicles + perSecond * elapsed - came;
  }
  return { standingSeconds, quietSeconds, vehicles: Math.min(BEYOND_MAX, Math.max(0, vehicles)) };
}

/** A counter that starts anew counts from 0. */
function increase(before: number, now: number): number {
  return now >= before ? now - before : now;
}

/** The vehicle that is so-manyth before a line, or part of one: as likely as there is one. */
export interface Arrival {
  /** It could be at the line if nobody were before it, seconds from now, at least 0. */
  readonly inSeconds: number;
  /** It has been held up for so long. */
  readonly waitedSeconds: number;
  /** Its speed, of the limit. */
  readonly speedShare: number;
  readonly mass: number;
}

/** What a stream has before its stop line. */
export interface LaneTraffic {
  /** The first at the line first. */
  readonly arrivals: readonly Arrival[];
  /** Vehicles that should be at the line by now, those beyond the upstream detector included. */
  readonly queued: number;
  /** Those of them beyond the upstream detector. */
  readonly beyond: number;
  /** Vehicles on the way to it. */
  readonly coming: number;
  /** Standard deviation of both together, vehicles: who may be in another lane, or not there at all. */
  readonly deviation: number;
  /** Arrivals a second that nobody has seen yet. */
  readonly perSecond: number;
}

/** The traffic of each stream as the filter has it. */
export function laneTraffic(ground: Ground, memory: VehiclesMemory): LaneTraffic[] {
  return ground.streams.map(({ section: s }, i) => {
    const section = memory.sections[s]!;
    const fed = ground.sections[s]!.streams;
    const l = fed.indexOf(i);
    const line = memory.lines[i]!;
    if (section.counts.every((count) => count < 0)) {
      const { assumed, perSecond } = line;
      const arrivals = [{ inSeconds: 0, waitedSeconds: 0, speedShare: 0, mass: assumed }];
      return { arrivals, queued: assumed, beyond: 0, coming: 0, deviation: Math.sqrt(assumed), perSecond };
    }
    const { arrivals, queued: there, coming, variance: known } = laneOf(ground, memory, s, l);
    let queued = there;
    let beyond = 0;
    let variance = known;
    const total = fed.reduce((sum, stream) => sum + memory.lines[stream]!.served + 1, 0);
    const share = (line.served + 1) / total;
    const own = ground.sections[s]!.upstream.findIndex(({ stream }) => stream === i);
    const { vehicles } = section.beyond[Math.max(0, own)]!;
    if (vehicles > 0) {
      const inSection = section.hypotheses.reduce(
        (sum, { weight, lanes }) => sum + weight * lanes.reduce((n, lane) => n + lane.length, 0),
        0,
      );
      const part = own >= 0 ? 1 : inSection > 0 ? (queued + coming) / inSection : share;
      beyond = vehicles * part;
      queued += beyond;
      variance += beyond;
      // they stand, and come after those that have passed
      const inSeconds = section.travelSeconds + SETS_OFF_SECONDS;
      for (let left = beyond; left >= LEAST; left--)
        arrivals.push({ inSeconds, waitedSeconds: 0, speedShare: 0, mass: Math.min(1, left) });
    }
    const deviation = Math.sqrt(variance);
    return { arrivals, queued, beyond, coming, deviation, perSecond: section.perSecond * share };
  });
}

interface LaneKnown {
  readonly arrivals: Arrival[];
  readonly queued: number;
  readonly coming: number;
  readonly variance: number;
}

/** Lane `l` of a section, over its hypotheses. */
function laneOf(ground: Ground, { atMs, sections }: VehiclesMemory, s: number, l: number): LaneKnown {
  const { hypotheses, travelSeconds } = sections[s]!;
  const { metres } = ground.sections[s]!;
  const limit = metres === null ? USUAL_LIMIT : metres / travelSeconds;
  const sums: { -readonly [K in keyof Arrival]: number }[] = [];
  let queued = 0;
  let coming = 0;
  let squares = 0;
  for (const { weight, lanes } of hypotheses) {
    const lane = lanes[l]!;
    squares += weight * lane.length * lane.length;
    lane.forEach((vehicle, k) => {
      if (k === sums.length) sums.push({ inSeconds: 0, waitedSeconds: 0, speedShare: 0, mass: 0 });
      const sum = sums[k]!;
      sum.mass += weight;
      sum.inSeconds += weight * freeSeconds(vehicle.metres, vehicle.metresPerSecond, limit);
      sum.waitedSeconds += vehicle.heldMs === 0 ? 0 : (weight * (atMs - vehicle.heldMs)) / 1000;
      sum.speedShare += (weight * vehicle.metresPerSecond) / limit;
      if (atMs - vehicle.cameMs >= 1000 * travelSeconds) queued += weight;
      else coming += weight;
    });
  }
  const mean = queued + coming;
  const arrivals = sums
    .filter(({ mass }) => mass >= LEAST)
    .map(({ inSeconds, waitedSeconds, speedShare, mass }) => ({
      inSeconds: inSeconds / mass,
      waitedSeconds: waitedSeconds / mass,
      speedShare: speedShare / mass,
      mass: Math.min(1, mass),
    }));
  return { arrivals, queued, coming, variance: Math.max(0, squares - mean * mean) };
}
