/**
 * CityFlow's driving as WebAssembly (`cityflow-core.as`): lays the arrays of a world in a memory of its own, where the
 * core and everybody else see the same numbers. Compiled code that has no types to learn is at full speed in the first
 * second of a run, which JavaScript of this kind reaches after half an hour of it.
 */
import { CORE } from './cityflow-core.ts';
import { queueDue } from './entry.ts';
import { crossingTime } from './kinematics.ts';
import { CompiledCore, copyOf, type Numbers } from './wasm-memory.ts';
import { type ClassTables, noteCrossing, type World } from './world.ts';

/** What the core calls an array, and whose it is. */
const OF_WORLD = {
  ACTIVE_SEGMENTS: 'activeSegments',
  FIRST: 'first',
  LAST: 'last',
  STANDING: 'standing',
  GROUP_LAMP: 'groupLamp',
  BEHIND: 'behind',
  AHEAD: 'ahead',
  NEXT_SEGMENT: 'nextSegment',
  PREVIOUS_SEGMENT: 'previousSegment',
  CURSOR: 'cursor',
  LINK_TICK: 'linkTick',
  BLOCKER: 'blocker',
  NEXT_BLOCKER: 'nextBlocker',
  MOVERS: 'movers',
  TARGET: 'target',
  TARGET_CURSOR: 'targetCursor',
  NEXT_POSITION: 'nextPosition',
  NEXT_SPEED: 'nextSpeed',
  ARRIVAL_TIME: 'arrivalTime',
  QUEUE_FIRST: 'queueFirst',
  QUEUE_LAST: 'queueLast',
  QUEUE_NEXT: 'queueNext',
  QUEUE_LENGTH: 'queueLength',
  ON_SEGMENT: 'onSegment',
} as const;
const OF_STATE = {
  SEGMENT: 'segment',
  POSITION: 'position',
  SPEED: 'speed',
  ACCELERATION: 'acceleration',
  TIME_LOSS: 'timeLoss',
  WAITING: 'waiting',
  STOPS: 'stops',
  FUEL: 'fuelMillilitres',
  CO2: 'co2Grams',
  ENTERED_AT: 'enteredAt',
  ARRIVED_AT: 'arrivedAt',
  ACTIVE: 'active',
  ARRIVALS: 'arrivals',
} as const;
/** What the core alone writes, or nobody does: copies. */
function ownArrays(w: World, classes: Float64Array, counts: Int32Array): Record<string, Numbers> {
  const { network, demand, routes } = w;
  const tables = network.tables!;
  const segments = network.laneCount + network.linkCount;
  return {
    MET: new Uint8Array(segments),
    RESTS: new Uint8Array(demand.count),
    MOVED: new Int32Array(demand.count),
    FRESH: new Uint8Array(segments),
    IS_ACTIVE: new Uint8Array(segments),
    ACTIVE_INDEX: new Int32Array(demand.count),
    MOVED_STEP: new Int32Array(demand.count),
    COUNTS: counts,
    CLASSES: classes,
    ENTRY_LANES: w.entryLanes,
    ROUTE: demand.route,
    FIRST_CURSOR: routes.firstCursor,
    VEHICLE_CLASS: demand.vehicleClass,
    VEHICLE_LENGTH: w.vehicleLength,
    PRIORITY: w.priority,
    LENGTH: network.length,
    SPEED_LIMIT: network.speedLimit,
    FIRST_LINK: network.firstLink,
    LAST_LINK: network.lastLink,
    LINK_START: network.linkStart,
    LINK_END: network.linkEnd,
    LINK_GROUP: network.linkGroup,
    LANE_INDEX: tables.laneIndex,
    PRECEDENCE: tables.precedence,
    CROSS_FIRST: tables.crossFirst,
    CROSS_FOE: tables.crossFoe,
    CROSS_DISTANCE: tables.crossDistance,
    CROSS_FOE_DISTANCE: tables.crossFoeDistance,
    ROW: routes.row,
    LINK: routes.link,
    DETECTOR_FIRST: w.detectorFirst,
    DETECTOR_POSITION: w.detectorPosition,
  };
}

interface Core {
  configure(stepSeconds: number, lanes: number, segments: number, longestVehicle: number, entryLanes: number): void;
  tick(now: number): number;
}

/** Numbers a class has in the core. */
const CLASS_NUMBERS = 32;
/** A metre over, so that rounding cannot matter. */
const ROOM_MARGIN = 1;

let compiled: CompiledCore | null = null;

/**
 * Moves the arrays of a world at time 0 into a memory of its own; call it before anybody keeps one of them. Returns what
 * moves the world, all of whose classes are CityFlow's, by a tick: those who enter included.
 */
export function cityFlowDriving(world: World): () => void {
  compiled ??= new CompiledCore(CORE, ['crossed']);
  const known = compiled;
  const numberOf = (name: string) => known.constant(name);
  const { network, stepSeconds, classes, state } = world;
  const shared: Record<string, Numbers> = ownArrays(
    world,
    classNumbers(classes, stepSeconds, numberOf),
    new Int32Array(numberOf('COUNTED')),
  );
  for (const [name, key] of Object.entries(OF_WORLD)) shared[name] = world[key];
  for (const [name, key] of Object.entries(OF_STATE)) shared[name] = state[key];
  const parts = Object.entries(shared).map(([name, array]) => [name, copyOf(array)]);
  const { memory, views } = known.layOut(Object.fromEntries(parts));
  const of = (names: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(names).map(([name, key]) => [key, views[name]]));
  Object.assign(world, of(OF_WORLD));
  Object.assign(state, of(OF_STATE));

  const crossed = (vehicle: number, slot: number, from: number, before: number, after: number) => {
    const since = crossingTime(before, after, stepSeconds, world.detectorPosition[slot]! - from);
    noteCrossing(world.crossings, vehicle, world.detectorIndex[slot]!, world.tick * stepSeconds + since);
  };
  const core = known.start<Core>(memory, { crossed });
  const longest = classes.length.reduce((most, length) => (length > most ? length : most), 0);
  const segments = network.laneCount + network.linkCount;
  core.configure(stepSeconds, network.laneCount, segments, longest, world.entryLanes.length);
  const counts = views.COUNTS!;
  const segmentsAt = numberOf('SEGMENTS_LISTED');
  const vehiclesAt = numberOf('VEHICLES_LISTED');
  const arrivedAt = numberOf('ARRIVED_SO_FAR');
  const enteredAt = numberOf('ENTERED');
  return () => {
    queueDue(world, world.tick * stepSeconds);
    world.vehicleUpdates += core.tick(world.tick * stepSeconds);
    world.activeSegmentCount = counts[segmentsAt]!;
    world.waiting -= counts[enteredAt]!;
    state.activeCount = counts[vehiclesAt]!;
    state.arrivalCount = counts[arrivedAt]!;
  };
}

/** What the core wants to know of each class. */
function classNumbers(classes: ClassTables, dt: number, placeOf: (name: string) => number): Float64Array {
  const numbers = new Float64Array(CLASS_NUMBERS * classes.length.length);
  for (let c = 0; c < classes.length.length; c++) {
    const put = (name: string, ...values: number[]) => numbers.set(values, CLASS_NUMBERS * c + placeOf(name));
    const most = classes.maxSpeed[c]!;
    const usual = classes.deceleration[c]!;
    const hardest = classes.maxDeceleration[c]!;
    put('MAX_SPEED', most);
    put('USUAL_ACCELERATION', classes.acceleration[c]!);
    put('MAX_ACCELERATION', classes.maxAcceleration[c]!);
    put('SPACING', classes.timeHeadway[c]! + dt / 2);
    put('LOOK_AHEAD', (most * most) / usual / 2 + most * dt * 2);
    put('ROOM', roomOf(classes, c, dt));
    put('MAX_DECELERATION', hardest, usual);
    put('NO_GAP', 0, classes.minGap[c]!);
    put('CURVES', 4 * (0.5 / hardest), 4 * (0.5 / usual));
    put('SLOPES', 0.5 / (0.5 / hardest), 0.5 / (0.5 / usual));
    for (let i = 0; i < 5; i++) {
      // That of the power is of a step already: it is multiplied by what the speed gains in one.
      const share = i === 1 ? 1 : dt;
      numbers.set(
        [classes.co2[5 * c + i]! * share, classes.fuel[5 * c + i]! * share],
        CLASS_NUMBERS * c + placeOf('RATES') + 2 * i,
      );
    }
  }
  return numbers;
}

/**
 * The gap from which on a leader allows the class its highest speed V, whatever its own speed, m: each of the bounds in
 * `followingSpeed` of the core, for a leader that stands (one that moves allows more) and brakes as hard as any class,
 * solved for the gap at which it gives V to a vehicle that has V.
 */
function roomOf(
  { maxSpeed, deceleration, maxDeceleration, minGap, timeHeadway }: ClassTables,
  c: number,
  dt: number,
): number {
  const fastest = maxSpeed[c]!;
  const hardest = Math.max(...maxDeceleration, ...deceleration);
  const toStop = (braking: number) => (fastest * fastest) / braking / 2 + fastest * dt;
  const behindBraking = ((fastest + hardest * dt) * dt) / 2;
  return (
    Math.max(
      toStop(maxDeceleration[c]!),
      minGap[c]! + toStop(deceleration[c]!),
      minGap[c]! + behindBraking,
      fastest * (timeHeadway[c]! + dt / 2),
    ) + ROOM_MARGIN
  );
}
