/**
 * Which way a vehicle takes through the network: the movement that its flow names, then on by the turn shares of the
 * approaches it comes to.
 */
import type { Scenario, ScenarioApproach, ScenarioMovement } from '../../scenarios/types.ts';
import type { Network } from '../core.ts';
import { type RouteStep, routeName } from '../network/scenario.ts';
import type { RandomStream } from '../random.ts';

interface Onward {
  readonly junction: string;
  readonly shares: readonly { readonly movement: string; readonly share: number }[];
}

export class RouteChooser {
  /** By `{junction}/{movement}`. */
  readonly #movements = new Map<string, ScenarioMovement>();
  /** What an exit leads to, by `{junction}/{arm}`; nothing where it leaves the network. */
  readonly #onward = new Map<string, Onward>();
  /** By name. */
  readonly #routes: ReadonlyMap<string, number>;

  constructor(scenario: Scenario, network: Network) {
    this.#routes = new Map(network.routes.map((route, index) => [route.name, index]));
    for (const junction of scenario.junctions) {
      for (const movement of junction.movements) this.#movements.set(`${junction.name}/${movement.name}`, movement);
      for (const approach of junction.approaches) {
        if (approach.from === undefined) continue;
        const shares = approach.turnShares ?? evenShares(junction.movements, approach);
        this.#onward.set(`${approach.from.junction}/${approach.from.exit}`, { junction: junction.name, shares });
      }
    }
  }

  /**
   * Index of the route that begins with `movement` at `junction`, or with the steps `given`. Draws only where there is a choice. Throws where the
   * network has no such route.
   */
  choose(junction: string, movement: string, stream: RandomStream, given: readonly RouteStep[] = []): number {
    const steps: RouteStep[] = given.length > 0 ? [...given] : [{ junction, movement }];
    for (;;) {
      const last = steps[steps.length - 1]!;
      const driven = this.#movements.get(`${last.junction}/${last.movement}`);
      const next = driven && this.#onward.get(`${last.junction}/${driven.to}`);
      if (next === undefined) break;
      steps.push({ junction: next.junction, movement: drawMovement(next.shares, stream) });
    }
    const name = routeName(steps);
    const route = this.#routes.get(name);
    if (route === undefined) {
      const known = [...this.#routes.keys()].slice(0, 20).join(', ');
      throw new Error(
        `demand of junction ${junction}, movement ${movement}: no route ${name}. Name a movement that leads on; routes: ${known}.`,
      );
    }
    return route;
  }
}

function evenShares(movements: readonly ScenarioMovement[], approach: ScenarioApproach): Onward['shares'] {
  const own = movements.filter((movement) => movement.from === approach.name);
  return own.map(({ name }) => ({ movement: name, share: 1 / own.length }));
}

/** A rounding in the shares' sum goes to the last movement that has any. */
function drawMovement(shares: Onward['shares'], stream: RandomStream): string {
  const usable = shares.filter(({ share }) => share > 0);
  const last = usable[usable.length - 1]!;
  if (usable.length === 1) return last.movement;
  let rest = stream();
  for (const { movement, share } of usable) {
    if (rest < share) return movement;
    rest -= share;
  }
  return last.movement;
}
