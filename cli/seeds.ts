import { SEEDS_MAX } from '../runs/replications.ts';
import { Refusal } from './failure.ts';

const FORM = 'Give a range, 1..20, or a list, 1,3,7, or both: 1..5,9.';
const SEED_MAX = 4_294_967_295;

/**
 * Reads `--seeds`: ranges and single seeds between commas, in the order given. Throws Refusal for anything else, for a
 * seed given twice, and for more than 100,000.
 */
export function parseSeeds(text: string): number[] {
  const refuse = (why: string): never => {
    throw new Refusal(`--seeds ${text.length > 60 ? `${text.slice(0, 60)}...` : text}: ${why} ${FORM}`);
  };
  const seeds: number[] = [];
  for (const part of text.split(',')) {
    const range = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(part.trim());
    if (range === null) return refuse(`"${part.slice(0, 40)}" is neither a whole number nor a range of them.`);
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (first > SEED_MAX || last > SEED_MAX) return refuse(`a seed is a whole number from 0 to ${SEED_MAX}.`);
    if (first > last) return refuse(`the range ${part.trim()} ends before it begins: did you mean ${last}..${first}?`);
    if (seeds.length + last - first + 1 > SEEDS_MAX) return refuse(`that is more than ${SEEDS_MAX} seeds.`);
    for (let seed = first; seed <= last; seed++) seeds.push(seed);
  }
  if (new Set(seeds).size < seeds.length) return refuse('a seed is given twice, and counts once only.');
  return seeds;
}
