import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOwnV2x, readV2xValue } from '../../feeds/v2x/read.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { openSource, type Source } from '../source.ts';
import { runVariants } from '../runner.ts';
import { startBroker } from '../../feeds/broker.ts';

const FILE = fileURLToPath(new URL('../../scenarios/four-way-crossings.yaml', import.meta.url));
const V2X = {
  share: 1,
  pedestrianShare: 1,
  dropoutShare: 0,
  positionNoiseMetres: 0,
  idRotationSeconds: null,
  rangeMetres: 300,
  singly: false,
};

/** A scenario that ships, with something broadcast. */
async function source(v2x: Scenario['v2x'] | undefined, untilSeconds = 90): Promise<Source> {
  const plain = await openSource(FILE, { untilSeconds });
  const scenario = { ...plain.scenario!, ...(v2x && { v2x }) };
  const { openStreet } = await import('../../sim/street.ts');
  return { ...plain, scenario, open: (options) => openStreet({ kind: 'scenario', scenario }, options) };
}

/** All that a street broadcasts, by kind, in order. */
async function broadcast(v2x: Scenario['v2x'], seconds: number) {
  const street = (await source(v2x)).open({
    seed: 3,
    variant: { name: 'baseline', strategy: 'fixed-time' },
    prefix: 'flextraff-sim/test/baseline',
    wants: (kind) => ['bsm', 'psm', 'spat', 'map'].includes(kind),
  });
  const frames: Record<string, unknown[]> = { bsm: [], psm: [], spat: [], map: [] };
  while (street.tick * street.stepSeconds < seconds) street.step();
  for (const { address, message } of street.drain()) frames[address.kind]?.push(message);
  return { frames, street };
}

describe('what a street broadcasts', () => {
  it('is valid to the last message, and read the same whether it is checked or not', async () => {
    const { frames } = await broadcast({ ...V2X, positionNoiseMetres: 1.5, idRotationSeconds: 10 }, 60);
    for (const kind of ['bsm', 'psm', 'spat', 'map'] as const) {
      const all = frames[kind]!;
      expect(all.length, kind).toBeGreaterThan(0);
      for (const frame of all) {
        const text = JSON.parse(JSON.stringify(frame));
        const { messages, rejections } = readV2xValue(text);
        expect(rejections).toEqual([]);
        expect(readOwnV2x(frame)).toEqual(messages);
        expect(messages.every((message) => message.kind === kind)).toBe(true);
      }
    }
    // ten a second and one a second
    expect(frames.spat).toHaveLength(600);
    expect(frames.map).toHaveLength(60);
  });

  it('moves as the vehicles do: positions, speeds and headings agree within a tick', async () => {
    const { frames } = await broadcast(V2X, 60);
    const tracks = new Map<string, { atMs: number; x: number; y: number; speed: number; heading: number }[]>();
    for (const frame of frames.bsm!)
      for (const message of readOwnV2x(frame)) {
        if (message.kind !== 'bsm') continue;
        const track = tracks.get(message.id) ?? [];
        track.push({
          atMs: message.measuredAtMs!,
          x: message.longitudeDegrees! * 73_172,
          y: message.latitudeDegrees! * 111_219,
          speed: message.speedMetresPerSecond!,
          heading: message.headingDegrees!,
        });
        tracks.set(message.id, track);
      }
    expect(tracks.size).toBeGreaterThan(10);
    let compared = 0;
    for (const track of tracks.values())
      for (let i = 1; i < track.length; i++) {
        const [a, b] = [track[i - 1]!, track[i]!];
        if (b.atMs - a.atMs !== 100) continue;
        const gone = Math.hypot(b.x - a.x, b.y - a.y);
        expect(Math.abs(gone - (0.1 * (a.speed + b.speed)) / 2)).toBeLessThan(0.6);
        compared++;
      }
    expect(compared).toBeGreaterThan(1000);
  });

  it('comes from the share that broadcasts, less what is lost; ids change; noise has its size', async () => {
    const all = await broadcast(V2X, 60);
    const some = await broadcast(
      { ...V2X, share: 0.4, dropoutShare: 0.2, positionNoiseMetres: 2, idRotationSeconds: 20 },
      60,
    );
    const of = (frames: unknown[]) => frames.flatMap((frame) => readOwnV2x(frame));
    const [everybody, heard] = [of(all.frames.bsm!), of(some.frames.bsm!)];
    const share = heard.length / everybody.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.5);
    const ids = (messages: ReturnType<typeof of>) => new Set(messages.map((message) => (message as { id: string }).id));
    expect(ids(heard).size).toBeGreaterThan(ids(everybody).size * 0.4);
    for (const message of heard)
      expect((message as { accuracy: object }).accuracy).toMatchObject({ semiMajorMetres: 2 });
    // the world does not know
    expect(some.street.digest()).toBe(all.street.digest());
    const silent = (await source(undefined)).open({
      seed: 3,
      variant: { name: 'baseline', strategy: 'fixed-time' },
      prefix: 'flextraff-sim/test/baseline',
    });
    while (silent.tick < all.street.tick) silent.step();
    expect(silent.digest()).toBe(all.street.digest());
  });
});

describe('the safety of a run', () => {
  it('is the same in-process and over a broker, here and on threads', async () => {
    const run = async (options: object) => {
      const { variants } = await runVariants({ source: await source(V2X, 45), seed: 1, ...options });
      return Object.values(variants).map(({ safety }) => safety);
    };
    const here = await run({});
    const broker = await startBroker({ port: 0 });
    try {
      expect(JSON.stringify(await run({ safety: { threads: 2 } }))).toBe(JSON.stringify(here));
      expect(JSON.stringify(await run({ link: { broker: broker.url } }))).toBe(JSON.stringify(here));
    } finally {
      await broker.close();
    }
    expect(here[0]!.conflicts.total).toBeGreaterThan(0);
    expect(here[0]!.index!.combined).toBeGreaterThan(0);
    const junction = Object.values(here[0]!.junctions)[0]!;
    expect(junction.messages.rejected).toEqual({});
    expect(junction.messages.used).toBe(junction.messages.read);
    expect(junction.faults).toEqual({});
  }, 60_000);

  it('is absent where nobody broadcasts', async () => {
    const { variants } = await runVariants({ source: await source(undefined, 10), seed: 1 });
    expect(Object.values(variants).map(({ safety }) => safety)).toEqual([undefined, undefined]);
  });
});
