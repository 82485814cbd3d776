/** `flextraff scenarios` and `flextraff validate`. */
import { openSource } from '../runs/source.ts';
import { ScenarioError } from '../scenarios/issues.ts';
import { scenarioFiles } from '../scenarios/list.ts';
import { loadScenario } from '../scenarios/load.ts';
import { loadSettings } from './settings.ts';

interface Output {
  readonly json?: boolean;
}

const ownFolders = (): string[] => {
  const { scenariosFolder } = loadSettings();
  return scenariosFolder === undefined ? [] : [scenariosFolder];
};

/** Lists the scenarios that ship and those of FLEXTRAFF_SCENARIOS; one with mistakes is listed as such. */
export async function listScenarios(options: Output): Promise<void> {
  const files = await scenarioFiles(ownFolders());
  const scenarios = await Promise.all(
    [...files].map(async ([name, file]) => {
      try {
        const { title, description, durationSeconds, seeds, variants, junctions } = await loadScenario(file);
        const strategies = variants.map((variant) => ({ name: variant.name, strategy: variant.strategy }));
        return {
          name,
          file,
          title,
          description,
          durationSeconds,
          junctions: junctions.length,
          seeds,
          variants: strategies,
        };
      } catch (error) {
        if (!(error instanceof ScenarioError)) throw error;
        return { name, file, mistakes: error.issues.length };
      }
    }),
  );
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ scenarios })}\n`);
    return;
  }
  const width = Math.max(...scenarios.map((scenario) => scenario.name.length));
  for (const scenario of scenarios) {
    const what =
      'mistakes' in scenario
        ? `${scenario.mistakes} mistake${scenario.mistakes === 1 ? '' : 's'}: flextraff validate ${scenario.file}`
        : `${scenario.title} (${scenario.durationSeconds} s; ${scenario.variants.map((variant) => `${variant.name}: ${variant.strategy}`).join(', ')})`;
    process.stdout.write(`${scenario.name.padEnd(width)}  ${what}\n`);
  }
}

/** Says whether a scenario can be run. Throws ScenarioError with every mistake, SourceError where there is none. */
export async function validate(scenario: string, options: Output): Promise<void> {
  try {
    const source = await openSource(scenario, { directories: ownFolders() });
    const { checkVariants } = await import('../runs/variants.ts');
    checkVariants(source, source.variants);
    // peers' files are read to the end only when they are asked
    const vehicles = source.vehicles();
    const signals = source.signals();
    for (const warning of source.warnings) process.stderr.write(`${source.path}: ${warning}\n`);
    const kept = signals.flatMap((signal) => (signal.configuration === null ? [signal] : []));
    for (const { name, reason } of source.scenario === null ? kept : [])
      process.stderr.write(`${source.path}: signal ${name} can only follow the file's program: ${reason}\n`);
    const held = vehicles === null ? '' : `, ${vehicles} vehicles, ${signals.length} signals`;
    if (options.json) process.stdout.write(`${JSON.stringify({ file: source.path, valid: true, issues: [] })}\n`);
    else
      process.stdout.write(
        `${source.path}: no mistakes; ${source.durationSeconds} s${held}, variants ${source.variants.map((variant) => variant.name).join(', ')}\n`,
      );
  } catch (error) {
    if (!options.json || !(error instanceof ScenarioError)) throw error;
    process.stdout.write(`${JSON.stringify({ file: scenario, valid: false, issues: error.issues })}\n`);
    process.exitCode = 2;
  }
}
