/**
 * Time headways and reaction times with which queues discharge as the network says: at its saturation flow, a class of
 * another PCU at that flow divided by its PCU, and with its start-up lost time. Found with the engine's own dynamics.
 */
import type { ClassParameters, Demand, Network } from '../core.ts';
import { measureDischarge, measureMixedDischarge } from './discharge.ts';
import { createTracks } from './tracks.ts';
import { fixedHeadways, type Headways } from './world.ts';

/** Bounds of a driver's time headway, s. */
const LEAST_HEADWAY = 0.2;
const LONGEST_HEADWAY = 5;
/** Headways are found to this share of the flow. */
const TOLERANCE = 5e-4;
const MOST_ROUNDS = 24;
/** Reaction of the first driver at green, s: bounds of what is believable. */
const REACTION_BOUNDS = [0.2, 3] as const;
/** Start-up lost time that the Highway Capacity Manual takes where nothing else is known, s. */
export const USUAL_START_UP_LOST_SECONDS = 2;
/** Speed limits are told apart down to this, m/s (1 km/h); beyond so many of them the nearest of these is taken. */
const LIMIT_STEP = 1 / 3.6;
const MOST_LIMITS = 8;

/**
 * The time headway (s) with which a queue of the class discharges at `saturationFlowPerHour` under a limit (m/s), by
 * the secant rule on the headway between crossings, which is nearly linear in it. Throws RangeError where no headway
 * from 0.2 to 5 s gives it.
 */
export function headwayForSaturationFlow(
  parameters: ClassParameters,
  speedLimit: number,
  saturationFlowPerHour: number,
  drivers: 'alike' | 'mixed' = 'alike',
): number {
  const wanted = 3600 / saturationFlowPerHour;
  const off = (timeHeadway: number) =>
    3600 / measureDischarge({ ...parameters, timeHeadway }, speedLimit, drivers).saturationFlowPerHour - wanted;
  let short = LEAST_HEADWAY;
  let long = LONGEST_HEADWAY;
  let offShort = Number.NaN;
  let offLong = Number.NaN;
  const spacing = (parameters.length + parameters.minGap) / speedLimit;
  let guess = Math.min(LONGEST_HEADWAY, Math.max(LEAST_HEADWAY, wanted - spacing - 0.08));
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const here = off(guess);
    if (Math.abs(here) <= TOLERANCE * wanted) return guess;
    if (here < 0) {
      short = guess;
      offShort = here;
    } else {
      long = guess;
      offLong = here;
    }
    if (Number.isNaN(offShort)) {
      if (guess === LEAST_HEADWAY) break;
      guess = Math.max(LEAST_HEADWAY, guess - 1.2 * here - 1e-3);
    } else if (Number.isNaN(offLong)) {
      if (guess === LONGEST_HEADWAY) break;
      guess = Math.min(LONGEST_HEADWAY, guess - 1.2 * here + 1e-3);
    } else if (long - short < 1e-6) return guess;
    else {
      const between = short - (offShort * (long - short)) / (offLong - offShort);
      const margin = 0.05 * (long - short);
      guess = round % 3 === 2 ? (short + long) / 2 : Math.min(long - margin, Math.max(short + margin, between));
    }
  }
  const flow = (timeHeadway: number) =>
    measureDischarge({ ...parameters, timeHeadway }, speedLimit, drivers).saturationFlowPerHour;
  throw new RangeError(
    `A saturation flow of ${Math.round(saturationFlowPerHour)} vehicles an hour and lane cannot be had with class ${parameters.name} at ${speedLimit.toFixed(2)} m/s; ` +
      `from ${Math.ceil(flow(LONGEST_HEADWAY))} to ${Math.floor(flow(LEAST_HEADWAY))} can. ` +
      "Change the saturation flow, the class's pcu, the speed limit, or the class's length, minGap or acceleration.",
  );
}

interface Found {
  readonly seconds: Float64Array;
  readonly reaction: Float64Array;
  readonly friction: Float64Array;
  readonly notes: string[];
}
const calibrated = new Map<string, Found>();
const MOST_REMEMBERED = 64;

/**
 * Headways for the demand's classes in the network: those that discharge at the network's saturation flow where it
 * names one, by the limit of the approach; the classes' own where it names none, for classes with a fixed headway, and
 * for models other than IDM. Throws RangeError where no headway gives the flow.
 */
export function calibratedHeadways(network: Network, demand: Demand): Headways {
  const { saturationFlowPerHour, approaches, speedLimit } = network;
  const { classes } = demand;
  if (saturationFlowPerHour === undefined || approaches.length === 0) return fixedHeadways(network, classes);
  const rowOf = new Int32Array(network.laneCount + network.linkCount);
  const limits = limitsOf(network);
  for (let segment = 0; segment < rowOf.length; segment++) {
    const lane = segment < network.laneCount ? segment : network.linkStart[segment]!;
    rowOf[segment] = nearestLimit(limits, speedLimit[lane]!);
  }
  const startUp = network.startUpLostSeconds ?? USUAL_START_UP_LOST_SECONDS;
  const drivers = demand.speedFactor.every((factor) => factor === 1) ? 'alike' : 'mixed';
  const { laneWidth, narrow } = createTracks(network, classes, 0);
  const shares = narrow > 0 ? sharesOf(demand) : [];
  const key = JSON.stringify([classes, limits, saturationFlowPerHour, startUp, drivers, laneWidth, shares]);
  let known = calibrated.get(key);
  if (known === undefined) {
    known = find(classes, limits, saturationFlowPerHour, startUp, drivers);
    if (narrow > 0)
      findFriction(known.friction, classes, limits, saturationFlowPerHour, known.seconds, shares, laneWidth);
    if (calibrated.size >= MOST_REMEMBERED) calibrated.clear();
    calibrated.set(key, known);
  }
  return {
    rowOf,
    seconds: known.seconds,
    reactionSeconds: known.reaction,
    frictionSeconds: known.friction,
    notes: known.notes,
  };
}

/** Two-wheelers that ride abreast discharge on two tracks. */
function abreast(parameters: ClassParameters): number {
  return parameters.filters === true ? 2 : 1;
}

/** Short of what a class's PCU asks for by less than this share is not worth telling. */
const TOLD_SHARE = 0.02;

/**
 * The headway of a class, or the bound that comes nearest where none gives the flow that its PCU asks for (short vehicles
 * at low speeds cannot follow closely enough), and `tell` told so. Throws RangeError for cars.
 */
function headwayOfClass(
  parameters: ClassParameters,
  limit: number,
  flow: number,
  drivers: 'alike' | 'mixed',
  tell: (note: string) => void,
): number {
  if (parameters.name === 'car') return headwayForSaturationFlow(parameters, limit, flow, drivers);
  const atBound = (timeHeadway: number, found: number): number => {
    if (Math.abs(found - flow) > TOLD_SHARE * flow) {
      tell(
        `class ${parameters.name} at ${Math.round(limit * 3.6)} km/h discharges ${Math.round(found)} vehicles an hour and ${parameters.filters === true ? 'track' : 'lane'}, ` +
          `where its pcu of ${parameters.pcu} asks for ${Math.round(flow)}: a headway of ${timeHeadway} s is the ${timeHeadway === LEAST_HEADWAY ? 'least' : 'longest'} there is. ` +
          'Change its pcu, the pcuSet, or its size or speed where that matters.',
      );
    }
    return timeHeadway;
  };
  const flowAt = (timeHeadway: number) =>
    measureDischarge({ ...parameters, timeHeadway }, limit, drivers).saturationFlowPerHour;
  const most = flowAt(LEAST_HEADWAY);
  if (most <= flow) return atBound(LEAST_HEADWAY, most);
  const least = flowAt(LONGEST_HEADWAY);
  if (least >= flow) return atBound(LONGEST_HEADWAY, least);
  return headwayForSaturationFlow(parameters, limit, flow, drivers);
}

function find(
  classes: readonly ClassParameters[],
  limits: readonly number[],
  saturationFlowPerHour: number,
  startUpLostSeconds: number,
  drivers: 'alike' | 'mixed',
): Found {
  const seconds = new Float64Array(limits.length * classes.length);
  const reaction = new Float64Array(limits.length);
  const notes: string[] = [];
  const tell = (note: string) => notes.push(note);
  const [least, most] = REACTION_BOUNDS;
  limits.forEach((limit, row) => {
    classes.forEach((parameters, c) => {
      const isFixed = parameters.model !== 'idm' || parameters.fixedHeadway === true;
      seconds[row * classes.length + c] = isFixed
        ? parameters.timeHeadway
        : headwayOfClass(
            parameters,
            limit,
            saturationFlowPerHour / abreast(parameters) / parameters.pcu,
            drivers,
            tell,
          );
    });
    const car = Math.max(
      0,
      classes.findIndex(({ name }) => name === 'car'),
    );
    const timeHeadway = seconds[row * classes.length + car]!;
    const lost = measureDischarge({ ...classes[car]!, timeHeadway }, limit, drivers).startUpLostSeconds;
    reaction[row] = Math.min(most, Math.max(least, startUpLostSeconds - lost));
  });
  return { seconds, reaction, friction: new Float64Array(limits.length), notes };
}

/** Share of each class in the demand, to a twentieth, so that seeds share what was found. */
function sharesOf(demand: Demand): number[] {
  const counts = demand.classes.map(() => 0);
  for (let v = 0; v < demand.count; v++) counts[demand.vehicleClass[v]!]!++;
  return counts.map((count) => Math.round((20 * count) / Math.max(1, demand.count)) / 20);
}

/** Most headway that a two-wheeler beside the way costs, s. */
const MOST_FRICTION = 3;
const FRICTION_ROUNDS = 6;

/**
 * How much longer headways grow for each two-wheeler beside the way, such that the mix discharges the saturation flow in
 * PCU: by bisection, more friction being less flow. 0 where the mix discharges no more than that without.
 */
function findFriction(
  friction: Float64Array,
  classes: readonly ClassParameters[],
  limits: readonly number[],
  saturationFlowPerHour: number,
  seconds: Float64Array,
  shares: readonly number[],
  laneWidth: number,
): void {
  limits.forEach((limit, row) => {
    const headways = seconds.subarray(row * classes.length, (row + 1) * classes.length);
    const flow = (each: number) => measureMixedDischarge({ classes, shares, headways, laneWidth }, limit, each);
    let low = 0;
    let high = MOST_FRICTION;
    if (flow(0) <= saturationFlowPerHour) return;
    for (let round = 0; round < FRICTION_ROUNDS; round++) {
      const middle = (low + high) / 2;
      if (flow(middle) > saturationFlowPerHour) low = middle;
      else high = middle;
    }
    friction[row] = (low + high) / 2;
  });
}

/** The limits of the lanes that end at stop lines, ascending, m/s. */
function limitsOf(network: Network): number[] {
  const found = new Map<number, number>();
  for (const approach of network.approaches) {
    for (const lane of approach.lanes) {
      const limit = network.speedLimit[lane]!;
      const step = Math.round(limit / LIMIT_STEP);
      if (!found.has(step)) found.set(step, limit);
    }
  }
  const all = [...found.values()].sort((a, b) => a - b);
  if (all.length <= MOST_LIMITS) return all;
  return Array.from({ length: MOST_LIMITS }, (_, i) => all[Math.round((i * (all.length - 1)) / (MOST_LIMITS - 1))]!);
}

function nearestLimit(limits: readonly number[], limit: number): number {
  let best = 0;
  for (let i = 1; i < limits.length; i++) {
    if (Math.abs(limits[i]! - limit) < Math.abs(limits[best]! - limit)) best = i;
  }
  return best;
}
