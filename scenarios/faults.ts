/** From what the file says of detectors that fail to faults of detectors that exist. */
import type { ResolvedGround } from './arms.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { listed } from './issues.ts';
import type { DetectionFile } from './schema.ts';
import type { DetectorFault } from './types.ts';

/** What can be wrong with each device. */
const KINDS: Readonly<Record<DetectorFault['device'], readonly DetectorFault['kind'][]>> = {
  reader: ['silent', 'doubled', 'rereads', 'misses', 'clock-drift'],
  loop: ['silent', 'stuck-on', 'stuck-off'],
  button: ['stuck-on', 'stuck-off'],
};

interface FaultJunction {
  readonly name: string;
  readonly ground: ResolvedGround | null;
}

type FaultFile = NonNullable<DetectionFile['faults']>[number];

/** Outages are readers that are silent. Entries with mistakes are reported and left out. */
export function buildFaults(
  detection: DetectionFile | undefined,
  junctions: readonly FaultJunction[],
  durationSeconds: number,
  findings: Findings,
): DetectorFault[] {
  const faults: DetectorFault[] = [];
  const entries = [
    ...(detection?.outages ?? []).map((entry, index) => ({
      file: { ...entry, device: 'reader', kind: 'silent' } as FaultFile,
      path: ['detection', 'outages', index] as Path,
    })),
    ...(detection?.faults ?? []).map((file, index) => ({ file, path: ['detection', 'faults', index] as Path })),
  ];
  for (const { file, path } of entries) {
    const fault = faultOf(file, path, junctions, durationSeconds, findings);
    if (fault !== null) faults.push(fault);
  }
  return faults;
}

function faultOf(
  file: FaultFile,
  path: Path,
  junctions: readonly FaultJunction[],
  durationSeconds: number,
  findings: Findings,
): DetectorFault | null {
  const before = findings.count;
  const names = junctions.map((junction) => junction.name);
  const { device, kind, fromSeconds = 0, untilSeconds = durationSeconds } = file;
  if (file.junction === undefined && junctions.length !== 1) {
    findings.add(
      [...path, 'junction'],
      `is missing; with ${junctions.length} junctions each entry needs it`,
      `Add it, one of ${listed(names)}.`,
    );
    return null;
  }
  const junction = file.junction === undefined ? junctions[0]! : junctions.find((each) => each.name === file.junction);
  if (junction === undefined) {
    findings.addUnknown([...path, 'junction'], 'the junction', file.junction!, names);
    return null;
  }
  if (!KINDS[device].includes(kind)) {
    findings.add([...path, 'kind'], `is ${kind}; of a ${device} it is one of ${listed(KINDS[device])}`, 'Correct it.');
  }
  if (untilSeconds <= fromSeconds) {
    findings.add(
      [...path, file.untilSeconds === undefined ? 'fromSeconds' : 'untilSeconds'],
      `leaves no time between ${fromSeconds} s and ${untilSeconds} s`,
      'Correct it.',
    );
  }
  needed(file, path, 'probability', kind === 'misses', findings);
  needed(file, path, 'driftSecondsPerHour', kind === 'clock-drift', findings);
  if (junction.ground !== null) checkPlace(file, path, junction.name, junction.ground, findings);
  if (findings.count > before || junction.ground === null) return null;
  return {
    junction: junction.name,
    approach: file.approach,
    device,
    position: file.position ?? null,
    kind,
    fromSeconds,
    untilSeconds,
    probability: file.probability ?? 0,
    driftSecondsPerHour: file.driftSecondsPerHour ?? 0,
  };
}

function needed(
  file: FaultFile,
  path: Path,
  key: 'probability' | 'driftSecondsPerHour',
  isNeeded: boolean,
  findings: Findings,
): void {
  if (isNeeded && file[key] === undefined) findings.add([...path, key], `is missing; ${file.kind} needs it`, 'Add it.');
  if (!isNeeded && file[key] !== undefined)
    findings.add([...path, key], `is ${file[key]}, but ${file.kind} has none`, 'Remove it.');
}

function checkPlace(file: FaultFile, path: Path, name: string, ground: ResolvedGround, findings: Findings): void {
  const arm = ground.arms.find((each) => each.name === file.approach);
  const at: Path = [...path, 'approach'];
  if (arm === undefined) {
    const known = ground.arms.map((each) => each.name);
    findings.addUnknown(at, 'the approach', file.approach, known);
  } else if (file.device === 'button') {
    if (!ground.crossings.some((crossing) => crossing.approach === arm.name && crossing.button))
      findings.add(
        at,
        `is ${arm.name}, whose crossing has no push button at ${name}`,
        'Name another, or add the button.',
      );
    if (file.position !== undefined)
      findings.add([...path, 'position'], 'is for readers and loops, not for buttons', 'Remove it.');
  } else if (!arm.rfid.some((reader) => file.position === undefined || reader.position === file.position)) {
    findings.add(
      file.position === undefined ? at : [...path, 'position'],
      `is ${file.position ?? arm.name}, where ${arm.name} has no detector at ${name}`,
      'Name another, or add it to rfid of the approach.',
    );
  }
}
