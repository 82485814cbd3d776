import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenarios/load.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { openStreet, type Street } from '../street.ts';
import { pair } from '../testing/crossroads.ts';
import { levelOfService } from './level-of-service.ts';

/** Two arms with a lane each that go straight, and a third that never comes. */
function through(vehiclesPerHour: number, saturation: number, extra = ''): Scenario {
  const text = `
version: 1
drivingSide: right
durationSeconds: 1800
saturationFlowPerHourPerLane: ${saturation}
junctions:
  - name: through
    latitude: 50
    longitude: 10
    approachDefaults: { lengthMetres: 400 }
    approaches:
      - { name: N, lanes: [{ movements: [straight] }] }
      - { name: S, lanes: [{ movements: [straight] }] }
      - { name: E, lanes: [{ movements: [straight] }] }
      - { name: W, lanes: [{ movements: [straight] }] }
    signals:
      yellowSeconds: 3
      allRedSeconds: 2
      stages:
        - { id: ns, groups: [N-straight, S-straight], greenSeconds: 35 }
        - { id: ew, groups: [E-straight, W-straight], greenSeconds: 45 }
${extra}
demand:
  flows:
    - { approach: N, movement: straight, vehiclesPerHour: ${vehiclesPerHour} }
    - { approach: E, movement: straight, vehiclesPerHour: 30 }
variants:
  - { name: baseline, strategy: fixed-time }
`;
  const { scenario, issues } = parseScenario(text, 'through.yaml');
  if (scenario === undefined) throw new Error(JSON.stringify(issues));
  return scenario;
}

function played(scenario: Scenario, seed = 1): Street {
  const variant = { name: 'baseline', strategy: 'fixed-time' };
  const street = openStreet({ kind: 'scenario', scenario }, { seed, variant, prefix: 'flextraff-sim/test/baseline' });
  while (street.tick * street.stepSeconds < scenario.durationSeconds) street.step();
  return street;
}

describe('level of service', () => {
  it('has the bounds of HCM 6', () => {
    expect([0, 10, 10.1, 20, 35, 55, 80, 80.1, 500].map((delay) => levelOfService(delay)).join('')).toBe('AABBCDEFF');
  });
});

describe('what a surveyor would find at the stop line', () => {
  it('is the saturation flow that the scenario asks for and a start-up lost time of about two seconds', () => {
    const { approaches } = played(through(1500, 1800)).result();
    expect(approaches.N!.saturationFlowPerHourPerLane).toBeGreaterThan(1740);
    expect(approaches.N!.saturationFlowPerHourPerLane).toBeLessThan(1860);
    expect(approaches.N!.startUpLostSeconds).toBeGreaterThan(1.2);
    expect(approaches.N!.startUpLostSeconds).toBeLessThan(2.8);
  });

  it('follows the saturation flow of the scenario', () => {
    const flow = (saturation: number) =>
      played(through(1500, saturation)).result().approaches.N!.saturationFlowPerHourPerLane!;
    expect(flow(1500)).toBeLessThan(1560);
    expect(flow(2000)).toBeGreaterThan(1900);
  });

  it('is absent where no queue of six was served', () => {
    const { approaches } = played(through(1500, 1800)).result();
    expect(approaches.E).not.toHaveProperty('saturationFlowPerHourPerLane');
    expect(approaches.E).not.toHaveProperty('startUpLostSeconds');
  });
});

describe('exhaust', () => {
  it('of Euro 6 diesels is that of the sensitivity', () => {
    const diesel = '\nvehicleClasses: { car: { share: 1, emissionClass: PC_D_EU6 } }';
    const { noxGrams, sensitivity, co2Kilograms, fuelLitres } = played(through(600, 1800, diesel)).result();
    expect(sensitivity).toMatchObject({ emissionClass: 'PC_D_EU6', noxGrams });
    // The engine sums up in finer steps.
    expect(sensitivity!.co2Kilograms / co2Kilograms!).toBeCloseTo(1, 1.7);
    expect(sensitivity!.fuelLitres / fuelLitres!).toBeCloseTo(1, 1.7);
  });

  it('of petrol cars is another, and idling counts', () => {
    const { noxGrams, sensitivity, co2Kilograms } = played(through(600, 1800)).result();
    expect(noxGrams!).toBeLessThan(sensitivity!.noxGrams);
    expect(sensitivity!.co2Kilograms).toBeLessThan(0.9 * co2Kilograms!);
  });
});

describe('parts of a network', () => {
  it('sum up: movements to approaches, with a level of service at a single junction', () => {
    const { approaches, movements, vehicles, junctions } = played(through(600, 1800)).result();
    expect(Object.keys(movements!)).toEqual(['E-straight', 'N-straight']);
    const { queueMax, saturationFlowPerHourPerLane, startUpLostSeconds, ...north } = approaches.N!;
    expect(movements!['N-straight']).toEqual(north);
    expect(movements!['N-straight']!.demanded + movements!['E-straight']!.demanded).toBe(vehicles.demanded);
    expect(movements!['N-straight']!.levelOfService).toBe(levelOfService(approaches.N!.delaySeconds.mean));
    expect(junctions).toBeUndefined();
  });

  it('cost what their vehicles lose in all', () => {
    const result = played(pair).result();
    const { junctions, vehicles, delaySeconds } = result;
    expect(Object.keys(junctions!)).toEqual(['First', 'Second']);
    const lost = Object.values(junctions!).reduce((sum, { vehicles: n, delaySeconds: d }) => sum + n * d.mean, 0);
    expect(lost / (vehicles.demanded * delaySeconds.mean!)).toBeGreaterThan(0.97);
    expect(lost / (vehicles.demanded * delaySeconds.mean!)).toBeLessThan(1.001);
    expect(Object.values(result.approaches)[0]).not.toHaveProperty('levelOfService');
  });
});

describe('trips', () => {
  it('are a line per vehicle that was due, and agree with the result', () => {
    const street = played(through(600, 1800));
    const trips = [...street.trips()];
    const { vehicles, delaySeconds, noxGrams } = street.result();
    expect(trips).toHaveLength(vehicles.demanded);
    expect(trips.filter((trip) => trip.arrivedSeconds !== undefined)).toHaveLength(vehicles.arrived);
    const mean = trips.reduce((sum, trip) => sum + trip.delaySeconds, 0) / trips.length;
    expect(mean).toBeCloseTo(delaySeconds.mean!, 4);
    expect(trips.reduce((sum, trip) => sum + (trip.noxGrams ?? 0), 0)).toBeCloseTo(noxGrams!, 3);
    expect(trips.every((trip) => trip.enteredSeconds === undefined || trip.enteredSeconds >= trip.departSeconds)).toBe(
      true,
    );
  });
});
