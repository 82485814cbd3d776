import type { Replication } from '../replications.ts';
import { onCommonScale } from '../safety/common-scale.ts';
import { MEASURES } from './measures.ts';

const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A line per scenario, seed and variant with all measures, unrounded; what was not computed is empty. */
export function replicationsCsv(all: readonly (readonly Replication[])[]): string {
  const lines = [['scenario', 'seed', 'variant', 'strategy', ...MEASURES.map(({ key }) => key), 'digest'].join(',')];
  for (const { scenario, seed, variants } of all.flatMap((runs) => onCommonScale(runs))) {
    for (const [name, result] of Object.entries(variants)) {
      const values = MEASURES.map((measure) => measure.of(result) ?? '');
      lines.push([quoted(scenario), seed, name, result.strategy, ...values, result.digest].join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}
