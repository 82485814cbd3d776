/** Pairs of signal groups that may be green together although their ways meet, since the first yields to the second. */
import type { ResolvedGround } from './arms.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { JunctionFile } from './schema.ts';
import type { Group } from './signal-groups.ts';

/**
 * The clearing distances without the pairs that the file permits. Only turns into an arm may yield, and to the people on
 * its crossing; anything else is reported.
 */
export function permitPairs(
  junction: JunctionFile,
  path: Path,
  ground: ResolvedGround,
  groups: readonly Group[],
  groupOf: ReadonlyMap<string, string>,
  clearing: readonly (readonly (number | null)[])[],
  findings: Findings,
): (number | null)[][] {
  const matrix = clearing.map((row) => [...row]);
  const ids = groups.map((group) => group.id);
  for (const [index, pair] of (junction.signals.permitted ?? []).entries()) {
    const at: Path = [...path, 'signals', 'permitted', index];
    const [yields, goes] = pair.map((id) => ids.indexOf(id)) as [number, number];
    for (const [place, id] of pair.entries()) {
      if (!ids.includes(id)) findings.addUnknown([...at, place], 'the signal group', id, ids);
    }
    if (yields < 0 || goes < 0) continue;
    const walkers = groups[goes]!;
    if (groups[yields]!.kind !== 'vehicle' || walkers.kind !== 'pedestrian') {
      findings.add(
        at,
        `asks for permitted turns of ${pair[0]} against ${pair[1]}, which is not supported yet`,
        'Remove it.',
      );
      continue;
    }
    if (matrix[yields]![goes] === null) {
      findings.add(at, `is ${pair[0]} and ${pair[1]}, which do not conflict`, 'Remove it.');
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
    matrix[yields]![goes] = null;
    matrix[goes]![yields] = null;
  }
  return matrix;
}
