/**
 * The step of SUMO's traffic as WebAssembly (`core/*.as`): lays what it reads and writes in a memory, where the core and
 * everybody else see the same numbers, and names what the core does for the rest of the engine.
 */
import type { SumoDemand } from '../network/sumo/demand.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import type { SumoVehicleType } from '../network/sumo/vehicle-types.ts';
import { NOT_ENTERED } from '../core.ts';
import { CompiledCore, type Numbers, type Part } from '../traffic/wasm-memory.ts';
import type { Conflicts } from './conflicts.ts';
import { CORE } from './core.ts';
import { laneChangeColumns, linksIntoLanes, roadsWithLanes, segmentsAlone } from './lane-change-tables.ts';
import type { RouteLanes } from './routes.ts';
import type { TypeColumns } from './traffic.ts';

/** What the core does for the rest of the engine, which `core/` describes. */
export interface Core {
  readonly arrivalCount: { readonly value: number };
  readonly foundGap: { readonly value: number };
  configure(
    stepSeconds: number,
    isBallistic: number,
    laneCount: number,
    itemCapacity: number,
    halved: number,
    faded: number,
  ): void;
  beginStep(): number;
  drive(activeCount: number, end: number): number;
  changeAll(ends: number): void;
  showStates(segmentCount: number): void;
  linkState(link: number): number;
  brakeGap(v: number, decel: number, headway: number): number;
  stopSpeed(gap: number, decel: number, headway: number, v: number): number;
  standingStopSpeed(gap: number, decel: number, headway: number): number;
  followSpeed(
    v: number,
    gap: number,
    leaderSpeed: number,
    leaderDecel: number,
    decel: number,
    hardest: number,
    tau: number,
  ): number;
  entrySpeed(gap: number, leaderSpeed: number, leaderDecel: number, decel: number, tau: number): number;
  freeSpeed(distance: number, target: number, decel: number, entering: number, v: number): number;
  findBehind(vehicle: number, u: number, lane: number, rear: number): number;
  secureGap(follower: number, v: number, leader: number, u: number): number;
  enter(vehicle: number, index: number, position: number, speed: number): void;
  firstOf(segment: number): number;
  lastOf(segment: number): number;
  onSegmentOf(segment: number): number;
  leaverOf(segment: number): number;
  aheadOf(vehicle: number): number;
  behindOf(vehicle: number): number;
  keyOf(vehicle: number): number;
  leaverRear(segment: number): number;
  speedOn(vehicle: number, segment: number): number;
  uniform(key: number): number;
}

let compiled: CompiledCore | null = null;

/** The compiled core, on first use. */
function compiledCore(): CompiledCore {
  compiled ??= new CompiledCore(CORE);
  return compiled;
}

/** The core's car following alone, for steps of `dt` seconds. */
export function kraussCore(dt: number, isBallistic: boolean): Core {
  const known = compiledCore();
  const { memory } = known.layOut({ ITEMS: bytes(0) });
  const core = known.start<Core>(memory);
  core.configure(dt, isBallistic ? 1 : 0, 0, 0, 0, 0);
  return core;
}

/** A step that never comes. */
const NEVER = 0x7fffffff;
/** Metres that no vehicle is shorter than, for how many find room at a time. */
const SHORTEST_METRES = 1;
/** More than this many vehicles at a time find no room, whatever the network. */
const MOST_AT_A_TIME = 200_000;

/** Arrays of a run at its begin, in the core's memory, and the core itself. */
export function sumoDriving(
  world: SumoWorld,
  demand: SumoDemand,
  lanes: RouteLanes,
  conflicts: Conflicts,
  types: TypeColumns,
  perVehicle: { readonly arrivalAt: Float64Array; readonly key: Int32Array },
) {
  const core = compiledCore();
  const { network } = world;
  const count = demand.departures.length;
  const atATime = Math.min(count, vehiclesThatFit(world, types), MOST_AT_A_TIME);
  const itemCapacity = (atATime + 1) * core.constant('MOST_ITEMS_IN_ALL');
  const parts = {
    // first: the core knows where they begin
    VEHICLES: bytes(count * core.constant('VEHICLE_BYTES')),
    SEGMENTS: bytes((network.laneCount + network.linkCount) * core.constant('SEGMENT_BYTES')),
    ...vehicleParts(count),
    ...tableParts(world, conflicts),
    TYPES: bytes(demand.types.length * core.constant('TYPE_BYTES')),
    ENTRIES: bytes(lanes.nextLink.length * core.constant('ENTRY_BYTES')),
    CONFLICTS: bytes(conflicts.foeLink.length * core.constant('CONFLICT_BYTES')),
    DEADLOCKED: ints(4 * count + 1),
    // last: only what is used of it is ever touched
    ITEMS: bytes(itemCapacity * core.constant('ITEM_BYTES')),
  };
  const { memory, views } = core.layOut(parts);
  writeTypes(core, views.TYPES, types, demand.types);
  writeEntries(core, views.ENTRIES, lanes);
  writeConflicts(core, views.CONFLICTS, conflicts);
  writeSegments(core, views.SEGMENTS, world, conflicts);
  writeVehicles(core, views.VEHICLES, views.TYPES, demand, perVehicle);
  return { views, core: core.start<Core>(memory), mostAtATime: atATime, itemCapacity };
}

const floats = (length: number, from?: ArrayLike<number> | number): Part<Float64Array> => ({
  kind: Float64Array,
  length,
  ...(from !== undefined && { from }),
});
const ints = (length: number, from?: ArrayLike<number> | number): Part<Int32Array> => ({
  kind: Int32Array,
  length,
  ...(from !== undefined && { from }),
});
const bytes = (length: number, from?: ArrayLike<number> | number): Part<Uint8Array> => ({
  kind: Uint8Array,
  length,
  ...(from !== undefined && { from }),
});
function copied<T extends Numbers>(array: T): Part<T> {
  return { kind: array.constructor as never, length: array.length, from: array };
}
function asParts<T extends Readonly<Record<string, Int32Array>>>(arrays: T): { [K in keyof T]: Part<Int32Array> } {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, copied(array)])) as never;
}

function vehiclesThatFit({ network }: SumoWorld, types: TypeColumns): number {
  const shortest = Math.max(SHORTEST_METRES, Math.min(...types.length));
  return network.length.reduce((sum, metres) => sum + Math.ceil(metres / shortest) + 1, 0);
}

/** What others see of vehicles, and lists of them. */
function vehicleParts(count: number) {
  return {
    POSITION: floats(count),
    SPEED: floats(count),
    ACCELERATION: floats(count),
    SEGMENT: ints(count, NOT_ENTERED),
    TIME_LOSS: floats(count),
    WAITING: floats(count),
    ARRIVED_AT: floats(count, Number.NaN),
    STOPS: ints(count),
    ACTIVE: ints(count),
    ARRIVALS: ints(count),
    ORDER: ints(count),
    MOVERS: ints(count),
  };
}

function tableParts(world: SumoWorld, conflicts: Conflicts) {
  const { network, rules, signals } = world;
  const groups = signals.reduce((most, signal) => Math.max(most, signal.firstGroup + signal.groupCount), 0);
  const segments = network.laneCount + network.linkCount;
  return {
    TAKEN: floats(segments),
    LENGTH: copied(network.length),
    WATCHED: ints(segments, -1),
    CONT: copied(rules.cont),
    STATE: bytes(segments),
    CONFLICT_FIRST: copied(conflicts.first),
    PART_LENGTH: copied(conflicts.length),
    RADIUS: copied(conflicts.radius),
    GROUP_STATE: bytes(groups),
    FOE: copied(rules.foe),
    FOE_YIELDS: copied(rules.foeYields),
    FOE_MERGES: copied(rules.foeMerges),
    INSIDE_FOE: copied(conflicts.insideFoe),
    INSIDE_MERGES: copied(conflicts.insideMerges),
    ...asParts(linksIntoLanes(world)),
    ROAD: copied(network.tables!.road),
    ROADS: copied(roadsWithLanes(world)),
  };
}

/** A record's fields, written by the names of their places. */
function fieldsOf(core: CompiledCore, { buffer, byteOffset }: Uint8Array, recordBytes: string) {
  const view = new DataView(buffer);
  const size = core.constant(recordBytes);
  const at = (field: string) => byteOffset + core.constant(field);
  return {
    float(field: string) {
      const begin = at(field);
      return (i: number, value: number) => view.setFloat64(begin + i * size, value, true);
    },
    int(field: string) {
      const begin = at(field);
      return (i: number, value: number) => view.setInt32(begin + i * size, value, true);
    },
    byte(field: string) {
      const begin = at(field);
      return (i: number, value: number) => view.setUint8(begin + i * size, value);
    },
  };
}

function writeVehicles(
  core: CompiledCore,
  records: Uint8Array,
  types: Uint8Array,
  demand: SumoDemand,
  { arrivalAt, key }: { readonly arrivalAt: Float64Array; readonly key: Int32Array },
): void {
  const put = fieldsOf(core, records, 'VEHICLE_BYTES');
  const typeBytes = core.constant('TYPE_BYTES');
  const type = put.int('VEHICLE_TYPE');
  const factor = put.float('VEHICLE_SPEED_FACTOR');
  const place = put.float('VEHICLE_ARRIVAL_PLACE');
  const random = put.int('VEHICLE_KEY');
  const empty = ['VEHICLE_AHEAD', 'VEHICLE_BEHIND'].map((field) => put.int(field));
  const never = ['VEHICLE_ENTERED', 'VEHICLE_ENTERED_FIRST', 'VEHICLE_CONFLICT_ENTERED'].map((field) => put.int(field));
  const segment = put.int('VEHICLE_SEGMENT');
  demand.departures.forEach((departure, v) => {
    type(v, types.byteOffset + departure.type * typeBytes);
    factor(v, departure.speedFactor);
    place(v, arrivalAt[v]!);
    random(v, key[v]!);
    segment(v, NOT_ENTERED);
    for (const write of empty) write(v, -1);
    for (const write of never) write(v, NEVER);
  });
}

function writeSegments(core: CompiledCore, records: Uint8Array, world: SumoWorld, conflicts: Conflicts): void {
  const { network, rules } = world;
  const put = fieldsOf(core, records, 'SEGMENT_BYTES');
  const segments = network.laneCount + network.linkCount;
  const column = (write: (i: number, value: number) => void, values: ArrayLike<number>, from = 0) => {
    for (let s = 0; s < segments; s++) write(s, values[s + from]!);
  };
  const { foeFirst } = rules;
  column(put.float('SEGMENT_LENGTH'), network.length);
  column(put.float('SEGMENT_SPEED_LIMIT'), network.speedLimit);
  column(put.float('SEGMENT_WAIT_AT'), rules.waitAt);
  column(put.int('SEGMENT_LINK_START'), network.linkStart);
  column(put.int('SEGMENT_LINK_END'), network.linkEnd);
  column(put.int('SEGMENT_LINK_GROUP'), network.linkGroup);
  column(put.int('SEGMENT_FOE_FIRST'), foeFirst);
  column(put.int('SEGMENT_FOE_END'), foeFirst, 1);
  column(put.int('SEGMENT_INSIDE_FIRST'), conflicts.insideFirst);
  column(put.int('SEGMENT_INSIDE_END'), conflicts.insideFirst, 1);
  column(put.byte('SEGMENT_PASS'), rules.pass);
  column(put.byte('SEGMENT_OWN_STATE'), rules.state);
  column(put.byte('SEGMENT_ALONE'), segmentsAlone(world));
  column(put.byte('SEGMENT_PRECEDENCE'), network.tables!.precedence);
  const [keepsClear, leadsOn] = [put.byte('SEGMENT_KEEPS_CLEAR'), put.byte('SEGMENT_LEADS_ON')];
  for (const field of ['FIRST', 'LAST', 'LEAVER', 'LEAD', 'FIRST_BLOCKED', 'LAST_BLOCKED']) {
    const write = put.int(`SEGMENT_${field}`);
    for (let s = 0; s < segments; s++) write(s, -1);
  }
  for (let s = 0; s < segments; s++) {
    keepsClear(s, rules.keepClear[s] === 1 && foeFirst[s] !== foeFirst[s + 1] ? 1 : 0);
    leadsOn(s, network.firstLink[s]! < network.lastLink[s]! ? 1 : 0);
  }
}

function writeTypes(core: CompiledCore, records: Uint8Array, columns: TypeColumns, types: readonly SumoVehicleType[]) {
  const put = fieldsOf(core, records, 'TYPE_BYTES');
  const all: Readonly<Record<string, Float64Array>> = {
    TYPE_LENGTH: columns.length,
    MIN_GAP: columns.minGap,
    ACCEL: columns.accel,
    DECEL: columns.decel,
    APPARENT_DECEL: columns.apparentDecel,
    EMERGENCY_DECEL: columns.emergencyDecel,
    TAU: columns.tau,
    SIGMA: columns.sigma,
    MAX_SPEED: columns.maxSpeed,
    DESIRED_MAX_SPEED: columns.desiredMaxSpeed,
    IMPATIENCE: columns.impatience,
    TIME_GAP: columns.timeGap,
    LINE_GAP: columns.lineGap,
    ...laneChangeColumns(types),
  };
  for (const [field, values] of Object.entries(all)) {
    const write = put.float(field);
    for (let i = 0; i < values.length; i++) write(i, values[i]!);
  }
}

function writeEntries(core: CompiledCore, records: Uint8Array, lanes: RouteLanes): void {
  const put = fieldsOf(core, records, 'ENTRY_BYTES');
  const size = core.constant('ENTRY_BYTES');
  const { firstStage, stages, first, firstLane, laneCount, nextLink, nextEntry, offset, reach, allowed } = lanes;
  const [lane, link, next] = [put.int('ENTRY_LANE'), put.int('ENTRY_LINK'), put.int('ENTRY_NEXT')];
  const [changes, metres] = [put.int('ENTRY_OFFSET'), put.float('ENTRY_REACH')];
  const ways = put.byte('ENTRY_WAYS');
  const [ends, mayRight, mayLeft] = ['ENDS', 'MAY_RIGHT', 'MAY_LEFT'].map((bit) => core.constant(bit)) as [
    number,
    number,
    number,
  ];
  for (let route = 0; route < stages.length; route++) {
    for (let k = firstStage[route]!; k < firstStage[route + 1]!; k++) {
      const count = laneCount[k]!;
      for (let i = 0; i < count; i++) {
        const entry = first[k]! + i;
        lane(entry, firstLane[k]! + i);
        link(entry, nextLink[entry]!);
        next(entry, nextLink[entry]! < 0 ? 0 : records.byteOffset + nextEntry[entry]! * size);
        changes(entry, offset[entry]!);
        metres(entry, reach[entry]!);
        const right = i > 0 && allowed[entry - 1] === 1 ? mayRight : 0;
        const left = i + 1 < count && allowed[entry + 1] === 1 ? mayLeft : 0;
        ways(entry, (k + 1 === firstStage[route + 1] ? ends : 0) | right | left);
      }
    }
  }
}

function writeConflicts(core: CompiledCore, records: Uint8Array, conflicts: Conflicts): void {
  const put = fieldsOf(core, records, 'CONFLICT_BYTES');
  const column = (write: (i: number, value: number) => void, values: ArrayLike<number>) => {
    for (let e = 0; e < values.length; e++) write(e, values[e]!);
  };
  column(put.int('CONFLICT_FOE'), conflicts.foeLink);
  column(put.byte('CONFLICT_FOE_PART'), conflicts.foePart);
  column(put.byte('CONFLICT_MERGES'), conflicts.merges);
  column(put.byte('CONFLICT_PARTS'), conflicts.parts);
  column(put.byte('CONFLICT_FOE_WAITS'), conflicts.foeWaits);
  column(put.byte('CONFLICT_YIELDS'), conflicts.yields);
  column(put.byte('CONFLICT_FOE_YIELDS'), conflicts.foeYields);
  column(put.float('CONFLICT_BEHIND'), conflicts.behind);
  column(put.float('CONFLICT_FOE_BEHIND'), conflicts.foeBehind);
  column(put.float('CONFLICT_SIZE'), conflicts.size);
  column(put.float('CONFLICT_FOE_SIZE'), conflicts.foeSize);
}
