import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRecord } from '../../runs/records.ts';
import { readCrashFile } from '../../runs/safety/crash-file.ts';
import { type Database, openDatabase } from '../database/connect.ts';
import { listCrashHistories, listCrashIndices, putCrashHistories } from '../database/repositories/crashes.ts';
import { safetyBasis } from '../database/repositories/safety-basis.ts';
import { listConstants } from '../database/repositories/safety-constants.ts';
import { type DatabaseStore, openStore } from '../database/store.ts';
import { makeServerDatabase, serverUrl } from '../database/testing/server-database.ts';
import { JOBS } from '../jobs/list.ts';
import { JobRunner } from '../jobs/runner.ts';
import { makeConfiguration } from '../testing.ts';
import type { Archive } from './archive.ts';
import { computeConstants } from './constants.ts';
import { DAY_MS, dayOf } from './layout.ts';

function behaviour(databaseUrl: () => string | undefined): void {
  const directory = mkdtempSync(join(tmpdir(), 'flextraff-constants-'));
  const street = makeConfiguration({ intersectionId: 61 });
  const simulated = makeConfiguration({ intersectionId: 70_061 });
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const start = today - DAY_MS;
  const range = { from: dayOf(start), to: dayOf(start) };
  const order = { ...range, validFromMs: today, validUntilMs: null, leastMinutes: 20, keep: true };
  let store: DatabaseStore;
  let archive: Archive;
  let database: Database;

  const features = (junctionId: string, minute: number, changes: Partial<FeatureRecord> = {}): FeatureRecord => ({
    junctionId,
    atMs: start + minute * 60_000,
    intervalSeconds: 60,
    vehicles: minute,
    vrus: 0,
    messages: 900,
    messagesRejected: 0,
    secondsHeard: 60,
    secondsWithSignals: null,
    penetration: null,
    vruConflictIntensity: 1,
    vehicleConflictIntensity: minute % 5,
    averageSpeedMetresPerSecond: 10,
    speedSpreadMetresPerSecond: 2,
    hardBraking: 0,
    ...changes,
  });

  beforeAll(async () => {
    store = openStore({
      dataDirectory: join(directory, 'data'),
      databaseUrl: databaseUrl(),
      archive: { location: join(directory, 'archive') },
      archiveEveryMs: 1e9,
      async open(given) {
        database = await openDatabase(given);
        return database;
      },
    });
    archive = store.archive as Archive;
    await store.ready;
    store.writeJunctions(null, [street, simulated]);
    await store.flush();
    await database.knex('junctions').where('junction_id', simulated.junctionId).update({ scenario: 'somewhere' });
  }, 120_000);
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('are of usable minutes of the street alone, and none where those are too few', async () => {
    archive.addFeatures([
      ...Array.from({ length: 30 }, (_, minute) => features(street.junctionId, minute + 1)),
      // silence, and a minute that was hardly heard, set no scale
      features(street.junctionId, 40, { messages: 3, vehicles: 500 }),
      features(street.junctionId, 41, { secondsHeard: 10, vehicles: 400 }),
      // nor do simulated ones
      features(simulated.junctionId, 42, { vehicles: 300 }),
      features(street.junctionId, 0, { intervalSeconds: 900, messages: 13_500, secondsHeard: 900, vehicles: 200 }),
    ]);
    const dry = await computeConstants(store, archive, { ...order, keep: false });
    expect(dry.frozen!.minute).toMatchObject({ volumeMax: 30, vehicleConflictMax: 4, hardBrakingMax: 1, version: 1 });
    expect(dry.frozen!.quarterHour).toMatchObject({ volumeMax: 200, intervalSeconds: 900 });
    expect(dry).toMatchObject({ junctions: 1, history: { minutes: 30, quarterHours: 1, leftOut: 2 } });
    const few = await computeConstants(store, archive, { ...order, leastMinutes: 31 });
    expect(few).toMatchObject({ frozen: null, leastMinutes: 31, history: { minutes: 30 } });
    expect(await store.asRole('reporting_user', (trx) => listConstants(trx, 0, 1e14))).toEqual([]);
  });

  it('are versions that end where the next begins, and never change', async () => {
    await computeConstants(store, archive, order);
    const tomorrow = today + DAY_MS;
    await computeConstants(store, archive, { ...order, validFromMs: tomorrow, validUntilMs: tomorrow + DAY_MS });
    await expect(computeConstants(store, archive, order)).rejects.toMatchObject({ code: 'constants_overlap' });
    const inForce = async (atMs: number) => (await safetyBasis(store, atMs)).frozen.map(({ minute }) => minute);
    expect(await inForce(today + DAY_MS / 2)).toMatchObject([{ version: 1, validUntilMs: tomorrow, volumeMax: 30 }]);
    expect(await inForce(tomorrow + DAY_MS / 2)).toMatchObject([{ version: 2, validUntilMs: tomorrow + DAY_MS }]);
    expect(await inForce(tomorrow + 3 * DAY_MS)).toEqual([]);
    const [first] = await inForce(today + DAY_MS / 2);
    expect(first!.constantsId).toBeGreaterThan(0);
    await expect(database.knex('normalization_constants').update({ constants: '{}' })).rejects.toThrow('frozen');
    const { baselines } = (await safetyBasis(store, today + DAY_MS / 2)).frozen[0]!;
    expect(baselines.minute['0']!.combined).toBeGreaterThan(0);
  });

  it('are made by the job where none are in force, and left alone where some are', async () => {
    const job = JOBS.find(({ name }) => name === 'safety-constants')!;
    const runner = new JobRunner({ store, jobs: [job], backup: null });
    const held = await runner.run(job.name, { atMs: today + DAY_MS / 2 });
    expect(held).toMatchObject({ state: 'done', outcome: { version: 1 } });
    const few = await runner.run(job.name, { atMs: today + 10 * DAY_MS });
    expect(few).toMatchObject({ outcome: { minutes: 30, 'too few, asked for': 240 } });
  });

  it('stand beside crash histories, of which a junction has one', async () => {
    const csv = (fatal: number) =>
      `junction_id,first_day,last_day,fatal,injury,damage,vehicles_per_day,prior_rate,prior_exposure,free_flow_speed,capacity_vehicles_per_hour\n${street.junctionId},2021-01-01,2025-12-31,${fatal},4,20,15000,0.8,10,13.9,3200`;
    for (const fatal of [0, 1])
      await store.asJob((trx) => putCrashHistories(trx, readCrashFile(csv(fatal), 'c.csv'), 'c.csv'));
    const stored = await store.asRole('reporting_user', (trx) => listCrashHistories(trx));
    expect(stored).toMatchObject([{ junctionId: street.junctionId, firstDay: '2021-01-01', source: 'c.csv' }]);
    const { history } = (await safetyBasis(store, today)).crashes.get(street.junctionId)!;
    expect(history).toMatchObject({ fatal: 1, injury: 4, damage: 20, priorRate: 0.8 });
    expect(history.exposure).toBeCloseTo((1826 * 15_000) / 1e6, 9);
    const row = { junctionId: street.junctionId, atMs: today, rate: 1, uplift: 1.2, vruIndex: 0.1, vehicleIndex: 0.4 };
    store.writeRecords('crashIndices', [
      { ...row, combinedIndex: 0.22 },
      {
        ...row,
        atMs: today + 900_000,
        rate: null,
        uplift: null,
        vruIndex: null,
        vehicleIndex: null,
        combinedIndex: null,
      },
    ]);
    await store.flush();
    const listed = await store.asRole('reporting_user', (trx) =>
      listCrashIndices(trx, street.junctionId, today, today + DAY_MS, 10),
    );
    expect(listed).toMatchObject([{ combined: 0.22 }, { atMs: today + 900_000, combined: null }]);
  });

  it('stand beside weather, as it was observed', async () => {
    store.writeRecords('weather', [
      {
        junctionId: null,
        atMs: today,
        precipitationMillimetres: 2,
        visibilityMetres: 900,
        windMetresPerSecond: 3,
        temperatureCelsius: 4,
        source: 'test',
      },
      { junctionId: null, atMs: today + 1, precipitationMillimetres: 2, source: 'a rain gauge alone' },
    ]);
    await store.flush();
    expect((await safetyBasis(store, today)).weather).toEqual([
      {
        atMs: today,
        junctionId: null,
        weather: { rainMillimetres: 2, visibilityMetres: 900, windMetresPerSecond: 3, temperatureCelsius: 4 },
      },
    ]);
  });
}

describe('constants in the embedded database', () => behaviour(() => undefined));

describe.skipIf(serverUrl === '')('constants in a server', () => {
  let made: Awaited<ReturnType<typeof makeServerDatabase>>;
  beforeAll(async () => {
    made = await makeServerDatabase();
  });
  afterAll(() => made.drop());
  behaviour(() => made.url);
});
