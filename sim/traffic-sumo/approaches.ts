/** Who wants to pass which link, when and how fast: what vehicles decide on before anybody moves. */
import type { Traffic } from './traffic.ts';

/** One link ahead of one vehicle in the present step. */
export interface Approaches {
  count: number;
  /** The vehicle's items are [first[v], end[v]), nearest first. */
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** Speed of the next step if all its items are open. */
  readonly open: Float64Array;
  /** Items of each link that others heed: a linked list. */
  readonly head: Int32Array;
  next: Int32Array;
  vehicle: Int32Array;
  link: Int32Array;
  /** 1 where it is the waiting place inside the link and not its begin. */
  inside: Uint8Array;
  /** 1 where it means to pass. */
  request: Uint8Array;
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

export function createApproaches(t: Traffic): Approaches {
  const vehicles = t.demand.count;
  const segments = t.world.network.laneCount + t.world.network.linkCount;
  return {
    count: 0,
    first: new Int32Array(vehicles),
    end: new Int32Array(vehicles),
    open: new Float64Array(vehicles),
    head: new Int32Array(segments).fill(-1),
    next: new Int32Array(FIRST_CAPACITY),
    vehicle: new Int32Array(FIRST_CAPACITY),
    link: new Int32Array(FIRST_CAPACITY),
    inside: new Uint8Array(FIRST_CAPACITY),
    request: new Uint8Array(FIRST_CAPACITY),
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

/** Index of a new item, all of whose fields the caller sets. */
export function newItem(a: Approaches): number {
  if (a.count === a.next.length) {
    a.next = grown(a.next);
    a.vehicle = grown(a.vehicle);
    a.link = grown(a.link);
    a.inside = grown(a.inside);
    a.request = grown(a.request);
    a.pass = grown(a.pass);
    a.wait = grown(a.wait);
    a.distance = grown(a.distance);
    a.arrival = grown(a.arrival);
    a.arrivalSpeed = grown(a.arrivalSpeed);
    a.brakingSpeed = grown(a.brakingSpeed);
    a.leave = grown(a.leave);
    a.leaveSpeed = grown(a.leaveSpeed);
  }
  return a.count++;
}

/** Forgets the items of the step before. */
export function clearApproaches(a: Approaches): void {
  for (let i = 0; i < a.count; i++) a.head[a.link[i]!] = -1;
  a.count = 0;
}
