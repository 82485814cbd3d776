import { describe, expect, it } from 'vitest';
import { hardBrakeRecord } from './keeper.ts';
import type { SafetyHardBraking } from './results.ts';

const RUN = '01a218c7-abcd-7277-9195-122fddf54ad0';
const braking: SafetyHardBraking = {
  id: '785b70bdadfc8d93',
  junctionId: '6f1a8c1e-54a5-5d0b-9d5c-6a3a51c1f001',
  second: 12.5,
  user: 'v1',
  userType: 'car',
  peakMetresPerSecond2: -4,
} as SafetyHardBraking;
const idOf = (of: { runId: string; variant: string } | null): string => hardBrakeRecord(braking, of, 0).hardBrakeId;

describe('the key of a finding', () => {
  it('is a UUID, the same for the same finding of the same run and variant, and no other', () => {
    const ids = [{ runId: RUN, variant: 'baseline' }, { runId: RUN, variant: 'adaptive' }, null].map(idOf);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(3);
    expect(idOf({ runId: RUN, variant: 'baseline' })).toBe(ids[0]);
  });
});
