import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../scenarios/types.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { crossroads, pair } from '../testing/crossroads.ts';
import { demandFromScenario, type ScenarioDemand } from './demand.ts';

const demandOf = (scenario: Scenario, seed: number) =>
  demandFromScenario(scenario, networkFromScenario(scenario), seed);

/** What can be told of each vehicle, by EPC. */
function vehiclesOf(demand: ScenarioDemand) {
  return new Map(
    demand.epcs.map((epc, v) => [
      epc,
      [demand.departSeconds[v], demand.route[v], demand.vehicleClass[v], demand.speedFactor[v], demand.tagged[v]],
    ]),
  );
}

describe('the demand of a scenario', () => {
  const network = networkFromScenario(crossroads);

  it('is the same for the same seed, to the last bit', () => {
    expect(demandOf(crossroads, 1)).toStrictEqual(demandOf(crossroads, 1));
  });

  it('is another for another seed', () => {
    const shared = [...vehiclesOf(demandOf(crossroads, 1)).keys()].filter((epc) =>
      vehiclesOf(demandOf(crossroads, 2)).has(epc),
    );
    expect(shared).toEqual([]);
  });

  it('comes in the order of departure, within the duration', () => {
    const { departSeconds, count } = demandOf(crossroads, 1);
    expect(count).toBeGreaterThan(220);
    expect(count).toBeLessThan(390);
    for (let v = 1; v < count; v++) expect(departSeconds[v]).toBeGreaterThanOrEqual(departSeconds[v - 1]!);
    expect(departSeconds[count - 1]).toBeLessThan(600);
  });

  it('takes each vehicle from the approach that its flow names', () => {
    const one = demandOf({ ...crossroads, demand: crossroads.demand.filter((flow) => flow.movement === 'E-right') }, 1);
    expect(one.count).toBeGreaterThan(5);
    for (const route of one.route) {
      expect(network.approaches[network.routes[route]!.entryApproach]!.name).toBe('E');
      expect(network.routes[route]!.name).toContain('E-right');
    }
  });

  it('keeps the vehicles of a flow when others come, go or change places', () => {
    const all = vehiclesOf(demandOf(crossroads, 1));
    const some = vehiclesOf(demandOf({ ...crossroads, demand: [...crossroads.demand].reverse().slice(3) }, 1));
    expect(some.size).toBeGreaterThan(100);
    for (const [epc, vehicle] of some) expect(all.get(epc)).toEqual(vehicle);
  });

  it('gives classes and tags by their shares', () => {
    const large = {
      ...crossroads,
      demand: crossroads.demand.map((flow) => ({ ...flow, vehicles: flow.vehicles.map((n) => 20 * n) })),
    };
    const { count, vehicleClass, tagged, speedFactor, classes } = demandOf(large, 3);
    expect(count).toBeGreaterThan(5000);
    const buses = vehicleClass.reduce((sum, c) => sum + (classes[c]!.name === 'bus' ? 1 : 0), 0);
    expect(Math.abs(buses / count - 0.1)).toBeLessThan(0.015);
    expect(Math.abs(tagged.reduce((a, b) => a + b, 0) / count - 0.8)).toBeLessThan(0.02);
    expect(Math.abs(speedFactor.reduce((a, b) => a + b, 0) / count - 1)).toBeLessThan(0.01);
    for (const factor of speedFactor) {
      expect(factor).toBeGreaterThanOrEqual(0.75);
      expect(factor).toBeLessThanOrEqual(1.25);
    }
  });

  it('gives every vehicle an EPC of its own', () => {
    const { epcs, count } = demandOf(crossroads, 1);
    expect(new Set(epcs).size).toBe(count);
    for (const epc of epcs) expect(epc).toMatch(/^(30|E2)[0-9A-F]{22}$/);
    expect(new Set(epcs.map((epc) => epc.slice(0, 2)))).toEqual(new Set(['30', 'E2']));
  });

  it('leaves everything but the tag as it is when the tag share changes', () => {
    const withFewer = demandOf({ ...crossroads, detection: { ...crossroads.detection, tagShare: 0.2 } }, 1);
    const before = demandOf(crossroads, 1);
    expect({ ...withFewer, tagged: null }).toStrictEqual({ ...before, tagged: null });
    expect(withFewer.tagged).not.toEqual(before.tagged);
  });

  it('refuses a movement that leads nowhere', () => {
    const flow = { ...crossroads.demand[0]!, movement: 'N-up' };
    expect(() => demandOf({ ...crossroads, demand: [flow] }, 1)).toThrow(/N-up/);
  });

  it('goes on at the next junction by the turn shares', () => {
    const flow = {
      ...pair.demand.find((f) => f.junction === 'First' && f.movement === 'W-straight')!,
      vehicles: [1000, 1000],
    };
    const demand = demandOf({ ...pair, demand: [flow] }, 1);
    const routes = networkFromScenario(pair).routes;
    const names = [...demand.route].map((route) => routes[route]!.name);
    expect(new Set(names)).toEqual(new Set(['First/W-straight Second/W-straight', 'First/W-straight Second/W-right']));
    const straight = names.filter((name) => name.endsWith('Second/W-straight')).length;
    expect(Math.abs(straight / names.length - 0.7)).toBeLessThan(0.04);
  });
});
