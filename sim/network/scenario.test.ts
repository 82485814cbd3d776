import cos from '@stdlib/math-base-special-cos';
import sin from '@stdlib/math-base-special-sin';
import { describe, expect, it } from 'vitest';
import type { Scenario, ScenarioJunction } from '../../scenarios/types.ts';
import { demandFromScenario } from '../demand/demand.ts';
import { crossroads } from '../testing/crossroads.ts';
import { createEngine } from '../traffic/engine.ts';
import { BodyChecker, playLocalPlans } from '../traffic/testing.ts';
import { networkFromScenario, possibleRoutes, routeName, turningSpeed } from './scenario.ts';

const APART = 424;

/** A second crossroads to the east; the road between them is the first's exit E and the second's approach W, and back. */
function twoCrossroads(): Scenario {
  const first = crossroads.junctions[0]!;
  const moved = JSON.parse(JSON.stringify(first), (_, value) =>
    value !== null && typeof value === 'object' && 'x' in value ? { x: value.x + APART, y: value.y } : value,
  ) as ScenarioJunction;
  const second: ScenarioJunction = { ...moved, id: 'second', name: 'Second' };
  const join = (junction: ScenarioJunction, arm: string, other: ScenarioJunction, exit: string): ScenarioJunction => ({
    ...junction,
    approaches: junction.approaches.map((approach) =>
      approach.name === arm
        ? {
            ...approach,
            from: { junction: other.name, exit },
            turnShares: [
              { movement: `${arm}-straight`, share: 0.7 },
              { movement: `${arm}-right`, share: 0.3 },
            ],
            lanes: approach.lanes.map((lane) => ({
              ...lane,
              path: [other.approaches.find(({ name }) => name === exit)!.exitLanes[0]!.path[0]!, lane.path[1]!],
            })),
          }
        : approach,
    ),
  });
  const junctions = [join(first, 'E', second, 'W'), join(second, 'W', first, 'E')];
  const entering = new Set(['E', 'W']);
  return {
    ...crossroads,
    junctions,
    demand: junctions.flatMap(({ name }, j) =>
      crossroads.demand
        .filter(({ approach }) => !entering.has(approach) || approach === (j === 0 ? 'W' : 'E'))
        .map((flow) => ({ ...flow, junction: name })),
    ),
  };
}

describe('the network of a scenario', () => {
  const network = networkFromScenario(crossroads);

  it('has the lanes of the approaches in their order, then those of the exits', () => {
    expect(network.laneCount).toBe(8);
    expect(network.approaches.map(({ name, lanes }) => [name, [...lanes]])).toEqual([
      ['N', [0]],
      ['S', [1]],
      ['E', [2]],
      ['W', [3]],
    ]);
    expect([...network.approachOf.slice(0, 8)]).toEqual([0, 1, 2, 3, -1, -1, -1, -1]);
    expect(network.names.slice(0, 5)).toEqual([
      'Crossroads/N-0',
      'Crossroads/S-0',
      'Crossroads/E-0',
      'Crossroads/W-0',
      'Crossroads/N-exit-0',
    ]);
    expect(network.length[0]).toBeCloseTo(200, 9);
  });

  it('has a link for every connection, under the group of its movement', () => {
    expect(network.linkCount).toBe(8);
    const straight = network.names.indexOf('Crossroads/E-straight-0-0');
    expect(network.linkStart[straight]).toBe(2);
    expect(network.names[network.linkEnd[straight]!]).toBe('Crossroads/W-exit-0');
    expect(network.linkGroup[straight]).toBe(2);
    expect(network.length[straight]).toBeCloseTo(24, 9);
    expect(network.firstLink[2]).toBeLessThanOrEqual(straight);
    expect(network.lastLink[2]).toBeGreaterThan(straight);
  });

  it('has one detector a lane and reader, the stop-line ones just before the line', () => {
    expect(network.detectors.slice(0, 2)).toEqual([
      { approach: 0, segment: 0, position: 199.5, kind: 'stopline' },
      { approach: 0, segment: 0, position: 150, kind: 'upstream' },
    ]);
    expect(network.detectors).toHaveLength(8);
  });

  it('knows where paths cross, merge and part', () => {
    const { zoneFirst, zoneFoe, zoneKind, zoneStart, zoneEnd } = network.tables!;
    const north = network.names.indexOf('Crossroads/N-straight-0-0');
    const zones = [];
    for (let z = zoneFirst[north]!; z < zoneFirst[north + 1]!; z++) {
      zones.push([network.names[zoneFoe[z]!], zoneKind[z]]);
      expect(zoneStart[z]!).toBeLessThan(zoneEnd[z]!);
    }
    expect(zones).toEqual([
      ['Crossroads/N-right-0-0', 2],
      ['Crossroads/E-straight-0-0', 0],
      ['Crossroads/W-straight-0-0', 0],
      ['Crossroads/W-right-0-0', 1],
    ]);
  });

  it('limits turns by their radius and leaves straight links alone', () => {
    const arc = (radius: number) =>
      Float64Array.from({ length: 42 }, (_, i) => {
        const angle = (Math.PI / 2) * (Math.floor(i / 2) / 20);
        return radius * (i % 2 === 0 ? sin(angle) : 1 - cos(angle));
      });
    expect(turningSpeed(arc(8))).toBeCloseTo(Math.sqrt(5.5 * 8), 1);
    expect(turningSpeed(Float64Array.of(0, 0, 20, 0))).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses a reader beyond the start of its lane', () => {
    const junction = crossroads.junctions[0]!;
    const approaches = junction.approaches.map((approach) => ({
      ...approach,
      rfid: [{ position: 'upstream' as const, distanceMetres: 250 }],
    }));
    expect(() => networkFromScenario({ ...crossroads, junctions: [{ ...junction, approaches }] })).toThrow(
      /Approach N: a reader lies 250 m before the stop line, but the lane is 200 m long/,
    );
  });
});

describe('two junctions', () => {
  const scenario = twoCrossroads();
  const network = networkFromScenario(scenario);

  it('share the road between them', () => {
    expect(network.laneCount).toBe(14);
    const eastbound = network.names.indexOf('Second/W-0');
    const link = network.names.indexOf('Crossroads/W-straight-0-0');
    expect(network.linkEnd[link]).toBe(eastbound);
    expect(network.approachOf[eastbound]).toBe(network.approaches.findIndex(({ lanes }) => lanes[0] === eastbound));
    expect(network.length[eastbound]).toBeCloseTo(APART - 24, 6);
  });

  it('are gone through in every way there is', () => {
    const names = possibleRoutes(scenario).map(routeName);
    expect(names).toContain('Crossroads/W-straight Second/W-straight');
    expect(names).toContain('Crossroads/W-straight Second/W-right');
    expect(names).toContain('Crossroads/N-straight');
    expect(names).not.toContain('Crossroads/E-straight');
    expect(new Set(names).size).toBe(names.length);
    expect(network.routes.map(({ name }) => name)).toEqual(names);
  });

  it('carry traffic from end to end', () => {
    const demand = demandFromScenario(scenario, network, 5);
    const engine = createEngine(network, demand, { stepSeconds: 0.25, seed: 5 });
    const bodies = new BodyChecker(engine);
    for (let k = 0; k < 4 * 900; k++) {
      playLocalPlans(engine, k / 4);
      engine.step();
      expect(bodies.check()).toBeNull();
    }
    expect(engine.state.activeCount + engine.waitingToEnter()).toBe(0);
    const through = network.routes.findIndex(({ name }) => name === 'Crossroads/W-straight Second/W-straight');
    expect(demand.route.filter((route) => route === through).length).toBeGreaterThan(5);
  });

  it('whose vehicles could drive in circles are refused', () => {
    const junctions = scenario.junctions.map((junction) => ({
      ...junction,
      movements: junction.movements.map((movement) =>
        movement.from === 'E' && junction.name === 'Crossroads' && movement.name === 'E-right'
          ? { ...movement, to: 'E' }
          : movement.from === 'W' && junction.name === 'Second' && movement.name === 'W-right'
            ? { ...movement, to: 'W' }
            : movement,
      ),
    }));
    expect(() => possibleRoutes({ ...scenario, junctions })).toThrow(
      /more than 20000 routes or one through more than 100/,
    );
  });
});
