/**
 * What CityFlow's driving reads and writes, in one object that is passed along. Functions outside any closure, because
 * V8 inlines only calls whose target is the same for every engine; results that are not integers go through `out`,
 * because a returned double is boxed wherever the call is not inlined.
 */
import { type ClassTables, GREEN, type World } from './world.ts';

export interface Kernel {
  readonly dt: number;
  readonly laneCount: number;
  readonly segmentLength: Float64Array;
  readonly firstLink: Int32Array;
  readonly lastLink: Int32Array;
  readonly linkStart: Int32Array;
  readonly linkEnd: Int32Array;
  readonly linkGroup: Int32Array;
  readonly laneIndex: Int32Array;
  readonly precedence: Uint8Array;
  readonly crossFirst: Int32Array;
  readonly crossDistance: Float64Array;
  readonly crossFoe: Int32Array;
  readonly crossFoeDistance: Float64Array;
  readonly row: Int32Array;
  readonly link: Int32Array;
  readonly groupLamp: Uint8Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly fresh: Uint8Array;
  readonly position: Float64Array;
  readonly speed: Float64Array;
  readonly vehicleLength: Float64Array;
  readonly vehicleClass: Uint8Array;
  readonly nextSegment: Int32Array;
  readonly previousSegment: Int32Array;
  readonly cursor: Int32Array;
  readonly ahead: Int32Array;
  readonly behind: Int32Array;
  readonly linkTick: Int32Array;
  readonly blocker: Int32Array;
  readonly nextBlocker: Int32Array;
  readonly priority: Int32Array;
  readonly maxSpeed: Float64Array;
  readonly acceleration: Float64Array;
  readonly deceleration: Float64Array;
  readonly maxDeceleration: Float64Array;
  /** Per class: how far a vehicle looks for a leader and for the junction (CityFlow's D), m. */
  readonly lookAhead: Float64Array;
  /** Per class: a gap to the leader, m, from which on no leader lowers any speed (`roomOf`). */
  readonly room: Float64Array;
  /** Longest vehicle, m. */
  readonly longest: number;
  /** Per class: the time over which the wanted distance is kept, s. */
  readonly spacing: Float64Array;
  /** Per vehicle: whether it goes on standing while nothing changes ahead. */
  readonly rests: Uint8Array;
  /** 1 where a vehicle may be met on the link's crosses in this step. */
  readonly met: Uint8Array;
  /** Result of the last call, see OUT_*. */
  readonly out: Float64Array;
}

/** Gap to the leader found, m. */
export const OUT_GAP = 0;
/** How far the foe found is before the cross, m. */
export const OUT_FOE = 1;
/** Highest speed allowed, m/s. */
export const OUT_SPEED = 2;

export function createKernel(w: World): Kernel {
  const { network, demand, stepSeconds: dt, state, classes } = w;
  const tables = network.tables!;
  const lookAhead = Float64Array.from(
    classes.maxSpeed,
    (most, c) => (most * most) / classes.deceleration[c]! / 2 + most * dt * 2,
  );
  return {
    dt,
    laneCount: network.laneCount,
    segmentLength: network.length,
    firstLink: network.firstLink,
    lastLink: network.lastLink,
    linkStart: network.linkStart,
    linkEnd: network.linkEnd,
    linkGroup: network.linkGroup,
    laneIndex: tables.laneIndex,
    precedence: tables.precedence,
    crossFirst: tables.crossFirst,
    crossDistance: tables.crossDistance,
    crossFoe: tables.crossFoe,
    crossFoeDistance: tables.crossFoeDistance,
    row: w.routes.row,
    link: w.routes.link,
    groupLamp: w.groupLamp,
    first: w.first,
    last: w.last,
    fresh: w.fresh,
    position: state.position,
    speed: state.speed,
    vehicleLength: w.vehicleLength,
    vehicleClass: demand.vehicleClass,
    nextSegment: w.nextSegment,
    previousSegment: w.previousSegment,
    cursor: w.cursor,
    ahead: w.ahead,
    behind: w.behind,
    linkTick: w.linkTick,
    blocker: w.blocker,
    nextBlocker: w.nextBlocker,
    priority: w.priority,
    maxSpeed: classes.maxSpeed,
    acceleration: classes.acceleration,
    deceleration: classes.deceleration,
    maxDeceleration: classes.maxDeceleration,
    lookAhead,
    room: Float64Array.from(classes.maxSpeed, (_, c) => roomOf(classes, c, dt)),
    longest: classes.length.reduce((most, length) => (length > most ? length : most), 0),
    spacing: classes.timeHeadway.map((headway) => headway + dt / 2),
    rests: new Uint8Array(demand.count),
    met: new Uint8Array(network.laneCount + network.linkCount),
    out: new Float64Array(3),
  };
}

/** A metre over, so that rounding cannot matter. */
const ROOM_MARGIN = 1;

/**
 * The gap from which on a leader allows the class its highest speed V, whatever its own speed, m: each of the bounds in
 * `stepCityFlow`, for a leader that stands (one that moves allows more) and brakes as hard as any class, solved for the
 * gap at which it gives V to a vehicle that has V.
 */
function roomOf({ maxSpeed, deceleration, maxDeceleration, minGap, timeHeadway }: ClassTables, c: number, dt: number) {
  const fastest = maxSpeed[c]!;
  const hardest = Math.max(...maxDeceleration, ...deceleration);
  const toStop = (braking: number) => (fastest * fastest) / braking / 2 + fastest * dt;
  const behindBraking = ((fastest + hardest * dt) * dt) / 2;
  return (
    Math.max(
      toStop(maxDeceleration[c]!),
      minGap[c]! + toStop(deceleration[c]!),
      minGap[c]! + behindBraking,
      fastest * (timeHeadway[c]! + dt / 2),
    ) + ROOM_MARGIN
  );
}

/** Whether the link shows green, or no signal governs it. */
export function isOpen(k: Kernel, linkSegment: number): boolean {
  const group = k.linkGroup[linkSegment]!;
  return group < 0 || k.groupLamp[group] === GREEN;
}
