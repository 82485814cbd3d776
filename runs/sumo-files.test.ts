import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadScenario } from '../scenarios/load.ts';
import { SHIPPED_SCENARIOS } from '../scenarios/list.ts';
import type { VariantSettings } from '../scenarios/types.ts';
import { runVariants } from './runner.ts';
import { openSource, type Source } from './source.ts';
import { exportScenario } from './sumo-export/export.ts';

/** A SUMO case of our own: the T-junction that ships, as the exporter writes it. */
let files: Record<string, string>;
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  const scenario = await loadScenario(join(SHIPPED_SCENARIOS, 't-junction.yaml'));
  files = { ...exportScenario({ ...scenario, durationSeconds: 600, stepSeconds: 1 }, 1, false).files };
  folder = mkdtempSync(join(tmpdir(), 'flextraff-sumo-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
});

const edited = (name: string, from: string | RegExp, to: string) => {
  expect(files[name]).toMatch(from);
  writeFileSync(at(name), files[name]!.replace(from, to));
};
const configuration = () => openSource(at('t-junction.sumocfg'));
const refusal = async (open: () => Promise<unknown> = configuration): Promise<string> => {
  const error = await open().then(
    () => null,
    (caught: Error) => caught,
  );
  expect(error?.name, error?.stack).toBe('SourceError');
  return error!.message;
};
const warningsOf = (source: Source) =>
  source.open({ seed: 0, variant: { name: 'baseline', strategy: 'fixed-time' }, prefix: 'flextraff-sim/x/baseline' })
    .warnings;

describe('a SUMO case', () => {
  it('runs by its configuration, or by network and routes, to the same result', async () => {
    const source = await configuration();
    expect(source).toMatchObject({
      kind: 'sumo',
      name: 't-junction',
      durationSeconds: 600,
      stepSeconds: 1,
      seeds: [0],
    });
    expect(source.variants).toEqual([{ name: 'baseline', strategy: 'fixed-time', parameters: {} }]);
    const first = await runVariants({ source });
    const sumo = { net: at('t-junction.net.xml'), routes: [at('t-junction.rou.xml')], end: 600 };
    const second = await runVariants({ source: await openSource('', { sumo }) });
    expect(second.variants).toEqual(first.variants);
    const { vehicles, fuelLitres, approaches } = first.variants.baseline!;
    expect(vehicles.arrived).toBeGreaterThan(0.7 * vehicles.demanded);
    expect(fuelLitres).toBeGreaterThan(0);
    expect(Object.keys(approaches)).toEqual(['t-junction_E', 't-junction_S', 't-junction_W']);
  });

  it('is steered by strategies, which see what passes the stop lines, through lamp devices', async () => {
    const source = await configuration();
    const variants = ['baseline', 'actuated', 'horizon'].map((name) => ({
      name,
      strategy: name === 'baseline' ? 'fixed-time' : name,
      parameters: {},
    }));
    const counted = new Map<string, number>();
    const result = await runVariants({
      source,
      variants,
      verify: true,
      observer: {
        onMessage(variant, _second, { address, message }) {
          if (variant !== 'actuated' || address.kind !== 'detections') return;
          const { detectors } = message as { detectors: Record<string, { count: number }> };
          for (const [id, { count }] of Object.entries(detectors)) counted.set(id, count);
        },
      },
    });
    expect(Object.values(result.variants).map(({ vehicles }) => vehicles.demanded)).toEqual([259, 259, 259]);
    const { vehicles, approaches } = result.variants.actuated!;
    let passed = 0;
    for (const name of Object.keys(approaches)) {
      const [line, upstream] = [counted.get(`${name}:stopline`)!, counted.get(`${name}:upstream`)!];
      expect(upstream).toBeGreaterThanOrEqual(line);
      expect(line).toBeLessThanOrEqual(approaches[name]!.demanded);
      passed += line;
    }
    // who has arrived has passed its only stop line, and who is under way may have
    expect(passed).toBeGreaterThanOrEqual(vehicles.arrived);
    expect(passed).toBeLessThanOrEqual(vehicles.inserted);
    const delay = (name: string) => result.variants[name]!.delaySeconds.mean!;
    expect(delay('horizon')).toBeLessThan(delay('baseline'));
  });

  it('keeps the names of the file: vehicles, lanes, links, signals', async () => {
    const source = await configuration();
    const street = source.open({
      seed: 0,
      variant: { name: 'x', strategy: 'fixed-time' },
      prefix: 'flextraff-sim/r/x',
    });
    for (let k = 0; k < 120; k++) street.step();
    const ids = [...street.trips()].map(({ name, vehicleClass, route }) => [name, vehicleClass, route]);
    expect(ids[0]).toEqual(['0', 'car', expect.stringMatching(/^t-junction_[ESW]->t-junction_[ESW]-exit$/)]);
    const [junction] = street.drawing().junctions;
    expect(junction!.name).toBe('t-junction');
    expect(junction!.signalGroups.map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('shows under its own program what a lamp controller with the same plan shows', async () => {
    const source = await configuration();
    const variants: VariantSettings[] = [
      { name: 'file', strategy: 'fixed-time', parameters: {} },
      { name: 'device', strategy: 'fixed-time', parameters: { greens: '' } },
    ];
    const shown: Record<string, string[]> = { file: [], device: [] };
    await runVariants({
      source,
      variants,
      observer: {
        onSecond(second, frames) {
          if (second < 2) return;
          for (const [name, { lamps }] of Object.entries(frames)) {
            if (shown[name]!.at(-1) !== lamps[0]) shown[name]!.push(lamps[0]!);
          }
        },
      },
    });
    const count = Math.min(shown.file!.length, shown.device!.length);
    expect(count).toBeGreaterThan(20);
    expect(shown.file!.slice(0, count)).toEqual(shown.device!.slice(0, count));
  });

  it('tells once what it leaves out, and refuses what would make the result false', async () => {
    edited('t-junction.sumocfg', /<time-to-teleport value="-1"\/>/, '<time-to-teleport value="300"/>');
    edited('t-junction.rou.xml', /<routes>/, '<routes><foo/><foo/>');
    expect(warningsOf(await configuration())).toEqual([
      expect.stringMatching(/^time-to-teleport \(1 time, first .*sumocfg:\d+\): .*gridlock stays\.$/),
      expect.stringMatching(/^<foo> \(2 times, first .*rou\.xml:2\): not read\.$/),
    ]);
    edited('t-junction.rou.xml', /<routes>/, '<routes><person id="p" depart="0"/>');
    expect(await refusal()).toMatch(/not simulated.*<person> \(1 time, first .*rou\.xml:2\).*run it with sumo\.$/);
    edited('t-junction.rou.xml', /vClass="passenger"/, 'vClass="passenger" jmDriveAfterRedTime="5"');
    expect(await refusal()).toMatch(/jmDriveAfterRedTime/);
  });

  it('takes programs of additional files, the last of which is active', async () => {
    const state = /state="([^"]+)"/.exec(files['t-junction.net.xml']!)![1]!;
    const all = (letter: string) => letter.repeat(state.length);
    const additional = `<additional><tlLogic id="t-junction" type="static" programID="b" offset="0"><phase duration="60" state="${all('r')}"/><phase duration="60" state="${all('g')}"/></tlLogic><poly id="x" shape="0,0"/></additional>`;
    writeFileSync(at('b.add.xml'), additional);
    edited('t-junction.sumocfg', /<\/input>/, '<additional-files value="b.add.xml"/></input>');
    const source = await configuration();
    const { variants } = await runVariants({ source, variants: source.variants });
    expect(warningsOf(source)).toEqual([]);
    expect(variants.baseline!.waitingSeconds.mean).toBeGreaterThan(20);
    writeFileSync(at('b.add.xml'), additional.replace('programID="b"', 'programID="0"'));
    expect(await refusal()).toMatch(/b\.add\.xml:1: <tlLogic id="t-junction" programID="0"> is there already/);
  });

  it('says how long it runs where the files do not', async () => {
    edited('t-junction.sumocfg', /<end value="600"\/>/, '');
    const source = await configuration();
    expect(source.durationSeconds).toBeGreaterThan(3600);
    expect(source.durationSeconds).toBeLessThan(4201);
    expect(warningsOf(source)).toEqual([expect.stringMatching(/^end .*3600 s after the last departure/)]);
    expect((await openSource(at('t-junction.sumocfg'), { untilSeconds: 50 })).durationSeconds).toBe(50);
    edited('t-junction.rou.xml', /<vehicle/, '<flow id="f" route="r0" begin="0" period="5"/><vehicle');
    expect(await refusal()).toMatch(/<flow id="f"> sends vehicles without end.*end it earlier/);
  });

  it('does not draw for ever', async () => {
    edited('t-junction.sumocfg', /<end value="600"\/>/, '');
    edited(
      't-junction.rou.xml',
      /<vehicle/,
      '<flow id="f" route="r0" begin="0" number="5" probability="1e-15"/><vehicle',
    );
    expect(await refusal()).toMatch(/<flow id="f"> asks 10000000 times and more/);
    const route = '<route id="long" edges="t-junction_E t-junction_W-exit" repeat="1000000"/>';
    edited('t-junction.rou.xml', /<routes>/, `<routes>${route}`);
    expect(await refusal()).toMatch(/<route id="long"> is longer than 100000 edges/);
  });

  it('refuses steps that do not make a second, and an end before its begin', async () => {
    edited('t-junction.sumocfg', /<step-length value="1"\/>/, '<step-length value="0.3"/>');
    expect(await refusal()).toMatch(/step-length is 0\.3 s; a whole number of steps must make a second/);
    edited('t-junction.sumocfg', /<begin value="0"\/>/, '<begin value="700"/>');
    expect(await refusal()).toMatch(/ends at 600 s, not a second after its begin at 700 s/);
  });
});

describe('files as researchers have them', () => {
  it('are packed, in other encodings, or named by a path from the root', async () => {
    const first = await runVariants({ source: await configuration() });
    writeFileSync(at('t-junction.rou.xml.gz'), gzipSync(files['t-junction.rou.xml']!));
    writeFileSync(
      at('t-junction.net.xml'),
      Buffer.concat([
        Buffer.from([0xff, 0xfe]),
        Buffer.from(files['t-junction.net.xml']!.replace('UTF-8', 'UTF-16'), 'utf16le'),
      ]),
    );
    edited('t-junction.sumocfg', 't-junction.rou.xml', at('t-junction.rou.xml.gz'));
    expect((await runVariants({ source: await configuration() })).variants).toEqual(first.variants);
    const latin = files['t-junction.rou.xml']!.replace('UTF-8', 'ISO-8859-1').replace(
      '<routes>',
      '<routes><!-- Stra\xdfe -->',
    );
    writeFileSync(at('t-junction.rou.xml'), Buffer.from(latin, 'latin1'));
    writeFileSync(at('t-junction.sumocfg'), files['t-junction.sumocfg']!);
    expect((await runVariants({ source: await configuration() })).variants).toEqual(first.variants);
  });

  it.each([
    ['not there', () => rmSync(at('t-junction.net.xml')), /net\.xml: does not exist\. Check the path\.$/],
    [
      'of bytes that are no text',
      () => writeFileSync(at('t-junction.net.xml'), Buffer.from([0x3c, 0xff, 0xfe, 0x80])),
      /is no text in utf-8/,
    ],
    [
      'of an unknown encoding',
      () => edited('t-junction.net.xml', 'UTF-8', 'KLINGON'),
      /has the encoding "KLINGON", which is not known/,
    ],
    ['empty', () => writeFileSync(at('t-junction.rou.xml'), ''), /rou\.xml:1: the file is empty/],
    [
      'cut short',
      () => writeFileSync(at('t-junction.rou.xml'), files['t-junction.rou.xml']!.slice(0, 3000)),
      /rou\.xml:\d+: in <.* is not well-formed XML/,
    ],
    [
      'no gzip',
      () => {
        writeFileSync(at('r.gz'), 'no');
        edited('t-junction.sumocfg', 't-junction.rou.xml', 'r.gz');
      },
      /r\.gz: is no gzip file/,
    ],
    [
      'of another kind',
      () => writeFileSync(at('t-junction.net.xml'), files['t-junction.rou.xml']!),
      /<routes> is not a SUMO file of this kind; its root must be <net>/,
    ],
  ])('%s are refused with the file and what to do', async (_what, spoil, message) => {
    spoil();
    expect(await refusal()).toMatch(message);
  });

  it('that unpack to more than fits are refused before they are unpacked', async () => {
    const part = gzipSync(Buffer.alloc(45 * 1024 * 1024, 0x20), { level: 1 });
    writeFileSync(at('bomb.xml.gz'), Buffer.concat(Array.from({ length: 10 }, () => part)));
    edited('t-junction.sumocfg', 't-junction.rou.xml', 'bomb.xml.gz');
    expect(await refusal()).toMatch(/bomb\.xml\.gz: unpacks to more than 400 MiB/);
    rmSync(at('bomb.xml.gz'));
  });

  it('with entities that multiply are refused unread', async () => {
    edited(
      't-junction.rou.xml',
      /<routes>/,
      '<!DOCTYPE routes [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><routes>&b;',
    );
    expect(await refusal()).toMatch(/<!DOCTYPE> declares entities or elements, which are not read/);
  });

  it.each([
    [
      /edges="[^"]*"/,
      'edges="nowhere t-junction_S"',
      /<route id="r0"> goes over edge "nowhere", which .*net\.xml does not have/,
    ],
    [/depart="[^"]*"/, 'depart="NaN"', /<vehicle id="0"> has depart="NaN"; seconds/],
    [/length="[^"]*"/, 'length="1e99"', /has length="1e99"; a number from 0\.1 to 1000/],
    [/speedFactor="[0-9.]+"/, 'speedFactor="Infinity"', /has speedFactor="Infinity"/],
    [
      /<vehicle id="0"/,
      '<flow id="many" route="r0" begin="0" end="600" number="1000000000"/><vehicle id="0"',
      /<flow id="many"> sends 1000000000 vehicles within the run; at most 2000000/,
    ],
  ])('whose routes say %s -> %s are refused with element and line', async (from, to, message) => {
    edited('t-junction.rou.xml', from, to);
    const source = await configuration().catch((error: Error) => error);
    const text =
      source instanceof Error ? source.message : await refusal(async () => runVariants({ source: source as Source }));
    expect(text).toMatch(/rou\.xml:\d+: /);
    expect(text).toMatch(message);
  });

  it.each([
    [/length="[\d.]+"/, 'length="0"', /has length="0"; a lane must be longer than 0 m/],
    [/state="[^"]+"/, 'state="r"', /has \d+ states where the first phase/],
    [/linkIndex="0"/, 'linkIndex="99"', /linkIndex 99.*Give every phase at least 100 states/],
    [/ to="t-junction_S-exit"/, ' to="nowhere"', /refers to edge "nowhere"|joins junction/],
    [/response="[01]+"/, 'response="0"', /has a response of 1 characters where the junction has \d+ requests/],
    [/duration="[\d.]+"/g, 'duration="0"', /has a cycle of 0 s/],
  ])('whose network says %s -> %s are refused with element and line', async (from, to, message) => {
    edited('t-junction.net.xml', from, to);
    const text = await refusal();
    expect(text).toMatch(/net\.xml:\d+: /);
    expect(text).toMatch(message);
  });
});
