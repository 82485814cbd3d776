import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../runs/types.ts';
import { flextraff, ROOT } from './support/command.ts';

const shared = process.env.FLEXTRAFF_SHARED ?? join(ROOT, '../shared');
const cityflow = join(shared, 'data/cityflow/hangzhou-1x1-kn-hz_18041607');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STACK = /^\s+at .+:\d+/m;

describe('flextraff run', () => {
  it('prints exactly one JSON object with --json, and writes what --out asks for', async () => {
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await flextraff([
      'run',
      't-junction',
      '--until',
      '120',
      '--seed',
      '3',
      '--json',
      '--out',
      out,
    ]);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as RunResult;
    expect(result).toMatchObject({ scenario: 't-junction', seed: 3, durationSeconds: 120 });
    expect(result.performance.vehicleUpdates).toBeGreaterThan(0);
    for (const variant of Object.values(result.variants)) {
      expect(variant.digest).toMatch(/^[0-9a-f]{16}$/);
      const { demanded, arrived, running, waiting, inserted } = variant.vehicles;
      expect(arrived + running).toBe(inserted);
      expect(inserted + waiting).toBe(demanded);
    }
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual(result);
    const series = readFileSync(join(out, 'series.csv'), 'utf8').trim().split('\n');
    expect(series[0]).toMatch(/^second,variant,/);
    expect(series).toHaveLength(1 + 13 * Object.keys(result.variants).length);
  });

  it('prints a table for people', async () => {
    const { code, stdout } = await flextraff(['run', 't-junction', '--until', '60']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^t-junction, seed \d+, 60 s in steps of/);
    expect(stdout).toMatch(/^delay, mean \(s\) +[\d.]+ +[\d.]+/m);
  });

  it('takes --variant in place of the variants of the file, in order', async () => {
    const { stdout } = await flextraff([
      'run',
      't-junction',
      '--until',
      '60',
      '--json',
      '--variant',
      'b=webster',
      '--variant',
      'a=fixed-time',
    ]);
    const { variants } = JSON.parse(stdout) as RunResult;
    expect(Object.entries(variants).map(([name, { strategy }]) => [name, strategy])).toEqual([
      ['b', 'webster'],
      ['a', 'fixed-time'],
    ]);
  });

  it('loads neither database nor API nor broker', async () => {
    const loader = join(folder, 'loader.mjs');
    const register = join(folder, 'register.mjs');
    writeFileSync(
      loader,
      `import { writeSync } from 'node:fs';
      export async function resolve(specifier, context, next) {
        const found = await next(specifier, context);
        writeSync(2, 'LOADED ' + found.url + '\\n');
        return found;
      }`,
    );
    writeFileSync(register, "import { register } from 'node:module'; register('./loader.mjs', import.meta.url);");
    const options = `--import=${pathToFileURL(register).href}`;
    const { code, stderr } = await flextraff(['run', 't-junction', '--until', '20', '--json'], {
      NODE_OPTIONS: options,
    });
    expect(code, stderr).toBe(0);
    const loaded = [...stderr.matchAll(/^LOADED (.+)$/gm)].map((match) => match[1]!);
    expect(loaded.some((url) => url.endsWith('/dist/runs/runner.js'))).toBe(true);
    expect(
      loaded.filter((url) =>
        /node_modules\/(@electric-sql|express|socket\.io|aedes|knex|pg|pino|@duckdb)\/|dist\/api\//.test(url),
      ),
    ).toEqual([]);
  });

  it.each([
    ['a scenario that is not there', ['run', 'hangzu-kn-hz'], /Did you mean hangzhou-kn-hz\?/],
    ['no scenario', ['run'], /flextraff scenarios/],
    ['an unknown strategy', ['run', 't-junction', '--variant', 'a=magic'], /magic/],
    ['an unknown parameter', ['run', 't-junction', '--variant', 'a=webster,foo=1'], /foo/],
    ['a malformed variant', ['run', 't-junction', '--variant', 'webster'], /NAME=STRATEGY/],
    ['a negative seed', ['run', 't-junction', '--seed', '-1'], /seed/],
    ['an end of zero', ['run', 't-junction', '--until', '0'], /until/],
    ['an unknown option', ['run', 't-junction', '--fast'], /--fast/],
    ['an unknown command', ['runn'], /runn/],
    ['a SUMO case that is not there', ['run', 'x.sumocfg'], /x\.sumocfg: there is no such file/],
    [
      'SUMO files that are not there',
      ['run', '--net', 'a.net.xml', '--routes', 'b.rou.xml'],
      /a\.net\.xml: does not exist/,
    ],
    ['half a SUMO case', ['run', '--net', 'a.net.xml'], /--routes is missing/],
    ['two scenarios', ['run', 't-junction', '--net', 'a', '--routes', 'b'], /either a scenario or SUMO's files/],
    ['an import to nowhere', ['import', 'x.sumocfg'], /-o scenario\.yaml/],
    ['an export to nowhere', ['export', 't-junction'], /--sumo FOLDER/],
    [
      'a broker for the in-process link',
      ['run', 't-junction', '--link', 'inprocess', '--broker', 'mqtt://127.0.0.1:1'],
      /--link mqtt/,
    ],
  ])('refuses %s with exit code 2 and says what to do', async (_what, args, message) => {
    const { code, stdout, stderr } = await flextraff(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(STACK);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('exits with 1 when the broker cannot be reached, and says which', async () => {
    const { code, stdout, stderr } = await flextraff([
      'run',
      't-junction',
      '--until',
      '20',
      '--json',
      '--broker',
      'mqtt://127.0.0.1:9',
    ]);
    expect(stderr).toMatch(/mqtt:\/\/127\.0\.0\.1:9/);
    expect(stderr).not.toMatch(STACK);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});

describe('flextraff validate', () => {
  it('accepts every scenario that ships', async () => {
    for (const name of ['four-way-crossings', 'hangzhou-kn-hz', 'mumbai-four-way', 't-junction']) {
      const { code, stdout } = await flextraff(['validate', name]);
      expect(stdout).toMatch(/no mistakes/);
      expect(code).toBe(0);
    }
  });

  it('lists every mistake with file, line and column', async () => {
    const file = join(folder, 'broken.yaml');
    const text = readFileSync(join(ROOT, 'scenarios/t-junction.yaml'), 'utf8');
    writeFileSync(
      file,
      `${text.replace(/^version: .*$/m, 'version: 7').replace(/^stepSeconds: .*$/m, 'stepSeconds: -1')}\nnonsense: true\n`,
    );
    const { code, stderr } = await flextraff(['validate', file]);
    expect(code).toBe(2);
    const places = stderr.trim().split('\n');
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const place of places) expect(place).toMatch(/broken\.yaml:\d+:\d+ /);
    const json = await flextraff(['validate', file, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false });
    expect((JSON.parse(json.stdout) as { issues: unknown[] }).issues).toHaveLength(places.length);
    expect(json.code).toBe(2);
  });
});

describe('flextraff', () => {
  it('tells its version and its commands, and no command that is not there', async () => {
    expect((await flextraff(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { stdout } = await flextraff(['--help']);
    const commands = [...stdout.matchAll(/^ {2}(\w+) /gm)].map((match) => match[1]);
    expect(commands).toEqual(expect.arrayContaining(['twin', 'run', 'validate', 'scenarios']));
  });
});

describe.skipIf(!existsSync(cityflow))(
  'a CityFlow folder (skipped where the shared inputs are not there, see FLEXTRAFF_SHARED)',
  () => {
    it("runs as it is, with CityFlow's own average travel time within 3 %", async () => {
      const { code, stdout, stderr } = await flextraff(['run', cityflow, '--json']);
      expect(code, stderr).toBe(0);
      const { variants, durationSeconds } = JSON.parse(stdout) as RunResult;
      expect(durationSeconds).toBe(3600);
      expect(Object.keys(variants)).toEqual(['baseline']);
      expect(variants.baseline!.vehicles.demanded).toBe(827);
      expect(Math.abs(variants.baseline!.travelTimeSeconds.allMean! / 209.1 - 1)).toBeLessThan(0.03);
    });
  },
);

describe("SUMO's files", () => {
  it('go out of a scenario, run, and come back as a scenario', async () => {
    const out = join(folder, 'sumo');
    const exported = await flextraff([
      'export',
      't-junction',
      '--sumo',
      out,
      '--without-people',
      '--until',
      '300',
      '--json',
    ]);
    expect(exported.code, exported.stderr).toBe(0);
    const { files, vehicles } = JSON.parse(exported.stdout) as { files: string[]; vehicles: number };
    expect(files.map((file) => file.slice(out.length + 1))).toEqual([
      't-junction.sumocfg',
      't-junction.net.xml',
      't-junction.rou.xml',
    ]);
    const [configuration, net, routes] = files as [string, string, string];
    const ran = await flextraff(['run', configuration, '--json']);
    expect(ran.code, ran.stderr).toBe(0);
    expect((JSON.parse(ran.stdout) as RunResult).variants.baseline!.vehicles.demanded).toBe(vehicles);
    const steered = await flextraff([
      'run',
      '--net',
      net,
      '--routes',
      routes,
      '--end',
      '300',
      '--variant',
      'a=max-pressure',
      '--json',
    ]);
    expect(steered.code, steered.stderr).toBe(0);
    expect(JSON.parse(steered.stdout)).toMatchObject({
      durationSeconds: 300,
      variants: { a: { strategy: 'max-pressure', vehicles: { demanded: vehicles } } },
      warnings: [expect.stringContaining('time-to-teleport')],
    });
    const scenario = join(folder, 'again.yaml');
    const imported = await flextraff(['import', configuration, '-o', scenario, '--json']);
    expect(imported.code, imported.stderr).toBe(0);
    expect(JSON.parse(imported.stdout)).toMatchObject({ file: scenario, junctions: 1, vehicles, issues: [] });
    expect((await flextraff(['import', configuration, '-o', scenario])).stderr).toMatch(/is there already.*--force/);
    expect((await flextraff(['validate', scenario])).stdout).toMatch(/no mistakes; 300 s/);
  });

  it('with mistakes are refused with file, line and what to do, and exit code 2', async () => {
    const file = join(folder, 'bad.net.xml');
    writeFileSync(
      file,
      '<net>\n<edge id="a" from="x" to="y">\n<lane id="a_0" index="0" speed="0" length="1" shape="0,0 1,0"/></edge></net>',
    );
    const { code, stdout, stderr } = await flextraff(['run', '--net', file, '--routes', file]);
    expect(stderr).toMatch(
      /bad\.net\.xml:3: <lane id="a_0"> has speed="0"; nothing could ever leave it\. Give the limit/,
    );
    expect(stderr).not.toMatch(STACK);
    expect([code, stdout]).toEqual([2, '']);
  });
});
