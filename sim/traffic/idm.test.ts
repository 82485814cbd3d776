import { describe, expect, it } from 'vitest';
import type { Engine } from '../core.ts';
import { headwayForSaturationFlow } from './calibration.ts';
import { measureDischarge } from './discharge.ts';
import { createEngine } from './engine.ts';
import { car, oneRoute, straightRoad } from './testing.ts';

const RED = 0;
const GREEN = 1;
const AMBER = 2;

function run(engine: Engine, seconds: number, eachTick?: () => void): void {
  const ticks = Math.round(seconds / engine.stepSeconds);
  for (let k = 0; k < ticks; k++) {
    engine.step();
    eachTick?.();
  }
}

/** A car alone on the road, driven until its front is `away` metres or less before the stop line at 200 m. */
function driveUpTo(away: number): Engine {
  const engine = createEngine(straightRoad([200, 200]), oneRoute([0]), { stepSeconds: 0.1, seed: 1 });
  engine.groupLamp[0] = GREEN;
  while (200 - engine.state.position[0]! > away) engine.step();
  return engine;
}

describe('free flow', () => {
  it.each([0.1, 0.3, 0.5, 1])('costs no time at a step of %d s, whenever a vehicle sets out', (stepSeconds) => {
    const engine = createEngine(straightRoad([300, 200]), oneRoute([0.37, 40.9]), { stepSeconds, seed: 1 });
    engine.groupLamp[0] = GREEN;
    run(engine, 120);
    for (const [v, depart] of [0.37, 40.9].entries()) {
      expect(engine.state.enteredAt[v]).toBeCloseTo(depart, 9);
      expect(engine.state.arrivedAt[v]! - depart).toBeCloseTo(520 / 13.89, 6);
      expect(engine.state.timeLoss[v]).toBeCloseTo(0, 6);
      expect(engine.state.stops[v]).toBe(0);
      expect(engine.state.waiting[v]).toBe(0);
    }
  });

  it('is left for a slower link at comfortable deceleration, and taken up again', () => {
    const engine = createEngine(straightRoad([300, 300], 13.89, 6), oneRoute([0]), { stepSeconds: 0.25, seed: 1 });
    engine.groupLamp[0] = GREEN;
    let hardest = 0;
    let atLink = 0;
    run(engine, 60, () => {
      if (engine.state.segment[0]! < 0) return;
      hardest = Math.min(hardest, engine.state.acceleration[0]!);
      if (engine.state.segment[0] === 2) atLink = Math.max(atLink, engine.state.speed[0]!);
    });
    expect(hardest).toBeGreaterThanOrEqual(-car.deceleration - 1e-9);
    expect(hardest).toBeLessThan(-2);
    expect(atLink).toBeLessThanOrEqual(6 + 1e-9);
    expect(atLink).toBeGreaterThan(5.5);
  });
});

describe('the stop line', () => {
  it('is stopped at 1 m before it on red, evenly and once', () => {
    const engine = createEngine(straightRoad([200, 200]), oneRoute([0]), { stepSeconds: 0.5, seed: 1 });
    let hardest = 0;
    run(engine, 60, () => {
      hardest = Math.min(hardest, engine.state.acceleration[0]!);
    });
    expect(engine.state.position[0]).toBeCloseTo(199, 1);
    expect(engine.state.speed[0]).toBe(0);
    expect(engine.state.stops[0]).toBe(1);
    expect(hardest).toBeGreaterThan(-car.deceleration - 0.01);
  });

  it('is passed on amber by one who cannot stop without harsh braking, and by no other', () => {
    const threshold = (13.89 * 13.89) / (2 * 3.05);
    for (const [away, passes] of [
      [threshold - 3, true],
      [threshold + 3, false],
    ] as const) {
      const engine = driveUpTo(away);
      engine.groupLamp[0] = AMBER;
      run(engine, 15);
      expect(engine.state.segment[0] !== 0).toBe(passes);
    }
  });

  it('is passed on red only by one who cannot stop at all', () => {
    const threshold = (13.89 * 13.89) / (2 * 9);
    for (const [away, passes] of [
      [threshold - 2, true],
      [threshold + 2, false],
    ] as const) {
      const engine = driveUpTo(away);
      engine.groupLamp[0] = RED;
      run(engine, 15);
      expect(engine.state.segment[0] !== 0).toBe(passes);
    }
  });

  it('is crossed after the reaction time once green returns', () => {
    const engine = createEngine(straightRoad([200, 200]), oneRoute([0]), { stepSeconds: 0.1, seed: 1 });
    run(engine, 40);
    engine.groupLamp[0] = GREEN;
    run(engine, 0.7);
    expect(engine.state.speed[0]).toBe(0);
    run(engine, 0.3);
    expect(engine.state.speed[0]).toBeGreaterThan(0.2);
  });
});

describe('a queue', () => {
  it.each([9, 11.11, 13.89, 16.67])('discharges at the saturation flow asked for, at %d m/s', (limit) => {
    const timeHeadway = headwayForSaturationFlow(car, limit, 1900);
    const { saturationFlowPerHour } = measureDischarge({ ...car, timeHeadway }, limit);
    expect(Math.abs(saturationFlowPerHour / 1900 - 1)).toBeLessThan(0.001);
  });

  it.each([
    [1600, 9, 0.1],
    [1600, 16.67, 1],
    [1800, 11.11, 0.5],
    [1900, 16.67, 0.25],
  ])(
    'of %d/h at %d m/s and a step of %d s loses 2 s to starting, and then keeps one headway',
    (flow, limit, stepSeconds) => {
      const network = { ...straightRoad([400, 400], limit), saturationFlowPerHour: flow };
      const departs = Array.from({ length: 30 }, (_, i) => 2.5 * i);
      const engine = createEngine(network, oneRoute(departs), { stepSeconds, seed: 1 });
      run(engine, 150);
      engine.groupLamp[0] = GREEN;
      const crossed: number[] = [];
      run(engine, 90, () => {
        for (let i = 0; i < engine.crossings.count; i++) crossed.push(engine.crossings.at[i]! - 150);
      });
      const headway = (crossed[19]! - crossed[3]!) / 16;
      expect(Math.abs((3600 / headway - flow) / flow)).toBeLessThan(0.01);
      expect(Math.abs(crossed[3]! - 4 * headway - 2)).toBeLessThan(0.2);
      for (let i = 6; i < 30; i++) expect(Math.abs(crossed[i]! - crossed[i - 1]! - headway)).toBeLessThan(0.06);
    },
  );

  it('refuses a saturation flow that no headway gives, saying which can be had', () => {
    expect(() => headwayForSaturationFlow(car, 13.89, 4000)).toThrow(/4000 vehicles an hour.*from \d+ to \d+ can/);
  });

  it('discharges alike at every step, through the engine', () => {
    const flows = [0.1, 0.2, 0.25, 0.5, 1].map((stepSeconds) => {
      const network = { ...straightRoad([400, 400]), saturationFlowPerHour: 1900 };
      const engine = createEngine(network, oneRoute(Array.from({ length: 30 }, (_, i) => 2.5 * i)), {
        stepSeconds,
        seed: 1,
      });
      run(engine, 150);
      engine.groupLamp[0] = GREEN;
      const crossed: number[] = [];
      run(engine, 90, () => {
        for (let i = 0; i < engine.crossings.count; i++) crossed.push(engine.crossings.at[i]!);
      });
      expect(crossed).toHaveLength(30);
      return (3600 * 20) / (crossed[23]! - crossed[3]!);
    });
    for (const flow of flows) expect(Math.abs(flow / 1900 - 1)).toBeLessThan(0.01);
    expect(Math.max(...flows) / Math.min(...flows)).toBeLessThan(1.01);
  });

  it('waits outside when the lane is full, loses nobody and keeps the order', () => {
    const departs = Array.from({ length: 60 }, (_, i) => 0.5 * i);
    const engine = createEngine(straightRoad([100, 100]), oneRoute(departs), { stepSeconds: 0.5, seed: 1 });
    run(engine, 60);
    expect(engine.state.activeCount + engine.waitingToEnter()).toBe(60);
    expect(engine.state.activeCount).toBeGreaterThanOrEqual(14);
    expect(engine.state.activeCount).toBeLessThanOrEqual(16);
    engine.groupLamp[0] = GREEN;
    run(engine, 200);
    expect(engine.waitingToEnter()).toBe(0);
    for (let v = 1; v < 60; v++) {
      expect(engine.state.enteredAt[v]).toBeGreaterThan(engine.state.enteredAt[v - 1]!);
      expect(engine.state.arrivedAt[v]).toBeGreaterThan(engine.state.arrivedAt[v - 1]!);
    }
  });

  it('stays out of the junction when there is no room beyond it', () => {
    const engine = createEngine(straightRoad([300, 60, 100]), oneRoute(Array.from({ length: 30 }, (_, i) => 3 * i)), {
      stepSeconds: 0.5,
      seed: 1,
    });
    const [first, second] = [3, 4];
    expect(engine.network.linkStart[first]).toBe(0);
    expect(engine.network.linkStart[second]).toBe(1);
    engine.groupLamp[0] = GREEN;
    let beyond = 0;
    run(engine, 150, () => {
      beyond = 0;
      for (let v = 0; v < 30; v++) {
        if (engine.state.segment[v] === first) expect(engine.state.speed[v]).toBeGreaterThan(0);
        if (engine.state.segment[v] === 1) beyond++;
      }
    });
    expect(beyond).toBeGreaterThanOrEqual(8);
    expect(beyond).toBeLessThanOrEqual(9);
    engine.groupLamp[1] = GREEN;
    run(engine, 200);
    expect(engine.state.activeCount + engine.waitingToEnter()).toBe(0);
  });
});

describe('the engine', () => {
  it('refuses what does not fit, saying what is allowed', () => {
    const network = straightRoad([100, 100]);
    const demand = oneRoute([0, 1]);
    const make =
      (changes: object, stepSeconds = 1) =>
      () =>
        createEngine(network, { ...demand, ...changes }, { stepSeconds, seed: 1 });
    expect(make({}, 0)).toThrow(/stepSeconds is 0; more than 0/);
    expect(make({ route: Int32Array.of(0, 7) })).toThrow(/Vehicle 1 has route 7/);
    expect(make({ entryLane: Int32Array.of(1, -1) })).toThrow(/Vehicle 0 enters by lane 1/);
    expect(make({ departSeconds: Float64Array.of(2, 1) })).toThrow(/order of departure/);
    expect(make({ classes: [{ ...car, emissionClass: 'PC_X' }] })).toThrow(/PC_X.*PC_G_EU4/);
    expect(() => createEngine({ ...network, tables: undefined }, demand, { stepSeconds: 1, seed: 1 })).toThrow(
      /tables/,
    );
  });

  it('notes when the front of a vehicle passes a detector', () => {
    const engine = createEngine(straightRoad([139, 200]), oneRoute([0.5]), { stepSeconds: 1, seed: 1 });
    engine.groupLamp[0] = GREEN;
    const seen: number[][] = [];
    run(engine, 30, () => {
      for (let i = 0; i < engine.crossings.count; i++) {
        seen.push([engine.crossings.vehicle[i]!, engine.crossings.detector[i]!, engine.crossings.at[i]!]);
      }
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]!.slice(0, 2)).toEqual([0, 0]);
    expect(seen[0]![2]).toBeCloseTo(0.5 + 139 / 13.89, 6);
  });
});
