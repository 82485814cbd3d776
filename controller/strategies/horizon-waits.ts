/** How long vehicles wait here in the mean, by Little's law: those who wait over those who leave a second. Fading. */
import type { ReportedMemory } from '../estimation/reported.ts';
import { streamIndex } from '../estimation/reported.ts';
import type { Ground } from '../estimation/streams.ts';
import { laneTraffic, type VehiclesMemory } from '../estimation/vehicles.ts';
import type { Observation } from '../types.ts';

/** By stream. */
export interface Waits {
  /** Seconds that vehicles have waited there, all together. */
  readonly waitedSeconds: readonly number[];
  readonly left: readonly number[];
}

const WAITS_FADE_SECONDS = 900;
/** Until more is known so many have left each lane, who waited so long each. */
const USUAL_LEFT = 3;
const USUAL_SECONDS = 20;
/** Nobody is late before, seconds. */
const LATE_LEAST_SECONDS = 40;
/** Waits differ by so much anyhow, seconds. */
const USUAL_DIFFERENCE_SECONDS = 10;
const MOST_WEIGHT = 1.5;

/** Takes in a frame; `left`: who was counted over the line, by stream. */
export function observeWaits(
  ground: Ground,
  before: Waits | null,
  vehicles: VehiclesMemory | null,
  reported: ReportedMemory | null,
  left: readonly number[],
  observation: Observation,
): Waits {
  const { elapsedSeconds } = observation;
  const fade = Math.max(0, 1 - elapsedSeconds / WAITS_FADE_SECONDS);
  const held = waiting(ground, vehicles, reported, observation);
  const usual = { waitedSeconds: held.map(() => USUAL_LEFT * USUAL_SECONDS), left: held.map(() => USUAL_LEFT) };
  const old = before ?? usual;
  return {
    waitedSeconds: held.map((count, i) => old.waitedSeconds[i]! * fade + count * elapsedSeconds),
    left: left.map((count, i) => old.left[i]! * fade + count),
  };
}

function waiting(
  ground: Ground,
  vehicles: VehiclesMemory | null,
  reported: ReportedMemory | null,
  observation: Observation,
): number[] {
  if (vehicles !== null) return laneTraffic(ground, vehicles).map(({ queued }) => queued);
  const held = ground.streams.map(() => 0);
  const index = streamIndex(ground);
  for (const { id, lane } of observation.vehicles ?? []) {
    const stream = index.get(lane);
    if (stream !== undefined && (reported?.heldSinceMs[id] ?? 0) > 0) held[stream]!++;
  }
  return held;
}

const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
const meanOf = ({ waitedSeconds, left }: Waits): number => sum(waitedSeconds) / Math.max(1, sum(left));

/** Who has waited so long is late, seconds: `factor` times what is usual here. */
export function lateSeconds(waits: Waits, factor: number): number {
  return Math.max(LATE_LEAST_SECONDS, factor * meanOf(waits));
}

/**
 * By stream: what a vehicle weighs there from the start, 1 or more. Who comes to a lane where one waits longer than elsewhere
 * and is left behind when its green ends will wait long too: `fairness` more for each 100 s beyond the usual difference, half
 * as much at most.
 */
export function laneWeights(waits: Waits, fairness: number): number[] {
  const usual = meanOf(waits) + USUAL_DIFFERENCE_SECONDS;
  return waits.waitedSeconds.map((seconds, i) => {
    const longer = seconds / Math.max(1, waits.left[i]!) - usual;
    return Math.min(MOST_WEIGHT, 1 + (fairness * Math.max(0, longer)) / 100);
  });
}
