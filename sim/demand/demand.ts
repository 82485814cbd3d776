/**
 * The vehicles of a scenario: when each sets out, what it is, where it goes, which tag it carries. Everything about a
 * vehicle comes from the stream of (seed, movement, number within the movement), so that it is the same whatever the
 * lights, the other flows or the order of the file do.
 */
import type { DemandFlow, Scenario } from '../../scenarios/types.ts';
import type { Demand, Network } from '../core.ts';
import { randomStream } from '../random.ts';
import { arrivalSeconds } from './arrivals.ts';
import { RouteChooser } from './routes.ts';
import { classParameters, drawVehicle, type VehicleDraw } from './vehicles.ts';

export interface ScenarioDemand extends Demand {
  /** By vehicle: 1 where it carries an RFID tag. */
  readonly tagged: Uint8Array;
  /** By vehicle: the tag's EPC, 24 hexadecimal digits; also for those that carry none. */
  readonly epcs: readonly string[];
}

interface Departure extends VehicleDraw {
  readonly entryLane?: number;
  readonly departSeconds: number;
  readonly route: number;
}

/**
 * All vehicles that set out before the end of the scenario, by departure; those of the same moment in the order of the
 * scenario's flows. Throws where a flow's movement leads nowhere in the network.
 */
export function demandFromScenario(scenario: Scenario, network: Network, seed: number): ScenarioDemand {
  const routes = new RouteChooser(scenario, network);
  const keys = new Set<string>();
  const departures = scenario.demand.flatMap((flow) => departuresOf(flow, scenario, routes, seed, keys));
  departures.push(...givenVehicles(scenario, network, routes, seed));
  departures.sort((a, b) => a.departSeconds - b.departSeconds);
  const count = departures.length;
  return {
    count,
    departSeconds: Float64Array.from(departures, (d) => d.departSeconds),
    route: Int32Array.from(departures, (d) => d.route),
    vehicleClass: Uint8Array.from(departures, (d) => d.vehicleClass),
    entryLane: Int32Array.from(departures, (d) => d.entryLane ?? -1),
    dwellFactor: Float64Array.from(departures, (d) => d.dwellFactor),
    speedFactor: Float64Array.from(departures, (d) => d.speedFactor),
    classes: scenario.vehicleClasses.map(classParameters),
    tagged: Uint8Array.from(departures, (d) => (d.tagged ? 1 : 0)),
    epcs: departures.map((d) => d.epc),
  };
}

function departuresOf(
  flow: DemandFlow,
  scenario: Scenario,
  routes: RouteChooser,
  seed: number,
  keys: Set<string>,
): Departure[] {
  const { junction, movement } = flow;
  let key = `${junction}/${movement}`;
  for (let n = 2; keys.has(key); n++) key = `${junction}/${movement}/${n}`;
  keys.add(key);
  const moments = arrivalSeconds(flow, scenario.durationSeconds, randomStream(seed, `arrivals/${key}`));
  return moments.map((departSeconds, n) => {
    const stream = randomStream(seed, `vehicle/${key}/${n}`);
    const draw = drawVehicle(stream, scenario.vehicleClasses, scenario.detection.tagShare);
    return { ...draw, departSeconds, route: routes.choose(junction, movement, stream, flow.route) };
  });
}

/** Vehicles that the file gives one by one; what it does not say of them is drawn. */
function givenVehicles(scenario: Scenario, network: Network, routes: RouteChooser, seed: number): Departure[] {
  return (scenario.vehicles ?? []).map((given, n) => {
    const stream = randomStream(seed, `given/${n}`);
    const draw = drawVehicle(stream, scenario.vehicleClasses, scenario.detection.tagShare);
    const { junction, movement } = given.route[0]!;
    const approach = network.approaches.find(
      (each) => each.name === given.approach && network.junctions[each.junction]!.name === given.junction,
    )!;
    return {
      ...draw,
      vehicleClass: scenario.vehicleClasses.findIndex(({ name }) => name === given.vehicleClass),
      departSeconds: given.atSeconds,
      route: routes.choose(junction, movement, stream, given.route),
      ...(given.lane === undefined ? {} : { entryLane: approach.lanes[given.lane]! }),
    };
  });
}
