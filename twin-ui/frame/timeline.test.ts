import { describe, expect, it } from 'vitest';
import type { DecisionRecord, RunSummary } from '../../runs/twin-types.ts';
import { queueProfile, timelineMarks } from './timeline.ts';

const run = { id: 'r', startsAt: '2024-01-01T00:00:00Z', durationSeconds: 3600 } as RunSummary;
const decision = (second: number, change: Partial<DecisionRecord>) =>
  ({ second, variant: 'adaptive', acknowledged: null, vetoed: null, ...change }) as DecisionRecord;

describe('timelineMarks', () => {
  it('marks vetoed and refused plans, and alerts of this run, in order of time', () => {
    const marks = timelineMarks(
      run,
      [
        decision(300, { vetoed: 'conflicting greens' }),
        decision(100, { acknowledged: { result: 'refused', reason: 'late' } }),
        decision(200, { acknowledged: { result: 'applied', reason: '' } }),
      ],
      [
        { id: '1', at: '2024-01-01T00:02:00Z', level: 'warning', message: 'reader silent', runId: 'r' },
        { id: '2', at: '2024-01-01T00:02:00Z', level: 'warning', message: 'of another run', runId: 'x' },
        { id: '3', at: '2026-01-01T00:02:00Z', level: 'error', message: 'in wall time', runId: 'r' },
      ],
    );
    expect(marks.map((mark) => mark.second)).toEqual([100, 120, 300]);
    expect(marks[2]!.words).toContain('vetoed by the interlock: conflicting greens');
  });
});

describe('queueProfile', () => {
  it('follows the longest queue of any world', () => {
    const at = (second: number, queued: number) => ({ second, queued }) as never;
    expect(queueProfile({ a: [at(0, 0), at(10, 5)], b: [at(0, 2), at(10, 10)] })).toEqual({
      path: 'M0 1L0 0.800L10 0.000L10 1Z',
      most: 10,
    });
  });

  it('is empty without points', () => {
    expect(queueProfile({})).toEqual({ path: '', most: 1 });
  });
});
