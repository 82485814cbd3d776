import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SafetyAnalysis } from '../../controller/safety/analysis.ts';
import type { RoadUserUpdate } from '../../controller/safety/encounter-types.ts';
import { localFrame } from '../../feeds/v2x/local-frame.ts';
import type { PersonMessage } from '../../feeds/v2x/messages.ts';
import { envelope } from '../../feeds/v2x/read.ts';
import { JunctionSafety } from './junction.ts';
import { readAnyLine } from './log.ts';

const T0 = Date.UTC(2026, 4, 1, 12);
const car = (id: string, timeMs: number, x: number, more: Partial<RoadUserUpdate> = {}): RoadUserUpdate => ({
  id,
  timeMs,
  x,
  y: 0,
  heading: 0,
  speedMetresPerSecond: 10,
  type: 'car',
  ...more,
});
const walker = (id: string, atMs: number, more: Partial<PersonMessage> = {}): PersonMessage => ({
  kind: 'psm',
  receivedAtMs: atMs,
  via: null,
  id,
  messageCount: 1,
  secondMarkMs: atMs % 60_000,
  measuredAtMs: atMs,
  latitudeDegrees: 49,
  longitudeDegrees: 8.4,
  accuracy: { semiMajorMetres: 1, semiMinorMetres: 1, orientationDegrees: null },
  speedMetresPerSecond: 1,
  headingDegrees: 0,
  personType: 'aPEDESTRIAN',
  rest: {},
  ...more,
});
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, n) => all + n, 0);

describe('bad input', () => {
  it('a burst of 100,000 users at one place and moment: as many as there is room for, the others counted', () => {
    const analysis = new SafetyAnalysis();
    const refused: Record<string, number> = {};
    for (let i = 0; i < 100_000; i++) {
      const why = analysis.update(car(`flood-${i}`, T0, (i % 300) * 0.5, { y: Math.floor(i / 300) * 0.5 }));
      if (why !== null) refused[why] = (refused[why] ?? 0) + 1;
    }
    expect(refused).toEqual({ 'too-many-users': 80_000 });
    expect(analysis.engine.users).toBe(20_000);
    analysis.advance(T0 + 101);
    expect(analysis.engine.openEncounters).toBeLessThanOrEqual(100_000);
    analysis.advance(T0 + 30_000);
    expect([analysis.engine.users, analysis.engine.openEncounters]).toEqual([0, 0]);
  });

  it('a new id with each message, for ever: memory is of the last seconds, and the count is right', () => {
    const analysis = new SafetyAnalysis();
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      // each far from the one before, so that none continues another
      analysis.update(car(`id-${i}`, T0 + i * 5, (i % 1000) * 60, { y: (i % 77) * 50 }));
      most = Math.max(most, analysis.engine.users);
    }
    expect(most).toBeLessThan(11 * 200);
    expect(analysis.engine.usersByType.car).toBe(100_000);
    expect(analysis.engine.relinked).toBe(0);
  });

  it('clocks hours off: refused by name; the others go on; a real pause is believed after some messages', () => {
    const analysis = new SafetyAnalysis({ frame: localFrame(49, 8.4) });
    const why: (string | null)[] = [];
    for (let k = 0; k < 100; k++) {
      why.push(analysis.message(walker('good', T0 + k * 100)));
      if (k % 10 === 5) why.push(analysis.message(walker('ahead', T0 + 5 * 3_600_000 + k)));
      if (k % 10 === 6) why.push(analysis.message(walker('behind', T0 - 5 * 3_600_000 + k)));
      // received now, measured at another time by its own clock
      if (k % 10 === 7)
        why.push(analysis.message(walker('skewed', T0 + k * 100, { measuredAtMs: T0 + k * 100 + 40_000 })));
    }
    const counts: Record<string, number> = {};
    for (const one of why) counts[one ?? 'used'] = (counts[one ?? 'used'] ?? 0) + 1;
    expect(counts).toEqual({ used: 100, 'clock-ahead': 20, stale: 10 });
    const later = T0 + 8 * 3_600_000;
    const after = Array.from({ length: 20 }, (_, k) => analysis.message(walker('later', later + k * 100)));
    expect(after.filter((one) => one === null)).toHaveLength(10);
    expect(analysis.nowMs).toBe(later + 1900);
  });

  it('ids that jump across town: neither carried along nor an encounter', () => {
    const analysis = new SafetyAnalysis();
    const refused: (string | null)[] = [];
    for (let k = 0; k < 200; k++) {
      analysis.update(car('other', T0 + k * 100, 1500 + k));
      refused.push(analysis.update(car('shared id', T0 + k * 100, k % 2 === 0 ? k : 1500 + k - 20)));
    }
    analysis.finish();
    expect(refused.filter((one) => one === 'position-jump').length).toBeGreaterThan(90);
    expect(analysis.take().encounters).toEqual([]);
  });

  it('wrong units: out of range is refused, and never becomes a conflict', () => {
    const analysis = new SafetyAnalysis({ frame: localFrame(49, 8.4) });
    expect(analysis.message(walker('raw speed', T0, { speedMetresPerSecond: 5000 }))).toBe('invalid-value');
    expect(analysis.message(walker('raw degrees', T0, { latitudeDegrees: 490_000_000 }))).toBe('far-away');
    expect(analysis.message(walker('metres', T0, { latitudeDegrees: 4.9, longitudeDegrees: 0.84 }))).toBe('far-away');
    expect(analysis.update(car('long', T0, 0, { lengthMetres: 450 }))).toBe('invalid-value');
    expect(analysis.update(car('nan', T0, Number.NaN))).toBe('invalid-value');
    expect(analysis.update(car('never', Number.NaN, 0))).toBe('invalid-value');
    expect(analysis.update(car('forever', Number.POSITIVE_INFINITY, 0))).toBe('invalid-value');
    expect(analysis.engine.users).toBe(0);
  });

  it('adversarial ids are ids like others', () => {
    const analysis = new SafetyAnalysis();
    const ids = [
      '__proto__',
      'constructor',
      'toString',
      '',
      ' ',
      '\u0000',
      '\ud800',
      'x'.repeat(1_000_000),
      '𝔘𝔫𝔦',
      "'; --",
    ];
    for (let k = 0; k < 30; k++)
      for (const [i, id] of ids.entries()) {
        analysis.update(car(id, T0 + k * 100, -20 + k, { y: i * 100 }));
        analysis.message(walker(id, T0 + k * 100, { latitudeDegrees: 49.01 }));
        analysis.update(
          car(`beside ${i}`, T0 + k * 100, -20 + k - 30 + k * 0.9, { y: i * 100, speedMetresPerSecond: 19 }),
        );
      }
    analysis.finish();
    expect(analysis.take().encounters).toHaveLength(ids.length);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('frames cut anywhere are one message that is no JSON', () => {
    const frame = JSON.stringify([walker('0000000A', T0), walker('0000000B', T0)].map((one) => envelope(one, 'OBU')));
    for (let cut = 1; cut < frame.length; cut += 7) {
      const { read, messages, rejections } = readAnyLine(frame.slice(0, cut), T0, T0);
      expect([cut, read, messages.length, rejections[0]!.reason]).toEqual([cut, 1, 0, 'not-json']);
    }
    expect(readAnyLine(frame, T0, T0).messages).toHaveLength(2);
  });

  it('whatever text comes, each piece is counted once', () => {
    const junction = new JunctionSafety({ frozen: null });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), { maxLength: 10 }),
        (texts) => {
          const { read, used, rejected } = junction.push({ texts });
          expect(used + sum(rejected)).toBe(read);
          for (const text of texts) expect(() => readAnyLine(text, T0, T0)).not.toThrow();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('the same records however a wild stream is cut into batches', () => {
    const wild = fc.record({
      id: fc.integer({ min: 0, max: 8 }).map(String),
      step: fc.integer({ min: -20, max: 400 }),
      x: fc.double({ min: -60, max: 60, noNaN: true }),
      y: fc.double({ min: -8, max: 8, noNaN: true }),
      heading: fc.double({ min: -7, max: 7, noNaN: true }),
      v: fc.double({ min: -1, max: 30, noNaN: true }),
      type: fc.constantFrom('car', 'pedestrian', 'bicycle', 'truck'),
    });
    fc.assert(
      fc.property(fc.array(wild, { minLength: 20, maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (all, size) => {
        let clock = T0;
        const updates = all.map(({ id, step, x, y, heading, v, type }) => {
          clock += Math.max(0, step);
          return {
            id,
            timeMs: clock + Math.min(0, step),
            x,
            y,
            heading,
            speedMetresPerSecond: v,
            type,
          } as RoadUserUpdate;
        });
        const run = (chunk: number) => {
          const junction = new JunctionSafety({ frozen: null });
          const results = [];
          for (let i = 0; i < updates.length; i += chunk)
            results.push(junction.push({ updates: updates.slice(i, i + chunk) }));
          results.push(junction.push({ finish: true }));
          return JSON.stringify([
            results.flatMap((one) => one.encounters),
            results.flatMap((one) => one.hardBraking),
            results.flatMap((one) => one.minutes),
            results.reduce((n, one) => n + one.used, 0),
          ]);
        };
        expect(run(size) === run(updates.length)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
