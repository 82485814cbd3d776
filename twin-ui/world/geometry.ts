/** Shapes derived from the drawing once: lane edges, where the approaches end, which arrows stand on which lane. */
import type { Drawing } from '../../runs/types.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

type Lane = Drawing['lanes'][number];
type Turn = Drawing['junctions'][number]['signalGroups'][number]['turns'][number];

/** How a line between two lanes is painted. */
export type EdgeKind = 'same-direction' | 'opposite-direction' | 'kerb';

export interface LaneEdge {
  readonly path: readonly Point[];
  readonly kind: EdgeKind;
}

/** Edges of two lanes closer than this are one painted line, metres. */
const SHARED_EDGE_METRES = 0.7;

export const minus = (a: Point, b: Point): Point => ({ x: a.x - b.x, y: a.y - b.y });
export const plus = (a: Point, b: Point, times = 1): Point => ({ x: a.x + b.x * times, y: a.y + b.y * times });
export const dot = (a: Point, b: Point): number => a.x * b.x + a.y * b.y;
export const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
export const length = (a: Point): number => Math.sqrt(dot(a, a));
/** A quarter turn to the right of the way `a` goes. */
export const right = (a: Point): Point => ({ x: a.y, y: -a.x });

export function unit(a: Point): Point {
  const size = length(a);
  return size === 0 ? { x: 0, y: 1 } : { x: a.x / size, y: a.y / size };
}

export function distanceToSegment(point: Point, from: Point, to: Point): number {
  const way = minus(to, from);
  const size2 = dot(way, way);
  const share = size2 === 0 ? 0 : Math.min(Math.max(dot(minus(point, from), way) / size2, 0), 1);
  return length(minus(point, plus(from, way, share)));
}

/** The path moved sideways: positive to the right of its direction. */
export function offsetPath(path: readonly Point[], metres: number): Point[] {
  return path.map((point, index) => {
    const before = path[Math.max(0, index - 1)]!;
    const after = path[Math.min(path.length - 1, index + 1)]!;
    return plus(point, right(unit(minus(after, before))), metres);
  });
}

function midpoint(path: readonly Point[]): { point: Point; direction: Point } {
  const index = Math.max(0, Math.ceil(path.length / 2) - 1);
  const from = path[index]!;
  const to = path[index + 1] ?? from;
  return { point: middle(from, to), direction: unit(minus(to, from)) };
}

function nearest(path: readonly Point[], point: Point): { metres: number; direction: Point } {
  let best = { metres: Number.POSITIVE_INFINITY, direction: { x: 0, y: 1 } };
  for (let index = 1; index < path.length; index++) {
    const metres = distanceToSegment(point, path[index - 1]!, path[index]!);
    if (metres < best.metres) best = { metres, direction: unit(minus(path[index]!, path[index - 1]!)) };
  }
  return best;
}

/** Both edges of every lane, each shared edge once. */
export function laneEdges(lanes: readonly Lane[]): LaneEdge[] {
  const sides = lanes.flatMap((lane) =>
    [-1, 1].map((side) => ({ lane, side, path: offsetPath(lane.path, (side * lane.widthMetres) / 2) })),
  );
  const edges: LaneEdge[] = [];
  sides.forEach((edge, index) => {
    const { point, direction } = midpoint(edge.path);
    let kind: EdgeKind = 'kerb';
    let drawnBefore = false;
    sides.forEach((other, otherIndex) => {
      if (other.lane === edge.lane) return;
      const near = nearest(other.path, point);
      if (near.metres > SHARED_EDGE_METRES || Math.abs(dot(near.direction, direction)) < 0.9) return;
      kind = dot(near.direction, direction) > 0 ? 'same-direction' : 'opposite-direction';
      const mutual = nearest(edge.path, midpoint(other.path).point).metres <= SHARED_EDGE_METRES;
      if (mutual && otherIndex < index) drawnBefore = true;
    });
    if (!drawnBefore) edges.push({ path: edge.path, kind });
  });
  return edges;
}

/** Where an approach meets its stop line. */
export interface ApproachEnd {
  readonly junction: number;
  readonly name: string;
  /** Index in `drawing.approaches`, for `FrameCounters.approachQueues`. */
  readonly index: number;
  /** End of the stop line at the kerb. */
  readonly kerb: Point;
  /** Away from the road at the kerb. */
  readonly outward: Point;
  /** Against the traffic. */
  readonly backward: Point;
  /** Indices of the signal groups that its vehicles obey, left to right. */
  readonly groups: readonly number[];
  readonly pedestrianGroups: readonly number[];
}

const TURN_ORDER: readonly Turn[] = ['u-turn', 'left', 'straight', 'right'];
const turnRank = (turns: readonly Turn[]): number => Math.min(...turns.map((turn) => TURN_ORDER.indexOf(turn)));

function centreOf(outline: readonly Point[]): Point {
  const sum = outline.reduce((total, point) => plus(total, point), { x: 0, y: 0 });
  return { x: sum.x / Math.max(1, outline.length), y: sum.y / Math.max(1, outline.length) };
}

/** Exit lanes of the same arm begin within this of its stop line, metres. */
const SAME_ARM_METRES = 40;

/** Whether traffic leaving by the same arm is on the right of the traffic coming in: so it is where one drives on the left. */
function exitsLieToTheRight(drawing: Drawing, stopLine: Point, forward: Point): boolean {
  const aside = right(forward);
  const offsets = drawing.lanes.flatMap((lane) => {
    const [start, next] = lane.path;
    if (lane.kind !== 'exit' || !start || !next) return [];
    const fromStopLine = minus(start, stopLine);
    const sameArm = length(fromStopLine) < SAME_ARM_METRES && dot(unit(minus(next, start)), forward) < -0.8;
    return sameArm ? [dot(fromStopLine, aside)] : [];
  });
  return offsets.reduce((sum, offset) => sum + offset, 0) > 0;
}

/** Of each approach that has a signal. */
export function approachEnds(drawing: Drawing): ApproachEnd[] {
  return drawing.junctions.flatMap((junction, junctionIndex) => {
    const centre = centreOf(junction.outline);
    const groups = junction.signalGroups.map((group, index) => ({ ...group, index }));
    return drawing.approaches.flatMap((approach, index) => {
      const own = groups.filter((group) => group.approach === approach.name);
      const vehicles = own.filter((group) => group.kind === 'vehicle');
      if (approach.junction !== junction.id || vehicles.length === 0) return [];
      const ends = vehicles.flatMap((group) => group.stopLine);
      const centreLine = centreOf(ends);
      const along = unit(minus(vehicles[0]!.stopLine[1], vehicles[0]!.stopLine[0]));
      const toCentre = minus(centre, centreLine);
      const forward = dot(right(along), toCentre) > 0 ? right(along) : plus({ x: 0, y: 0 }, right(along), -1);
      const aside = right(forward);
      const outward = exitsLieToTheRight(drawing, centreLine, forward) ? { x: -aside.x, y: -aside.y } : aside;
      const kerb = ends.reduce((best, end) => (dot(end, outward) > dot(best, outward) ? end : best));
      const end: ApproachEnd = {
        junction: junctionIndex,
        name: approach.name,
        index,
        kerb,
        outward,
        backward: { x: -forward.x, y: -forward.y },
        groups: vehicles.sort((a, b) => turnRank(a.turns) - turnRank(b.turns)).map((group) => group.index),
        pedestrianGroups: own.filter((group) => group.kind === 'pedestrian').map((group) => group.index),
      };
      return [end];
    });
  });
}

/** An arrow on the road: where the lane goes on to. */
export interface LaneArrow {
  readonly at: Point;
  readonly forward: Point;
  readonly turns: readonly Turn[];
}

/** Arrows this far before the stop line, metres. */
const ARROW_BEFORE_METRES = 9;
/** A lane ends at a stop line when its end is this close to it, metres. */
const AT_STOP_LINE_METRES = 1.2;

export function laneArrows(drawing: Drawing): LaneArrow[] {
  const groups = drawing.junctions.flatMap((junction) =>
    junction.signalGroups.filter((group) => group.kind === 'vehicle'),
  );
  return drawing.lanes.flatMap((lane) => {
    const end = lane.path.at(-1);
    const before = lane.path.at(-2);
    if (lane.kind !== 'approach' || !end || !before) return [];
    const forward = unit(minus(end, before));
    const turns = groups
      .filter((group) => distanceToSegment(end, group.stopLine[0], group.stopLine[1]) < AT_STOP_LINE_METRES)
      .filter((group) => Math.abs(dot(unit(minus(group.stopLine[1], group.stopLine[0])), forward)) < 0.5)
      .flatMap((group) => group.turns);
    const inOrder = TURN_ORDER.filter((turn) => turns.includes(turn));
    return inOrder.length > 0 ? [{ at: plus(end, forward, -ARROW_BEFORE_METRES), forward, turns: inOrder }] : [];
  });
}
