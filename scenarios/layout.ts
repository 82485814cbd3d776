/**
 * The ground plan of a junction from the bearings of its arms, the widths of their lanes and the side that is driven
 * on: where stop lines lie, how movements run across, the crossings, the paved outline.
 */
import { curve, heading, offset, rightOf, sinCosDegrees, tidy, turnDegrees } from './geometry.ts';
import type { Point, Polyline } from './types.ts';

/** Room between the corner of two arms and their stop lines, so that vehicles can turn. */
const TURNING_ROOM_METRES = 4;
/** From the corner to the crossing, and from the crossing to the stop line. */
const CROSSING_GAP_METRES = 1;
/** Movements that turn by less go from stop line to exit in one bend, degrees. */
const STRAIGHT_ON_DEGREES = 30;
const LEAD_SPACING_METRES = 1;

export interface Arm {
  readonly name: string;
  readonly bearingDegrees: number;
  /** Nearest the centre line first. */
  readonly laneWidths: readonly number[];
  readonly exitWidths: readonly number[];
  /** Distance of the stop line from the centre, where the file says it. */
  readonly setbackMetres?: number;
  /** Width of the pedestrian crossing, where there is one. */
  readonly crossingMetres?: number;
}

/** A movement as the lanes say it: `lanes` are indices of the approach's lanes that serve it, ascending. */
export interface Stream {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly lanes: readonly number[];
  /** All exit lanes from each lane (the exit leads on to another junction) rather than one. */
  readonly spreads: boolean;
}

export interface ArmLayout {
  /** Unit vector from the centre outwards. */
  readonly outward: Point;
  readonly setbackMetres: number;
  /** Ends of the inbound lanes at the stop line. */
  readonly laneEnds: readonly Point[];
  /** Where the outbound lanes begin. */
  readonly exitStarts: readonly Point[];
  /** Closed outline of the crossing. */
  readonly crossing?: Polyline;
  /** Of the whole road, both directions, metres. */
  readonly widthMetres: number;
}

export interface JunctionLayout {
  readonly arms: ReadonlyMap<string, ArmLayout>;
  /** By name of the movement. */
  readonly connections: ReadonlyMap<string, readonly { lane: number; exitLane: number; path: Polyline }[]>;
  /** Closed: the last point is the first. */
  readonly outline: Polyline;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Distance of each arm's stop line from the centre, metres: as the file says, or where no two arms overlap (the corner
 * where their edges meet; for arms at 90 degrees and more never past the wider one's half width) plus room to turn and
 * for the crossing.
 */
export function setbacks(arms: readonly Arm[], side: 'left' | 'right'): number[] {
  const corners = cornersOf(arms, side);
  return arms.map(({ crossingMetres, setbackMetres }, index) => {
    const crossing = crossingMetres === undefined ? 0 : crossingMetres + 2 * CROSSING_GAP_METRES;
    return setbackMetres ?? corners[index]! + TURNING_ROOM_METRES + crossing;
  });
}

/** How far from the centre each arm's edges meet those of its neighbours, metres. */
function cornersOf(arms: readonly Arm[], side: 'left' | 'right'): number[] {
  const edges = arms.map((arm) => edgesOf(arm, side));
  return arms.map((arm, index) => {
    let corner = Math.max(edges[index]!.clockwise, edges[index]!.counter) / 2;
    for (const [other, armOther] of arms.entries()) {
      if (other === index) continue;
      const turned = turnDegrees(arm.bearingDegrees, armOther.bearingDegrees);
      const mine = turned >= 0 ? edges[index]!.clockwise : edges[index]!.counter;
      const theirs = turned >= 0 ? edges[other]!.counter : edges[other]!.clockwise;
      corner = Math.max(corner, cornerDistance(Math.abs(turned), mine, theirs));
    }
    return corner;
  });
}

/**
 * Where turns end their bend on each arm, metres from its stop line inwards: before the crossing, so that kerbs and
 * vehicles are parallel to the road where people cross. 0 where there is no crossing, or no room to turn before it.
 */
function leadsOf(arms: readonly Arm[], setbacksOfArms: readonly number[], side: 'left' | 'right'): number[] {
  const corners = cornersOf(arms, side);
  return arms.map(({ crossingMetres }, index) => {
    if (crossingMetres === undefined) return 0;
    const lead = crossingMetres + CROSSING_GAP_METRES;
    return setbacksOfArms[index]! - lead < corners[index]! + TURNING_ROOM_METRES ? 0 : lead;
  });
}

/** Widths of the road to the clockwise and to the counter-clockwise side of its centre line, seen from the centre. */
function edgesOf(arm: Arm, side: 'left' | 'right'): { clockwise: number; counter: number } {
  const inbound = sum(arm.laneWidths);
  const outbound = sum(arm.exitWidths);
  return side === 'right' ? { clockwise: outbound, counter: inbound } : { clockwise: inbound, counter: outbound };
}

/** How far from the centre, along its own centre line, an arm clears another at the given angle, degrees. */
function cornerDistance(angle: number, mine: number, theirs: number): number {
  const { sin, cos } = sinCosDegrees(angle);
  const meet = sin < 1e-6 ? Number.POSITIVE_INFINITY : (theirs + mine * cos) / sin;
  if (angle < 90) return meet;
  return Math.max(0, Math.min(meet, Math.max(mine, theirs)));
}

/** Distances of lane centres from the centre line of the road. */
function laneOffsets(widths: readonly number[]): number[] {
  let edge = 0;
  return widths.map((width) => {
    edge += width;
    return edge - width / 2;
  });
}

/**
 * Lays out one junction around `centre`. Arms and streams must be sound: `streams` name arms that exist, lanes and
 * exits that exist, and no movement has more lanes than its exit.
 */
export function layoutJunction(
  centre: Point,
  arms: readonly Arm[],
  streams: readonly Stream[],
  side: 'left' | 'right',
): JunctionLayout {
  const distances = setbacks(arms, side);
  const leads = leadsOf(arms, distances, side);
  const leadOf = new Map(arms.map(({ name }, index) => [name, leads[index]!]));
  const layouts = new Map<string, ArmLayout>();
  for (const [index, arm] of arms.entries()) layouts.set(arm.name, layoutArm(centre, arm, distances[index]!, side));
  const connections = new Map<string, { lane: number; exitLane: number; path: Polyline }[]>();
  for (const stream of streams) {
    const from = layouts.get(stream.from)!;
    const to = layouts.get(stream.to)!;
    const inward = { x: 0 - from.outward.x, y: 0 - from.outward.y };
    const [armFrom, armTo] = [
      arms.find(({ name }) => name === stream.from)!,
      arms.find(({ name }) => name === stream.to)!,
    ];
    const turned = turnDegrees(armFrom.bearingDegrees + 180, armTo.bearingDegrees);
    const isTurn = Math.abs(turned) >= STRAIGHT_ON_DEGREES;
    const [leadIn, leadOut] = isTurn ? [leadOf.get(stream.from)!, leadOf.get(stream.to)!] : [0, 0];
    connections.set(
      stream.name,
      exitLanesOf(stream, arms, side).map(([lane, exitLane]) => ({
        lane,
        exitLane,
        path: bend(from.laneEnds[lane]!, inward, leadIn, to.exitStarts[exitLane]!, to.outward, leadOut),
      })),
    );
  }
  return { arms: layouts, connections, outline: outlineOf(centre, arms, layouts, leadOf, side) };
}

/** From `start` straight on for `leadIn` metres, round, and straight for `leadOut` to `end`. */
function bend(
  start: Point,
  startHeading: Point,
  leadIn: number,
  end: Point,
  endHeading: Point,
  leadOut: number,
): Polyline {
  const from = leadIn > 0 ? offset(start, startHeading, leadIn) : start;
  const to = leadOut > 0 ? offset(end, endHeading, -leadOut) : end;
  const pieces = (lead: number) => Math.ceil(lead / LEAD_SPACING_METRES);
  const before = Array.from({ length: pieces(leadIn) }, (_, i) =>
    tidy(offset(start, startHeading, (leadIn * i) / pieces(leadIn))),
  );
  const after = Array.from({ length: pieces(leadOut) }, (_, i) =>
    tidy(offset(to, endHeading, (leadOut * (i + 1)) / pieces(leadOut))),
  );
  return [...before, ...curve(from, startHeading, to, endHeading), ...after];
}

function layoutArm(centre: Point, arm: Arm, setback: number, side: 'left' | 'right'): ArmLayout {
  const outward = heading(arm.bearingDegrees);
  const right = rightOf(outward);
  const outboundSide = side === 'right' ? 1 : -1;
  const at = (along: number, across: number) => tidy(offset(centre, outward, along, right, across));
  const edges = edgesOf(arm, side);
  let crossing: Polyline | undefined;
  if (arm.crossingMetres !== undefined) {
    const far = setback - CROSSING_GAP_METRES;
    const near = far - arm.crossingMetres;
    crossing = [at(near, -edges.counter), at(near, edges.clockwise), at(far, edges.clockwise), at(far, -edges.counter)];
    crossing = [...crossing, crossing[0]!];
  }
  return {
    outward,
    setbackMetres: setback,
    laneEnds: laneOffsets(arm.laneWidths).map((across) => at(setback, -outboundSide * across)),
    exitStarts: laneOffsets(arm.exitWidths).map((across) => at(setback, outboundSide * across)),
    crossing,
    widthMetres: edges.clockwise + edges.counter,
  };
}

/**
 * Which exit lanes each lane of a movement reaches. One each where the exit leads nowhere further: turns across the
 * centre line take the innermost exit lanes, turns away from it the outermost, straight movements those they face.
 */
function exitLanesOf(stream: Stream, arms: readonly Arm[], side: 'left' | 'right'): [number, number][] {
  const from = arms.find((arm) => arm.name === stream.from)!;
  const to = arms.find((arm) => arm.name === stream.to)!;
  const exits = to.exitWidths.length;
  if (stream.spreads) {
    return stream.lanes.flatMap((lane) => to.exitWidths.map((_, exit): [number, number] => [lane, exit]));
  }
  const turned = turnDegrees(from.bearingDegrees + 180, to.bearingDegrees) * (side === 'right' ? 1 : -1);
  const spare = exits - stream.lanes.length;
  let first = Math.min(stream.lanes[0] ?? 0, spare);
  if (turned < -45 || turned >= 180) first = 0;
  else if (turned > 45) first = spare;
  return stream.lanes.map((lane, order) => [lane, first + order]);
}

/** Corner to corner around the junction, the kerbs between neighbouring arms as curves. */
function outlineOf(
  centre: Point,
  arms: readonly Arm[],
  layouts: ReadonlyMap<string, ArmLayout>,
  leadOf: ReadonlyMap<string, number>,
  side: 'left' | 'right',
): Polyline {
  const around = [...arms].sort((a, b) => a.bearingDegrees - b.bearingDegrees);
  const points: Point[] = [];
  for (const [index, arm] of around.entries()) {
    const next = around[(index + 1) % around.length]!;
    const here = layouts.get(arm.name)!;
    const there = layouts.get(next.name)!;
    const corner = (layout: ArmLayout, across: number) =>
      tidy(offset(centre, layout.outward, layout.setbackMetres, rightOf(layout.outward), across));
    const a = corner(here, edgesOf(arm, side).clockwise);
    const b = corner(there, -edgesOf(next, side).counter);
    points.push(corner(here, -edgesOf(arm, side).counter));
    const inward = { x: 0 - here.outward.x, y: 0 - here.outward.y };
    points.push(...bend(a, inward, leadOf.get(arm.name)!, b, there.outward, leadOf.get(next.name)!));
  }
  points.push(points[0]!);
  return points;
}
