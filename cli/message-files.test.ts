import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DATASETS } from '../api/archive/layout.ts';
import { readParquet } from '../api/archive/parquet.ts';
import { readV2xValue } from '../feeds/v2x/read.ts';
import { startBroker, type Broker } from '../feeds/broker.ts';
import { openMqttLink } from '../feeds/mqtt-link.ts';
import { runVariants } from '../runs/runner.ts';
import { hears, openRunMonitor } from '../runs/safety/of-run.ts';
import { junctionOfTopic, recordedMessages, replay } from '../runs/safety/replay.ts';
import { safetyResults } from '../runs/safety/summary.ts';
import { openSource } from '../runs/source.ts';
import type { Street } from '../sim/street.ts';
import type { RunResult } from '../runs/types.ts';
import { openMessageArchive, openMessageLogs } from './message-files.ts';

const RUN = '0199f000-0000-7000-8000-000000000001';
const KINDS = ['bsm', 'psm', 'spat', 'map'] as const;

describe('what a run broadcasts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flextraff-messages-test-'));
  let broker: Broker;
  let street: Street;
  let result: RunResult;
  const sent = { bsm: 0, psm: 0, spat: 0, map: 0 };

  beforeAll(async () => {
    broker = await startBroker({ port: 0 });
    const source = await openSource('turns-over-crossings', { untilSeconds: 75 });
    const variants = source.variants.filter(({ name }) => name === 'adaptive');
    const keepers = [
      await openMessageLogs(join(folder, 'logs')),
      await openMessageArchive({
        location: join(folder, 'archive'),
        runId: RUN,
        onProblem: (message) => expect.fail(message),
      }),
    ];
    result = await runVariants({
      source,
      seed: 3,
      variants,
      observer: {
        onStart: (streets) => {
          street = streets.get('adaptive')!;
        },
        onMessage(variant, _second, outgoing) {
          const { kind } = outgoing.address;
          if (kind in sent) sent[kind as keyof typeof sent] += [outgoing.message].flat().length;
          for (const keeper of keepers) keeper.take(variant, outgoing);
        },
        async onSecond(second) {
          for (const keeper of keepers) await keeper.second(second);
        },
      },
    });
    for (const keeper of keepers) await keeper.close();
  }, 120_000);
  afterAll(async () => {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Replays `path` and judges it at the other end of the broker. */
  async function replayed(path: string, speed: number | 'max') {
    const prefix = 'flextraff-sim/again/log';
    const [sender, listener] = [
      await openMqttLink({ url: broker.url, simulation: true }),
      await openMqttLink({ url: broker.url, simulation: true }),
    ];
    const monitor = await openRunMonitor({
      units: street.roadsideUnits,
      startsAtMs: Date.UTC(2024, 0, 15, 16),
      variant: 'adaptive',
      penetration: 1,
      weather: null,
      pool: null,
      own: false,
    });
    let heard = 0;
    const taken = monitor.take.bind(monitor);
    monitor.take = (junctionId, frame) => {
      heard += [frame].flat().length;
      taken(junctionId, frame);
    };
    await hears(monitor, listener, prefix);
    const told = await replay(recordedMessages(path), { link: sender, prefix, junctionId: null, speed });
    const all = Object.values(told.sent).reduce((sum, n) => sum + n, 0);
    await vi.waitFor(() => expect(heard).toBe(all), 20_000);
    await monitor.finish();
    await sender.close();
    await listener.close();
    return { told, safety: safetyResults([monitor], 0).get('adaptive')! };
  }

  it('gives the same records when its log is replayed, byte by byte', async () => {
    const log = join(folder, 'logs', 'adaptive.jsonl');
    const { told, safety } = await replayed(log, 'max');
    expect(told.sent).toEqual(sent);
    expect(told.rejected).toEqual({});
    const own = result.variants.adaptive!.safety!;
    expect(own.conflictList.length).toBeGreaterThan(5);
    expect(JSON.stringify(safety.conflictList)).toBe(JSON.stringify(own.conflictList));
    expect(JSON.stringify(safety.junctions)).toBe(JSON.stringify(own.junctions));

    // the first seconds of it, packed, in its own times sixty times as fast
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, 2000).join('\n');
    writeFileSync(join(folder, 'first.jsonl.gz'), gzipSync(lines));
    const [slow, fast] = [
      await replayed(join(folder, 'first.jsonl.gz'), 60),
      await replayed(join(folder, 'first.jsonl.gz'), 'max'),
    ];
    expect(JSON.stringify(slow)).toBe(JSON.stringify(fast));
  }, 120_000);

  it('goes to simulations only', async () => {
    const link = await openMqttLink({ url: broker.url, simulation: true });
    const recorded = recordedMessages(join(folder, 'logs', 'adaptive.jsonl'));
    await expect(replay(recorded, { link, prefix: 'flextraff', junctionId: null, speed: 'max' })).rejects.toThrow(
      /flextraff-sim/,
    );
    await link.close();
  });

  it('is archived whole, in the documents’ folders, apart from what streets said', async () => {
    const root = join(folder, 'archive');
    expect(await readdir(root)).toEqual(['simulated']);
    for (const kind of KINDS) {
      const name = kind === 'map' ? 'mapdata' : kind;
      const day = join(root, 'simulated', RUN, 'adaptive', 'raw', name, '2024', '01', '15');
      const files = await readdir(day);
      expect(
        files.every((file) => new RegExp(`^${name}_2024-01-15_160[01]00-[0-9a-f]{12}\\.parquet$`).test(file)),
      ).toBe(true);
      let rows = 0;
      for (const file of files)
        for await (const part of readParquet([join(day, file)], DATASETS[kind].columns))
          for (const row of part) {
            expect(row.via).toBe('simulation');
            expect(readV2xValue(row.message).messages[0]?.kind).toBe(kind);
            rows++;
          }
      expect(rows, kind).toBe(sent[kind]);
    }
  }, 60_000);
});

describe('a replay', () => {
  it('knows the junction by the topic', () => {
    const junction = '738b75d6-f805-5433-833c-7301f29db96e';
    expect(junctionOfTopic(`flextraff-sim/${RUN}/baseline/${junction}/bsm`)).toBe(junction);
    expect(junctionOfTopic(`flextraff/${junction.toUpperCase()}/psm`)).toBe(junction);
    expect(junctionOfTopic('rsu/12/bsm')).toBeNull();
    expect(junctionOfTopic(null)).toBeNull();
  });

  it('refuses positions that nobody sent', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flextraff-fcd-'));
    writeFileSync(join(folder, 'fcd.xml'), '<fcd-export></fcd-export>');
    await expect(recordedMessages(join(folder, 'fcd.xml')).next()).rejects.toThrow(/--v2x --messages/);
    rmSync(folder, { recursive: true });
  });
});
