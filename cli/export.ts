/** `flextraff export`: a scenario or CityFlow folder as SUMO's files. */
import { exportCityFlow } from '../runs/sumo-export/cityflow.ts';
import { exportScenario, type ExportedFiles, writeExport } from '../runs/sumo-export/export.ts';
import { openSource, SourceError } from '../runs/source.ts';
import { Refusal } from './failure.ts';
import { loadSettings } from './settings.ts';

export interface ExportCommandOptions {
  readonly sumo?: string;
  readonly seed?: number;
  readonly until?: number;
  readonly withoutPeople?: boolean;
  readonly json?: boolean;
}

/** Throws Refusal, SettingsError, ScenarioError or SourceError for input that is refused. */
export async function exportFiles(path: string, options: ExportCommandOptions): Promise<void> {
  if (options.sumo === undefined || options.sumo === '')
    throw new Refusal('Where to? Name a folder: flextraff export SCENARIO --sumo FOLDER.');
  const { scenariosFolder } = loadSettings();
  const source = await openSource(path, {
    untilSeconds: options.until,
    directories: scenariosFolder === undefined ? [] : [scenariosFolder],
  });
  let exported: ExportedFiles;
  if (source.scenario !== null)
    exported = exportScenario(source.scenario, options.seed ?? source.seeds[0] ?? 0, !options.withoutPeople);
  else if (source.files?.kind === 'cityflow') {
    try {
      exported = exportCityFlow(source.files);
    } catch (error) {
      if ((error as Error).name !== 'InputFileError') throw error;
      throw new SourceError(`${path}: ${(error as Error).message}`, { cause: error });
    }
  } else throw new Refusal(`${path}: is a SUMO case already. Name a scenario or a CityFlow folder.`);
  const paths = await writeExport(exported, options.sumo);
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ scenario: source.name, files: paths, vehicles: exported.vehicles, people: exported.people, notes: exported.notes })}\n`,
    );
    return;
  }
  for (const written of paths) process.stderr.write(`wrote ${written}\n`);
  process.stdout.write(
    [
      `${source.name}: ${exported.vehicles} vehicles${exported.people > 0 ? `, ${exported.people} people` : ''}, ${source.durationSeconds} s. Run it with: sumo -c ${paths[0]}`,
      "SUMO's files differ from the source in this:",
      ...exported.notes.map((note) => `  ${note}`),
      '',
    ].join('\n'),
  );
}
