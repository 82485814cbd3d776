/** A street from SUMO's files: SUMO's traffic, under the file's own programs or under lamp controllers. */
import type { Engine } from './core.ts';
import { CrossingWatcher } from './detectors/crossings.ts';
import { EmissionMeter, emissionClassOf } from './measures/emission-meter.ts';
import { withConfigurations } from './network/cityflow-configuration.ts';
import { drawSumo, noticesOf, type SumoCase } from './network/sumo/case.ts';
import { SUMO_UPSTREAM_METRES, type SumoStages, sumoStages } from './network/sumo/configuration.ts';
import type { SumoDemand } from './network/sumo/demand.ts';
import { noticeText } from './network/sumo/notices.ts';
import type { SumoWorld } from './network/sumo/network.ts';
import type { FileSignals } from './signals/signals.ts';
import { SumoLamps, SumoProgramSignals } from './signals/sumo-signals.ts';
import { onEarth } from './network/sumo/on-earth.ts';
import type { Parts, StreetOptions } from './street.ts';
import { type NetworkSignal, unitsOfNetwork } from './v2x/network-units.ts';
import { createSumoEngine } from './traffic-sumo/engine.ts';
import { drawingOfNetwork } from './view/drawing.ts';

export interface SumoSource {
  readonly kind: 'sumo';
  readonly files: SumoCase;
  readonly durationSeconds: number;
}

/** 2024-01-01T00:00:00Z is midnight of the files' clock. */
const MIDNIGHT_MS = 1_704_067_200_000;

/** When second 0 of a run is, ms since 1970. */
export function sumoStartsAtMs(files: SumoCase): number {
  return MIDNIGHT_MS + Math.round(files.beginSeconds * 1000);
}

const stagesKnown = new WeakMap<SumoCase, ReadonlyMap<string, SumoStages>>();

/** Stages and configuration of each signal of the file. */
export function sumoSignalStages(files: SumoCase): ReadonlyMap<string, SumoStages> {
  let known = stagesKnown.get(files);
  if (known === undefined) {
    known = new Map([...files.net.programs.keys()].map((id) => [id, sumoStages(files.net, id, files.name)]));
    stagesKnown.set(files, known);
  }
  return known;
}

/** Engine and parts. Throws InputFileError for files that cannot be run. */
export function ofSumo(source: SumoSource, options: StreetOptions): { engine: Engine; parts: Parts } {
  const { files, durationSeconds } = source;
  const { beginSeconds, stepSeconds, net } = files;
  const { demand, world } = drawSumo(files, options.seed, beginSeconds + durationSeconds);
  const { variant } = options;
  const isOwn = variant.strategy === 'fixed-time' && Object.keys(variant.parameters ?? {}).length === 0;
  const stages = world.signals.map(({ id }) => sumoSignalStages(files).get(id)!);
  const network = withConfigurations(world.network, stages, files.name, !isOwn, SUMO_UPSTREAM_METRES);
  // classes by the names of ours, of which fuel, CO2 and NOx are reckoned
  const types = demand.types.map((type) => ({ ...type, emissionClass: emissionClassOf(type.emissionClass).used }));
  const engine = createSumoEngine(
    net,
    { ...world, network },
    { ...demand, types },
    {
      beginSeconds,
      stepSeconds,
      seed: options.seed,
      ownSignals: network.junctions.map(({ configuration }) => isOwn || configuration === null),
      ...(files.ballistic && { ballistic: true }),
    },
  );
  const programs: FileSignals[] = [];
  const lamps: (SumoLamps | null)[] = network.junctions.map(({ configuration }, j) => {
    const signal = world.signals[j]!;
    if (configuration !== null) return new SumoLamps(signal, stages[j]!, engine.groupLamp);
    programs.push(new SumoProgramSignals(signal, stages[j]!, engine.programs, j));
    return null;
  });
  const emissions = new EmissionMeter(engine);
  const crossings = isOwn ? null : new CrossingWatcher(engine);
  const parts: Parts = {
    options,
    isSurveyed: true,
    crowd: null,
    startsAtMs: sumoStartsAtMs(files),
    durationSeconds,
    warmUpSeconds: 0,
    readers: null,
    epcs: [],
    windowSeconds: 0,
    programs,
    lampsOf: (j) => ({ groupLamp: lamps[j]!.lamps, firstGroup: 0 }),
    beforeTraffic: () => {
      for (const shown of lamps) shown?.show();
    },
    afterTraffic: () => {
      emissions.tick();
      crossings?.tick();
    },
    ...(options.v2x && {
      broadcasting: {
        units: unitsOfNetwork(network, stages.map(signalOf), {
          laneWidth: sumoLaneWidths(files, world),
          onEarth: onEarth(net.location),
          startsAtMs: sumoStartsAtMs(files),
        }),
        settings: options.v2x,
      },
    }),
    drawing: () =>
      drawingOfNetwork(network, sumoLaneWidths(files, world), stagesDrawn(world, stages), engine.demand.classes),
    warnings: warningsOf(files, demand, engine, isOwn, world, stages),
  };
  return { engine, parts };
}

/** For SPaT and MAP: a group yields where it is green together with one that it lets go first. */
function signalOf({ linkIndices, stages, yieldsTo }: SumoStages): NetworkSignal {
  return {
    groups: linkIndices,
    stages,
    isPermissive: yieldsTo.map((first, g) =>
      stages.some(({ groups }) => groups.includes(g) && first.some((other) => groups.includes(other))),
    ),
  };
}

/** Metres, by lane of the network. */
export function sumoLaneWidths({ net }: SumoCase, world: SumoWorld): Float64Array {
  const widths: number[] = [];
  net.edges.forEach((edge, e) => {
    if (world.firstLaneOfEdge[e]! >= 0) for (const lane of edge.lanes) widths.push(net.lanes[lane]!.width);
  });
  return Float64Array.from(widths);
}

function stagesDrawn(world: SumoWorld, stages: readonly SumoStages[]) {
  return world.signals.map(({ firstGroup }, junction) => ({
    junction,
    groups: stages[junction]!.linkIndices.map((index) => ({ id: String(index), group: firstGroup + index })),
    stages: stages[junction]!.stages,
  }));
}

function warningsOf(
  files: SumoCase,
  demand: SumoDemand,
  engine: Engine,
  isOwn: boolean,
  world: SumoWorld,
  stages: readonly SumoStages[],
): string[] {
  const warnings = noticesOf(files).map(noticeText);
  const strange = new Map<string, string>();
  const quick = engine.demand.classes.filter(({ timeHeadway }) => timeHeadway < files.stepSeconds);
  if (quick.length > 0) {
    const names = quick.map(({ name }) => name).slice(0, 5);
    warnings.push(
      `tau of vType ${names.join(', ')} is below the step of ${files.stepSeconds} s: in SUMO such vehicles collide.`,
    );
  }
  for (const { emissionClass } of demand.types) {
    const { used, exact } = emissionClassOf(emissionClass);
    if (!exact) strange.set(emissionClass, used);
  }
  for (const [name, used] of strange) warnings.push(`emission class ${name}: fuel and CO2 are reckoned as ${used}.`);
  if (isOwn) return warnings;
  stages.forEach(({ configured }, j) => {
    if (configured.configuration === null)
      warnings.push(`signal ${world.signals[j]!.id} keeps the program of the file: ${configured.reason}.`);
  });
  return warnings;
}
