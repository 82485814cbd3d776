import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { envelope } from '../../feeds/v2x/read.ts';
import type { VehicleMessage } from '../../feeds/v2x/messages.ts';
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import { readVehicleTypes } from './fcd.ts';
import { analyseSource } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'flextraff-safety-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** A car at 15 m/s behind one at 5 m/s, 30 m between front and rear, until 10 m are left. */
const LENGTH = 4;
const STEPS = 21;
const leader = (k: number) => ({ x: 100 + 0.5 * k, v: 5 });
const follower = (k: number) => ({ x: 100 - LENGTH - 30 + 1.5 * k, v: 15 });

function fcd(): string {
  let text = '<?xml version="1.0"?>\n<fcd-export>\n';
  for (let k = 0; k < STEPS; k++) {
    text += `  <timestep time="${(k / 10).toFixed(2)}">\n`;
    for (const [id, { x, v }] of Object.entries({ a: leader(k), b: follower(k) }))
      text += `    <vehicle id="${id}" x="${x.toFixed(2)}" y="50.00" angle="90.00" type="short" speed="${v}.00" pos="0" lane="e_0" slope="0.00"/>\n`;
    text += '  </timestep>\n';
  }
  return `${text}</fcd-export>\n`;
}

function trj(version: number, little: boolean, feet = false, scale = 1): Buffer {
  const parts: Buffer[] = [];
  const unit = feet ? 0.3048 : 1;
  const record = (kind: number, ...fields: readonly (readonly ['u8' | 'i32' | 'f32', number])[]) => {
    const bytes = Buffer.alloc(1 + fields.reduce((sum, [type]) => sum + (type === 'u8' ? 1 : 4), 0));
    bytes[0] = kind;
    let at = 1;
    for (const [type, value] of fields) {
      if (type === 'u8') bytes.writeUInt8(value, at);
      else if (type === 'i32') little ? bytes.writeInt32LE(value, at) : bytes.writeInt32BE(value, at);
      else little ? bytes.writeFloatLE(value, at) : bytes.writeFloatBE(value, at);
      at += type === 'u8' ? 1 : 4;
    }
    parts.push(bytes);
  };
  const v3 = version >= 3;
  record(0, ['u8', little ? 0x4c : 0x42], ['f32', version], ...(v3 ? [['u8', 0] as const] : []));
  record(1, ['u8', feet ? 0 : 1], ['f32', scale], ['i32', 0], ['i32', 0], ['i32', 500], ['i32', 500]);
  for (let k = 0; k < STEPS; k++) {
    record(2, ['f32', k / 10]);
    for (const [id, { x, v }] of Object.entries({ 1: leader(k), 2: follower(k) })) {
      const place = (metres: number) => ['f32', metres / unit / scale] as const;
      record(
        3,
        ['i32', Number(id)],
        ['i32', 7],
        ['u8', 1],
        place(x),
        place(50),
        place(x - LENGTH),
        place(50),
        ['f32', LENGTH / unit],
        ['f32', 1.8 / unit],
        ['f32', v / unit],
        ['f32', 0],
        ...(v3
          ? ([
              ['f32', 0],
              ['f32', 0],
            ] as const)
          : []),
      );
    }
  }
  return Buffer.concat(parts);
}

async function only(path: string, types?: string) {
  const { analysis, report } = await analyseSource(path, types === undefined ? {} : { typesPath: types });
  const { encounters } = analysis.take();
  expect(encounters).toHaveLength(1);
  return { encounter: encounters[0]!, report, analysis };
}

describe('recordings of movements', () => {
  it('reads the same encounter from FCD, plain and packed, with the lengths of the route file', async () => {
    const types = file('types.xml', '<routes><vType id="short" length="4" width="1.8" vClass="passenger"/></routes>');
    expect(await readVehicleTypes(types)).toEqual(
      new Map([['short', { type: 'car', lengthMetres: 4, widthMetres: 1.8 }]]),
    );
    for (const path of [file('a.xml', fcd()), file('a.xml.gz', gzipSync(fcd()))]) {
      const { encounter, report } = await only(path, types);
      expect(encounter).toMatchObject({ users: ['a', 'b'], type: 'rear-end' });
      expect(encounter.minTtcSeconds).toBeCloseTo(1, 6);
      expect(report).toMatchObject({ kind: 'fcd', penetration: 1, notes: [] });
      expect(report.tally).toMatchObject({ read: 2 * STEPS, used: 2 * STEPS, rejected: {} });
    }
    const guessed = await only(file('b.xml', fcd()));
    expect(guessed.encounter.minTtcSeconds).toBeCloseTo(0.9, 6);
    expect(guessed.report.notes.join()).toContain('--types');
  });

  it('reads the same encounter from every kind of .trj', async () => {
    for (const version of [1.04, 3])
      for (const little of [true, false])
        for (const [feet, scale] of [
          [false, 1],
          [true, 1],
          [false, 0.01],
        ] as const) {
          const { encounter, report } = await only(file('a.trj', trj(version, little, feet, scale)));
          expect(encounter).toMatchObject({ users: ['1', '2'], type: 'rear-end' });
          expect(encounter.minTtcSeconds).toBeCloseTo(1, 3);
          expect(report.tally).toMatchObject({ read: 2 * STEPS, used: 2 * STEPS });
        }
  });

  it('reads what there is of a .trj that is cut off, and says so', async () => {
    const whole = trj(3, true);
    const { report } = await only(file('cut.trj', whole.subarray(0, whole.length - 20)));
    expect(report.tally).toMatchObject({ read: 2 * STEPS, used: 2 * STEPS - 1, rejected: { truncated: 1 } });
    expect(report.notes.join()).toContain('middle of a record');
  });

  it('takes headings from the movement where a .trj has nonsense for rears', async () => {
    const bytes = trj(3, true);
    for (let at = 29; at < bytes.length; ) {
      if (bytes[at] === 2) at += 5;
      else {
        bytes.writeFloatLE(bytes.readFloatLE(at + 10), at + 18);
        bytes.writeFloatLE(50 - LENGTH, at + 22);
        at += 50;
      }
    }
    const { encounter, report } = await only(file('turned.trj', bytes));
    expect(encounter.minTtcSeconds).toBeCloseTo(1, 3);
    expect(report.notes.join()).toContain('from their movement');
    expect(report.tally.rejected).toEqual({ 'no-heading': 2 });
  });

  it('refuses what is none of these, saying where and what to do', async () => {
    const refused = (path: string) =>
      analyseSource(path).then(
        () => 'read',
        (error: Error) => error.message,
      );
    expect(await refused(join(folder, 'nowhere'))).toContain('no such file');
    expect(await refused(file('empty', ''))).toContain('is empty');
    expect(await refused(file('other.xml', '<net/>'))).toContain('--fcd-output');
    const geo = fcd().replace(
      /x="([\d.]+)" y="([\d.]+)"/g,
      (_, x, y) => `x="${8 + x / 73_000}" y="${49 + y / 111_000}"`,
    );
    expect(await refused(file('geo.xml', geo))).toContain('--fcd-output.geo');
    expect(await refused(file('broken.xml', '<fcd-export><timestep time="0"><vehicle'))).toMatch(/broken\.xml:1/);
    expect(await refused(file('none.trj', 'text'))).toContain('FORMAT');
    expect(await refused(file('v9.trj', Buffer.from([0, 0x4c, 0, 0, 0x10, 0x41])))).toContain('version');
    expect(await refused(mkdtempSync(join(folder, 'x')))).toContain('holds no log');
  });
});

describe('logs of messages', () => {
  const frame = localFrame(49, 8.4);
  const T0 = Date.UTC(2026, 4, 1, 12);
  const bsm = (id: string, x: number, v: number, k: number): VehicleMessage => {
    const [latitudeDegrees, longitudeDegrees] = fromLocal(frame, x, 0);
    const atMs = T0 + k * 100;
    const unknown = 'unavailable' as const;
    return {
      kind: 'bsm',
      receivedAtMs: atMs,
      via: null,
      id,
      messageCount: k % 128,
      secondMarkMs: atMs % 60_000,
      measuredAtMs: atMs,
      latitudeDegrees,
      longitudeDegrees,
      elevationMetres: null,
      accuracy: { semiMajorMetres: 0.5, semiMinorMetres: 0.5, orientationDegrees: null },
      speedMetresPerSecond: v,
      headingDegrees: 90,
      acceleration: {
        longitudinalMetresPerSecond2: 0,
        lateralMetresPerSecond2: null,
        verticalG: null,
        yawDegreesPerSecond: null,
      },
      transmission: unknown,
      steeringAngleDegrees: null,
      brakes: {
        wheelBits: 0x80,
        traction: unknown,
        antiLock: unknown,
        stability: unknown,
        boost: unknown,
        auxiliary: unknown,
      },
      widthMetres: 1.8,
      lengthMetres: LENGTH,
      rest: {},
    };
  };
  const messages = Array.from({ length: STEPS }, (_, k) => [
    JSON.stringify(envelope(bsm('0000000A', leader(k).x - 2, 5, k), 'OBU')),
    JSON.stringify(envelope(bsm('0000000B', follower(k).x - 2, 15, k), 'OBU')),
  ]).flat();
  const at = (i: number) => T0 / 1000 + Math.floor(i / 2) / 10;

  it('reads the same from lines, frames, what mosquitto_sub prints, and documents', async () => {
    const logs = {
      'plain.jsonl': messages.join('\n'),
      'crlf.log': `\r\n${messages.join('\r\n')}\r\n`,
      'frames.jsonl': [0, 1, 2].map((i) => `[${messages.slice(i * 14, i * 14 + 14).join(',')}]`).join('\n'),
      'verbose.log': messages.map((text, i) => `v2x/rsu-${i % 3}/bsm ${text}`).join('\n'),
      'timed.log': messages.map((text, i) => `${at(i).toFixed(3)} v2x/rsu/bsm ${text}`).join('\n'),
      'format-j.log': messages
        .map((text) =>
          JSON.stringify({ tst: '2026-05-01T12:00:00.000000+0000', topic: 'v2x/bsm', qos: 0, payload: text }),
        )
        .join('\n'),
      'document.json': JSON.stringify(
        messages.map((text) => JSON.parse(text)),
        null,
        2,
      ),
    };
    for (const [name, text] of Object.entries(logs)) {
      const { encounter, report } = await only(file(name, text));
      expect([name, encounter.users]).toEqual([name, ['0000000A', '0000000B']]);
      expect(encounter.minTtcSeconds).toBeCloseTo(1, 1);
      expect(encounter.ttcBoundsSeconds!.low).toBeLessThan(encounter.minTtcSeconds!);
      expect(report.tally).toMatchObject({ read: 2 * STEPS, used: 2 * STEPS });
      expect(report.zeroMs).toBe(T0);
    }
  });

  it('accounts for every line, whatever is in it', async () => {
    const path = file(
      'bad.jsonl',
      [
        messages[0],
        messages[1]!.slice(0, 200),
        'topic/only',
        '{"topic":"a","payload":"{\\"x\\":1}"}',
        'BSM,12,{',
        '\u0000\u0001',
        '{"__proto__":{"polluted":1}}',
        '',
        '[]',
        messages[1]!.replace('"0000000B"', '"__proto__"'),
      ].join('\n'),
    );
    const { report } = await analyseSource(path);
    const { tally } = report;
    expect(tally.read).toBe(8);
    expect(tally.used + Object.values(tally.rejected).reduce((sum, n) => sum + n, 0)).toBe(8);
    expect(tally.rejected).toMatchObject({ 'not-json': 4, 'unknown-shape': 2 });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(tally.problems[0]!.where).toBe(`${path}:2`);
  });
});

const shared = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'v2x');
describe.skipIf(!existsSync(shared))('the shared logs (skipped where absent)', () => {
  it('run through with every message accounted for', async () => {
    const replay = await analyseSource(join(shared, 'ode-v4-replay'));
    // one message says 101.08 m/s; no road user goes faster than 100
    expect(replay.report.tally).toMatchObject({ read: 601, used: 600, rejected: { 'invalid-value': 1 } });
    const mixed = await analyseSource(join(shared, 'ode-v4-valid-invalid'));
    expect(mixed.report.tally.read).toBe(8);
    expect(mixed.report.tally.problems.map((one) => one.where.split('/').pop()).sort()).toEqual(
      expect.arrayContaining(['invalid.bsm.json', 'invalid.map.json', 'invalid.psm.json', 'invalid.spat.json']),
    );
  });
});
