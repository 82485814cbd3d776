import { describe, expect, it } from 'vitest';
import type { Engine } from '../core.ts';
import { handmadeEngine, network } from '../testing/corner.ts';
import { Loops } from './loops.ts';
import { stationsOf } from './stations.ts';

/** Puts vehicle 0 somewhere at the end of a tick, driving evenly. */
function place(engine: Engine, segment: number, position: number, speed: number): void {
  engine.state.segment[0] = segment;
  engine.state.position[0] = position;
  engine.state.speed[0] = speed;
  engine.state.active[0] = 0;
  engine.state.activeCount = 1;
}

function cross(engine: Engine, detector: number, at: number): void {
  const { crossings } = engine;
  crossings.vehicle[crossings.count] = 0;
  crossings.detector[crossings.count] = detector;
  crossings.at[crossings.count++] = at;
}

describe('stations', () => {
  it('are the detectors of one position of an approach', () => {
    expect(stationsOf(network).map(({ id, detectors, laneIds }) => [id, detectors, laneIds])).toEqual([
      ['N:stopline', [0], ['N:stopline:0']],
      ['N:upstream', [1], ['N:upstream:0']],
      ['E:stopline', [2], ['E:stopline:0']],
    ]);
  });
});

describe('stations with more than one reader', () => {
  it('keep them apart', () => {
    const further = { approach: 0, segment: 0, position: 20, kind: 'upstream' } as const;
    const stations = stationsOf({ ...network, detectors: [...network.detectors, further] });
    expect(stations.map(({ id, detectors }) => [id, detectors])).toEqual([
      ['N:stopline', [0]],
      ['N:upstream', [1]],
      ['N:upstream-2', [3]],
      ['E:stopline', [2]],
    ]);
  });
});

describe('loops', () => {
  it('notice who waits at the stop line, without counting', () => {
    const engine = handmadeEngine({ departSeconds: [0] });
    const loops = new Loops(engine);
    place(engine, 0, 199, 0);
    loops.tick();
    loops.closeSecond();
    expect(loops.readings(stationsOf(network))).toEqual({
      'N:stopline': { count: 0, occupancy: 1, presence: true },
      'N:stopline:0': { count: 0, occupancy: 1, presence: true },
      'N:upstream': { count: 0, occupancy: 0, presence: false },
      'E:stopline': { count: 0, occupancy: 0, presence: false },
      'E:stopline:0': { count: 0, occupancy: 0, presence: false },
    });
  });

  it('count whoever crosses, and are left when the rear is past', () => {
    const engine = handmadeEngine({ departSeconds: [0] });
    const loops = new Loops(engine);
    // 10 m/s, on the link: the front is 2 m past the line, then 12; the rear (5 m behind) leaves 3 m into the second tick.
    place(engine, 3, 2, 10);
    cross(engine, 0, 0.8);
    loops.tick();
    loops.closeSecond();
    // The loop begins 6 m before the line: the front came on it 2 m after the tick began.
    expect(loops.readings(stationsOf(network))['N:stopline']).toEqual({ count: 1, occupancy: 0.8, presence: true });
    engine.crossings.count = 0;
    place(engine, 3, 12, 10);
    loops.tick();
    loops.closeSecond();
    expect(loops.readings(stationsOf(network))['N:stopline']).toEqual({ count: 1, occupancy: 0.3, presence: false });
  });

  it('gather a second from several ticks', () => {
    const engine = handmadeEngine({ departSeconds: [0], stepSeconds: 0.25 });
    const loops = new Loops(engine);
    // Upstream loop from 100 m to 102 m, body 5 m: covered while the front is between 100 m and 107 m.
    for (const position of [98, 99, 100, 101]) {
      place(engine, 0, position, 4);
      loops.tick();
    }
    loops.closeSecond();
    expect(loops.readings(stationsOf(network))['N:upstream']).toEqual({ count: 0, occupancy: 0.25, presence: true });
  });
});
