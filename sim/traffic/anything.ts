/** Plays a random scenario with everything on and says what went wrong in it. For the properties, in tests and in the benchmark. */
import { ARRIVED, type Engine, NOT_ENTERED } from '../core.ts';
import { demandFromScenario } from '../demand/demand.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { randomStream } from '../random.ts';
import { anyScenario } from '../testing/anything.ts';
import { createEngine } from './engine.ts';
import { BodyChecker, playLocalPlans } from './testing.ts';

/** Share of the scenarios in which the lamps show conflicting greens at random, changing so often, s. */
const CONFLICTING_SHARE = 0.3;
const LAMPS_EVERY_SECONDS = 6;

export interface Played {
  readonly engine: Engine;
  /** Who, where and when; null where all went well. */
  readonly wrong: string | null;
}

/** What is wrong with the books, null where they balance. */
export function imbalance(engine: Engine): string | null {
  const { state, demand } = engine;
  const now = engine.tick * engine.stepSeconds;
  let present = 0;
  let outside = 0;
  for (let v = 0; v < demand.count; v++) {
    const segment = state.segment[v]!;
    if (segment >= 0) present++;
    else if (segment === NOT_ENTERED && demand.departSeconds[v]! <= now) outside++;
    if (Number.isNaN(state.arrivedAt[v]!) === (segment === ARRIVED)) return `arrival of ${v}`;
    if (Number.isNaN(state.enteredAt[v]!) !== (segment === NOT_ENTERED)) return `entry of ${v}`;
  }
  if (present !== state.activeCount) return `${present} present, ${state.activeCount} listed`;
  if (outside !== engine.waitingToEnter()) return `${outside} outside, ${engine.waitingToEnter()} waiting`;
  const listed = new Set(state.active.subarray(0, state.activeCount));
  return listed.size === state.activeCount ? null : 'a vehicle is listed twice';
}

/** Plays scenario number `number`: in three of ten the lamps conflict, else they play the plan. */
export function playAnything(number: number, backwards = false): Played {
  const scenario = anyScenario(number);
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, number);
  const { stepSeconds, durationSeconds } = scenario;
  const engine = createEngine(network, demand, { stepSeconds, seed: number, backwards });
  const bodies = new BodyChecker(engine);
  const stream = randomStream(number, 'lamps');
  const isConflicting = stream() < CONFLICTING_SHARE;
  const every = Math.round(LAMPS_EVERY_SECONDS / stepSeconds);
  for (let k = 0; k < Math.round(durationSeconds / stepSeconds); k++) {
    if (!isConflicting) playLocalPlans(engine, k * stepSeconds);
    else if (k % every === 0) {
      for (let g = 0; g < engine.groupLamp.length; g++) engine.groupLamp[g] = [0, 1, 1, 2][Math.floor(stream() * 4)]!;
    }
    engine.step();
    const wrong = bodies.check() ?? imbalance(engine);
    if (wrong !== null) return { engine, wrong: `scenario ${number} at ${(k + 1) * stepSeconds} s: ${wrong}` };
  }
  return { engine, wrong: null };
}
