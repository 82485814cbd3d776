/** Offsets, plans by time of day, pre-emption and bus priority: on the real lamp device. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LampDevice } from '../../junction/device.ts';
import { crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { planFor, requestFor } from '../service/commands.ts';
import type { Memory, Observation, Parameters, PriorityRequest } from '../types.ts';
import { checkParameters, strategyNamed } from './index.ts';
import { towardsOffset } from './offset.ts';

/** Monday, 2024-01-01. */
const START_MS = 1_704_067_200_000;

interface Second {
  readonly atMs: number;
  readonly stageId: string;
  /** Groups that are green. */
  readonly green: readonly string[];
  readonly reason: string | null;
}

/** A strategy and its device, second by second; `asks` says who asks for green by radio then. */
function play(
  configuration: JunctionConfiguration,
  strategy: string,
  parameters: Parameters,
  seconds: number,
  options: { readonly startMs?: number; asks?(second: number, green: readonly string[]): PriorityRequest[] } = {},
): Second[] {
  const startMs = options.startMs ?? START_MS;
  const device = new LampDevice(configuration, { deviceId: 'lamps', startMs, boot: 'warm' });
  const chosen = strategyNamed(strategy);
  const complete = checkParameters(chosen, parameters);
  let memory: Memory = null;
  let seq = 0;
  return Array.from({ length: seconds }, (_, k): Second => {
    const nowMs = startMs + (k + 1) * 1000;
    device.advance(nowMs);
    const { stageId, secondsLeft, cycleSecondsLeft, source } = device.report();
    const lamps = device.lamps();
    const byGroup = Object.fromEntries(configuration.signalGroups.map(({ id }, g) => [id, lamps[g]!]));
    const green = configuration.signalGroups.flatMap(({ id }, g) => (lamps[g] === 'green' ? [id] : []));
    const observation: Observation = {
      nowMs,
      elapsedSeconds: 1,
      detectors: {},
      countsSincePlan: configuration.approaches.map(() => 0),
      lamps: { stageId, secondsLeft, cycleSecondsLeft, byGroup, source },
      ...(configuration.priority === undefined ? {} : { priority: options.asks?.(k + 1, green) ?? [] }),
    };
    const answer = chosen.decide(configuration, complete, memory, observation);
    memory = JSON.parse(JSON.stringify(answer.memory));
    const { decision } = answer;
    if (decision !== null) {
      const head = {
        seq: ++seq,
        junctionId: configuration.junctionId,
        configurationVersion: configuration.version,
        reason: decision.reason,
      };
      const result =
        decision.kind === 'plan'
          ? device.receivePlan(planFor(configuration, head, decision, observation), nowMs)
          : device.receiveRequest(requestFor(head, decision, nowMs), nowMs);
      expect(result).toMatchObject({ result: 'applied', reason: '' });
    }
    return { atMs: nowMs, stageId: stageId!, green, reason: decision?.reason ?? null };
  });
}

/** When a stage began to be green, ms. */
function starts(played: readonly Second[], group: string): number[] {
  return played.flatMap(({ green, atMs }, k) =>
    green.includes(group) && k > 0 && !played[k - 1]!.green.includes(group) ? [atMs] : [],
  );
}

const from = (approach: string, lane: number, metres: number, kind: PriorityRequest['kind']): PriorityRequest => ({
  id: `${kind}-1`,
  kind,
  approach,
  lane,
  metres,
  metresPerSecond: 10,
});

describe('an offset', () => {
  it.each([0, 17, 52, 90])('of %i s is reached within a few cycles, and kept', (offsetSeconds) => {
    const played = play({ ...crossroads(), offsetSeconds }, 'fixed-time', {}, 1400);
    const last = starts(played, 'N-straight').slice(-5);
    for (const atMs of last) expect((atMs / 1000) % 104).toBe(offsetSeconds);
  });

  it('changes no cycle beyond its bounds, on the way there', () => {
    const configuration = { ...crossroads(), maxCycleSeconds: 110 };
    for (let late = 0; late < 104; late++) {
      const { stages } = towardsOffset(configuration, configuration.localPlan, 0, START_MS + late * 1000);
      const cycle = stages.reduce((sum, { greenSeconds }) => sum + greenSeconds + 5, 0);
      expect(cycle).toBeLessThanOrEqual(110);
      expect(cycle).toBeGreaterThanOrEqual(0.8 * 104 - 1);
      for (const { greenSeconds } of stages) expect(greenSeconds).toBeGreaterThanOrEqual(7);
    }
  });

  it('is left alone where nobody asks for it', () => {
    const usual = play(crossroads(), 'fixed-time', {}, 400);
    const off = play({ ...crossroads(), offsetSeconds: 17 }, 'fixed-time', { coordinated: false }, 400);
    expect(off.map(({ green }) => green)).toEqual(usual.map(({ green }) => green));
  });
});

describe('plans by time of day', () => {
  const base = crossroads();
  const morning = base.localPlan.map((entry) => ({
    ...entry,
    greenSeconds: entry.stageId === 'NS' ? 50 : entry.greenSeconds,
  }));
  const configuration: JunctionConfiguration = {
    ...base,
    timeZone: 'Asia/Kolkata',
    localSchedule: [
      { startsAtMinute: 0, stages: base.localPlan },
      { startsAtMinute: 7 * 60, stages: morning },
    ],
  };
  // 06:55 in Kolkata.
  const startMs = START_MS + 85 * 60_000;
  const greens = (played: readonly Second[]): number[] => {
    const begins = starts(played, 'N-straight');
    const ends = played.flatMap(({ green, atMs }, k) =>
      !green.includes('N-straight') && k > 0 && played[k - 1]!.green.includes('N-straight') ? [atMs] : [],
    );
    return begins.map((atMs) => ((ends.find((end) => end > atMs) ?? atMs) - atMs) / 1000);
  };

  it('lead from their time on, by the zone of the junction, in the strategy and in the device alone', () => {
    const seen = greens(play(configuration, 'fixed-time', {}, 900, { startMs }));
    expect(seen.slice(0, 2)).toEqual([30, 30]);
    expect(seen.slice(3, 6)).toEqual([50, 50, 50]);
    const device = new LampDevice(configuration, { deviceId: 'lamps', startMs: startMs + 5 * 60_000, boot: 'warm' });
    device.advance(startMs + 5 * 60_000 + 49_000);
    expect(device.lamps()[0]).toBe('green');
  });
});

describe('pre-emption', () => {
  const configuration: JunctionConfiguration = { ...crossroads(), priority: { emergencyMetres: 300 } };
  /** From second 50 on, until it was green for 10 s. */
  const coming = () => {
    let served = 0;
    return (second: number, green: readonly string[]): PriorityRequest[] => {
      if (green.includes('W-left') && second > 50) served++;
      return second < 50 || served > 10 ? [] : [from('W', 0, Math.max(5, 300 - 10 * (second - 50)), 'emergency')];
    };
  };

  it.each(['fixed-time', 'actuated', 'max-pressure', 'sotl', 'horizon', 'atcs'])(
    'under %s: least green, yellow and all-red, then the stage of the vehicle until it is through, the exit stage, and on',
    (strategy) => {
      const played = play(configuration, strategy, {}, 400, { asks: coming() });
      const served = played.findIndex(({ green }, k) => k >= 50 && green.includes('W-left'));
      // At most: a least green of 7 s, 5 s between.
      expect(served - 50).toBeLessThanOrEqual(14);
      const over = played.findIndex(({ stageId }, k) => k > served && stageId !== played[served]!.stageId);
      expect(over - served).toBeGreaterThanOrEqual(10);
      expect(over - served).toBeLessThanOrEqual(18);
      const exit = played.slice(over).find(({ reason }) => reason?.startsWith('After pre-emption'));
      const before = played.slice(served).find(({ reason }) => reason?.startsWith('After pre-emption'));
      expect(exit ?? before).toBeDefined();
      // Everybody has green again.
      const rest = played.slice(over + 120);
      if (strategy === 'fixed-time' || strategy === 'atcs')
        for (const { id } of configuration.signalGroups)
          expect(rest.some(({ green }) => green.includes(id))).toBe(true);
    },
  );

  it('ends with the maximum presence of a vehicle that breaks down', () => {
    const asks = (second: number) => (second < 50 ? [] : [from('W', 0, 30, 'emergency')]);
    const played = play(configuration, 'fixed-time', { preemptionMaximumSeconds: 60 }, 400, { asks });
    for (const { id } of configuration.signalGroups)
      expect(played.slice(140).some(({ green }) => green.includes(id))).toBe(true);
  });

  it('can be turned off, and changes nothing where nobody asks', () => {
    const usual = play(crossroads(), 'fixed-time', {}, 300).map(({ green }) => green);
    const off = play(configuration, 'fixed-time', { emergencyPreemption: false }, 300, { asks: coming() });
    expect(off.map(({ green }) => green)).toEqual(usual);
    expect(play(configuration, 'fixed-time', {}, 300).map(({ green }) => green)).toEqual(usual);
  });
});

describe('bus priority', () => {
  const configuration: JunctionConfiguration = { ...crossroads(), priority: { busMetres: 150 } };
  const greenEnds = (played: readonly Second[], after: number): number =>
    played.findIndex(({ green }, k) => k > after && !green.includes('N-straight'));

  it('holds a green for a bus that comes within the extension, and no longer', () => {
    // Green of N ends at second 30: the bus is at the line at 34.
    const asks = (second: number) =>
      second < 20 || second > 34 ? [] : [from('N', 1, Math.max(0, 10 * (34 - second)), 'bus')];
    const end = greenEnds(play(configuration, 'fixed-time', {}, 100, { asks }), 1);
    expect(end).toBeGreaterThanOrEqual(34);
    expect(end).toBeLessThanOrEqual(40);
    const stands = (second: number) => (second < 20 ? [] : [from('N', 1, 5, 'bus')]);
    expect(greenEnds(play(configuration, 'fixed-time', {}, 100, { asks: stands }), 1)).toBeLessThanOrEqual(45);
    const far = (second: number) => (second < 20 ? [] : [from('N', 1, 150, 'bus')]);
    expect(greenEnds(play(configuration, 'fixed-time', {}, 100, { asks: far }), 1)).toBeLessThanOrEqual(30);
  });

  it('brings a green forward in the order of the plan, each stage in between with its least green, once in a while', () => {
    const asks = (second: number, green: readonly string[]) =>
      second < 5 || green.includes('E-straight') ? [] : [from('E', 1, 60, 'bus')];
    const played = play(configuration, 'fixed-time', { busRecoverySeconds: 300 }, 300, { asks });
    const [first, second] = starts(played, 'E-straight').map((atMs) => (atMs - START_MS) / 1000);
    // 7 s of NS, 5 s, 7 s of NS-left, 5 s, and a second of message each; the plan has it at 52 s.
    expect(first).toBeLessThanOrEqual(28);
    expect(starts(played, 'N-left').length).toBeGreaterThan(0);
    // No second one within the recovery: the next comes as the plan has it, a whole cycle later.
    expect(second! - first!).toBeGreaterThanOrEqual(100);
  });
});

describe('whoever asks, and however wildly', () => {
  const configuration: JunctionConfiguration = {
    ...crossroads({ crossings: true }),
    priority: { emergencyMetres: 300, busMetres: 150 },
    offsetSeconds: 11,
  };
  const request = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    kind: fc.constantFrom('emergency' as const, 'bus' as const),
    approach: fc.constantFrom('N', 'S', 'E', 'W', 'nowhere'),
    lane: fc.constantFrom(null, 0, 1, 31),
    metres: fc.integer({ min: 0, max: 300 }),
    metresPerSecond: fc.integer({ min: 0, max: 20 }),
  });
  const strategies = fc.constantFrom('fixed-time', 'webster', 'atcs', 'actuated', 'max-pressure', 'sotl');

  it('is obeyed by the device without a refusal or a fault, and every vehicle group is served within its longest wait', () => {
    fc.assert(
      fc.property(
        strategies,
        fc.array(fc.array(request, { maxLength: 3 }), { minLength: 5, maxLength: 60 }),
        (strategy, script) => {
          const asks = (second: number): PriorityRequest[] => script[Math.floor(second / 7) % script.length]!;
          const played = play(configuration, strategy, {}, 900, { asks });
          expect(played.every(({ stageId }) => stageId !== null)).toBe(true);
          for (const { id, kind } of configuration.signalGroups) {
            if (kind !== 'vehicle') continue;
            let last = 0;
            let longest = 0;
            played.forEach(({ green }, k) => {
              if (green.includes(id)) last = k;
              longest = Math.max(longest, k - last);
            });
            // What the device guarantees: the longest wait and some forced cycles.
            expect(longest).toBeLessThanOrEqual(configuration.maxWaitSeconds + 3 * configuration.maxCycleSeconds);
          }
        },
      ),
      { numRuns: 8 },
    );
  });
});
