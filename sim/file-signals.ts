/** What peers' files hold, without running them: their signals as strategies would have them, and their vehicles. */
import { readCityFlow } from './network/cityflow.ts';
import { cityFlowStages } from './network/cityflow-configuration.ts';
import { drawSumo } from './network/sumo/case.ts';
import type { Configured } from './network/plan-configuration.ts';
import type { StreetSource } from './street.ts';
import { sumoSignalStages } from './sumo-street.ts';

/** Each signal's configuration, or why it has none. Throws InputFileError for files that are refused. */
export function signalsOfFiles(
  source: Exclude<StreetSource, { kind: 'scenario' }>,
): { readonly name: string; readonly configured: Configured }[] {
  if (source.kind === 'sumo')
    return [...sumoSignalStages(source.files)].map(([name, { configured }]) => ({ name, configured }));
  const { name, roadnet, durationSeconds, stepSeconds = 1 } = source;
  const read = readCityFlow(roadnet, [], { name, seed: 0, stepSeconds, durationSeconds });
  return cityFlowStages(read.network, read.programs, name).map(({ configured }, j) => ({
    name: read.network.junctions[j]!.name,
    configured,
  }));
}

/** Vehicles that depart within the run, with seed 0. Throws InputFileError for files that are refused. */
export function vehiclesOfFiles(source: Exclude<StreetSource, { kind: 'scenario' }>): number {
  if (source.kind === 'sumo') {
    const { files, durationSeconds } = source;
    return drawSumo(files, 0, files.beginSeconds + durationSeconds).demand.departures.length;
  }
  const { name, roadnet, flow, durationSeconds, stepSeconds = 1 } = source;
  return readCityFlow(roadnet, flow, { name, seed: 0, stepSeconds, durationSeconds }).demand.count;
}
