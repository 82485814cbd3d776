/**
 * Which vehicles are between the upstream detector and the stop line, and in which lane: a filter over what the detectors
 * say. A vehicle that passes the upstream detector may be in any lane of its section, by the shares seen so far. One that
 * passes a stop line was, most probably, the first in that lane; a stop line that nobody covers rules out whoever should
 * have arrived there; one that is covered has somebody. Vehicles are taken as independent of each other, lanes as first
 * in, first out. What is remembered is JSON.
 */
import type { Observation } from '../types.ts';
import type { Ground } from './streams.ts';

/** A vehicle that passed the upstream detector at `atMs`. */
export interface VehicleEntry {
  readonly atMs: number;
  /** Which upstream detector of the section it passed. */
  readonly from: number;
  /** Probability that it is there and in the lane, by stream of the section; the sum: that it is there at all. */
  readonly inLane: number[];
}

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
  readonly entries: readonly VehicleEntry[];
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
}

/**
 * Of those who pass a detector in a lane this share leaves it to either side without that their numbers show it, and at most
 * so many do; what their numbers show is believed as if so many had passed that stayed.
 */
const EXCHANGED_SHARE = 0.02;
const LEAVING_SHARE_MAX = 0.45;
const STAYING_PRIOR = 10;
/** Shares of lanes fade over so long, seconds. */
const SHARE_SECONDS = 1200;
/** A stop line free for so long has nobody waiting at it, seconds. */
const CLEAR_SECONDS = 2;
/** The same while it is green: in a queue that moves there are gaps. */
const CLEAR_GREEN_SECONDS = 3;
/** Somebody may be so much later than at free speed, seconds. */
const LATE_SECONDS = 2;
/** Nobody is quicker than this share of the time at free speed. */
const QUICKEST = 0.6;
const USUAL_HEADWAY_SECONDS = 2;
/** A vehicle says how long the way is if its lane was green for so long, nobody before it, and it is that one so surely. */
const FREE_GREEN_SECONDS = 8;
const SURE = 0.6;
const TRAVEL_GAIN = 0.1;
/** The way takes at most so many times longer or less than was said. */
const TRAVEL_FACTOR = 2.5;
/** Who covers a line so long after green is not one who just crossed it, seconds. */
const SETTLED_SECONDS = 4;
const LEAST = 0.02;
const ENTRIES_MAX = 80;
/** Share of a second covered, of one lane, that means somebody stands there. */
const STANDING_OCCUPANCY = 0.9;
/** Who stands on an upstream detector for longer is part of a queue that grows beyond it, seconds. */
const SETTLES_SECONDS = 2;
/** Nobody on an upstream detector for so long: the end of the queue has passed it, seconds. */
const QUEUE_ENDS_SECONDS = 3;
const BEYOND_MAX = 30;
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
  const old = before ?? emptyMemory(ground, nowMs, options.upstreamSeconds);
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
    let assumed = Math.min(ENTRIES_MAX, Math.max(line?.presence ? 1 : 0, was.assumed + perSecond * elapsed - passed));
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
  const sections = ground.sections.map(({ upstream, streams: fed, travelSeconds: known }, s): SectionVehicles => {
    const was = old.sections[s]!;
    const ups = upstream.map(({ id }) => detectors[id]);
    const came = ups.map((up, k) => (up === undefined || was.counts[k]! < 0 ? 0 : increase(was.counts[k]!, up.count)));
    let { travelSeconds } = was;
    const fade = Math.max(0, 1 - elapsed / SHARE_SECONDS);
    const entered = was.entered.map((value, k) => value * fade + came[k]!);
    const entries = was.entries.map(({ atMs, from, inLane }) => ({ atMs, from, inLane: [...inLane] }));
    fed.forEach((stream, l) => {
      for (let k = Math.min(out[stream]!, ENTRIES_MAX); k > 0; k--) {
        const took = depart(entries, l, nowMs, was.travelSeconds) - elapsed / 2;
        const free = old.lines[stream]!.clearSeconds >= 1 && lines[stream]!.greenSeconds >= FREE_GREEN_SECONDS;
        if (known !== null || !(free && took > 0)) continue;
        const { upstreamSeconds } = options;
        const bounded = Math.min(TRAVEL_FACTOR * upstreamSeconds, Math.max(upstreamSeconds / TRAVEL_FACTOR, took));
        travelSeconds += (bounded - travelSeconds) * TRAVEL_GAIN;
      }
    });
    const total = fed.reduce((sum, stream) => sum + lines[stream]!.served + 1, 0);
    const shares = fed.map((stream) => (lines[stream]!.served + 1) / total);
    const leaving = laneShares(
      fed.map((stream) => upstream.findIndex((one) => one.stream === stream)).map((k) => entered[k] ?? 0),
      fed.map((stream) => lines[stream]!.served),
    );
    const sharesOf = (k: number): number[] => {
      const own = fed.indexOf(upstream[k]!.stream);
      if (own < 0) return shares;
      return leaving[own]!;
    };
    came.forEach((count, k) => {
      const n = Math.min(count, ENTRIES_MAX);
      for (let j = 0; j < n; j++) {
        const atMs = Math.round(nowMs - (1000 * elapsed * (n - j - 0.5)) / n);
        entries.push({ atMs, from: k, inLane: [...sharesOf(k)] });
      }
    });
    fed.forEach((stream, l) => {
      const line = lines[stream]!;
      const reading = detectors[ground.streams[stream]!.id];
      // Who counts and is never covered reports counts only.
      const reports = line.hasPresence || (anyPresence && line.served === 0);
      if (reading === undefined || !reports) return;
      if (line.clearSeconds >= (line.greenSeconds > 0 ? CLEAR_GREEN_SECONDS : CLEAR_SECONDS)) {
        const waitedFor = 1000 * (travelSeconds + LATE_SECONDS);
        for (const entry of entries) if (nowMs - entry.atMs > waitedFor) ruleOut(entry, l);
      } else if (reading.presence && line.greenSeconds <= -SETTLED_SECONDS) {
        const from = Math.max(
          0,
          upstream.findIndex((one) => one.stream === stream),
        );
        somebodyIsThere(entries, l, from, fed.length, nowMs, travelSeconds);
      }
    });
    const lanes = fed.reduce((sum, stream) => sum + ground.streams[stream]!.lanes, 0);
    const allEntered = entered.reduce((sum, value) => sum + value + 1, 0);
    const beyond = ups.map((up, k) => {
      const wide = upstream[k]!.stream < 0 ? lanes : 1;
      const perSecond = (was.perSecond * (entered[k]! + 1)) / allEntered;
      return queueBeyond(was.beyond[k]!, up === undefined ? 0 : up.occupancy * wide, came[k]!, perSecond, elapsed);
    });
    const kept = entries.filter((entry) => stillThere(entry) >= LEAST);
    const anySeen = ups.some((up) => up !== undefined);
    const all = came.reduce((sum, count) => sum + count, 0);
    return {
      counts: ups.map((up) => up?.count ?? -1),
      perSecond: anySeen && elapsed > 0 ? was.perSecond + (all / elapsed - was.perSecond) * gain : was.perSecond,
      beyond,
      entered,
      entries: kept.length > ENTRIES_MAX ? kept.slice(kept.length - ENTRIES_MAX) : kept,
      travelSeconds,
    };
  });
  return { startedMs: old.startedMs, atMs: Math.max(nowMs, old.atMs), sections, lines };
}

function emptyMemory(ground: Ground, nowMs: number, travelSeconds: number): VehiclesMemory {
  return {
    startedMs: nowMs,
    atMs: nowMs,
    sections: ground.sections.map(({ upstream, travelSeconds: known }) => ({
      counts: upstream.map(() => -1),
      perSecond: 0,
      beyond: upstream.map(() => ({ standingSeconds: 0, quietSeconds: 0, vehicles: 0 })),
      entered: upstream.map(() => 0),
      entries: [],
      travelSeconds: known ?? travelSeconds,
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

/**
 * Of lanes side by side, each with a detector upstream and one at its line: where those who pass upstream in a lane arrive.
 * What came in and what went out differ by those who changed lanes; of all ways to explain it that with the fewest changes
 * is taken: between two lanes goes what came in before, counted from one side, less what went out there.
 */
function laneShares(entered: readonly number[], served: readonly number[]): number[][] {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  // those on the way, and miscounts, are taken as spread evenly
  const scale = sum(served) > 0 ? sum(entered) / sum(served) : 1;
  let across = 0;
  const toNext = entered.map((count, l) => {
    across += count - served[l]! * scale;
    return across;
  });
  return entered.map((count, l) => {
    const leaves = (vehicles: number): number =>
      Math.min(LEAVING_SHARE_MAX, EXCHANGED_SHARE + Math.max(0, vehicles) / (count + STAYING_PRIOR));
    const up = l + 1 < entered.length ? leaves(toNext[l]!) : 0;
    const down = l > 0 ? leaves(-toNext[l - 1]!) : 0;
    return entered.map((_, m) => (m === l ? 1 - up - down : m === l + 1 ? up : m === l - 1 ? down : 0));
  });
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

function stillThere({ inLane }: VehicleEntry): number {
  let sum = 0;
  for (const share of inLane) sum += share;
  return sum;
}

/** One vehicle left lane `l`: Bayes over who it was, the first in the lane. Seconds it took, if that is clear; else -1. */
function depart(entries: readonly VehicleEntry[], l: number, nowMs: number, upstreamSeconds: number): number {
  const earliest = nowMs - 1000 * QUICKEST * upstreamSeconds;
  let nobodyBefore = 1;
  let total = 0;
  const weights: number[] = [];
  for (const { atMs, inLane } of entries) {
    const weight = atMs <= earliest ? inLane[l]! * nobodyBefore : 0;
    weights.push(weight);
    total += weight;
    if (atMs <= earliest) nobodyBefore *= 1 - inLane[l]!;
  }
  if (total < LEAST) return -1;
  let before = 0;
  let took = -1;
  for (let i = 0; i < entries.length; i++) {
    const { inLane } = entries[i]!;
    const own = weights[i]! / total;
    const after = Math.max(0, 1 - before - own);
    const other = 1 - inLane[l]!;
    for (let m = 0; m < inLane.length; m++) {
      const share = inLane[m]!;
      if (m === l) inLane[m] = share * before;
      else inLane[m] = share * before + (other > 1e-9 ? (share / other) * after : 0);
    }
    before += own;
    if (own >= SURE) took = (nowMs - entries[i]!.atMs) / 1000;
  }
  return took;
}

/** It is not in lane `l`: then in another, or it never was. */
function ruleOut({ inLane }: VehicleEntry, l: number): void {
  const rest = inLane.reduce((sum, share, m) => (m === l ? sum : sum + share), 0);
  const all = rest + inLane[l]!;
  for (let m = 0; m < inLane.length; m++) inLane[m] = m === l || rest < LEAST ? 0 : (inLane[m]! * all) / rest;
}

/** Somebody covers the stop line of lane `l`. */
function somebodyIsThere(
  entries: VehicleEntry[],
  l: number,
  from: number,
  lanes: number,
  nowMs: number,
  upstreamSeconds: number,
): void {
  const earliest = nowMs - 1000 * QUICKEST * upstreamSeconds;
  let nobody = 1;
  for (const { atMs, inLane } of entries) if (atMs <= earliest) nobody *= 1 - inLane[l]!;
  const sure = 1 - nobody;
  if (sure > 0.999) return;
  if (sure < 0.2) {
    const inLane = new Array<number>(lanes).fill(0);
    inLane[l] = 1;
    const atMs = Math.round(nowMs - 1000 * upstreamSeconds);
    let at = entries.length;
    while (at > 0 && entries[at - 1]!.atMs > atMs) at--;
    entries.splice(at, 0, { atMs, from, inLane });
    return;
  }
  for (const { atMs, inLane } of entries) {
    if (atMs > earliest) continue;
    const more = Math.min(1, inLane[l]! / sure);
    const others = 1 - inLane[l]!;
    for (let m = 0; m < inLane.length; m++)
      if (m !== l) inLane[m] = others > 1e-9 ? (inLane[m]! * (1 - more)) / others : 0;
    inLane[l] = more;
  }
}

/** What a stream has before its stop line. */
export interface LaneTraffic {
  /** Arrival at the line at free speed, seconds from now (past: waiting since), and mass, in order. */
  readonly arrivals: readonly { readonly inSeconds: number; readonly mass: number }[];
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
      const arrivals = [{ inSeconds: 0, mass: assumed }];
      return { arrivals, queued: assumed, beyond: 0, coming: 0, deviation: Math.sqrt(assumed), perSecond };
    }
    const arrivals: { inSeconds: number; mass: number }[] = [];
    let queued = 0;
    let coming = 0;
    let beyond = 0;
    let variance = 0;
    for (const { atMs, inLane } of section.entries) {
      const mass = inLane[l]!;
      variance += mass * Math.max(0, 1 - mass);
      if (mass < LEAST) continue;
      const inSeconds = section.travelSeconds - (memory.atMs - atMs) / 1000;
      arrivals.push({ inSeconds, mass });
      if (inSeconds <= 0) queued += mass;
      else coming += mass;
    }
    const total = fed.reduce((sum, stream) => sum + memory.lines[stream]!.served + 1, 0);
    const share = (line.served + 1) / total;
    const own = ground.sections[s]!.upstream.findIndex(({ stream }) => stream === i);
    const { vehicles } = section.beyond[Math.max(0, own)]!;
    if (vehicles > 0) {
      const inSection = section.entries.reduce((sum, entry) => sum + stillThere(entry), 0);
      const part = own >= 0 ? 1 : inSection > 0 ? (queued + coming) / inSection : share;
      beyond = vehicles * part;
      queued += beyond;
      variance += beyond;
      // they stand, and come after those that have passed
      const inSeconds = section.travelSeconds + SETS_OFF_SECONDS;
      for (let left = beyond; left >= LEAST; left--) arrivals.push({ inSeconds, mass: Math.min(1, left) });
    }
    const deviation = Math.sqrt(variance);
    return { arrivals, queued, beyond, coming, deviation, perSecond: section.perSecond * share };
  });
}
