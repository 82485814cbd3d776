/**
 * Counts -> the demand of each stream and how sure it is, whatever detectors are there and well: lines and upstream
 * detectors check each other, a line that is silent is made up for by the others, and at last by what it used to be. What is
 * remembered is JSON. Detectors that cannot be believed are expected to be left out already (`health.ts`).
 */
import type { Observation } from '../types.ts';
import { type Ground, upstreamReading } from './streams.ts';

/** Of one detector, fading. */
interface Tally {
  /** Cumulative count last read; -1: none yet. */
  readonly count: number;
  /** It is reporting at present. */
  readonly reports: boolean;
  /** Vehicles, the seconds in which they were counted, and those seconds weighted twice: what a variance needs. */
  readonly vehicles: number;
  readonly seconds: number;
  readonly squared: number;
  /** Seconds since it last reported. */
  readonly silentSeconds: number;
  /** Of lines: most vehicles in ten seconds of green, fading, and those of the present ten. */
  readonly peak: number;
  readonly block: number;
  readonly blockSeconds: number;
}

export interface DemandMemory {
  readonly atMs: number;
  readonly startedMs: number;
  readonly lines: readonly Tally[];
  readonly upstream: readonly Tally[];
  /** By stream: vehicles an hour as they used to be, slowly; what is gone by when nothing else is there. */
  readonly usual: readonly number[];
  /** By section: vehicles in less out since the beginning, fading by nothing: a queue, or detectors that disagree. */
  readonly between: readonly number[];
}

export interface DemandOptions {
  /** Flows are means over about so long, seconds. */
  readonly windowSeconds: number;
  /** Share of the vehicles that the detectors see: of tags, of what is not missed; 0-1. */
  readonly seenShare: number;
}

export interface StreamDemand {
  /** null: nothing was ever heard that could tell. */
  readonly vehiclesPerHour: number | null;
  /** Standard deviation: chance, detectors that disagree, and what has become of what was remembered. */
  readonly deviationPerHour: number;
  readonly from: 'line' | 'line and upstream' | 'upstream' | 'remembered' | 'nothing';
  /** Share of its section's traffic that is its own, and its standard deviation: the turning ratio where lanes are for one turn. */
  readonly share: number;
  readonly shareDeviation: number;
}

const BLOCK_SECONDS = 10;
/** What a lane passes in ten seconds where a queue leaves, one in 1.7 to 2.5 s, and what none does. */
const QUEUE_PEAK = 4;
const MOST_PEAK = 7.5;
const PEAK_FADES_SECONDS = 3600;
/** Where nobody says how far the upstream detector is: vehicles of a lane between it and the line. */
const STORAGE_PER_LANE = 30;
const METRES_PER_VEHICLE = 6.5;
/** Detectors that differ by less agree. */
const AGREES = 1.25;
/** Fewer vehicles than this are too few to disagree on. */
const FEW = 20;
const USUAL_SECONDS = 7200;
/** What is remembered may be wrong by so much of it after so long, seconds; by at most as much as it is. */
const DRIFT = 0.3;
const DRIFT_SECONDS = 1800;

const NEW: Tally = {
  count: -1,
  reports: false,
  vehicles: 0,
  seconds: 0,
  squared: 0,
  silentSeconds: 0,
  peak: 0,
  block: 0,
  blockSeconds: 0,
};

/** Takes in a frame. */
export function observeDemand(
  ground: Ground,
  before: DemandMemory | null,
  observation: Observation,
  { windowSeconds }: DemandOptions,
): DemandMemory {
  const { nowMs, detectors, lamps } = observation;
  const old = before ?? {
    atMs: nowMs,
    startedMs: nowMs,
    lines: ground.streams.map(() => NEW),
    upstream: ground.sections.map(() => NEW),
    usual: ground.streams.map(() => -1),
    between: ground.sections.map(() => 0),
  };
  const elapsed = Math.max(0, nowMs - old.atMs) / 1000;
  // As old in the mean as a window of that length.
  const keep = Math.max(0, 1 - elapsed / Math.max(elapsed, windowSeconds / 2));
  const lines = ground.streams.map(({ id, groupIds }, i) => {
    const green = groupIds.every((group) => lamps.byGroup[group] === 'green');
    return tallied(old.lines[i]!, detectors[id]?.count, elapsed, keep, green);
  });
  const upstream = ground.sections.map((section, s) =>
    tallied(old.upstream[s]!, upstreamReading(section, detectors)?.count, elapsed, keep, false),
  );
  const usual = old.usual.map((rate, i) => {
    const { reports, seconds, vehicles } = lines[i]!;
    if (!reports || seconds < windowSeconds / 4) return rate;
    const now = (3600 * vehicles) / seconds;
    return rate < 0 ? now : rate + (now - rate) * Math.min(1, elapsed / USUAL_SECONDS);
  });
  const between = ground.sections.map(({ streams }, s) => {
    if (!upstream[s]!.reports || streams.some((stream) => !lines[stream]!.reports)) return 0;
    const inwards = step(old.upstream[s]!, upstream[s]!);
    return old.between[s]! + inwards - streams.reduce((sum, k) => sum + step(old.lines[k]!, lines[k]!), 0);
  });
  return { atMs: Math.max(nowMs, old.atMs), startedMs: old.startedMs, lines, upstream, usual, between };
}

/** Vehicles between two readings; a counter that starts anew counts from 0. */
function step({ count: before }: Tally, { count: now }: Tally): number {
  if (before < 0 || now < 0) return 0;
  return now >= before ? now - before : now;
}

function tallied(was: Tally, count: number | undefined, elapsed: number, keep: number, green: boolean): Tally {
  if (count === undefined) return { ...was, reports: false, silentSeconds: was.silentSeconds + elapsed };
  const isFirst = was.count < 0 || !was.reports;
  // What passed while it was silent is not told from what did not: it is not counted on.
  const vehicles = isFirst ? 0 : step(was, { ...was, count });
  const blockSeconds = green ? was.blockSeconds + elapsed : 0;
  const block = green ? was.block + vehicles : 0;
  const isFull = blockSeconds >= BLOCK_SECONDS;
  const peak = was.peak * Math.max(0, 1 - elapsed / PEAK_FADES_SECONDS);
  const counted = isFirst ? 0 : elapsed;
  return {
    count,
    reports: true,
    vehicles: was.vehicles * keep + vehicles,
    seconds: was.seconds * keep + counted,
    squared: was.squared * keep * keep + counted,
    silentSeconds: 0,
    peak: isFull ? Math.max(peak, (block * BLOCK_SECONDS) / blockSeconds) : peak,
    block: isFull ? 0 : block,
    blockSeconds: isFull ? 0 : blockSeconds,
  };
}

/** Vehicles an hour, and its variance: chance alone, with one vehicle more so that none is not sure to be none. */
interface Rate {
  readonly perHour: number;
  readonly variance: number;
}

function rateOf({ vehicles, seconds, squared }: Tally, share: number): Rate {
  if (seconds <= 0) return { perHour: 0, variance: Number.MAX_VALUE };
  const hours = seconds / 3600;
  const effective = (vehicles + 1) * (squared / seconds);
  return { perHour: vehicles / hours / share, variance: effective / (hours * hours) / (share * share) };
}

const deviation = (variance: number): number => Math.sqrt(Math.min(variance, 1e12));

/** The demand of each stream. */
export function demandOf(ground: Ground, memory: DemandMemory, { seenShare }: DemandOptions): StreamDemand[] {
  const result = new Array<StreamDemand>(ground.streams.length);
  ground.sections.forEach(({ streams }, s) => {
    const lines = streams.map((i) => rateOf(memory.lines[i]!, seenShare));
    const upstream = memory.upstream[s]!;
    const inwards = upstream.reports && upstream.seconds > 0 ? rateOf(upstream, seenShare) : null;
    const silent = streams.filter((i) => !hasLine(memory, i));
    const shares = sharesOf(memory, streams);
    const told =
      silent.length === 0
        ? together(ground, memory, s, lines, inwards)
        : withoutSome(memory, streams, lines, inwards, shares, seenShare);
    streams.forEach((i, k) => {
      result[i] = { ...told[k]!, ...shares[k]! };
    });
  });
  return result;
}

type Told = Omit<StreamDemand, 'share' | 'shareDeviation'>;

const hasLine = ({ lines }: DemandMemory, i: number): boolean => lines[i]!.reports && lines[i]!.seconds > 0;

/** Of the section's vehicles, each stream's share, by what passed the lines (Dirichlet, one vehicle a stream beforehand). */
function sharesOf(memory: DemandMemory, streams: readonly number[]) {
  const seen = streams.map((i) =>
    Math.max(memory.usual[i]! < 0 ? 0 : (memory.usual[i]! * USUAL_SECONDS) / 3600, memory.lines[i]!.vehicles),
  );
  const total = seen.reduce((sum, vehicles) => sum + vehicles, 0) + streams.length;
  return streams.map((_, k) => {
    const share = (seen[k]! + 1) / total;
    return { share, shareDeviation: Math.sqrt((share * (1 - share)) / (total + 1)) };
  });
}

/** Every line reports. Where more came in than went out they queue; where that cannot be, detectors disagree. */
function together(
  ground: Ground,
  memory: DemandMemory,
  s: number,
  lines: readonly Rate[],
  inwards: Rate | null,
): Told[] {
  const section = ground.sections[s]!;
  const out = lines.reduce((sum, { perHour }) => sum + perHour, 0);
  const plain = (factor: number, doubt: number, from: Told['from']): Told[] =>
    lines.map(({ perHour, variance }) => ({
      vehiclesPerHour: perHour * factor,
      deviationPerHour: deviation(variance * factor * factor + perHour * doubt * (perHour * doubt)),
      from,
    }));
  if (inwards === null || out <= 0) return plain(1, 0, 'line');
  const ratio = inwards.perHour / out;
  const few = memory.upstream[s]!.vehicles < FEW;
  const lanes = section.streams.reduce((sum, i) => sum + ground.streams[i]!.lanes, 0);
  const storage = lanes * (section.metres === null ? STORAGE_PER_LANE : section.metres / METRES_PER_VEHICLE);
  if (ratio >= 1 && (memory.between[s]! <= storage || few || ratio <= AGREES))
    return plain(ratio, 0, 'line and upstream');
  if (few || (ratio < 1 && ratio >= 1 / AGREES)) return plain(1, 0, 'line and upstream');
  const busiest = section.streams.reduce((a, b) => (memory.lines[b]!.vehicles > memory.lines[a]!.vehicles ? b : a));
  const peak = memory.lines[busiest]!.peak / ground.streams[busiest]!.lanes;
  // Nobody passes a line as fast as that: it counts some twice. As fast as queues do pass: it counts them right.
  if (ratio < 1 && peak > MOST_PEAK) return plain(ratio, 0, 'upstream');
  if (peak >= QUEUE_PEAK && peak <= MOST_PEAK) return plain(1, 0, 'line');
  return plain(Math.sqrt(ratio), Math.abs(ratio - 1) / 2, 'line and upstream');
}

/** Some lines are silent: theirs is what came in and did not pass the others; else what they used to have. */
function withoutSome(
  memory: DemandMemory,
  streams: readonly number[],
  lines: readonly Rate[],
  inwards: Rate | null,
  shares: readonly { readonly share: number; readonly shareDeviation: number }[],
  seenShare: number,
): Told[] {
  const heard = streams.flatMap((i, k) => (hasLine(memory, i) ? [k] : []));
  const passed = heard.reduce((sum, k) => sum + lines[k]!.perHour, 0);
  const variance = heard.reduce((sum, k) => sum + lines[k]!.variance, inwards?.variance ?? 0);
  const missing = streams.reduce((sum, i, k) => (hasLine(memory, i) ? sum : sum + shares[k]!.share), 0);
  return streams.map((i, k): Told => {
    const { perHour, variance: own } = lines[k]!;
    if (hasLine(memory, i)) return { vehiclesPerHour: perHour, deviationPerHour: deviation(own), from: 'line' };
    if (inwards !== null) {
      const part = shares[k]!.share / missing;
      const rest = Math.max(0, inwards.perHour - passed);
      const unsure = (rest * shares[k]!.shareDeviation) / missing;
      return {
        vehiclesPerHour: rest * part,
        deviationPerHour: deviation(variance * part * part + unsure * unsure),
        from: 'upstream',
      };
    }
    const usual = memory.usual[i]!;
    if (usual < 0) return { vehiclesPerHour: null, deviationPerHour: 0, from: 'nothing' };
    const drift = Math.min(1, DRIFT * Math.sqrt(1 + memory.lines[i]!.silentSeconds / DRIFT_SECONDS));
    const vehiclesPerHour = usual / seenShare;
    return { vehiclesPerHour, deviationPerHour: vehiclesPerHour * drift, from: 'remembered' };
  });
}
