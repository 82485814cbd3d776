/** Decisions of a controller of streets come to the database, those too that were taken while it was away. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexFactory from 'knex';
import { afterEach, describe, expect, it } from 'vitest';
import { makeServerDatabase, serverUrl, Wire } from '../api/database/testing/server-database.ts';
import { StoredDecisions } from '../cli/stored-decisions.ts';
import { findMosquitto, startMosquitto } from '../feeds/testing/mosquitto.ts';
import { type RunningCommand, start } from './support/controllers.ts';

const folder = mkdtempSync(join(tmpdir(), 'flextraff-decisions-'));
const running: RunningCommand[] = [];
const launch = (args: readonly string[]): RunningCommand => {
  const one = start(args, { FLEXTRAFF_DATA: join(folder, 'data') });
  running.push(one);
  return one;
};
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true });
});

const mosquitto = findMosquitto();

describe.skipIf(mosquitto === null || serverUrl === '')('decisions of a controller of streets', () => {
  it('are all in the database in the end, though it was away meanwhile', async () => {
    const broker = await startMosquitto(mosquitto!);
    const database = await makeServerDatabase();
    const wire = new Wire(database.url);
    await wire.up();
    const knex = knexFactory({ client: 'pg', connection: database.url });
    const inDatabase = async (): Promise<string[]> =>
      (await knex('street_decisions').select('junction_id', 'seq').orderBy(['junction_id', 'seq'])).map(
        ({ junction_id, seq }) => `${junction_id} ${seq}`,
      );
    const atLeast = async (rows: number): Promise<void> => {
      while ((await inDatabase().catch(() => [])).length < rows)
        await new Promise((resolve) => setTimeout(resolve, 300));
    };
    try {
      const street = ['--broker', broker.url, '--prefix', 'flextraff-sim/decisions/street'];
      const devices = launch(['devices', 'mumbai-four-way', ...street, '--count', '2', '--boot', 'warm']);
      await devices.event('started');
      const record = join(folder, 'record');
      // One that only watches goes on deciding without its leases.
      const controller = launch([
        ...['controller', ...street, '--strategy', 'sotl', '--threads', '1', '--shadow'],
        ...['--database-url', wire.url, '--record', record],
      ]);
      await controller.event('started');
      await atLeast(2);
      await wire.down();
      const before = (await inDatabase()).length;
      const written = (): string[] => {
        const stored = new StoredDecisions('c', true);
        const lines = readdirSync(record)
          .filter((file) => file.endsWith('.ndjson'))
          .map((file) => readFileSync(join(record, file), 'utf8'))
          .join('');
        const rows = stored.rowsOf(lines.slice(0, lines.lastIndexOf('\n') + 1));
        return [...new Set(rows.map(({ junctionId, seq }) => `${junctionId} ${seq}`))].sort();
      };
      while (written().length < before + 2) await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await inDatabase()).length).toBe(before);
      await wire.up();
      await atLeast(before + 2);
      controller.child.kill('SIGTERM');
      expect(await controller.ended).toBe(0);
      expect((await inDatabase()).sort()).toEqual(written());
      const row = await knex('street_decisions').first();
      expect(row).toMatchObject({ strategy: 'sotl', kind: 'stage', shadow: true });
      expect(Object.keys(row.inputs as object).length).toBeGreaterThan(0);
    } finally {
      await knex.destroy();
      await wire.down();
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      await database.drop();
      await broker.close();
    }
  }, 240_000);
});
