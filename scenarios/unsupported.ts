/**
 * What the scenario format knows and this release does not do yet. It is refused by name, never ignored: a figure must
 * not come from a scenario that was half read.
 */
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { JunctionFile, ScenarioFile } from './schema.ts';

function refuse(findings: Findings, path: Path, what: string): void {
  findings.add(path, `asks for ${what}, which is not supported yet`, 'Remove it.');
}

/** Refuses what a scenario asks for outside its junctions. Parts that could not be read are absent. */
export function refuseUnsupported(file: Partial<Omit<ScenarioFile, 'junctions'>>, findings: Findings): void {
  if ((file.incidents?.length ?? 0) > 0) refuse(findings, ['incidents'], 'incidents');
}

/** Refuses what a junction asks for. */
export function refuseUnsupportedSignals(junction: JunctionFile, path: Path, findings: Findings): void {
  const { signals } = junction;
  const at = (key: string): Path => [...path, 'signals', key];
  if ((signals.plans?.length ?? 0) > 0) refuse(findings, at('plans'), 'time-of-day plans');
  if ((signals.offsetSeconds ?? 0) > 0) refuse(findings, at('offsetSeconds'), 'an offset');
  if (signals.emergencyPreemption === true) refuse(findings, at('emergencyPreemption'), 'emergency pre-emption');
  if (signals.busPriority === true) refuse(findings, at('busPriority'), 'bus priority');
}
