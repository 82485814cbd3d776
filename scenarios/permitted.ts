/** Pairs of signal groups that may be green together although their ways meet, since the first yields to the second. */
import type { ResolvedGround } from './arms.ts';
import { conflictDistance } from './conflicts.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { SignalisedFile } from './schema.ts';
import type { Group } from './signal-groups.ts';

export interface Permitted {
  /** The clearing distances without the pairs that the file permits. */
  readonly clearing: (number | null)[][];
  /** `yields[i][j]`: vehicles of group i give way to those of group j; absent where the file permits no such pair. */
  readonly yields?: boolean[][];
}

/**
 * Takes the pairs that the file permits out of the conflicts. Turns into an arm may yield to the people on its crossing,
 * and turns to vehicles that have precedence over them, as drivers do: straight on before turns, the turn to the near side
 * before the one across. Anything else is reported.
 */
export function permitPairs(
  junction: SignalisedFile,
  path: Path,
  ground: ResolvedGround,
  groups: readonly Group[],
  groupOf: ReadonlyMap<string, string>,
  clearing: readonly (readonly (number | null)[])[],
  body: number,
  side: 'left' | 'right',
  findings: Findings,
): Permitted {
  const matrix = clearing.map((row) => [...row]);
  const gives = groups.map(() => groups.map(() => false));
  const permitted: [number, number][] = [];
  const ids = groups.map((group) => group.id);
  for (const [index, pair] of (junction.signals.permitted ?? []).entries()) {
    const at: Path = [...path, 'signals', 'permitted', index];
    const [yields, goes] = pair.map((id) => ids.indexOf(id)) as [number, number];
    for (const [place, id] of pair.entries()) {
      if (!ids.includes(id)) findings.addUnknown([...at, place], 'the signal group', id, ids);
    }
    if (yields < 0 || goes < 0) continue;
    const walkers = groups[goes]!;
    if (groups[yields]!.kind !== 'vehicle') {
      findings.add(
        at,
        `lets people yield to vehicles (${pair[0]} to ${pair[1]}); only turning vehicles may yield`,
        `Write [${pair[1]}, ${pair[0]}], or remove it.`,
      );
      continue;
    }
    if (matrix[yields]![goes] === null) {
      findings.add(at, `is ${pair[0]} and ${pair[1]}, which do not conflict`, 'Remove it.');
      continue;
    }
    if (walkers.kind === 'vehicle') {
      const isBoth = junction.signals.permitted!.some(([a, b]) => a === pair[1] && b === pair[0]);
      const wrong = wrongOrder(groups[yields]!, walkers, ground, body, side);
      if (wrong !== undefined && !isBoth) {
        const [a, b] = wrong;
        findings.add(
          at,
          `lets ${a} yield to ${b}, which has no precedence over it: straight on goes before turns, and the turn to the near side before the one across`,
          `Write [${pair[1]}, ${pair[0]}], or add it where each has movements that yield to the other.`,
        );
        continue;
      }
      gives[yields]![goes] = true;
      permitted.push([yields, goes]);
      continue;
    }
    const arm = walkers.approaches[0]!;
    const wrong = ground.movements.find(
      ({ name, from, to, turn }) =>
        groupOf.get(name) === pair[0] && (from === arm || (to === arm && turn === 'straight')),
    );
    if (wrong !== undefined) {
      findings.add(
        at,
        `lets ${wrong.name} drive over the crossing of ${arm} while people walk; only turns into an arm may yield to them`,
        `Give ${wrong.name} a signal group of its own that is red while ${pair[1]} walks, or remove the pair.`,
      );
      continue;
    }
    permitted.push([yields, goes]);
  }
  for (const [yields, goes] of permitted) {
    matrix[yields]![goes] = null;
    matrix[goes]![yields] = null;
  }
  return { clearing: matrix, ...(gives.some((row) => row.includes(true)) ? { yields: gives } : {}) };
}

/** Movements of the first group and of the second that meet, and of which the first does not yield to the second. */
function wrongOrder(
  yields: Group,
  goes: Group,
  ground: ResolvedGround,
  body: number,
  side: 'left' | 'right',
): [string, string] | undefined {
  const rank = (name: string): number => {
    const { turn } = ground.movements.find((each) => each.name === name)!;
    if (turn === 'straight') return 3;
    return turn === 'u-turn' ? 0 : turn === side ? 2 : 1;
  };
  for (const a of yields.tracks) {
    for (const b of goes.tracks) {
      if (conflictDistance(a, b, body) !== null && rank(a.movement) >= rank(b.movement))
        return [a.movement, b.movement];
    }
  }
  return undefined;
}
