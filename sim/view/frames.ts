/** What moves, as the page gets it every simulated second. */
import atan2 from '@stdlib/math-base-special-atan2';
import type { Engine } from '../core.ts';
import type { Measures } from '../measures/measures.ts';
import type { Crowd } from '../pedestrians/crowd.ts';
import { classIndex } from './drawing.ts';
import { Poses } from './poses.ts';

export class VehicleFrames {
  readonly #engine: Engine;
  readonly #measures: Measures;
  readonly #poses: Poses;
  readonly #classOf: Int32Array;

  constructor(engine: Engine, measures: Measures) {
    const { demand, network } = engine;
    this.#engine = engine;
    this.#measures = measures;
    this.#poses = new Poses(network, demand.route, (v) => demand.classes[demand.vehicleClass[v]!]!.length);
    this.#classOf = Int32Array.from(demand.classes, (parameters) => classIndex(parameters.name));
  }

  /** Six integers a vehicle in the network, as `Frame.vehicles` says, in the order of departure. */
  vehicles(): number[] {
    const { state, demand } = this.#engine;
    const poses = this.#poses;
    const { open, openCount } = this.#measures;
    const numbers: number[] = [];
    for (let i = 0; i < openCount; i++) {
      const v = open[i]!;
      const segment = state.segment[v]!;
      if (segment < 0) continue;
      poses.locate(v, segment, state.position[v]!, state.lateral === undefined ? 0 : state.lateral[v]!);
      numbers.push(
        v,
        this.#classOf[demand.vehicleClass[v]!]!,
        Math.round(poses.x * 10) + 0,
        Math.round(poses.y * 10) + 0,
        poses.headingDegrees,
        Math.round(state.speed[v]! * 10) + 0,
      );
    }
    return numbers;
  }
}

const DEGREES_PER_RADIAN = 57.295779513082323;

/** Six integers a person on or near a crossing, as `Frame.people` says. */
export function peopleOf(crowd: Crowd, nowSeconds: number): number[] {
  const numbers: number[] = [];
  crowd.positions(nowSeconds, (person, x, y, headingX, headingY, speed) => {
    numbers.push(
      person,
      crowd.people.rides[person]!,
      Math.round(x * 10) + 0,
      Math.round(y * 10) + 0,
      (Math.round(atan2(headingX, headingY) * DEGREES_PER_RADIAN) + 360) % 360,
      Math.round(speed * 10) + 0,
    );
  });
  return numbers;
}
