import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReplicator, type Replication, ReplicationsStopped, type Replicator } from './replications.ts';
import { runVariants } from './runner.ts';
import { openSource, type Source } from './source.ts';

const sourceOptions = { untilSeconds: 90 };
const seeds = [5, 1, 3];

let source: Source;
let two: Replicator;
let ofTwo: Replication[];
beforeAll(async () => {
  source = await openSource('t-junction', sourceOptions);
  two = openReplicator({ threads: 2 });
  ofTwo = await two.replicate({ source, sourceOptions, seeds });
});
afterAll(() => two.close());

describe('replications', () => {
  it('are the single runs, in the order of the seeds', async () => {
    expect(ofTwo.map(({ seed }) => seed)).toEqual(seeds);
    for (const replication of ofTwo) {
      const single = await runVariants({ source, seed: replication.seed });
      expect(replication.variants).toEqual(single.variants);
      expect(replication.performance.vehicleUpdates).toBe(single.performance.vehicleUpdates);
    }
  });

  it('are the same on one thread, and count what is done', async () => {
    const one = openReplicator({ threads: 1 });
    const done: number[] = [];
    try {
      const ofOne = await one.replicate({ source, sourceOptions, seeds, onDone: (count) => done.push(count) });
      const bare = (all: Replication[]) => all.map(({ performance: _, ...rest }) => rest);
      expect(bare(ofOne)).toEqual(bare(ofTwo));
      expect(done).toEqual([1, 2, 3]);
    } finally {
      await one.close();
    }
  });

  it('serve another scenario and other variants with the same threads', async () => {
    const other = await openSource('hangzhou-kn-hz', { untilSeconds: 30 });
    const variants = [{ name: 'a', strategy: 'webster', parameters: {} }];
    const [only] = await two.replicate({ source: other, sourceOptions: { untilSeconds: 30 }, seeds: [2], variants });
    expect(only).toMatchObject({ scenario: 'hangzhou-kn-hz', seed: 2, durationSeconds: 30 });
    expect(Object.keys(only!.variants)).toEqual(['a']);
  });

  it('stop when they are told to, saying how far they came', async () => {
    const stopping = new AbortController();
    const running = two.replicate({
      source,
      sourceOptions,
      seeds: Array.from({ length: 1000 }, (_, i) => i),
      onDone: (done) => done === 2 && stopping.abort(),
      signal: stopping.signal,
    });
    await expect(running).rejects.toThrow(ReplicationsStopped);
    await expect(running).rejects.toThrow(/of 1000 were done/);
  });

  it('refuse seeds and variants that cannot be run', async () => {
    const refused = (more: object) => expect(two.replicate({ source, sourceOptions, seeds, ...more })).rejects;
    await refused({ seeds: [] }).toThrow(/0 seeds/);
    await refused({ seeds: [1, 1] }).toThrow(/twice/);
    await refused({ seeds: [-1] }).toThrow(/not allowed/);
    await refused({ variants: [{ name: 'a', strategy: 'no-such', parameters: {} }] }).toThrow(/no-such/);
  });

  it('say which seed failed, and of what', async () => {
    const gone = { ...source, path: `${source.path}.gone` };
    await expect(two.replicate({ source: gone, sourceOptions, seeds: [7, 8] })).rejects.toThrow(
      /^t-junction, seed 7: /,
    );
  });
});
