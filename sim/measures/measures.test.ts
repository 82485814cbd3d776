import { describe, expect, it } from 'vitest';
import { ARRIVED, type Engine, NOT_ENTERED } from '../core.ts';
import { StateDigest } from '../digest.ts';
import { handmadeEngine } from '../testing/corner.ts';
import { Measures } from './measures.ts';
import { mean, quantile } from './quantile.ts';

/** Two approaches with one lane each (segments 0 and 1), an exit (2), links 3 and 4. */
function world(departSeconds: number[], entryLane: number[]): Engine {
  return handmadeEngine({ departSeconds, entryLane });
}

function drive(
  engine: Engine,
  vehicle: number,
  values: {
    segment?: number;
    speed?: number;
    enteredAt?: number;
    arrivedAt?: number;
    timeLoss?: number;
    waiting?: number;
    stops?: number;
    fuel?: number;
    co2?: number;
  },
) {
  const { state } = engine;
  const active = new Set(state.active.subarray(0, state.activeCount));
  if (values.segment !== undefined) {
    state.segment[vehicle] = values.segment;
    active.add(vehicle);
  }
  if (values.speed !== undefined) state.speed[vehicle] = values.speed;
  if (values.enteredAt !== undefined) state.enteredAt[vehicle] = values.enteredAt;
  if (values.arrivedAt !== undefined) {
    state.arrivedAt[vehicle] = values.arrivedAt;
    if (state.segment[vehicle] !== ARRIVED) state.arrivals[state.arrivalCount++] = vehicle;
    state.segment[vehicle] = ARRIVED;
    active.delete(vehicle);
  }
  state.active.set([...active]);
  state.activeCount = active.size;
  if (values.timeLoss !== undefined) state.timeLoss[vehicle] = values.timeLoss;
  if (values.waiting !== undefined) state.waiting[vehicle] = values.waiting;
  if (values.stops !== undefined) state.stops[vehicle] = values.stops;
  if (values.fuel !== undefined) state.fuelMillilitres[vehicle] = values.fuel;
  if (values.co2 !== undefined) state.co2Grams[vehicle] = values.co2;
}

describe('quantiles', () => {
  it('are linear between the nearest ranks', () => {
    const values = Float64Array.from([10, 20, 30, 40]);
    expect(quantile(values, 0)).toBe(10);
    expect(quantile(values, 0.5)).toBe(25);
    expect(quantile(values, 0.95)).toBeCloseTo(38.5, 12);
    expect(quantile(values, 1)).toBe(40);
    expect(quantile(Float64Array.of(7), 0.99)).toBe(7);
    expect(mean(values)).toBe(25);
  });

  it('are not a number where there are no values', () => {
    expect(quantile(new Float64Array(0), 0.5)).toBeNaN();
  });
});

describe('measures', () => {
  it('count delay of every vehicle due: gone, on its way, and never in', () => {
    const engine = world([0, 10, 20, 100], [0, 0, 1, 1]);
    drive(engine, 0, { segment: 0, enteredAt: 2, speed: 5, timeLoss: 3 });
    const measures = new Measures(engine, 0);
    measures.observe(15);
    expect(engine.state.segment[1]).toBe(NOT_ENTERED);
    expect(measures.counters()).toMatchObject({
      demanded: 2,
      arrived: 0,
      running: 1,
      queued: 1,
      delaySeconds: (5 + 5) / 2,
    });
    drive(engine, 0, { arrivedAt: 50, timeLoss: 8, waiting: 4, stops: 1, fuel: 100, co2: 230 });
    drive(engine, 1, { segment: 0, enteredAt: 40, speed: 0, timeLoss: 6, waiting: 2, stops: 2, fuel: 50, co2: 115 });
    measures.observe(60);
    const result = measures.result();
    expect(result.vehicles).toEqual({ demanded: 3, inserted: 2, arrived: 1, running: 1, waiting: 1 });
    // Vehicle 0 waited 2 s to enter and lost 8 s, vehicle 1 30 + 6, vehicle 2 stands outside since second 20.
    expect(result.delaySeconds).toEqual({ mean: 28.666667, median: 36, p95: 39.6, p99: 39.92, max: 40 });
    expect(result.travelTimeSeconds).toEqual({
      arrivedMean: 48,
      arrivedMedian: 48,
      arrivedP95: 48,
      allMean: 46.666667,
    });
    expect(result.waitingSeconds).toEqual({ mean: 3, p95: 3.9, max: 4 });
    expect(result.stopsPerVehicle).toBe(1.5);
    expect(result.throughputPerHour).toBe(60);
    expect(result.fuelLitres).toBe(0.15);
    expect(result.co2Kilograms).toBe(0.345);
    expect(result.approaches).toEqual({
      N: {
        demanded: 2,
        arrived: 1,
        delaySeconds: { mean: 23, p95: 34.7, max: 36 },
        waitingSeconds: { mean: 3, max: 4 },
        stopsPerVehicle: 1.5,
        levelOfService: 'C',
        queueMax: 1,
      },
      E: {
        demanded: 1,
        arrived: 0,
        delaySeconds: { mean: 40, p95: 40, max: 40 },
        waitingSeconds: { mean: 0, max: 0 },
        stopsPerVehicle: 0,
        levelOfService: 'D',
        queueMax: 1,
      },
    });
    expect(measures.counters()).toEqual({
      demanded: 3,
      arrived: 1,
      running: 1,
      queued: 2,
      delaySeconds: result.delaySeconds.mean,
      stopsPerVehicle: 1.5,
      fuelLitres: 0.15,
      co2Kilograms: 0.345,
      approachQueues: [1, 1],
    });
  });

  it('leave out who was due before the end of the warm-up, and still see them stand', () => {
    const engine = world([0, 5, 30, 40], [0, 0, 0, 1]);
    const measures = new Measures(engine, 30);
    drive(engine, 0, { segment: 0, enteredAt: 0, speed: 0, timeLoss: 20 });
    drive(engine, 1, { segment: 0, enteredAt: 5, speed: 0, timeLoss: 9 });
    measures.observe(30);
    expect(measures.counters()).toMatchObject({ demanded: 2, delaySeconds: 14.5, running: 2, approachQueues: [2, 0] });
    drive(engine, 0, { arrivedAt: 45, timeLoss: 30, stops: 3 });
    drive(engine, 2, { segment: 0, enteredAt: 31, speed: 0.1, timeLoss: 10, stops: 1 });
    drive(engine, 3, { segment: 1, enteredAt: 40, speed: 9, timeLoss: 2 });
    measures.observe(60);
    const result = measures.result();
    expect(result.vehicles).toEqual({ demanded: 2, inserted: 2, arrived: 0, running: 2, waiting: 0 });
    expect(result.delaySeconds.mean).toBe(6.5);
    expect(result.throughputPerHour).toBe(120);
    expect(result.approaches.N).toMatchObject({ demanded: 1, queueMax: 2 });
    expect(measures.counters()).toMatchObject({
      demanded: 2,
      arrived: 0,
      delaySeconds: 6.5,
      running: 3,
      queued: 2,
      stopsPerVehicle: 0.5,
    });
  });

  it('leave out what was not computed', () => {
    const engine = handmadeEngine({ departSeconds: [50], entryLane: [0], emissionClass: '' });
    const measures = new Measures(engine, 0);
    measures.observe(10);
    const result = measures.result();
    expect(result.vehicles.demanded).toBe(0);
    for (const name of ['fuelLitres', 'co2Kilograms', 'stopsPerVehicle']) expect(result).not.toHaveProperty(name);
    expect(result.delaySeconds).toEqual({});
    expect(result.travelTimeSeconds).toEqual({});
    expect(result.approaches).toEqual({});
  });

  it('survive JSON unchanged', () => {
    const engine = world([0, 1, 2], [0, 1, 0]);
    drive(engine, 0, { arrivedAt: 10 / 3, enteredAt: 1 / 3, timeLoss: 1 / 7 });
    const measures = new Measures(engine, 0);
    measures.observe(7);
    expect(JSON.parse(JSON.stringify(measures.result()))).toStrictEqual(measures.result());
    expect(JSON.parse(JSON.stringify(measures.counters()))).toStrictEqual(measures.counters());
  });

  it('change the digest with any vehicle', () => {
    const digestOf = (position: number) => {
      const engine = world([0, 1], [0, 1]);
      drive(engine, 0, { segment: 0, enteredAt: 0, speed: 1 });
      engine.state.position[0] = position;
      const measures = new Measures(engine, 0);
      measures.observe(5);
      return new StateDigest().hex((digest) => measures.write(digest));
    };
    expect(digestOf(3)).toBe(digestOf(3));
    expect(digestOf(3)).not.toBe(digestOf(3.0000000000000004));
  });
});
