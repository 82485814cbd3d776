import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from './connect.ts';
import { rowLevelSecurity } from './testing/schema/access.ts';
import { cyclesByMonth } from './testing/schema/cycles.ts';
import { history } from './testing/schema/history.ts';
import { junctionsAndPeople } from './testing/schema/junctions.ts';
import { safetyIndices } from './testing/schema/safety.ts';
import { shape } from './testing/schema/shape.ts';
import { simulations } from './testing/schema/simulations.ts';
import { SchemaTrial } from './testing/schema/trial.ts';
import { makeServerDatabase, serverUrl } from './testing/server-database.ts';

function behaviour(open: () => Promise<{ database: Database; end: () => Promise<void> }>): void {
  const trial = new SchemaTrial();
  let end: () => Promise<void>;
  beforeAll(async () => {
    const opened = await open();
    trial.knex = opened.database.knex;
    end = opened.end;
  }, 120_000);
  afterAll(() => end());

  cyclesByMonth(trial);
  safetyIndices(trial);
  junctionsAndPeople(trial);
  simulations(trial);
  history(trial);
  rowLevelSecurity(trial);
  // last: it takes the schema down and up again
  shape(trial);
}

describe('the whole schema on PGlite', () => {
  let database: Database;
  behaviour(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flextraff-schema-'));
    database = await openDatabase({ dataDirectory: directory });
    return {
      database,
      async end() {
        await database.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  });

  it('says which roles to create where it may not', async () => {
    const trx = await database.knex.transaction();
    try {
      await trx.raw('DROP OWNED BY reporting_user');
      await trx.raw('DROP ROLE reporting_user');
      await trx.raw('CREATE ROLE plain_owner');
      await trx.raw('GRANT postgres TO plain_owner');
      await trx.raw('SET LOCAL ROLE plain_owner');
      const answer = await trx.raw('SELECT install_roles() AS run');
      expect(answer.rows).toEqual([{ run: 'CREATE ROLE reporting_user NOLOGIN;' }]);
      await trx.raw('RESET ROLE');
      await trx.raw('CREATE ROLE reporting_user NOLOGIN');
      await trx.raw('SET LOCAL ROLE plain_owner');
      expect((await trx.raw('SELECT install_roles() AS run')).rows).toEqual([]);
      await trx.raw('SET LOCAL ROLE reporting_user');
      await trx.raw('SELECT count(*) FROM junctions');
    } finally {
      await trx.rollback();
    }
  });
});

describe.skipIf(serverUrl === '')(
  'the whole schema on PostgreSQL (needs DATABASE_URL of a role that may create databases)',
  () => {
    behaviour(async () => {
      const { url, drop } = await makeServerDatabase();
      const database = await openDatabase({ databaseUrl: url, dataDirectory: tmpdir() });
      return {
        database,
        async end() {
          await database.close();
          await drop();
        },
      };
    });
  },
);

describe.skipIf(serverUrl === '')('owned by no superuser, on PostgreSQL (needs DATABASE_URL of a superuser)', () => {
  const role = `flextraff_test_${randomBytes(6).toString('hex')}`;
  let admin: Knex;
  behaviour(async () => {
    const { url, drop } = await makeServerDatabase();
    admin = knexFactory({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
    await admin.raw('CREATE EXTENSION postgis');
    for (const name of ['api_user', 'job_role', 'reporting_user']) {
      await admin.raw(
        `DO $$ BEGIN CREATE ROLE ${name} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
      );
    }
    await admin.raw(`CREATE ROLE ${role} LOGIN PASSWORD 'secret' IN ROLE api_user, job_role, reporting_user`);
    await admin.raw(`ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${role}`);
    const limited = new URL(url);
    limited.username = role;
    limited.password = 'secret';
    const database = await openDatabase({ databaseUrl: limited.href, dataDirectory: tmpdir() });
    return {
      database,
      async end() {
        await database.close();
        await admin.destroy();
        await drop();
        const last = knexFactory({ client: 'pg', connection: serverUrl, pool: { min: 0, max: 1 } });
        await last.raw(`DROP ROLE ${role}`);
        await last.destroy();
      },
    };
  });
});
