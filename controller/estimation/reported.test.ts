import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { START_MS } from '../testing.ts';
import type { Observation, ReportedVehicle } from '../types.ts';
import { byStream, freeSeconds, observeReported, type ReportedMemory } from './reported.ts';
import { groundOf } from './streams.ts';

const ground = groundOf(crossroads());
const STRAIGHT = ground.streams.findIndex(({ id }) => id === 'N:stopline:1');

const vehicle = (id: string, metres: number, metresPerSecond: number): ReportedVehicle => ({
  id,
  lane: 'N:stopline:1',
  metres,
  metresPerSecond,
  group: ground.streams[STRAIGHT]!.groupIds[0]!,
});

function heard(seconds: readonly (readonly ReportedVehicle[])[]): ReportedMemory {
  let memory: ReportedMemory | null = null;
  seconds.forEach((vehicles, second) => {
    const observation: Observation = {
      nowMs: START_MS + 1000 * second,
      elapsedSeconds: 1,
      detectors: {},
      countsSincePlan: [],
      lamps: { stageId: null, secondsLeft: null, cycleSecondsLeft: null, byGroup: {}, source: 'plan' },
      vehicles,
    };
    memory = observeReported(ground, memory, observation);
  });
  return memory!;
}

describe('what radios tell', () => {
  it('says since when a vehicle is held up, and goes on saying so when it creeps on', () => {
    const { heldSinceMs } = heard([[vehicle('a', 50, 10)], [vehicle('a', 45, 1)], [vehicle('a', 40, 6)]]);
    expect(heldSinceMs).toEqual({ a: START_MS + 1000 });
  });

  it('forgets vehicles that are gone, and remembers nothing but JSON', () => {
    const memory = heard([[vehicle('a', 50, 10), vehicle('b', 60, 0)], [vehicle('b', 60, 0)], []]);
    expect(memory.heldSinceMs).toEqual({});
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
  });

  it('counts who comes into range, and what they want', () => {
    const every5 = Array.from({ length: 300 }, (_, k) => [vehicle(`v${Math.floor(k / 5)}`, 100, 10)]);
    const { perSecond, wanted } = heard(every5);
    expect(perSecond[STRAIGHT]).toBeGreaterThan(0.12);
    expect(perSecond[STRAIGHT]).toBeLessThan(0.28);
    expect(wanted[STRAIGHT]![0]).toBeGreaterThan(20);
  });

  it('puts the nearest first, whatever the order in which they were heard', () => {
    const order = byStream(ground, [vehicle('c', 30, 0), vehicle('a', 2, 0), vehicle('b', 9, 0)])[STRAIGHT]!;
    expect(order.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('reckons the free drive to the line: from rest, at the limit, and between', () => {
    expect(freeSeconds(100, 13.9, 13.9)).toBeCloseTo(100 / 13.9, 6);
    expect(freeSeconds(11.5, 0, 13.9)).toBeCloseTo(Math.sqrt(10), 6);
    expect(freeSeconds(100, 5, 13.9)).toBeGreaterThan(100 / 13.9);
    expect(freeSeconds(100, 5, 13.9)).toBeLessThan(freeSeconds(100, 0, 13.9));
    expect(freeSeconds(0, 0, 13.9)).toBe(0);
  });
});
