/** Controllers as processes: killed, restarted, asked for modes; the lights stay legal and no junction has two owners. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexFactory from 'knex';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeServerDatabase, serverUrl, Wire } from '../api/database/testing/server-database.ts';
import { type Broker, startBroker } from '../feeds/broker.ts';
import { isoOf } from '../feeds/codec.ts';
import { findMosquitto, startMosquitto } from '../feeds/testing/mosquitto.ts';
import { flextraff } from './support/command.ts';
import { judgeLampLog, type RunningCommand, start, type Witness, witness } from './support/controllers.ts';

const folder = mkdtempSync(join(tmpdir(), 'flextraff-controller-'));
let running: RunningCommand[] = [];
let seeing: Witness | null = null;

const launch = (args: readonly string[], environment: Record<string, string> = {}): RunningCommand => {
  const one = start(args, { FLEXTRAFF_DATA: join(folder, 'data'), ...environment });
  running.push(one);
  return one;
};

async function stop(one: RunningCommand): Promise<number | null> {
  one.child.kill('SIGTERM');
  return one.ended;
}

afterEach(async () => {
  await seeing?.close();
  seeing = null;
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mosquitto = findMosquitto();

describe.skipIf(mosquitto === null || serverUrl === '')('controllers that share junctions by leases', () => {
  let broker: Awaited<ReturnType<typeof startMosquitto>>;
  let database: Awaited<ReturnType<typeof makeServerDatabase>>;

  beforeAll(async () => {
    broker = await startMosquitto(mosquitto!);
    database = await makeServerDatabase();
  });
  afterAll(async () => {
    await broker.close();
    await database.drop();
  });

  it('take over from one that is killed, with legal lights throughout and never two owners of a junction', async () => {
    const prefix = 'flextraff-sim/kill/street';
    const lampLog = join(folder, 'kill-lamps.ndjson');
    const devices = launch([
      'devices',
      'mumbai-four-way',
      ...[
        '--broker',
        broker.url,
        '--prefix',
        prefix,
        '--count',
        '4',
        '--boot',
        'warm',
        '--vehicles',
        '1200',
        '--lamp-log',
        lampLog,
      ],
    ]);
    await devices.event('started');
    seeing = await witness(broker.url, prefix);
    const controller = (id: string): RunningCommand =>
      launch([
        'controller',
        ...['--broker', broker.url, '--prefix', prefix, '--strategy', 'sotl', '--threads', '1', '--id', id],
        ...['--database-url', database.url, '--record', join(folder, id)],
      ]);
    const killed = controller('a');
    await killed.event('started');
    const survivor = controller('b');
    await survivor.event('started');

    const knex = knexFactory({ client: 'pg', connection: database.url, pool: { min: 0, max: 1 } });
    try {
      const owners = async (): Promise<Map<string, string>> => {
        const rows = await knex('controller_leases').whereRaw('expires_at > clock_timestamp()');
        return new Map(rows.map((row) => [row.junction_id as string, row.owner as string]));
      };
      const waitFor = async (
        what: string,
        holds: (now: Map<string, string>) => boolean,
      ): Promise<Map<string, string>> => {
        for (let i = 0; i < 600; i++) {
          const now = await owners();
          if (holds(now)) return now;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`never: ${what}; ${killed.errors()} ${survivor.errors()}`);
      };
      const count = (now: Map<string, string>, owner: string): number =>
        [...now.values()].filter((one) => one === owner).length;
      const shared = await waitFor('two junctions each', (now) => count(now, 'a') === 2 && count(now, 'b') === 2);
      const commandsOf = (id: string, since: number): number =>
        seeing!.commands.filter((command) => command.junctionId === id && command.atMs > since).length;
      const startMs = performance.now();
      await seeing.until('commands for all', () => [...shared.keys()].every((id) => commandsOf(id, startMs) >= 2));

      killed.child.kill('SIGKILL');
      const killedMs = performance.now();
      await killed.ended;
      const orphans = [...shared].filter(([, owner]) => owner === 'a').map(([id]) => id);
      const tokens = new Map(
        orphans.map((id) => [id, Math.max(...seeing!.commands.filter((c) => c.junctionId === id).map((c) => c.token))]),
      );
      const taken = (id: string) => seeing!.applied.find((one) => one.junctionId === id && one.token > tokens.get(id)!);
      await seeing.until('all taken over', () => orphans.every((id) => taken(id) !== undefined));
      const took = Math.max(...orphans.map((id) => taken(id)!.atMs - killedMs));
      console.log(`taken over after ${(took / 1000).toFixed(2)} s (asked: 5 s; the machine may be busy)`);
      await waitFor('all at the survivor', (now) => count(now, 'b') === 4);

      // One that comes back gets its share again.
      const back = controller('c');
      await back.event('started');
      const sharedAgain = await waitFor('two each again', (now) => count(now, 'b') === 2 && count(now, 'c') === 2);
      const againMs = performance.now();
      await seeing.until('commands for all', () => [...sharedAgain.keys()].every((id) => commandsOf(id, againMs) >= 2));
      await seeing.until(
        'lights that change',
        () => [...seeing!.stages.values()].filter((own) => own.size > 1).length === 4,
      );
      expect(await stop(back)).toBe(0);
      await waitFor('given back at once', (now) => count(now, 'b') === 4);

      // Once a newer owner was obeyed, none before it was obeyed again.
      for (const id of shared.keys()) {
        const obeyed = seeing.applied.filter((one) => one.junctionId === id).map((one) => one.seq);
        expect(obeyed).toEqual([...obeyed].sort((a, b) => a - b));
      }
      const history = await knex('controller_lease_history').orderBy(['junction_id', 'token']);
      expect(history.length).toBeGreaterThanOrEqual(4 + orphans.length);
      for (let i = 1; i < history.length; i++) {
        if (history[i].junction_id !== history[i - 1].junction_id) continue;
        expect(history[i - 1].ended_at.getTime()).toBeLessThanOrEqual(history[i].acquired_at.getTime());
      }
    } finally {
      await knex.destroy();
    }
    expect(await stop(survivor)).toBe(0);
    await stop(devices);
    expect(devices.errors()).toBe('');
    expect(devices.lines.at(-1)).toMatchObject({ illegal: 0, faults: 0 });
    const { wrong, changes, greens } = judgeLampLog(lampLog, seeing.configurations);
    expect(wrong).toEqual([]);
    expect(greens.size).toBe(4);
    // Each was seen in two stages: the first green, amber, all red, the next green.
    for (const own of changes.values()) expect(own).toBeGreaterThanOrEqual(4);
  });

  it('fall silent when the database is away, leave lights to the devices, and go on when it is back', async () => {
    const prefix = 'flextraff-sim/outage/street';
    const lampLog = join(folder, 'outage-lamps.ndjson');
    const street = ['--broker', broker.url, '--prefix', prefix];
    const devices = launch([
      'devices',
      'mumbai-four-way',
      ...[...street, '--count', '4', '--boot', 'warm', '--vehicles', '1200', '--lamp-log', lampLog],
    ]);
    await devices.event('started');
    seeing = await witness(broker.url, prefix);
    const own = await makeServerDatabase();
    const wire = new Wire(own.url);
    await wire.up();
    try {
      const controllers = ['d', 'e'].map((id) =>
        launch([
          'controller',
          ...[...street, '--strategy', 'sotl', '--threads', '1', '--id', id],
          ...['--database-url', wire.url, '--record', join(folder, id)],
        ]),
      );
      await Promise.all(controllers.map((one) => one.event('started')));
      const ids = (): string[] => [...seeing!.configurations.keys()];
      const since = (atMs: number) => seeing!.commands.filter((command) => command.atMs > atMs);
      const allCommanded = (atMs: number) => (): boolean =>
        ids().length === 4 && ids().every((id) => since(atMs).filter((one) => one.junctionId === id).length >= 2);
      await seeing.until('commands for all', allCommanded(performance.now()));

      await wire.down();
      const downMs = performance.now();
      // No owner may believe in its lease for longer than it lasts: 2.5 s by the database's clock.
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      const last = Math.max(downMs, ...since(downMs).map(({ atMs }) => atMs));
      console.log(`silent ${((last - downMs) / 1000).toFixed(2)} s after the database went (the machine may be busy)`);
      expect(last - downMs).toBeLessThan(6000);
      const shown = new Map([...seeing.stages].map(([id, stages]) => [id, stages.size]));
      for (const stages of seeing.stages.values()) stages.clear();
      await seeing.until('lights that go on by themselves', () =>
        [...seeing!.stages.values()].every((stages) => stages.size > 1),
      );
      expect(since(last)).toEqual([]);
      expect(shown.size).toBe(4);
      for (const one of controllers) expect(one.child.exitCode).toBeNull();

      const tokens = new Map(
        ids().map((id) => [id, Math.max(...seeing!.commands.filter((c) => c.junctionId === id).map((c) => c.token))]),
      );
      await wire.up();
      const upMs = performance.now();
      await seeing.until('commands for all again', allCommanded(upMs));
      const first = Math.min(...since(upMs).map(({ atMs }) => atMs));
      console.log(
        `commanded again ${((first - upMs) / 1000).toFixed(2)} s after it was back (the machine may be busy)`,
      );
      // Whoever has them now has a newer lease than anybody before the outage.
      for (const { junctionId, token } of since(upMs)) expect(token).toBeGreaterThan(tokens.get(junctionId)!);
      for (const one of controllers) expect(await stop(one)).toBe(0);
    } finally {
      await wire.down();
      for (const { child, ended } of running.filter((one) => one !== devices)) {
        child.kill('SIGKILL');
        await ended;
      }
      await own.drop();
    }
    await stop(devices);
    expect(devices.lines.at(-1)).toMatchObject({ illegal: 0, faults: 0 });
    const { wrong, greens } = judgeLampLog(lampLog, seeing.configurations);
    expect(wrong).toEqual([]);
    expect(greens.size).toBe(4);
  }, 180_000);
});

describe('a controller alone', () => {
  let broker: Broker;

  beforeAll(async () => {
    broker = await startBroker({ port: 0 });
  });
  afterAll(() => broker.close());

  async function street(name: string, ...more: string[]) {
    const prefix = `flextraff-sim/alone/${name}`;
    const lampLog = join(folder, `${name}.ndjson`);
    const args = ['--broker', broker.url, '--prefix', prefix];
    const devices = launch(['devices', 'mumbai-four-way', ...args, '--boot', 'warm', '--lamp-log', lampLog, ...more]);
    await devices.event('started');
    seeing = await witness(broker.url, prefix);
    await seeing.until('configuration', () => seeing!.configurations.size === 1);
    const [junctionId] = [...seeing.configurations.keys()] as [string];
    const controller = (...also: string[]): RunningCommand =>
      launch(['controller', ...args, '--threads', '1', '--record', join(folder, `decisions-${name}`), ...also]);
    return { prefix, devices, junctionId, controller, lampLog, seeing };
  }

  const ask = async (world: Awaited<ReturnType<typeof street>>, request: object) => {
    const { link } = world.seeing;
    const answers: { request_id?: string | undefined; result: string; reason: string }[] = [];
    const end = await link.subscribe(world.prefix, ['mode-answer'], ({ message }) => void answers.push(message));
    const base = { request_id: `r${performance.now()}`, by: 'operator', reason: 'test', until: null };
    const address = { prefix: world.prefix, kind: 'mode-request', junctionId: world.junctionId } as const;
    await link.publish(address, { ...base, ...request } as never);
    await world.seeing.until('an answer', () => answers.length > 0);
    await end();
    return answers[0]!;
  };

  it('goes on after kill -9 where it was: sequence numbers grow, an override stays, the lights do not jump', async () => {
    const world = await street('again');
    const first = world.controller('--strategy', 'max-pressure');
    await first.event('started');
    await seeing!.until('commands', () => seeing!.applied.length >= 3);
    const untilMs = Date.now() + 3_600_000;
    const stages = world.seeing.configurations.get(world.junctionId)!.localPlan.map((stage) => ({
      id: stage.stageId,
      green_seconds: stage.greenSeconds,
      yellow_seconds: stage.yellowSeconds,
      all_red_seconds: stage.allRedSeconds,
    }));
    const until = isoOf(untilMs);
    expect(await ask(world, { mode: 'manual_override', until, stages })).toMatchObject({ result: 'accepted' });
    await seeing!.until(
      'the manual plan',
      () => seeing!.applied.some((one) => one.kind === 'ack') && seeing!.commands.at(-1)?.kind === 'green-time',
    );
    first.child.kill('SIGKILL');
    await first.ended;
    const highest = Math.max(...seeing!.commands.map(({ seq }) => seq));
    const before = seeing!.commands.length;

    const second = world.controller('--strategy', 'max-pressure');
    await second.event('started');
    // The override is still in force: nothing is decided.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(seeing!.commands).toHaveLength(before);
    expect(seeing!.modes.get(world.junctionId)).toMatchObject({ mode: 'manual_override', by: 'operator' });
    expect(await ask(world, { mode: 'automatic' })).toMatchObject({ result: 'accepted' });
    const applied = seeing!.applied.length;
    await seeing!.until('commands again', () => seeing!.applied.length > applied);
    expect(seeing!.commands.slice(before).every(({ seq }) => seq > highest)).toBe(true);
    await stop(second);
    expect(await stop(world.devices)).toBe(0);
    expect(judgeLampLog(world.lampLog, world.seeing.configurations).wrong).toEqual([]);
  });

  it('serves an approach in an emergency, and refuses what has no end, no greens or no sense', async () => {
    const world = await street('modes');
    const alone = world.controller('--strategy', 'fixed-time');
    await alone.event('started');
    const soon = isoOf(Date.now() + 60_000);
    await seeing!.until('a controller', () => seeing!.modes.size > 0);
    expect(await ask(world, { mode: 'emergency', approach: 'N' })).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/end/),
    });
    expect(await ask(world, { mode: 'manual_override', until: soon })).toMatchObject({ result: 'refused' });
    expect(await ask(world, { mode: 'emergency', until: soon, approach: 'Z' })).toMatchObject({ result: 'refused' });
    expect(await ask(world, { mode: 'emergency', until: isoOf(Date.now() + 3_600_000), approach: 'N' })).toMatchObject({
      result: 'refused',
    });
    expect(await ask(world, { mode: 'emergency', until: soon, approach: 'E' })).toMatchObject({ result: 'accepted' });
    await seeing!.until('stage requests', () => seeing!.applied.length >= 3);
    expect(seeing!.modes.get(world.junctionId)).toMatchObject({ mode: 'emergency', by: 'operator' });
    expect(await ask(world, { mode: 'automatic' })).toMatchObject({ result: 'accepted' });
    await stop(alone);
    expect(await stop(world.devices)).toBe(0);
  });

  it('decides and records in shadow, and publishes nothing', async () => {
    const world = await street('shadow');
    const heard: string[] = [];
    await world.seeing.link.subscribe(
      world.prefix,
      ['green-time', 'stage-request', 'mode', 'configuration', 'status', 'mode-answer'],
      ({ address, retained }) => {
        if (!retained) heard.push(`${address.kind} ${address.deviceId ?? ''}`);
      },
    );
    const shadow = world.controller('--strategy', 'max-pressure', '--shadow', '--status-seconds', '1');
    await shadow.event('started');
    await seeing!.until('decisions', () => Number(shadow.lines.at(-1)?.decisions ?? 0) > 2);
    await stop(shadow);
    const record = join(folder, 'decisions-shadow');
    const lines = readdirSync(record)
      .filter((file) => file.endsWith('.ndjson'))
      .flatMap((file) => readFileSync(join(record, file), 'utf8').trim().split('\n'));
    expect(lines.length).toBeGreaterThan(2);
    expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'decided', junctionId: world.junctionId, vetoed: null });
    expect(heard).toEqual([]);
    await stop(world.devices);
  });

  it('drives no lamps of a street by accident', async () => {
    const refused = await flextraff(['controller', '--broker', broker.url]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/drive real lamps.*--shadow.*--live/s);
    const elsewhere = await flextraff(['controller', '--broker', broker.url, '--prefix', 'somewhere/else']);
    expect(elsewhere.code).toBe(2);
    const devices = await flextraff(['devices', '--broker', broker.url, '--prefix', 'flextraff']);
    expect(devices.code).toBe(2);
    expect(devices.stderr).toMatch(/flextraff-sim/);
  });
});
