/**
 * Saturation flow and start-up lost time as a surveyor takes them at a stop line (HCM 6, chapter 31): of each queue that
 * stands when its green begins, the times at which its vehicles cross the line. From the fifth on they follow at the
 * saturation headway; what the first four took longer is the start-up lost time. Queues of fewer than six, and the part of
 * a queue that the green does not serve, are left out.
 */
import type { Engine } from '../core.ts';
import { STANDING_METRES_PER_SECOND } from './measures.ts';

const GREEN = 1;
const FIRST_SATURATED = 4;
const SHORTEST_QUEUE = 6;
/** A queue has no gaps longer than this between fronts, m: a bus and room. */
const LONGEST_GAP = 20;

export interface ObservedDischarge {
  /** Vehicles an hour and lane, of the classes that came. */
  saturationFlowPerHourPerLane: number;
  startUpLostSeconds: number;
  /** Queues that were taken. */
  queues: number;
}

/** A stop-line lane whose links all obey one signal group, and the queue that is being served there. */
interface Lane {
  readonly segment: number;
  readonly approach: number;
  readonly group: number;
  /** Vehicles of the queue still to cross, and the seconds after the start of green at which the others did. */
  left: number;
  since: number;
  readonly times: number[];
}

interface Sum {
  headways: number;
  seconds: number;
  /** Of the fourth vehicle. */
  fourth: number;
  queues: number;
}

export class DischargeObserver {
  readonly #engine: Engine;
  readonly #lanes: readonly Lane[];
  /** By detector: index into `#lanes`, -1 for others. */
  readonly #laneOf: Int32Array;
  readonly #lamp: Uint8Array;
  readonly #sums: readonly Sum[];
  readonly #warmUpSeconds: number;

  constructor(engine: Engine, warmUpSeconds: number) {
    const { network } = engine;
    this.#engine = engine;
    this.#warmUpSeconds = warmUpSeconds;
    this.#lanes = network.approaches.flatMap(({ lanes }, approach) =>
      lanes.flatMap((segment): Lane[] => {
        const groups = new Set(network.linkGroup.subarray(network.firstLink[segment], network.lastLink[segment]));
        const [group = -1] = groups;
        return groups.size === 1 && group >= 0 ? [{ segment, approach, group, left: 0, since: 0, times: [] }] : [];
      }),
    );
    this.#laneOf = Int32Array.from(network.detectors, ({ segment, kind }) =>
      kind === 'stopline' ? this.#lanes.findIndex((lane) => lane.segment === segment) : -1,
    );
    this.#lamp = new Uint8Array(this.#lanes.length);
    this.#sums = network.approaches.map(() => ({ headways: 0, seconds: 0, fourth: 0, queues: 0 }));
  }

  /** After each tick, which began at `begin`; lamps were set before it. */
  tick(begin: number): void {
    const { crossings, groupLamp } = this.#engine;
    for (let i = 0; i < this.#lanes.length; i++) {
      const lane = this.#lanes[i]!;
      const lamp = groupLamp[lane.group]!;
      if (lamp === this.#lamp[i]) continue;
      if (lamp === GREEN) {
        lane.left = begin >= this.#warmUpSeconds ? this.#queueOn(lane.segment) : 0;
        lane.since = begin;
        lane.times.length = 0;
      } else if (this.#lamp[i] === GREEN) this.#take(lane);
      this.#lamp[i] = lamp;
    }
    for (let i = 0; i < crossings.count; i++) {
      const lane = this.#lanes[this.#laneOf[crossings.detector[i]!]!];
      if (lane === undefined || lane.left === 0) continue;
      lane.times.push(crossings.at[i]! - lane.since);
      if (--lane.left === 0) this.#take(lane);
    }
  }

  /** Vehicles that stand one behind the other before the line. */
  #queueOn(segment: number): number {
    const { state, network } = this.#engine;
    const fronts: number[] = [];
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      if (state.segment[v] === segment && state.speed[v]! <= STANDING_METRES_PER_SECOND)
        fronts.push(network.length[segment]! - state.position[v]!);
    }
    fronts.sort((a, b) => a - b);
    let count = 0;
    let before = 0;
    for (const front of fronts) {
      if (front - before > LONGEST_GAP) break;
      before = front;
      count++;
    }
    return count;
  }

  #take(lane: Lane): void {
    lane.left = 0;
    const { times } = lane;
    if (times.length >= SHORTEST_QUEUE) {
      const sum = this.#sums[lane.approach]!;
      sum.headways += times.length - FIRST_SATURATED;
      sum.seconds += times[times.length - 1]! - times[FIRST_SATURATED - 1]!;
      sum.fourth += times[FIRST_SATURATED - 1]!;
      sum.queues++;
    }
    times.length = 0;
  }

  /** Of an approach; null where no queue was long enough. */
  result(approach: number): ObservedDischarge | null {
    const { headways, seconds, fourth, queues } = this.#sums[approach]!;
    if (queues === 0) return null;
    const headway = seconds / headways;
    return {
      saturationFlowPerHourPerLane: Math.round(3600 / headway),
      startUpLostSeconds: Math.round((fourth / queues - FIRST_SATURATED * headway) * 100) / 100 + 0,
      queues,
    };
  }
}
