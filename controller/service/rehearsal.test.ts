import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { STRATEGIES } from '../strategies/index.ts';
import type { DecideJob } from './decider.ts';
import { inProcessDecider } from './decider.ts';
import { rehearse } from './rehearsal.ts';
import { workerDecider } from './worker-decider.ts';

const junctionsOf = (strategy: string) => [
  { configuration: crossroads({ crossings: true }), strategy, parameters: {} },
];

describe('a rehearsal', () => {
  it.each(STRATEGIES.map(({ name }) => name))(
    'has %s decide, and leaves no junction of ours behind',
    async (strategy) => {
      const asked: DecideJob[] = [];
      const decider = inProcessDecider();
      const watched = {
        ...decider,
        decide: (jobs: readonly DecideJob[]) => {
          asked.push(...jobs);
          return decider.decide(jobs);
        },
      };
      const junctions = junctionsOf(strategy);
      const { decisions } = await rehearse({ junctions, decider: watched, threads: 2, commands: 4, budgetMs: 60_000 });
      expect(decisions).toBeGreaterThanOrEqual(4);
      expect(new Set(asked.map((job) => job.strategy))).toEqual(new Set([strategy]));
      expect(asked.some((job) => job.junctionId === junctions[0]!.configuration.junctionId)).toBe(false);
    },
  );

  it('reaches every thread', async () => {
    const decider = workerDecider({ threads: 2 });
    try {
      await rehearse({ junctions: junctionsOf('atcs'), decider, threads: 2, commands: 4, budgetMs: 60_000 });
      expect(decider.answersByThread!().size).toBe(2);
    } finally {
      await decider.close();
    }
  }, 90_000);
});
