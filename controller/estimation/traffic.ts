/**
 * Counts -> arrival rates, queues and saturation headways, learnt on line, frame by frame. What it remembers is JSON.
 */
import type { Observation } from '../types.ts';
import { type Ground, upstreamReading } from './streams.ts';

/** What is remembered of each stream. */
export interface StreamMemory {
  /** Cumulative count last read; -1: none yet. */
  count: number;
  /** Vehicles a second over the stop line. */
  perSecond: number;
  /** The detector is covered. */
  presence: boolean;
  /** Seconds that it has been green; negative: that it has not been. */
  greenFor: number;
  /** Of the present or last green: seconds, vehicles, seconds since the last of them, longest such gap. */
  greenSeconds: number;
  greenVehicles: number;
  gap: number;
  longestGap: number;
  /** The last green was used to its end, and somebody was left at the line. */
  leftOver: boolean;
  /** Vehicles of greens that were used to the end, those of the yellow included, and the seconds of those greens. */
  queueVehicles: number;
  queueSeconds: number;
  /** The queue that stood there at the start of the present green still discharges. */
  discharging: boolean;
  /** Seconds since somebody left in it. */
  sinceFollower: number;
  /** Seconds of discharge after a start, and the vehicles that left in them. */
  followSeconds: number;
  followVehicles: number;
  /** Of those, headways squared, each as often as vehicles left in it. */
  followSquares: number;
  /** The same, of discharges that had to give way to others. */
  yieldSeconds: number;
  yieldVehicles: number;
}

/** What is remembered of each section. */
export interface SectionMemory {
  /** Cumulative count last read; -1: nothing is reported from upstream. */
  count: number;
  perSecond: number;
  /** Seconds that a standing queue has covered the upstream detector. */
  coveredFor: number;
  /** Vehicles in less vehicles out. */
  between: number;
  /** Least of it in the present and the previous window: then the road was empty, or nearly. */
  floor: number;
  floorBefore: number;
}

export interface TrafficMemory {
  readonly startedMs: number;
  readonly atMs: number;
  readonly floorSinceMs: number;
  readonly streams: readonly Readonly<StreamMemory>[];
  readonly sections: readonly Readonly<SectionMemory>[];
}

/** A counting error between two detectors is forgotten after one to two windows, seconds. */
const FLOOR_WINDOW_SECONDS = 600;
/** Vehicles for which a headway that was given weighs against what is measured. */
const HEADWAY_PRIOR_VEHICLES = 20;
/** Discharge measured over longer than this fades, seconds. */
const HEADWAY_MEMORY_SECONDS = 300;
/** A green was used as long as no gap between vehicles was longer, seconds; the first may take as long to start. */
const GAP_SECONDS = 5;
/** Who still stands at the line so long after green was left over, seconds. */
const LEFT_OVER_AFTER_SECONDS = 3;
/** A detector this much covered has a standing vehicle on it. */
const STANDING_OCCUPANCY = 0.9;
/** From the start of green to the passage of the first in a queue, seconds. */
const START_SECONDS = 2;
/** Nobody on the line and nobody over it for longer: the queue is gone, seconds. */
const QUEUE_GAP_SECONDS = 2;
/** A headway is measured within this factor of the given one. */
const LARGEST_FACTOR = 2;
/**
 * Of a discharge, the share that a controller which thinks again each second makes use of: it ends a green in the larger
 * gaps. In SUMO 2.2 s were measured where plans on 1.9 s turned out best, and plans on 2.2 s 15 % worse.
 */
const USED_SHARE = 0.87;
/** Where some have to give way, until it was measured; and at most so many times that. */
const YIELD_FACTOR = 1.5;
const LARGEST_YIELD_FACTOR = 5;
const UNKNOWN = Number.MAX_SAFE_INTEGER;

/** Takes in a frame. A rate is a mean over about `smoothingSeconds`. */
export function observeTraffic(
  ground: Ground,
  before: TrafficMemory | null,
  observation: Observation,
  smoothingSeconds: number,
): TrafficMemory {
  const { nowMs, detectors, lamps } = observation;
  const old = before ?? emptyMemory(ground, nowMs);
  const elapsed = (nowMs - old.atMs) / 1000;
  const known = Math.min(smoothingSeconds, (nowMs - old.startedMs) / 1000);
  const gain = elapsed > 0 ? Math.min(1, elapsed / Math.max(elapsed, known)) : 0;
  const left: number[] = [];
  const streams = ground.streams.map(({ id, groupIds, yields }, i): StreamMemory => {
    const was = old.streams[i]!;
    const line = detectors[id];
    const out = line === undefined ? 0 : increase(was.count, line.count);
    left.push(out);
    if (line === undefined) return was;
    const green = groupIds.every((group) => lamps.byGroup[group] === 'green');
    const now = { ...was, count: line.count, presence: line.presence };
    if (gain > 0) now.perSecond += (out / elapsed - was.perSecond) * gain;
    if (green) greenGoesOn(now, was.greenFor > 0, out, elapsed);
    else greenIsOver(now, was, out, elapsed);
    const isGreen = (group: string): boolean => lamps.byGroup[group] === 'green';
    const gives = green && yields.some(([own, other]) => isGreen(own) && isGreen(other));
    discharge(now, was, out, elapsed, gives);
    return now;
  });
  const newWindow = nowMs - old.floorSinceMs > FLOOR_WINDOW_SECONDS * 1000;
  const sections = ground.sections.map((section, i): SectionMemory => {
    const { streams: fed } = section;
    const was = old.sections[i]!;
    const up = upstreamReading(section, detectors);
    if (up === undefined) return was;
    const inwards = increase(was.count, up.count);
    const now = { ...was, count: up.count };
    now.between += inwards - fed.reduce((sum, stream) => sum + left[stream]!, 0);
    if (newWindow) {
      now.floorBefore = was.floor;
      now.floor = UNKNOWN;
    }
    now.floor = Math.min(now.floor, now.between);
    now.coveredFor = up.occupancy >= STANDING_OCCUPANCY ? was.coveredFor + elapsed : 0;
    if (gain > 0) now.perSecond += (inwards / elapsed - was.perSecond) * gain;
    return now;
  });
  return {
    startedMs: old.startedMs,
    atMs: nowMs,
    floorSinceMs: newWindow ? nowMs : old.floorSinceMs,
    streams,
    sections,
  };
}

function greenGoesOn(now: StreamMemory, wasGreen: boolean, out: number, elapsed: number): void {
  now.greenFor = wasGreen ? now.greenFor + elapsed : elapsed;
  now.greenSeconds = now.greenFor;
  now.greenVehicles = wasGreen ? now.greenVehicles + out : out;
  now.gap = out > 0 ? 0 : wasGreen ? now.gap + elapsed : elapsed;
  now.longestGap = wasGreen ? Math.max(now.longestGap, now.gap) : now.gap;
}

function greenIsOver(now: StreamMemory, was: Readonly<StreamMemory>, out: number, elapsed: number): void {
  now.greenFor = was.greenFor > 0 ? -elapsed : was.greenFor - elapsed;
  // Who passes in the yellow took part in the green.
  if (was.greenFor > -LEFT_OVER_AFTER_SECONDS) now.greenVehicles += out;
  if (was.greenFor <= -LEFT_OVER_AFTER_SECONDS || now.greenFor > -LEFT_OVER_AFTER_SECONDS) return;
  now.leftOver = now.presence && now.greenVehicles > 0 && now.longestGap <= GAP_SECONDS;
  if (!now.leftOver || now.greenSeconds < GAP_SECONDS) return;
  const fade = was.queueSeconds > HEADWAY_MEMORY_SECONDS ? 0.5 : 1;
  now.queueVehicles = was.queueVehicles * fade + now.greenVehicles;
  now.queueSeconds = was.queueSeconds * fade + now.greenSeconds;
}

function emptyMemory(ground: Ground, nowMs: number): TrafficMemory {
  return {
    startedMs: nowMs,
    atMs: nowMs,
    floorSinceMs: nowMs,
    streams: ground.streams.map(() => ({
      count: -1,
      perSecond: 0,
      presence: false,
      greenFor: 0,
      greenSeconds: 0,
      greenVehicles: 0,
      gap: 0,
      longestGap: 0,
      leftOver: false,
      queueVehicles: 0,
      queueSeconds: 0,
      discharging: false,
      sinceFollower: 0,
      followSeconds: 0,
      followVehicles: 0,
      followSquares: 0,
      yieldSeconds: 0,
      yieldVehicles: 0,
    })),
    sections: ground.sections.map(() => ({
      count: -1,
      perSecond: 0,
      coveredFor: 0,
      between: 0,
      floor: 0,
      floorBefore: 0,
    })),
  };
}

/** A counter that starts anew counts from 0. */
function increase(before: number, now: number): number {
  if (before < 0) return 0;
  return now >= before ? now - before : now;
}

/** What a stream has before its stop line. */
export interface StreamTraffic {
  /** Vehicles between upstream detector and stop line, and behind a queue that reaches further; null: nothing is reported from upstream. */
  readonly present: number | null;
  /** Vehicles a second that arrive. */
  readonly perSecond: number;
  /** Seconds of green that a vehicle takes when a queue discharges, all lanes together. */
  readonly headwaySeconds: number;
  /** Seconds between two that leave from a queue, from the second vehicle of a green on, where nobody has to give way. */
  readonly followSeconds: number;
  /** The same where some of its traffic has to give way. */
  readonly yieldSeconds: number;
  readonly leftOver: boolean;
  /** The last green, seconds. */
  readonly greenSeconds: number;
}

export interface TrafficAssumptions {
  /** From the upstream detector to the stop line, seconds. */
  readonly upstreamSeconds: number;
  /** Until enough was measured. */
  readonly saturationFlowPerHourPerLane: number;
}

/**
 * The traffic of each stream. What a section holds is spread over its streams by who comes in the time that each has been
 * waiting; a lane that waits and whose line is free has nobody standing.
 */
export function trafficOf(ground: Ground, memory: TrafficMemory, assumptions: TrafficAssumptions): StreamTraffic[] {
  const { upstreamSeconds, saturationFlowPerHourPerLane } = assumptions;
  const weights = ground.streams.map((_, i) => {
    const { perSecond, greenFor, presence, leftOver } = memory.streams[i]!;
    const waits = greenFor <= 0;
    const standing = waits && presence ? 1 + perSecond * -greenFor + (leftOver ? 3 : 0) : 0;
    return perSecond * upstreamSeconds + standing + 1e-6;
  });
  return ground.streams.map(({ section: s, lanes }, i) => {
    const stream = memory.streams[i]!;
    const section = memory.sections[s]!;
    const fed = ground.sections[s]!.streams;
    const total = (of: (stream: number) => number): number => fed.reduce((sum, k) => sum + of(k), 0);
    const seen = section.count >= 0;
    const inSection =
      section.between - Math.min(section.floor, section.floorBefore) + section.coveredFor * section.perSecond;
    const leaving = total((k) => memory.streams[k]!.perSecond);
    const share = leaving > 0 ? stream.perSecond / leaving : 1 / fed.length;
    const given = 3600 / (saturationFlowPerHourPerLane * lanes);
    return {
      present: seen ? (inSection * weights[i]!) / total((k) => weights[k]!) : null,
      perSecond: seen ? Math.max(stream.perSecond, section.perSecond * share) : stream.perSecond,
      headwaySeconds:
        (HEADWAY_PRIOR_VEHICLES * given + stream.queueSeconds) / (HEADWAY_PRIOR_VEHICLES + stream.queueVehicles),
      followSeconds: headwayOf(stream.followSeconds, stream.followVehicles, given, LARGEST_FACTOR),
      yieldSeconds: headwayOf(stream.yieldSeconds, stream.yieldVehicles, YIELD_FACTOR * given, LARGEST_YIELD_FACTOR),
      leftOver: stream.leftOver,
      greenSeconds: stream.greenSeconds,
    };
  });
}

/** A queue that stood at the start of green discharges until nobody has covered the line or passed it for a moment. */
function discharge(
  now: StreamMemory,
  was: Readonly<StreamMemory>,
  out: number,
  elapsed: number,
  givesWay: boolean,
): void {
  if (now.greenFor <= 0) {
    now.discharging = false;
    return;
  }
  if (was.greenFor <= 0) {
    now.discharging = was.presence;
    now.sinceFollower = 0;
  }
  if (!now.discharging || now.greenFor <= START_SECONDS) return;
  const [seconds, vehicles] = givesWay
    ? (['yieldSeconds', 'yieldVehicles'] as const)
    : (['followSeconds', 'followVehicles'] as const);
  now.sinceFollower = was.sinceFollower + elapsed;
  if (!now.presence && now.gap > QUEUE_GAP_SECONDS) {
    // What nobody followed upon was no headway.
    now.discharging = false;
    return;
  }
  if (out === 0) return;
  now[seconds] += now.sinceFollower;
  now[vehicles] += out;
  if (!givesWay) now.followSquares += (now.sinceFollower * now.sinceFollower) / out;
  now.sinceFollower = 0;
  if (now[seconds] > HEADWAY_MEMORY_SECONDS) {
    now[seconds] /= 2;
    now[vehicles] /= 2;
    if (!givesWay) now.followSquares /= 2;
  }
}

/** Seconds by vehicles of a discharge; the given headway weighs as many vehicles as above. */
function headwayOf(seconds: number, vehicles: number, given: number, largest: number): number {
  const used = USED_SHARE * seconds;
  const mean = (HEADWAY_PRIOR_VEHICLES * given + used) / (HEADWAY_PRIOR_VEHICLES + vehicles);
  return Math.min(largest * given, Math.max(given / LARGEST_FACTOR, mean));
}

/** What a stream discharges from a queue. */
export interface SaturationFlow {
  readonly vehiclesPerHour: number;
  /** Standard deviation of that mean, and of what single headways make of it where few were measured. */
  readonly deviationPerHour: number;
  /** Headways that it was measured on, fading. */
  readonly vehicles: number;
}

/** A headway that was never measured may be so much longer or shorter than was given, of it. */
const GIVEN_DEVIATION = 0.15;

/**
 * Saturation flow of each stream where nobody has to give way: the headway that was given weighs as twenty vehicles measured.
 * Its variance is that of the headways, by the vehicles, and what the given one may be off by, as far as that still weighs.
 */
export function saturationFlows(
  ground: Ground,
  memory: TrafficMemory,
  saturationFlowPerHourPerLane: number,
): SaturationFlow[] {
  return ground.streams.map(({ lanes }, i) => {
    const { followSeconds, followVehicles, followSquares } = memory.streams[i]!;
    const given = 3600 / (saturationFlowPerHourPerLane * lanes);
    const weight = HEADWAY_PRIOR_VEHICLES + followVehicles;
    const headway = (HEADWAY_PRIOR_VEHICLES * given + followSeconds) / weight;
    const own = followVehicles > 0 ? followSeconds / followVehicles : given;
    const spread = followVehicles > 1 ? Math.max(0, followSquares / followVehicles - own * own) : 0;
    const unsure = (HEADWAY_PRIOR_VEHICLES * GIVEN_DEVIATION * given) / weight;
    const variance = (spread * followVehicles) / (weight * weight) + unsure * unsure;
    const vehiclesPerHour = 3600 / headway;
    return {
      vehiclesPerHour,
      deviationPerHour: (vehiclesPerHour * Math.sqrt(variance)) / headway,
      vehicles: followVehicles,
    };
  });
}
