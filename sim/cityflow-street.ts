/** A street from CityFlow's files: CityFlow's traffic, under the file's own light plans or under lamp controllers. */
import type { Engine, Network } from './core.ts';
import { type CityFlowCase, readCityFlow } from './network/cityflow.ts';
import { type CityFlowStages, cityFlowStages, withConfigurations } from './network/cityflow-configuration.ts';
import { feedersOf } from './network/feeders.ts';
import { ProgramSignals } from './signals/programs.ts';
import type { Parts, StreetOptions } from './street.ts';
import { createEngine } from './traffic/engine.ts';
import { unitsOfNetwork } from './v2x/network-units.ts';
import { drawingOfNetwork } from './view/drawing.ts';

/** Parsed files; `stepSeconds` is CityFlow's `interval`, 1 s by default. */
export interface CityFlowSource {
  readonly kind: 'cityflow';
  readonly name: string;
  readonly roadnet: unknown;
  readonly flow: unknown;
  readonly durationSeconds: number;
  readonly stepSeconds?: number;
}

/** The files carry no date: time 0 is the default start of a scenario, 2024-01-01T00:00:00Z. */
const STARTS_AT_MS = 1_704_067_200_000;

/** What was worked out from the files. Nobody changes it. */
interface Known {
  readonly source: CityFlowSource;
  readonly seed: number;
  readonly read: CityFlowCase;
  readonly stages: readonly CityFlowStages[];
  /** By junction and group in it: its id in the configuration. */
  readonly groupIds: readonly (readonly (string | undefined)[])[];
  /** Under the file's own plans, and steered. */
  own?: Network;
  steered?: Network;
}

/** What was last read of a roadnet: variants and further runs of the same seed share it. */
const lastKnown = new WeakMap<object, Known>();

function knownOf(source: CityFlowSource, seed: number): Known {
  const { name, roadnet, flow, durationSeconds, stepSeconds = 1 } = source;
  const known = Object(roadnet) === roadnet ? lastKnown.get(roadnet as object) : undefined;
  if (known?.seed === seed && known.source.flow === flow) {
    const { source: of } = known;
    if (of.name === name && of.durationSeconds === durationSeconds && (of.stepSeconds ?? 1) === stepSeconds)
      return known;
  }
  const read = readCityFlow(roadnet, flow, { name, seed, stepSeconds, durationSeconds });
  const stages = cityFlowStages(read.network, read.programs, name);
  const groupIds = stages.map(({ groups, groupIds: ids }) => {
    const byGroup: string[] = [];
    groups.forEach((g, k) => {
      byGroup[g] = ids[k]!;
    });
    return byGroup;
  });
  const found = { source, seed, read, stages, groupIds };
  lastKnown.set(roadnet as object, found);
  return found;
}

function networkOf(known: Known, isOwn: boolean): Network {
  const { read, stages, source, groupIds } = known;
  const of = (steered: boolean) =>
    withNeighbours(withConfigurations(read.network, stages, source.name, steered), groupIds);
  if (isOwn) {
    known.own ??= of(false);
    return known.own;
  }
  known.steered ??= of(true);
  return known.steered;
}

/** Engine and parts. Throws InputFileError for files that cannot be run. */
export function ofCityFlow(source: CityFlowSource, options: StreetOptions): { engine: Engine; parts: Parts } {
  const known = knownOf(source, options.seed);
  const { stages, groupIds } = known;
  const { demand, programs, warnings } = known.read;
  const { variant, v2x } = options;
  const isOwn = variant.strategy === 'fixed-time' && Object.keys(variant.parameters ?? {}).length === 0;
  const network = networkOf(known, isOwn);
  const engine = createEngine(network, demand, { stepSeconds: source.stepSeconds ?? 1, seed: options.seed });
  const steered = network.junctions.flatMap(({ configuration, firstGroup }, j) =>
    configuration === null ? [] : [{ firstGroup, groups: stages[j]!.groups, lamps: new Uint8Array(254), j }],
  );
  const parts: Parts = {
    options,
    crowd: null,
    startsAtMs: STARTS_AT_MS,
    durationSeconds: source.durationSeconds,
    warmUpSeconds: 0,
    readers: null,
    epcs: [],
    windowSeconds: 0,
    programs: programs.flatMap((program, j) =>
      network.junctions[j]!.configuration === null ? [new ProgramSignals(program, engine.groupLamp, stages[j]!)] : [],
    ),
    lampsOf: (j) => ({ groupLamp: steered.find((own) => own.j === j)!.lamps, firstGroup: 0 }),
    groupIdsOf: (j) => groupIds[j]!,
    beforeTraffic: () => {
      for (const { firstGroup, groups, lamps } of steered)
        for (let g = 0; g < groups.length; g++) engine.groupLamp[firstGroup + groups[g]!] = lamps[g]! === 1 ? 1 : 0;
    },
    ...(v2x && {
      broadcasting: {
        units: unitsOfNetwork(network, stages, {
          laneWidth: laneWidths(source.roadnet),
          onEarth: null,
          startsAtMs: STARTS_AT_MS,
        }),
        settings: v2x,
      },
    }),
    drawing: () =>
      drawingOfNetwork(network, laneWidths(source.roadnet), drawnJunctions(network, stages), demand.classes),
    warnings: [...warnings, ...(isOwn ? [] : keptPlans(network, stages))],
  };
  return { engine, parts };
}

/** The network whose configurations tell where traffic comes from. */
function withNeighbours(network: Network, groupIds: readonly (readonly (string | undefined)[])[]): Network {
  const feeders = feedersOf(network, (junction, group) => groupIds[junction]![group]);
  const junctions = network.junctions.map((junction, j) =>
    junction.configuration === null || feeders[j]!.length === 0
      ? junction
      : { ...junction, configuration: { ...junction.configuration, feeders: feeders[j]! } },
  );
  return { ...network, junctions };
}

/** Widths of a checked roadnet's lanes, in the order of the network. */
function laneWidths(roadnet: unknown): Float64Array {
  const { roads } = roadnet as { roads: { lanes: { width: number }[] }[] };
  return Float64Array.from(roads.flatMap((road) => road.lanes.map((lane) => lane.width)));
}

function drawnJunctions(network: Network, stages: readonly CityFlowStages[]) {
  return network.junctions.map(({ firstGroup }, junction) => ({
    junction,
    groups: stages[junction]!.groups.map((g, k) => ({ id: stages[junction]!.groupIds[k]!, group: firstGroup + g })),
    stages: stages[junction]!.stages,
  }));
}

/** Which intersections cannot be steered, in words. */
function keptPlans(network: Network, stages: readonly CityFlowStages[]): string[] {
  return stages.flatMap(({ configured }, j) =>
    configured.configuration === null
      ? [`intersection ${network.junctions[j]!.name} keeps the plan of the file: ${configured.reason}.`]
      : [],
  );
}
