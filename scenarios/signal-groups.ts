/** The signal groups of a junction: which movements share lamps, which crossings have some, what they let go. */
import type { JunctionDetector, SignalGroup } from '../junction/types.ts';
import type { ResolvedGround } from './arms.ts';
import { conflictDistance, type GroupGround, pedestrianClearanceSeconds, type Track } from './conflicts.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { show } from './issues.ts';
import type { JunctionLayout } from './layout.ts';
import type { JunctionFile } from './schema.ts';

export interface Group extends GroupGround {
  readonly id: string;
  readonly number?: number;
  readonly kind: 'vehicle' | 'pedestrian';
  readonly approaches: readonly string[];
  readonly clearanceSeconds: number;
  /** Speed limits of its approaches, m/s; none for pedestrians. */
  readonly speeds: readonly number[];
}

/** Signal group per movement: as listed, else one of its own with its name. */
export function assignGroups(
  junction: JunctionFile,
  path: Path,
  ground: ResolvedGround,
  findings: Findings,
): Map<string, string> {
  const names = ground.movements.map((movement) => movement.name);
  const groupOf = new Map<string, string>();
  for (const [index, entry] of (junction.signalGroups ?? []).entries()) {
    for (const [place, name] of entry.movements.entries()) {
      const at: Path = [...path, 'signalGroups', index, 'movements', place];
      if (!names.includes(name)) findings.addUnknown(at, 'the movement', name, names);
      else if (groupOf.has(name))
        findings.add(
          at,
          `is ${show(name)}, which group ${groupOf.get(name)} has already`,
          'Remove it from one of them.',
        );
      else groupOf.set(name, entry.id);
    }
  }
  for (const name of names) if (!groupOf.has(name)) groupOf.set(name, name);
  return groupOf;
}

export function makeGroups(
  junction: JunctionFile,
  path: Path,
  ground: ResolvedGround,
  layout: JunctionLayout,
  groupOf: ReadonlyMap<string, string>,
  findings: Findings,
): Group[] {
  const listedGroups = junction.signalGroups ?? [];
  const taken: { name: string; path: Path }[] = listedGroups.map((entry, index) => ({
    name: entry.id,
    path: [...path, 'signalGroups', index, 'id'],
  }));
  for (const [index, crossing] of ground.crossings.entries()) {
    const key = junction.crossings![index]!.group === undefined ? 'approach' : 'group';
    taken.push({ name: crossing.group, path: [...path, 'crossings', index, key] });
  }
  findings.addRepeated(taken, 'signal group');
  for (const [index, entry] of listedGroups.entries()) {
    if ((groupOf.get(entry.id) ?? entry.id) === entry.id) continue;
    findings.add(
      [...path, 'signalGroups', index, 'id'],
      `is ${show(entry.id)}, which is a movement of another group`,
      'Rename the group.',
    );
  }
  const ids = [...new Set(ground.movements.map((movement) => groupOf.get(movement.name)!))];
  const vehicles = ids.map((id): Group => {
    const own = ground.movements.filter((movement) => groupOf.get(movement.name) === id);
    const approaches = ground.arms.filter((arm) => own.some((movement) => movement.from === arm.name));
    const tracks = own.flatMap((movement) =>
      layout.connections.get(movement.name)!.map(
        (connection): Track => ({
          movement: movement.name,
          approach: movement.from,
          exit: movement.to,
          ...connection,
        }),
      ),
    );
    const number = listedGroups.find((entry) => entry.id === id)?.number;
    return {
      id,
      number,
      kind: 'vehicle',
      approaches: approaches.map((arm) => arm.name),
      clearanceSeconds: 0,
      tracks,
      speeds: approaches.map((arm) => arm.speedMetresPerSecond),
    };
  });
  const walkers = ground.crossings.map((crossing): Group => {
    const arm = layout.arms.get(crossing.approach)!;
    return {
      id: crossing.group,
      kind: 'pedestrian',
      approaches: [crossing.approach],
      clearanceSeconds: pedestrianClearanceSeconds(arm.widthMetres),
      tracks: [],
      crossing: arm.crossing,
      speeds: [],
    };
  });
  const groups = [...vehicles, ...walkers];
  if (groups.length > 254)
    findings.add(
      [...path, 'approaches'],
      `make ${groups.length} signal groups; at most 254`,
      'Let movements share groups.',
    );
  checkNumbers(junction, path, findings);
  return groups;
}

function checkNumbers(junction: JunctionFile, path: Path, findings: Findings): void {
  const seen = new Map<number, string>();
  for (const [index, entry] of (junction.signalGroups ?? []).entries()) {
    if (entry.number === undefined) continue;
    const other = seen.get(entry.number);
    if (other !== undefined)
      findings.add(
        [...path, 'signalGroups', index, 'number'],
        `is ${entry.number}, as is that of ${other}`,
        'Give each its own number, 1 to 254.',
      );
    seen.set(entry.number, entry.id);
  }
}

/** Movements that share lamps must not meet. */
export function checkGroups(
  groups: readonly Group[],
  junction: JunctionFile,
  path: Path,
  body: number,
  findings: Findings,
): void {
  for (const group of groups) {
    const meeting = group.tracks.flatMap((a) =>
      group.tracks
        .filter((b) => a.movement < b.movement && conflictDistance(a, b, body) !== null)
        .map((b) => [a.movement, b.movement]),
    );
    if (meeting.length === 0) continue;
    const index = (junction.signalGroups ?? []).findIndex((entry) => entry.id === group.id);
    const at: Path = index < 0 ? [...path, 'approaches'] : [...path, 'signalGroups', index, 'movements'];
    findings.addConsequence(
      at,
      [[...path, 'approaches']],
      `puts ${meeting[0]![0]} and ${meeting[0]![1]} in one group, ${group.id}, but their paths meet`,
      'Put them in groups of their own, or list the lanes from the centre line outwards.',
    );
  }
}

/** J2735 numbers: those the file gives, the others counted from 1 past them. */
export function numbered(groups: readonly Group[]): SignalGroup[] {
  const given = new Set(groups.map((group) => group.number));
  let next = 1;
  return groups.map(({ id, number, kind, approaches, clearanceSeconds }) => {
    while (number === undefined && given.has(next)) next += 1;
    const own = number ?? next;
    if (number === undefined) next += 1;
    return { id, number: own, kind, approaches, clearanceSeconds };
  });
}

/** Each reader for the whole approach, and at the stop line for each lane, with the groups whose traffic it sees. */
export function detectorsOf(ground: ResolvedGround, groupOf: ReadonlyMap<string, string>): JunctionDetector[] {
  const groups = (movements: readonly string[]) => [...new Set(movements.map((name) => groupOf.get(name)!))];
  return ground.arms.flatMap(({ name, rfid, laneMovements, speedMetresPerSecond }) =>
    rfid.flatMap(({ position, distanceMetres }): JunctionDetector[] => {
      const place = {
        approach: name,
        position,
        metresBeforeLine: distanceMetres,
        limitMetresPerSecond: speedMetresPerSecond,
      };
      const lanes = position === 'stopline' ? laneMovements : [];
      return [
        { id: `${name}:${position}`, lane: null, groups: groups(laneMovements.flat()), ...place },
        ...lanes.map((movements, lane) => ({
          id: `${name}:${position}:${lane}`,
          lane,
          groups: groups(movements),
          ...place,
        })),
      ];
    }),
  );
}
