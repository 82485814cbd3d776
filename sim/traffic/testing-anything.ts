/** Plays a random scenario with everything on and says what went wrong in it. For the properties, in tests and in the benchmark. */
import type { Scenario } from '../../scenarios/types.ts';
import { ARRIVED, type Engine, NOT_ENTERED } from '../core.ts';
import { demandFromScenario } from '../demand/demand.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { ContactChecker, walkedWorld } from '../pedestrians/testing.ts';
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
  /** Whether the lamps showed conflicting greens at random; else they played the plan. */
  readonly isConflicting: boolean;
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

/** A vehicle that stands on a link of a junction for so long, while no gridlock is reported, is stuck, s. */
const STUCK_SECONDS = 90;

/** Looks for vehicles that stand inside junctions and for which no gridlock is reported. */
class StuckChecker {
  readonly #engine: Engine;
  readonly #standing: Float64Array;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#standing = new Float64Array(engine.demand.count);
  }

  check(): string | null {
    const { state, network, stepSeconds, gridlock } = this.#engine;
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      const isStanding = state.segment[v]! >= network.laneCount && state.speed[v]! <= 0.1;
      this.#standing[v] = isStanding ? this.#standing[v]! + stepSeconds : 0;
      if (this.#standing[v]! > STUCK_SECONDS && (gridlock?.episodes ?? 0) === 0) {
        return `vehicle ${v} stands on ${network.names[state.segment[v]!]} for ${STUCK_SECONDS} s, and no gridlock is reported`;
      }
    }
    return null;
  }
}

/**
 * Plays scenario number `number`: in three of ten the lamps conflict, else they play the plan. Wrong are bodies in one
 * place, vehicles that touch people, books that do not balance, vehicles stuck in a junction without a gridlock that is
 * told, and any gridlock under the plan.
 */
export function playAnything(number: number, backwards = false): Played {
  const scenario = anyScenario(number);
  const { stepSeconds, durationSeconds } = scenario;
  const isWalked = scenario.junctions.some(({ crossings }) => crossings.length > 0);
  const world = isWalked ? walkedWorld(scenario, number, backwards) : drivenWorld(scenario, number, backwards);
  const { engine } = world;
  const checks = [
    new BodyChecker(engine),
    new StuckChecker(engine),
    ...('crowd' in world ? [new ContactChecker(world)] : []),
    { check: () => imbalance(engine) },
  ];
  const stream = randomStream(number, 'lamps');
  const isConflicting = stream() < CONFLICTING_SHARE;
  const every = Math.round(LAMPS_EVERY_SECONDS / stepSeconds);
  for (let k = 0; k < Math.round(durationSeconds / stepSeconds); k++) {
    if (!isConflicting) playLocalPlans(engine, k * stepSeconds);
    else if (k % every === 0) {
      for (let g = 0; g < engine.groupLamp.length; g++) engine.groupLamp[g] = [0, 1, 1, 2][Math.floor(stream() * 4)]!;
    }
    world.step();
    for (const each of checks) {
      const wrong = each.check();
      if (wrong !== null) {
        return { engine, isConflicting, wrong: `scenario ${number} at ${(k + 1) * stepSeconds} s: ${wrong}` };
      }
    }
  }
  const found = engine.gridlock?.episodes ?? 0;
  const wrong = found > 0 && !isConflicting ? `scenario ${number}: gridlock under the plan` : null;
  return { engine, isConflicting, wrong };
}

function drivenWorld(scenario: Scenario, seed: number, backwards: boolean): { engine: Engine; step(): void } {
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, seed);
  const engine = createEngine(network, demand, { stepSeconds: scenario.stepSeconds, seed, backwards });
  return { engine, step: () => engine.step() };
}
