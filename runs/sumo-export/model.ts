/** What is exported: a network, its signals and its vehicles, with the names that SUMO's files will have. */
import type { Demand, Network } from '../../sim/core.ts';

/** One phase of a signal: seconds, and what each group of the junction shows: 0 red, 1 green, 2 yellow. */
export interface ExportPhase {
  readonly seconds: number;
  readonly lamps: readonly number[];
}

export interface ExportProgram {
  readonly id: string;
  /** When a cycle begins, seconds since the begin of the run. */
  readonly offsetSeconds: number;
  readonly phases: readonly ExportPhase[];
}

/** What a junction's signal does: the program that runs from the begin is the last one. */
export interface ExportPlans {
  readonly programs: readonly ExportProgram[];
  /** Changes by the clock, in their order. */
  readonly switches: readonly { readonly atSeconds: number; readonly program: string }[];
}

/** SUMO's types of junctions. */
export type ExportControl = 'traffic_light' | 'priority' | 'priority_stop' | 'allway_stop';

/** A crossing with the people who use it; coordinates in metres. */
export interface ExportCrossing {
  readonly junction: number;
  /** Name of the arm, unique within the junction. */
  readonly arm: string;
  /** Group within the junction. */
  readonly group: number;
  readonly width: number;
  readonly length: number;
  /** First kerb, and unit vector to the second. */
  readonly x: number;
  readonly y: number;
  readonly alongX: number;
  readonly alongY: number;
  /** Links (segments) that run over it. */
  readonly links: readonly number[];
  /** A lane (segment) of each road of its arm. */
  readonly lanes: readonly number[];
}

export interface ExportPerson {
  readonly departSeconds: number;
  /** Index into the crossings. */
  readonly crossing: number;
  /** 1: from the first kerb to the second; -1: the other way. */
  readonly direction: number;
  readonly speed: number;
}

export interface ExportModel {
  readonly name: string;
  readonly network: Network;
  readonly demand: Demand;
  readonly isLefthand: boolean;
  /** By junction of the network. */
  readonly plans: readonly ExportPlans[];
  /** By junction of the network. */
  readonly controls: readonly ExportControl[];
  readonly crossings: readonly ExportCrossing[];
  /** In the order in which they come. */
  readonly people: readonly ExportPerson[];
  /** Metres, by lane of the network. */
  readonly laneWidths: Float64Array;
  readonly stepSeconds: number;
  readonly durationSeconds: number;
}

/** A road of the network as a SUMO edge. */
export interface ExportEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Lanes (segments) from the outer edge of the road inwards: SUMO's index 0, 1, ... */
  readonly lanes: readonly number[];
}

export interface ExportNames {
  readonly edges: readonly ExportEdge[];
  /** By lane of the network: its edge, and SUMO's index and id. */
  readonly edgeOfLane: Int32Array;
  readonly indexOfLane: Int32Array;
  readonly idOfLane: readonly string[];
  /** By junction of the network. */
  readonly junctions: readonly string[];
  /** By crossing of the model. */
  readonly crossings: readonly string[];
  /** Junctions where roads begin or end, with the edges that end there. */
  readonly ends: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly incoming: readonly number[];
  }[];
}

/** Characters that SUMO lets into an id everywhere; others become `_`. */
export function sumoId(text: string, taken: Set<string>): string {
  const plain = text.replace(/[^A-Za-z0-9_.#-]/g, '_').replace(/^[^A-Za-z0-9_-]+/, '') || 'x';
  let id = plain;
  for (let n = 2; taken.has(id); n++) id = `${plain}_${n}`;
  taken.add(id);
  return id;
}

/** Edges, lanes and junctions with their ids. */
export function namesOf({ network, crossings }: ExportModel): ExportNames {
  const { laneCount, tables, names } = network;
  const road = tables!.road;
  const laneIndex = tables!.laneIndex;
  const takenJunctions = new Set<string>();
  const junctions = network.junctions.map(({ name }) => sumoId(name, takenJunctions));
  const lanesOfRoad = new Map<number, number[]>();
  for (let lane = 0; lane < laneCount; lane++) {
    lanesOfRoad.set(road[lane]!, [...(lanesOfRoad.get(road[lane]!) ?? []), lane]);
  }
  const takenEdges = new Set<string>();
  const edgeOfLane = new Int32Array(laneCount);
  const indexOfLane = new Int32Array(laneCount);
  const idOfLane: string[] = [];
  const ends: { id: string; x: number; y: number; incoming: number[] }[] = [];
  const edges = [...lanesOfRoad.values()].map((lanes, e): ExportEdge => {
    // index 0 is nearest the centre line here, and outermost there
    lanes.sort((a, b) => laneIndex[b]! - laneIndex[a]!);
    const inner = lanes[lanes.length - 1]!;
    const id = sumoId(names[inner]!.replace(/[-_]0$/, ''), takenEdges);
    lanes.forEach((lane, index) => {
      edgeOfLane[lane] = e;
      indexOfLane[lane] = index;
      idOfLane[lane] = `${id}_${index}`;
    });
    const path = network.paths[inner]!;
    const end = (atStart: boolean): string => {
      const junction = junctionAt(network, lanes, atStart);
      if (junction >= 0) return junctions[junction]!;
      const [x, y] = atStart ? [path[0]!, path[1]!] : [path[path.length - 2]!, path[path.length - 1]!];
      const node = {
        id: sumoId(`${id}_${atStart ? 'begin' : 'end'}`, takenJunctions),
        x,
        y,
        incoming: atStart ? [] : [e],
      };
      ends.push(node);
      return node.id;
    };
    return { id, from: end(true), to: end(false), lanes };
  });
  return {
    edges,
    edgeOfLane,
    indexOfLane,
    idOfLane,
    junctions,
    crossings: crossings.map(({ junction, arm }) => sumoId(`${junctions[junction]}_${arm}_crossing`, takenEdges)),
    ends,
  };
}

/** The junction at the begin or the end of a road, -1 for none. */
function junctionAt(network: Network, lanes: readonly number[], atStart: boolean): number {
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    if (lanes.includes((atStart ? network.linkEnd : network.linkStart)[link]!)) return network.linkJunction[link]!;
  }
  return -1;
}

/** Enough digits for a centimetre and a millisecond, and no more. */
export const fixed = (value: number, digits = 2): string => (value === 0 ? 0 : value).toFixed(digits);

export function attribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** `x,y x,y ...` */
export function shapeOf(path: Float64Array | readonly number[]): string {
  const points: string[] = [];
  for (let i = 0; i + 1 < path.length; i += 2) points.push(`${fixed(path[i]!)},${fixed(path[i + 1]!)}`);
  return points.join(' ');
}
