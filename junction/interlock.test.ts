import { describe, expect, it } from 'vitest';
import { checkConfiguration, checkPlan, checkRequest } from './interlock.ts';
import { crossroads } from './testing.ts';
import type { JunctionConfiguration, Plan, PlanStage, StageRequest } from './types.ts';

const NOW = 1_704_067_200_000;
const CONTEXT = { lastSeq: 10, nowMs: NOW };
const stage = (stageId: string, greenSeconds: number, changes: Partial<PlanStage> = {}): PlanStage => ({
  stageId,
  greenSeconds,
  yellowSeconds: 3,
  allRedSeconds: 2,
  ...changes,
});
const FOUR = [stage('NS', 30), stage('NS-left', 10), stage('EW', 30), stage('EW-left', 10)];

function plan(changes: Partial<Plan> = {}): Plan {
  return {
    planId: 'plan-11',
    seq: 11,
    junctionId: crossroads().junctionId,
    configurationVersion: 1,
    validFromMs: NOW,
    validUntilMs: NOW + 300_000,
    stages: FOUR,
    mode: 'automatic',
    reason: '',
    ...changes,
  };
}

describe('checkPlan', () => {
  const configuration = crossroads();
  const refusal = (changes: Partial<Plan>, on: JunctionConfiguration = configuration): string => {
    const answer = checkPlan(on, plan(changes), CONTEXT);
    return answer === null ? 'passes' : `${answer.code}: ${answer.reason}`;
  };

  it('passes what is legal', () => {
    expect(refusal({})).toBe('passes');
    expect(refusal({ stages: ['N', 'S', 'E', 'W'].map((id) => stage(id, 15)) })).toBe('passes');
  });

  it.each<[string, Partial<Plan>, string]>([
    ['another junction', { junctionId: 'x' }, 'junction: for junction x; this is'],
    [
      'another configuration',
      { configurationVersion: 2 },
      'configuration-version: configuration version 2; version 1 is in force',
    ],
    ['a sequence number that does not grow', { seq: 10 }, 'sequence: seq 10; above 10 (seq only grows)'],
    ['a broken sequence number', { seq: Number.NaN }, 'sequence: seq NaN; above 10'],
    ['no plan id', { planId: '' }, 'sequence: planId is empty'],
    ['a plan that ran out', { validUntilMs: NOW - 1500 }, 'validity: valid until 1704067198500, 1.5 s ago'],
    ['a validity that ends before it begins', { validFromMs: NOW + 400_000 }, 'validity: validFrom'],
    ['no stages', { stages: [] }, 'unserved: the plan has no stages'],
    ['an unknown stage', { stages: [stage('X', 20)] }, 'unknown-stage: stage X does not exist; there are NS, NS-left'],
    [
      'a short green',
      { stages: [stage('NS', 3), ...FOUR.slice(1)] },
      'green: stage NS green 3 s; at least 7 s (minGreenSeconds)',
    ],
    [
      'a long green',
      { stages: [stage('NS', 70.1), ...FOUR.slice(1)] },
      'green: stage NS green 70.1 s; at most 70 s (maxGreenSeconds)',
    ],
    [
      'a green that is no number',
      { stages: [stage('NS', Number.NaN), ...FOUR.slice(1)] },
      'green: stage NS green NaN s',
    ],
    ['a stage in two pieces', { stages: [stage('NS', 20), ...FOUR] }, 'green: stage NS follows itself'],
    [
      'a short yellow',
      { stages: [stage('NS', 30, { yellowSeconds: 2.9 }), ...FOUR.slice(1)] },
      'yellow: stage NS yellow 2.9 s; at least 3 s (yellowSeconds)',
    ],
    [
      'a short all-red',
      { stages: [stage('NS', 30, { allRedSeconds: 0 }), ...FOUR.slice(1)] },
      'all-red: stage NS all-red 0 s; at least 2 s (allRedSeconds)',
    ],
    ['a group that is never green', { stages: FOUR.slice(1) }, 'unserved: N-straight is never green'],
    [
      'a cycle that is too long',
      { stages: FOUR.map((one) => ({ ...one, greenSeconds: 60 })) },
      'cycle: cycle 260 s; at most 180 s (maxCycleSeconds)',
    ],
  ])('refuses %s', (_what, changes, reason) => {
    expect(refusal(changes)).toContain(reason);
  });

  it('refuses a cycle that is too short', () => {
    expect(
      refusal({ stages: FOUR.map((one) => ({ ...one, greenSeconds: 7 })) }, { ...configuration, minCycleSeconds: 60 }),
    ).toBe('cycle: cycle 48 s; at least 60 s (minCycleSeconds)');
  });

  it('counts the larger of stage and matrix into the cycle', () => {
    const slow = crossroads();
    const longer = {
      ...slow,
      maxCycleSeconds: 104,
      intergreenSeconds: slow.intergreenSeconds.map((row) => row.map((s) => (s > 0 ? 8 : 0))),
    };
    expect(refusal({}, longer)).toBe('cycle: cycle 112 s; at most 104 s (maxCycleSeconds)');
  });

  it('refuses walks without room for the clearance', () => {
    const walked = crossroads({ crossings: true });
    expect(refusal({ stages: [stage('NS', 12), ...FOUR.slice(1)] }, walked)).toBe(
      'pedestrian: stage NS green 12 s; at least 13 s (walk 4 s and pedestrian clearance)',
    );
    expect(refusal({ stages: [stage('NS', 20, { walkSeconds: 15 }), ...FOUR.slice(1)] }, walked)).toBe(
      'pedestrian: stage NS green 20 s; at least 24 s (walk 15 s and pedestrian clearance)',
    );
    expect(refusal({ stages: [stage('NS', 20, { walkSeconds: 2 }), ...FOUR.slice(1)] }, walked)).toContain(
      'walk 2 s; at least 4 s',
    );
  });

  it('refuses a stage of conflicting greens even if the configuration has one', () => {
    const wrong = {
      ...configuration,
      stages: [
        ...configuration.stages,
        { ...configuration.stages[0]!, id: 'bad', groups: ['N-straight', 'E-straight'] },
      ],
    };
    expect(refusal({ stages: [stage('bad', 20), ...FOUR] }, wrong)).toBe(
      'conflict: stage bad: N-straight and E-straight conflict and would be green together',
    );
  });
});

describe('checkRequest', () => {
  const request: StageRequest = {
    seq: 11,
    junctionId: crossroads().junctionId,
    configurationVersion: 1,
    stageId: 'EW',
    notBeforeMs: NOW,
    validUntilMs: NOW + 3000,
    reason: '',
  };
  it('passes what is legal and refuses the rest', () => {
    const why = (changes: Partial<StageRequest>): string | null =>
      checkRequest(crossroads(), { ...request, ...changes }, CONTEXT)?.reason ?? null;
    expect(why({})).toBeNull();
    expect(why({ stageId: 'X' })).toMatch(/stage X does not exist/);
    expect(why({ seq: 3 })).toMatch(/seq 3; above 10/);
    expect(why({ validUntilMs: NOW - 1 })).toMatch(/ago/);
    expect(why({ validUntilMs: NOW + 61_000 })).toMatch(/at most 60 s/);
    expect(why({ notBeforeMs: NOW + 4000 })).toMatch(/notBefore/);
    expect(why({ configurationVersion: 0 })).toMatch(/version 0/);
  });
});

describe('checkConfiguration', () => {
  const problems = (changes: Partial<JunctionConfiguration>): string =>
    checkConfiguration({ ...crossroads(), ...changes }).join('; ');
  it('has nothing against a sound one', () => {
    expect(checkConfiguration(crossroads({ crossings: true }))).toEqual([]);
  });
  it('says everything that is wrong', () => {
    const sound = crossroads();
    expect(problems({ maxWaitSeconds: 300 })).toMatch(/maxWaitSeconds is 300; at least 360/);
    expect(problems({ minCycleSeconds: 200 })).toMatch(/minCycleSeconds 200 is above maxCycleSeconds 180/);
    expect(problems({ stages: sound.stages.slice(1, 4) })).toMatch(/N-straight is green in no stage/);
    expect(problems({ conflicts: sound.conflicts.slice(1) })).toMatch(/must be 8 x 8/);
    expect(
      problems({
        conflicts: sound.conflicts.map((row, i) => row.map((value, j) => (i === 0 && j === 4 ? false : value))),
      }),
    ).toMatch(/not symmetric/);
    expect(
      problems({ stages: [{ ...sound.stages[0]!, groups: ['N-straight', 'N-up'] }, ...sound.stages.slice(1)] }),
    ).toMatch(/N-up does not exist/);
    expect(
      problems({ stages: [{ ...sound.stages[0]!, groups: ['N-straight', 'E-left'] }, ...sound.stages.slice(1)] }),
    ).toMatch(/conflict and would be green together/);
    expect(problems({ stages: [{ ...sound.stages[0]!, minGreenSeconds: 80 }, ...sound.stages.slice(1)] })).toMatch(
      /the first not above the second/,
    );
    expect(problems({ localPlan: [stage('NS', 5)] })).toMatch(/localPlan: stage NS green 5 s/);
    expect(problems({ approaches: [...sound.approaches, sound.approaches[0]!] })).toMatch(/approach N is there twice/);
  });
});
