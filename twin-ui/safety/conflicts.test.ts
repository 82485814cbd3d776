import { describe, expect, it } from 'vitest';
import { conflictOf, safetyOf } from '../../runs/safety/testing-result.ts';
import { toCsv } from '../words/csv.ts';
import {
  conflictGeoJson,
  conflictTable,
  mergeConflicts,
  measureWords,
  type NearMiss,
  neighbour,
  sentence,
} from './conflicts.ts';
import { coverage, notScored, safetyDifference } from './safety-words.ts';

const at = (id: string, criticalSecond: number, change: Partial<NearMiss> = {}): NearMiss => ({
  ...conflictOf({ id, criticalSecond }),
  variant: 'baseline',
  ...change,
});

describe('near misses', () => {
  it('are kept once and in order of time, and stay the same list where nothing is new', () => {
    const known = mergeConflicts([], [at('b', 50), at('a', 10)]);
    expect(known.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(mergeConflicts(known, [at('a', 10)])).toBe(known);
    const both = mergeConflicts(known, [at('c', 30), at('c', 30), at('a', 10, { variant: 'adaptive' })]);
    expect(both.map(({ variant, id }) => `${variant} ${id}`)).toEqual([
      'adaptive a',
      'baseline a',
      'baseline c',
      'baseline b',
    ]);
  });

  it('are told in a sentence, by the more critical measure and both signals', () => {
    expect(sentence(at('a', 1, { userTypes: ['car', 'pedestrian'] }))).toBe(
      'crossing, car and pedestrian, PET 1.20 s, serious; signals green, gives way / green',
    );
    expect(measureWords(at('a', 1, { minTtcSeconds: 0.9, petSeconds: 2 }))).toBe('TTC 0.90 s');
    expect(sentence(at('a', 1, { signalStates: [null, null] }))).not.toContain('signals');
  });

  it('follow one another from the moment on show, the replay of one not counting as after it', () => {
    const list = [at('a', 20.4), at('b', 40), at('c', 90)];
    expect(neighbour(list, 0, 1)!.id).toBe('a');
    // the replay of a near miss starts five seconds before it
    expect(neighbour(list, 15, 1)!.id).toBe('b');
    expect(neighbour(list, 35, -1)!.id).toBe('a');
    expect(neighbour(list, 200, 1)).toBeUndefined();
  });

  it('are saved with all columns, what is not known empty, texts safe for spreadsheets', () => {
    const { header, rows } = conflictTable([at('a', 1, { users: ['=x', 'b'], latitude: null, longitude: null })]);
    const line = toCsv(header, rows).split('\r\n')[1]!.split(',');
    expect(line[header.indexOf('first_user')]).toBe("'=x");
    expect(line[header.indexOf('latitude')]).toBe('');
    expect(line[header.indexOf('pet_seconds')]).toBe('1.2');
    expect(conflictGeoJson([at('a', 1), at('b', 1, { longitude: null })]).features).toMatchObject([
      {
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [8.4037, 49.0069] },
        properties: { severity: 'serious' },
      },
    ]);
  });
});

describe('what is said of safety', () => {
  it('has a reason where there is no index', () => {
    expect(notScored(undefined)).toMatch(/nobody broadcasts/);
    expect(notScored(safetyOf([null, null]))).toBe('nobody was heard');
    expect(notScored(safetyOf([]))).toBe('no minute was observed to its end');
    expect(notScored(safetyOf([{ vehicles: 1, people: 0 }]))).toBeNull();
    expect(safetyDifference(safetyOf([null]), safetyOf([{ vehicles: 1, people: 0 }]))).toBeNull();
  });

  it('counts the minutes that were scored', () => {
    expect(coverage(safetyOf([{ vehicles: 1, people: 0 }, null]))).toEqual({
      scored: 1,
      minutes: 2,
      quality: 0.5,
      weight: 1,
    });
  });
});
