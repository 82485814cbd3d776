/** Turns a scenario or a CityFlow folder into SUMO's files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timePlan } from '../../junction/timing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { demandFromScenario } from '../../sim/demand/demand.ts';
import { networkFromScenario } from '../../sim/network/scenario.ts';
import { attribute, type ExportModel, type ExportPhase, namesOf, sumoId } from './model.ts';
import { netXml } from './net.ts';
import { routesXml } from './routes.ts';

export interface ExportedFiles {
  /** Names and texts; the first is the configuration. */
  readonly files: Readonly<Record<string, string>>;
  readonly vehicles: number;
  /** What SUMO's files say otherwise than the source, in words. */
  readonly notes: readonly string[];
}

/** A scenario with the vehicles of a seed. */
export function exportScenario(scenario: Scenario, seed: number): ExportedFiles {
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, seed);
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
    (_, lane) => exits.get(network.names[lane]!) ?? 3.25,
  );
  for (const approach of network.approaches) {
    approach.lanes.forEach((lane, i) => {
      laneWidths[lane] = widths.get(`${approach.id}/${i}`) ?? 3.25;
    });
  }
  const walkers = scenario.junctions.some(({ crossings }) => crossings.length > 0);
  return textsOf(
    {
      name: scenario.name,
      network,
      demand,
      isLefthand: scenario.drivingSide === 'left',
      programs: scenario.junctions.map(({ configuration }) => phasesOf(configuration)),
      laneWidths,
      stepSeconds: scenario.stepSeconds,
      durationSeconds: scenario.durationSeconds,
    },
    [
      "vehicles follow SUMO's Krauss model with its imperfection (sigma 0.5), each with its own speed factor",
      "signals run today's plan without detectors; turning vehicles wait at the stop line, not inside the junction",
      `the vehicles are those of seed ${seed}, with their departures and routes`,
      ...(walkers ? ['crossings, pedestrians and their signals are left out'] : []),
      ...(scenario.vehicleClasses.some(({ name }) => ['bike', 'bicycle', 'rickshaw'].includes(name))
        ? ['two-wheelers, bicycles and auto-rickshaws keep to the middle of their lane']
        : []),
    ],
  );
}

/** Phases of today's plan as the lamp device carries it out: green, yellow for what closes, red for what opens. */
export function phasesOf(configuration: JunctionConfiguration): ExportPhase[] {
  const { localPlan, signalGroups, stages } = configuration;
  const { stages: timed } = timePlan(configuration, localPlan);
  const greens = localPlan.map(({ stageId }) => {
    const { groups } = stages.find(({ id }) => id === stageId)!;
    return signalGroups.map(({ id }) => groups.includes(id));
  });
  const phases: ExportPhase[] = [];
  const add = (milliseconds: number, lamps: number[]) => {
    if (milliseconds > 0) phases.push({ seconds: milliseconds / 1000, lamps });
  };
  timed.forEach(({ greenMs, yellowMs, transitionMs }, k) => {
    const own = greens[k]!;
    const next = greens[(k + 1) % greens.length]!;
    add(greenMs, own.map(Number));
    if (timed.length === 1) return;
    const yellow = Math.min(yellowMs, transitionMs);
    add(
      yellow,
      own.map((green, g) => (green ? (next[g] ? 1 : 2) : 0)),
    );
    add(
      transitionMs - yellow,
      own.map((green, g) => (green && next[g] ? 1 : 0)),
    );
  });
  return phases;
}

/** The three files of a model. */
export function textsOf(model: ExportModel, notes: readonly string[]): ExportedFiles {
  const names = namesOf(model);
  const base = sumoId(model.name, new Set());
  const configuration = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<configuration>',
    '  <input>',
    `    <net-file value="${attribute(base)}.net.xml"/>`,
    `    <route-files value="${attribute(base)}.rou.xml"/>`,
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
    },
    vehicles: model.demand.count,
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
