/**
 * Measures of a world, kept up once a simulated second.
 *
 * - *Due*: departure before the moment asked about. Vehicles due before the warm-up's end drive, but are not measured.
 * - *Delay*: time lost against the own desired speed while driving, plus the time waited to enter; up to now for vehicles
 *   on their way or not yet in. Over all measured vehicles due.
 * - *Waiting*: time in the network with v <= 0.1 m/s; *stops*: how often it fell that low. Over the vehicles that entered.
 * - *Travel time*: `arrived...` from entering to leaving; `allMean` from departure to leaving, or to now, over all due.
 * - *Throughput*: all vehicles that left after the warm-up, per hour since.
 * - *Approach*: the one by which a vehicle enters the network. Its queue: all that stand on its lanes, plus those
 *   waiting to enter by it; looked at once a second.
 */
import { ARRIVED, type Engine, NOT_ENTERED } from '../core.ts';
import type { StateDigest } from '../digest.ts';
import { mean, quantile } from './quantile.ts';
import { levelOfService } from './level-of-service.ts';
import type { ApproachMeasures, FrameCounters, GroupMeasures, MovementMeasures, VariantResult } from './types.ts';

/** A vehicle this slow stands, m/s. */
export const STANDING_METRES_PER_SECOND = 0.1;

/** Digits that are kept of a result: below anything a model of traffic can mean, and readable. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

interface Totals {
  vehicles: number;
  delaySeconds: number;
  waitingSeconds: number;
  stops: number;
  fuelMillilitres: number;
  co2Grams: number;
}
const noTotals = (): Totals => ({
  vehicles: 0,
  delaySeconds: 0,
  waitingSeconds: 0,
  stops: 0,
  fuelMillilitres: 0,
  co2Grams: 0,
});

export class Measures {
  readonly #engine: Engine;
  readonly #warmUpSeconds: number;
  /** First vehicle that is measured, in the order of departure. */
  readonly #firstMeasured: number;
  readonly #entryApproach: Int32Array;
  /** Vehicles due and not yet gone, ascending; until `#tidy`, some that are gone as well. */
  readonly #open: Int32Array;
  #openCount = 0;
  #isTidy = true;
  /** Vehicles due and not yet in, ascending. */
  readonly #outside: Int32Array;
  #outsideCount = 0;
  /** Entries of the log of arrivals that are in `#gone`. */
  #arrivals = 0;
  #due = 0;
  #nowSeconds = 0;
  /** First vehicle that the totals cover: 0 while it is warm-up. */
  #from = 0;
  #gone = noTotals();
  #under: Totals | null = null;
  /** Of those under way, how many the totals cover and have entered; worked out with `#under`. */
  #entered = 0;
  #running = 0;
  #queued = 0;
  readonly #queues: Int32Array;
  readonly #queueMax: Int32Array;

  constructor(engine: Engine, warmUpSeconds: number) {
    const { demand, network } = engine;
    this.#engine = engine;
    this.#warmUpSeconds = warmUpSeconds;
    let first = 0;
    while (first < demand.count && demand.departSeconds[first]! < warmUpSeconds) first++;
    this.#firstMeasured = first;
    this.#entryApproach = new Int32Array(demand.count);
    for (let v = 0; v < demand.count; v++) {
      const lane = demand.entryLane[v]!;
      this.#entryApproach[v] = lane >= 0 ? network.approachOf[lane]! : network.routes[demand.route[v]!]!.entryApproach;
    }
    this.#open = new Int32Array(demand.count);
    this.#outside = new Int32Array(demand.count);
    this.#queues = new Int32Array(network.approaches.length);
    this.#queueMax = new Int32Array(network.approaches.length);
  }

  /** Vehicles due and not yet gone, ascending: `open[0..openCount)`, as of the last `observe`. */
  get open(): Int32Array {
    this.#tidy();
    return this.#open;
  }
  get openCount(): number {
    this.#tidy();
    return this.#openCount;
  }

  /** Brings everything up to `nowSeconds`. Costs a look at each vehicle that is in the network or waits to enter it. */
  observe(nowSeconds: number): void {
    const { demand } = this.#engine;
    this.#nowSeconds = nowSeconds;
    while (this.#due < demand.count && demand.departSeconds[this.#due]! < nowSeconds) {
      this.#outside[this.#outsideCount++] = this.#due;
      this.#open[this.#openCount++] = this.#due++;
    }
    if (this.#from !== this.#firstMeasured && nowSeconds > this.#warmUpSeconds) {
      this.#from = this.#firstMeasured;
      this.#gone = noTotals();
    }
    this.#under = null;
    this.#addArrivals();
    const queues = this.#queues.fill(0);
    this.#lookOutside(queues);
    this.#lookInside(queues);
    if (nowSeconds > this.#warmUpSeconds) {
      const queueMax = this.#queueMax;
      for (let a = 0; a < queueMax.length; a++) if (queues[a]! > queueMax[a]!) queueMax[a] = queues[a]!;
    }
  }

  /** Those who arrived since the last look, in their order, so that sums do not depend on the engine's. */
  #addArrivals(): void {
    const { arrivals, arrivalCount } = this.#engine.state;
    if (this.#arrivals === arrivalCount) return;
    const gone = arrivals.slice(this.#arrivals, arrivalCount).sort();
    this.#add(this.#gone, gone, gone.length);
    this.#arrivals = arrivalCount;
    this.#isTidy = false;
  }

  #lookOutside(queues: Int32Array): void {
    const { segment } = this.#engine.state;
    const outside = this.#outside;
    const entryApproach = this.#entryApproach;
    const count = this.#outsideCount;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const v = outside[i]!;
      if (segment[v] !== NOT_ENTERED) continue;
      outside[kept++] = v;
      const approach = entryApproach[v]!;
      if (approach >= 0) queues[approach]!++;
    }
    this.#outsideCount = kept;
    this.#queued = kept;
  }

  #lookInside(queues: Int32Array): void {
    const { state, standing } = this.#engine;
    if (standing === undefined) {
      this.#lookAtEach(queues);
      return;
    }
    const { on, segments } = standing;
    const { approachOf } = this.#engine.network;
    const count = standing.segmentCount();
    let queued = 0;
    for (let i = 0; i < count; i++) {
      const segment = segments[i]!;
      const standing = on[segment]!;
      if (standing === 0) continue;
      queued += standing;
      const approach = approachOf[segment]!;
      if (approach >= 0) queues[approach]! += standing;
    }
    this.#running = state.activeCount;
    this.#queued += queued;
  }

  #lookAtEach(queues: Int32Array): void {
    const { active, activeCount, segment, speed } = this.#engine.state;
    const { approachOf } = this.#engine.network;
    const due = this.#due;
    let running = 0;
    let standing = 0;
    for (let i = 0; i < activeCount; i++) {
      const v = active[i]!;
      if (v >= due) continue;
      running++;
      if (speed[v]! > STANDING_METRES_PER_SECOND) continue;
      standing++;
      const approach = approachOf[segment[v]!]!;
      if (approach >= 0) queues[approach]!++;
    }
    this.#running = running;
    this.#queued += standing;
  }

  /** Takes those that are gone off the list of those under way. */
  #tidy(): void {
    if (this.#isTidy) return;
    const { segment } = this.#engine.state;
    const open = this.#open;
    const count = this.#openCount;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const v = open[i]!;
      if (segment[v] !== ARRIVED) open[kept++] = v;
    }
    this.#openCount = kept;
    this.#isTidy = true;
  }

  /** Adds those of `list[0..count)` that are covered to the totals, in this order; returns how many of them have entered. */
  #add(totals: Totals, list: Int32Array, count: number): number {
    const { segment, enteredAt, timeLoss, waiting, stops, fuelMillilitres, co2Grams } = this.#engine.state;
    const { departSeconds } = this.#engine.demand;
    const from = this.#from;
    let entered = 0;
    let { delaySeconds, waitingSeconds, stops: stopped, fuelMillilitres: fuel, co2Grams: co2 } = totals;
    for (let i = 0; i < count; i++) {
      const v = list[i]!;
      if (v < from) continue;
      if (segment[v] === NOT_ENTERED) {
        delaySeconds += this.#nowSeconds - departSeconds[v]!;
        totals.vehicles++;
        continue;
      }
      entered++;
      const late = enteredAt[v]! - departSeconds[v]!;
      delaySeconds += timeLoss[v]! + (late > 0 ? late : 0);
      waitingSeconds += waiting[v]!;
      stopped += stops[v]!;
      fuel += fuelMillilitres[v]!;
      co2 += co2Grams[v]!;
    }
    totals.vehicles += entered;
    totals.delaySeconds = delaySeconds;
    totals.waitingSeconds = waitingSeconds;
    totals.stops = stopped;
    totals.fuelMillilitres = fuel;
    totals.co2Grams = co2;
    return entered;
  }

  /** Totals of those due and not gone. Worked out when asked for, before the world moves on. */
  #underway(): Totals {
    if (this.#under !== null) return this.#under;
    this.#tidy();
    const under = noTotals();
    this.#entered = this.#add(under, this.#open, this.#openCount);
    this.#under = under;
    return under;
  }

  /** As of the last `observe`. Until the warm-up's end over all vehicles so far, then over the measured ones. */
  counters(): FrameCounters {
    const gone = this.#gone;
    const under = this.#underway();
    const due = gone.vehicles + under.vehicles;
    const entered = gone.vehicles + this.#entered;
    return {
      demanded: due,
      arrived: gone.vehicles,
      running: this.#running,
      queued: this.#queued,
      delaySeconds: due === 0 ? 0 : rounded((gone.delaySeconds + under.delaySeconds) / due),
      stopsPerVehicle: entered === 0 ? 0 : rounded((gone.stops + under.stops) / entered),
      fuelLitres: rounded((gone.fuelMillilitres + under.fuelMillilitres) / 1000),
      co2Kilograms: rounded((gone.co2Grams + under.co2Grams) / 1000),
      approachQueues: Array.from(this.#queues),
    };
  }

  /** Everything that the digest is to cover, as of the last `observe`. */
  write(digest: StateDigest): void {
    this.#tidy();
    digest.int(this.#due);
    digest.int(this.#openCount);
    digest.vehicles(this.#open, this.#openCount, this.#engine.state);
    for (const totals of [this.#gone, this.#underway()]) {
      digest.int(totals.vehicles);
      digest.float(totals.delaySeconds);
      digest.float(totals.waitingSeconds);
      digest.int(totals.stops);
      digest.float(totals.fuelMillilitres);
      digest.float(totals.co2Grams);
    }
    for (let a = 0; a < this.#queues.length; a++) digest.int(this.#queues[a]!);
  }

  /** The result as of the last `observe`. */
  result(): Omit<VariantResult, 'strategy' | 'digest'> {
    const { network, state, demand } = this.#engine;
    const vehicles = this.#measured();
    const sample = this.#sample(vehicles);
    const measuredSeconds = this.#nowSeconds - this.#warmUpSeconds;
    let left = 0;
    for (let v = 0; v < this.#due; v++)
      if (state.segment[v] === ARRIVED && state.arrivedAt[v]! > this.#warmUpSeconds) left++;
    const result: Omit<VariantResult, 'strategy' | 'digest'> = {
      vehicles: {
        demanded: vehicles.length,
        inserted: sample.waiting.length,
        arrived: sample.arrivedTravel.length,
        running: sample.waiting.length - sample.arrivedTravel.length,
        waiting: vehicles.length - sample.waiting.length,
      },
      travelTimeSeconds: {},
      delaySeconds: {},
      waitingSeconds: {},
      throughputPerHour: measuredSeconds > 0 ? rounded((left * 3600) / measuredSeconds) : 0,
      approaches: {},
    };
    if (sample.arrivedTravel.length > 0) {
      result.travelTimeSeconds.arrivedMean = rounded(mean(sample.arrivedTravel));
      const sorted = sample.arrivedTravel.slice().sort();
      result.travelTimeSeconds.arrivedMedian = rounded(quantile(sorted, 0.5));
      result.travelTimeSeconds.arrivedP95 = rounded(quantile(sorted, 0.95));
    }
    if (vehicles.length > 0) {
      result.travelTimeSeconds.allMean = rounded(mean(sample.allTravel));
      const sorted = sample.delay.slice().sort();
      result.delaySeconds = {
        mean: rounded(mean(sample.delay)),
        median: rounded(quantile(sorted, 0.5)),
        p95: rounded(quantile(sorted, 0.95)),
        p99: rounded(quantile(sorted, 0.99)),
        max: rounded(quantile(sorted, 1)),
      };
    }
    if (sample.waiting.length > 0) {
      const sorted = sample.waiting.slice().sort();
      result.waitingSeconds = {
        mean: rounded(mean(sample.waiting)),
        p95: rounded(quantile(sorted, 0.95)),
        max: rounded(quantile(sorted, 1)),
      };
      result.stopsPerVehicle = rounded(sample.stops / sample.waiting.length);
    }
    if (demand.classes.some((c) => c.emissionClass !== '')) {
      result.fuelLitres = rounded(sample.fuelMillilitres / 1000);
      result.co2Kilograms = rounded(sample.co2Grams / 1000);
    }
    const names = approachNames(network);
    this.#byApproach(vehicles).forEach((own, a) => {
      if (own.length > 0) result.approaches[names[a]!] = this.#approach(own, a);
    });
    return result;
  }

  /** First vehicle that is measured, in the order of departure. */
  get firstMeasured(): number {
    return this.#firstMeasured;
  }

  /** By movement at the entry, as the network's routes are named. */
  movements(): Record<string, MovementMeasures> {
    const { network, demand } = this.#engine;
    const isOne = network.junctions.length === 1;
    const names = network.routes.map(({ name }) => {
      const first = name.split(' ')[0]!;
      return isOne ? first.slice(first.indexOf('/') + 1) : first;
    });
    return Object.fromEntries(
      Object.entries(this.#groups((v) => names[demand.route[v]!]!)).map(([name, group]) => [name, this.#graded(group)]),
    );
  }

  /** By vehicle class; those that nobody drives are absent. */
  classes(): Record<string, GroupMeasures> {
    const { demand } = this.#engine;
    return this.#groups((v) => demand.classes[demand.vehicleClass[v]!]!.name);
  }

  /**
   * Share of the time since the departure of all measured vehicles that driving unhindered would have taken them, 0-1;
   * undefined where nobody was due.
   */
  speedShare(): number | undefined {
    const { demand, state } = this.#engine;
    let driven = 0;
    let lost = 0;
    for (let v = this.#firstMeasured; v < this.#due; v++) {
      const depart = demand.departSeconds[v]!;
      if (state.segment[v] === NOT_ENTERED) {
        lost += this.#nowSeconds - depart;
        continue;
      }
      const entered = state.enteredAt[v]!;
      const until = state.segment[v] === ARRIVED ? state.arrivedAt[v]! : this.#nowSeconds;
      driven += until - entered - state.timeLoss[v]!;
      lost += state.timeLoss[v]! + Math.max(0, entered - depart);
    }
    return driven + lost > 0 ? rounded(driven / (driven + lost)) : undefined;
  }

  /** The measured vehicles by a name, in the order of names. */
  #groups(nameOf: (vehicle: number) => string): Record<string, GroupMeasures> {
    const byName = new Map<string, number[]>();
    for (let v = this.#firstMeasured; v < this.#due; v++) {
      const name = nameOf(v);
      const own = byName.get(name);
      if (own === undefined) byName.set(name, [v]);
      else own.push(v);
    }
    return Object.fromEntries([...byName].sort().map(([name, own]) => [name, this.#group(Int32Array.from(own))]));
  }

  #approach(vehicles: Int32Array, approach: number): ApproachMeasures {
    return { ...this.#graded(this.#group(vehicles)), queueMax: this.#queueMax[approach]! };
  }

  /** With its level of service where there is one junction: with several, the delay is not this approach's alone. */
  #graded(group: GroupMeasures): MovementMeasures {
    const { network } = this.#engine;
    if (network.junctions.length !== 1) return group;
    return { ...group, levelOfService: levelOfService(group.delaySeconds.mean, hasSignals(network, 0)) };
  }

  #group(vehicles: Int32Array): GroupMeasures {
    const sample = this.#sample(vehicles);
    const delay = sample.delay.slice().sort();
    const waiting = sample.waiting.slice().sort();
    const entered = waiting.length;
    return {
      demanded: vehicles.length,
      arrived: sample.arrivedTravel.length,
      delaySeconds: {
        mean: rounded(mean(sample.delay)),
        p95: rounded(quantile(delay, 0.95)),
        max: rounded(quantile(delay, 1)),
      },
      waitingSeconds: {
        mean: entered === 0 ? 0 : rounded(mean(sample.waiting)),
        max: entered === 0 ? 0 : rounded(quantile(waiting, 1)),
      },
      stopsPerVehicle: entered === 0 ? 0 : rounded(sample.stops / entered),
    };
  }

  /** Approach by which a vehicle enters the network, -1 for none. */
  entryApproach(vehicle: number): number {
    return this.#entryApproach[vehicle]!;
  }

  /** Vehicles that are measured and due, ascending. */
  #measured(): Int32Array {
    const from = this.#firstMeasured;
    return Int32Array.from({ length: Math.max(0, this.#due - from) }, (_, i) => from + i);
  }

  #byApproach(vehicles: Int32Array): Int32Array[] {
    const lists: number[][] = this.#engine.network.approaches.map(() => []);
    for (const v of vehicles) lists[this.#entryApproach[v]!]?.push(v);
    return lists.map((list) => Int32Array.from(list));
  }

  #sample(vehicles: Int32Array) {
    const { state, demand } = this.#engine;
    const now = this.#nowSeconds;
    const delay = new Float64Array(vehicles.length);
    const allTravel = new Float64Array(vehicles.length);
    const arrivedTravel: number[] = [];
    const waiting: number[] = [];
    let stops = 0;
    let fuelMillilitres = 0;
    let co2Grams = 0;
    for (let i = 0; i < vehicles.length; i++) {
      const v = vehicles[i]!;
      const depart = demand.departSeconds[v]!;
      const where = state.segment[v]!;
      if (where === NOT_ENTERED) {
        delay[i] = now - depart;
        allTravel[i] = now - depart;
        continue;
      }
      const entered = state.enteredAt[v]!;
      delay[i] = state.timeLoss[v]! + Math.max(0, entered - depart);
      allTravel[i] = (where === ARRIVED ? state.arrivedAt[v]! : now) - depart;
      if (where === ARRIVED) arrivedTravel.push(state.arrivedAt[v]! - entered);
      waiting.push(state.waiting[v]!);
      stops += state.stops[v]!;
      fuelMillilitres += state.fuelMillilitres[v]!;
      co2Grams += state.co2Grams[v]!;
    }
    return {
      delay,
      allTravel,
      arrivedTravel: Float64Array.from(arrivedTravel),
      waiting: Float64Array.from(waiting),
      stops,
      fuelMillilitres,
      co2Grams,
    };
  }
}

/** What each approach is called in results: its name, with the junction's before it where there are several junctions. */
export function approachNames(network: Engine['network']): string[] {
  return network.approaches.map((approach) =>
    network.junctions.length > 1 ? `${network.junctions[approach.junction]!.name}/${approach.name}` : approach.name,
  );
}

/** Whether some link through a junction obeys a signal. */
export function hasSignals({ laneCount, linkCount, linkJunction, linkGroup }: Engine['network'], junction: number) {
  for (let link = laneCount; link < laneCount + linkCount; link++)
    if (linkJunction[link] === junction && linkGroup[link]! >= 0) return true;
  return false;
}
