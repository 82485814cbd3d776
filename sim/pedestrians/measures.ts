/**
 * Delay of people on crossings: from coming to the kerb to being over, less the time that the way takes at the person's
 * own speed; up to now for those not over. Over all who came after the warm-up.
 */
import { mean, quantile } from '../measures/quantile.ts';
import { CROSSING, type Crowd, DONE, WAITING } from './crowd.ts';

export interface PedestrianDelays {
  /** Came to the kerb, are over, are on the crossing, wait at the kerb. */
  demanded: number;
  crossed: number;
  crossing: number;
  waiting: number;
  /** Absent where nobody came. */
  delaySeconds: { mean?: number; p95?: number; max?: number };
}

export interface PedestrianMeasures extends PedestrianDelays {
  /** By arm; with several junctions `{junction}/{arm}`. */
  crossings: Record<string, PedestrianDelays>;
}

export interface PedestrianCounters {
  waiting: number;
  crossing: number;
  /** Mean delay of all who came so far, seconds. */
  delaySeconds: number;
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

/** Delay of a person up to `nowSeconds`, s. */
export function delayOf(crowd: Crowd, person: number, nowSeconds: number): number {
  const { phase, way, finishedAt } = crowd.state;
  const until = phase[person] === DONE ? finishedAt[person]! : nowSeconds;
  const lost = until - crowd.people.arriveSeconds[person]! - way[person]! / crowd.people.speed[person]!;
  return lost > 0 ? lost : 0;
}

/** At `nowSeconds`, the end of the last tick. */
export function pedestrianMeasures(crowd: Crowd, warmUpSeconds: number, nowSeconds: number): PedestrianMeasures {
  const all: number[] = [];
  for (let person = 0; person < crowd.due; person++)
    if (crowd.people.arriveSeconds[person]! >= warmUpSeconds) all.push(person);
  const crossings: Record<string, PedestrianDelays> = {};
  crowd.crossings.forEach(({ name }, c) => {
    const own = all.filter((person) => crowd.people.crossing[person] === c);
    if (own.length > 0) crossings[name] = delaysOf(crowd, own, nowSeconds);
  });
  return { ...delaysOf(crowd, all, nowSeconds), crossings };
}

function delaysOf(crowd: Crowd, people: readonly number[], nowSeconds: number): PedestrianDelays {
  const { phase } = crowd.state;
  const inPhase = (wanted: number) => people.filter((person) => phase[person] === wanted).length;
  const delays = Float64Array.from(people, (person) => delayOf(crowd, person, nowSeconds));
  const sorted = delays.slice().sort();
  return {
    demanded: people.length,
    crossed: inPhase(DONE),
    crossing: inPhase(CROSSING),
    waiting: inPhase(WAITING),
    delaySeconds:
      people.length === 0
        ? {}
        : { mean: rounded(mean(delays)), p95: rounded(quantile(sorted, 0.95)), max: rounded(quantile(sorted, 1)) },
  };
}

/** Keeps the sum of the delays of those who are over, so that a frame need not look at all who ever came. */
export class PedestrianTotals {
  readonly #crowd: Crowd;
  readonly #warmUpSeconds: number;
  readonly #present = new Set<number>();
  #due = 0;
  #isWarm = false;
  #gone = 0;
  #goneDelay = 0;

  constructor(crowd: Crowd, warmUpSeconds: number) {
    this.#crowd = crowd;
    this.#warmUpSeconds = warmUpSeconds;
  }

  /** Until the warm-up's end over all so far, then over the measured ones. */
  counters(nowSeconds: number): PedestrianCounters {
    const crowd = this.#crowd;
    const { arriveSeconds } = crowd.people;
    if (!this.#isWarm && nowSeconds > this.#warmUpSeconds) {
      this.#isWarm = true;
      this.#gone = 0;
      this.#goneDelay = 0;
    }
    const from = this.#isWarm ? this.#warmUpSeconds : 0;
    while (this.#due < crowd.due) {
      if (arriveSeconds[this.#due]! >= from) this.#present.add(this.#due);
      this.#due++;
    }
    let waiting = 0;
    let crossing = 0;
    let delay = 0;
    for (const person of this.#present) {
      const phase = crowd.state.phase[person]!;
      const own = delayOf(crowd, person, nowSeconds);
      if (arriveSeconds[person]! < from) this.#present.delete(person);
      else if (phase === DONE) {
        this.#present.delete(person);
        this.#gone++;
        this.#goneDelay += own;
      } else {
        delay += own;
        if (phase === WAITING) waiting++;
        else crossing++;
      }
    }
    const people = this.#gone + this.#present.size;
    return { waiting, crossing, delaySeconds: people === 0 ? 0 : rounded((this.#goneDelay + delay) / people) };
  }
}
