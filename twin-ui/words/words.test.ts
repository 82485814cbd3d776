import { describe, expect, it } from 'vitest';
import { packFrame } from '../playback/interpolate.ts';
import { crossroads, frame } from '../testing.ts';
import { toCsv } from './csv.ts';
import { momentWords } from './moment.ts';
import { count, fixed, signed, whole } from './numbers.ts';
import { age, clockAt, duration } from './time.ts';

describe('numbers', () => {
  it('writes a true minus and no negative zero', () => {
    expect(fixed(-1.25, 1)).toBe('−1.3');
    expect(fixed(-0.01, 1)).toBe('0.0');
    expect(signed(0.04, 1)).toBe('0.0');
    expect(signed(2, 1)).toBe('+2.0');
  });

  it('writes a dash for what is not known', () => {
    expect(fixed(undefined, 1)).toBe('–');
    expect(whole(Number.NaN)).toBe('–');
  });

  it('groups thousands and counts things', () => {
    expect(whole(1234567)).toBe('1,234,567');
    expect(count(1, 'vehicle')).toBe('1 vehicle');
    expect(count(1827, 'vehicle')).toBe('1,827 vehicles');
  });
});

describe('time', () => {
  it('is the clock at the junction', () => {
    expect(clockAt('2024-01-01T00:00:00Z', 'Asia/Shanghai', 1477)).toBe('08:24:37');
    expect(clockAt('2024-01-01T00:00:00Z', 'Asia/Kolkata', 0, false)).toBe('05:30');
    expect(clockAt('2024-01-01T23:59:59Z', 'UTC', 1)).toBe('00:00:00');
  });

  it('gives durations and ages in words', () => {
    expect(duration(45)).toBe('45 s');
    expect(duration(725)).toBe('12 min 5 s');
    expect(duration(3600)).toBe('1 h');
    expect(age(430)).toBe('0.4 s');
    expect(age(75_000)).toBe('1 min 15 s');
  });
});

describe('toCsv', () => {
  it('quotes what needs it and ends lines as RFC 4180 says', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x, "y"', 1.5],
          [null, 'line\nbreak'],
        ],
      ),
    ).toBe('a,b\r\n"x, ""y""",1.5\r\n,"line\nbreak"\r\n');
  });

  it('keeps a text from being taken for a formula, and a negative number a number', () => {
    expect(toCsv(['a', 'b'], [['=1+1', -2]])).toBe("a,b\r\n'=1+1,-2\r\n");
  });
});

describe('momentWords', () => {
  it('says what the picture shows', () => {
    const shown = frame(5, { lamps: ['gr'], stages: [[0, 12]] });
    const counters = { ...shown.counters, running: 14, queued: 9, delaySeconds: 20.04, approachQueues: [2, 7] };
    expect(momentWords('baseline', crossroads, packFrame({ ...shown, counters }))).toBe(
      'Baseline: 14 vehicles on the road, 9 queued, mean delay 20.0 s. Queued by approach: North 2, East 7. Stage N, 12 s left (green: N-all).',
    );
  });

  it('says when it has nothing to show', () => {
    expect(momentWords('baseline', crossroads, undefined)).toBe('Baseline: this moment is not here yet.');
  });
});
