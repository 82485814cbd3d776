/** The device at junctions made up at random; `bench/junctions.ts` does the same a million times. */
import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import { LampDevice } from '../device.ts';
import { diceOf } from './junctions.ts';
import { playGenerated } from './trial.ts';
import { crossroads } from '../testing.ts';
import type { JunctionConfiguration, StageRequest } from '../types.ts';

const START = 1_704_067_200_000;

describe('any junction, told anything', () => {
  it('keeps to its matrix, its greens and its clearances, over faults, restarts and newer configurations', () => {
    const sum = { applied: 0, restarts: 0, faults: 0, configurations: 0 };
    for (let n = 0; n < 100; n++) {
      const trial = playGenerated(diceOf(seedrandom.alea(`ci ${n}`)), 1200);
      expect(trial.wrong, `junction ${n}`).toEqual([]);
      expect(trial.longestWaitShare).toBeLessThanOrEqual(1);
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += trial[key];
    }
    for (const [what, times] of Object.entries(sum)) expect(times, what).toBeGreaterThan(40);
  }, 120_000);
});

/** Crossroads whose crossings are short, so that their clearance is over within an intergreen. */
function shortCrossings(): JunctionConfiguration {
  const base = crossroads({ crossings: true });
  const walks = ['E-walk', 'W-walk'];
  return {
    ...base,
    signalGroups: base.signalGroups.map((group) =>
      group.kind === 'pedestrian' ? { ...group, clearanceSeconds: 4 } : group,
    ),
    intergreenSeconds: base.intergreenSeconds.map((row) => row.map((s) => (s > 0 ? 5 : 0))),
    stages: [
      ...base.stages.map((stage) => ({ ...stage, minGreenSeconds: 5 })),
      { id: 'N-walks', groups: ['N-straight', ...walks], minGreenSeconds: 5, maxGreenSeconds: 60 },
    ],
  };
}

describe('what made-up junctions have shown', () => {
  it('who walks in two stages running walks on, however short the clearance', () => {
    const configuration = shortCrossings();
    const device = new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot: 'warm' });
    const walk = configuration.signalGroups.findIndex(({ id }) => id === 'E-walk');
    const asked = ['EW', 'NS', 'N-walks'];
    const shown: string[] = [];
    let seq = 0;
    for (let ms = 0; ms < 60_000; ms += 100) {
      const nowMs = START + ms;
      if (asked.length > 1 && device.report().stageId === asked[0]) asked.shift();
      if (ms % 500 === 0) device.receiveRequest(request(configuration, ++seq, asked[0]!, nowMs), nowMs);
      device.advance(nowMs);
      if (asked.length === 1 && device.report().stageId === 'NS') shown.push(device.lamps()[walk]!);
      expect(device.report().fault).toBeNull();
    }
    expect(new Set(shown)).toEqual(new Set(['green']));
    expect(device.report().stageId).toBe('N-walks');
  });

  it('a walk never keeps a stage beyond its longest green', () => {
    const base = crossroads({ crossings: true });
    // Just enough for a walk of 4 s; on request it would be one of 7 s.
    const configuration = {
      ...base,
      stages: base.stages.map((stage) => (stage.id === 'NS' ? { ...stage, maxGreenSeconds: 13 } : stage)),
      localPlan: base.localPlan.map((stage) => (stage.stageId === 'NS' ? { ...stage, greenSeconds: 13 } : stage)),
    };
    const device = new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot: 'warm' });
    const drive = configuration.signalGroups.findIndex(({ id }) => id === 'N-straight');
    let since = START;
    let longest = 0;
    let seq = 0;
    for (let ms = 0; ms < 300_000; ms += 100) {
      const nowMs = START + ms;
      const second = ms / 1000;
      if (ms % 1000 === 0 && second < 200 && second % 40 < 36)
        device.receiveRequest(request(configuration, ++seq, second % 40 < 20 ? 'EW' : 'NS', nowMs), nowMs);
      device.advance(nowMs);
      if (device.lamps()[drive] !== 'green') since = nowMs;
      longest = Math.max(longest, nowMs - since);
    }
    expect(device.report().fault).toBeNull();
    expect(longest).toBeGreaterThan(10_000);
    expect(longest).toBeLessThanOrEqual(13_000);
  });

  it('a newer configuration with longer clearances is no fault where it comes into force as a walk ends', () => {
    const base = shortCrossings();
    const [first, ...others] = base.localPlan;
    const none = {
      ...base,
      localPlan: [...others, first!],
      signalGroups: base.signalGroups.map((group) => ({ ...group, clearanceSeconds: 0 })),
    };
    const newer = { ...crossroads({ crossings: true }), version: 2, localPlan: none.localPlan };
    const device = new LampDevice(none, { deviceId: 'lamps', startMs: START, boot: 'warm' });
    device.receiveConfiguration(newer, START + 1000);
    device.advance(START + 400_000);
    expect(device.report().fault).toBeNull();
    const nowMs = START + 400_000;
    expect(device.receiveRequest(request(newer, 1, 'EW', nowMs), nowMs).result).toBe('applied');
  });

  it('nobody gets green after a boot or a reset before the slowest crossing is clear', () => {
    const base = crossroads({ crossings: true });
    const slow = {
      ...base,
      signalGroups: base.signalGroups.map((group) =>
        group.id === 'E-walk' ? { ...group, clearanceSeconds: 20 } : group,
      ),
      intergreenSeconds: base.intergreenSeconds.map((row, i) =>
        row.map((s) => (s > 0 && base.signalGroups[i]!.id === 'E-walk' ? 20 : s)),
      ),
    };
    const device = new LampDevice(slow, { deviceId: 'lamps', startMs: START, boot: 'cold' });
    const isGreen = (): boolean => device.lamps().includes('green');
    device.advance(START + 19_999);
    expect(isGreen()).toBe(false);
    device.advance(START + 20_000);
    expect(isGreen()).toBe(true);
    const nowMs = START + 23_000;
    device.readBack(
      slow.signalGroups.map(() => 'dark'),
      nowMs,
    );
    device.reset(nowMs + 500);
    device.advance(nowMs + 19_999);
    expect(isGreen()).toBe(false);
    device.advance(nowMs + 20_000);
    expect(isGreen()).toBe(true);
  });

  it('a mode that is told again neither begins anew nor lasts longer', () => {
    const configuration = crossroads();
    const device = new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot: 'warm' });
    expect(device.setMode('emergency', START + 60_000, START, 5)).toBeNull();
    expect(device.setMode('emergency', null, START + 50_000, 5)).toBeNull();
    const nowMs = START + 61_000;
    expect(device.setMode('emergency', null, nowMs, 5)).toBeNull();
    expect(device.setMode('emergency', null, nowMs, Number.NaN)).toMatch(/seq NaN/);
    expect(device.setMode('automatic', null, nowMs, 4)).toMatch(/at least 5/);
    expect(device.receivePlan(planNow(configuration, nowMs), nowMs).result).toBe('applied');
  });
});

function request(
  { junctionId, version }: JunctionConfiguration,
  seq: number,
  stageId: string,
  nowMs: number,
): StageRequest {
  const validUntilMs = nowMs + 3000;
  return { seq, junctionId, configurationVersion: version, stageId, notBeforeMs: nowMs, validUntilMs, reason: '' };
}

function planNow({ junctionId, version, localPlan }: JunctionConfiguration, nowMs: number) {
  const validity = { validFromMs: nowMs, validUntilMs: nowMs + 600_000 };
  const head = {
    planId: 'p9',
    seq: 9,
    junctionId,
    configurationVersion: version,
    mode: 'automatic',
    reason: '',
  } as const;
  return { ...head, ...validity, stages: localPlan };
}
