/** Cases as they are found: what their configurations say besides, files beside the net, programmes of every kind. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSumoNet } from '../../sim/network/sumo/net.ts';
import { openSumoCase, type SumoCase } from './case.ts';
import { checkSumoVariants, runSumo } from './run.ts';
import { signalsOf } from './signals.ts';

const DATA = resolve(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'sumo', 'single-4leg');
const hasData = existsSync(DATA);
const hasSumo = spawnSync('sumo', ['--version']).status === 0;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flextraff-cases-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const variant = (strategy: string) => ({ name: 'one', strategy, parameters: {} });
const runOne = (sumoCase: SumoCase, strategy: string, out?: string) =>
  runSumo({ sumoCase, variants: [variant(strategy)], seed: 1, detection: 'full', stages: 'all', out });

/** A configuration of the single junction, with more in it. */
async function configured(name: string, more: string, net = 'single.net.xml', additional = ''): Promise<string> {
  const file = join(folder, `${name}.sumocfg`);
  const input = `<net-file value="${net}"/><route-files value="single80.rou.xml"/>${additional}`;
  await writeFile(file, `<configuration><input>${input}</input><time><end value="60"/></time>${more}</configuration>`);
  return file;
}

describe.skipIf(!hasData)('a SUMO case (skipped where the shared inputs are not there)', () => {
  beforeAll(async () => {
    for (const file of ['single.net.xml', 'single80.rou.xml']) await copyFile(join(DATA, file), join(folder, file));
    await writeFile(join(folder, 'packed.net.xml.gz'), gzipSync(await readFile(join(DATA, 'single.net.xml'))));
  });

  it.skipIf(!hasSumo)(
    'runs the same whatever its configuration says of delays, names and ports',
    async () => {
      const options = [
        '<output><output-prefix value="TIME_"/><human-readable-time value="true"/></output>',
        '<processing><max-depart-delay value="1"/><time-to-teleport value="20"/></processing>',
        '<traci_server><remote-port value="8813"/><num-clients value="2"/></traci_server>',
      ];
      const plain = await openSumoCase({ config: await configured('plain', '') });
      const odd = await openSumoCase({ config: await configured('odd', options.join('')) });
      const packed = await openSumoCase({ config: await configured('packed', '', 'packed.net.xml.gz') });
      for (const strategy of ['fixed-time', 'max-pressure']) {
        const { digest } = (await runOne(plain, strategy)).variants.one!;
        expect((await runOne(odd, strategy)).variants.one!.digest).toBe(digest);
        expect((await runOne(packed, strategy)).variants.one!.digest).toBe(digest);
      }
    },
    60_000,
  );

  it.skipIf(!hasSumo)(
    "keeps SUMO's files in a folder that is named from here",
    async () => {
      const out = join(folder, 'kept');
      await runOne(await openSumoCase({ config: await configured('kept', '') }), 'max-pressure', relative('.', out));
      for (const file of ['tripinfo.xml', 'tls-states.xml']) expect(existsSync(join(out, file))).toBe(true);
    },
    60_000,
  );

  it('takes the programmes of additional files, which are those in force', async () => {
    const net = await readFile(join(DATA, 'single.net.xml'), 'utf8');
    const [program] = /<tlLogic.*?<\/tlLogic>/s.exec(net)!;
    const later = program.replace(/programID="[^"]*"/, 'programID="later"').replace(/duration="3"/g, 'duration="4"');
    await writeFile(join(folder, 'later.add.xml'), `<additional>${later}</additional>`);
    const additional = '<additional-files value="later.add.xml"/>';
    const found = await openSumoCase({ config: await configured('later', '', 'single.net.xml', additional) });
    expect(signalsOf(found.net, 'later', 'net').signals[0]!.configuration.yellowSeconds).toBe(4);
  });

  it('refuses ours where SUMO would change programmes under our lamps, and several networks', async () => {
    await writeFile(join(folder, 'waut.add.xml'), '<additional><WAUT id="w" refTime="0" startProg="0"/></additional>');
    const additional = '<additional-files value="waut.add.xml"/>';
    const sumoCase = await openSumoCase({ config: await configured('waut', '', 'single.net.xml', additional) });
    const check = (strategy: string) => () =>
      checkSumoVariants({ sumoCase, variants: [variant(strategy)], stages: 'all' });
    expect(check('fixed-time')).not.toThrow();
    expect(check('horizon')).toThrow(/waut\.add\.xml has a <WAUT>/);
    expect(check('re-timed')).toThrow(/<WAUT>/);
    const two = configured('two', '', 'single.net.xml,packed.net.xml.gz');
    await expect(two.then((config) => openSumoCase({ config }))).rejects.toThrow(/several networks.*netconvert/);
  });

  it('shows right turns on red, and leaves ungoverned links to themselves', async () => {
    const text = await readFile(join(DATA, 'single.net.xml'), 'utf8');
    const states = [...text.matchAll(/state="([GgyrsoOu]+)"\/>/g)].map(([, state]) => state!);
    const free = states[0]!.length - 1;
    let changed = text;
    for (const state of new Set(states.filter(({ length }) => length === free + 1))) {
      const rests = `${state[0] === 'r' ? 's' : state[0]}${state.slice(1, -1)}o`;
      changed = changed.replaceAll(`state="${state}"`, `state="${rests}"`);
    }
    const { configuration, stateOf } = signalsOf(readSumoNet(changed, 'changed'), 'changed', 'net').signals[0]!;
    const shown = stateOf(configuration.signalGroups.map(() => 'red' as const));
    expect(shown).toBe(`s${'r'.repeat(free - 1)}o`);
  });
});
