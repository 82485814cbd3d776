/** Turns a scenario or a CityFlow folder into SUMO's files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scenario } from '../../scenarios/types.ts';
import type { Network } from '../../sim/core.ts';
import { demandFromScenario } from '../../sim/demand/demand.ts';
import { networkFromScenario } from '../../sim/network/scenario.ts';
import { type CrossingNetwork, crossingsOf } from '../../sim/pedestrians/crossings.ts';
import { type People, peopleFromScenario } from '../../sim/pedestrians/people.ts';
import { peopleXml } from './crossings.ts';
import { attribute, type ExportCrossing, type ExportModel, type ExportPerson, namesOf, sumoId } from './model.ts';
import { netXml } from './net.ts';
import { plansOf } from './programs.ts';
import { routesXml } from './routes.ts';

const USUAL_LANE_WIDTH = 3.25;
const CONTROLS = { yield: 'priority', stop: 'priority_stop', 'all-way-stop': 'allway_stop' } as const;

export interface ExportedFiles {
  /** Names and texts; the first is the configuration. */
  readonly files: Readonly<Record<string, string>>;
  readonly vehicles: number;
  readonly people: number;
  /** What SUMO's files say otherwise than the source, in words. */
  readonly notes: readonly string[];
}

/** A scenario with the vehicles of a seed and, unless they are left out, its people. */
export function exportScenario(scenario: Scenario, seed: number, withPeople = true): ExportedFiles {
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, seed);
  const walking = crossingsOf(scenario, network);
  const plans = scenario.junctions.map(({ configuration }) =>
    configuration.localPlan.length === 0
      ? { programs: [], switches: [] }
      : plansOf(configuration, scenario.startsAtMs, scenario.durationSeconds),
  );
  const model: ExportModel = {
    name: scenario.name,
    network,
    demand,
    isLefthand: scenario.drivingSide === 'left',
    plans,
    controls: scenario.junctions.map(({ rightOfWay }) =>
      rightOfWay === undefined ? 'traffic_light' : CONTROLS[rightOfWay.rule],
    ),
    crossings: walking === null ? [] : exportCrossings(network, walking),
    people: walking === null || !withPeople ? [] : exportPeople(peopleFromScenario(scenario, walking.crossings, seed)),
    laneWidths: laneWidthsOf(scenario, network),
    stepSeconds: scenario.stepSeconds,
    durationSeconds: scenario.durationSeconds,
  };
  return textsOf(model, [
    ...told(scenario, model),
    ...(walking === null || withPeople ? [] : ['people are left out, as was asked; their crossings are there']),
    `vehicles and people are those of seed ${seed}, one by one`,
  ]);
}

function laneWidthsOf(scenario: Scenario, network: Network): Float64Array {
  const widths = new Map<string, number>();
  const exits = new Map<string, number>();
  for (const { name, approaches } of scenario.junctions) {
    for (const approach of approaches) {
      for (const lane of approach.lanes) widths.set(`${approach.id}/${lane.index}`, lane.widthMetres);
      for (const lane of approach.exitLanes) exits.set(`${name}/${approach.name}-exit-${lane.index}`, lane.widthMetres);
    }
  }
  const laneWidths = Float64Array.from(
    { length: network.laneCount },
    (_, lane) => exits.get(network.names[lane]!) ?? USUAL_LANE_WIDTH,
  );
  for (const approach of network.approaches) {
    approach.lanes.forEach((lane, i) => {
      laneWidths[lane] = widths.get(`${approach.id}/${i}`) ?? USUAL_LANE_WIDTH;
    });
  }
  return laneWidths;
}

function exportCrossings(network: Network, { crossings, first, link }: CrossingNetwork): ExportCrossing[] {
  return crossings.map((crossing, c) => {
    const links = Array.from(link.subarray(first[c]!, first[c + 1]!));
    const inbound = network.approaches.find(
      ({ junction, name }) => junction === crossing.junction && name === crossing.approach,
    )!.lanes;
    const leaving = links.find((own) => !inbound.includes(network.linkStart[own]!));
    return {
      junction: crossing.junction,
      arm: crossing.approach,
      group: crossing.group - network.junctions[crossing.junction]!.firstGroup,
      width: crossing.width,
      length: crossing.length,
      x: crossing.x,
      y: crossing.y,
      alongX: crossing.alongX,
      alongY: crossing.alongY,
      links,
      lanes: [inbound[0]!, ...(leaving === undefined ? [] : [network.linkEnd[leaving]!])],
    };
  });
}

function exportPeople(people: People): ExportPerson[] {
  return Array.from({ length: people.count }, (_, person) => ({
    departSeconds: people.arriveSeconds[person]!,
    crossing: people.crossing[person]!,
    direction: people.direction[person]!,
    speed: people.speed[person]!,
  }));
}

/** What SUMO's files cannot say or say otherwise, by name and count. */
function told(scenario: Scenario, { demand, plans, people, crossings }: ExportModel): string[] {
  const notes = [
    "vehicles follow SUMO's Krauss model with its imperfection (sigma 0.5), each with its own speed factor",
    'turning vehicles wait at the stop line, not inside the junction',
  ];
  const add = (count: number, one: string, many: string, what: string) => {
    if (count > 0) notes.push(`${count} ${count === 1 ? one : many}: ${what}`);
  };
  const classCounts = new Map<string, number>();
  for (let v = 0; v < demand.count; v++) {
    const { name } = demand.classes[demand.vehicleClass[v]!]!;
    classCounts.set(name, (classCounts.get(name) ?? 0) + 1);
  }
  const ofClass = (names: readonly string[]) => names.reduce((sum, name) => sum + (classCounts.get(name) ?? 0), 0);
  add(
    ofClass(['bike', 'bicycle']),
    'two-wheeler',
    'two-wheelers',
    'they keep to the middle of their lane, neither abreast nor past a queue (SUMO does that with --lateral-resolution)',
  );
  add(ofClass(['emergency']), 'emergency vehicle', 'emergency vehicles', 'others do not make way for them');
  const junctions = scenario.junctions.map(({ configuration }) => configuration);
  const actuated = scenario.variants.filter(({ strategy }) => strategy !== 'fixed-time').map(({ name }) => name);
  add(actuated.length, 'variant', 'variants', `${actuated.join(', ')}: SUMO runs today's plan`);
  const shifted = junctions.filter(
    ({ offsetSeconds, localSchedule = [] }) =>
      offsetSeconds !== undefined || localSchedule.some((entry) => entry.offsetSeconds !== undefined),
  );
  add(shifted.length, 'junction', 'junctions', 'is at its offset from the first cycle on');
  const changes = plans.reduce((sum, { switches }) => sum + switches.length, 0);
  add(changes, 'change', 'changes', 'of plans by the time of day: at once, in the midst of a cycle (WAUT)');
  const stops = scenario.junctions.flatMap(({ approaches }) => approaches.flatMap(({ busStops = [] }) => busStops));
  add(stops.length, 'bus stop', 'bus stops', 'left out, and buses drive past');
  add(
    crossings.filter((_, c) => scenario.junctions.flatMap((junction) => junction.crossings)[c]!.button).length,
    'push button',
    'push buttons',
    'left out; the walk comes in every cycle of the plan that has it',
  );
  add(
    people.length,
    'person',
    'people',
    'walk by SUMO, each at its own speed from kerb to kerb, cyclists as people; flextraff run and import do not read people: export --without-people for those',
  );
  const readers = scenario.junctions.flatMap(({ approaches }) => approaches.flatMap(({ rfid }) => rfid)).length;
  add(readers, 'reader', 'readers', 'RFID readers, loops, faults and what is broadcast are left out');
  return notes;
}

/** The files of a model. */
export function textsOf(model: ExportModel, notes: readonly string[]): ExportedFiles {
  const names = namesOf(model);
  const base = sumoId(model.name, new Set());
  const walk = model.people.length > 0;
  const routes = [`${base}.rou.xml`, ...(walk ? [`${base}.people.rou.xml`] : [])];
  const configuration = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<configuration>',
    '  <input>',
    `    <net-file value="${attribute(base)}.net.xml"/>`,
    `    <route-files value="${attribute(routes.join(','))}"/>`,
    '  </input>',
    '  <time>',
    '    <begin value="0"/>',
    `    <end value="${model.durationSeconds}"/>`,
    `    <step-length value="${model.stepSeconds}"/>`,
    '  </time>',
    '  <processing>',
    '    <time-to-teleport value="-1"/>',
    '  </processing>',
    '</configuration>',
    '',
  ].join('\n');
  const quick = model.demand.classes
    .filter(({ timeHeadway }) => timeHeadway < model.stepSeconds)
    .map(({ name }) => name);
  const raised = `the time headway of ${quick.join(', ')} is raised to the step of ${model.stepSeconds} s, below which SUMO's vehicles collide`;
  return {
    files: {
      [`${base}.sumocfg`]: configuration,
      [`${base}.net.xml`]: netXml(model, names),
      [`${base}.rou.xml`]: routesXml(model, names),
      ...(walk && { [`${base}.people.rou.xml`]: peopleXml(model, names) }),
    },
    vehicles: model.demand.count,
    people: model.people.length,
    notes: quick.length > 0 ? [...notes, raised] : notes,
  };
}

/** Writes the files into a folder, made if need be; resolves with their paths. */
export async function writeExport(exported: ExportedFiles, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [name, text] of Object.entries(exported.files)) {
    const path = join(folder, name);
    await writeFile(path, text);
    paths.push(path);
  }
  return paths;
}
