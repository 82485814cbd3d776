/** What tests of people share: a world of people and vehicles without devices, and a look for people under vehicles. */
import type { Scenario } from '../../scenarios/types.ts';
import type { Engine } from '../core.ts';
import { demandFromScenario } from '../demand/demand.ts';
import { directionAlong, pointAlong, polylineLength } from '../network/polyline.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { createEngine } from '../traffic/engine.ts';
import { type CrossingNetwork, crossingsOf } from './crossings.ts';
import { Crowd } from './crowd.ts';
import { peopleFromScenario } from './people.ts';

export interface WalkedWorld {
  readonly scenario: Scenario;
  readonly engine: Engine;
  readonly network: CrossingNetwork;
  readonly crowd: Crowd;
  /** One tick; lamps are the caller's. */
  step(): void;
}

/** `backwards`: vehicles are asked in the opposite order, which must change nothing. */
export function walkedWorld(scenario: Scenario, seed: number, backwards = false): WalkedWorld {
  const roads = networkFromScenario(scenario);
  const network = crossingsOf(scenario, roads)!;
  const demand = demandFromScenario(scenario, roads, seed);
  const { stepSeconds } = scenario;
  const engine = createEngine(roads, demand, { stepSeconds, seed, backwards, people: network.stretches });
  const crowd = new Crowd(engine, network, peopleFromScenario(scenario, network.crossings, seed));
  return {
    scenario,
    engine,
    network,
    crowd,
    step() {
      crowd.tick(engine.tick * stepSeconds, stepSeconds);
      engine.step();
    },
  };
}

/** Radius of a person, m. */
const PERSON = 0.25;

/** Looks for people, on a crossing or near one, whom a vehicle's body touches. Call `check` after every tick. */
export class ContactChecker {
  readonly #world: WalkedWorld;
  readonly #trails = new Map<number, number[]>();

  constructor(world: WalkedWorld) {
    this.#world = world;
  }

  /** Who and where, null where all is well. */
  check(): string | null {
    const { engine, crowd } = this.#world;
    const { state, network, demand } = engine;
    const bodies: { v: number; radius: number; points: number[] }[] = [];
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      const segment = state.segment[v]!;
      const trail = this.#trails.get(v) ?? [];
      if (trail[trail.length - 1] !== segment) trail.push(segment);
      this.#trails.set(v, trail);
      const { length, width } = demand.classes[demand.vehicleClass[v]!]!;
      if (segment < network.laneCount && state.position[v]! > length) continue;
      const points: number[] = [];
      const radius = width / 2;
      for (let back = radius; back <= length - radius; back += 0.25) {
        let at = state.position[v]! - back;
        let k = trail.length - 1;
        while (at < 0 && k > 0) at += network.length[trail[--k]!]!;
        const path = network.paths[trail[k]!]!;
        const along = (at * polylineLength(path)) / network.length[trail[k]!]!;
        const [x, y] = pointAlong(path, along);
        const [dx, dy] = directionAlong(path, along);
        const aside = state.lateral?.[v] ?? 0;
        points.push(x - aside * dy, y + aside * dx);
      }
      bodies.push({ v, radius, points });
    }
    let found: string | null = null;
    crowd.positions(engine.tick * engine.stepSeconds, (person, x, y) => {
      for (const { v, radius, points } of bodies) {
        for (let i = 0; i < points.length; i += 2) {
          const dx = points[i]! - x;
          const dy = points[i + 1]! - y;
          if (dx * dx + dy * dy >= (radius + PERSON) * (radius + PERSON)) continue;
          const where = `${network.names[state.segment[v]!]} at ${state.position[v]!.toFixed(2)} m, ${state.speed[v]!.toFixed(2)} m/s`;
          found ??= `tick ${engine.tick}: person ${person}, at ${x.toFixed(2)}, ${y.toFixed(2)}, ${crowd.state.way[person]!.toFixed(2)} m on ${crowd.crossings[crowd.people.crossing[person]!]!.name}, under vehicle ${v}, ${where}`;
        }
      }
    });
    return found;
  }
}
