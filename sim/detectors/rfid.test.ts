import { describe, expect, it } from 'vitest';
import type { Engine } from '../core.ts';
import { handmadeEngine, network } from '../testing/corner.ts';
import { DWELL_SECONDS, RfidReaders } from './rfid.ts';
import { stationsOf } from './stations.ts';

const settings = { tagShare: 1, missProbability: 0, rereadSeconds: 1, windowSeconds: 30 };
const STOPLINE = 0;

function readersOf(
  engine: Engine,
  missProbability = 0,
  tagged = new Uint8Array(engine.demand.count).fill(1),
  seed = 1,
) {
  return new RfidReaders(engine, stationsOf(network), tagged, { ...settings, missProbability }, seed);
}

function cross(engine: Engine, vehicles: number[], at: number): void {
  const { crossings } = engine;
  crossings.count = 0;
  for (const vehicle of vehicles) {
    crossings.vehicle[crossings.count] = vehicle;
    crossings.detector[crossings.count] = 0;
    crossings.at[crossings.count++] = at;
  }
}

function stand(engine: Engine, vehicle: number, position: number): void {
  engine.state.segment[vehicle] = 0;
  engine.state.position[vehicle] = position;
  engine.state.speed[vehicle] = 0;
  engine.state.active[0] = vehicle;
  engine.state.activeCount = 1;
}

describe('RFID readers', () => {
  it('count tags, not vehicles', () => {
    const engine = handmadeEngine({ departSeconds: [0, 0, 0] });
    const readers = readersOf(engine, 0, Uint8Array.of(1, 0, 1));
    cross(engine, [2, 1, 0], 0.5);
    readers.tick(1);
    expect(readers.takeWindow(STOPLINE)).toEqual([0, 2]);
    expect(readers.takeWindow(STOPLINE)).toEqual([]);
  });

  it('count a tag that stands at the reader once, over windows too', () => {
    const engine = handmadeEngine({ departSeconds: [0] });
    const readers = readersOf(engine);
    stand(engine, 0, 198);
    for (let second = 1; second <= 40; second++) readers.tick(second);
    expect(readers.takeWindow(STOPLINE)).toEqual([0]);
    for (let second = 41; second <= 120; second++) readers.tick(second);
    engine.state.activeCount = 0;
    cross(engine, [0], 121);
    readers.tick(122);
    expect(readers.takeWindow(STOPLINE)).toEqual([]);
  });

  it('do not read who stands out of reach', () => {
    const engine = handmadeEngine({ departSeconds: [0] });
    const readers = readersOf(engine);
    stand(engine, 0, 194.9);
    for (let second = 1; second <= 10; second++) readers.tick(second);
    expect(readers.takeWindow(STOPLINE)).toEqual([]);
  });

  it('count a tag again that comes back after the dwell time', () => {
    const engine = handmadeEngine({ departSeconds: [0] });
    const readers = readersOf(engine);
    for (const at of [1, 1 + DWELL_SECONDS]) {
      cross(engine, [0], at);
      readers.tick(at);
      expect(readers.takeWindow(STOPLINE)).toEqual([0]);
    }
  });

  it('miss the share of passing tags that they are told to', () => {
    const count = 5000;
    const engine = handmadeEngine({ departSeconds: new Array(count).fill(0) });
    const readers = readersOf(engine, 0.2);
    for (let vehicle = 0; vehicle < count; vehicle++) {
      cross(engine, [vehicle], 1);
      readers.tick(1);
    }
    const share = readers.takeWindow(STOPLINE).length / count;
    // Binomial: 0.8 with a deviation of 0.0057.
    expect(Math.abs(share - 0.8)).toBeLessThan(0.025);
  });

  it('seldom miss a tag that stands long enough to be read again', () => {
    const missed = Array.from({ length: 200 }, (_, seed) => {
      const engine = handmadeEngine({ departSeconds: [0] });
      const readers = readersOf(engine, 0.5, Uint8Array.of(1), seed);
      stand(engine, 0, 200);
      for (let second = 1; second <= 12; second++) readers.tick(second);
      return readers.takeWindow(STOPLINE).length === 0;
    });
    expect(missed.filter(Boolean).length).toBeLessThan(4);
  });

  it('miss the same tags whatever came between', () => {
    const readOf = (order: number[]) => {
      const engine = handmadeEngine({ departSeconds: new Array(100).fill(0) });
      const readers = readersOf(engine, 0.5);
      for (const vehicle of order) {
        cross(engine, [vehicle], 1);
        readers.tick(1);
      }
      return readers.takeWindow(STOPLINE);
    };
    const order = Array.from({ length: 100 }, (_, vehicle) => vehicle);
    const read = readOf(order);
    expect(read.length).toBeGreaterThan(20);
    expect(read.length).toBeLessThan(80);
    expect(readOf(order.reverse())).toEqual(read);
  });
});
