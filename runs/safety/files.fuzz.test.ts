/** Files with mistakes in them, of every kind that `flextraff safety` reads: read and accounted for, or refused by name; never more. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readCrashFile } from './crash-file.ts';
import { readVehicleTypes } from './fcd.ts';
import { analyseSource } from './source.ts';
import { readWeatherFile } from './weather-file.ts';

/** Of each kind of file. */
const RUNS = 60;
const TIMEOUT_MS = 60_000 + 300 * RUNS;
/** Messages that a file of a few rows may come to: memory is bounded by what is read. */
const MOST_READ = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'flextraff-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STRANGE = [
  '',
  '-1',
  'NaN',
  '1e15',
  '9007199254740993',
  '-1e308',
  '1e999',
  'Infinity',
  'x',
  '0x10',
  '12:00',
  'é\u0000',
];
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const mistake = fc.oneof(
  fc.record({ kind: fc.constant('number' as const), at: place, value: fc.constantFrom(...STRANGE) }),
  fc.record({ kind: fc.constant('number' as const), at: place, value: fc.double().map(String) }),
  fc.record({
    kind: fc.constant('word' as const),
    at: place,
    value: fc.constantFrom('', 'null', '__proto__', '🚗', 'y'.repeat(70_000)),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('line gone' as const), at: place }),
  fc.record({ kind: fc.constant('line twice' as const), at: place }),
  fc.record({ kind: fc.constant('lines swapped' as const), at: place, other: place }),
  fc.record({
    kind: fc.constant('character' as const),
    at: place,
    value: fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
  }),
);
type Mistake = typeof mistake extends fc.Arbitrary<infer T> ? T : never;
const mistakes = fc.array(mistake, { minLength: 1, maxLength: 3 });

function spoilt(text: string, m: Mistake): string {
  const at = Math.floor(m.at * text.length);
  const lines = text.split('\n');
  const line = Math.floor(m.at * lines.length);
  switch (m.kind) {
    case 'cut':
      return text.slice(0, at);
    case 'character':
      return text.slice(0, at) + m.value + text.slice(at + 1);
    case 'line gone':
      return lines.toSpliced(line, 1).join('\n');
    case 'line twice':
      return lines.toSpliced(line, 0, lines[line]!).join('\n');
    case 'lines swapped': {
      const other = Math.floor(m.other * lines.length);
      return lines.with(line, lines[other]!).with(other, lines[line]!).join('\n');
    }
    default: {
      const found = [...text.matchAll(m.kind === 'number' ? /-?\d+(\.\d+)?/g : /[A-Za-z_]+/g)];
      const one = found[Math.floor(m.at * found.length)];
      return one === undefined ? text : text.slice(0, one.index) + m.value + text.slice(one.index + one[0].length);
    }
  }
}

const anyOf = (text: string, all: readonly Mistake[]): string => all.reduce(spoilt, text);

/** Reads a source as the command does. It is read and accounted for, or refused with a message that names it. */
async function survives(path: string): Promise<'read' | 'refused'> {
  let outcome: Awaited<ReturnType<typeof analyseSource>>;
  try {
    outcome = await analyseSource(path);
  } catch (error) {
    const { name, message, stack } = error as Error;
    expect([name, stack]).toEqual(['SourceError', expect.anything()]);
    expect(message).toContain(path);
    expect(message.length).toBeLessThan(1000);
    return 'refused';
  }
  const { report, analysis } = outcome;
  const { read, used, rejected, problems } = report.tally;
  expect(used + Object.values(rejected).reduce((sum, n) => sum + n, 0)).toBe(read);
  expect(read).toBeLessThan(MOST_READ);
  for (const { where } of problems) expect(where).toContain(path);
  const { encounters, minutes } = analysis.take();
  expect(minutes.length).toBeLessThan(MOST_READ);
  for (const { startMs, endMs } of encounters) expect([startMs, endMs].every(Number.isFinite)).toBe(true);
  return 'read';
}

/** Everything survives, and of both outcomes there are some. */
async function allSurvive(write: (all: readonly Mistake[]) => string, mayRefuse = true): Promise<void> {
  const seen = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(mistakes, async (all) => {
      seen[await survives(write(all))]++;
    }),
    { numRuns: RUNS },
  );
  expect(seen.read).toBeGreaterThan(RUNS / 20);
  if (mayRefuse) expect(seen.refused).toBeGreaterThan(0);
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function fcd(): string {
  const vehicle = (id: string, x: number) =>
    `    <vehicle id="${id}" x="${x.toFixed(2)}" y="50.00" angle="90.00" type="car" speed="10.00" pos="0" lane="e_0" slope="0.00"/>`;
  const step = (_: unknown, k: number) =>
    `  <timestep time="${(k / 10).toFixed(2)}">\n${vehicle('a', k)}\n${vehicle('b', k - 20)}\n  </timestep>`;
  return `<fcd-export>\n${Array.from({ length: 20 }, step).join('\n')}\n</fcd-export>\n`;
}

/** Version 1.04, little-endian: two vehicles for two seconds. */
function trj(): Buffer {
  const parts: Buffer[] = [];
  const record = (kind: number, bytes: readonly number[], floats: readonly number[]) => {
    const body = Buffer.alloc(4 * floats.length);
    floats.forEach((value, i) => {
      body.writeFloatLE(value, 4 * i);
    });
    parts.push(Buffer.from([kind, ...bytes]), body);
  };
  record(0, [0x4c], [1.04]);
  record(1, [1], [1, 0, 0, 0, 0]);
  for (let k = 0; k < 20; k++) {
    record(2, [], [k / 10]);
    for (const [id, x] of [
      [1, k],
      [2, k - 20],
    ] as const)
      record(3, [id, 0, 0, 0, 7, 0, 0, 0, 1], [x, 50, x - 4, 50, 4, 1.8, 10, 0]);
  }
  return Buffer.concat(parts);
}

const T0 = Date.UTC(2026, 4, 1, 12);
const polled = (k: number) => ({
  timestamp: T0 + 100 * k,
  rsuName: 'rsu-7',
  bsmJson: {
    coreData: {
      id: k % 2 === 0 ? 'a1' : 'b2',
      msgCnt: k % 128,
      lat: 38.9 + 1e-5 * k,
      lon: -77.2,
      elev: 120.5,
      speed: 12.5,
      heading: 0,
    },
  },
});
const people = (k: number) => ({
  timestamp: T0 + 100 * k,
  rsuName: 'rsu-7',
  psmJson: { id: 9, basicType: 1, position: { lat: 38.9, lon: -77.2 + 1e-5 * k, elev: 1 }, speed: 1, heading: 90 },
});
const lanes = {
  intersections: [
    {
      id: { id: 5 },
      revision: 1,
      refPoint: { lat: 38.9, lon: -77.2 },
      laneWidth: 300,
      laneSet: [
        {
          laneID: 1,
          nodesList: { nodes: [{ delta: { lat: 38.9001, lon: -77.2 } }, { delta: { lat: 0.0001, lon: 0.0002 } }] },
        },
      ],
    },
  ],
};
const all = [lanes, ...Array.from({ length: 30 }, (_, k) => (k % 3 === 2 ? people(k) : polled(k)))];

const shared = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'v2x');

describe('recordings and logs with mistakes', () => {
  it('floating car data', () => allSurvive((m) => file('a.xml', anyOf(fcd(), m))), TIMEOUT_MS);

  it(
    'packed files that are cut off or spoilt',
    async () => {
      const packed = gzipSync(fcd());
      await fc.assert(
        fc.asyncProperty(place, fc.integer({ min: 0, max: 255 }), fc.boolean(), async (at, byte, isCut) => {
          const bytes = Buffer.from(packed);
          const index = Math.floor(at * bytes.length);
          bytes[index] = byte;
          await survives(file('a.xml.gz', isCut ? packed.subarray(0, index) : bytes));
          await survives(file('a.jsonl.gz', isCut ? packed.subarray(0, index) : bytes));
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  it(
    '.trj',
    async () => {
      const whole = trj();
      const spoil = fc.record({ at: place, byte: fc.integer({ min: 0, max: 255 }), isCut: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(spoil, { minLength: 1, maxLength: 6 }), async (all) => {
          let bytes = Buffer.from(whole);
          for (const { at, byte, isCut } of all) {
            const index = Math.floor(at * bytes.length);
            if (isCut && all.length === 1) bytes = bytes.subarray(0, index);
            else bytes[index] = byte;
          }
          await survives(file('a.trj', bytes));
        }),
        { numRuns: 3 * RUNS },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'what a polled service says, in lines',
    () => allSurvive((m) => file('a.jsonl', anyOf(all.map((one) => JSON.stringify(one)).join('\n'), m)), false),
    TIMEOUT_MS,
  );

  it(
    'what a polled service says, as a document',
    () => allSurvive((m) => file('a.json', anyOf(JSON.stringify(all, null, 1), m)), false),
    TIMEOUT_MS,
  );

  it(
    'with topics and times before the messages',
    () => {
      const line = (one: object, k: number) => `${(T0 / 1000 + k / 10).toFixed(3)} v2x/rsu/bsm ${JSON.stringify(one)}`;
      return allSurvive((m) => file('a.log', anyOf(all.map(line).join('\n'), m)), false);
    },
    TIMEOUT_MS,
  );

  it.skipIf(!existsSync(shared))(
    'ODE messages of the shared data (skipped where absent), one a line',
    async () => {
      for (const kind of ['v4-valid-invalid/valid.', 'v5-reference/']) {
        const texts = ['bsm', 'psm', 'spat', 'map'].map((type) =>
          JSON.stringify(JSON.parse(readFileSync(join(shared, `ode-${kind}${type}.json`), 'utf8'))),
        );
        await allSurvive((m) => file('a.jsonl', anyOf(texts.join('\n'), m)), false);
      }
    },
    2 * TIMEOUT_MS,
  );

  it(
    'a recording of the FZI test area',
    async () => {
      const row = (track: number, k: number, agent: string, x: number) =>
        `${track},${k},${100 * k},${agent},${x},5.0,10.0,0.0,0.0,4.7,2.1`;
      const texts: Record<string, string> = {
        'meta_data.csv':
          'id,frameRate_hz,locationId,speedLimit_kmh,date,weekDay,startTime,duration,originLat,originLon,spatAvailible,simulated,tracking,timeZone\n' +
          '000,10,k733,50,2020-09-15,Tue,18:06:14.500,157,49.005306,8.4374089,yes,no,offline,GMT+2\n',
        'vehicle_tracks_000.csv': [
          'track_id,frame_id,timestamp_ms,agent_type,x,y,vx,vy,psi_rad,length,width',
          ...Array.from({ length: 15 }, (_, k) => [row(5, k, 'Car', k), row(6, k, 'Pedestrian', 20 - k / 10)]).flat(),
        ].join('\n'),
        'signal_phases_000.csv': [
          'signal_group_id,timestamp_ms,movement_state',
          ...Array.from({ length: 15 }, (_, k) => `1,${100 * k},STOP_AND_REMAIN`),
        ].join('\n'),
        'k733_map.kml': `<kml><Document>
<Placemark><name>RefPoint</name><Point><coordinates>8.4374089,49.005306,0</coordinates></Point></Placemark>
<Placemark><name>Lane 11</name><ExtendedData><Data name="Sink"><value>21</value></Data><Data name="SignalGroup"><value>1</value></Data></ExtendedData>
<LineString><coordinates>8.4374,49.0053,0 8.4375,49.0054,0</coordinates></LineString></Placemark>
<Placemark><name>Lane 21</name><LineString><coordinates>8.4373,49.0052,0 8.4372,49.0051,0</coordinates></LineString></Placemark>
</Document></kml>`,
      };
      const recording = join(folder, 'fzi');
      mkdirSync(recording);
      const seen = { read: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...Object.keys(texts)), mistakes, async (which, all) => {
          for (const [name, text] of Object.entries(texts))
            writeFileSync(join(recording, name), name === which ? anyOf(text, all) : text);
          seen[await survives(recording)]++;
        }),
        { numRuns: 2 * RUNS },
      );
      expect(seen.read).toBeGreaterThan(RUNS / 20);
      expect(seen.refused).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe('tables with mistakes', () => {
  const weather = {
    csv:
      'timestamp,precipitation_mm,visibility_m,wind_speed_ms,temperature_c\n' +
      '2026-05-01T08:00:00Z,0.4,9000,3.2,14\n2026-05-01T09:00:00+02:00,2,4000,5,13.5\n',
    json: '[\n {"timestamp": "2026-05-01T08:00:00Z", "precipitation_mm": 0.4, "visibility_m": 9000, "wind_speed_ms": 3.2, "temperature_c": 14}\n]',
  };
  const crashes =
    'junction_id,first_day,last_day,fatal,injury,damage,vehicles_per_day,prior_rate,prior_exposure,free_flow_speed,capacity_vehicles_per_hour\n' +
    '1b671a64-40d5-491e-99b0-da01ff1f3341,2021-01-01,2025-12-31,1,12,40,23000,0.9,30,13.9,3600\n';

  it.each([
    ['weather as CSV', weather.csv, readWeatherFile],
    ['weather as JSON', weather.json, readWeatherFile],
    ['crash histories', crashes, readCrashFile],
  ] as const)('%s: taken, or refused with line and column', (_, text, read) => {
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(mistakes, (all) => {
        try {
          const rows = read(anyOf(text, all), 'file.csv');
          expect(JSON.stringify(rows, (_, x) => (Number.isNaN(x) ? 'NaN' : x))).not.toContain('NaN');
          seen.taken++;
        } catch (error) {
          const { name, message, stack } = error as Error;
          expect([name, stack]).toEqual(['TableFileError', expect.anything()]);
          expect(message).toMatch(/^file\.csv:\d+:\d+ /);
          expect(message.length).toBeLessThan(8000);
          seen.refused++;
        }
      }),
      { numRuns: 4 * RUNS },
    );
    expect(seen.taken).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(RUNS / 4);
  });

  it(
    'vehicle types of a route file',
    async () => {
      const text =
        '<routes>\n<vType id="short" length="4" width="1.8" vClass="passenger"/>\n<vType id="lorry" vClass="truck"/>\n</routes>';
      await fc.assert(
        fc.asyncProperty(mistakes, async (all) => {
          const path = file('types.xml', anyOf(text, all));
          try {
            const types = await readVehicleTypes(path);
            for (const { lengthMetres, widthMetres } of types.values())
              expect(lengthMetres > 0 && widthMetres > 0).toBe(true);
          } catch (error) {
            expect([(error as Error).name, (error as Error).stack]).toEqual(['SourceError', expect.anything()]);
            expect((error as Error).message).toContain(path);
          }
        }),
        { numRuns: 2 * RUNS },
      );
    },
    TIMEOUT_MS,
  );
});
