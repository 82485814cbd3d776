/** Scenario files in: text to `Scenario`, or every mistake in it. */
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { buildScenario, type PartialFile } from './build.ts';
import { readDocument } from './document.ts';
import { Findings } from './findings.ts';
import { checkForm } from './form.ts';
import { ScenarioError } from './issues.ts';
import { scenarioSchema, topLevelKeys, topLevelShape } from './schema.ts';
import { junctionSchema } from './schema-junction.ts';
import { LIMITS } from './schema-parts.ts';
import type { Scenario, ScenarioIssue } from './types.ts';

export { formatIssue, ScenarioError } from './issues.ts';

export interface ParsedScenario {
  /** Only where there are no issues. */
  readonly scenario?: Scenario;
  /** By place in the file. */
  readonly issues: readonly ScenarioIssue[];
}

/**
 * Reads a scenario from its YAML text. `fileName` is for messages; without its ending it is the scenario's name. Never
 * throws: whatever is wrong with the text is in `issues`.
 */
export function parseScenario(text: string, fileName: string): ParsedScenario {
  const source = readDocument(text, fileName);
  const findings = new Findings(fileName, source);
  if (findings.count > 0) return { issues: findings.list() };
  const { data } = source;
  if (data === null || typeof data !== 'object' || Array.isArray(data)) {
    findings.add(
      [],
      'The file is not a scenario: a map of keys and values such as version, junctions and demand',
      'See scenario.schema.json.',
    );
    return { issues: findings.list() };
  }
  const file = checkParts(data as Record<string, unknown>, findings);
  const name = basename(fileName, extname(fileName));
  const scenario = buildScenario(file, name, findings);
  const issues = findings.list();
  return scenario === null || issues.length > 0 ? { issues } : { scenario, issues: [] };
}

/** Checks the form of every part by itself, so that a mistake in one does not hide those in another. */
function checkParts(data: Record<string, unknown>, findings: Findings): PartialFile {
  const parts: Record<string, unknown> = {};
  checkForm(topLevelKeys, { data }, 'data', [], findings);
  for (const [key, schema] of Object.entries(topLevelShape)) {
    if (checkForm(schema, data, key, [key], findings)) parts[key] = data[key];
  }
  return { ...(parts as Partial<PartialFile>), junctions: checkJunctions(data, findings) };
}

function checkJunctions(data: Record<string, unknown>, findings: Findings): PartialFile['junctions'] {
  const list = data.junctions;
  if (!Array.isArray(list) || list.length === 0 || list.length > LIMITS.junctions) {
    checkForm(scenarioSchema.shape.junctions, data, 'junctions', ['junctions'], findings);
    return [];
  }
  return list.map((_, index) =>
    checkForm(junctionSchema, list as unknown as Record<number, unknown>, index, ['junctions', index], findings)
      ? list[index]
      : null,
  );
}

/**
 * Loads a scenario file. Throws `ScenarioError` with every mistake where the file cannot be read as a scenario, and
 * where it cannot be read at all.
 */
export async function loadScenario(file: string): Promise<Scenario> {
  const { scenario, issues } = parseScenario(await readText(file), file);
  if (scenario === undefined) throw new ScenarioError(issues);
  return scenario;
}

async function readText(file: string): Promise<string> {
  const refuse = (message: string, hint: string) =>
    new ScenarioError([{ file, line: 1, column: 1, path: '', message, hint }]);
  try {
    const status = await stat(file);
    if (!status.isFile()) throw refuse('This is not a file', 'Name a scenario file, ending in .yaml.');
    if (status.size > LIMITS.fileBytes)
      throw refuse(`The file has more than ${LIMITS.fileBytes / 1e6} MB`, 'Split it or shorten its lists.');
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw refuse('There is no such file', 'Check the name; `flextraff scenarios` lists those that ship.');
    throw refuse(`The file cannot be read (${code ?? String(error)})`, 'Check its permissions.');
  }
}
