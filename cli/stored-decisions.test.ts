import { describe, expect, it } from 'vitest';
import { StoredDecisions } from './stored-decisions.ts';

const JUNCTION = '6b0f6a58-1c70-5b11-9d3c-2f3a3e7c0001';
const line = (what: object): string => `${JSON.stringify(what)}\n`;
const stage = (seq: number, stageId: string, more: object = {}): string =>
  line({
    event: 'decided',
    junctionId: JUNCTION,
    atMs: 1000 * seq,
    seq,
    planId: null,
    strategy: 'horizon',
    kind: 'stage',
    stages: [{ stageId, greenSeconds: 0, yellowSeconds: 3, allRedSeconds: 2 }],
    reason: 'why',
    inputs: { predictedDelaySeconds: { [stageId]: 1 } },
    vetoed: null,
    threadId: 1,
    ...more,
  });
const answer = (seq: number, result: string): string =>
  line({
    event: 'acknowledged',
    junctionId: JUNCTION,
    seq,
    acknowledged: { result, reason: result === 'refused' ? 'no' : '' },
  });
const brief = (rows: ReturnType<StoredDecisions['rowsOf']>) =>
  rows.map(({ seq, stages, acknowledged }) => `${seq} ${stages[0]?.id} ${acknowledged?.result ?? 'open'}`);

describe('decisions kept of a street', () => {
  it('are those that change what is asked for, with the answer, and those refused', () => {
    const stored = new StoredDecisions('c', false);
    expect(brief(stored.rowsOf(stage(1, 'NS') + answer(1, 'applied')))).toEqual(['1 NS open', '1 NS applied']);
    expect(brief(stored.rowsOf(stage(2, 'NS') + stage(3, 'NS') + answer(2, 'applied')))).toEqual([]);
    expect(brief(stored.rowsOf(answer(3, 'refused')))).toEqual(['3 NS refused']);
    expect(brief(stored.rowsOf(stage(4, 'EW', { vetoed: 'sequence' })))).toEqual(['4 EW open']);
    expect(brief(stored.rowsOf(stage(5, 'NS')))).toEqual([]);
    expect(brief(stored.rowsOf(stage(6, 'EW') + answer(9, 'applied')))).toEqual(['6 EW open']);
  });

  it('are all plans, with inputs, whoever watches only being named', () => {
    const stored = new StoredDecisions('c', true);
    const plan = {
      kind: 'plan',
      planId: 'p',
      stages: [{ stageId: 'NS', greenSeconds: 30, yellowSeconds: 3, allRedSeconds: 2 }],
    };
    const rows = stored.rowsOf(stage(1, 'NS', plan) + stage(2, 'NS', plan));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      controller: 'c',
      shadow: true,
      planId: 'p',
      inputs: { predictedDelaySeconds: { NS: 1 } },
    });
    expect(rows[0]!.stages).toEqual([{ id: 'NS', greenSeconds: 30, yellowSeconds: 3, allRedSeconds: 2 }]);
  });
});
