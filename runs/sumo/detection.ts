/** Turns SUMO's vehicles into what the detectors and radios of its junctions would say. */
import type { DetectorReading, ReportedVehicle } from '../../controller/types.ts';
import { UPSTREAM_LOOP_METRES } from '../../sim/detectors/loops.ts';
import { hashShare } from '../../sim/detectors/radios.ts';
import type { SumoNet } from '../../sim/network/sumo/net-types.ts';
import { type NextSignal, type RouteAhead, Routes } from './approaching.ts';
import type { SumoSignal } from './signals.ts';
import type { TraciVehicle } from './traci.ts';

/** `full`: all vehicles report by radio. A share: some do, and there are loops. `loops`: nobody reports. */
export type Detection = 'full' | 'loops' | { readonly share: number };

/** Range of the radio, metres. */
export const RADIO_METRES = 200;
/** The stop-line loop, metres before the line: SUMO's vehicles stop 1 m before it. */
const LINE_LOOP_METRES = 3;

/** A detector so near the begin of its lane sees who enters the network there, metres. */
const FROM_OUTSIDE_METRES = 10;

interface Followed {
  readonly vehicle: TraciVehicle;
  readonly reports: boolean;
  route: RouteAhead | null;
  edges: readonly string[];
  /** Position in the route. */
  at: number;
  /** Index into the net's edges; -1: none yet. */
  edge: number;
  /** It is where its route, as known, does not lead. */
  strayed: boolean;
  laneId: string;
  /** Index into the net's lanes. */
  lane: number;
  /** Signal lane it was on, encoded; -1: none. Metres to its line. */
  signalLane: number;
  metres: number;
}

/** A vehicle in reach of a signal; index of its lane in the edge, -1: it is not on that edge yet. */
interface Heard {
  readonly vehicle: TraciVehicle;
  readonly next: NextSignal;
  readonly metres: number;
  readonly index: number;
}

/** Beyond this and faster than this a vehicle may still choose among the lanes that lead where it goes. */
const CHOICE_METRES = 50;
const CHOICE_METRES_PER_SECOND = 4;

interface Counter {
  count: number;
  covered: boolean;
  /** Somebody passed in this step. */
  passed: boolean;
  coveredSteps: number;
}

/** Of a step in which somebody passed, the part in which the detector was covered: SUMO tells only where steps end. */
const PASSING_STEP = 0.4;

function pass(counter: Counter): void {
  counter.count++;
  counter.passed = true;
}

function settle(counter: Counter): void {
  if (counter.covered) counter.coveredSteps++;
  else if (counter.passed) counter.coveredSteps += PASSING_STEP;
  counter.passed = false;
}

interface LaneCounters {
  readonly line: Counter;
  readonly upstream: Counter;
  readonly upstreamMetres: number;
  readonly length: number;
  readonly edge: number;
}

export class DetectionOfStreet {
  private readonly net: SumoNet;
  private readonly signals: readonly SumoSignal[];
  private readonly detection: Detection;
  private readonly routes: Routes;
  private readonly followed = new Map<string, Followed>();
  /** By index into the net's lanes: index into `counters`, -1 for none. */
  private readonly counterOfLane: Int32Array;
  private readonly counters: LaneCounters[] = [];
  private readonly firstCounter: number[] = [];
  private steps = 0;
  private turned: string[] = [];
  private readonly names: readonly (readonly string[])[];
  private readonly lines: readonly (readonly string[])[];

  constructor(net: SumoNet, signals: readonly SumoSignal[], detection: Detection) {
    this.net = net;
    this.signals = signals;
    this.detection = detection;
    this.routes = new Routes(net, signals, RADIO_METRES);
    this.counterOfLane = new Int32Array(net.lanes.length).fill(-1);
    for (const { lanes } of signals) {
      this.firstCounter.push(this.counters.length);
      for (const { lane, upstreamMetres, edge } of lanes) {
        this.counterOfLane[lane] = this.counters.length;
        const counter = (): Counter => ({ count: 0, covered: false, passed: false, coveredSteps: 0 });
        const { length } = net.lanes[lane]!;
        this.counters.push({ line: counter(), upstream: counter(), upstreamMetres, length, edge });
      }
    }
    this.names = signals.map(({ configuration }) => configuration.signalGroups.map(({ id }) => id));
    this.lines = signals.map(({ lanes }) => lanes.map(({ stopLine }) => stopLine));
  }

  /** Takes in where the vehicles are after a step. */
  step(vehicles: ReadonlyMap<string, TraciVehicle>, arrived: readonly string[]): void {
    this.steps++;
    for (const id of arrived) this.followed.delete(id);
    for (const { line, upstream } of this.counters) {
      line.covered = false;
      upstream.covered = false;
    }
    for (const vehicle of vehicles.values()) {
      let known = this.followed.get(vehicle.id);
      if (known === undefined) {
        known = {
          vehicle,
          reports: this.doesReport(vehicle.id),
          route: null,
          edges: [],
          at: 0,
          edge: -1,
          strayed: false,
          laneId: '',
          lane: -1,
          signalLane: -1,
          metres: 0,
        };
        this.followed.set(vehicle.id, known);
      }
      this.follow(known);
    }
    for (const { line, upstream } of this.counters) {
      settle(line);
      settle(upstream);
    }
  }

  private doesReport(id: string): boolean {
    if (this.detection === 'full') return true;
    return this.detection !== 'loops' && hashShare(id) < this.detection.share;
  }

  private follow(known: Followed): void {
    const { vehicle } = known;
    if (vehicle.edges !== known.edges) {
      known.edges = vehicle.edges;
      known.route = this.routes.of(vehicle.edges);
      known.at = 0;
      known.laneId = '';
    }
    const before = known.signalLane;
    if (vehicle.laneId !== known.laneId) {
      known.laneId = vehicle.laneId;
      known.lane = this.net.laneIndex.get(vehicle.laneId) ?? -1;
      known.signalLane = known.lane < 0 ? -1 : this.counterOfLane[known.lane]!;
      const { route } = known;
      if (route !== null && known.lane >= 0 && !vehicle.laneId.startsWith(':')) {
        const { edge } = this.net.lanes[known.lane]!;
        const at = route.edges.indexOf(edge, known.at);
        if (at >= 0) known.at = at;
        known.strayed = at < 0;
        if (edge !== known.edge) this.turned.push(vehicle.id);
        known.edge = edge;
      }
      const same =
        before >= 0 && known.signalLane >= 0 && this.counters[before]!.edge === this.counters[known.signalLane]!.edge;
      if (before >= 0 && !same && vehicle.laneId !== '') pass(this.counters[before]!.line);
      if (!same) known.metres = Number.POSITIVE_INFINITY;
    }
    if (known.signalLane < 0) return;
    const own = this.counters[known.signalLane]!;
    const metres = own.length - vehicle.lanePosition;
    if (metres <= LINE_LOOP_METRES) own.line.covered = true;
    if (metres <= own.upstreamMetres) {
      // Who enters the network below the detector has not passed it; at the very begin of a lane it comes from outside.
      const comes = before >= 0 || known.at > 0 || known.metres < Number.POSITIVE_INFINITY;
      const fromOutside = known.route !== null && own.upstreamMetres >= own.length - FROM_OUTSIDE_METRES;
      if (known.metres > own.upstreamMetres && (comes || fromOutside)) pass(own.upstream);
      if (metres + vehicle.length >= own.upstreamMetres - UPSTREAM_LOOP_METRES) own.upstream.covered = true;
    }
    known.metres = metres;
  }

  /** Vehicles that came onto another edge since this was last asked: they may have a new route from there on. */
  takeTurned(): readonly string[] {
    const { turned } = this;
    this.turned = [];
    return turned;
  }

  /** What the detectors of each signal say, since they were last asked. */
  readings(): Record<string, DetectorReading>[] {
    const share = (covered: number): number =>
      this.steps === 0 ? 0 : Math.round((1000 * covered) / this.steps) / 1000;
    const all = this.signals.map(({ lanes }, signal) => {
      const readings: Record<string, DetectorReading> = {};
      lanes.forEach((lane, k) => {
        const { line, upstream } = this.counters[this.firstCounter[signal]! + k]!;
        readings[lane.stopLine] = { count: line.count, occupancy: share(line.coveredSteps), presence: line.covered };
        readings[lane.upstream] = {
          count: upstream.count,
          occupancy: share(upstream.coveredSteps),
          presence: upstream.covered,
        };
      });
      return readings;
    });
    for (const { line, upstream } of this.counters) {
      line.coveredSteps = 0;
      upstream.coveredSteps = 0;
    }
    this.steps = 0;
    return all;
  }

  /** What the radios of each signal hear; undefined where nobody reports. */
  reports(): ReportedVehicle[][] | undefined {
    if (this.detection === 'loops') return undefined;
    const heard: Heard[][] = this.signals.map(() => []);
    for (const known of this.followed.values()) {
      if (known.reports && known.route !== null && !known.strayed) this.hear(known, known.route, heard);
    }
    return heard.map((list, signal) => this.matched(list, signal));
  }

  /** Who is in which lane of each signal, as it is: what no detector says. Measurements of estimates need it. */
  truth(): ReportedVehicle[][] {
    const all: ReportedVehicle[][] = this.signals.map(() => []);
    for (const { vehicle, signalLane, lane, route, at } of this.followed.values()) {
      if (signalLane < 0) continue;
      const { edge, length } = this.counters[signalLane]!;
      const signal = this.firstCounter.findLastIndex((first) => first <= signalLane);
      const k = signalLane - this.firstCounter[signal]!;
      const next = route?.next[at];
      const own = next != null && next.edge === edge ? next.lanes.indexOf(k) : -1;
      all[signal]!.push({
        id: vehicle.id,
        lane: this.lines[signal]![k]!,
        metres: Math.max(0, length - vehicle.lanePosition),
        metresPerSecond: vehicle.speed,
        group: own < 0 || lane < 0 ? null : this.names[signal]![next!.groups[own]!]!,
      });
    }
    return all;
  }

  private hear({ vehicle, at, lane, laneId }: Followed, route: RouteAhead, heard: Heard[][]): void {
    if (lane < 0) return;
    const inside = laneId.startsWith(':');
    const position = inside ? at + 1 : at;
    const next: NextSignal | null | undefined = route.next[position];
    if (next == null) return;
    const edge = route.edges[position]!;
    const remaining = inside
      ? this.net.lanes[this.net.edges[edge]!.lanes[0]!]!.length +
        Math.max(0, route.insideMetres[at]! - vehicle.lanePosition)
      : this.net.lanes[lane]!.length - vehicle.lanePosition;
    const metres = Math.max(0, remaining + next.metres);
    if (metres > RADIO_METRES) return;
    const isThere = !inside && edge === next.edge;
    heard[next.signal]!.push({ vehicle, next, metres, index: isThere ? this.net.lanes[lane]!.index : -1 });
  }

  /**
   * In which lane each will arrive: its own where it is near or stands; where it still has a choice, that with the fewest
   * before it.
   */
  private matched(heard: Heard[], signal: number): ReportedVehicle[] {
    const { lanes } = this.signals[signal]!;
    const before = new Int32Array(lanes.length);
    heard.sort((a, b) => a.metres - b.metres || (a.vehicle.id < b.vehicle.id ? -1 : 1));
    return heard.map(({ vehicle, next, metres, index }) => {
      const free = index < 0 || (metres > CHOICE_METRES && vehicle.speed > CHOICE_METRES_PER_SECOND);
      let chosen = 0;
      let least = Number.POSITIVE_INFINITY;
      next.lanes.forEach((candidate, k) => {
        const away = index < 0 ? 0 : Math.abs(this.net.lanes[lanes[candidate]!.lane]!.index - index);
        const cost = free ? before[candidate]! + 0.9 * away : away;
        if (cost < least) {
          least = cost;
          chosen = k;
        }
      });
      const lane = next.lanes[chosen]!;
      before[lane]!++;
      return {
        id: vehicle.id,
        lane: this.lines[signal]![lane]!,
        metres: Math.round(metres * 100) / 100,
        metresPerSecond: Math.round(vehicle.speed * 50) / 50,
        group: this.names[signal]![next.groups[chosen]!]!,
      };
    });
  }
}
