/** What stands still: built once for a street, from the network and, where there is one, the scenario's layout. */
import { type Point, type Polyline, type Scenario, type Turn, VEHICLE_CLASSES } from '../../scenarios/types.ts';
import type { ClassParameters, Network } from '../core.ts';
import type { Drawing } from './types.ts';

type SignalGroupDrawing = Drawing['junctions'][number]['signalGroups'][number];

/** Name tags stand this far before the stop line and this far off the road, metres. */
const LABEL_BEFORE_METRES = 20;
const LABEL_ASIDE_METRES = 5;

/** The drawing of a scenario. `network` is the one made from it. */
export function drawingOfScenario(scenario: Scenario, network: Network, classes: readonly ClassParameters[]): Drawing {
  const widths = new Map<string, number>();
  // The road between two junctions is one: what is an exit of the one is an approach of the other.
  const feeding = new Set(
    scenario.junctions.flatMap((j) =>
      j.approaches.flatMap(({ from }) => (from ? [`${from.junction}/${from.exit}`] : [])),
    ),
  );
  const lanes: Drawing['lanes'] = scenario.junctions.flatMap((junction) =>
    junction.approaches.flatMap((approach) => {
      for (const lane of approach.lanes) widths.set(`${approach.id}/${lane.index}`, lane.widthMetres);
      const kind = approach.from === undefined ? 'approach' : 'road';
      const exits = feeding.has(`${junction.name}/${approach.name}`) ? [] : approach.exitLanes;
      return [
        ...approach.lanes.map(({ path, widthMetres }) => ({ path, widthMetres, kind }) as const),
        ...exits.map(({ path, widthMetres }) => ({ path, widthMetres, kind: 'exit' }) as const),
      ];
    }),
  );
  const laneWidth = new Float64Array(network.laneCount).fill(3.25);
  for (const approach of network.approaches) {
    approach.lanes.forEach((lane, i) => {
      laneWidth[lane] = widths.get(`${approach.id}/${i}`) ?? 3.25;
    });
  }
  const outward = scenario.drivingSide === 'right' ? 1 : -1;
  const junctions = scenario.junctions.map((junction): Drawing['junctions'][number] => {
    const index = network.junctions.findIndex((j) => j.id === junction.id);
    const { signalGroups, stages } = junction.configuration;
    return {
      id: junction.id,
      name: junction.name,
      outline: junction.outline,
      signalGroups: signalGroups.map((group, g): SignalGroupDrawing => {
        const common = { id: group.id, number: group.number, kind: group.kind };
        if (group.kind === 'vehicle') {
          const turns = [...new Set(junction.movements.filter((m) => m.group === group.id).map((m) => m.turn))];
          return { ...common, ...atStopLines(network, laneWidth, network.junctions[index]!.firstGroup + g), turns };
        }
        const crossing = junction.crossings.find((c) => c.group === group.id);
        const outline = crossing?.outline ?? [junction.centre];
        const ends: [Point, Point] = [outline[0]!, outline[1] ?? outline[0]!];
        return { ...common, approach: group.approaches[0] ?? '', turns: [], stopLine: ends };
      }),
      stages: stages.map(({ id, groups }) => ({ id, groups: [...groups] })),
      crossings: junction.crossings.map((crossing) => crossing.outline),
    };
  });
  return {
    bounds: boundsOf([...lanes, ...junctions.map(({ outline }) => ({ path: outline, widthMetres: 0 }))]),
    lanes,
    junctions,
    approaches: labels(network, laneWidth, outward),
    vehicleClasses: vehicleClasses(classes),
  };
}

/** What a file says of a junction's signal. */
export interface FileSignal {
  /** Index into `Network.junctions`. */
  readonly junction: number;
  /** Signal groups to draw: their ids, and their index among all groups of the network. */
  readonly groups: readonly { readonly id: string; readonly group: number }[];
  /** Groups by their index in `groups`. */
  readonly stages: readonly { readonly id: string; readonly groups: readonly number[] }[];
}

/** The drawing of a file that has lanes and links only. `laneWidth` is in metres, by lane. */
export function drawingOfNetwork(
  network: Network,
  laneWidth: Float64Array,
  signals: readonly FileSignal[],
  classes: readonly ClassParameters[],
): Drawing {
  const isExit = network.junctions.length === 1;
  const lanes: Drawing['lanes'] = Array.from({ length: network.laneCount }, (_, lane) => {
    const inner = network.junctions.length > 1 && network.approachOf[lane]! >= 0 && leadsIn(network, lane);
    const kind = inner
      ? 'road'
      : network.approachOf[lane]! >= 0
        ? 'approach'
        : isExit || leadsIn(network, lane)
          ? 'exit'
          : 'road';
    return { path: polyline(network.paths[lane]!), widthMetres: laneWidth[lane]!, kind };
  });
  const junctions = network.junctions.map((junction, index): Drawing['junctions'][number] => {
    const { groups = [], stages = [] } = signals.find((signal) => signal.junction === index) ?? {};
    return {
      id: junction.id,
      name: junction.name,
      outline: hull(cornersOf(network, laneWidth, index)),
      signalGroups: groups.map(
        ({ id, group }, g): SignalGroupDrawing => ({
          id,
          number: g + 1,
          kind: 'vehicle',
          ...atStopLines(network, laneWidth, group),
        }),
      ),
      stages: stages.map((stage) => ({ id: stage.id, groups: stage.groups.map((g) => groups[g]!.id) })),
      crossings: [],
    };
  });
  return {
    bounds: boundsOf(lanes),
    lanes,
    junctions,
    approaches: labels(network, laneWidth, 1),
    vehicleClasses: vehicleClasses(classes),
  };
}

function leadsIn(network: Network, lane: number): boolean {
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    if (network.linkEnd[link] === lane) return true;
  }
  return false;
}

function polyline(path: Float64Array): Polyline {
  return Array.from({ length: path.length / 2 }, (_, i) => ({ x: path[2 * i]!, y: path[2 * i + 1]! }));
}

/** Classes as the page knows them; a file's own class counts as a car. */
function vehicleClasses(classes: readonly ClassParameters[]): Drawing['vehicleClasses'] {
  return VEHICLE_CLASSES.flatMap((name, index) => {
    const found = classes.find((parameters) => classIndex(parameters.name) === index);
    return found === undefined ? [] : [{ name, lengthMetres: found.length, widthMetres: found.width }];
  });
}

/** Index into VEHICLE_CLASSES; a car's for names that are not there. */
export function classIndex(name: string): number {
  const index = (VEHICLE_CLASSES as readonly string[]).indexOf(name);
  return index < 0 ? 0 : index;
}

interface End {
  readonly x: number;
  readonly y: number;
  /** Unit direction of travel. */
  readonly dx: number;
  readonly dy: number;
}

function endOf(path: Float64Array, atStart = false): End {
  const i = atStart ? 0 : path.length - 4;
  const dx = path[i + 2]! - path[i]!;
  const dy = path[i + 3]! - path[i + 1]!;
  const length = Math.sqrt(dx * dx + dy * dy);
  const p = atStart ? 0 : path.length - 2;
  return { x: path[p]!, y: path[p + 1]!, dx: length === 0 ? 1 : dx / length, dy: length === 0 ? 0 : dy / length };
}

/** Where the lights of a group stand: over the lanes from which its links begin, by approach. */
function atStopLines(
  network: Network,
  laneWidth: Float64Array,
  group: number,
): Pick<SignalGroupDrawing, 'approach' | 'turns' | 'stopLine' | 'others'> {
  const byApproach = new Map<number, number[]>();
  const turns: Turn[] = [];
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    if (network.linkGroup[link] !== group) continue;
    const lane = network.linkStart[link]!;
    const lanes = byApproach.get(network.approachOf[lane]!) ?? [];
    if (!lanes.includes(lane)) lanes.push(lane);
    byApproach.set(network.approachOf[lane]!, lanes);
    const turn = turnOf(network.paths[link]!);
    if (!turns.includes(turn)) turns.push(turn);
  }
  const places = [...byApproach].map(([approach, lanes]) => ({
    approach: network.approaches[approach]?.name ?? '',
    stopLine: stopLineOf(network, laneWidth, lanes),
  }));
  const first = places[0] ?? {
    approach: '',
    stopLine: [
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ] satisfies [Point, Point],
  };
  return { ...first, turns, ...(places.length > 1 ? { others: places.slice(1) } : {}) };
}

/** From the left edge of the leftmost lane to the right edge of the rightmost, seen in the direction of travel. */
function stopLineOf(network: Network, laneWidth: Float64Array, lanes: readonly number[]): [Point, Point] {
  const base = endOf(network.paths[lanes[0]!]!);
  let left = 0;
  let right = 0;
  for (const lane of lanes) {
    const end = endOf(network.paths[lane]!);
    const aside = (end.x - base.x) * base.dy - (end.y - base.y) * base.dx;
    left = Math.min(left, aside - laneWidth[lane]! / 2);
    right = Math.max(right, aside + laneWidth[lane]! / 2);
  }
  const point = (aside: number): Point => ({ x: base.x + aside * base.dy + 0, y: base.y - aside * base.dx + 0 });
  return [point(left), point(right)];
}

/** By the change of direction: within 45 degrees straight, beyond 135 degrees a U-turn. */
/** Which way a path turns. */
export function turnOf(path: Float64Array): Turn {
  const from = endOf(path, true);
  const to = endOf(path);
  const along = from.dx * to.dx + from.dy * to.dy;
  if (along > Math.SQRT1_2) return 'straight';
  if (along < -Math.SQRT1_2) return 'u-turn';
  return from.dx * to.dy - from.dy * to.dx > 0 ? 'left' : 'right';
}

/** `outward`: 1 where traffic keeps right, -1 where it keeps left. */
function labels(network: Network, laneWidth: Float64Array, outward: number): Drawing['approaches'] {
  return network.approaches.map((approach) => {
    const lanes = approach.lanes;
    const line = stopLineOf(network, laneWidth, lanes);
    const { dx, dy } = endOf(network.paths[lanes[0]!]!);
    const kerb = outward > 0 ? line[1] : line[0];
    const before = Math.min(LABEL_BEFORE_METRES, network.length[lanes[0]!]! / 2);
    return {
      junction: network.junctions[approach.junction]!.id,
      name: approach.name,
      id: approach.id,
      label: {
        x: kerb.x + outward * LABEL_ASIDE_METRES * dy - before * dx,
        y: kerb.y - outward * LABEL_ASIDE_METRES * dx - before * dy,
      },
    };
  });
}

/** Corners of the lanes where they end at the junction or begin from it. */
function cornersOf(network: Network, laneWidth: Float64Array, junction: number): Point[] {
  const corners: Point[] = [];
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    if (network.linkJunction[link] !== junction) continue;
    for (const [end, lane] of [
      [endOf(network.paths[network.linkStart[link]!]!), network.linkStart[link]!],
      [endOf(network.paths[network.linkEnd[link]!]!, true), network.linkEnd[link]!],
    ] as const) {
      const half = laneWidth[lane]! / 2;
      corners.push(
        { x: end.x + half * end.dy, y: end.y - half * end.dx },
        { x: end.x - half * end.dy, y: end.y + half * end.dx },
      );
    }
  }
  return corners;
}

/** Convex hull, counter-clockwise (monotone chain). */
function hull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (ordered: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const p of ordered) {
      while (chain.length >= 2) {
        const a = chain[chain.length - 2]!;
        const b = chain[chain.length - 1]!;
        if ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) > 0) break;
        chain.pop();
      }
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

function boundsOf(lines: readonly { path: Polyline; widthMetres: number }[]): Drawing['bounds'] {
  const bounds = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (const { path, widthMetres } of lines) {
    for (const { x, y } of path) {
      bounds.minX = Math.min(bounds.minX, x - widthMetres / 2);
      bounds.minY = Math.min(bounds.minY, y - widthMetres / 2);
      bounds.maxX = Math.max(bounds.maxX, x + widthMetres / 2);
      bounds.maxY = Math.max(bounds.maxY, y + widthMetres / 2);
    }
  }
  return bounds;
}
