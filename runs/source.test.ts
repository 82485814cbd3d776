import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHIPPED_SCENARIOS, scenarioFiles } from '../scenarios/list.ts';
import { runVariants } from './runner.ts';
import { openSource } from './source.ts';

const shared = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'cityflow');
const hangzhou = join(shared, 'hangzhou-1x1-kn-hz_18041607');
const missing = !existsSync(hangzhou);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flextraff-source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a source', () => {
  it('is a scenario that ships, by its name with or without ending, or any scenario file', async () => {
    const byName = await openSource('t-junction');
    expect(byName).toMatchObject({ kind: 'scenario', name: 't-junction' });
    expect(byName.variants.map((variant) => variant.name)).toEqual(['baseline', 'adaptive']);
    expect((await openSource('t-junction.yaml')).path).toBe(byName.path);
    expect((await openSource(join(SHIPPED_SCENARIOS, 't-junction.yaml'))).title).toBe(byName.title);
  });

  it('may be of the user own folder, whose scenarios hide those that ship', async () => {
    writeFileSync(join(folder, 't-junction.yaml'), 'version: 2\n');
    writeFileSync(join(folder, 'mine.yml'), '');
    writeFileSync(join(folder, 'notes.txt'), '');
    const files = await scenarioFiles([folder, join(folder, 'not-there')]);
    expect(files.get('t-junction')).toBe(join(folder, 't-junction.yaml'));
    expect([...files.keys()]).toEqual(expect.arrayContaining(['mine', 't-junction', 'hangzhou-kn-hz']));
    expect(files.has('notes')).toBe(false);
    await expect(openSource('t-junction', { directories: [folder] })).rejects.toMatchObject({ name: 'ScenarioError' });
  });

  it('ends where it is told to', async () => {
    expect((await openSource('t-junction', { untilSeconds: 120 })).durationSeconds).toBe(120);
  });

  it.each([0, -1, 1.5, Number.NaN, 1e9])('does not end after %d s', async (untilSeconds) => {
    await expect(openSource('t-junction', { untilSeconds })).rejects.toThrow(/whole seconds from 1 to 604800/);
  });
});

describe('what is no source is refused with what to do', () => {
  const refusal = async (path: string) => {
    const error = await openSource(path).catch((e: Error) => e as Error);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).toBe('SourceError');
    return (error as Error).message;
  };

  it('a name that nothing has', async () => {
    expect(await refusal('t-juntion')).toMatch(
      /no such file or folder, nor a scenario of that name\. Did you mean t-junction\? Scenarios: .*hangzhou-kn-hz/,
    );
    expect(await refusal('nothing/like/this.yaml')).toMatch(/^nothing\/like\/this\.yaml: there is no such/);
  });

  it('parts of a SUMO case, and several cases in a folder', async () => {
    for (const path of ['x/b.net.xml', 'c.rou.xml']) expect(await refusal(path)).toMatch(/part of a SUMO case.*--net/);
    expect(await refusal('a.sumocfg')).toMatch(/no such file/);
    writeFileSync(join(folder, 'one.sumocfg'), '');
    writeFileSync(join(folder, 'two.sumocfg'), '');
    expect(await refusal(folder)).toMatch(/several, name one: one\.sumocfg, two\.sumocfg/);
  });

  it('a folder that is no CityFlow folder', async () => {
    writeFileSync(join(folder, 'roadnet.json'), '{}');
    expect(await refusal(folder)).toMatch(/flow\.json missing/);
  });

  it('CityFlow files that are no JSON', async () => {
    writeFileSync(join(folder, 'roadnet.json'), '{"intersections": [');
    writeFileSync(join(folder, 'flow.json'), '[]');
    expect(await refusal(folder)).toMatch(/roadnet\.json: is no JSON/);
  });

  it('CityFlow files that are no roadnet, when the run begins', async () => {
    writeFileSync(join(folder, 'roadnet.json'), '{"intersections": 3}');
    writeFileSync(join(folder, 'flow.json'), '[]');
    const source = await openSource(folder);
    await expect(runVariants({ source })).rejects.toMatchObject({
      name: 'SourceError',
      message: expect.stringMatching(/flextraff-source-.*roadnet\.json: roads is missing/),
    });
  });

  it('a scenario with mistakes, all of which are told', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'version: 1\ntitle: 3\nstepSeconds: -1\n');
    const error = await openSource(file).catch((e) => e);
    expect(error.name).toBe('ScenarioError');
    expect(error.issues.length).toBeGreaterThan(2);
  });
});

describe.skipIf(missing)(`a CityFlow folder${missing ? ', of which there is none here' : ''}`, () => {
  it("runs under the file's own lights for an hour, with CityFlow's travel time", async () => {
    const source = await openSource(hangzhou);
    expect(source).toMatchObject({ kind: 'cityflow', durationSeconds: 3600, seeds: [0] });
    const { variants } = await runVariants({ source });
    expect(Object.keys(variants)).toEqual(['baseline']);
    expect(variants.baseline!.strategy).toBe('fixed-time');
    expect(variants.baseline!.travelTimeSeconds.allMean).toBeGreaterThan(209.1 * 0.97);
    expect(variants.baseline!.travelTimeSeconds.allMean).toBeLessThan(209.1 * 1.03);
  });

  it('is steered by any strategy through lamp devices, by the stages of its light plan', async () => {
    const source = await openSource(hangzhou, { untilSeconds: 600 });
    const [signal] = source.signals();
    expect(signal!.configuration!.stages).toHaveLength(8);
    expect(signal!.configuration).toMatchObject({ yellowSeconds: 3, allRedSeconds: 2 });
    const variants = ['fixed-time', 'max-pressure'].map((strategy) => ({ name: strategy, strategy, parameters: {} }));
    const result = await runVariants({ source, variants, verify: true });
    const delay = (name: string) => result.variants[name]!.delaySeconds.mean!;
    expect(delay('max-pressure')).toBeLessThan(0.6 * delay('fixed-time'));
  });

  it('is refused for a strategy that does not fit, with the reason', async () => {
    const source = await openSource(hangzhou, { untilSeconds: 10 });
    const variants = [{ name: 'adaptive', strategy: 'horizon', parameters: { stages: 'phase-1/phase-9' } }];
    await expect(runVariants({ source, variants })).rejects.toThrow(
      /junction intersection_1_1: .*stages: phase-9 does not exist/,
    );
  });
});
