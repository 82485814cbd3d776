/** The flow file: when each vehicle is created, with which parameters, route, lane and priority, as CityFlow does it. */
import type { ClassParameters, Demand, RoutePlan } from '../core.ts';
import { expandRoute, type RoadGraph, roadGraph } from './cityflow-routes.ts';
import type { CityFlowRoadNet } from './cityflow-roads.ts';
import type { JsonReader } from './json.ts';
import { mt19937 } from './mt19937.ts';

const MOST_VEHICLES = 2_000_000;

interface Flow {
  readonly vehicleClass: number;
  readonly firstRoad: number;
  /** Index of the route, -1 where CityFlow drops the vehicles. */
  readonly route: number;
  readonly interval: number;
  readonly start: number;
  readonly end: number;
}

/** Routes as they are found: equal ones share an index. */
interface RouteBook {
  readonly plans: RoutePlan[];
  /** Per route: entry lanes, in lane order. */
  readonly entryLanes: (readonly number[])[];
  readonly byRoads: Map<string, number>;
}

export interface FlowSettings {
  /** First lane segment of each road. */
  readonly firstLane: Int32Array;
  /** Approach index of each road, -1 where it ends at no stop line. */
  readonly approachOfRoad: Int32Array;
  readonly seed: number;
  readonly stepSeconds: number;
  readonly durationSeconds: number;
}

/** Reads and checks a parsed flow file and creates its vehicles. Throws InputFileError. */
export function readFlows(
  json: unknown,
  net: CityFlowRoadNet,
  settings: FlowSettings,
  reader: JsonReader,
): { demand: Demand; routes: readonly RoutePlan[]; warnings: readonly string[] } {
  const book: RouteBook = { plans: [], entryLanes: [], byRoads: new Map() };
  const classes: ClassParameters[] = [];
  const warnings: string[] = [];
  const flows = readFlowList(json, net, settings, reader, book, classes, warnings);
  refuseCrowds(flows, settings, reader);
  const demand = createVehicles(flows, net, settings, book, classes);
  return { demand, routes: book.plans, warnings };
}

function readFlowList(
  json: unknown,
  net: CityFlowRoadNet,
  settings: FlowSettings,
  reader: JsonReader,
  book: RouteBook,
  classes: ClassParameters[],
  warnings: string[],
): Flow[] {
  const graph = roadGraph(net);
  const roadIndex = new Map(net.roads.map((road, i) => [road.id, i]));
  const ways = new Map<string, readonly number[] | null>();
  const classOf = new Map<string, number>();
  const routeOf = new Map<string, number>();
  return reader.array(json, '').map((value, i): Flow => {
    const element = `[${i}]`;
    const object = reader.object(value, element);
    const anchors = reader.array(object.route, `${element}.route`).map((name, j) => {
      const road = roadIndex.get(reader.string(name, `${element}.route[${j}]`));
      if (road === undefined) {
        reader.refuse(
          `${element}.route[${j}]`,
          `is "${name}", which is not a road of the roadnet file`,
          'Correct the road.',
        );
      }
      return road;
    });
    if (anchors.length === 0) reader.refuse(`${element}.route`, 'is empty', 'Give at least two roads.');
    const start = reader.integer(object.startTime ?? 0, `${element}.startTime`, 0, 1e9);
    const end = reader.integer(object.endTime ?? -1, `${element}.endTime`, -1, 1e9);
    const interval = reader.number(object.interval, `${element}.interval`, 0, 1e9, true);
    if (interval < 1 && start !== end) {
      reader.refuse(
        `${element}.interval`,
        `is ${interval}; at least 1 where startTime and endTime differ`,
        'Raise it.',
      );
    }
    const key = anchors.join(' ');
    let route = routeOf.get(key);
    if (route === undefined) {
      route = findRoute(anchors, net, graph, ways, settings, book, reader, element);
      routeOf.set(key, route);
    }
    if (route < 0) {
      warnings.push(
        `${reader.file}: ${element}.route leads nowhere (a single road, or a road that cannot be reached from the one before); its vehicles are left out, as CityFlow does.`,
      );
    }
    return {
      vehicleClass: readClass(object.vehicle, element, reader, classes, classOf),
      firstRoad: anchors[0]!,
      route,
      interval,
      start,
      end,
    };
  });
}

function readClass(
  value: unknown,
  element: string,
  reader: JsonReader,
  classes: ClassParameters[],
  classOf: Map<string, number>,
): number {
  const place = `${element}.vehicle`;
  const object = reader.object(value, place);
  const positive = (name: string, most: number) => reader.number(object[name], `${place}.${name}`, 0, most, true);
  const parameters = {
    length: positive('length', 100),
    width: positive('width', 10),
    minGap: reader.number(object.minGap, `${place}.minGap`, 0, 100),
    maxSpeed: positive('maxSpeed', 200),
    acceleration: positive('usualPosAcc', 100),
    deceleration: positive('usualNegAcc', 100),
    maxAcceleration: positive('maxPosAcc', 100),
    maxDeceleration: positive('maxNegAcc', 100),
    timeHeadway: reader.number(object.headwayTime, `${place}.headwayTime`, 0, 100),
  };
  const key = JSON.stringify(parameters);
  let index = classOf.get(key);
  if (index === undefined) {
    index = classes.length;
    if (index > 255) reader.refuse(place, 'is the 257th different vehicle; at most 256', 'Use fewer kinds of vehicle.');
    classOf.set(key, index);
    classes.push({
      name: index === 0 ? 'vehicle' : `vehicle-${index + 1}`,
      model: 'cityflow',
      ...parameters,
      pcu: 1,
      massKilograms: 1400,
      emissionClass: 'PC_G_EU4',
    });
  }
  return index;
}

function findRoute(
  anchors: readonly number[],
  net: CityFlowRoadNet,
  graph: RoadGraph,
  ways: Map<string, readonly number[] | null>,
  settings: FlowSettings,
  book: RouteBook,
  reader: JsonReader,
  element: string,
): number {
  const roads = expandRoute(graph, anchors, ways);
  if (roads === null) return -1;
  const key = roads.join(' ');
  const known = book.byRoads.get(key);
  if (known !== undefined) return known;
  const lanes = roads.map((road, i) => {
    const all = net.roads[road]!.lanes.map((_, j) => j);
    const onward = roads[i + 1];
    if (onward === undefined) return all;
    const leading = new Set<number>();
    for (const link of net.intersections[net.roads[road]!.endIntersection]!.roadLinks) {
      if (link.startRoad !== road || link.endRoad !== onward) continue;
      for (const laneLink of link.laneLinks) leading.add(laneLink.startLane);
    }
    return all.filter((lane) => leading.has(lane));
  });
  refuseWhereLaneChangesAreNeeded(roads, lanes, net, reader, element);
  const index = book.plans.length;
  book.byRoads.set(key, index);
  const segments = lanes.map((usable, i) => usable.map((lane) => settings.firstLane[roads[i]!]! + lane));
  book.entryLanes.push(segments[0]!);
  book.plans.push({
    name: roads.map((road) => net.roads[road]!.id).join(' '),
    lanes: segments,
    entryApproach: settings.approachOfRoad[roads[0]!]!,
  });
  return index;
}

/** A lane from which no link leads on to a usable lane would strand its vehicles. */
function refuseWhereLaneChangesAreNeeded(
  roads: readonly number[],
  lanes: readonly (readonly number[])[],
  net: CityFlowRoadNet,
  reader: JsonReader,
  element: string,
): void {
  for (let i = 0; i + 1 < roads.length; i++) {
    const road = net.roads[roads[i]!]!;
    const links = net.intersections[road.endIntersection]!.roadLinks.filter(
      (link) => link.startRoad === roads[i] && link.endRoad === roads[i + 1],
    );
    for (const lane of lanes[i]!) {
      const leadsOn = links.some((link) =>
        link.laneLinks.some((laneLink) => laneLink.startLane === lane && lanes[i + 1]!.includes(laneLink.endLane)),
      );
      if (leadsOn) continue;
      reader.refuse(
        `${element}.route`,
        `cannot be driven without changing lanes: lane ${lane} of road "${road.id}" has no link to a lane of "${net.roads[roads[i + 1]!]!.id}" that leads on`,
        'Add lane links; lane changing in CityFlow files is not supported.',
      );
    }
  }
}

/** Counts before anything is created, so that a slip of the pen cannot fill the memory. */
function refuseCrowds(flows: readonly Flow[], settings: FlowSettings, reader: JsonReader): void {
  let sum = 0;
  flows.forEach((flow, i) => {
    const end = flow.end < 0 || flow.end > settings.durationSeconds ? settings.durationSeconds : flow.end;
    if (end >= flow.start) sum += Math.floor((end - flow.start) / flow.interval) + 1;
    if (sum > MOST_VEHICLES) {
      reader.refuse(
        `[${i}]`,
        `brings the vehicles of the run to ${sum}; at most ${MOST_VEHICLES}`,
        'Lengthen the intervals, or shorten the flows or the run.',
      );
    }
  });
}

/** The creation of vehicles, step by step in the order of flows, with CityFlow's order of random draws. */
function createVehicles(
  flows: readonly Flow[],
  net: CityFlowRoadNet,
  settings: FlowSettings,
  book: RouteBook,
  classes: readonly ClassParameters[],
): Demand {
  const random = mt19937(settings.seed);
  const { stepSeconds } = settings;
  const steps = Math.ceil(settings.durationSeconds / stepSeconds - 1e-9);
  const byStart = flows.map((_, i) => i).sort((a, b) => flows[a]!.start - flows[b]!.start || a - b);
  const pending = new Float64Array(flows.length);
  flows.forEach((flow, i) => {
    pending[i] = flow.interval;
  });
  const dropped = new Uint8Array(flows.length);
  const taken = new Set<number>();
  const depart: number[] = [];
  const route: number[] = [];
  const vehicleClass: number[] = [];
  const entryLane: number[] = [];
  const priority: number[] = [];
  const onRoad: number[][] = net.roads.map(() => []);
  const flowOf: number[] = [];
  let created = 0;
  let started = 0;
  let now = 0;
  let running: number[] = [];

  for (let step = 0; step < steps; step++, now += stepSeconds) {
    if (started < byStart.length && flows[byStart[started]!]!.start <= now) {
      while (started < byStart.length && flows[byStart[started]!]!.start <= now) running.push(byStart[started++]!);
      running.sort((a, b) => a - b);
    }
    if (running.length === 0) continue;
    const touched: number[] = [];
    const kept: number[] = [];
    for (const index of running) {
      const flow = flows[index]!;
      if (dropped[index] === 1 || (flow.end !== -1 && now > flow.end)) continue;
      kept.push(index);
      while (pending[index]! >= flow.interval) {
        created++;
        let rank = random() | 0;
        while (taken.has(rank)) rank = random() | 0;
        taken.add(rank);
        random();
        const queue = onRoad[flow.firstRoad]!;
        if (queue.length === 0) touched.push(flow.firstRoad);
        queue.push(created - 1);
        flowOf.push(index);
        depart.push(step * stepSeconds);
        route.push(flow.route);
        vehicleClass.push(flow.vehicleClass);
        entryLane.push(-1);
        priority.push(rank);
        pending[index]! -= flow.interval;
      }
      pending[index]! += stepSeconds;
    }
    running = kept;
    touched.sort((a, b) => a - b);
    for (const road of touched) {
      for (const vehicle of onRoad[road]!) {
        if (route[vehicle]! < 0) {
          dropped[flowOf[vehicle]!] = 1;
          continue;
        }
        const lanes = book.entryLanes[route[vehicle]!]!;
        entryLane[vehicle] = lanes[random() % lanes.length]!;
      }
      onRoad[road]!.length = 0;
    }
  }
  const kept = route.map((_, i) => i).filter((i) => route[i]! >= 0);
  return {
    count: kept.length,
    departSeconds: Float64Array.from(kept, (i) => depart[i]!),
    route: Int32Array.from(kept, (i) => route[i]!),
    vehicleClass: Uint8Array.from(kept, (i) => vehicleClass[i]!),
    entryLane: Int32Array.from(kept, (i) => entryLane[i]!),
    speedFactor: new Float64Array(kept.length).fill(1),
    priority: Int32Array.from(kept, (i) => priority[i]!),
    classes,
  };
}
