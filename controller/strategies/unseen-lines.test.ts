import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { groundOf } from '../estimation/streams.ts';
import { START_MS } from '../testing.ts';
import type { DetectorReading, Memory, Observation } from '../types.ts';
import { actuated } from './actuated.ts';
import { isSomebodyAt, observeUnseen, type UnseenMemory } from './unseen-lines.ts';

const configuration = crossroads();
const ground = groundOf(configuration);
const LINE = ground.streams.findIndex(({ id }) => id === 'N:stopline:1');
const WAY_SECONDS = 9;

/** A second; `came` upstream so far, `left` over the other lane, which is heard. */
function frame(second: number, came: number, left: number, green: readonly string[]): Observation {
  const none = { occupancy: 0, presence: false };
  const byGroup = Object.fromEntries(
    configuration.signalGroups.map(({ id }): [string, Lamp] => [id, green.includes(id) ? 'green' : 'red']),
  );
  return {
    nowMs: START_MS + 1000 * second,
    elapsedSeconds: 1,
    detectors: { 'N:upstream': { count: came, ...none }, 'N:stopline:0': { count: left, ...none } },
    countsSincePlan: configuration.approaches.map(() => 0),
    lamps: { stageId: 'NS', secondsLeft: null, cycleSecondsLeft: null, byGroup, source: 'plan' },
  };
}

describe('who is at a line that is silent', () => {
  it('comes a way after passing upstream, waits in red, and leaves as queues do', () => {
    let memory: UnseenMemory | null = null;
    const waiting: number[] = [];
    const is: (boolean | null)[] = [];
    for (let second = 0; second < 80; second++) {
      const came = Math.min(8, Math.floor(second / 3));
      memory = observeUnseen(ground, memory, frame(second, came, 0, second < 40 ? [] : ['N-straight']));
      waiting.push(memory!.lines[0]!.waiting);
      is.push(isSomebodyAt(memory, LINE, START_MS + 1000 * second));
    }
    expect(is[WAY_SECONDS]).toBe(false);
    expect(is[39]).toBe(true);
    // Nobody left over the other lane: most of them are here.
    expect(waiting[39]).toBeGreaterThan(4);
    expect(waiting[39]).toBeLessThanOrEqual(8);
    expect(is[79]).toBe(false);
  });

  it('is who did not leave over the lanes that are heard', () => {
    let memory: UnseenMemory | null = null;
    let most = 0;
    for (let second = 0; second < 600; second++) {
      const came = Math.floor(second / 5);
      memory = observeUnseen(
        ground,
        memory,
        frame(second, came, Math.max(0, came - 2), second % 60 < 20 ? ['N-straight'] : []),
      );
      if (second > 300) most = Math.max(most, memory!.lines[0]!.waiting);
    }
    expect(most).toBeLessThan(1.5);
  });

  it('is not known where the detector upstream is silent too, and nobody is asked for where all are heard', () => {
    const blind = { ...frame(0, 0, 0, []), detectors: { 'N:stopline:0': { count: 0, occupancy: 0, presence: false } } };
    expect(observeUnseen(ground, null, blind)).toBeNull();
    expect(isSomebodyAt(null, LINE, START_MS)).toBeNull();
  });

  it('is taken to be there after two minutes of red, whatever was reckoned', () => {
    let memory: UnseenMemory | null = null;
    for (let second = 0; second <= 125; second++) {
      memory = observeUnseen(ground, memory, frame(second, 0, 0, []));
      expect(isSomebodyAt(memory, LINE, START_MS + 1000 * second)).toBe(second > 120);
    }
  });
});

describe('actuated control of an approach whose line is silent', () => {
  const parameters = Object.fromEntries(Object.entries(actuated.parameters).map(([name, one]) => [name, one.default]));

  /** Second at which another stage than EW is asked for, which nobody is in; `perSecond` pass upstream of N. */
  function askedAt(perSecond: number): number {
    let memory: Memory = null;
    for (let second = 0; second < 150; second++) {
      // Everybody once, as all are taken to be called at first.
      const stageId = ['NS', 'NS-left', 'EW-left', 'EW'][Math.min(3, Math.floor(second / 10))]!;
      const lit = configuration.stages.find(({ id }) => id === stageId)!.groups;
      const { lamps, ...seen } = frame(second, Math.floor(second * perSecond), 0, lit);
      const detectors: Record<string, DetectorReading> = { ...seen.detectors };
      for (const { id } of ground.streams)
        if (id !== 'N:stopline:1')
          detectors[id] = { count: 0, occupancy: 0, presence: second > 30 && second < 33 && id === 'E:stopline:1' };
      const observation = { ...seen, detectors, lamps: { ...lamps, stageId } };
      const answer = actuated.decide(configuration, parameters, memory, observation);
      memory = answer.memory;
      const { decision } = answer;
      if (second > 40 && decision?.kind === 'stage' && decision.stageId !== 'EW') return second;
    }
    return 150;
  }

  it('goes there when somebody came upstream, and stays away where nobody did', () => {
    expect(askedAt(0.2)).toBeLessThan(70);
    // Else EW keeps green to its longest.
    expect(askedAt(0)).toBe(90);
  });
});
