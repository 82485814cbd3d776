/**
 * What the scenario format knows and this release does not do yet. It is refused by name, never ignored: a figure must
 * not come from a scenario that was half read.
 */
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { ScenarioFile } from './schema.ts';

function refuse(findings: Findings, path: Path, what: string): void {
  findings.add(path, `asks for ${what}, which is not supported yet`, 'Remove it.');
}

/** Refuses what a scenario asks for. Parts that could not be read are absent. */
export function refuseUnsupported(file: Partial<Omit<ScenarioFile, 'junctions'>>, findings: Findings): void {
  if ((file.incidents?.length ?? 0) > 0) refuse(findings, ['incidents'], 'incidents');
}
