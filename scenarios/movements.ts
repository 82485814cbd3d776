/** Which movements a junction has, and which lanes serve them. */
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { turnDegrees } from './geometry.ts';
import { listed, nearest, show } from './issues.ts';
import type { ApproachFile, JunctionFile } from './schema.ts';
import type { Turn } from './types.ts';

export const TURNS: readonly Turn[] = ['left', 'straight', 'right', 'u-turn'];

export interface Candidate {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly turn: Turn;
  /** Where the file lists it. */
  readonly path?: Path;
}

/** Turn from one arm's inbound direction to another arm, by their bearings. */
function turnBetween(from: number, to: number): Turn {
  const turned = turnDegrees(from + 180, to);
  if (Math.abs(turned) > 175) return 'u-turn';
  if (Math.abs(turned) <= 45) return 'straight';
  return turned < 0 ? 'left' : 'right';
}

export function exitCount(file: ApproachFile, junction: JunctionFile): number {
  return file.exitLanes ?? junction.approachDefaults?.exitLanes ?? file.lanes.length;
}

/** Every movement that there could be: those the file names, then all others from arm to arm. */
export function candidatesOf(
  junction: JunctionFile,
  path: Path,
  bearings: readonly number[],
  findings: Findings,
): Candidate[] {
  const files = junction.approaches;
  const names = files.map((file) => file.name);
  const bearing = (name: string) => bearings[names.indexOf(name)]!;
  const explicit: Candidate[] = [];
  for (const [index, entry] of (junction.movements ?? []).entries()) {
    const at: Path = [...path, 'movements', index];
    const known = [entry.from, entry.to].every((name) => names.includes(name));
    if (!names.includes(entry.from)) findings.addUnknown([...at, 'from'], 'the approach', entry.from, names);
    if (!names.includes(entry.to)) findings.addUnknown([...at, 'to'], 'the arm', entry.to, names);
    if (!known) continue;
    if (explicit.some((other) => other.from === entry.from && other.to === entry.to)) {
      findings.add(at, `goes from ${entry.from} to ${entry.to}, as another movement does`, 'Remove one of them.');
      continue;
    }
    if (exitCount(files[names.indexOf(entry.to)]!, junction) === 0) {
      findings.add(
        [...at, 'to'],
        `is ${entry.to}, which has no exit lanes`,
        `Give ${entry.to} exitLanes, or remove the movement.`,
      );
      continue;
    }
    const turn = entry.turn ?? turnBetween(bearing(entry.from), bearing(entry.to));
    explicit.push({ name: entry.name, from: entry.from, to: entry.to, turn, path: [...at, 'name'] });
  }
  findings.addRepeated(
    explicit.map(({ name, path: at }) => ({ name, path: at! })),
    'movement',
  );
  const derived: Candidate[] = [];
  for (const from of files) {
    for (const to of files) {
      if (exitCount(to, junction) === 0) continue;
      if (explicit.some((other) => other.from === from.name && other.to === to.name)) continue;
      const turn = turnBetween(bearing(from.name), bearing(to.name));
      derived.push({ name: `${from.name}-${turn}`, from: from.name, to: to.name, turn });
    }
  }
  const uses = (name: string) => [...explicit, ...derived].filter((other) => other.name === name).length;
  return [
    ...explicit,
    ...derived.map((each) => (uses(each.name) > 1 ? { ...each, name: `${each.name}-${each.to}` } : each)),
  ];
}

/** Movements per lane. */
export function lanesOf(
  file: ApproachFile,
  path: Path,
  candidates: readonly Candidate[],
  side: 'left' | 'right',
  findings: Findings,
): string[][] {
  const own = candidates.filter((candidate) => candidate.from === file.name);
  return file.lanes.map((lane, index) => {
    const at: Path = [...path, 'lanes', index];
    if (lane.movements === undefined) {
      const all = own.filter((candidate) => candidate.turn !== 'u-turn');
      if (file.lanes.length > 1) {
        findings.add(
          [...at, 'movements'],
          `is missing; ${file.name} has ${file.lanes.length} lanes, and each must say what may be driven from it`,
          `Add movements: some of ${listed(own.map((each) => each.turn))}.`,
        );
      } else if (all.length === 0) {
        findings.add(at, 'leads nowhere: no other arm has exit lanes', 'Give another arm exitLanes.');
      }
      return file.lanes.length > 1 ? [] : inTurnOrder(all, side).map((each) => each.name);
    }
    const found: Candidate[] = [];
    for (const [place, wanted] of lane.movements.entries()) {
      const meant = own.filter((each) => each.turn === wanted || each.name === wanted);
      if (meant.length === 0)
        findings.add([...at, 'movements', place], ...noSuchMovement(wanted, file.name, own, candidates));
      if (meant.some((each) => found.includes(each))) {
        findings.add([...at, 'movements', place], `is ${show(wanted)}, which the lane has already`, 'Remove it.');
      }
      found.push(...meant.filter((each) => !found.includes(each)));
    }
    return inTurnOrder(found, side).map((each) => each.name);
  });
}

function noSuchMovement(
  wanted: string,
  approach: string,
  own: readonly Candidate[],
  all: readonly Candidate[],
): [string, string] {
  const known = [...new Set(own.flatMap((each) => [each.turn, each.name]))];
  if ((TURNS as readonly string[]).includes(wanted)) {
    const turns = [...new Set(own.map((each) => each.turn))];
    return [
      `is ${wanted}, but no arm with exit lanes lies there; from ${approach} there are ${listed(turns)}`,
      'Remove it, or correct the bearings and exitLanes.',
    ];
  }
  const elsewhere = all.find((each) => each.name === wanted);
  if (elsewhere !== undefined) {
    return [
      `is ${show(wanted)}, which begins at ${elsewhere.from}, not at ${approach}`,
      `Use one of ${listed(known)}.`,
    ];
  }
  const like = nearest(wanted, known);
  const hint = like === undefined ? 'Use one of these.' : `Did you mean ${like}?`;
  return [`is ${show(wanted)}; from ${approach} there are ${listed(known)}`, hint];
}

function inTurnOrder(candidates: readonly Candidate[], side: 'left' | 'right'): Candidate[] {
  const order: readonly Turn[] =
    side === 'right' ? ['u-turn', 'left', 'straight', 'right'] : ['u-turn', 'right', 'straight', 'left'];
  return [...candidates].sort((a, b) => order.indexOf(a.turn) - order.indexOf(b.turn));
}
