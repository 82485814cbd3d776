import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../core.ts';
import { readCityFlow } from '../network/cityflow.ts';
import { createEngine } from './engine.ts';
import { programLamps } from './program.ts';

const data = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data');
const microNet = join(data, 'micro', 'C.roadnet.json');
const vehicle = {
  length: 5,
  width: 2,
  maxPosAcc: 2,
  maxNegAcc: 4.5,
  usualPosAcc: 2,
  usualNegAcc: 4.5,
  minGap: 2.5,
  maxSpeed: 11.11,
  headwayTime: 2,
};
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const single = (time: number, to = 'Eo') => ({
  vehicle,
  route: ['Wi', to],
  interval: 1,
  startTime: time,
  endTime: time,
});

/** Net C with everything green; the vectors say what else they set. */
function netC(flows: readonly object[], stepSeconds = 1): Engine {
  const { network, demand } = readCityFlow(json(microNet), flows, { name: 'C', seed: 0, stepSeconds });
  const engine = createEngine(network, demand, { stepSeconds, seed: 0 });
  engine.groupLamp.fill(1);
  return engine;
}
function run(engine: Engine, seconds: number, eachTick?: () => void): void {
  for (let k = 0; k < seconds / engine.stepSeconds; k++) {
    engine.step();
    eachTick?.();
  }
}
function expectNear(values: readonly number[], expected: readonly number[]): void {
  expect(values.map((value) => Math.round(value * 1000) / 1000)).toEqual(expected);
}
const meanTravelTime = ({ state, demand }: Engine) =>
  state.arrivedAt.reduce((sum, at, v) => sum + at - demand.departSeconds[v]!, 0) / demand.count;

describe.skipIf(!existsSync(microNet))("CityFlow's own numbers on net C (needs the shared data)", () => {
  it.each([
    ['Eo', 1, 56],
    ['Eo', 0.5, 56.5],
    ['No', 1, 57],
    ['No', 0.5, 57],
    ['So', 1, 57],
    ['So', 0.5, 56.5],
  ])('free flow to %s at step %d takes %d s', (to, stepSeconds, seconds) => {
    const engine = netC([single(0, to)], stepSeconds);
    run(engine, 100);
    expect(engine.state.arrivedAt[0]).toBe(seconds);
  });

  it('starts from rest', () => {
    const engine = netC([single(0)]);
    const positions: number[] = [];
    run(engine, 7, () => positions.push(engine.state.position[0]!));
    expectNear(positions, [1, 4, 9, 16, 25, 35.555, 46.665]);
  });

  it('stops at red', () => {
    const engine = netC([0, 3, 6].map((time) => single(time)));
    engine.groupLamp.fill(0);
    const speeds: number[] = [];
    run(engine, 60, () => {
      if (engine.tick >= 27 && engine.tick <= 31) speeds.push(engine.state.speed[0]!);
    });
    expectNear([...engine.state.position], [289.233, 281.733, 274.233]);
    expectNear(speeds, [11.11, 7.407, 4.938, 2.469, 0]);
  });

  it.each([
    [1, [1, 5, 7, 10, 12, 15, 17, 20, 22, 25], 107.8],
    [0.5, [1, 4, 6.5, 9, 11.5, 14, 16.5, 19, 21.5, 24], 108],
  ])('discharges a queue of ten at step %d', (stepSeconds, expected, travelTime) => {
    const engine = netC(
      Array.from({ length: 10 }, (_, i) => single(3 * i)),
      stepSeconds,
    );
    engine.groupLamp.fill(0);
    run(engine, 80);
    engine.groupLamp.fill(1);
    const past = new Array<number>(10).fill(Number.NaN);
    const second: number[][] = [];
    run(engine, 220, () => {
      const now = engine.tick * stepSeconds;
      if (now <= 86) second.push([engine.state.position[1]!, engine.state.speed[1]!]);
      for (let v = 0; v < 10; v++) if (Number.isNaN(past[v]) && engine.state.segment[v] !== 0) past[v] = now - 80;
    });
    expect(past).toEqual(expected);
    expect(meanTravelTime(engine)).toBeCloseTo(travelTime, 9);
    if (stepSeconds !== 1) return;
    expectNear(second.flat(), [281.733, 0, 282.483, 1.5, 284.983, 3.5, 289.233, 5, 5.033, 6.6, 12.513, 8.36]);
  });

  it.each([
    [27, 21.1, true],
    [28, 10, false],
  ])('at red from second %d, %d m before the line, stops: %s', (second, away, stops) => {
    const engine = netC([single(0)]);
    run(engine, second);
    expect(290 - engine.state.position[0]!).toBeCloseTo(away, 0);
    engine.groupLamp.fill(0);
    run(engine, 20);
    expect(engine.state.segment[0] === 0).toBe(stops);
  });

  it('inserts one vehicle every three seconds', () => {
    const engine = netC(Array.from({ length: 10 }, () => single(0)));
    run(engine, 200);
    expect([...engine.state.enteredAt].map((at) => at + 1)).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
    expect(meanTravelTime(engine)).toBeCloseTo(69.5, 9);
  });

  it.each([
    [0, 1200],
    [300, 1201],
    [600, 600],
    [900, 0],
  ])('lets lefts through %d opposing vehicles an hour: %d', (opposing, expected) => {
    const flow = (route: string[], interval: number) => ({ vehicle, route, interval, startTime: 0, endTime: -1 });
    const engine = netC([flow(['Wi', 'No'], 2), ...(opposing === 0 ? [] : [flow(['Ei', 'Wo'], 3600 / opposing)])]);
    run(engine, 3600);
    const { state, demand, network } = engine;
    let through = 0;
    for (let v = 0; v < demand.count; v++) {
      if (state.arrivedAt[v]! >= 600 && network.routes[demand.route[v]!]!.name === 'Wi No') through++;
    }
    expect(Math.abs((through * 3600) / 3000 - expected)).toBeLessThanOrEqual(2);
  });
});

describe.skipIf(!existsSync(join(data, 'cityflow')))('the published CityFlow cases (needs the shared data)', () => {
  it.each([
    ['hangzhou-1x1-kn-hz_18041607', 209.13, 747],
    ['hangzhou-1x1-qc-yn_18041607', 217.05, 1133],
    ['hangzhou-1x1-bc-tyc_18041610', 412.412, 1608],
    ['hangzhou-4x4', 525.275, 2508],
    ['jinan-3x4', 444.837, 5256],
  ])('%s has the average travel time of CityFlow, %d s', (name, travelTime, arrivals) => {
    const directory = join(data, 'cityflow', name);
    const { network, demand, programs } = readCityFlow(
      json(join(directory, 'roadnet.json')),
      json(join(directory, 'flow.json')),
      { name, seed: 0 },
    );
    const engine = createEngine(network, demand, { stepSeconds: 1, seed: 0 });
    for (let k = 0; k < 3600; k++) {
      for (const program of programs) programLamps(program, k, engine.groupLamp);
      engine.step();
    }
    let sum = 0;
    let arrived = 0;
    for (let v = 0; v < demand.count; v++) {
      const at = engine.state.arrivedAt[v]!;
      if (!Number.isNaN(at)) arrived++;
      sum += (Number.isNaN(at) ? 3600 : at) - demand.departSeconds[v]!;
    }
    const digits = String(travelTime).split('.')[1]!.length;
    expect((sum / demand.count).toFixed(digits)).toBe(travelTime.toFixed(digits));
    expect(arrived).toBe(arrivals);
  });
});
