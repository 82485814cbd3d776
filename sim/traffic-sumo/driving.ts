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
    segmentCount: number,
    itemCapacity: number,
    halved: number,
    faded: number,
  ): void;
  beginStep(): number;
  drive(activeCount: number, end: number): number;
  changeAll(ends: number): void;
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
  enlist(vehicle: number, segment: number): void;
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
  core.configure(dt, isBallistic ? 1 : 0, 0, 0, 0, 0, 0);
  return core;
}

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
    ...vehicleParts(count, core.constant('ADVICES')),
    ...segmentParts(world),
    ARRIVAL_AT: floats(count, perVehicle.arrivalAt),
    KEY: ints(count, perVehicle.key),
    SPEED_FACTOR: floats(
      count,
      demand.departures.map(({ speedFactor }) => speedFactor),
    ),
    ALONE: bytes(network.laneCount + network.linkCount, segmentsAlone(world)),
    ...asParts(linksIntoLanes(world)),
    ROADS: copied(roadsWithLanes(world)),
    CONFLICT_FIRST: copied(conflicts.first),
    PART_LENGTH: copied(conflicts.length),
    RADIUS: copied(conflicts.radius),
    INSIDE_FIRST: copied(conflicts.insideFirst),
    INSIDE_FOE: copied(conflicts.insideFoe),
    INSIDE_MERGES: copied(conflicts.insideMerges),
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
  const typeBytes = core.constant('TYPE_BYTES');
  demand.departures.forEach(({ type }, v) => {
    views.TYPE_AT[v] = views.TYPES.byteOffset + type * typeBytes;
  });
  return { views, core: core.start<Core>(memory), mostAtATime: atATime, itemCapacity };
}

/** Where the record of an entry of `RouteLanes` lies. */
export function entryAddress(entries: Uint8Array, entry: number): number {
  return entries.byteOffset + entry * compiledCore().constant('ENTRY_BYTES');
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

function vehicleParts(count: number, advices: number) {
  const NEVER = 0x7fffffff;
  return {
    POSITION: floats(count),
    SPEED: floats(count),
    ACCELERATION: floats(count),
    ODOMETER: floats(count),
    NEXT_SPEED: floats(count),
    LIMIT: floats(count),
    STANDING: floats(count),
    TIME_LOSS: floats(count),
    WAITING: floats(count),
    ARRIVED_AT: floats(count, Number.NaN),
    OPEN: floats(count),
    REMEMBERED: floats(count),
    SPEED_GAIN: floats(count),
    KEEP_RIGHT: floats(count),
    RESERVED: floats(count),
    LEFT_SPACE: floats(count),
    ADVICE: floats(advices * count),
    SEGMENT: ints(count, NOT_ENTERED),
    AHEAD: ints(count, -1),
    BEHIND: ints(count, -1),
    STOPS: ints(count),
    ACTIVE: ints(count),
    ARRIVALS: ints(count),
    ENTRY_AT: ints(count),
    TYPE_AT: ints(count),
    ENTERED: ints(count, NEVER),
    ENTERED_FIRST: ints(count, NEVER),
    CONFLICT_ENTERED: ints(count, NEVER),
    ITEMS_FROM: ints(count),
    ITEMS_TO: ints(count),
    WISH: ints(count),
    ORDER: ints(count),
    MOVERS: ints(count),
    CLAIM_INSIDE: bytes(count),
    CLAIM_EXIT: bytes(count),
    HAS_TO_WAIT: bytes(count),
    WAITS_FAR: bytes(count),
    DONT_BRAKE: bytes(count),
    ADVICE_COUNT: bytes(count),
  };
}

function segmentParts({ network, rules, signals }: SumoWorld) {
  const segments = network.laneCount + network.linkCount;
  const groups = signals.reduce((most, signal) => Math.max(most, signal.firstGroup + signal.groupCount), 0);
  const { foeFirst } = rules;
  const keepsClear = rules.keepClear.map((keeps, s) => (keeps === 1 && foeFirst[s] !== foeFirst[s + 1] ? 1 : 0));
  const leadsOn = Uint8Array.from(network.firstLink, (first, lane) => (first < network.lastLink[lane]! ? 1 : 0));
  return {
    LENGTH: copied(network.length),
    SPEED_LIMIT: copied(network.speedLimit),
    LINK_START: copied(network.linkStart),
    LINK_END: copied(network.linkEnd),
    LINK_GROUP: copied(network.linkGroup),
    ROAD: copied(network.tables!.road),
    PRECEDENCE: copied(network.tables!.precedence),
    WAIT_AT: copied(rules.waitAt),
    CONT: copied(rules.cont),
    PASS: copied(rules.pass),
    OWN_STATE: copied(rules.state),
    FOE_FIRST: copied(foeFirst),
    FOE: copied(rules.foe),
    FOE_YIELDS: copied(rules.foeYields),
    FOE_MERGES: copied(rules.foeMerges),
    KEEPS_CLEAR: copied(keepsClear),
    LEADS_ON: copied(leadsOn),
    FIRST: ints(segments, -1),
    LAST: ints(segments, -1),
    ON_SEGMENT: ints(segments),
    LEAVER: ints(segments, -1),
    LEAVER_ODOMETER: floats(segments),
    TAKEN: floats(segments),
    WATCHED: ints(segments, -1),
    ITEM_HEAD: ints(2 * segments),
    GROUP_STATE: bytes(groups),
    JAM: floats(network.laneCount),
    LEAD: ints(network.laneCount, -1),
    FIRST_BLOCKED: ints(network.laneCount, -1),
    LAST_BLOCKED: ints(network.laneCount, -1),
    CURSOR: ints(network.laneCount),
  };
}

/** A record's fields, written by the names of their places. */
function fieldsOf(core: CompiledCore, { buffer, byteOffset }: Uint8Array, recordBytes: string) {
  const view = new DataView(buffer);
  const size = core.constant(recordBytes);
  const at = (i: number, field: string) => byteOffset + i * size + core.constant(field);
  return {
    float: (i: number, field: string, value: number) => view.setFloat64(at(i, field), value, true),
    int: (i: number, field: string, value: number) => view.setInt32(at(i, field), value, true),
    byte: (i: number, field: string, value: number) => view.setUint8(at(i, field), value),
  };
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
    for (let i = 0; i < values.length; i++) put.float(i, field, values[i]!);
  }
}

function writeEntries(core: CompiledCore, records: Uint8Array, lanes: RouteLanes): void {
  const put = fieldsOf(core, records, 'ENTRY_BYTES');
  const size = core.constant('ENTRY_BYTES');
  const { firstStage, stages, first, firstLane, laneCount, nextLink, nextEntry, offset, reach, allowed } = lanes;
  for (let route = 0; route < stages.length; route++) {
    for (let k = firstStage[route]!; k < firstStage[route + 1]!; k++) {
      const isLast = k + 1 === firstStage[route + 1];
      for (let i = 0; i < laneCount[k]!; i++) {
        const entry = first[k]! + i;
        put.int(entry, 'ENTRY_LANE', firstLane[k]! + i);
        put.int(entry, 'ENTRY_LINK', nextLink[entry]!);
        put.int(entry, 'ENTRY_NEXT', nextLink[entry]! < 0 ? 0 : records.byteOffset + nextEntry[entry]! * size);
        put.int(entry, 'ENTRY_OFFSET', offset[entry]!);
        put.float(entry, 'ENTRY_REACH', reach[entry]!);
        put.byte(entry, 'ENTRY_MAY_RIGHT', i > 0 ? allowed[entry - 1]! : 0);
        put.byte(entry, 'ENTRY_MAY_LEFT', i + 1 < laneCount[k]! ? allowed[entry + 1]! : 0);
        put.byte(entry, 'ENTRY_IS_LAST', isLast ? 1 : 0);
      }
    }
  }
}

function writeConflicts(core: CompiledCore, records: Uint8Array, conflicts: Conflicts): void {
  const put = fieldsOf(core, records, 'CONFLICT_BYTES');
  for (let e = 0; e < conflicts.foeLink.length; e++) {
    put.int(e, 'CONFLICT_FOE', conflicts.foeLink[e]!);
    put.byte(e, 'CONFLICT_FOE_PART', conflicts.foePart[e]!);
    put.byte(e, 'CONFLICT_MERGES', conflicts.merges[e]!);
    put.byte(e, 'CONFLICT_PARTS', conflicts.parts[e]!);
    put.byte(e, 'CONFLICT_FOE_WAITS', conflicts.foeWaits[e]!);
    put.byte(e, 'CONFLICT_YIELDS', conflicts.yields[e]!);
    put.byte(e, 'CONFLICT_FOE_YIELDS', conflicts.foeYields[e]!);
    put.float(e, 'CONFLICT_BEHIND', conflicts.behind[e]!);
    put.float(e, 'CONFLICT_FOE_BEHIND', conflicts.foeBehind[e]!);
    put.float(e, 'CONFLICT_SIZE', conflicts.size[e]!);
    put.float(e, 'CONFLICT_FOE_SIZE', conflicts.foeSize[e]!);
  }
}
