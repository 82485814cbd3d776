/** `flextraff import`: a SUMO case or CityFlow folder as a scenario. */
import { access, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { NotRepresentable } from '../runs/import/ground.ts';
import { cityFlowModel, sumoModel } from '../runs/import/peers.ts';
import { importScenario, type Imported } from '../runs/import/scenario.ts';
import { openSource, type Source, SourceError } from '../runs/source.ts';
import { formatIssue } from '../scenarios/load.ts';
import { Refusal } from './failure.ts';
import { scenarioOf, type ScenarioOptions } from './sumo-options.ts';

/** Mistakes shown of a scenario that does not load. */
const MOST_TOLD = 10;

export interface ImportCommandOptions extends ScenarioOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly until?: number;
  readonly json?: boolean;
}

/** Throws Refusal or SourceError for input that is refused. */
export async function importFiles(path: string | undefined, options: ImportCommandOptions): Promise<void> {
  const { output } = options;
  if (output === undefined || output === '')
    throw new Refusal('Where to? Name a file: flextraff import FILE -o scenario.yaml.');
  if (!/\.ya?ml$/.test(output)) throw new Refusal(`-o ${output}: a scenario's file ends in .yaml.`);
  if (
    !options.force &&
    (await access(output).then(
      () => true,
      () => false,
    ))
  )
    throw new Refusal(`${output} is there already. Choose another name, or say --force to replace it.`);
  const named = scenarioOf(path, options);
  const source = await openSource(named.path, { untilSeconds: options.until, ...(named.sumo && { sumo: named.sumo }) });
  const imported = made(source, output);
  await writeFile(output, imported.yaml);
  const { notes, junctions, vehicles, issues } = imported;
  const told = issues.map(formatIssue);
  const more = told.length > MOST_TOLD ? [`  and ${told.length - MOST_TOLD} more: flextraff validate ${output}`] : [];
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ source: source.path, file: output, junctions, vehicles, notes, issues })}\n`,
    );
  } else {
    process.stderr.write(`wrote ${output}\n`);
    process.stdout.write(
      [
        `${source.name}: ${junctions} junction${junctions === 1 ? '' : 's'}, ${vehicles} vehicles in ${source.durationSeconds} s. What was approximated:`,
        ...notes.map((note) => `  ${note}`),
        ...(told.length > 0
          ? [
              'The scenario needs your hand before it runs:',
              ...told.slice(0, MOST_TOLD).map((issue) => `  ${issue}`),
              ...more,
            ]
          : []),
        '',
      ].join('\n'),
    );
  }
  if (issues.length > 0) process.exitCode = 1;
}

function made(source: Source, output: string): Imported {
  const { files } = source;
  if (files === null) throw new Refusal(`${source.path}: is a scenario already. Name a .sumocfg or a CityFlow folder.`);
  const origin = `${files.kind === 'sumo' ? "SUMO's files" : 'the CityFlow folder'} ${basename(source.path)}`;
  try {
    return files.kind === 'sumo'
      ? importScenario(sumoModel(files, origin), output, false)
      : importScenario(cityFlowModel(files, origin, source.startsAtMs), output, true);
  } catch (error) {
    if (!(error instanceof NotRepresentable) && (error as Error).name !== 'InputFileError') throw error;
    const remedy = error instanceof NotRepresentable ? ' It can still be run as it is: flextraff run.' : '';
    throw new SourceError(`${source.path}: ${(error as Error).message}.${remedy}`.replace('..', '.'), { cause: error });
  }
}
