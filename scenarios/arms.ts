/** From what the file says of a junction's approaches to arms, lanes and movements with every default filled in. */
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { turnDegrees } from './geometry.ts';
import { listed, show } from './issues.ts';
import { type Arm, type Stream, setbacks } from './layout.ts';
import { type Candidate, candidatesOf, exitCount, lanesOf, TURNS } from './movements.ts';
import type { ApproachFile, JunctionFile } from './schema.ts';
import type { RfidReader, ScenarioBusStop, Turn } from './types.ts';

const NAMED_BEARINGS: Readonly<Record<string, number>> = {
  N: 0,
  NE: 45,
  E: 90,
  SE: 135,
  S: 180,
  SW: 225,
  W: 270,
  NW: 315,
};
/** Arms nearer than this in bearing are one road. */
const LEAST_ANGLE_DEGREES = 15;
/** A stop line further from the centre than this is a mistake in the bearings. */
const MOST_SETBACK_METRES = 80;
const USUAL = { lengthMetres: 200, speedLimitKilometresPerHour: 50, laneWidthMetres: 3.25 };
/** Crossing as wide as most manuals ask for. */
const USUAL_CROSSING_METRES = 4;

export interface ResolvedArm extends Arm {
  readonly path: Path;
  /** Absent where another junction feeds it: then the ground plan says it. */
  readonly lengthMetres?: number;
  readonly exitLengthMetres: number;
  readonly speedMetresPerSecond: number;
  readonly from?: { readonly junction: string; readonly exit: string };
  /** Per lane, the movements served from it. */
  readonly laneMovements: readonly (readonly string[])[];
  readonly turnShares: readonly { readonly movement: string; readonly share: number }[];
  readonly rfid: readonly RfidReader[];
  readonly busStops: readonly ScenarioBusStop[];
}

export interface ResolvedMovement extends Stream {
  readonly turn: Turn;
}

export interface ResolvedCrossing {
  readonly approach: string;
  readonly group: string;
  readonly widthMetres: number;
  readonly button: boolean;
}

export interface ResolvedGround {
  /** N, S, E, W first where they exist, then as the file lists them. */
  readonly arms: readonly ResolvedArm[];
  /** By approach, then left, straight, right, U-turn. */
  readonly movements: readonly ResolvedMovement[];
  readonly crossings: readonly ResolvedCrossing[];
}

/** `leadsOn`: names of arms whose exits feed another junction. Reports mistakes; what it returns is for further checks only then. */
export function resolveGround(
  junction: JunctionFile,
  path: Path,
  side: 'left' | 'right',
  leadsOn: ReadonlySet<string>,
  findings: Findings,
): ResolvedGround | null {
  const files = junction.approaches;
  const before = findings.count;
  findings.addRepeated(
    files.map((file, index) => ({ name: file.name, path: [...path, 'approaches', index, 'name'] })),
    'approach',
  );
  const bearings = files.map((file, index) => bearingOf(file, [...path, 'approaches', index], findings));
  if (findings.count === before) checkAngles(files, bearings, path, findings);
  const crossings = resolveCrossings(junction, path, findings);
  if (findings.count > before) return null;
  const candidates = candidatesOf(junction, path, bearings, findings);
  const served = new Map<string, number[]>();
  const arms = files.map((file, index): ResolvedArm => {
    const approachPath: Path = [...path, 'approaches', index];
    const laneMovements = lanesOf(file, approachPath, candidates, side, findings);
    for (const [lane, names] of laneMovements.entries()) {
      for (const name of names) served.set(name, [...(served.get(name) ?? []), lane]);
    }
    const crossing = crossings.find((each) => each.approach === file.name);
    return resolveArm(file, junction, approachPath, bearings[index]!, laneMovements, candidates, crossing, findings);
  });
  for (const candidate of candidates) {
    if (candidate.path === undefined || served.has(candidate.name)) continue;
    findings.addConsequence(
      candidate.path,
      [[...path, 'approaches']],
      `is ${show(candidate.name)}, which no lane of ${candidate.from} serves`,
      `Add it to the movements of a lane of ${candidate.from}, or remove it.`,
    );
  }
  checkSetbacks(arms, path, side, findings);
  const movements = candidates
    .filter((candidate) => served.has(candidate.name))
    .map(({ name, from, to, turn }) => ({ name, from, to, turn, lanes: served.get(name)!, spreads: leadsOn.has(to) }));
  for (const movement of movements) checkExit(movement, files, junction, path, findings);
  return { arms: inOrder(arms), movements: inOrderOfApproaches(movements, inOrder(arms)), crossings };
}

function bearingOf(file: ApproachFile, path: Path, findings: Findings): number {
  const bearing = file.bearingDegrees ?? NAMED_BEARINGS[file.name];
  if (bearing === undefined) {
    findings.add(
      [...path, 'bearingDegrees'],
      `is missing; only ${Object.keys(NAMED_BEARINGS).join(', ')} have one by name`,
      'Add the compass bearing of the arm seen from the centre, 0 to 360.',
    );
    return 0;
  }
  return bearing % 360;
}

function resolveCrossings(junction: JunctionFile, path: Path, findings: Findings): ResolvedCrossing[] {
  const entries = junction.crossings ?? [];
  const names = junction.approaches.map((approach) => approach.name);
  for (const [index, entry] of entries.entries()) {
    const at: Path = [...path, 'crossings', index, 'approach'];
    if (!names.includes(entry.approach)) findings.addUnknown(at, 'the approach', entry.approach, names);
  }
  findings.addRepeated(
    entries.map((entry, index) => ({ name: entry.approach, path: [...path, 'crossings', index, 'approach'] })),
    'crossing',
  );
  return entries.map((entry) => ({
    approach: entry.approach,
    group: entry.group ?? `${entry.approach}-walk`,
    widthMetres: entry.widthMetres ?? USUAL_CROSSING_METRES,
    button: entry.button ?? false,
  }));
}

function resolveArm(
  file: ApproachFile,
  junction: JunctionFile,
  path: Path,
  bearingDegrees: number,
  laneMovements: readonly (readonly string[])[],
  candidates: readonly Candidate[],
  crossing: ResolvedCrossing | undefined,
  findings: Findings,
): ResolvedArm {
  const usual = { ...USUAL, ...junction.approachDefaults };
  const width = file.laneWidthMetres ?? usual.laneWidthMetres;
  const length = file.lengthMetres ?? (file.from === undefined ? usual.lengthMetres : undefined);
  const own = laneMovements.flatMap((names) =>
    candidates.filter((each) => names.includes(each.name) && each.from === file.name),
  );
  return {
    name: file.name,
    path,
    bearingDegrees,
    laneWidths: file.lanes.map((lane) => lane.widthMetres ?? width),
    exitWidths: Array.from({ length: exitCount(file, junction) }, () => width),
    setbackMetres: file.stopLineSetbackMetres,
    crossingMetres: crossing?.widthMetres,
    lengthMetres: length,
    exitLengthMetres: file.exitLengthMetres ?? usual.exitLengthMetres ?? length ?? usual.lengthMetres,
    speedMetresPerSecond: (file.speedLimitKilometresPerHour ?? usual.speedLimitKilometresPerHour) / 3.6,
    from: file.from,
    laneMovements,
    turnShares: turnSharesOf(file, path, own, findings),
    rfid: readersOf(file, junction, path, length, findings),
    busStops: busStopsOf(file, junction, path, length, findings),
  };
}

function turnSharesOf(
  file: ApproachFile,
  path: Path,
  own: readonly Candidate[],
  findings: Findings,
): { movement: string; share: number }[] {
  const at: Path = [...path, 'turnShares'];
  const movements = own.filter((each, index) => own.findIndex((other) => other.name === each.name) === index);
  if (file.from === undefined) {
    if (file.turnShares !== undefined) {
      findings.add(
        at,
        'is only for approaches that another junction feeds (from)',
        'Remove it; demand says where those go that enter here.',
      );
    }
    return [];
  }
  if (file.turnShares === undefined) {
    if (movements.length <= 1) return movements.map((each) => ({ movement: each.name, share: 1 }));
    findings.add(
      at,
      `is missing; vehicles from ${file.from.junction} have a choice of ${listed(movements.map((each) => each.turn))}`,
      'Add it, as turnShares: {straight: 0.8, left: 0.2}.',
    );
    return [];
  }
  const shares: { movement: string; share: number }[] = [];
  for (const [key, share] of Object.entries(file.turnShares)) {
    const meant = movements.filter((each) => each.name === key || each.turn === key);
    if (meant.length !== 1) {
      findings.addUnknown(
        [...at, key],
        'the movement',
        key,
        movements.map((each) => each.name),
      );
      return [];
    }
    if (shares.some((each) => each.movement === meant[0]!.name)) {
      findings.add([...at, key], 'says the share of a movement that another key says already', 'Remove one of them.');
      return [];
    }
    shares.push({ movement: meant[0]!.name, share });
  }
  const sum = shares.reduce((total, each) => total + each.share, 0);
  if (Math.abs(sum - 1) > 1e-6) {
    findings.addConsequence(
      at,
      [at],
      `sums to ${Math.round(sum * 1e6) / 1e6}; the shares must sum to 1`,
      'Correct them.',
    );
  }
  return shares;
}

function readersOf(
  file: ApproachFile,
  junction: JunctionFile,
  path: Path,
  length: number | undefined,
  findings: Findings,
): RfidReader[] {
  const own = file.rfid !== undefined;
  const entries = file.rfid ?? junction.approachDefaults?.rfid ?? [{ position: 'stopline' as const }];
  const at: Path = own ? [...path, 'rfid'] : [...path.slice(0, -2), 'approachDefaults', 'rfid'];
  findings.addRepeated(
    entries.map((entry, index) => ({ name: entry.position, path: [...at, index, 'position'] })),
    'reader of the approach',
  );
  return entries.map((entry, index) => {
    const distance: Path = [...at, index, 'distanceMetres'];
    const given = entry.distanceMetres;
    if (entry.position === 'stopline') {
      if (given !== undefined)
        findings.add(
          distance,
          `is ${given}, but the reader is at the stop line`,
          'Remove it, or make the position upstream.',
        );
      return { position: 'stopline', distanceMetres: 0 };
    }
    if (given === undefined) {
      findings.add(distance, 'is missing; an upstream reader needs its distance from the stop line', 'Add it, metres.');
    } else if (length !== undefined && given >= length) {
      findings.add(
        distance,
        `is ${given}; less than the ${length} m of lanes before the stop line of ${file.name}`,
        'Lower it, or raise lengthMetres.',
      );
    }
    return { position: 'upstream', distanceMetres: given ?? 0 };
  });
}

/** From a stop to either end of its lane, m: buses pull in and out in between. */
const STOP_FROM_END_METRES = 20;
const USUAL_DWELL_SECONDS = 20;

function busStopsOf(
  file: ApproachFile,
  junction: JunctionFile,
  path: Path,
  length: number | undefined,
  findings: Findings,
): ScenarioBusStop[] {
  const own = file.busStops !== undefined;
  const entries = file.busStops ?? junction.approachDefaults?.busStops ?? [];
  const at: Path = own ? [...path, 'busStops'] : [...path.slice(0, -2), 'approachDefaults', 'busStops'];
  const exits = exitCount(file, junction);
  const exitLength = file.exitLengthMetres ?? junction.approachDefaults?.exitLengthMetres ?? length;
  return entries.map(({ distanceMetres, side = 'approach', kind = 'kerb', dwellSeconds }, index) => {
    const place: Path = [...at, index, 'distanceMetres'];
    const room = side === 'exit' ? exitLength : length;
    if (side === 'exit' && exits === 0) {
      findings.add([...at, index, 'side'], `is exit, but ${file.name} has no exit lanes`, 'Give it exitLanes.');
    } else if (distanceMetres < STOP_FROM_END_METRES || distanceMetres > (room ?? Infinity) - STOP_FROM_END_METRES) {
      findings.add(
        place,
        `is ${distanceMetres}; at least ${STOP_FROM_END_METRES} m from either end of the lane${room === undefined ? '' : `, which is ${room} m long`}`,
        'Move the stop, or lengthen the lanes.',
      );
    }
    return { side, distanceMetres, kind, dwellSeconds: dwellSeconds ?? USUAL_DWELL_SECONDS };
  });
}

function checkAngles(
  files: readonly ApproachFile[],
  bearings: readonly number[],
  path: Path,
  findings: Findings,
): void {
  for (const [index, bearing] of bearings.entries()) {
    for (const [other, bearingOther] of bearings.slice(0, index).entries()) {
      const angle = Math.abs(turnDegrees(bearing, bearingOther));
      if (angle >= LEAST_ANGLE_DEGREES) continue;
      findings.add(
        [...path, 'approaches', index, 'bearingDegrees'],
        `is ${bearing}, ${Math.round(angle)} degrees from ${files[other]!.name}; arms are at least ${LEAST_ANGLE_DEGREES} degrees apart`,
        'Correct the bearings.',
      );
    }
  }
}

function checkSetbacks(arms: readonly ResolvedArm[], path: Path, side: 'left' | 'right', findings: Findings): void {
  const distances = setbacks(arms, side);
  for (const [index, arm] of arms.entries()) {
    if (distances[index]! <= MOST_SETBACK_METRES || arm.setbackMetres !== undefined) continue;
    findings.addConsequence(
      [...arm.path, 'bearingDegrees'],
      [[...path, 'approaches']],
      `leaves so sharp a corner that the stop line of ${arm.name} would be ${Math.round(distances[index]!)} m from the centre; at most ${MOST_SETBACK_METRES} m`,
      'Correct the bearings, or give stopLineSetbackMetres.',
    );
  }
  const plain = setbacks(
    arms.map((arm) => ({ ...arm, setbackMetres: undefined })),
    side,
  );
  for (const [index, arm] of arms.entries()) {
    const least = Math.ceil((plain[index]! - 4) * 10) / 10;
    if (arm.setbackMetres === undefined || arm.setbackMetres >= least) continue;
    findings.addConsequence(
      [...arm.path, 'stopLineSetbackMetres'],
      [[...path, 'approaches']],
      `is ${arm.setbackMetres}; at least ${least}, or ${arm.name} would lie over its neighbours`,
      'Raise it.',
    );
  }
}

function checkExit(
  movement: ResolvedMovement,
  files: readonly ApproachFile[],
  junction: JunctionFile,
  path: Path,
  findings: Findings,
): void {
  const exits = exitCount(files.find((file) => file.name === movement.to)!, junction);
  if (movement.spreads || movement.lanes.length <= exits) return;
  const index = files.findIndex((file) => file.name === movement.from);
  findings.add(
    [...path, 'approaches', index, 'lanes'],
    `let ${movement.lanes.length} lanes go ${movement.turn} to ${movement.to}, which has ${exits} exit lane${exits === 1 ? '' : 's'}`,
    `Give ${movement.to} more exitLanes, or take ${movement.turn} from a lane.`,
  );
}

/** N, S, E, W first, then the others as they come. */
function inOrder<T extends { readonly name: string }>(arms: readonly T[]): T[] {
  const first = ['N', 'S', 'E', 'W'].flatMap((name) => arms.filter((arm) => arm.name === name));
  return [...first, ...arms.filter((arm) => !first.includes(arm))];
}

function inOrderOfApproaches(movements: readonly ResolvedMovement[], arms: readonly ResolvedArm[]): ResolvedMovement[] {
  return arms.flatMap((arm) =>
    TURNS.flatMap((turn) => movements.filter((each) => each.from === arm.name && each.turn === turn)),
  );
}
