import { afterAll, describe, expect, it } from 'vitest';
import type { RoadUserUpdate } from '../../controller/safety/encounter-types.ts';
import { freeze, indexOf } from './index.ts';
import { type JunctionResult, JunctionSafety } from './junction.ts';
import { openSafetyPool, type SafetyPool } from './pool.ts';

/** Three minutes at a junction: two streams that cross, one car closing up on another, people at a crossing. */
function traffic(seed: number): RoadUserUpdate[] {
  const out: RoadUserUpdate[] = [];
  for (let k = 0; k < 1800; k++)
    for (let i = 0; i < 6; i++) {
      const t = k / 10 + i * 7.3 + seed;
      const round = Math.floor(t / 20);
      const along = (t % 20) * 10 - 100;
      const across = i % 2 === 1;
      out.push({
        id: `${i}-${round}`,
        timeMs: k * 100,
        x: across ? (seed % 3) + 0.3 * i : along,
        y: across ? along : 0.2 * i,
        heading: across ? Math.PI / 2 : 0,
        speedMetresPerSecond: 10,
        type: i === 5 ? 'bicycle' : 'car',
        lengthMetres: i === 5 ? 1.8 : 4,
        accuracyMetres: 0.5,
      });
    }
  return out;
}
const NAMES = ['alpha', 'beta', '__proto__'];

/** Everything that a junction gave, put together. */
function joined(results: readonly JunctionResult[]) {
  return JSON.stringify({
    encounters: results.flatMap((one) => one.encounters),
    hardBraking: results.flatMap((one) => one.hardBraking),
    minutes: results.flatMap((one) => one.minutes),
    quarterHours: results.flatMap((one) => one.quarterHours),
    used: results.reduce((sum, one) => sum + one.used, 0),
  });
}

async function run(pool: SafetyPool, batchSize: number): Promise<string[]> {
  const frozen = constants();
  await Promise.all(NAMES.map((name) => pool.open(name, { frozen })));
  const all = await Promise.all(
    NAMES.map(async (name, seed) => {
      const updates = traffic(seed);
      const results: Promise<JunctionResult>[] = [];
      for (let i = 0; i < updates.length; i += batchSize)
        results.push(pool.push(name, { updates: updates.slice(i, i + batchSize) }));
      results.push(pool.push(name, { finish: true }));
      return joined(await Promise.all(results));
    }),
  );
  await Promise.all(NAMES.map((name) => pool.closeJunction(name)));
  return all;
}

function constants() {
  const junction = new JunctionSafety({ frozen: null });
  const { minutes, quarterHours } = junction.push({ updates: traffic(0), finish: true });
  return freeze(
    indexOf(
      minutes.map((one) => one.interval),
      quarterHours.map((one) => one.interval),
    ),
  );
}

describe('junctions on worker threads', () => {
  const one = openSafetyPool({ threads: 1 });
  const two = openSafetyPool({ threads: 2 });
  afterAll(() => Promise.all([one.close(), two.close()]));

  it('give the same records for one thread or two, and any size of batches', async () => {
    const whole = await run(one, 100_000);
    expect(JSON.parse(whole[0]!).encounters.length).toBeGreaterThan(5);
    expect(JSON.parse(whole[0]!).minutes.map((minute: { score: { scored: boolean } }) => minute.score.scored)).toEqual([
      true,
      true,
      true,
    ]);
    // compared as a whole: a difference is not printed
    expect((await run(two, 997)).join() === whole.join()).toBe(true);
    expect((await run(two, 6000)).join() === whole.join()).toBe(true);
  });

  it('say which junction is not open, or is already', async () => {
    await expect(one.push('nowhere', {})).rejects.toThrow('not open');
    await one.open('twice', { frozen: null });
    await expect(one.open('twice', { frozen: null })).rejects.toThrow('already');
  });
});

describe('a junction', () => {
  it('is not scored without constants, nor for minutes of silence', () => {
    const junction = new JunctionSafety({ frozen: null });
    const first = junction.push({ updates: traffic(0) });
    expect(first.minutes.map((one) => one.score)).toMatchObject([{ scored: false, reason: 'no-constants' }, {}]);
    junction.push({ frozen: constants() });
    const silent = junction.push({ nowMs: 420_000 });
    expect(silent.minutes.map(({ score }) => (score.scored ? 'scored' : score.reason))).toEqual([
      'scored',
      'silent',
      'silent',
      'silent',
    ]);
    expect(silent.minutes[3]!.score).not.toHaveProperty('index');
  });

  it('shows an encounter as it begins, and counts each text', () => {
    const junction = new JunctionSafety({ frozen: null });
    const updates = traffic(1);
    const started = [];
    for (let i = 0; i < updates.length; i += 60)
      started.push(...junction.push({ updates: updates.slice(i, i + 60) }).started);
    const { encounters } = junction.push({ finish: true });
    expect(encounters.length).toBeGreaterThan(0);
    expect(started.length).toBeGreaterThanOrEqual(1);
    const result = junction.push({ texts: ['{', '[]', '[1,{}]', '{"metadata":{}}'] });
    expect(result).toMatchObject({ read: 4, used: 0, rejected: { 'not-json': 1 } });
    expect(result.rejections).toHaveLength(4);
  });

  it('moves every index with what is observed, through the whole chain', () => {
    const own = constants()!;
    // of a busier place, so that nothing reaches the top of the scale
    const minute = { ...own.minute, vehicleConflictMax: 40, vruConflictMax: 40, hardBrakingMax: 40, volumeMax: 100 };
    const frozen = { ...own, minute };
    const weather = { rainMillimetres: 0, visibilityMetres: 10_000, windMetresPerSecond: 2, temperatureCelsius: 20 };
    const crashes = {
      history: { fatal: 0, injury: 3, damage: 5, exposure: 10, priorRate: 0.5, priorExposure: 10 },
      freeFlowMetresPerSecond: 14,
      capacityVehiclesPerHour: 1800,
    };
    const run = (more: readonly RoadUserUpdate[], rainMillimetres = 0) => {
      const junction = new JunctionSafety({ frozen, weather: { ...weather, rainMillimetres }, crashes });
      const updates = [...traffic(0), ...more].sort((a, b) => a.timeMs - b.timeMs);
      const { minutes, crashIndices } = junction.push({ updates, finish: true });
      const { score } = minutes[1]!;
      if (!score.scored) throw new Error(score.reason);
      return { ...score, crash: crashIndices };
    };
    /** Through the second minute, far from the others: one behind the other, or a cyclist crossing in front of a car. */
    const pairs = (type: 'car' | 'bicycle', brakes = false): RoadUserUpdate[] =>
      Array.from({ length: 600 }, (_, k) => {
        const along = (k % 100) / 10;
        const shared = { timeMs: 60_000 + k * 100, type, lengthMetres: 2, accuracyMetres: 0.5 } as const;
        const round = Math.floor(k / 100);
        return [
          {
            ...shared,
            id: `first ${round}`,
            x: 300,
            y: 300 - 20 + 4 * along,
            heading: Math.PI / 2,
            speedMetresPerSecond: 4,
          },
          {
            ...shared,
            type: 'car' as const,
            id: `second ${round}`,
            x: 300 - 66 + 10 * along,
            y: 300,
            heading: 0,
            speedMetresPerSecond: 10,
            ...(brakes && { accelerationMetresPerSecond2: along > 2 && along < 3 ? -6 : 0 }),
          },
        ];
      }).flat();
    const before = run([]);
    const people = run(pairs('bicycle'));
    expect(people.raw.vru).toBeGreaterThan(before.raw.vru + 2);
    expect(people.index.vru).toBeGreaterThan(before.index.vru);
    const vehicles = run(pairs('car'));
    expect(vehicles.raw.vehicle).toBeGreaterThan(before.raw.vehicle + 2);
    expect(vehicles.index.combined).toBeGreaterThan(before.index.combined);
    expect(run(pairs('car', true)).raw.vehicle).toBeGreaterThan(vehicles.raw.vehicle);
    const wet = run([], 15);
    expect(wet.index.weather!).toBeGreaterThan(before.index.weather!);
    expect(wet.index.combined).toBeGreaterThan(before.index.combined);
    // a quarter of which three minutes were heard is too poor for either index
    expect(before.crash).toEqual([{ startMs: 0, index: null }]);
  });
});
