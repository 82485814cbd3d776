import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import { START_MS } from '../testing.ts';
import { type Fault, faulty } from '../testing/faulty-detectors.ts';
import type { DetectorReading, Observation } from '../types.ts';
import { ailments, believed, type HealthMemory, miscounts, observeHealth } from './health.ts';
import { groundOf } from './streams.ts';

const configuration = crossroads();
const ground = groundOf(configuration);
const LINE = 'N:stopline:1';
const UPSTREAM = 'N:upstream';
const WAY_SECONDS = 9;

/** One approach of two lanes whose vehicles pass the upstream detector, queue, and leave one in two seconds of green. */
function street(seconds: number, perSecond: number, seed: string): Observation[] {
  const random = seedrandom.alea(seed);
  const lanes = ['N:stopline:0', LINE].map(() => ({ due: [] as number[], count: 0, freeAt: 0, leftAt: -9 }));
  let came = 0;
  return Array.from({ length: seconds }, (_, second) => {
    const isGreen = second % 60 < 30;
    const passes = random() < perSecond;
    if (passes) {
      came++;
      lanes[random() < 0.3 ? 0 : 1]!.due.push(second + WAY_SECONDS);
    }
    const detectors: Record<string, DetectorReading> = {
      [UPSTREAM]: { count: came, occupancy: passes ? 0.3 : 0, presence: false },
    };
    lanes.forEach((lane, l) => {
      if (isGreen && lane.freeAt <= second && lane.due[0]! <= second) {
        lane.due.shift();
        lane.count++;
        lane.leftAt = second;
        lane.freeAt = second + 2;
      }
      const waits = !isGreen && lane.due[0]! <= second;
      const occupancy = waits ? 1 : lane.leftAt === second ? 0.5 : 0;
      detectors[`N:stopline:${l}`] = { count: lane.count, occupancy, presence: waits };
    });
    const byGroup = Object.fromEntries(
      configuration.signalGroups.map(({ id }): [string, Lamp] => [
        id,
        id.startsWith('N') === isGreen ? 'green' : 'red',
      ]),
    );
    return {
      nowMs: START_MS + 1000 * second,
      elapsedSeconds: 1,
      detectors,
      countsSincePlan: configuration.approaches.map(() => 0),
      lamps: { stageId: null, secondsLeft: null, cycleSecondsLeft: null, byGroup, source: 'plan' },
    };
  });
}

/** What is found after each second, and the memory at last. */
function watch(observations: readonly Observation[]) {
  let memory: HealthMemory | null = null;
  const found: string[] = [];
  for (const observation of observations) {
    memory = observeHealth(ground, memory, observation);
    expect([...ailments(ground, memory)]).toEqual([]);
    found.push([...miscounts(ground, memory)].map(([id, { kind }]) => `${id} ${kind}`).join());
  }
  return { memory: memory!, found };
}

describe('what detectors count', () => {
  it.each([0.05, 0.2, 0.45, 0.7])(
    'is left alone where they are well, whatever the traffic: %f a second',
    (perSecond) => {
      for (const seed of ['a', 'b', 'c']) {
        const all = street(3600, perSecond, seed);
        const { memory, found } = watch(all);
        expect(new Set(found)).toEqual(new Set(['']));
        expect(believed(ground, memory, all.at(-1)!)).toBe(all.at(-1));
      }
    },
  );

  it.each([
    [LINE, 2, 'counts double'],
    [LINE, 0.7, 'misses some'],
    [UPSTREAM, 2, 'counts double'],
    [UPSTREAM, 0.7, 'misses some'],
  ])('%s, %f of a vehicle: is found out, and put right', (id, times, kind) => {
    const clean = street(5400, 0.25, 'd');
    const fault: Fault = { kind: 'counts', id, times };
    const spoil = faulty(fault);
    const spoilt = clean.map((one) => spoil(one));
    const { found } = watch(spoilt);
    expect(found.at(-1)).toBe(`${id} ${kind}`);
    expect(new Set(found)).toEqual(new Set(['', `${id} ${kind}`]));
    const from = found.findIndex((what) => what !== '');
    // From then on as many are counted as pass.
    let memory: HealthMemory | null = null;
    const counts = spoilt.map((one) => {
      memory = observeHealth(ground, memory, one);
      return believed(ground, memory, one).detectors[id]!.count;
    });
    const truth = clean.at(-1)!.detectors[id]!.count - clean[from]!.detectors[id]!.count;
    const told = counts.at(-1)! - counts[from]!;
    expect(told / truth).toBeGreaterThan(0.93);
    expect(told / truth).toBeLessThan(1.07);
    expect(from).toBeLessThan(3600);
  });

  it('is believed again when it is right again', () => {
    const clean = street(7200, 0.25, 'e');
    const spoil = faulty({ kind: 'counts', id: LINE, times: 2 });
    let more = 0;
    const mended = clean.map((one, second) => {
      if (second < 2000) {
        const told = spoil(one);
        more = told.detectors[LINE]!.count - one.detectors[LINE]!.count;
        return told;
      }
      const own = one.detectors[LINE]!;
      return { ...one, detectors: { ...one.detectors, [LINE]: { ...own, count: own.count + more } } };
    });
    const { found } = watch(mended);
    expect(found[1999]).toBe(`${LINE} counts double`);
    expect(found.at(-1)).toBe('');
    expect(found.filter((what, second) => second > 0 && what !== found[second - 1]).length).toBe(2);
  });

  it('by readers of tags, who tell nothing of presence and many at once, is left alone', () => {
    const all = street(3600, 0.4, 'f').map((one, second, list) => {
      const told = list[second - (second % 10)]!.detectors;
      const detectors = Object.fromEntries(
        Object.entries(told).map(([id, { count }]) => [id, { count, occupancy: 0, presence: false }]),
      );
      return { ...one, detectors };
    });
    expect(new Set(watch(all).found)).toEqual(new Set(['']));
  });
});
