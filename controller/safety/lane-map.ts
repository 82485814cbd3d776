/** MAP's lanes in local metres, and who is on which: the nearest lane whose axis a user heads along. */
import { type LocalFrame, toLocal } from '../../feeds/v2x/local-frame.ts';
import type { IntersectionGeometry, Lane } from '../../feeds/v2x/messages.ts';

export type LaneUse = 'ingress' | 'egress' | 'crosswalk';

export interface LaneConnection {
  readonly lane: number;
  readonly signalGroup: number | null;
}

export interface MappedLane {
  readonly id: number;
  readonly use: LaneUse;
  /** Approach of an ingress or egress lane, as MAP numbers it; -1: it does not say. */
  readonly approach: number;
  readonly widthMetres: number;
  /** x, y by turns, from the stop line (or the junction's edge) outwards. */
  readonly points: Float64Array;
  readonly connections: readonly LaneConnection[];
  /** The one signal group of all its connections; -1: none, or several. */
  readonly signalGroup: number;
  /** MAP lets it turn on red. */
  readonly turnsOnRed: boolean;
}

const CELL = 8;
const DEFAULT_WIDTH = 3.3;
/** How far beside a lane a user may be by the error of its position. */
const BESIDE_METRES = 0.7;
/** Cosine of the largest angle between a lane's axis and who is on it: 37 degrees. */
const ALONG = 0.8;
/** Cosine of 30 degrees. */
const STRAIGHT_COS = 0.8660254037844387;
/** Beyond the ends of a crossing, people this near are on their way to it, or have left it. */
const PAVEMENT_METRES = 8;
const INGRESS_BIT = 0x80;
/** MANEUVERS' left and right turn on red. */
const TURN_ON_RED_BITS = 0x0c00;
/** Most lanes and points of an intersection that are read; MAP itself allows 255 and 63. */
const MOST_LANES = 255;
const MOST_POINTS = 64;

function pointsOf(lane: Lane, geometry: IntersectionGeometry, frame: LocalFrame): number[] {
  const [x0, y0] = toLocal(frame, geometry.latitudeDegrees, geometry.longitudeDegrees);
  const points: number[] = [];
  let [x, y] = [x0, y0];
  for (const node of lane.nodes.slice(0, MOST_POINTS)) {
    if (node.kind === 'offset') {
      x += node.xMetres;
      y += node.yMetres;
    } else [x, y] = toLocal(frame, node.latitudeDegrees, node.longitudeDegrees);
    points.push(x, y);
  }
  return points;
}

/** Result of `LaneMap.match`; overwritten by each call. */
export const matchedLane = {
  /** Place in `LaneMap.lanes`; -1: on none. */
  index: -1,
  /** Whether it heads the way the lane runs. */
  rightWay: true,
  /** Degrees between heading and the lane's direction. */
  cos: 1,
};

export class LaneMap {
  readonly lanes: readonly MappedLane[];
  readonly revision: number;
  readonly intersectionId: number;
  /** Segments: place of the lane, from x, y to x, y. */
  readonly #segments: Float64Array;
  readonly #cells = new Map<number, number[]>();

  constructor(geometry: IntersectionGeometry, frame: LocalFrame) {
    this.revision = geometry.revision;
    this.intersectionId = geometry.key.id;
    const width = geometry.laneWidthMetres && geometry.laneWidthMetres > 0 ? geometry.laneWidthMetres : DEFAULT_WIDTH;
    const lanes: MappedLane[] = [];
    const first = new Map<number, number[]>();
    for (const lane of geometry.lanes.slice(0, MOST_LANES)) first.set(lane.id, pointsOf(lane, geometry, frame));
    for (const lane of geometry.lanes.slice(0, MOST_LANES)) {
      const points = first.get(lane.id)!;
      const crosswalk = lane.type?.kind === 'crosswalk';
      const connections = (lane.connections ?? []).map((one) => ({
        lane: one.lane,
        signalGroup: one.signalGroup ?? null,
      }));
      // a crossing may be two pieces, one at either kerb, that lead to each other
      if (crosswalk && points.length <= 4)
        for (const { lane: other } of connections) points.push(...(first.get(other) ?? []).slice(0, 2));
      if (points.length < 4 || !points.every((value) => Math.abs(value) < 1e5)) continue;
      const groups = new Set(connections.map((one) => one.signalGroup));
      const [only] = groups;
      const ingress = (lane.directionalUseBits & INGRESS_BIT) !== 0;
      lanes.push({
        id: lane.id,
        use: crosswalk ? 'crosswalk' : ingress ? 'ingress' : 'egress',
        approach: (ingress ? lane.ingressApproach : lane.egressApproach) ?? -1,
        widthMetres: crosswalk ? Math.max(width, 4) : width,
        points: Float64Array.from(points),
        connections,
        signalGroup: groups.size === 1 && only !== null && only !== undefined ? only : -1,
        turnsOnRed: ((lane.maneuverBits ?? 0) & TURN_ON_RED_BITS) !== 0,
      });
    }
    this.lanes = lanes;
    const segments: number[] = [];
    for (const [index, { points, widthMetres }] of lanes.entries())
      for (let i = 0; i + 3 < points.length; i += 2) {
        const [x0, y0, x1, y1] = [points[i]!, points[i + 1]!, points[i + 2]!, points[i + 3]!];
        const segment = segments.length / 5;
        segments.push(index, x0, y0, x1, y1);
        this.#index(segment, x0, y0, x1, y1, widthMetres / 2 + BESIDE_METRES);
      }
    this.#segments = Float64Array.from(segments);
  }

  #index(segment: number, x0: number, y0: number, x1: number, y1: number, reach: number): void {
    const length = Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
    const steps = Math.min(2000, Math.ceil(length / (CELL / 2)) + 1);
    const seen = new Set<number>();
    for (let i = 0; i <= steps; i++) {
      const x = x0 + ((x1 - x0) * i) / steps;
      const y = y0 + ((y1 - y0) * i) / steps;
      for (let cx = Math.floor((x - reach) / CELL); cx <= Math.floor((x + reach) / CELL); cx++)
        for (let cy = Math.floor((y - reach) / CELL); cy <= Math.floor((y + reach) / CELL); cy++) {
          const at = cellKey(cx, cy);
          if (seen.has(at)) continue;
          seen.add(at);
          const there = this.#cells.get(at);
          if (there === undefined) this.#cells.set(at, [segment]);
          else there.push(segment);
        }
    }
  }

  /** The lane under `x, y` along which `hx, hy` points; people are matched to crossings alone, whichever way they head. Writes `matchedLane`. */
  match(x: number, y: number, hx: number, hy: number, onFoot: boolean): void {
    matchedLane.index = -1;
    const there = this.#cells.get(cellKey(Math.floor(x / CELL), Math.floor(y / CELL)));
    if (there === undefined) return;
    const segments = this.#segments;
    let best = Number.POSITIVE_INFINITY;
    for (const segment of there) {
      const at = segment * 5;
      const index = segments[at]!;
      const lane = this.lanes[index]!;
      if ((lane.use === 'crosswalk') !== onFoot) continue;
      const [x0, y0] = [segments[at + 1]!, segments[at + 2]!];
      const dx = segments[at + 3]! - x0;
      const dy = segments[at + 4]! - y0;
      const length = Math.sqrt(dx * dx + dy * dy);
      if (length < 0.1) continue;
      const along = ((x - x0) * dx + (y - y0) * dy) / length;
      if (along < -0.5 || along > length + 0.5) continue;
      const beside = Math.abs((x - x0) * dy - (y - y0) * dx) / length;
      if (beside > lane.widthMetres / 2 + BESIDE_METRES) continue;
      // an ingress lane's points run against its traffic
      const sign = lane.use === 'ingress' ? -1 : 1;
      const cos = (sign * (hx * dx + hy * dy)) / length;
      if (!onFoot && cos < ALONG && cos > -ALONG) continue;
      // the wrong way is believed only where no lane of the right way is near
      const worth = beside + (onFoot || cos > 0 ? 0 : lane.widthMetres / 2);
      if (worth >= best) continue;
      best = worth;
      matchedLane.index = index;
      matchedLane.cos = cos;
      matchedLane.rightWay = onFoot || cos > 0;
    }
  }

  /** Whether `x, y` is on the pavement before or behind a crossing: in line with it, and beyond its ends. */
  isBeforeCrossing(x: number, y: number): boolean {
    for (const { use, points, widthMetres } of this.lanes) {
      if (use !== 'crosswalk') continue;
      const n = points.length;
      if (
        isBeyond(points[2]!, points[3]!, points[0]!, points[1]!, x, y, widthMetres) ||
        isBeyond(points[n - 4]!, points[n - 3]!, points[n - 2]!, points[n - 1]!, x, y, widthMetres)
      )
        return true;
    }
    return false;
  }

  /** Metres from the stop line of lane `index` to `x, y`, upstream positive. */
  toStopLine(index: number, x: number, y: number): number {
    const { points } = this.lanes[index]!;
    const dx = points[2]! - points[0]!;
    const dy = points[3]! - points[1]!;
    return ((x - points[0]!) * dx + (y - points[1]!) * dy) / Math.sqrt(dx * dx + dy * dy);
  }

  /** Whether the way from ingress lane `index` to the egress lane with id `egress` turns by more than 30 degrees. */
  turns(index: number, egress: number): boolean {
    const out = this.lanes.find((one) => one.id === egress);
    if (out === undefined) return false;
    const from = this.lanes[index]!.points;
    const [ax, ay] = [from[0]! - from[2]!, from[1]! - from[3]!];
    const [bx, by] = [out.points[2]! - out.points[0]!, out.points[3]! - out.points[1]!];
    const lengths = Math.sqrt((ax * ax + ay * ay) * (bx * bx + by * by));
    return ax * bx + ay * by < STRAIGHT_COS * lengths;
  }

  /** Metres beside the axis of lane `index` at its stop line. */
  besideStopLine(index: number, x: number, y: number): number {
    const { points } = this.lanes[index]!;
    const dx = points[2]! - points[0]!;
    const dy = points[3]! - points[1]!;
    return Math.abs((x - points[0]!) * dy - (y - points[1]!) * dx) / Math.sqrt(dx * dx + dy * dy);
  }
}

/** Whether `x, y` lies straight on behind the end of the stretch from `x0, y0` to `x1, y1`. */
function isBeyond(x0: number, y0: number, x1: number, y1: number, x: number, y: number, width: number): boolean {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length = Math.sqrt(dx * dx + dy * dy);
  const along = ((x - x1) * dx + (y - y1) * dy) / length;
  if (!(along > 0 && along < PAVEMENT_METRES)) return false;
  return Math.abs((x - x1) * dy - (y - y1) * dx) / length <= width / 2 + BESIDE_METRES;
}

const cellKey = (cx: number, cy: number): number => (cx + 16_384) * 32_768 + cy + 16_384;
