/** Where bodies are on the plane: from (segment, distance) to x, y and heading. */
import atan2 from '@stdlib/math-base-special-atan2';
import type { Network } from '../core.ts';

const DEGREES_PER_RADIAN = 57.295779513082323;

export class Poses {
  readonly #network: Network;
  readonly #vehicleLength: (vehicle: number) => number;
  readonly #routeOf: Int32Array;
  /** Per segment: metres from the start at each point of its path, and degrees clockwise from north of each stretch. */
  readonly #along: readonly Float64Array[];
  readonly #headings: readonly Float64Array[];
  /** By route and lane: the link by which the route comes to the lane, -1 where it begins there. */
  readonly #linkInto = new Map<number, number>();

  /** The last answer: metres, and whole degrees in [0, 360). */
  x = 0;
  y = 0;
  headingDegrees = 0;
  /** Direction of its stretch of the path, unrounded unit vector. */
  alongX = 0;
  alongY = 0;

  constructor(network: Network, routeOf: Int32Array, vehicleLength: (vehicle: number) => number) {
    this.#network = network;
    this.#vehicleLength = vehicleLength;
    this.#routeOf = routeOf;
    this.#along = network.paths.map(alongPath);
    this.#headings = network.paths.map(headingsOf);
  }

  /**
   * Works out the middle of the body of `vehicle`, whose front is `position` metres into `segment` and which is `aside`
   * metres to the left of the lane's middle. Front and rear end are both on the path: in a bend the body is its chord, as
   * that of a vehicle whose rear follows inside.
   */
  locate(vehicle: number, segment: number, position: number, aside = 0): void {
    const network = this.#network;
    const stretch = this.#place(segment, position);
    const { x, y } = this;
    let at = position - this.#vehicleLength(vehicle);
    let where = segment;
    for (let back = 0; at < 0 && back < 4; back++) {
      const before =
        where >= network.laneCount ? network.linkStart[where]! : this.#entryLink(this.#routeOf[vehicle]!, where);
      if (before < 0) break;
      where = before;
      at += network.length[where]!;
    }
    const isStraight = this.#place(where, at) === stretch && where === segment;
    const dx = x - this.x;
    const dy = y - this.y;
    this.x += dx / 2;
    this.y += dy / 2;
    if (!isStraight) this.#headFor(dx, dy);
    if (aside === 0) return;
    this.x -= aside * this.alongY;
    this.y += aside * this.alongX;
  }

  #headFor(dx: number, dy: number): void {
    const chord = Math.sqrt(dx * dx + dy * dy);
    if (!(chord > 0)) return;
    this.alongX = dx / chord;
    this.alongY = dy / chord;
    this.headingDegrees = (Math.round(atan2(dx, dy) * DEGREES_PER_RADIAN) + 360) % 360;
  }

  /**
   * A path may be drawn a little longer or shorter than its segment counts; before its start it is extended straight.
   * @returns the stretch of the path.
   */
  #place(segment: number, distance: number): number {
    const path = this.#network.paths[segment]!;
    const along = this.#along[segment]!;
    const last = along.length - 2;
    const length = along[last + 1]!;
    const drawn = distance * (length / this.#network.length[segment]!);
    let i = 0;
    while (i < last && along[i + 1]! < drawn) i++;
    const stretch = along[i + 1]! - along[i]!;
    const share = stretch === 0 ? 0 : (drawn - along[i]!) / stretch;
    this.x = path[2 * i]! + share * (path[2 * i + 2]! - path[2 * i]!);
    this.y = path[2 * i + 1]! + share * (path[2 * i + 3]! - path[2 * i + 1]!);
    this.headingDegrees = this.#headings[segment]![i]!;
    if (stretch > 0) {
      this.alongX = (path[2 * i + 2]! - path[2 * i]!) / stretch;
      this.alongY = (path[2 * i + 3]! - path[2 * i + 1]!) / stretch;
    }
    return i;
  }

  #entryLink(route: number, lane: number): number {
    const network = this.#network;
    const key = route * network.laneCount + lane;
    const known = this.#linkInto.get(key);
    if (known !== undefined) return known;
    const stages = network.routes[route]!.lanes;
    const stage = stages.findIndex((lanes, i) => i > 0 && lanes.includes(lane));
    let found = -1;
    for (const start of stage > 0 ? stages[stage - 1]! : []) {
      for (let link = network.firstLink[start]!; link < network.lastLink[start]! && found < 0; link++) {
        if (network.linkEnd[link] === lane) found = link;
      }
    }
    this.#linkInto.set(key, found);
    return found;
  }
}

function alongPath(path: Float64Array): Float64Array {
  const along = new Float64Array(path.length / 2);
  for (let i = 1; i < along.length; i++) {
    const dx = path[2 * i]! - path[2 * i - 2]!;
    const dy = path[2 * i + 1]! - path[2 * i - 1]!;
    along[i] = along[i - 1]! + Math.sqrt(dx * dx + dy * dy);
  }
  return along;
}

function headingsOf(path: Float64Array): Float64Array {
  const headings = new Float64Array(path.length / 2 - 1);
  for (let i = 0; i < headings.length; i++) {
    const dx = path[2 * i + 2]! - path[2 * i]!;
    const dy = path[2 * i + 3]! - path[2 * i + 1]!;
    headings[i] = (Math.round(atan2(dx, dy) * DEGREES_PER_RADIAN) + 360) % 360;
  }
  return headings;
}
