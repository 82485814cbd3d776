/** What drivers do beyond following: changing lanes, filtering, serving stops, giving way, other laws; and gridlock. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenarios/load.ts';
import { type ClassParameters, type Demand, type Engine, type Network, NOT_ENTERED } from '../core.ts';
import { demandFromScenario } from '../demand/demand.ts';
import { assembleNetwork } from '../network/assemble.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { permittedLeft } from '../testing/permitted-left.ts';
import { createEngine } from './engine.ts';
import { BodyChecker, car, oneRoute } from './testing.ts';

const GREEN = 1;

interface Street {
  readonly lanes?: string;
  readonly classes: string;
  readonly vehicles: readonly string[];
  readonly approach?: string;
  readonly step?: number;
  readonly change?: (demand: Demand) => Demand;
}

/** One approach from the south with these vehicles, 400 m long; everything else is bare. All drivers want the limit. */
function street({ lanes, classes, vehicles, approach = '', step = 0.5, change = (d) => d }: Street): Engine {
  const text = `version: 1
drivingSide: left
stepSeconds: ${step}
durationSeconds: 300
junctions:
  - name: here
    latitude: 0
    longitude: 0
    approachDefaults: { lengthMetres: 400, speedLimitKilometresPerHour: 50, laneWidthMetres: 3.5 }
    approaches:
      - { name: S, lanes: [${lanes ?? '{ movements: [straight] }, { movements: [straight] }'}]${approach} }
      - { name: N, lanes: [{ movements: [straight] }], exitLanes: 2 }
      - { name: E, lanes: [{ movements: [straight] }], exitLanes: 2 }
      - { name: W, lanes: [{ movements: [straight] }], exitLanes: 2 }
    signalGroups: [{ id: S, movements: [S-straight${lanes?.includes('right') ? ', S-right' : ''}] }]
    signals:
      maxCycleSeconds: 240
      stages:
        - { id: s, groups: [S], greenSeconds: 30 }
        - { id: n, groups: [N-straight], greenSeconds: 30 }
        - { id: ew, groups: [E-straight, W-straight], greenSeconds: 30 }
vehicleClasses:
${classes}
demand:
  vehicles:
${vehicles.map((words) => `    - { approach: S, ${words} }`).join('\n')}
variants:
  - { name: baseline, strategy: fixed-time }
`;
  const { scenario, issues } = parseScenario(text, 'drivers.yaml');
  if (scenario === undefined) throw new Error(issues.map(({ path, message }) => `${path} ${message}`).join('\n'));
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, 1);
  const alike = { ...demand, speedFactor: demand.speedFactor.fill(1) };
  return createEngine(network, change(alike), { stepSeconds: step, seed: 1 });
}

/** Runs on with all lamps green (or red), bodies checked at every tick. */
function run(engine: Engine, seconds: number, lamp = GREEN, eachTick?: () => void): void {
  const bodies = new BodyChecker(engine);
  for (let k = 0; k < Math.round(seconds / engine.stepSeconds); k++) {
    engine.groupLamp.fill(lamp);
    engine.step();
    expect(bodies.check()).toBeNull();
    eachTick?.();
  }
}

const laneOf = (engine: Engine, v: number) => {
  const segment = engine.state.segment[v]!;
  return segment >= 0 && segment < engine.network.laneCount ? engine.network.tables!.laneIndex[segment]! : -1;
};

describe('changing lanes', () => {
  it('overtakes a slow vehicle where the way goes on from both lanes, and saves the time', () => {
    const vehicles = [
      'atSeconds: 1, movement: straight, class: truck, lane: 0',
      'atSeconds: 4, movement: straight, lane: 0',
    ];
    const classes = '  car: { share: 0.5 }\n  truck: { share: 0.5, maxSpeedKilometresPerHour: 20 }';
    const engine = street({ classes, vehicles });
    const lanes = new Set<number>();
    run(engine, 100, GREEN, () => lanes.add(laneOf(engine, 1)));
    expect(lanes).toContain(1);
    expect(engine.state.arrivedAt[1]).toBeLessThan(75);
    expect(engine.state.timeLoss[1]).toBeLessThan(5);
    const single = street({ classes, vehicles, lanes: '{ movements: [right, straight] }' });
    run(single, 200);
    expect(single.state.timeLoss[1]).toBeGreaterThan(15);
  });

  it('stays in its lane when nothing is gained', () => {
    const vehicles = Array.from({ length: 6 }, (_, i) => `atSeconds: ${1 + 6 * i}, movement: straight, lane: 0`);
    const engine = street({ classes: '  car: { share: 1 }', vehicles });
    run(engine, 40, GREEN, () => {
      for (let v = 0; v < 6; v++) expect(laneOf(engine, v)).not.toBe(1);
    });
  });

  it('comes to the lane that its way goes on from, whatever else is there', () => {
    const lanes = '{ movements: [right] }, { movements: [straight] }';
    const own = Array.from({ length: 8 }, (_, i) => `atSeconds: ${3 * i}, movement: right, lane: 1`);
    const others = Array.from({ length: 8 }, (_, i) => `atSeconds: ${3 * i + 1}, movement: straight, lane: 0`);
    const engine = street({ classes: '  car: { share: 1 }', vehicles: [...own, ...others], lanes });
    run(engine, 40, 0);
    run(engine, 140);
    expect(engine.state.activeCount + engine.waitingToEnter()).toBe(0);
  });

  it('never drives on from a lane that does not lead on', () => {
    const lanes = '{ movements: [right] }, { movements: [straight] }';
    // A queue of those who go straight on, packed, leaves no room.
    const queue = Array.from({ length: 70 }, () => 'atSeconds: 0, movement: straight, lane: 1');
    const engine = street({
      classes: '  car: { share: 1 }',
      vehicles: [...queue, 'atSeconds: 150, movement: straight, lane: 0'],
      lanes,
    });
    run(engine, 220, 0);
    expect(engine.state.segment[70]).toBe(engine.network.approaches.find(({ name }) => name === 'S')!.lanes[0]);
    expect(engine.state.speed[70]).toBeLessThan(0.1);
    run(engine, 200);
    expect(engine.state.activeCount + engine.waitingToEnter()).toBe(0);
  });
});

describe('two-wheelers', () => {
  const classes = '  car: { share: 0.5 }\n  two-wheeler: { share: 0.5 }';
  const queue = Array.from({ length: 8 }, (_, i) => `atSeconds: ${3 * i}, movement: straight, lane: 0`);
  const lanes = '{ movements: [right, straight] }';
  const place = (engine: Engine, v: number) => engine.state.position[v]!;

  it('filter past a standing queue to its front', () => {
    const engine = street({
      classes,
      lanes,
      vehicles: [...queue, 'atSeconds: 45, movement: straight, class: two-wheeler'],
    });
    run(engine, 110, 0);
    for (let v = 0; v < 8; v++) expect(place(engine, 8)).toBeGreaterThan(place(engine, v) - 2);
    expect(engine.state.lateral![8]).not.toBeCloseTo(engine.state.lateral![0]!, 1);
  });

  it('do not where they are told not to, or where a bus leaves no room', () => {
    const tame = classes.replace(
      'share: 0.5 }\n  two-wheeler: { share: 0.5 }',
      'share: 0.5 }\n  two-wheeler: { share: 0.5, filtersToFront: false }',
    );
    const bike = 'atSeconds: 45, movement: straight, class: two-wheeler';
    const engine = street({ classes: tame, lanes, vehicles: [...queue, bike] });
    run(engine, 110, 0);
    for (let v = 0; v < 8; v++) expect(place(engine, 8)).toBeLessThan(place(engine, v));
    const withBus = '  bus: { share: 0.5 }\n  two-wheeler: { share: 0.5 }';
    const blocked = street({
      classes: withBus,
      lanes,
      vehicles: ['atSeconds: 0, movement: straight, class: bus', bike],
    });
    run(blocked, 110, 0);
    expect(place(blocked, 1)).toBeLessThan(place(blocked, 0) - 12);
  });

  it('stand abreast, so that a queue of them takes half the room', () => {
    const bikes = Array.from({ length: 20 }, (_, i) => `atSeconds: ${i}, movement: straight, class: two-wheeler`);
    const engine = street({ classes, lanes, vehicles: bikes });
    run(engine, 100, 0);
    const rear = Math.min(...bikes.map((_, v) => place(engine, v)));
    expect(engine.network.length[engine.state.segment[0]!]! - rear).toBeLessThan(0.6 * 20 * 2.9);
  });
});

describe('buses', () => {
  const classes = '  car: { share: 0.5 }\n  bus: { share: 0.5 }';
  const stop = (kind: string) => `, busStops: [{ distanceMetres: 150, kind: ${kind}, dwellSeconds: 20 }]`;
  const vehicles = ['atSeconds: 0, movement: straight, class: bus', 'atSeconds: 8, movement: straight'];
  const lanes = '{ movements: [right, straight] }';

  it.each(['kerb', 'bay'])('stand at a stop (%s) for their dwell time, which is no delay', (kind) => {
    const engine = street({ classes, lanes, approach: stop(kind), vehicles: [vehicles[0]!] });
    let stood = 0;
    run(engine, 100, GREEN, () => {
      if (engine.state.speed[0] === 0 && engine.state.segment[0]! >= 0) stood += 0.5;
    });
    expect(stood).toBeGreaterThanOrEqual(10);
    expect(stood).toBeLessThanOrEqual(32);
    expect(engine.state.arrivedAt[0]).not.toBeNaN();
    expect(engine.state.waiting[0]).toBeLessThan(3);
  });

  it('hold up those behind at the kerb, not from a bay', () => {
    const loss = ['kerb', 'bay'].map((kind) => {
      const engine = street({ classes, lanes, approach: stop(kind), vehicles });
      run(engine, 120);
      return engine.state.timeLoss[1]!;
    });
    expect(loss[0]).toBeGreaterThan(8);
    expect(loss[1]).toBeLessThan(loss[0]! / 2);
  });

  it('cross over to a stop at the kerb and back to where their way goes on', () => {
    const engine = street({
      classes,
      lanes: '{ movements: [straight] }, { movements: [straight] }',
      approach: stop('kerb'),
      vehicles: ['atSeconds: 0, movement: straight, class: bus, lane: 0'],
    });
    const stoodIn = new Set<number>();
    run(engine, 100, GREEN, () => {
      if (engine.state.speed[0] === 0 && laneOf(engine, 0) >= 0) stoodIn.add(laneOf(engine, 0));
    });
    expect([...stoodIn]).toEqual([1]);
    expect(engine.state.arrivedAt[0]).not.toBeNaN();
  });
});

describe('emergency vehicles', () => {
  it.each(['{ movements: [right, straight] }', '{ movements: [right, straight] }, { movements: [straight] }'])(
    'are let through by those ahead: lanes %s',
    (lanes) => {
      const hasTwo = lanes.includes('}, {');
      const cars = Array.from(
        { length: 6 },
        (_, i) => `atSeconds: ${2 * i}, movement: straight, lane: ${hasTwo ? i % 2 : 0}`,
      );
      const vehicles = [...cars, 'atSeconds: 13, movement: straight, class: emergency, lane: 0'];
      const classes =
        '  car: { share: 0.5, maxSpeedKilometresPerHour: 25 }\n  emergency: { share: 0.5, maxSpeedKilometresPerHour: 100 }';
      const arrived = [true, false].map((emergency) => {
        const change = (demand: Demand): Demand => ({
          ...demand,
          classes: demand.classes.map((each) => ({ ...each, emergency: each.emergency === true && emergency })),
        });
        const engine = street({ classes, lanes, vehicles, change });
        run(engine, 160);
        expect(engine.state.activeCount + engine.waitingToEnter()).toBe(0);
        return engine.state.arrivedAt[6]!;
      });
      expect(arrived[0]).toBeLessThan(arrived[1]! - (hasTwo ? 3 : 15));
    },
  );
});

describe('the law of following', () => {
  function discharge(parameters: Partial<ClassParameters>, stepSeconds: number): number {
    const vehicles = Array.from({ length: 30 }, (_, i) => `atSeconds: ${i}, movement: straight`);
    const engine = street({
      classes: '  car: { share: 1 }',
      lanes: '{ movements: [right, straight] }',
      vehicles,
      step: stepSeconds,
      change: (demand) => ({ ...demand, classes: demand.classes.map((each) => ({ ...each, ...parameters })) }),
    });
    run(engine, 90, 0);
    const crossed: number[] = [];
    run(engine, 100, GREEN, () => {
      for (let i = 0; i < engine.crossings.count; i++) crossed.push(engine.crossings.at[i]!);
    });
    expect(engine.state.activeCount).toBe(0);
    return (3600 * 20) / (crossed[24]! - crossed[4]!);
  }
  const own = { fixedHeadway: true, timeHeadway: 1 } as const;

  it.each([
    ['krauss', 'ballistic'],
    ['krauss', 'euler'],
    ['cityflow', 'ballistic'],
    ['cityflow', 'euler'],
    ['idm', 'euler'],
  ] as const)('%s, %s, is its own at every step, and keeps bodies apart', (law, integration) => {
    const flows = [0.1, 0.25, 1].map((step) =>
      discharge({ law, integration, ...(law === 'idm' ? {} : own), imperfection: 0 }, step),
    );
    for (const flow of flows) {
      expect(flow).toBeGreaterThan(1400);
      expect(flow).toBeLessThan(2700);
    }
    if (law === 'idm') for (const flow of flows) expect(Math.abs(flow / 1800 - 1)).toBeLessThan(0.05);
  });

  it('of Krauss discharges less with drivers less perfect, and the same twice', () => {
    const [perfect, usual, again] = [0, 0.5, 0.5].map((imperfection) =>
      discharge({ law: 'krauss', ...own, imperfection }, 0.5),
    );
    expect(usual).toBeLessThan(perfect! * 0.97);
    expect(again).toBe(usual);
  });
});

/** Two lanes in a ring, each the way on from the other. */
function ring(): Network {
  const lane = (i: number) => ({
    name: `lane-${i}`,
    lengthMetres: 30,
    speedLimit: 10,
    path: Float64Array.of(40 * i, 0, 40 * i + 30, 0),
    road: i,
    laneIndex: 0,
    approach: i,
  });
  const link = (i: number) => ({
    name: `link-${i}`,
    lengthMetres: 10,
    speedLimit: 10,
    path: Float64Array.of(40 * i + 30, 0, 40 * i + 40, 0),
    startLane: i,
    endLane: 1 - i,
    group: i,
    junction: i,
    precedence: 3,
  });
  return assembleNetwork({
    lanes: [lane(0), lane(1)],
    links: [link(0), link(1)],
    crosses: [],
    zones: [],
    approaches: [0, 1].map((i) => ({ junction: i, id: `${i}`, name: `${i}`, lanes: [i] })),
    junctions: [0, 1].map((i) => ({ id: `${i}`, name: `${i}`, configuration: null, firstGroup: i, groupCount: 1 })),
    detectors: [],
    routes: [0, 1].map((i) => ({
      name: `round-${i}`,
      lanes: Array.from({ length: 90 }, (_, k) => [(i + k) % 2]),
      entryApproach: i,
    })),
  });
}

describe('gridlock', () => {
  it('is found and counted, and nobody is taken away', () => {
    const demand = oneRoute(
      Array.from({ length: 12 }, () => 0),
      car,
    );
    const engine = createEngine(
      ring(),
      { ...demand, route: Int32Array.from({ length: 40 }, (_, v) => v % 2) },
      { stepSeconds: 0.5, seed: 1 },
    );
    for (let k = 0; k < 480; k++) {
      // Red until both lanes are full to their ends.
      engine.groupLamp.fill(k < 200 ? 0 : GREEN);
      engine.step();
    }
    expect(engine.gridlock).toMatchObject({ episodes: 1 });
    expect(engine.gridlock!.vehicles).toBeGreaterThanOrEqual(4);
    expect(engine.gridlock!.since).toBeGreaterThan(100);
    const outside = [...engine.state.segment].filter((segment) => segment === NOT_ENTERED).length;
    expect(engine.state.activeCount + outside).toBe(12);
  });

  it('is not a queue at a red light', () => {
    const engine = street({
      classes: '  car: { share: 1 }',
      vehicles: Array.from({ length: 60 }, (_, i) => `atSeconds: ${i}, movement: straight`),
    });
    run(engine, 200, 0);
    expect(engine.gridlock).toEqual({ episodes: 0, vehicles: 0, since: Number.NaN });
  });
});

describe('a permitted turn', () => {
  /** Vehicles an hour that turn left across `opposing` vehicles an hour straight on, out of a queue that never ends. */
  function turning(opposing: number): number {
    const { scenario } = parseScenario(permittedLeft(opposing, 1500), 'permitted.yaml');
    const network = networkFromScenario(scenario!);
    const demand = demandFromScenario(scenario!, network, 1);
    const engine = createEngine(network, demand, { stepSeconds: 0.5, seed: 1 });
    const { signalGroups } = network.junctions[0]!.configuration!;
    let turned = 0;
    while (engine.tick < 3000) {
      signalGroups.forEach(({ id }, g) => {
        engine.groupLamp[g] = /^[NS]/.test(id) ? 0 : GREEN;
      });
      engine.step();
      for (let i = 0; i < engine.crossings.count; i++) {
        const route = network.routes[demand.route[engine.crossings.vehicle[i]!]!]!;
        if (engine.crossings.at[i]! > 300 && route.name.includes('W-left')) turned++;
      }
    }
    return 3 * turned;
  }

  it('uses the gaps that there are: about as many as gap acceptance says', () => {
    // The Highway Capacity Manual's v e^(-v tc) / (1 - e^(-v tf)), tc = 4.5 s, tf = 2.5 s, worked out.
    for (const [opposing, expected] of [
      [300, 1096],
      [600, 830],
      [900, 629],
    ] as const) {
      const found = turning(opposing);
      expect(found).toBeGreaterThan(0.6 * expected);
      expect(found).toBeLessThan(1.1 * expected);
    }
  });
});
