/** Changes of plan and of configuration while a stage runs. */
import { describe, expect, it } from 'vitest';
import { LampDevice } from './device.ts';
import { checkConfiguration } from './interlock.ts';
import { crossroads } from './testing.ts';
import type { JunctionConfiguration, PlanStage } from './types.ts';

const START = 1_704_067_200_000;
const green = (stageId: string, greenSeconds: number): PlanStage => ({
  stageId,
  greenSeconds,
  yellowSeconds: 3,
  allRedSeconds: 2,
});

function warm(configuration: JunctionConfiguration): LampDevice {
  return new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot: 'warm' });
}

function plan(
  device: LampDevice,
  configuration: JunctionConfiguration,
  seq: number,
  stages: PlanStage[],
  nowMs: number,
) {
  const { junctionId, version: configurationVersion } = configuration;
  const validity = { validFromMs: nowMs, validUntilMs: nowMs + 900_000 };
  const head = { planId: `p${seq}`, seq, junctionId, configurationVersion, mode: 'automatic', reason: '' } as const;
  return device.receivePlan({ ...head, ...validity, stages }, nowMs).result;
}

/** Longest that a stage has run with all of its vehicles' groups green, by stage, ms; looked at each 100 ms. */
function watch(device: LampDevice, { stages, signalGroups }: JunctionConfiguration) {
  const longest = new Map<string, number>();
  let running: string | null = null;
  let sinceMs = START;
  return {
    longest,
    until(endMs: number, fromMs: number): void {
      for (let nowMs = fromMs; nowMs <= endMs; nowMs += 100) {
        device.advance(nowMs);
        const { stageId } = device.report();
        const lamps = device.lamps();
        const { groups } = stages.find(({ id }) => id === stageId)!;
        const isGreen = signalGroups.every(
          ({ id, kind }, g) => kind === 'pedestrian' || !groups.includes(id) || lamps[g] === 'green',
        );
        const shown = isGreen ? stageId : null;
        if (shown === running) continue;
        if (running !== null) longest.set(running, Math.max(longest.get(running) ?? 0, nowMs - sinceMs));
        running = shown;
        sinceMs = nowMs;
      }
    },
  };
}

describe('a plan that begins with the stage with which the one before ends', () => {
  const before = (seconds: number) => [
    green('NS-left', 10),
    green('EW', 10),
    green('EW-left', 10),
    green('NS', seconds),
  ];
  const after = [green('NS', 40), green('NS-left', 12), green('EW', 15), green('EW-left', 12)];

  it.each([
    [70, false],
    [70, true],
    [20, false],
    [20, true],
  ])('keeps the longest green in one piece after %i s (crossings: %s)', (seconds, crossings) => {
    const configuration = crossroads({ crossings });
    const device = warm(configuration);
    expect(plan(device, configuration, 1, before(seconds), START)).toBe('applied');
    const watched = watch(device, configuration);
    // In the middle of the last stage.
    const middleMs = START + 104_000 + (45 + 10) * 1000;
    watched.until(middleMs, START);
    expect(device.report().stageId).toBe('NS');
    expect(plan(device, configuration, 2, after, middleMs)).toBe('applied');
    watched.until(middleMs + 300_000, middleMs);
    const { longest } = watched;
    expect(device.report().fault).toBeNull();
    expect(device.currentPlan()?.planId).toBe('p2');
    // 20 s leave room for 40 more; after 70 the cycle begins with the second stage.
    expect(longest.get('NS')! / 1000).toBeLessThanOrEqual(70);
    if (!crossings) expect(longest.get('NS')! / 1000).toBe(seconds === 70 ? 70 : 60);
    expect(longest.get('NS-left')! / 1000).toBe(12);
  });
});

describe('a newer configuration', () => {
  it('without the stage that runs: says which one that was until the next begins', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const { junctionId } = configuration;
    let nowMs = START;
    const ask = (seq: number): void => {
      const head = { seq, junctionId, configurationVersion: 1, stageId: 'W', reason: '' };
      device.receiveRequest({ ...head, notBeforeMs: nowMs, validUntilMs: nowMs + 5000 }, nowMs);
    };
    for (let i = 0; i < 30; i++) {
      nowMs += 1000;
      ask(i);
    }
    expect(device.report().stageId).toBe('W');
    const newer = { ...configuration, version: 2, stages: configuration.stages.slice(0, 4).reverse() };
    expect(device.receiveConfiguration(newer, nowMs)).toBeNull();
    const seen = new Set<string | null>();
    for (let i = 0; i < 2000; i++) {
      nowMs += 100;
      device.advance(nowMs);
      seen.add(device.report().stageId);
    }
    expect([...seen]).toEqual(['W', 'NS', 'NS-left', 'EW', 'EW-left']);
    expect(device.report().fault).toBeNull();
  });

  it('is refused where somebody would get green while others still have amber or walk', () => {
    const configuration = crossroads({ crossings: true });
    const shorter = (row: string, seconds: number): JunctionConfiguration => ({
      ...configuration,
      intergreenSeconds: configuration.intergreenSeconds.map((gaps, i) =>
        configuration.signalGroups[i]!.id === row ? gaps.map((gap) => Math.min(gap, seconds)) : gaps,
      ),
    });
    expect(checkConfiguration(configuration)).toEqual([]);
    expect(checkConfiguration(shorter('N-straight', 2.5)).join()).toMatch(
      /N-straight and .* is 2.5; at least 3 \(yellow/,
    );
    expect(checkConfiguration(shorter('E-walk', 13)).join()).toMatch(
      /E-walk and .* is 13; at least 14 \(its clearance/,
    );
  });
});

describe('a mode', () => {
  it('without a time as its end is refused', () => {
    const device = warm(crossroads());
    expect(device.setMode('emergency', Number.NaN, START)).toMatch(/until NaN/);
    expect(device.setMode('emergency', null, START)).toBeNull();
  });
});
