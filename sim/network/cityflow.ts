/** CityFlow folders: a network, its vehicles and its light plans from the parsed roadnet and flow files. */
import type { Demand, Network } from '../core.ts';
import type { LightProgram } from '../traffic/program.ts';
import { assembleNetwork, type CrossDraft, type LaneDraft, type LinkDraft } from './assemble.ts';
import { readFlows } from './cityflow-demand.ts';
import { firstCrossing } from './cityflow-geometry.ts';
import { type CityFlowRoadNet, readRoadNet } from './cityflow-roads.ts';
import { JsonReader } from './json.ts';
import { polylineLength } from './polyline.ts';

/** CityFlow gives its links no limit of their own; this is its number for that. */
const NO_LIMIT = 10000;
const PRECEDENCE = { go_straight: 3, turn_left: 2, turn_right: 1 } as const;

export interface CityFlowOptions {
  /** Name of the case, for messages. */
  readonly name: string;
  /** Seed of CityFlow's generator; its own default and that of the published cases is 0. */
  readonly seed: number;
  /** CityFlow's `interval`; default 1 s. */
  readonly stepSeconds?: number;
  /** Vehicles are created up to here; default 3600 s. */
  readonly durationSeconds?: number;
  /** What the files are called in messages; default `roadnet.json` and `flow.json`. */
  readonly roadnetFile?: string;
  readonly flowFile?: string;
}

export interface CityFlowCase {
  readonly network: Network;
  readonly demand: Demand;
  /** One per intersection with lights, in the order of `network.junctions`. */
  readonly programs: readonly LightProgram[];
  /** What was left out, as CityFlow leaves it out. */
  readonly warnings: readonly string[];
}

/**
 * Builds a case from a parsed roadnet and flow file. Every road link is a signal group, every road that ends at lights
 * an approach. Throws InputFileError (file, element, what is allowed, what to do).
 */
export function readCityFlow(roadnetJson: unknown, flowJson: unknown, options: CityFlowOptions): CityFlowCase {
  const net = readRoadNet(roadnetJson, new JsonReader(options.roadnetFile ?? 'roadnet.json'));
  const firstLane = new Int32Array(net.roads.length);
  let laneCount = 0;
  net.roads.forEach((road, i) => {
    firstLane[i] = laneCount;
    laneCount += road.lanes.length;
  });
  const { junctions, junctionOf, programs } = lights(net);
  const approachOfRoad = new Int32Array(net.roads.length).fill(-1);
  const approaches: Network['approaches'][number][] = [];
  net.roads.forEach((road, i) => {
    if (junctionOf[road.endIntersection]! < 0) return;
    approachOfRoad[i] = approaches.length;
    approaches.push({
      junction: junctionOf[road.endIntersection]!,
      id: road.id,
      name: road.id,
      lanes: road.lanes.map((_, j) => firstLane[i]! + j),
    });
  });
  const { demand, routes, warnings } = readFlows(
    flowJson,
    net,
    {
      firstLane,
      approachOfRoad,
      seed: options.seed,
      stepSeconds: options.stepSeconds ?? 1,
      durationSeconds: options.durationSeconds ?? 3600,
    },
    new JsonReader(options.flowFile ?? 'flow.json'),
  );
  const { links, crosses } = linksAndCrosses(net, firstLane, junctionOf, programs);
  const network = assembleNetwork({
    lanes: net.roads.flatMap((road, i) =>
      road.lanes.map(
        (lane, j): LaneDraft => ({
          name: `${road.id}_${j}`,
          lengthMetres: lane.length,
          speedLimit: lane.maxSpeed,
          path: lane.path,
          road: i,
          laneIndex: j,
          approach: approachOfRoad[i]!,
        }),
      ),
    ),
    links,
    crosses,
    zones: [],
    approaches,
    junctions,
    detectors: [],
    routes,
  });
  return { network, demand, programs, warnings };
}

function lights(net: CityFlowRoadNet) {
  const junctions: Network['junctions'][number][] = [];
  const junctionOf = new Int32Array(net.intersections.length).fill(-1);
  const programs: LightProgram[] = [];
  let firstGroup = 0;
  net.intersections.forEach((intersection, i) => {
    if (intersection.virtual) return;
    const groupCount = intersection.roadLinks.length;
    junctionOf[i] = junctions.length;
    programs.push({
      junction: junctions.length,
      firstGroup,
      groupCount,
      phases: intersection.phases.map((phase) => ({
        seconds: phase.seconds,
        greenGroups: [...new Set(phase.roadLinks)].sort((a, b) => a - b).map((link) => firstGroup + link),
      })),
    });
    junctions.push({ id: intersection.id, name: intersection.id, configuration: null, firstGroup, groupCount });
    firstGroup += groupCount;
  });
  return { junctions, junctionOf, programs };
}

function linksAndCrosses(
  net: CityFlowRoadNet,
  firstLane: Int32Array,
  junctionOf: Int32Array,
  programs: readonly LightProgram[],
): { links: LinkDraft[]; crosses: CrossDraft[] } {
  const links: LinkDraft[] = [];
  const crosses: CrossDraft[] = [];
  net.intersections.forEach((intersection, i) => {
    const first = links.length;
    intersection.roadLinks.forEach((roadLink, k) => {
      for (const laneLink of roadLink.laneLinks) {
        const startLane = firstLane[roadLink.startRoad]! + laneLink.startLane;
        const endLane = firstLane[roadLink.endRoad]! + laneLink.endLane;
        const from = `${net.roads[roadLink.startRoad]!.id}_${laneLink.startLane}`;
        const to = `${net.roads[roadLink.endRoad]!.id}_${laneLink.endLane}`;
        links.push({
          name: `${from}_TO_${to}`,
          lengthMetres: polylineLength(laneLink.path),
          speedLimit: NO_LIMIT,
          path: laneLink.path,
          startLane,
          endLane,
          group: programs[junctionOf[i]!]!.firstGroup + k,
          junction: junctionOf[i]!,
          precedence: PRECEDENCE[roadLink.turn],
        });
      }
    });
    for (let a = first; a < links.length; a++) {
      for (let b = a + 1; b < links.length; b++) {
        const cross = firstCrossing(links[a]!.path, links[b]!.path);
        if (cross !== null) crosses.push({ a, b, distanceOnA: cross.onA, distanceOnB: cross.onB });
      }
    }
  });
  return { links, crosses };
}
