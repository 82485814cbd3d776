/** Junctions without signals: who gives way, and what a configuration without signal groups looks like. */
import type { JunctionConfiguration } from '../junction/types.ts';
import type { ResolvedGround } from './arms.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { JunctionFile, SignalisedFile } from './schema.ts';
import type { ConfigurationIdentity } from './signals.ts';
import type { RightOfWay } from './types.ts';

/** Whether the junction has signals. Reports where it has both signals and a rule, or neither. */
export function hasSignals(junction: JunctionFile, path: Path, findings: Findings): junction is SignalisedFile {
  const { signals, rightOfWay } = junction;
  if (signals !== undefined && rightOfWay !== undefined)
    findings.add([...path, 'rightOfWay'], 'is given beside signals', 'Keep one of the two.');
  if (signals === undefined && rightOfWay === undefined)
    findings.add(
      [...path, 'signals'],
      'is missing',
      'Add signals with their stages, or rightOfWay for a junction without signals.',
    );
  return signals !== undefined;
}

/** The rule of a junction without signals; null where a mistake (reported) leaves none. */
export function buildRightOfWay(
  junction: JunctionFile,
  path: Path,
  ground: ResolvedGround,
  findings: Findings,
): RightOfWay | null {
  const before = findings.count;
  if (junction.rightOfWay === undefined) return null;
  const { rule, major = [] } = junction.rightOfWay;
  const at: Path = [...path, 'rightOfWay'];
  const names = ground.arms.map(({ name }) => name);
  const entering = ground.arms.filter(({ laneWidths }) => laneWidths.length > 0).map(({ name }) => name);
  for (const part of ['crossings', 'signalGroups'] as const) {
    if ((junction[part]?.length ?? 0) === 0) continue;
    const why = part === 'crossings' ? 'people cross with signals of their own only' : 'there are no signals';
    findings.add([...path, part], `is given at a junction with rightOfWay: ${why}`, 'Remove it, or give signals.');
  }
  for (const [index, name] of major.entries()) {
    if (!names.includes(name)) findings.addUnknown([...at, 'major', index], 'the approach', name, names);
    if (major.indexOf(name) !== index) findings.add([...at, 'major', index], `is ${name} again`, 'Remove it.');
  }
  if (rule === 'all-way-stop') {
    if (major.length > 0)
      findings.add([...at, 'major'], 'is given with all-way-stop, where nobody goes first', 'Remove it.');
  } else if (major.length === 0) {
    findings.add([...at, 'major'], 'is missing', `Name the approaches that go first, of ${names.join(', ')}.`);
  } else if (findings.count === before && entering.every((name) => major.includes(name))) {
    findings.add(
      [...at, 'major'],
      `names every approach, so that nobody would ${rule}`,
      'Leave out those that give way, or choose all-way-stop.',
    );
  }
  return findings.count > before ? null : { rule, major };
}

/** A configuration that says who the junction is, and has nothing to command. */
export function unsignalisedConfiguration(
  { name }: JunctionFile,
  { junctionId, intersectionId, approaches }: ConfigurationIdentity,
): JunctionConfiguration {
  return {
    junctionId,
    name,
    intersectionId,
    version: 1,
    approaches,
    signalGroups: [],
    stages: [],
    conflicts: [],
    intergreenSeconds: [],
    yellowSeconds: 0,
    allRedSeconds: 0,
    minCycleSeconds: 0,
    maxCycleSeconds: 0,
    maxWaitSeconds: 0,
    localPlan: [],
  };
}
