/**
 * docker-compose.yml without Docker: the command, the environment and the check of each service as written there, with the
 * programs of this machine, on loopback. What Docker itself does (images, volumes, networks) is not tried.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findTool } from '../api/backup/tools.ts';
import { endAll, findProgram, ROOT, type RunningTwin, startTwin, until } from './support/command.ts';

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  healthcheck: { test: string[] };
}

/** As compose fills in variables that are not set; a doubled dollar stands for one. */
function filledIn(text: string): string {
  let filled = text;
  for (let before = ''; before !== filled; ) {
    before = filled;
    filled = filled.replace(/\$\{\w+:-([^${}]*)\}/g, '$1');
  }
  return filled.replaceAll('$$', '$');
}
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const compose = parse(read('docker-compose.yml'), (_, value) =>
  typeof value === 'string' ? filledIn(value) : value,
) as { services: Record<string, Service> };
const { database, broker, twin } = compose.services as { database: Service; broker: Service; twin: Service };

const binaries = (() => {
  try {
    return dirname(findTool('pg_basebackup'));
  } catch {
    return '';
  }
})();
const mosquitto = findProgram('mosquitto');
const isRoot = process.getuid?.() === 0;
/** PostgreSQL refuses to run as root; its image runs it as postgres. */
const as = (file: string, ...args: string[]): [string, string[]] =>
  isRoot ? ['runuser', ['-u', 'postgres', '--', file, ...args]] : [file, args];
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });

describe.skipIf(!existsSync(join(binaries, 'initdb')) || mosquitto === null || process.platform === 'win32')(
  "the services of docker-compose.yml (need PostgreSQL's server with PostGIS, and mosquitto, on this machine)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'flextraff-compose-'));
    const [data, wal] = [join(folder, 'pgdata'), join(folder, 'wal')];
    const children: ChildProcess[] = [];
    let running: RunningTwin;
    let ports: { database: number; broker: number };
    const postgres = database.environment as Record<
      'POSTGRES_USER' | 'POSTGRES_PASSWORD' | 'POSTGRES_DB' | 'API_PASSWORD',
      string
    >;
    /** As the services see each other: by their names, at their usual ports. */
    const onLoopback = (text: string): string =>
      text
        .replace('@database:5432', `@127.0.0.1:${ports.database}`)
        .replace('//broker:1883', `//127.0.0.1:${ports.broker}`);

    afterAll(async () => {
      await endAll();
      if (existsSync(data))
        spawnSync(...as(join(binaries, 'pg_ctl'), 'stop', '-D', data, '-m', 'immediate'), { stdio: 'ignore' });
      for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    });

    /** What the image's entry point does in an empty volume, then the command as it is, with the lines for recovery switched on. */
    async function startDatabase(): Promise<void> {
      const user = isRoot ? 'postgres' : userInfo().username;
      chmodSync(folder, 0o755);
      mkdirSync(wal);
      writeFileSync(join(folder, 'password'), postgres.POSTGRES_PASSWORD);
      if (isRoot) execFileSync('chown', ['-R', user, folder]);
      const initdb = ['-D', data, '-U', postgres.POSTGRES_USER, '--pwfile', join(folder, 'password'), '--no-sync'];
      execFileSync(...as(join(binaries, 'initdb'), ...initdb, '--auth-local=trust', '--auth-host=scram-sha-256'), {
        stdio: 'ignore',
      });
      const archiving = [...read('docker-compose.yml').matchAll(/^ *# - (-carchive_.*)$/gm)].map(([, flag]) =>
        (flag as string).replace('/usr/local/bin/archive-wal.sh', join(folder, 'archive-wal.sh')).replace('/wal', wal),
      );
      expect(archiving).toHaveLength(3);
      writeFileSync(join(folder, 'archive-wal.sh'), read('deploy/archive-wal.sh'), { mode: 0o755 });
      const [program, ...flags] = database.command as string[];
      const own = ['-D', data, '-p', String(ports.database), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
      children.push(
        spawn(...as(join(binaries, program as string), ...own, ...flags, ...archiving), { stdio: 'ignore' }),
      );
      await until(() => checks(database, { PGHOST: folder }));
      const sql = (name: string, text: string): void => {
        execFileSync(join(binaries, 'psql'), ['-qXv', 'ON_ERROR_STOP=1', '-U', postgres.POSTGRES_USER, name], {
          input: text,
          stdio: ['pipe', 'ignore', 'inherit'],
          env: psqlEnvironment(),
        });
      };
      sql('postgres', `CREATE DATABASE ${postgres.POSTGRES_DB}`);
      // the image of PostGIS does so for the database that it makes
      sql(postgres.POSTGRES_DB, 'CREATE EXTENSION postgis');
      execFileSync('sh', [join(ROOT, 'deploy/database-logins.sh')], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...psqlEnvironment(), ...database.environment },
      });
    }
    const psqlEnvironment = (): Record<string, string> => ({
      PATH: `${binaries}:${process.env.PATH}`,
      PGHOST: folder,
      PGPORT: String(ports.database),
    });

    const query = (user: string, password: string, sql: string): string =>
      execFileSync(join(binaries, 'psql'), ['-qXtA', '-h', '127.0.0.1', '-U', user, postgres.POSTGRES_DB, '-c', sql], {
        env: { ...psqlEnvironment(), PGPASSWORD: password },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim();

    async function startBroker(): Promise<void> {
      const file = join(folder, 'mosquitto.conf');
      const store = join(folder, 'mosquitto');
      mkdirSync(store);
      writeFileSync(
        file,
        `${read('deploy/mosquitto.conf')
          .replace('listener 1883', `listener ${ports.broker} 127.0.0.1`)
          .replace('/mosquitto/data', store)}${isRoot ? 'user root\n' : ''}`,
      );
      children.push(spawn(mosquitto as string, ['-c', file], { stdio: 'ignore' }));
      await until(
        () =>
          new Promise<boolean>((resolve) => {
            const socket = net.connect(ports.broker, '127.0.0.1', () => resolve(true));
            socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
          }),
      );
    }

    /** Whether the service's own check passes. */
    function checks(service: Service, environment: Record<string, string>): boolean {
      const [kind, ...test] = service.healthcheck.test;
      const [file, ...args] = kind === 'CMD-SHELL' ? ['sh', '-c', test[0] as string] : test;
      const env = { ...psqlEnvironment(), ...service.environment, ...environment };
      return spawnSync(file as string, args as string[], { env, stdio: 'ignore' }).status === 0;
    }

    it('start as written and work together', async () => {
      ports = { database: await freePort(), broker: await freePort() };
      await Promise.all([startDatabase(), startBroker()]);
      const environment = Object.fromEntries(
        Object.entries(twin.environment as Record<string, string>).map(([name, value]) => [name, onLoopback(value)]),
      );
      // All that the compose file says, but for where it listens and keeps its data.
      running = await startTwin([], {
        ...environment,
        HOST: '127.0.0.1',
        PORT: '0',
        FLEXTRAFF_DATA: join(folder, 'data'),
      });
      const health = () =>
        fetch(`${running.url}/health`).then(
          (response) => response.json() as Promise<{ status: string; checks: Record<string, { detail: string }> }>,
        );
      const answer = await until(async () => {
        const told = await health();
        return told.status === 'ok' && told;
      });
      expect(answer.checks.database?.detail).toContain(`127.0.0.1:${ports.database}`);
      expect(answer.checks.broker?.detail).toContain(`127.0.0.1:${ports.broker}`);
      expect(running.output()).not.toMatch(/error/i);
    });

    it('run a scenario from end to end: through the broker, decided, kept by the login of jobs, read by that of readers', async () => {
      // the one that a twin begins with
      const [{ id }] = (await (await fetch(`${running.url}/api/v1/runs?limit=1`)).json()) as [{ id: string }];
      const seen = await until(async () => {
        const decisions = await fetch(`${running.url}/api/v1/runs/${id}/decisions`);
        const rows = (await decisions.json()) as { acknowledged: unknown }[];
        expect([decisions.status, decisions.status === 200 ? '' : rows]).toEqual([200, '']);
        return rows.some(({ acknowledged }) => acknowledged !== null) && rows;
      });
      expect(seen.length).toBeGreaterThan(0);
      const junctions = await until(async () => {
        const rows = (await (await fetch(`${running.url}/api/v1/junctions`)).json()) as { junction_id: string }[];
        return rows.length > 0 && rows;
      });
      expect(junctions.length).toBeGreaterThan(0);
      const sessions = query(
        postgres.POSTGRES_USER,
        postgres.POSTGRES_PASSWORD,
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name LIKE 'flextraff%' ORDER BY 1",
      );
      for (const login of ['flextraff_job_role', 'flextraff_reporting_user'])
        expect(sessions.split('\n')).toContain(login);
      // A login has no rights but by its role.
      expect(() => query('flextraff_api_user', postgres.API_PASSWORD, 'SELECT * FROM junctions')).toThrow(
        /permission denied/,
      );
      expect(() => query('flextraff_api_user', 'wrong', 'SELECT 1')).toThrow(/password authentication failed/);
      const setting = (name: string): string =>
        query(postgres.POSTGRES_USER, postgres.POSTGRES_PASSWORD, `SELECT current_setting('${name}')`);
      expect([setting('shared_buffers'), setting('max_connections'), setting('timezone')]).toEqual([
        '512MB',
        '60',
        'UTC',
      ]);
      // The log is archived, whole segments.
      const segment = query(
        postgres.POSTGRES_USER,
        postgres.POSTGRES_PASSWORD,
        'SELECT pg_walfile_name(pg_switch_wal())',
      );
      await until(() => existsSync(join(wal, segment)));
    });

    it('are healthy by their own checks, and the twin ends when it is told to', async () => {
      expect(checks(database, { PGHOST: folder })).toBe(true);
      // mosquitto_sub comes with the image
      if (findProgram('mosquitto_sub') !== null)
        expect(
          spawnSync('mosquitto_sub', [...broker.healthcheck.test.slice(2), '-p', String(ports.broker)]).status,
        ).toBe(0);
      const [, check] = /CMD \["node", "-e", "(.*)"\]/.exec(read('Dockerfile')) ?? [];
      expect(check).toBeDefined();
      const port = new URL(running.url).port;
      const checked = spawnSync(process.execPath, ['-e', check as string], { env: { PORT: port }, stdio: 'pipe' });
      expect([checked.status, String(checked.stderr)]).toEqual([0, '']);
      // Jobs that begin with the twin would be broken off.
      await until(
        () =>
          query(
            postgres.POSTGRES_USER,
            postgres.POSTGRES_PASSWORD,
            "SELECT count(*) FROM job_runs WHERE state = 'running'",
          ) === '0',
      );
      const code = await running.end('SIGTERM');
      expect([code, running.output()]).toEqual([0, expect.any(String)]);
    });
  },
);
