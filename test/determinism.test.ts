import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../runs/types.ts';
import { findProgram, flextraff, ROOT, until } from './support/command.ts';

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as {
  untilSeconds: number;
  scenarios: Record<string, Record<string, string>>;
  /** By the arguments of `run` that name a case of the shared data. */
  shared: Record<string, Record<string, string>>;
};
const shared = join(process.env.FLEXTRAFF_SHARED ?? join(ROOT, '../shared'), 'data');
const BUSY = 'hangzhou-kn-hz';

async function run(...args: string[]): Promise<RunResult> {
  const { code, stdout, stderr } = await flextraff(['run', '--until', String(golden.untilSeconds), '--json', ...args]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as RunResult;
}

const digests = (result: RunResult) =>
  Object.fromEntries(Object.entries(result.variants).map(([name, variant]) => [name, variant.digest]));

describe('golden digests (a change of one says why in its commit; `npm run golden` writes them anew)', () => {
  it('cover every scenario that ships', async () => {
    const { stdout } = await flextraff(['scenarios', '--json']);
    const { scenarios } = JSON.parse(stdout) as { scenarios: { name: string }[] };
    expect(scenarios.map((scenario) => scenario.name).sort()).toEqual(Object.keys(golden.scenarios).sort());
  });

  it.each(Object.keys(golden.scenarios))('%s', async (name) => {
    expect(digests(await run(name))).toEqual(golden.scenarios[name]);
  });

  it.skipIf(!existsSync(shared)).each(Object.keys(golden.shared))(
    '%s (skipped where there is no shared data)',
    async (command) => {
      const args = command.split(' ').map((arg) => (arg.includes('/') ? join(shared, arg) : arg));
      const variants = ['--variant', 'baseline=fixed-time', '--variant', 'adaptive=max-pressure'];
      expect(digests(await run(...args, ...variants))).toEqual(golden.shared[command]);
    },
  );
});

describe('the same digest', () => {
  const expected = golden.scenarios[BUSY];

  it('twice in a row, and all measures with it', async () => {
    const [first, second] = [await run(BUSY), await run(BUSY)];
    expect(second.variants).toEqual(first.variants);
    expect(digests(first)).toEqual(expected);
  });

  it.each(['1', '2'])('on %s worker thread(s)', async (threads) => {
    expect(digests(await run(BUSY, '--threads', threads))).toEqual(expected);
  });

  it.each(['1', '2'])('through the embedded broker, on %s worker thread(s)', async (threads) => {
    expect(digests(await run(BUSY, '--link', 'mqtt', '--threads', threads))).toEqual(expected);
  });

  const given = process.env.FLEXTRAFF_TEST_BROKER || undefined;
  const program = given === undefined ? findProgram('mosquitto') : null;

  describe.skipIf(given === undefined && program === null)(
    'through Mosquitto (skipped where neither FLEXTRAFF_TEST_BROKER nor mosquitto is there)',
    () => {
      let folder: string;
      let mosquitto: ChildProcess | null = null;
      let url = given ?? '';

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), 'flextraff-mosquitto-'));
        if (program === null) return;
        const port = await freePort();
        const file = join(folder, 'mosquitto.conf');
        writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
        mosquitto = spawn(program, ['-c', file], { stdio: 'ignore' });
        url = `mqtt://127.0.0.1:${port}`;
        await until(() => canConnect(port));
      });

      afterAll(() => {
        mosquitto?.kill();
        rmSync(folder, { recursive: true, force: true });
      });

      it('has the digest of a run without one', async () => {
        expect(digests(await run(BUSY, '--broker', url))).toEqual(expected);
      });
    },
  );
});

describe('two seeds', () => {
  it('give different traffic', async () => {
    const [one, two] = [await run(BUSY, '--seed', '1'), await run(BUSY, '--seed', '2')];
    for (const name of Object.keys(one.variants))
      expect(two.variants[name]!.digest).not.toBe(one.variants[name]!.digest);
  });
});

describe('both variants', () => {
  it('get identical vehicles: two of the same strategy have the same digest', async () => {
    const result = await run(BUSY, '--variant', 'one=fixed-time', '--variant', 'two=fixed-time');
    expect(result.variants.two!.digest).toBe(result.variants.one!.digest);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
