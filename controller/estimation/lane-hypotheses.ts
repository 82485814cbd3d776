/**
 * Which vehicle is in which lane between the upstream detectors and the stop lines: a few hypotheses side by side (a
 * particle filter), each of which has every vehicle somewhere, driving. What the lines tell makes some likelier than others;
 * a hypothesis that cannot be is mended by the smallest change of lane that makes it possible, and believed less. So the
 * number of vehicles is what was counted, whoever changes lanes. Nothing is drawn at random: draws are spread evenly.
 */
import { closeUp, drive, type Moving } from './lane-motion.ts';
import { sharesByQueues } from './lane-shares.ts';

export interface Vehicle extends Moving {
  /** When it passed the upstream detector. */
  readonly cameMs: number;
  /** Index of the lane of that detector; -1: it stands for all. */
  readonly from: number;
  /** When it was first expected at a line that nobody covered, ms; 0: it was not. */
  readonly missedMs: number;
}

export interface Hypothesis {
  /** How likely it is; all together 1. */
  weight: number;
  /** By lane, the first at the line first. */
  readonly lanes: Vehicle[][];
}

/** What the line of a lane tells. */
export interface LineTold {
  /** Vehicles that crossed it. */
  readonly left: number;
  /** They were not counted but are assumed. */
  readonly isAssumed: boolean;
  readonly isOpen: boolean;
  /** Whoever stood at it would have covered it: nobody does. */
  readonly isClear: boolean;
  /** Somebody stands at it. */
  readonly isCovered: boolean;
  /** Lanes that it stands for. */
  readonly abreast: number;
  /** Who is first may want a green that the others of its lane do not wait for. */
  readonly isMixed: boolean;
}

export interface SectionTold {
  readonly nowMs: number;
  readonly seconds: number;
  /** From the upstream detector to the line. */
  readonly metres: number;
  readonly limit: number;
  /** Nobody takes less time from the upstream detector to the line, seconds. */
  readonly quickestSeconds: number;
  readonly came: readonly { readonly from: number; readonly atMs: number }[];
  readonly lines: readonly LineTold[];
  /** Lanes whose upstream detector somebody is on; -1: one that stands for all. */
  readonly onDetector: readonly number[];
  /** Where those who come in a lane go: by lane, by lane; those of a detector for all lanes: `overall`. */
  readonly shares: readonly (readonly number[])[];
  readonly overall: readonly number[];
  /** Counts agree well enough that who is missed is elsewhere; false: a detector counts wrong, and he is nowhere. */
  readonly areCounted: boolean;
}

/** As many as say how unsure it is who is where; a power of two. */
export const HYPOTHESES = 8;
const MOST_VEHICLES = 80;
/** A change of lane that the counts do not show is so likely; that a detector miscounted. */
const UNNOTICED = 0.02;
const MISCOUNTED = 0.01;
/** Who is held up for so long changes lanes so many times less. */
const SETTLED_MS = 5000;
const SETTLED_CHANGES = 0.1;
const STANDS_METRES_PER_SECOND = 1;
/** Who should be at a line that nobody covers may be so late, seconds. */
const LATE_MS = 2000;
/** Who covers a line is within so many metres. */
const COVERS_METRES = 10;
/** Who is on the upstream detector has gone at most so far past it, metres, and from a standstill is no faster, m/s. */
const ON_DETECTOR_METRES = 6;
const ON_DETECTOR_METRES_PER_SECOND = 5;
/** It is not believed of one who should be further than this, metres. */
const ON_DETECTOR_BELIEVED_METRES = 40;
/** Who is expected at a line that nobody covers, and can be in no other lane, stands so far back, metres, for so long, ms. */
const STANDS_BACK_METRES = 12;
const STANDS_BACK_MS = 30_000;
/** How likely that is. */
const STANDS_BACK = 0.05;
/** Who crosses a line was believed so far from it: half as likely. */
const MISPLACED_METRES = 12;
/** A queue that begins at the line and has passed the upstream detector reaches at most so much beyond it, metres. */
const OVERFULL_METRES = 40;
const WEIGHT_LEAST = 1e-12;
/** It was that vehicle so surely. */
const SURE = 0.6;

/** `count`: a power of two. */
export function newHypotheses(lanes: number, count: number): Hypothesis[] {
  return Array.from({ length: count }, () => ({
    weight: 1 / count,
    lanes: Array.from({ length: lanes }, () => []),
  }));
}

/**
 * Takes in a frame; `tookSeconds[l]`: what who left lane l took from the upstream detector, -1: it is not known; `missed`:
 * vehicles that were nowhere, less those who were there and nobody had counted.
 */
export function follow(
  before: readonly Hypothesis[],
  told: SectionTold,
): { hypotheses: Hypothesis[]; tookSeconds: number[]; missed: number } {
  const hypotheses = before.map(({ weight, lanes }) => ({
    weight,
    lanes: lanes.map((lane) => lane.map(copyOf)),
  }));
  const left: Departed[] = [];
  const missing: number[] = [];
  hypotheses.forEach((one, index) => {
    let found = 0;
    told.lines.forEach(({ left: count }, l) => {
      for (let k = Math.min(count, MOST_VEHICLES); k > 0; k--) {
        const cameMs = depart(one, l, told);
        if (cameMs === 0 && !told.lines[l]!.isAssumed) found++;
        left.push({ l, one, cameMs });
      }
    });
    told.came.forEach((came, j) => {
      enter(one, spread(index, Math.round(told.nowMs / 1000) * 8 + j, before.length), came, told);
    });
    one.lanes.forEach((lane, l) => {
      const { seconds, nowMs, limit } = told;
      const { abreast, isOpen } = told.lines[l]!;
      drive(lane, { seconds, nowMs, limit, abreast, isOpen });
    });
    spill(one, told);
    for (const from of told.onDetector) stillOn(one, from, told);
    const lost = told.lines.reduce((sum, { isClear }, l) => (isClear ? sum + clear(one, l, told) : sum), 0);
    told.lines.forEach(({ isCovered }, l) => {
      if (isCovered && !cover(one, l, told)) found++;
    });
    missing.push(lost - found);
  });
  normalise(hypotheses);
  const tookSeconds = told.lines.map((_, l) => took(left, l, told.nowMs));
  const missed = hypotheses.reduce((sum, { weight }, index) => sum + weight * missing[index]!, 0);
  return { hypotheses: resampled(hypotheses), tookSeconds, missed };
}

/** Quicker than a spread, and there are many. */
function copyOf({ cameMs, from, metres, metresPerSecond, heldMs, atLineMs, missedMs }: Vehicle): Vehicle {
  return { cameMs, from, metres, metresPerSecond, heldMs, atLineMs, missedMs };
}

/** Who left a lane in a hypothesis: when it had come; 0: nobody was there. */
interface Departed {
  readonly l: number;
  readonly one: Hypothesis;
  readonly cameMs: number;
}

/** What who left lane `l` took, where most agree on who it was; else -1. */
function took(left: readonly Departed[], l: number, nowMs: number): number {
  const votes = new Map<number, number>();
  for (const { l: own, one, cameMs } of left)
    if (own === l && cameMs > 0) votes.set(cameMs, (votes.get(cameMs) ?? 0) + one.weight);
  for (const [cameMs, weight] of votes) if (weight >= SURE) return (nowMs - cameMs) / 1000;
  return -1;
}

/** The likelihood that one who passed where `from` says, and was taken to be in lane `l`, is in lane `m`. */
function changes(
  { from, heldMs, metresPerSecond }: Vehicle,
  l: number,
  m: number,
  { shares, overall, nowMs }: SectionTold,
): number {
  const likely = UNNOTICED + (from < 0 ? overall[m]! : shares[l]![m]!);
  // from queue to queue nobody changes
  const stands = heldMs > 0 && nowMs - heldMs > SETTLED_MS && metresPerSecond < STANDS_METRES_PER_SECOND;
  return stands ? SETTLED_CHANGES * likely : likely;
}

function isDue({ cameMs }: Vehicle, { nowMs, quickestSeconds }: SectionTold): boolean {
  return nowMs - cameMs >= 1000 * quickestSeconds;
}

/** Somebody crosses line `l`; answers when it had come, 0: nobody was there. */
function depart(one: Hypothesis, l: number, told: SectionTold): number {
  const lane = one.lanes[l]!;
  const head = lane[0];
  if (head !== undefined && isDue(head, told)) {
    lane.shift();
    const off = head.metres / MISPLACED_METRES;
    if (!told.lines[l]!.isAssumed) one.weight /= 1 + off * off;
    closeUp(lane, head.metres);
    return head.cameMs;
  }
  if (told.lines[l]!.isAssumed) return 0;
  const other = borrowed(one, l, told);
  if (other === undefined) one.weight *= MISCOUNTED;
  return other?.cameMs ?? 0;
}

/** Takes who is most probably in lane `l` after all out of another; undefined: nobody is there. */
function borrowed(one: Hypothesis, l: number, told: SectionTold): Vehicle | undefined {
  let best: { readonly m: number; readonly k: number; readonly likely: number } | null = null;
  one.lanes.forEach((lane, m) => {
    if (m === l) return;
    // whoever covers the line there is not here
    const first = told.lines[m]!.isCovered ? told.lines[m]!.abreast : 0;
    for (let k = first; k < lane.length && isDue(lane[k]!, told); k++) {
      const likely = changes(lane[k]!, m, l, told);
      if (best === null || likely > best.likely) best = { m, k, likely };
    }
  });
  if (best === null) return undefined;
  const { m, k, likely } = best as { m: number; k: number; likely: number };
  one.weight *= likely;
  return one.lanes[m]!.splice(k, 1)[0];
}

/** Somebody comes; `u`, [0, 1), says to which lane. */
function enter(one: Hypothesis, u: number, { from, atMs }: SectionTold['came'][number], told: SectionTold): void {
  const { overall, shares, nowMs, metres, limit } = told;
  const queues = one.lanes.map((lane) => lane.length);
  const chances = from < 0 ? overall : sharesByQueues(shares[from]!, from, queues);
  let l = 0;
  let sum = chances[0]!;
  while (u >= sum && l + 1 < chances.length) sum += chances[++l]!;
  if (queues.reduce((a, b) => a + b, 0) >= MOST_VEHICLES) one.lanes[queues.indexOf(Math.max(...queues))]!.shift();
  one.lanes[l]!.push({
    cameMs: atMs,
    from,
    // it drives on for the rest of the frame
    metres: metres + (limit * (told.seconds * 1000 - (nowMs - atMs))) / 1000,
    metresPerSecond: limit,
    heldMs: 0,
    atLineMs: 0,
    missedMs: 0,
  });
}

/** Who is beyond what the road holds is in the emptiest lane; where all are full, somebody left and was not counted. */
function spill(one: Hypothesis, told: SectionTold): void {
  const end = (lane: readonly Vehicle[]): number => lane.at(-1)?.metres ?? 0;
  for (const lane of one.lanes) {
    while (end(lane) > told.metres + OVERFULL_METRES) {
      const last = lane.pop()!;
      const other = one.lanes.reduce((best, next) => (end(next) < end(best) ? next : best));
      if (end(other) < end(lane) && told.areCounted) insert(other, { ...last, metres: told.metres }, told);
    }
  }
}

/** Who came last past the detector of lane `from` still covers it: it stands there, or sets off. */
function stillOn(one: Hypothesis, from: number, { metres }: SectionTold): void {
  let last: Vehicle | undefined;
  let isEnd = false;
  for (const lane of one.lanes) {
    for (let k = 0; k < lane.length; k++) {
      const vehicle = lane[k]!;
      if (vehicle.from !== from || (last !== undefined && vehicle.cameMs < last.cameMs)) continue;
      last = vehicle;
      isEnd = k === lane.length - 1;
    }
  }
  const nearest = metres - ON_DETECTOR_METRES;
  if (last === undefined || !isEnd || last.metres >= nearest) return;
  if (last.metres < nearest - ON_DETECTOR_BELIEVED_METRES) return;
  last.metres = nearest;
  last.metresPerSecond = Math.min(last.metresPerSecond, ON_DETECTOR_METRES_PER_SECOND);
}

/**
 * Nobody covers line `l`: who should be there for long is in another lane, or stands back from the line (who wants to change
 * lanes waits for a gap), or is nowhere. In a mixed lane he is nowhere until he covers the line: he may wait for a gap inside
 * the junction, and green is of no use to those behind him. Answers how many are nowhere.
 */
function clear(one: Hypothesis, l: number, told: SectionTold): number {
  const lane = one.lanes[l]!;
  const { nowMs, limit, areCounted } = told;
  let missed = 0;
  for (let head = lane[0]; head !== undefined; head = lane[0]) {
    if (head.atLineMs === 0 || nowMs - head.atLineMs < LATE_MS) break;
    let best = -1;
    let likely = MISCOUNTED * UNNOTICED * SETTLED_CHANGES;
    told.lines.forEach(({ isClear }, m) => {
      if (m === l || isClear || head.missedMs > 0 || !areCounted) return;
      const may = changes(head, l, m, told);
      if (may > likely) [best, likely] = [m, may];
    });
    const missedMs = head.missedMs > 0 ? head.missedMs : nowMs;
    if (best < 0 && areCounted && !told.lines[l]!.isMixed && nowMs - missedMs < STANDS_BACK_MS) {
      if (head.missedMs === 0) one.weight *= STANDS_BACK;
      lane[0] = { ...head, metres: STANDS_BACK_METRES, metresPerSecond: 0, atLineMs: 0, missedMs };
      drive(lane, { seconds: 0, nowMs, limit, abreast: told.lines[l]!.abreast, isOpen: false });
      break;
    }
    lane.shift();
    one.weight *= likely;
    if (best >= 0) insert(one.lanes[best]!, { ...head, missedMs }, told);
    else missed++;
  }
  return missed;
}

function insert(lane: Vehicle[], vehicle: Vehicle, { nowMs, limit }: SectionTold): void {
  const k = lane.findIndex(({ cameMs }) => cameMs > vehicle.cameMs);
  lane.splice(k < 0 ? lane.length : k, 0, vehicle);
  drive(lane, { seconds: 0, nowMs, limit, abreast: 1, isOpen: false });
}

/** Somebody covers line `l`. Answers whether it was counted. */
function cover(one: Hypothesis, l: number, told: SectionTold): boolean {
  const lane = one.lanes[l]!;
  const head = lane[0];
  if (head !== undefined && (head.metres <= COVERS_METRES || head.missedMs > 0)) {
    if (head.missedMs > 0) lane[0] = { ...head, metres: 0, metresPerSecond: 0, atLineMs: told.nowMs, missedMs: 0 };
    return true;
  }
  const vehicle = borrowed(one, l, told) ?? null;
  if (vehicle === null) one.weight *= MISCOUNTED;
  const { nowMs } = told;
  const cameMs = vehicle?.cameMs ?? nowMs - 1000 * told.quickestSeconds;
  lane.unshift({
    cameMs,
    from: vehicle?.from ?? -1,
    metres: 0,
    metresPerSecond: 0,
    heldMs: nowMs,
    atLineMs: nowMs,
    missedMs: 0,
  });
  return vehicle !== null;
}

/** Evenly over the hypotheses, in another order each time: [0, 1). */
function spread(index: number, salt: number, count: number): number {
  let h = Math.imul(salt ^ (salt >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  h ^= h >>> 15;
  // an odd factor permutes, as there are 2^n hypotheses
  // few of them leave out no lane for long
  const within = count < HYPOTHESES ? (h >>> 24) / 256 : 0.5;
  return (((Math.imul(index, (h & 14) + 1) + (h >>> 8)) & (count - 1)) + within) / count;
}

function normalise(hypotheses: readonly Hypothesis[]): void {
  let sum = 0;
  for (const { weight } of hypotheses) sum += weight;
  const isNone = !(sum > WEIGHT_LEAST);
  for (const one of hypotheses) one.weight = isNone ? 1 / hypotheses.length : one.weight / sum;
}

/** Where few hypotheses are left that count, those in place of the others (systematic resampling). */
function resampled(hypotheses: Hypothesis[]): Hypothesis[] {
  let squares = 0;
  for (const { weight } of hypotheses) squares += weight * weight;
  const count = hypotheses.length;
  if (squares * count < 2) return hypotheses;
  const chosen: Hypothesis[] = [];
  let at = -1;
  let reached = 0;
  let copies = 0;
  for (let k = 0; k < count; k++) {
    const target = (k + 0.5) / count;
    while (reached <= target && at + 1 < hypotheses.length) {
      reached += hypotheses[++at]!.weight;
      copies = 0;
    }
    const one = hypotheses[at]!;
    const lanes = copies === 0 ? one.lanes : one.lanes.map((lane) => lane.map(copyOf));
    copies++;
    chosen.push({ weight: 1 / count, lanes });
  }
  return chosen;
}
