/** A process that is held up, clocks that are set, disks: what happens to the lamps of a real device. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { minuteOfWeekIn } from '../../junction/local-time.ts';
import { LampMonitor } from '../../junction/monitor.ts';
import { crossroads } from '../../junction/testing.ts';
import { configurationToMessage, isoOf, planToMessage } from '../codec.ts';
import { createInProcessLink } from '../inprocess-link.ts';
import type { Received } from '../link.ts';
import type { Lamps } from '../messages.ts';
import { DeviceHost, type DeviceHostOptions } from './device-host.ts';
import { snapshotFile } from './snapshot-file.ts';

const PREFIX = 'flextraff-sim/host/test';
const START = Date.UTC(2024, 0, 1);
let hosts: DeviceHost[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
  vi.useRealTimers();
});

async function device(options: Partial<DeviceHostOptions> = {}) {
  const configuration = crossroads();
  const link = createInProcessLink({ simulation: true, verify: true });
  const heard: Received[] = [];
  const kinds = ['lamps', 'ack', 'heartbeat', 'status', 'log'] as const;
  await link.subscribe(PREFIX, kinds, (received) => heard.push(received as Received));
  let lagMs = 0;
  const wrong: string[] = [];
  let monitor: LampMonitor | null = null;
  const steadyMs = (): number => performance.now() + lagMs;
  const host = new DeviceHost({
    link,
    prefix: PREFIX,
    configuration,
    deviceId: 'lamps',
    boot: 'warm',
    steadyMs,
    onLamps: (lamps) => {
      const problem = monitor?.see(lamps, steadyMs()) ?? null;
      monitor ??= new LampMonitor(configuration, lamps, steadyMs());
      if (problem !== null) wrong.push(problem);
    },
    ...options,
  });
  hosts.push(host);
  await host.start();
  return {
    configuration,
    link,
    host,
    wrong,
    lamps: () => heard.filter((one) => one.address.kind === 'lamps').map((one) => one.message as Lamps),
    ofKind: (kind: string) => heard.filter((one) => one.address.kind === kind).map((one) => one.message),
    /** Time passes of which the process knows nothing until it is over. */
    hold: (ms: number) => {
      lagMs += ms;
    },
  };
}

describe('a device on a link', () => {
  it('tells its lamps each second and on each change, that it is there, and that it is well', async () => {
    const world = await device();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.ofKind('status')).toEqual([{ status: 'online', since: isoOf(START) }]);
    expect(world.ofKind('heartbeat').length).toBeGreaterThanOrEqual(12);
    const lamps = world.lamps();
    expect(lamps.length).toBeGreaterThanOrEqual(60);
    expect(lamps.map(({ seq }) => seq)).toEqual(lamps.map((_, i) => i + 1));
    expect(new Set(lamps.map(({ stage }) => stage))).toEqual(new Set(['NS', 'NS-left', 'EW']));
  });

  it('shows no yellow and no intergreen short, though the process is held up again and again', async () => {
    const world = await device();
    let seed = 7;
    for (let i = 0; i < 3000; i++) {
      await vi.advanceTimersByTimeAsync(100);
      seed = (seed * 48_271) % 2_147_483_647;
      if (seed % 7 === 0) world.hold(seed % 4000);
    }
    expect(world.wrong).toEqual([]);
    expect(world.lamps().length).toBeGreaterThan(100);
    expect(world.host.report().fault).toBeNull();
  });

  it('goes on when its wall clock is set, and still judges validity by it', async () => {
    const world = await device();
    await vi.advanceTimersByTimeAsync(10_000);
    vi.setSystemTime(START + 86_400_000);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.host.report().stageId).toBe('NS-left');
    const { junctionId } = world.configuration;
    const send = (seq: number, fromMs: number, untilMs: number): void =>
      world.link.publish(
        { prefix: PREFIX, kind: 'green-time', junctionId },
        planToMessage(
          {
            planId: `p${seq}`,
            seq,
            junctionId,
            configurationVersion: 1,
            validFromMs: fromMs,
            validUntilMs: untilMs,
            stages: world.configuration.localPlan,
            mode: 'automatic',
            reason: 'test',
          },
          world.configuration,
        ),
      );
    send(1, START + 10_000, START + 600_000);
    send(2, Date.now(), Date.now() + 600_000);
    const answers = world.ofKind('ack') as { result: string; applied_at: string }[];
    expect(answers.map(({ result }) => result)).toEqual(['refused', 'applied']);
    expect(Date.parse(answers[1]!.applied_at)).toBeGreaterThan(START + 86_400_000);
    vi.setSystemTime(START - 86_400_000);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(world.wrong).toEqual([]);
    expect(world.host.report()).toMatchObject({ source: 'plan', fault: null });
  });
});

describe('what a device keeps on disk', () => {
  it('outlives it, half a file is a fault, and a reset clears it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flextraff-device-'));
    try {
      const path = join(folder, 'below', 'lamps.json');
      const store = snapshotFile(path);
      expect(store.load()).toBeNull();
      const first = await device({ store });
      first.host.device.readBack(
        first.configuration.signalGroups.map(() => 'dark'),
        START,
      );
      expect(JSON.parse(readFileSync(path, 'utf8')).fault).toMatch(/shows dark/);
      const second = await device({ store });
      expect(second.lamps()[0]).toMatchObject({ source: 'flash', fault: expect.stringMatching(/shows dark/) });
      second.host.reset();
      expect((await device({ store })).host.report().fault).toBeNull();
      writeFileSync(path, '{"lastSeq": 12, "fa');
      expect((await device({ store })).host.report().fault).toMatch(/cannot be read/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it('says what it refuses, and that its disk is full', async () => {
  const store = {
    load: () => null,
    save() {
      throw new Error('no space left');
    },
  };
  const world = await device({ store });
  const { junctionId } = world.configuration;
  const configuration = configurationToMessage({ ...world.configuration, version: 0 });
  world.link.publish({ prefix: PREFIX, kind: 'configuration', junctionId }, configuration);
  world.host.device.readBack(
    world.configuration.signalGroups.map(() => 'dark'),
    START,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  const said = (world.ofKind('log') as { message: string }[]).map(({ message }) => message).join();
  expect(said).toMatch(/configuration refused: .*version.*cannot be saved: no space left/);
  expect(world.lamps().at(-1)!.source).toBe('flash');
});

describe('local time', () => {
  it('is minutes since Monday, summer time included', () => {
    const berlin = minuteOfWeekIn('Europe/Berlin');
    expect(berlin(Date.UTC(2024, 0, 1, 0, 0))).toBe(60);
    expect(berlin(Date.UTC(2024, 6, 1, 0, 0))).toBe(120);
    expect(berlin(Date.UTC(2023, 11, 31, 23, 30))).toBe(30);
    expect(minuteOfWeekIn('Asia/Kolkata')(Date.UTC(2024, 0, 7, 20, 0))).toBe(90);
    expect(() => minuteOfWeekIn('Nowhere/Land')).toThrow(RangeError);
  });
});
