import type { Replication } from '../replications.ts';
import { onCommonScale } from '../safety/common-scale.ts';
import { measuresOf } from './measures.ts';

const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A line per scenario, seed and variant with all measures, unrounded; what was not computed is empty. */
export function replicationsCsv(all: readonly (readonly Replication[])[]): string {
  const runs = all.flatMap((own) => onCommonScale(own));
  const measures = measuresOf(runs.flatMap(({ variants }) => Object.values(variants)));
  const header = ['scenario', 'seed', 'variant', 'strategy', ...measures.map(({ key }) => quoted(key)), 'digest'];
  const lines = [header.join(',')];
  for (const { scenario, seed, variants } of runs) {
    for (const [name, result] of Object.entries(variants)) {
      const values = measures.map((measure) => measure.of(result) ?? '');
      lines.push([quoted(scenario), seed, name, result.strategy, ...values, result.digest].join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}
