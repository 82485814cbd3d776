import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encode } from './convert.ts';
import { RAW_MESSAGES } from './raw.ts';
import { readV2x } from './read.ts';
import { readLogLine } from './replay-log.ts';

const data = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'v2x');
const text = (...path: string[]) => readFileSync(join(data, ...path), 'utf8');

describe.skipIf(!existsSync(data))('recorded messages (shared data; skipped where absent)', () => {
  for (const kind of ['bsm', 'psm', 'spat', 'map'] as const) {
    it(`reads the schema 9 reference ${kind} and writes the same again`, () => {
      const source = text('ode-v5-reference', `${kind}.json`);
      const { messages, rejections } = readV2x(source);
      expect(rejections).toEqual([]);
      expect(messages[0]!.kind).toBe(kind);
      expect(encode(messages[0]!)).toEqual(JSON.parse(source).payload.data.value[RAW_MESSAGES[kind].name]);
    });
    it(`reads the valid ODE v4 ${kind}`, () => {
      const { messages, rejections } = readV2x(text('ode-v4-valid-invalid', `valid.${kind}.json`));
      expect(rejections).toEqual([]);
      expect(messages[0]!.kind).toBe(kind);
    });
  }

  it('names what is wrong with each invalid one', () => {
    const first = (kind: string) => readV2x(text('ode-v4-valid-invalid', `invalid.${kind}.json`)).rejections[0];
    expect(first('bsm')).toMatchObject({ reason: 'malformed-envelope', path: 'metadata.originIp' });
    const bsm = JSON.parse(text('ode-v4-valid-invalid', 'invalid.bsm.json'));
    bsm.metadata.originIp = '172.19.0.1';
    expect(readV2x(JSON.stringify(bsm)).rejections[0]).toMatchObject({
      reason: 'malformed-message',
      path: 'coreData.accuracy.semiMajor',
    });
    expect(first('psm')).toMatchObject({ reason: 'malformed-envelope', path: 'metadata.recordGeneratedBy' });
    expect(first('spat')).toMatchObject({ reason: 'unknown-type', path: 'metadata.recordType' });
    expect(first('map')).toMatchObject({
      reason: 'malformed-message',
      path: 'intersections.intersectionGeometry.0.laneSet.GenericLane.0.nodeList.nodes',
    });
    for (const file of readdirSync(join(data, 'ode-v4-valid-invalid')))
      expect(readV2x(text('ode-v4-valid-invalid', file)).messages).toHaveLength(file.startsWith('valid') ? 1 : 0);
  });

  it('reads unavailable values of the valid ones as null', () => {
    const [bsm] = readV2x(text('ode-v4-valid-invalid', 'valid.bsm.json')).messages;
    expect(bsm).toMatchObject({
      latitudeDegrees: 40.5671913,
      headingDegrees: 359.4,
      acceleration: { longitudinalMetresPerSecond2: 0, lateralMetresPerSecond2: null, verticalG: null },
      accuracy: { semiMajorMetres: 5 },
      widthMetres: 2.08,
      lengthMetres: 5.86,
    });
    const [psm] = readV2x(text('ode-v4-valid-invalid', 'valid.psm.json')).messages;
    expect(psm).toMatchObject({ speedMetresPerSecond: 0, headingDegrees: 111.225, elevationMetres: null });
    const [spat] = readV2x(text('ode-v4-valid-invalid', 'valid.spat.json')).messages;
    expect(spat).toMatchObject({
      intersections: [
        {
          statusBits: 0x8000,
          movements: [{ signalGroup: 2, events: [{ state: 'protected-Movement-Allowed' }] }, {}, {}, {}, {}, {}],
        },
      ],
    });
  });

  it('accounts for each of the 601 messages of the recorded approach', () => {
    const startsAtMs = Date.UTC(2024, 0, 1, 12);
    const counts: Record<string, number> = {};
    let read = 0;
    for (const line of text('ode-v4-replay', 'approach-and-stop.csv').split('\n')) {
      const result = readLogLine(line, { startsAtMs });
      read += result.read;
      expect(result.rejections).toEqual([]);
      for (const message of result.messages) {
        counts[message.kind] = (counts[message.kind] ?? 0) + 1;
        expect(message.receivedAtMs).toBeGreaterThanOrEqual(startsAtMs);
        if (message.kind === 'bsm') expect(message.measuredAtMs).toBe(message.receivedAtMs);
      }
    }
    expect(read).toBe(601);
    expect(counts).toEqual({ spat: 315, bsm: 253, map: 33 });
  });
});
