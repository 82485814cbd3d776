/** SUMO's and CityFlow's files that broadcast (`--v2x`): judged as scenarios are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../../feeds/broker.ts';
import { readOwnV2x, readV2xValue } from '../../feeds/v2x/read.ts';
import type { V2xSettings } from '../../scenarios/types.ts';
import { type RunOptions, runVariants } from '../runner.ts';
import { openSource } from '../source.ts';

const DATA = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data');
const CASES = [
  ['SUMO', join(DATA, 'sumo/cologne1/cologne1.sumocfg'), true],
  ['CityFlow', join(DATA, 'cityflow/hangzhou-1x1-kn-hz_18041607'), false],
] as const;
const V2X: V2xSettings = {
  share: 1,
  pedestrianShare: 1,
  dropoutShare: 0,
  positionNoiseMetres: 0,
  idRotationSeconds: null,
  rangeMetres: 300,
  singly: false,
};
const BOTH = [
  { name: 'baseline', strategy: 'fixed-time', parameters: {} },
  { name: 'best', strategy: 'max-pressure', parameters: {} },
];

describe.each(CASES)('%s’s files (skipped without the shared data)', (_, path, isOnEarth) => {
  const here = it.skipIf(!existsSync(path));
  const source = (untilSeconds: number, v2x: V2xSettings | null = V2X) =>
    openSource(path, { untilSeconds, ...(v2x && { v2x }) });

  here('broadcast valid messages, and the world does not know', async () => {
    const open = async (v2x: V2xSettings | null) =>
      (await source(60, v2x)).open({
        seed: 0,
        variant: BOTH[0]!,
        prefix: 'flextraff-sim/test/baseline',
        wants: (kind) => ['bsm', 'psm', 'spat', 'map'].includes(kind),
      });
    const [street, silent] = [await open(V2X), await open(null)];
    while (street.nowMs - silent.nowMs < 60_000) street.step();
    const frames: Record<string, unknown[]> = { bsm: [], psm: [], spat: [], map: [] };
    for (const { address, message } of street.drain()) frames[address.kind]!.push(message);
    const { roadsideUnits } = street;
    expect(roadsideUnits.length).toBeGreaterThan(0);
    expect(roadsideUnits.every((unit) => unit.isOnEarth === isOnEarth)).toBe(true);
    expect(frames.psm).toEqual([]);
    expect(frames.spat).toHaveLength(600 * roadsideUnits.length);
    expect(frames.map).toHaveLength(60 * roadsideUnits.length);
    expect(frames.bsm!.length).toBeGreaterThan(100);
    for (const frame of Object.values(frames).flat()) {
      const { messages, rejections } = readV2xValue(JSON.parse(JSON.stringify(frame)));
      expect(rejections).toEqual([]);
      expect(readOwnV2x(frame)).toEqual(messages);
    }
    while (silent.tick < street.tick) silent.step();
    expect(silent.drain()).toEqual([]);
    expect(street.digest()).toBe(silent.digest());
  });

  here('say of each lane where it leads and by which signal', async () => {
    const street = (await source(60)).open({ seed: 0, variant: BOTH[0]!, prefix: 'flextraff-sim/test/baseline' });
    for (const { map, face } of street.roadsideUnits) {
      const [geometry] = map!.intersections;
      const numbers = new Set(face!.groups.map(({ number }) => number));
      const ids = new Set(geometry!.lanes.map(({ id }) => id));
      expect(ids.size).toBe(geometry!.lanes.length);
      const governed = new Set<number>();
      for (const { connections = [], directionalUseBits } of geometry!.lanes) {
        if (directionalUseBits === 0x80) expect(connections.length).toBeGreaterThan(0);
        for (const { lane, signalGroup } of connections) {
          expect(ids.has(lane)).toBe(true);
          if (signalGroup === undefined) continue;
          expect(numbers.has(signalGroup)).toBe(true);
          governed.add(signalGroup);
        }
      }
      expect(governed).toEqual(numbers);
    }
  });

  here(
    'give the same records here, on threads and over a broker, under their own programs and under a strategy',
    async () => {
      const run = async (options: Partial<RunOptions>) => {
        const { variants } = await runVariants({ source: await source(90), seed: 0, variants: BOTH, ...options });
        return Object.values(variants).map(({ safety }) => safety!);
      };
      const found = await run({});
      const broker = await startBroker({ port: 0 });
      try {
        expect(JSON.stringify(await run({ safety: { threads: 2 } }))).toBe(JSON.stringify(found));
        expect(JSON.stringify(await run({ link: { broker: broker.url } }))).toBe(JSON.stringify(found));
      } finally {
        await broker.close();
      }
      for (const safety of found) {
        expect(safety.conflicts.total).toBeGreaterThan(0);
        expect(safety.penetration).toBe(1);
        for (const { messages } of Object.values(safety.junctions)) {
          expect(messages.rejected).toEqual({});
          expect(messages.used).toBe(messages.read);
        }
        for (const { latitude, longitude } of safety.conflictList) {
          if (isOnEarth) expect([Math.round(latitude!), Math.round(longitude!)]).toEqual([51, 7]);
          else expect([latitude, longitude]).toEqual([null, null]);
        }
      }
    },
    120_000,
  );

  here('are judged by the share that broadcasts', async () => {
    const { variants } = await runVariants({ source: await source(60, { ...V2X, share: 0.3 }), seed: 0 });
    const { safety } = variants.baseline!;
    expect(safety!.penetration).toBe(0.3);
    const silent = await runVariants({ source: await source(60, null), seed: 0 });
    expect(silent.variants.baseline!.safety).toBeUndefined();
    expect(silent.variants.baseline!.digest).toBe(variants.baseline!.digest);
  });
});
