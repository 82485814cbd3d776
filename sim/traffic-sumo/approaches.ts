/** What vehicles mean to pass, when and how fast: what all decide on before anybody moves. */
import type { Traffic } from './traffic.ts';

/** Kinds of what is passed: the begin of a link, its waiting place inside the junction, its end. */
export const ENTRY = 0;
export const INSIDE = 1;
export const EXIT = 2;

/** One such thing ahead of one vehicle in the present step. Times in seconds from the begin of the step. */
export interface Approaches {
  count: number;
  capacity: number;
  /** The vehicle's items are [first[v], end[v]), nearest first. */
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** Speed of the next step if all its items are open. */
  readonly open: Float64Array;
  /** Items of each link's entry, and of its waiting place (by link + segments), that others heed: linked lists. */
  readonly head: Int32Array;
  readonly segments: number;
  next: Int32Array;
  vehicle: Int32Array;
  link: Int32Array;
  kind: Uint8Array;
  /** 1 where it means to pass. */
  request: Uint8Array;
  /** 1 where `arrival` and so on are set. */
  timed: Uint8Array;
  /** What the link shows, a character code. */
  code: Uint8Array;
  /** Speed of the next step if this item is open, and if it is not. */
  pass: Float64Array;
  wait: Float64Array;
  distance: Float64Array;
  arrival: Float64Array;
  arrivalSpeed: Float64Array;
  /** Speed of arrival if it brakes from now on. */
  brakingSpeed: Float64Array;
  leave: Float64Array;
  leaveSpeed: Float64Array;
}

const FIRST_CAPACITY = 1024;
/** A vehicle adds at most this many items in a step. */
export const MOST_ITEMS = 48;

export function createApproaches(t: Traffic): Approaches {
  const vehicles = t.demand.count;
  const segments = t.world.network.laneCount + t.world.network.linkCount;
  return {
    count: 0,
    capacity: FIRST_CAPACITY,
    first: new Int32Array(vehicles),
    end: new Int32Array(vehicles),
    open: new Float64Array(vehicles),
    head: new Int32Array(2 * segments).fill(-1),
    segments,
    next: new Int32Array(FIRST_CAPACITY),
    vehicle: new Int32Array(FIRST_CAPACITY),
    link: new Int32Array(FIRST_CAPACITY),
    kind: new Uint8Array(FIRST_CAPACITY),
    request: new Uint8Array(FIRST_CAPACITY),
    timed: new Uint8Array(FIRST_CAPACITY),
    code: new Uint8Array(FIRST_CAPACITY),
    pass: new Float64Array(FIRST_CAPACITY),
    wait: new Float64Array(FIRST_CAPACITY),
    distance: new Float64Array(FIRST_CAPACITY),
    arrival: new Float64Array(FIRST_CAPACITY),
    arrivalSpeed: new Float64Array(FIRST_CAPACITY),
    brakingSpeed: new Float64Array(FIRST_CAPACITY),
    leave: new Float64Array(FIRST_CAPACITY),
    leaveSpeed: new Float64Array(FIRST_CAPACITY),
  };
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(array: T): T {
  const Column = array.constructor as new (length: number) => T;
  const larger = new Column(2 * array.length);
  larger.set(array as never);
  return larger;
}

/** Doubles the room for items. */
export function growApproaches(a: Approaches): void {
  a.capacity *= 2;
  a.next = grown(a.next);
  a.vehicle = grown(a.vehicle);
  a.link = grown(a.link);
  a.kind = grown(a.kind);
  a.request = grown(a.request);
  a.timed = grown(a.timed);
  a.code = grown(a.code);
  a.pass = grown(a.pass);
  a.wait = grown(a.wait);
  a.distance = grown(a.distance);
  a.arrival = grown(a.arrival);
  a.arrivalSpeed = grown(a.arrivalSpeed);
  a.brakingSpeed = grown(a.brakingSpeed);
  a.leave = grown(a.leave);
  a.leaveSpeed = grown(a.leaveSpeed);
}

/** Forgets the items of the step before. */
export function clearApproaches(a: Approaches): void {
  const { head, segments } = a;
  for (let i = 0; i < a.count; i++) {
    if (a.timed[i] === 1) head[a.kind[i] === INSIDE ? segments + a.link[i]! : a.link[i]!] = -1;
  }
  a.count = 0;
}

/** Lets others see item `i`, one that means to pass. */
export function register(a: Approaches, i: number): void {
  const at = a.kind[i] === INSIDE ? a.segments + a.link[i]! : a.link[i]!;
  a.next[i] = a.head[at]!;
  a.head[at] = i;
}
