/** The roadnet file: roads, intersections, road links and light phases, checked but not yet turned into a network. */
import { bezierLink, laneCentreLine } from './cityflow-geometry.ts';
import type { JsonReader } from './json.ts';
import { polylineLength } from './polyline.ts';

export interface CityFlowLane {
  readonly width: number;
  readonly maxSpeed: number;
  readonly path: Float64Array;
  readonly length: number;
}

export interface CityFlowRoad {
  readonly id: string;
  readonly startIntersection: number;
  readonly endIntersection: number;
  readonly lanes: readonly CityFlowLane[];
}

export interface CityFlowLaneLink {
  readonly startLane: number;
  readonly endLane: number;
  readonly path: Float64Array;
}

export interface CityFlowRoadLink {
  readonly turn: 'go_straight' | 'turn_left' | 'turn_right';
  readonly startRoad: number;
  readonly endRoad: number;
  readonly laneLinks: readonly CityFlowLaneLink[];
}

export interface CityFlowIntersection {
  readonly id: string;
  readonly virtual: boolean;
  readonly width: number;
  /** Roads in the file's order; decides ties between routes of the same length. */
  readonly roads: readonly number[];
  readonly roadLinks: readonly CityFlowRoadLink[];
  readonly phases: readonly { readonly seconds: number; readonly roadLinks: readonly number[] }[];
}

export interface CityFlowRoadNet {
  readonly roads: readonly CityFlowRoad[];
  readonly intersections: readonly CityFlowIntersection[];
}

const MOST_ELEMENTS = 200_000;
/** Lanes of a road. */
const MOST_LANES = 64;
const TURNS = ['go_straight', 'turn_left', 'turn_right'] as const;

interface RawRoad {
  id: string;
  startIntersection: number;
  endIntersection: number;
  points: Float64Array;
  widths: number[];
  speeds: number[];
  /** Lanes before shortening: what links without points start and end on. */
  whole: Float64Array[];
}

/** Reads and checks a parsed roadnet file. Throws InputFileError. */
export function readRoadNet(json: unknown, reader: JsonReader): CityFlowRoadNet {
  const root = reader.object(json, '');
  const roadValues = reader.array(root.roads, 'roads');
  const intersectionValues = reader.array(root.intersections, 'intersections');
  for (const [name, values] of [
    ['roads', roadValues],
    ['intersections', intersectionValues],
  ] as const) {
    if (values.length === 0) reader.refuse(name, 'is empty', 'A network needs at least one.');
    if (values.length > MOST_ELEMENTS) {
      reader.refuse(name, `has ${values.length} elements; at most ${MOST_ELEMENTS}`, 'Split the network.');
    }
  }
  const roadIndex = indexById(roadValues, 'roads', reader);
  const intersectionIndex = indexById(intersectionValues, 'intersections', reader);
  const raw = roadValues.map((value, i) => readRoad(value, `roads[${i}]`, intersectionIndex, reader));

  const headers = intersectionValues.map((value, i) => {
    const element = `intersections[${i}]`;
    const object = reader.object(value, element);
    const virtual = reader.boolean(object.virtual, `${element}.virtual`);
    const width = virtual ? 0 : reader.number(object.width, `${element}.width`, 0, 1000);
    return { object, element, virtual, width };
  });
  const roads = raw.map((road, i): CityFlowRoad => {
    const lanes = shortenedLanes(road, headers[road.startIntersection]!, headers[road.endIntersection]!);
    lanes.forEach((lane, j) => {
      if (!(lane.length > 0)) {
        reader.refuse(`roads[${i}].lanes[${j}]`, 'has length 0', 'Give the road two different points.');
      }
    });
    const taken = headers[road.startIntersection]!.width + headers[road.endIntersection]!.width;
    if (taken > 0 && taken >= polylineLength(road.points)) {
      reader.refuse(
        `roads[${i}]`,
        `is ${polylineLength(road.points)} m long, and its intersections take ${taken} m off its ends`,
        'Make the road longer or the intersections narrower.',
      );
    }
    return { id: road.id, startIntersection: road.startIntersection, endIntersection: road.endIntersection, lanes };
  });
  const intersections = headers.map(({ object, element, virtual, width }): CityFlowIntersection => {
    const id = reader.string(object.id, `${element}.id`);
    const members = reader
      .array(object.roads, `${element}.roads`)
      .map((name, j) => lookUp(name, `${element}.roads[${j}]`, roadIndex, 'roads', reader));
    if (virtual) return { id, virtual, width, roads: members, roadLinks: [], phases: [] };
    const roadLinks = reader
      .array(object.roadLinks, `${element}.roadLinks`)
      .map((value, j) => readRoadLink(value, `${element}.roadLinks[${j}]`, raw, roadIndex, width, reader));
    return {
      id,
      virtual,
      width,
      roads: members,
      roadLinks,
      phases: readPhases(object, element, roadLinks.length, reader),
    };
  });
  return { roads, intersections };
}

function indexById(values: readonly unknown[], name: string, reader: JsonReader): Map<string, number> {
  const index = new Map<string, number>();
  values.forEach((value, i) => {
    const id = reader.string(reader.object(value, `${name}[${i}]`).id, `${name}[${i}].id`);
    const other = index.get(id);
    if (other !== undefined)
      reader.refuse(`${name}[${i}].id`, `is "${id}", as ${name}[${other}].id is`, 'Ids must differ.');
    index.set(id, i);
  });
  return index;
}

function lookUp(value: unknown, element: string, index: Map<string, number>, name: string, reader: JsonReader): number {
  const id = reader.string(value, element);
  const found = index.get(id);
  if (found === undefined) {
    reader.refuse(element, `is "${id}", which is not the id of any of ${name}`, `Correct it, or add it to ${name}.`);
  }
  return found;
}

function readPoints(value: unknown, element: string, reader: JsonReader): Float64Array {
  const values = reader.array(value, element);
  const points = new Float64Array(2 * values.length);
  values.forEach((item, i) => {
    const point = reader.object(item, `${element}[${i}]`);
    points[2 * i] = reader.number(point.x, `${element}[${i}].x`);
    points[2 * i + 1] = reader.number(point.y, `${element}[${i}].y`);
    if (i > 0 && points[2 * i] === points[2 * i - 2] && points[2 * i + 1] === points[2 * i - 1]) {
      reader.refuse(`${element}[${i}]`, 'is the same point as the one before', 'Remove one of the two.');
    }
  });
  return points;
}

function readRoad(value: unknown, element: string, intersections: Map<string, number>, reader: JsonReader): RawRoad {
  const object = reader.object(value, element);
  const points = readPoints(object.points, `${element}.points`, reader);
  if (points.length < 4) reader.refuse(`${element}.points`, 'has fewer than two points', 'Give its start and its end.');
  const widths: number[] = [];
  const speeds: number[] = [];
  const lanes = reader.array(object.lanes, `${element}.lanes`);
  if (lanes.length > MOST_LANES)
    reader.refuse(`${element}.lanes`, `has ${lanes.length} lanes; at most ${MOST_LANES}`, 'Remove some of them.');
  lanes.forEach((item, j) => {
    const lane = reader.object(item, `${element}.lanes[${j}]`);
    widths.push(reader.number(lane.width, `${element}.lanes[${j}].width`, 0, 100, true));
    speeds.push(reader.number(lane.maxSpeed, `${element}.lanes[${j}].maxSpeed`, 0, 1000, true));
  });
  if (widths.length === 0) reader.refuse(`${element}.lanes`, 'is empty', 'A road needs at least one lane.');
  const road: RawRoad = {
    id: reader.string(object.id, `${element}.id`),
    startIntersection: lookUp(
      object.startIntersection,
      `${element}.startIntersection`,
      intersections,
      'intersections',
      reader,
    ),
    endIntersection: lookUp(
      object.endIntersection,
      `${element}.endIntersection`,
      intersections,
      'intersections',
      reader,
    ),
    points,
    widths,
    speeds,
    whole: [],
  };
  road.whole = shortenedLanes(road, { width: 0 }, { width: 0 }).map((lane) => lane.path);
  return road;
}

function shortenedLanes(road: RawRoad, start: { width: number }, end: { width: number }): CityFlowLane[] {
  let inner = 0;
  return road.widths.map((width, j) => {
    const path = laneCentreLine(road.points, inner, inner + width, start.width, end.width);
    inner += width;
    return { width, maxSpeed: road.speeds[j]!, path, length: polylineLength(path) };
  });
}

function readRoadLink(
  value: unknown,
  element: string,
  roads: readonly RawRoad[],
  roadIndex: Map<string, number>,
  width: number,
  reader: JsonReader,
): CityFlowRoadLink {
  const object = reader.object(value, element);
  const turn = TURNS.find((name) => name === object.type);
  if (turn === undefined) {
    reader.refuse(`${element}.type`, `is ${JSON.stringify(object.type)}; one of ${TURNS.join(', ')}`, 'Name the turn.');
  }
  const startRoad = lookUp(object.startRoad, `${element}.startRoad`, roadIndex, 'roads', reader);
  const endRoad = lookUp(object.endRoad, `${element}.endRoad`, roadIndex, 'roads', reader);
  const laneLinks = reader.array(object.laneLinks, `${element}.laneLinks`).map((item, k): CityFlowLaneLink => {
    const place = `${element}.laneLinks[${k}]`;
    const link = reader.object(item, place);
    const from = roads[startRoad]!;
    const to = roads[endRoad]!;
    const startLane = reader.integer(link.startLaneIndex, `${place}.startLaneIndex`, 0, from.widths.length - 1);
    const endLane = reader.integer(link.endLaneIndex, `${place}.endLaneIndex`, 0, to.widths.length - 1);
    const points = link.points === undefined ? new Float64Array(0) : readPoints(link.points, `${place}.points`, reader);
    if (points.length === 2) reader.refuse(`${place}.points`, 'has one point', 'Give at least two, or none.');
    const whole = from.whole[startLane]!;
    const path = points.length > 0 ? points : bezierLink(whole, polylineLength(whole), to.whole[endLane]!, width);
    if (!(polylineLength(path) > 0)) {
      reader.refuse(place, 'has length 0', 'Give it two different points, or its intersection a width.');
    }
    return { startLane, endLane, path };
  });
  return { turn, startRoad, endRoad, laneLinks };
}

function readPhases(object: Readonly<Record<string, unknown>>, element: string, linkCount: number, reader: JsonReader) {
  const light = reader.object(object.trafficLight, `${element}.trafficLight`);
  const name = `${element}.trafficLight.lightphases`;
  const phases = reader.array(light.lightphases, name).map((value, i) => {
    const phase = reader.object(value, `${name}[${i}]`);
    return {
      seconds: reader.number(phase.time, `${name}[${i}].time`, 0, 1e9),
      roadLinks: reader
        .array(phase.availableRoadLinks, `${name}[${i}].availableRoadLinks`)
        .map((item, j) => reader.integer(item, `${name}[${i}].availableRoadLinks[${j}]`, 0, linkCount - 1)),
    };
  });
  if (!phases.some((phase) => phase.seconds > 0)) {
    reader.refuse(name, 'has no phase that lasts', 'Give it at least one phase with a time above 0.');
  }
  return phases;
}
