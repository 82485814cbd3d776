/**
 * People on crossings. Who comes waits at the kerb until the walk shows, steps off after a start-up time where he had to
 * wait, and walks straight across at his own speed; whoever is on the crossing finishes. Nobody enters while the
 * clearance shows, but those whom the scenario lets hurry.
 *
 * People and vehicles look out for each other by *strips*: the part of a crossing that a link's vehicles take. Nobody
 * steps into a strip while a vehicle is in its stretch or could not stop before it comfortably; a vehicle goes on only
 * where it will have left its stretch a second before the first person is there. So one of the two can always wait.
 */
import type { Engine } from '../core.ts';
import type { StateDigest } from '../digest.ts';
import type { Crossing, CrossingNetwork } from './crossings.ts';
import type { People } from './people.ts';

const WALK = 1;
const GREEN = 1;
/** So long after the walk began, people at the kerb let vehicles clear the junction, s. */
const CLEARING_SECONDS = 10;
const CLEARANCE = 2;
/** Deceleration that people expect of a driver, m/s2: ITE's for the yellow interval. */
const EXPECTED_DECELERATION = 3.05;
const SLACK = 0.02;
/** People are shown so far before and behind the crossing, m. */
const PAVEMENT = 6;
/** Where people wait: metres from the kerb to the middle of who walks and of who rides, and from one of four rows to the next. */
const WAITS_ON_FOOT = 0.5;
const WAITS_RIDING = 1.5;
const ROW = 0.3;
/** The same for who is about to step off: nothing of the body is over the kerb. */
const EDGE_ON_FOOT = 0.3;
const EDGE_RIDING = 1;

export const TO_COME = 0;
export const WAITING = 1;
export const CROSSING = 2;
export const DONE = 3;

/** State after a tick; arrays by person as in `People`. Owned by the crowd, read by others. */
export interface CrowdState {
  /** TO_COME, WAITING (at the kerb), CROSSING or DONE. */
  readonly phase: Uint8Array;
  /** Metres from the kerb at which the person came. */
  readonly way: Float64Array;
  /** m/s over the last tick. */
  readonly speed: Float64Array;
  /** Simulated seconds, NaN until it happened: stepped off the kerb, was over. */
  readonly enteredAt: Float64Array;
  readonly finishedAt: Float64Array;
}

export class Crowd {
  readonly crossings: readonly Crossing[];
  readonly people: People;
  readonly state: CrowdState;
  /** By crossing: 1 while the lamp controller owes a walk to somebody who pressed; and presses so far. */
  readonly calls: Uint8Array;
  readonly presses: Int32Array;
  /** By crossing: 1 calls always, 2 never; set by the faults of detectors. */
  readonly buttonFaults: Uint8Array;
  readonly #engine: Engine;
  readonly #network: CrossingNetwork;
  readonly #vehicleLength: Float64Array;
  /** Waiting or crossing, in the order of arrival. */
  readonly #present: Int32Array;
  #presentCount = 0;
  #due = 0;
  #done = 0;
  /** By crossing: lamp in the last tick, start of the walk and its end. */
  readonly #lamp: Uint8Array;
  readonly #walkSince: Float64Array;
  readonly #walkUntil: Float64Array;
  /** By strip: the vehicle that is in the way or could not stop, -1 for none. */
  readonly #unsafe: Int32Array;
  /** By strip, its crossing; and by crossing, 1 where a vehicle that was on its way when its green ended is still to come over it. */
  readonly #crossingOf: Int32Array;
  readonly #toClear: Uint8Array;
  /** The vehicle that left the least room to the person moved last, -1 for none. */
  #holder = -1;

  /** Throws where the engine does not tell the ways of its vehicles. */
  constructor(engine: Engine, network: CrossingNetwork, people: People) {
    if (engine.ways === undefined)
      throw new RangeError('People on crossings need an engine that tells where vehicles go.');
    const { demand } = engine;
    this.crossings = network.crossings;
    this.people = people;
    this.#engine = engine;
    this.#network = network;
    this.#vehicleLength = Float64Array.from(
      { length: demand.count },
      (_, v) => demand.classes[demand.vehicleClass[v]!]!.length,
    );
    this.state = {
      phase: new Uint8Array(people.count),
      way: new Float64Array(people.count),
      speed: new Float64Array(people.count),
      enteredAt: new Float64Array(people.count).fill(Number.NaN),
      finishedAt: new Float64Array(people.count).fill(Number.NaN),
    };
    this.calls = new Uint8Array(network.crossings.length);
    this.presses = new Int32Array(network.crossings.length);
    this.buttonFaults = new Uint8Array(network.crossings.length);
    this.#present = new Int32Array(people.count);
    this.#lamp = new Uint8Array(network.crossings.length);
    this.#walkSince = new Float64Array(network.crossings.length).fill(Number.NEGATIVE_INFINITY);
    this.#walkUntil = new Float64Array(network.crossings.length).fill(Number.NEGATIVE_INFINITY);
    this.#unsafe = new Int32Array(network.stripFrom.length);
    this.#crossingOf = new Int32Array(network.stripFrom.length);
    for (let c = 0; c < network.crossings.length; c++)
      this.#crossingOf.fill(c, network.first[c]!, network.first[c + 1]!);
    this.#toClear = new Uint8Array(network.crossings.length);
  }

  /** Waiting or crossing, in the order of arrival: `present[0..presentCount)`. */
  get present(): Int32Array {
    return this.#present;
  }
  get presentCount(): number {
    return this.#presentCount;
  }
  /** People who have come so far; those before `due` in the order of arrival. */
  get due(): number {
    return this.#due;
  }
  get done(): number {
    return this.#done;
  }

  /** Moves everybody through the tick that begins at `begin`, of `dt` seconds; before the vehicles move. */
  tick(begin: number, dt: number): void {
    this.#lookAtLamps(begin);
    this.#admit(begin, dt);
    const { arrival, heldBy } = this.#network.stretches;
    arrival.fill(Number.POSITIVE_INFINITY);
    heldBy.fill(-1);
    if (this.#presentCount === 0) return;
    this.#lookAtVehicles();
    let kept = 0;
    for (let i = 0; i < this.#presentCount; i++) {
      const person = this.#present[i]!;
      const before = this.state.way[person]!;
      const isOn = this.#move(person, begin, dt);
      if (isOn !== null) this.#warn(person, isOn ? before : -1, isOn ? 0 : this.#readyIn(person, begin));
      if (this.state.phase[person] === DONE) this.#done++;
      else this.#present[kept++] = person;
    }
    this.#presentCount = kept;
  }

  #lookAtLamps(begin: number): void {
    const { groupLamp } = this.#engine;
    this.crossings.forEach(({ group }, c) => {
      const lamp = groupLamp[group]!;
      const before = this.#lamp[c]!;
      this.#lamp[c] = lamp;
      if (lamp === WALK && before !== WALK) {
        this.#walkSince[c] = begin;
        this.calls[c] = 0;
      } else if (before === WALK && lamp !== WALK) {
        this.#walkUntil[c] = begin;
        if (this.#waitsAt(c)) this.#press(c);
      }
    });
  }

  #waitsAt(crossing: number): boolean {
    for (let i = 0; i < this.#presentCount; i++) {
      const person = this.#present[i]!;
      if (this.people.crossing[person] === crossing && this.state.phase[person] === WAITING) return true;
    }
    return false;
  }

  #press(crossing: number): void {
    if (!this.crossings[crossing]!.button || this.buttonFaults[crossing] !== 0) return;
    this.calls[crossing] = 1;
    this.presses[crossing]!++;
  }

  #admit(begin: number, dt: number): void {
    const { count, arriveSeconds, crossing } = this.people;
    while (this.#due < count && arriveSeconds[this.#due]! < begin + dt) {
      const person = this.#due++;
      const at = crossing[person]!;
      this.state.phase[person] = WAITING;
      this.#present[this.#presentCount++] = person;
      if (this.#lamp[at] !== WALK) this.#press(at);
    }
  }

  /** Marks the strips into which nobody may step. */
  #lookAtVehicles(): void {
    const unsafe = this.#unsafe.fill(-1);
    this.#toClear.fill(0);
    const { state, network, ways } = this.#engine;
    const { laneCount, length } = network;
    const { first } = this.#network.stretches;
    const { next, previous } = ways!;
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      const segment = state.segment[v]!;
      const position = state.position[v]!;
      const link = segment < laneCount ? next[v]! : segment;
      if (link >= laneCount && first[link]! < first[link + 1]!)
        this.#mark(unsafe, v, link, segment < laneCount ? position - length[segment]! : position);
      if (segment >= laneCount) this.#markClearing(segment, position);
      if (position >= this.#vehicleLength[v]!) continue;
      const behind = previous[v]!;
      if (behind >= laneCount) this.#mark(unsafe, v, behind, position + length[behind]!);
    }
  }

  /** Marks the crossings before a vehicle in a junction whose green has ended. */
  #markClearing(link: number, along: number): void {
    const { first, list, start } = this.#network.stretches;
    const group = this.#engine.network.linkGroup[link]!;
    if (group < 0 || this.#engine.groupLamp[group] === GREEN) return;
    for (let i = first[link]!; i < first[link + 1]!; i++) {
      const k = list[i]!;
      if (along <= start[k]! + SLACK) this.#toClear[this.#crossingOf[k]!] = 1;
    }
  }

  #mark(unsafe: Int32Array, v: number, link: number, along: number): void {
    const { first, list, start, end } = this.#network.stretches;
    const speed = this.#engine.state.speed[v]!;
    for (let i = first[link]!; i < first[link + 1]!; i++) {
      const k = list[i]!;
      const away = start[k]! - along;
      if (along > start[k]! + SLACK) {
        if (along - this.#vehicleLength[v]! < end[k]!) unsafe[k] = v;
      } else if (speed * speed > 2 * EXPECTED_DECELERATION * (away > 0 ? away : 0)) unsafe[k] = v;
    }
  }

  /** Seconds until a waiting person would step off; infinite while the lamp forbids it. */
  #readyIn(person: number, begin: number): number {
    const { arriveSeconds, crossing, startUpSeconds, hurries } = this.people;
    const at = crossing[person]!;
    const lamp = this.#lamp[at]!;
    if (lamp !== WALK && !(lamp === CLEARANCE && hurries[person] === 1)) return Number.POSITIVE_INFINITY;
    const arrived = arriveSeconds[person]!;
    const since = this.#walkSince[at]!;
    const ready = arrived < since ? since + startUpSeconds[person]! : arrived;
    return ready > begin ? ready - begin : 0;
  }

  /** Whether a person at the kerb lets vehicles clear the junction first: for so long after the walk began. */
  #letsClear(person: number, begin: number): boolean {
    const at = this.people.crossing[person]!;
    return this.#toClear[at] === 1 && begin - this.#walkSince[at]! < CLEARING_SECONDS;
  }

  /**
   * Moves one person. true: on the crossing at the begin of the tick or by its end; false: waits, with the walk; null:
   * waits for the walk.
   */
  #move(person: number, begin: number, dt: number): boolean | null {
    const { phase, way, speed, enteredAt, finishedAt } = this.state;
    const pace = this.people.speed[person]!;
    const at = this.people.crossing[person]!;
    const { length } = this.crossings[at]!;
    let seconds = dt;
    this.#holder = -1;
    if (phase[person] === WAITING) {
      const ready = this.#readyIn(person, begin);
      speed[person] = 0;
      if (ready === Number.POSITIVE_INFINITY || this.#letsClear(person, begin)) return null;
      if (ready >= dt || this.#roomAhead(person, 0, SLACK) <= 0) return false;
      phase[person] = CROSSING;
      enteredAt[person] = begin + ready;
      seconds = dt - ready;
    }
    const before = way[person]!;
    const wanted = pace * seconds;
    const room = this.#roomAhead(person, before, wanted);
    const gone = wanted < room ? wanted : room;
    way[person] = before + gone;
    speed[person] = gone / dt;
    if (before + gone >= length) {
      phase[person] = DONE;
      way[person] = length;
      speed[person] = pace;
      finishedAt[person] = begin + dt - seconds + (length - before) / pace;
    }
    return true;
  }

  /** Metres that a person may go from `way`, up to `wanted`, before the first strip into which nobody may step. */
  #roomAhead(person: number, way: number, wanted: number): number {
    const at = this.people.crossing[person]!;
    const { first, stripFrom, stripTo } = this.#network;
    const { length } = this.crossings[at]!;
    const forward = this.people.direction[person]! > 0;
    let room = wanted;
    for (let k = first[at]!; k < first[at + 1]!; k++) {
      if (this.#unsafe[k]! < 0) continue;
      const from = forward ? stripFrom[k]! : length - stripTo[k]!;
      // Who is in the strip already goes on; at the kerb, one is not.
      const away = from > 0 ? from - way : way > 0 ? -1 : 0;
      if (away >= 0 && away < room) {
        room = away;
        this.#holder = this.#unsafe[k]!;
      }
    }
    return room;
  }

  /** Tells vehicles when the person will be in the way, and for whom it waits there; `before`: where it was when the tick began, -1: not yet on. */
  #warn(person: number, before: number, readySeconds: number): void {
    const at = this.people.crossing[person]!;
    const { first, stripFrom, stripTo, stretches } = this.#network;
    const { arrival, heldBy } = stretches;
    const { length } = this.crossings[at]!;
    const isHeld = this.#holder >= 0 && this.state.speed[person] === 0;
    const forward = this.people.direction[person]! > 0;
    const way = this.state.way[person]!;
    const pace = this.people.speed[person]!;
    for (let k = first[at]!; k < first[at + 1]!; k++) {
      const from = forward ? stripFrom[k]! : length - stripTo[k]!;
      const to = forward ? stripTo[k]! : length - stripFrom[k]!;
      if (before >= to) continue;
      const away = from - way;
      const seconds = away > 0 ? readySeconds + away / pace : readySeconds;
      if (seconds < arrival[k]!) arrival[k] = seconds;
      if (isHeld && seconds <= arrival[k]!) heldBy[k] = this.#holder;
    }
  }

  /**
   * Calls `tell` for everybody on or near a crossing at `nowSeconds`, the end of the last tick: person, x and y in metres,
   * unit heading, speed.
   */
  positions(
    nowSeconds: number,
    tell: (person: number, x: number, y: number, headingX: number, headingY: number, speed: number) => void,
  ): void {
    const { count, arriveSeconds, crossing, direction, speed: pace, aside } = this.people;
    const { phase, way, speed, finishedAt } = this.state;
    for (let person = this.#firstShown(nowSeconds); person < count; person++) {
      // Nobody is slower than 0.5 m/s.
      if (arriveSeconds[person]! > nowSeconds + 2 * PAVEMENT) break;
      const { x, y, alongX, alongY, length } = this.crossings[crossing[person]!]!;
      let along = way[person]!;
      let moving = speed[person]!;
      if (phase[person] === TO_COME || phase[person] === WAITING) {
        this.#approach(person, nowSeconds);
        along = this.#shownAlong;
        moving = this.#shownSpeed;
        if (along < -PAVEMENT) continue;
      } else if (phase[person] === DONE) {
        along = length + (nowSeconds - finishedAt[person]!) * pace[person]!;
        moving = pace[person]!;
        if (along > length + PAVEMENT) continue;
      }
      const sign = direction[person]!;
      const axis = sign > 0 ? along : length - along;
      const side = aside[person]!;
      tell(
        person,
        x + axis * alongX + side * alongY,
        y + axis * alongY - side * alongX,
        sign * alongX,
        sign * alongY,
        moving,
      );
    }
  }

  #shownAlong = 0;
  #shownSpeed = 0;
  /**
   * Where somebody who has not stepped off is shown, and how fast: on the way to the kerb; where the lamp forbids to walk,
   * slowing down to the place where one waits; and from there to the kerb in the last of the start-up time.
   */
  #approach(person: number, nowSeconds: number): void {
    const { arriveSeconds, speed, rides, crossing } = this.people;
    const pace = speed[person]!;
    const isRiding = rides[person] === 1;
    const edge = isRiding ? EDGE_RIDING : EDGE_ON_FOOT;
    let waits = (isRiding ? WAITS_RIDING : WAITS_ON_FOOT) + ROW * (person % 4);
    // where the walk ended before his eyes he stops as he can
    const left = (arriveSeconds[person]! - this.#walkUntil[crossing[person]!]!) * pace;
    if (left > 0 && left < 2 * waits) waits = left > 2 * edge ? left / 2 : edge;
    const ready = this.#readyIn(person, nowSeconds);
    this.#shownSpeed = pace;
    if (this.state.phase[person] === WAITING) {
      const away = ready * pace;
      this.#shownAlong = away >= waits ? -waits : away <= edge ? -edge : -away;
      if (away >= waits || away <= edge) this.#shownSpeed = 0;
      return;
    }
    const seconds = arriveSeconds[person]! - nowSeconds;
    const slowing = (2 * waits) / pace;
    if (ready < Number.POSITIVE_INFINITY || seconds >= slowing) {
      const away = seconds * pace;
      this.#shownAlong = away > edge ? -away : -edge;
      return;
    }
    this.#shownSpeed = (pace * seconds) / slowing;
    this.#shownAlong = -waits - 0.5 * this.#shownSpeed * seconds;
  }

  #shownFrom = 0;
  /** Everybody before is gone for good. */
  #firstShown(nowSeconds: number): number {
    const { phase, finishedAt } = this.state;
    while (
      this.#shownFrom < this.#due &&
      phase[this.#shownFrom] === DONE &&
      finishedAt[this.#shownFrom]! < nowSeconds - 2 * PAVEMENT
    )
      this.#shownFrom++;
    return this.#shownFrom;
  }

  /** What the push buttons of a junction say, as detectors `{group}:button`: presses, and whether a call waits. */
  buttonReadings(junction: number): Record<string, { count: number; occupancy: number; presence: boolean }> {
    const readings: Record<string, { count: number; occupancy: number; presence: boolean }> = {};
    this.crossings.forEach((crossing, c) => {
      if (crossing.junction !== junction || !crossing.button) return;
      const presence = this.buttonFaults[c] === 1 || this.calls[c] === 1;
      readings[`${crossing.groupId}:button`] = { count: this.presses[c]!, occupancy: presence ? 1 : 0, presence };
    });
    return readings;
  }

  write(digest: StateDigest): void {
    const { phase, way } = this.state;
    digest.int(this.#due);
    digest.int(this.#done);
    for (let i = 0; i < this.#presentCount; i++) {
      const person = this.#present[i]!;
      digest.int(person);
      digest.int(phase[person]!);
      digest.float(way[person]!);
    }
    for (let c = 0; c < this.calls.length; c++) {
      digest.int(this.calls[c]!);
      digest.int(this.presses[c]!);
    }
  }
}
