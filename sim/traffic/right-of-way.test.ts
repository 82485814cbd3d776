import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenarios/load.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { ARRIVED, type Engine } from '../core.ts';
import { demandFromScenario } from '../demand/demand.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { unsignalisedScenario } from '../testing/unsignalised.ts';
import { createEngine } from './engine.ts';
import { BodyChecker, playLocalPlans } from './testing.ts';
import { imbalance } from './testing-anything.ts';

function engineOf(scenario: Scenario, seed = 1, backwards = false): Engine {
  const network = networkFromScenario(scenario);
  const { stepSeconds } = scenario;
  return createEngine(network, demandFromScenario(scenario, network, seed), { stepSeconds, seed, backwards });
}

/** Vehicles by `{approach}-{turn}`, at these seconds, at a junction of single lanes. */
type Played = Pick<Engine, 'state'> & { readonly begun: Int32Array };

function scenarioOf(
  rightOfWay: string,
  vehicles: readonly (readonly [string, number])[],
  durationSeconds: number,
): Scenario {
  const given = vehicles.map(([movement, at]) => {
    const [approach, turn] = movement.split('-');
    return `    - { atSeconds: ${at}, approach: ${approach}, movement: ${turn}, class: car }`;
  });
  const arm = (name: string) => `      - { name: ${name}, lanes: [{ movements: [left, straight, right] }] }`;
  const text = `
version: 1
drivingSide: right
durationSeconds: ${durationSeconds}
stepSeconds: 0.2
junctions:
  - name: J
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 200, exitLanes: 1 }
    approaches:
${['N', 'E', 'S', 'W'].map(arm).join('\n')}
    rightOfWay: ${rightOfWay}
demand:
  vehicles:
${given.join('\n')}
variants: [{ name: baseline, strategy: fixed-time }]
`;
  const { scenario, issues } = parseScenario(text, 'j.yaml');
  if (scenario === undefined) throw new Error(JSON.stringify(issues));
  return scenario;
}

function junction(rightOfWay: string, vehicles: readonly (readonly [string, number])[], durationSeconds = 120): Played {
  const engine = engineOf(scenarioOf(rightOfWay, vehicles, durationSeconds));
  /** By vehicle: the tick in which it was first in the junction. */
  const begun = new Int32Array(engine.demand.count).fill(-1);
  while (engine.tick * 0.2 < durationSeconds) {
    engine.step();
    engine.state.segment.forEach((segment, v) => {
      if (segment >= engine.network.laneCount && begun[v] === -1) begun[v] = engine.tick;
    });
  }
  return { state: engine.state, begun };
}

const order = ({ begun }: Played): number[] => Array.from(begun, (_, v) => v).sort((a, b) => begun[a]! - begun[b]!);

describe('a junction without signals', () => {
  it('has no lamps, and ranks everybody by a major approach before all others', () => {
    const { tables, names, laneCount, linkGroup, junctions } = networkFromScenario(
      scenarioOf('{ rule: yield, major: [E, W] }', [['N-left', 0]], 60),
    );
    expect(junctions[0]!.configuration).toBeNull();
    const ranks = (approach: string) =>
      names.flatMap((name, s) => (s >= laneCount && name.startsWith(`J/${approach}-`) ? [tables!.precedence[s]!] : []));
    expect(Math.min(...ranks('E'), ...ranks('W'))).toBeGreaterThan(Math.max(...ranks('N'), ...ranks('S')));
    expect([...linkGroup].every((group) => group === -1)).toBe(true);
  });

  it('yield: who comes by a minor approach lets the major go and does not halt where nobody comes', () => {
    const rule = '{ rule: yield, major: [E, W] }';
    const alone = junction(rule, [['N-straight', 0]]);
    expect(alone.state.stops[0]).toBe(0);
    // both would be there at once
    const two = junction(rule, [
      ['N-straight', 0],
      ['E-straight', 0],
    ]);
    expect(order(two)).toEqual([1, 0]);
    expect(two.state.timeLoss[1]).toBeLessThan(0.5);
    expect(two.state.timeLoss[0]).toBeGreaterThan(1);
  });

  it('yield: a stream on the major road is crossed in its gaps, not before', () => {
    const stream = [0, 3, 6, 9, 12].map((at) => ['E-straight', at] as const);
    const rule = '{ rule: yield, major: [E, W] }';
    const major = [...stream, ['E-straight', 30] as const];
    const engine = junction(rule, [['S-straight', 0], ...major]);
    // after the five, in the gap before the last
    expect(order(engine).indexOf(0)).toBe(5);
    // nobody of the major road is held up
    const among = junction(rule, [['W-straight', 0], ...major]);
    for (let v = 1; v < 7; v++) expect(engine.state.timeLoss[v]! - among.state.timeLoss[v]!).toBeLessThan(1);
  });

  it('yield: of the major road, who turns across gives way to those who come against him', () => {
    const engine = junction('{ rule: yield, major: [E, W] }', [
      ['E-left', 0],
      ['W-straight', 0],
    ]);
    expect(order(engine)).toEqual([1, 0]);
  });

  it('stop: everybody by a minor approach halts, even where nobody comes; by the major nobody does', () => {
    const rule = '{ rule: stop, major: [E, W] }';
    expect(junction(rule, [['N-straight', 0]]).state.stops[0]).toBe(1);
    expect(junction(rule, [['W-straight', 0]]).state.stops[0]).toBe(0);
    const queue = junction(
      rule,
      [0, 2, 4].map((at) => ['S-right', at] as const),
    );
    for (let v = 0; v < 3; v++) expect(queue.state.stops[v]).toBeGreaterThanOrEqual(1);
  });

  it('all-way-stop: everybody halts, and goes in the order of halting', () => {
    const engine = junction('{ rule: all-way-stop }', [
      ['N-straight', 0],
      ['E-straight', 1],
      ['S-straight', 2],
      ['W-straight', 3],
    ]);
    for (let v = 0; v < 4; v++) expect(engine.state.stops[v]).toBeGreaterThanOrEqual(1);
    // those opposite each other may go together
    const { begun } = engine;
    expect(begun[0]).toBeLessThan(begun[1]!);
    expect(begun[1]).toBeLessThan(begun[3]!);
  });

  it('discharges a minor approach through a busy road as the capacity formula of HCM 6 has it', () => {
    // equations 20-32 and table 20-11: right turn onto two lanes, critical gap 6.2 s, follow-up 3.3 s
    const conflicting = 600;
    const potential =
      (conflicting * Math.exp((-conflicting * 6.2) / 3600)) / (1 - Math.exp((-conflicting * 3.3) / 3600));
    const text = `
version: 1
drivingSide: right
durationSeconds: 5400
stepSeconds: 0.5
junctions:
  - name: J
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 300, exitLanes: 1 }
    approaches:
      - { name: S, lanes: [{ movements: [right] }] }
      - { name: E, lanes: [{ movements: [straight] }] }
      - { name: W, lanes: [{ movements: [straight] }] }
    rightOfWay: { rule: stop, major: [E, W] }
demand:
  arrivals: poisson
  flows:
    - { approach: W, movement: straight, vehiclesPerHour: ${conflicting} }
    - { approach: S, movement: right, vehiclesPerHour: 1200 }
variants: [{ name: baseline, strategy: fixed-time }]
`;
    const { scenario } = parseScenario(text, 'capacity.yaml');
    const engine = engineOf(scenario!);
    while (engine.tick * 0.5 < 5400) engine.step();
    const { demand, network, state } = engine;
    let through = 0;
    for (let v = 0; v < demand.count; v++) {
      const isMinor = network.routes[demand.route[v]!]!.name === 'J/S-right';
      if (isMinor && state.segment[v] === ARRIVED && state.arrivedAt[v]! > 1800) through++;
    }
    expect(Math.abs(through / potential - 1)).toBeLessThan(0.25);
  });

  it('never lets bodies meet, loses nobody and does not lock, in random networks with everything on', () => {
    for (let number = 1; number <= 8; number++) {
      const scenario = unsignalisedScenario(number);
      const engine = engineOf(scenario, number);
      const bodies = new BodyChecker(engine);
      while (engine.tick * scenario.stepSeconds < scenario.durationSeconds) {
        playLocalPlans(engine, engine.tick * scenario.stepSeconds);
        engine.step();
        expect(bodies.check() ?? imbalance(engine), `scenario ${number}`).toBeNull();
      }
      expect(engine.gridlock?.episodes ?? 0, `scenario ${number}`).toBe(0);
    }
  });

  it('moves everybody the same whatever the order in which vehicles are asked', () => {
    for (const number of [3, 8]) {
      const scenario = unsignalisedScenario(number);
      const [one, other] = [false, true].map((backwards) => engineOf(scenario, number, backwards));
      while (one!.tick * scenario.stepSeconds < scenario.durationSeconds)
        for (const engine of [one!, other!]) {
          playLocalPlans(engine, engine.tick * scenario.stepSeconds);
          engine.step();
        }
      expect(other!.state.position).toEqual(one!.state.position);
    }
  });
});
