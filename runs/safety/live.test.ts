import { afterEach, describe, expect, it } from 'vitest';
import { createInProcessLink } from '../../feeds/inprocess-link.ts';
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { VehicleMessage } from '../../feeds/v2x/messages.ts';
import { envelope } from '../../feeds/v2x/read.ts';
import type { SafetyEvent } from './results.ts';
import { type LiveBasis, type LiveJunction, LiveSafety, type LiveSafetyOptions } from './live.ts';

const JUNCTION: LiveJunction = {
  junctionId: '5f0c1f3e-3c47-5a0e-9a35-2b6f0c6f7a11',
  name: 'Example Street',
  latitude: 49,
  longitude: 8.4,
  x: 0,
  y: 0,
  intersectionId: 4465,
};
const START_MS = Date.UTC(2026, 0, 5, 8);

function bsm(id: string, atMs: number, x: number, speed: number, y = 0): Record<string, unknown> {
  const [latitudeDegrees, longitudeDegrees] = fromLocal(localFrame(49, 8.4), x, y);
  const message: VehicleMessage = {
    kind: 'bsm',
    receivedAtMs: atMs,
    via: null,
    id,
    messageCount: Math.floor(atMs / 100) % 128,
    secondMarkMs: atMs % 60_000,
    measuredAtMs: atMs,
    latitudeDegrees,
    longitudeDegrees,
    elevationMetres: null,
    accuracy: { semiMajorMetres: null, semiMinorMetres: null, orientationDegrees: null },
    speedMetresPerSecond: speed,
    headingDegrees: 90,
    acceleration: {
      longitudinalMetresPerSecond2: 0,
      lateralMetresPerSecond2: null,
      verticalG: null,
      yawDegreesPerSecond: null,
    },
    transmission: 'unavailable',
    steeringAngleDegrees: null,
    brakes: {
      wheelBits: 0x80,
      traction: 'unavailable',
      antiLock: 'unavailable',
      stability: 'unavailable',
      boost: 'unavailable',
      auxiliary: 'unavailable',
    },
    widthMetres: 1.8,
    lengthMetres: 4.5,
    rest: {},
  };
  return envelope(message, 'OBU');
}

/** A car drives up to one that stands and stops behind it: a frame every tenth of a second. */
function approach(): unknown[][] {
  const frames: unknown[][] = [];
  let [x, speed] = [-60, 12];
  for (let step = 0; step < 250; step++) {
    const atMs = START_MS + step * 100;
    frames.push([bsm('0000000a', atMs, x, speed), bsm('0000000b', atMs, 0, 0)]);
    x += speed * 0.1;
    if (x > -22) speed = Math.max(0, speed - 0.45);
  }
  return frames;
}

let open: LiveSafety | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function street(link = createInProcessLink({ simulation: false }), more: Partial<LiveSafetyOptions> = {}) {
  const rows: Record<string, object[]> = {};
  const events: SafetyEvent[] = [];
  open = await LiveSafety.open({
    junctions: async () => [JUNCTION],
    link,
    pool: null,
    store: {
      writeRecords(kind, written) {
        rows[kind] = [...(rows[kind] ?? []), ...written];
      },
      writeRaw(kind, written) {
        rows[kind] = [...(rows[kind] ?? []), ...written];
      },
    },
    onEvents: (fresh) => void events.push(...fresh),
    ...more,
  });
  return { live: open, rows, events, link };
}

describe('safety of a street', () => {
  it('hears a roadside unit, tells of a near miss when it begins, and keeps it when it is over', async () => {
    const { link, rows, events, live } = await street();
    for (const frame of approach()) {
      link.publish({ prefix: 'flextraff', kind: 'bsm', junctionId: JUNCTION.junctionId }, frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await live.close();
    await new Promise((resolve) => setImmediate(resolve));
    open = null;
    const started = events.flatMap((event) => event.started);
    expect(started[0]).toMatchObject({ type: 'rear-end', junctionId: JUNCTION.junctionId });
    expect([...started[0]!.users].sort()).toEqual(['0000000a', '0000000b']);
    expect(rows.conflicts).toMatchObject([{ type: 'rear-end', runId: null, variant: null }]);
    expect(rows.bsm).toHaveLength(500);
    expect(rows.bsm![0]).toMatchObject({ sender: '0000000a', junctionId: JUNCTION.junctionId });
    expect(live.status().junctions).toEqual([{ junctionId: JUNCTION.junctionId, read: 500, used: 500, rejected: {} }]);
  });

  it('uses what is sound of a frame, counts the rest with its reason, and goes on', async () => {
    const { live, rows } = await street();
    const sound = bsm('0000000a', START_MS, 0, 10);
    const broken = structuredClone(sound) as {
      payload: { data: { value: { BasicSafetyMessage: { coreData: { speed: number } } } } };
    };
    broken.payload.data.value.BasicSafetyMessage.coreData.speed = -1;
    const far = bsm('0000000c', START_MS, 5000, 10);
    expect(await live.take([sound, broken, 'nonsense', far], 'test')).toEqual({
      taken: 1,
      rejected: { 'malformed-message': 1, 'unknown-shape': 1, 'no-junction': 1 },
    });
    expect(await live.takeFrom(JUNCTION.junctionId, [bsm('0000000a', START_MS + 100, 1, 10), broken], 'test')).toBe(
      true,
    );
    expect(live.status()).toEqual({
      junctions: [{ junctionId: JUNCTION.junctionId, read: 3, used: 2, rejected: { 'malformed-message': 1 } }],
      rejected: { 'malformed-message': 1, 'unknown-shape': 1, 'no-junction': 1 },
    });
    expect(rows.qualityIssues!.map((row) => (row as { issueType: string }).issueType).sort()).toEqual([
      'v2x_malformed_message',
      'v2x_malformed_message',
      'v2x_no_junction',
      'v2x_unknown_shape',
    ]);
    expect(await live.takeFrom('5f0c1f3e-3c47-5a0e-9a35-000000000000', sound, 'test')).toBe(false);
  });

  /** Two that drive apart, once a second, for so long. */
  async function drive(live: LiveSafety, seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      const atMs = START_MS + second * 1000;
      await live.takeFrom(
        JUNCTION.junctionId,
        [bsm('0000000a', atMs, second, 1), bsm('0000000b', atMs, second - 900, 1, 30)],
        'test',
      );
    }
  }
  const constants = {
    version: 3,
    constantsId: 17,
    intervalSeconds: 60,
    validFromMs: START_MS - 1,
    validUntilMs: null,
    vruConflictMax: 4,
    vehicleConflictMax: 4,
    volumeMax: 10,
    speedSpreadMaxMetresPerSecond: 5,
    hardBrakingMax: 4,
    referenceSpeedMetresPerSecond: 14,
  } as const;
  const indices = { vru: 10, vehicle: 10, traffic: 10, weather: null, combined: 10 };
  const basis: LiveBasis = {
    frozen: [
      {
        minute: constants,
        quarterHour: { ...constants, intervalSeconds: 900, constantsId: 18 },
        baselines: { minute: { 8: indices }, quarterHour: {} },
      },
    ],
    weather: [],
    crashes: new Map([
      [
        JUNCTION.junctionId,
        {
          history: { fatal: 1, injury: 4, damage: 20, exposure: 27, priorRate: 0.8, priorExposure: 10 },
          freeFlowMetresPerSecond: 14,
          capacityVehiclesPerHour: 3200,
        },
      ],
    ]),
  };
  const rain = { rainMillimetres: 20, visibilityMetres: 0, windMetresPerSecond: 25, temperatureCelsius: 0 };

  it('relates minutes to the constants in force, and to the weather of the hour before', async () => {
    const { live, rows } = await street(undefined, { basis: async () => basis, now: () => START_MS });
    live.addWeather(
      [
        { atMs: START_MS + 60_000, junctionId: JUNCTION.junctionId, weather: rain },
        { atMs: START_MS, junctionId: 'another', weather: rain },
      ],
      'gauge',
    );
    await drive(live, 145);
    const [dry, wet] = rows.indices as Record<string, number | string | null>[];
    expect(dry).toMatchObject({ scoreStatus: 'scored', constantsId: 17, weatherIndex: null });
    expect(wet).toMatchObject({ scoreStatus: 'scored' });
    expect(wet!.weatherIndex).toBeCloseTo(100, 9);
    expect(wet!.combinedIndex as number).toBeGreaterThan(dry!.combinedIndex as number);
    // 2 vehicles: the hour's baseline has most of the weight
    expect(dry!.observationWeight).toBeCloseTo(3 / 53, 9);
    expect(rows.weather).toHaveLength(2);
    expect(live.constants!.minute.version).toBe(3);
  });

  it('says so where no constants are in force, and scores nothing', async () => {
    const problems: string[] = [];
    const frozen = basis.frozen.map((one) => ({ ...one, minute: { ...constants, validUntilMs: START_MS } }));
    const { live, rows } = await street(undefined, {
      basis: async () => ({ ...basis, frozen }),
      onProblem: (text) => problems.push(text),
      now: () => START_MS,
    });
    await drive(live, 205);
    expect(rows.indices!.length).toBeGreaterThan(1);
    for (const row of rows.indices!)
      expect(row).toMatchObject({ scoreStatus: 'insufficient_data', combinedIndex: null, constantsId: null });
    const told = rows.qualityIssues!.filter(
      (row) => (row as { issueType: string }).issueType === 'safety_no_constants',
    );
    expect(told).toHaveLength(1);
    expect(problems.join()).toMatch(/no constants of the safety index are in force/);
    expect(problems).toHaveLength(1);
    expect(live.constants).toBeNull();
  });

  it('takes constants up that come while it runs, and keeps those it has where they cannot be asked for', async () => {
    let known: () => LiveBasis = () => ({ ...basis, frozen: [] });
    const { live, rows } = await street(undefined, { basis: async () => known(), now: () => START_MS });
    await drive(live, 85);
    known = () => basis;
    await live.refreshBasis();
    known = () => {
      throw new Error('away');
    };
    await live.refreshBasis();
    for (let second = 85; second < 205; second++)
      await live.takeFrom(JUNCTION.junctionId, bsm('0000000a', START_MS + second * 1000, second, 1), 'test');
    expect((rows.indices as { scoreStatus: string }[]).map(({ scoreStatus }) => scoreStatus).slice(0, 3)).toEqual([
      'insufficient_data',
      'scored',
      'scored',
    ]);
  });

  it('gives the real-time index of a junction with a crash history, each quarter of an hour', async () => {
    const { live, rows } = await street(undefined, { basis: async () => basis, now: () => START_MS });
    await drive(live, 925);
    expect(rows.crashIndices).toHaveLength(1);
    const [row] = rows.crashIndices as { atMs: number; rate: number; combinedIndex: number }[];
    expect(row).toMatchObject({ junctionId: JUNCTION.junctionId, atMs: START_MS });
    const alpha = 27 / 37;
    expect(row!.rate).toBeCloseTo(alpha * (42 / 27) + (1 - alpha) * 0.8, 9);
    expect(row!.combinedIndex).toBeGreaterThan(0);
  });

  it('survives a burst of nonsense, a flood of strange topics and ids, and keeps the right counts and little else', async () => {
    const { live, rows } = await street();
    const nonsense = Array.from({ length: 50_000 }, (_, i) =>
      i % 2 === 0 ? { metadata: { recordType: i } } : `x${i}`,
    );
    expect((await live.take(nonsense, 'flood')).rejected).toEqual({ 'unknown-type': 25_000, 'unknown-shape': 25_000 });
    const ids = ['__proto__', 'constructor', 'FFFFFFFF', '00000000', '0000000a', ' 000000a', 'ＦＦＦＦＦＦＦＦ'];
    const named = Array.from({ length: 50_000 }, (_, i) =>
      bsm(ids[i % ids.length]!, START_MS + Math.floor(i / ids.length) * 10, i % 50, 5),
    );
    expect(await live.takeFrom(JUNCTION.junctionId, named, 'flood')).toBe(true);
    for (let i = 0; i < 500; i++)
      expect(await live.takeFrom(`5f0c1f3e-3c47-5a0e-9a35-${String(i).padStart(12, '0')}`, {}, 'flood')).toBe(false);
    const [one] = live.status().junctions;
    expect(one!.read).toBe(50_000);
    expect(one!.used + Object.values(one!.rejected).reduce((sum, n) => sum + n, 0)).toBe(50_000);
    expect(one!.rejected['malformed-message']).toBeGreaterThan(50_000 * (4 / 7) - 10);
    expect(live.status().rejected).toEqual({
      'unknown-type': 25_000,
      'unknown-shape': 25_000,
      'unknown-junction': 500,
    });
    // a row a trouble, not one a message
    expect(rows.qualityIssues!.length).toBeLessThan(20);
    await live.close();
    open = null;
    const counted = (issueType: string) =>
      (rows.qualityIssues as { issueType: string; metadata: { count: number } }[])
        .filter((row) => row.issueType === issueType)
        .reduce((sum, row) => sum + row.metadata.count, 0);
    expect(counted('v2x_unknown_shape')).toBe(25_000);
    expect(counted('v2x_malformed_message')).toBe(one!.rejected['malformed-message']);
  });
});
