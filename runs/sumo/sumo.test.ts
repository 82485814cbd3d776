import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkConfiguration, conflictWithin } from '../../junction/interlock.ts';
import { greensOfStages } from '../../junction/timing.ts';
import { readSumoNet } from '../../sim/network/sumo/net.ts';
import { openSumoCase, type SumoCase } from './case.ts';
import type { Detection } from './detection.ts';
import type { JunctionDecision } from './junction.ts';
import { startSumo } from './process.ts';
import { runSumo } from './run.ts';
import { signalsOf } from './signals.ts';

const DATA = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'sumo');
const hasData = existsSync(DATA);
const hasSumo = spawnSync('sumo', ['--version']).status === 0;
const SINGLE = ['single-4leg/single.net.xml', 'single-4leg/single80.rou.xml'] as const;
const NETS = [
  SINGLE[0],
  'hangzhou-1x1-bc-tyc_18041610/hangzhou.net.xml',
  'cologne1/cologne1.net.xml',
  'grid-10x10/grid10.net.xml',
];

describe.skipIf(!hasData)('signals of SUMO networks (skipped where the shared inputs are not there)', () => {
  it.each(NETS)('%s become configurations that the interlock accepts, whichever stages', async (file) => {
    const net = readSumoNet(await readFile(join(DATA, file), 'utf8'), file);
    for (const set of ['net', 'all'] as const) {
      const { signals, leftAlone } = signalsOf(net, file, set);
      expect(leftAlone).toEqual([]);
      expect(signals.length).toBeGreaterThan(0);
      for (const { configuration } of signals) {
        expect(checkConfiguration(configuration)).toEqual([]);
        for (const greens of greensOfStages(configuration)) expect(conflictWithin(configuration, greens)).toBeNull();
        const green = new Set(configuration.stages.flatMap(({ groups }) => groups));
        expect(green.size).toBe(configuration.signalGroups.length);
      }
    }
  });

  it('takes the intergreens of the net, and 3 s of yellow and 2 s of red where it has no yellow', async () => {
    const times = await Promise.all(
      NETS.map(async (file) => {
        const net = readSumoNet(await readFile(join(DATA, file), 'utf8'), file);
        const { yellowSeconds, allRedSeconds } = signalsOf(net, file, 'net').signals[0]!.configuration;
        return [yellowSeconds, allRedSeconds];
      }),
    );
    expect(times).toEqual([
      [3, 2],
      [3, 2],
      [5, 0],
      [3, 0],
    ]);
  });

  it('lets a turn that gives way show g while its opposing stream is green or amber, and G else', async () => {
    const net = readSumoNet(await readFile(join(DATA, NETS[3]!), 'utf8'), NETS[3]!);
    const { configuration, stateOf } = signalsOf(net, 'grid', 'net').signals[0]!;
    const red = configuration.signalGroups.map(() => 'red' as const);
    const turn = configuration.yields!.findIndex((row) => row.includes(true));
    const other = configuration.yields![turn]!.indexOf(true);
    const show = (lamps: Record<number, 'green' | 'amber'>) => stateOf(red.map((lamp, g) => lamps[g] ?? lamp))[turn];
    expect(show({ [turn]: 'green' })).toBe('G');
    expect(show({ [turn]: 'green', [other]: 'green' })).toBe('g');
    expect(show({ [turn]: 'green', [other]: 'amber' })).toBe('g');
    expect(show({ [turn]: 'amber' })).toBe('y');
  });
});

describe.skipIf(!(hasData && hasSumo))('SUMO as the street (skipped where there is no sumo or no shared input)', () => {
  let sumoCase: SumoCase;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flextraff-test-'));
    const [net, routes] = SINGLE.map((name) => join(DATA, name));
    sumoCase = await openSumoCase({ net, routes, untilSeconds: 240 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (strategy: string, detection: Detection = 'full', out?: string, decisions: JunctionDecision[] = []) =>
    runSumo({
      sumoCase,
      variants: [{ name: 'one', strategy, parameters: {} }],
      seed: 3,
      detection,
      stages: 'all',
      out,
      onDecision: (_, decision) => decisions.push(decision),
    });

  it('gives the same vehicles to all, counts each, and the same result again', async () => {
    const shipped = (await run('fixed-time')).variants.one!;
    const decisions: JunctionDecision[] = [];
    const ours = (await run('horizon', 'full', join(folder, 'horizon'), decisions)).variants.one!;
    const { demanded, inserted, arrived, running, waiting } = ours.vehicles;
    expect(demanded).toBe(shipped.vehicles.demanded);
    expect(inserted).toBe(arrived + running);
    expect(demanded).toBe(inserted + waiting);
    expect(demanded).toBeGreaterThan(100);
    expect(ours.delaySeconds.mean!).toBeLessThan(shipped.delaySeconds.mean!);
    expect((await run('horizon')).variants.one!.digest).toBe(ours.digest);
    expect(decisions.filter(({ refused }) => refused !== null)).toEqual([]);
    const thought = decisions.filter(({ inputs }) => inputs.predictedDelaySeconds !== undefined);
    expect(thought.length).toBeGreaterThan(20);
    expect(thought.at(-1)!.reason).toMatch(/vehicle-seconds of delay ahead/);
  }, 60_000);

  it("shows in SUMO's own record that no conflicting greens met and every yellow lasted", async () => {
    const text = await readFile(join(folder, 'horizon', 'tls-states.xml'), 'utf8');
    const states = [...text.matchAll(/<tlsState [^>]*state="([^"]+)"/g)].map(([, state]) => state!);
    expect(states.length).toBeGreaterThanOrEqual(239);
    const { configuration } = signalsOf(sumoCase.net, sumoCase.name, 'all').signals[0]!;
    for (const state of states) {
      const greens = [...state].map((lamp) => 'Gg'.includes(lamp));
      expect(conflictWithin(configuration, greens)).toBeNull();
    }
    for (let k = 1; k < states.length; k++) {
      for (let g = 0; g < states[k]!.length; g++) {
        const wasGreen = 'Gg'.includes(states[k - 1]![g]!);
        if (wasGreen && !'Gg'.includes(states[k]![g]!)) {
          const after = states.slice(k, k + 3).map((state) => state[g]);
          expect(after).toEqual(after.map(() => 'y'));
        }
      }
    }
  });

  it.each([
    ['horizon', 'loops'],
    ['horizon', { share: 0.4 }],
    ['max-pressure', 'loops'],
    ['actuated', 'loops'],
  ] as const)(
    'runs %s on %j',
    async (strategy, detection) => {
      const { vehicles, delaySeconds } = (await run(strategy, detection)).variants.one!;
      expect(vehicles.arrived).toBeGreaterThan(20);
      expect(delaySeconds.mean!).toBeLessThan(60);
    },
    60_000,
  );

  it.each(['re-timed', 'sumo-actuated', 'sumo-delay-based'])(
    'lets SUMO itself run as %s',
    async (strategy) => {
      expect((await run(strategy)).variants.one!.vehicles.arrived).toBeGreaterThan(20);
    },
    60_000,
  );

  it('refuses what it cannot run before it starts SUMO', async () => {
    await expect(run('clairvoyance')).rejects.toThrow(/does not exist.*re-timed/s);
    await expect(openSumoCase({ net: 'nowhere.net.xml', routes: 'nowhere.rou.xml' })).rejects.toThrow('no such file');
  });

  it('says what SUMO says when SUMO breaks, for its own programmes and for ours', async () => {
    const routes = join(folder, 'broken.rou.xml');
    await writeFile(routes, '<routes><vehicle id="a" depart="0"><route edges="n_in nowhere"/></vehicle></routes>');
    const broken = await openSumoCase({ net: join(DATA, SINGLE[0]), routes, untilSeconds: 20 });
    for (const strategy of ['fixed-time', 'max-pressure']) {
      const variants = [{ name: 'one', strategy, parameters: {} }];
      const failed = runSumo({ sumoCase: broken, variants, seed: 1, detection: 'full', stages: 'all' });
      await expect(failed).rejects.toThrow(/nowhere/);
    }
  }, 60_000);

  it('runs the other variants where SUMO breaks under one, if it is asked to tell of it', async () => {
    const picky = join(folder, 'picky-sumo');
    await writeFile(
      picky,
      '#!/bin/sh\ncase "$*" in *programmes.add.xml*) echo "not these" >&2; exit 1;; esac\nexec sumo "$@"\n',
      { mode: 0o755 },
    );
    vi.stubEnv('SUMO_BINARY', picky);
    try {
      const variants = ['re-timed', 'fixed-time'].map((strategy) => ({ name: strategy, strategy, parameters: {} }));
      const sumoCase = await openSumoCase({
        net: join(DATA, SINGLE[0]),
        routes: join(DATA, SINGLE[1]),
        untilSeconds: 20,
      });
      const options = { sumoCase, seed: 1, detection: 'full', stages: 'all' } as const;
      await expect(runSumo({ ...options, variants })).rejects.toThrow('not these');
      const broken: string[] = [];
      const onBroken = (name: string): void => void broken.push(name);
      const { variants: results } = await runSumo({ ...options, variants, onBroken });
      expect(broken).toEqual(['re-timed']);
      expect(Object.keys(results)).toEqual(['fixed-time']);
      const alone = runSumo({ ...options, variants: variants.slice(0, 1), onBroken });
      await expect(alone).rejects.toThrow('not these');
    } finally {
      vi.unstubAllEnvs();
    }
  }, 60_000);

  it('leaves no SUMO behind when it is killed without warning', async () => {
    const code = `import('${join(import.meta.dirname, 'process.ts')}').then(async ({ startSumo }) => {
      await startSumo(['-n', '${join(DATA, SINGLE[0])}', '--remote-port', '0', '--end', '7']);
      console.log('started');
      setInterval(() => {}, 1000);
    });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, SUMO_BINARY: 'sleep-as-sumo', PATH: `${folder}:${process.env.PATH}` },
    });
    await writeFile(join(folder, 'sleep-as-sumo'), `#!/bin/sh\necho $$ > ${folder}/pid\nexec sleep 60\n`, {
      mode: 0o755,
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pidFile = join(folder, 'pid');
    for (let n = 0; n < 100 && !existsSync(pidFile); n++) await sleep(50);
    const pid = Number(await readFile(pidFile, 'utf8'));
    const runs = (): boolean => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    expect(runs()).toBe(true);
    child.kill('SIGKILL');
    for (let n = 0; n < 100 && runs(); n++) await sleep(50);
    expect(runs()).toBe(false);
  }, 30_000);
});

describe('without SUMO', () => {
  it('says how to get it', async () => {
    const before = process.env.SUMO_BINARY;
    process.env.SUMO_BINARY = '/nowhere/sumo';
    try {
      const sumo = await startSumo([]);
      expect(await sumo.ended).toBe(127);
      const { checkExit } = await import('./process.ts');
      expect(() => checkExit(127, sumo)).toThrow('apt install sumo');
    } finally {
      if (before === undefined) delete process.env.SUMO_BINARY;
      else process.env.SUMO_BINARY = before;
    }
  });
});
