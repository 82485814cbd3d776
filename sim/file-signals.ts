/** The signals of peers' files, as strategies would have them. */
import { readCityFlow } from './network/cityflow.ts';
import { cityFlowStages } from './network/cityflow-configuration.ts';
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
