import { describe, expect, it } from 'vitest';
import type { DecisionRecord, RunSummary, SeriesPoint } from '../../runs/twin-types.ts';
import { readPlace, writePlace } from './link.ts';
import { mergeDecisions, mergeRun, mergeSeries, runToOpen } from './merge.ts';

const point = (variant: string, second: number, queued = 0): SeriesPoint => ({
  second,
  variant,
  delaySeconds: 0,
  queued,
  stopsPerVehicle: 0,
  running: 0,
  arrived: 0,
});

const decision = (seq: number, change: Partial<DecisionRecord> = {}): DecisionRecord => ({
  variant: 'adaptive',
  junctionId: 'j',
  second: seq * 60,
  seq,
  strategy: 'atcs',
  kind: 'plan',
  stages: [],
  reason: 'r',
  inputs: {},
  acknowledged: null,
  vetoed: null,
  ...change,
});

const run = (id: string, change: Partial<RunSummary> = {}): RunSummary => ({
  id,
  scenario: 's',
  scenarioTitle: 'S',
  seed: 1,
  status: 'finished',
  statusDetail: null,
  pace: 'max',
  startedAt: `2026-01-01T00:00:0${id}Z`,
  endedAt: null,
  durationSeconds: 60,
  simulatedSeconds: 60,
  stepSeconds: 1,
  startsAt: '2024-01-01T00:00:00Z',
  timeZone: 'UTC',
  variants: [],
  replayable: true,
  ...change,
});

describe('mergeSeries', () => {
  it('keeps each variant in order and takes the newer of two points of a second', () => {
    const first = mergeSeries({}, [point('a', 10), point('b', 10), point('a', 20)]);
    const merged = mergeSeries(first, [point('a', 20, 5), point('a', 15), point('a', 30)]);
    expect(merged.a!.map(({ second, queued }) => [second, queued])).toEqual([
      [10, 0],
      [15, 0],
      [20, 5],
      [30, 0],
    ]);
    expect(merged.b).toHaveLength(1);
  });
});

describe('mergeDecisions', () => {
  it('replaces a decision by the same one with its answer', () => {
    const answered = decision(1, { acknowledged: { result: 'applied', reason: '' } });
    expect(mergeDecisions([decision(1), decision(2)], [answered])).toEqual([answered, decision(2)]);
  });

  it('keeps decisions of several variants apart', () => {
    expect(mergeDecisions([decision(1)], [decision(1, { variant: 'baseline' })])).toHaveLength(2);
  });
});

describe('runs', () => {
  it('puts a new run first and a known one in its place', () => {
    const runs = mergeRun([run('2'), run('1')], run('3'));
    expect(runs.map(({ id }) => id)).toEqual(['3', '2', '1']);
    expect(mergeRun(runs, run('2', { status: 'stopped' }))[1]!.status).toBe('stopped');
  });

  it('opens a running one first, then the newest that can be replayed', () => {
    expect(runToOpen([run('3'), run('2', { status: 'running' })])!.id).toBe('2');
    expect(runToOpen([run('3', { replayable: false }), run('2')])!.id).toBe('2');
    expect(runToOpen([])).toBeUndefined();
  });
});

describe('link', () => {
  it('reopens what it was made from', () => {
    const place = { run: '0190-aa', second: 1477, view: 'signals' } as const;
    expect(writePlace(place)).toBe('#run=0190-aa&t=1477&view=signals');
    expect(readPlace(writePlace(place))).toEqual(place);
  });

  it('takes nothing from a broken link', () => {
    expect(readPlace('#t=-5&view=nonsense')).toEqual({ run: null, second: null, view: 'compare' });
  });
});
