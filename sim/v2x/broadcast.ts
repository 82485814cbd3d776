/**
 * What a street's vehicles, people and junctions broadcast: BSM and PSM at 10 Hz, SPaT at 10 Hz, MAP at 1 Hz, as ODE schema
 * 9 messages that the roadside unit of the nearest junction passes on. Looks on, and changes nothing in the world.
 *
 * Within a tick a vehicle is where its path and its speeds at both ends of the tick put it, less what that misses at the
 * begin: so it is exactly there at each tick's end, and changes lanes without a jump.
 */
import atan2 from '@stdlib/math-base-special-atan2';
import type { MessageKind } from '../../feeds/messages.ts';
import { fromLocal, type LocalFrame, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { Accuracy, PersonMessage, V2xMessage, VehicleMessage } from '../../feeds/v2x/messages.ts';
import { envelope } from '../../feeds/v2x/read.ts';
import type { V2xSettings } from '../../scenarios/types.ts';
import type { Engine } from '../core.ts';
import type { Crowd } from '../pedestrians/crowd.ts';
import type { Outbox } from '../signals/outbox.ts';
import { Poses } from '../view/poses.ts';
import { DROPOUT, drift, EAST, mix, NORTH, PHASE, SHARE, temporaryId, uniform } from './draws.ts';
import { SignalBroadcast } from './signals.ts';
import type { RoadsideUnit } from './units.ts';

const EVERY_MS = 100;
const MAP_EVERY_MS = 1000;
/** A frame stays well below the largest payload of the wire. */
const FRAME_MESSAGES = 150;
const DEGREES = 57.295779513082323;
/** People's draws are apart from vehicles'. */
const PERSON = 0x40000000;
/** From this deceleration on drivers have their foot on the brake, m/s2. */
const BRAKING = 0.7;

const UNKNOWN_BRAKES = {
  traction: 'unavailable',
  antiLock: 'unavailable',
  stability: 'unavailable',
  boost: 'unavailable',
  auxiliary: 'unavailable',
} as const;
/** All four wheels, of the eight bits; none. */
const BRAKED = 0x78;
const UNBRAKED = 0x00;

/** What a junction's signals show. */
interface Shown {
  letters(): string;
  stage(): readonly [number, number];
}

interface Place {
  readonly unit: RoadsideUnit;
  readonly frame: LocalFrame;
  /** null: it says nothing of its signals. */
  readonly signals: SignalBroadcast | null;
  readonly shown: Shown;
}

/** Where somebody was when the tick began. */
interface Before {
  tick: Float64Array;
  x: Float64Array;
  y: Float64Array;
  speed: Float64Array;
}

const before = (count: number): Before => ({
  tick: new Float64Array(count).fill(-2),
  x: new Float64Array(count),
  y: new Float64Array(count),
  speed: new Float64Array(count),
});

export interface BroadcastParts {
  readonly units: readonly RoadsideUnit[];
  readonly settings: V2xSettings;
  readonly engine: Engine;
  readonly crowd: Crowd | null;
  /** Signals of each unit's junction. */
  readonly shown: readonly Shown[];
  readonly outbox: Outbox;
  readonly seed: number;
}

export class Broadcast {
  readonly #parts: BroadcastParts;
  readonly #settings: V2xSettings;
  readonly #engine: Engine;
  readonly #outbox: Outbox;
  readonly #seed: number;
  readonly #places: readonly Place[];
  readonly #poses: Poses;
  readonly #sends: Uint8Array;
  readonly #vehicles: Before;
  readonly #people: Before;
  readonly #accuracy: Accuracy;
  /** Of the tick: those in reach who broadcast, in their order, their junctions, and what the path misses at the begin. */
  readonly #heard: number[] = [];
  readonly #near: number[] = [];
  readonly #missX: number[] = [];
  readonly #missY: number[] = [];
  #walkers: { person: number; place: number; x: number; y: number; headingDegrees: number; speed: number }[] = [];

  constructor(parts: BroadcastParts) {
    const { units, settings, engine, crowd, shown, seed } = parts;
    const { demand, network } = engine;
    this.#parts = parts;
    this.#settings = settings;
    this.#engine = engine;
    this.#outbox = parts.outbox;
    this.#seed = mix(seed);
    this.#places = units.map((unit, u) => ({
      unit,
      frame: localFrame(unit.latitude, unit.longitude),
      signals: unit.face === null ? null : new SignalBroadcast(unit.face),
      shown: shown[u]!,
    }));
    this.#poses = new Poses(network, demand.route, (v) => demand.classes[demand.vehicleClass[v]!]!.length);
    this.#sends = Uint8Array.from({ length: demand.count }, (_, v) =>
      uniform(this.#seed, SHARE, v, 0) < settings.share ? 1 : 0,
    );
    this.#vehicles = before(demand.count);
    this.#people = before(crowd?.people.count ?? 0);
    const { positionNoiseMetres: noise } = settings;
    this.#accuracy = { semiMajorMetres: noise, semiMinorMetres: noise, orientationDegrees: 0 };
  }

  /** After each tick, which covered (beginMs, endMs] of simulated time since the start; `startsAtMs` is second 0. */
  tick(beginMs: number, endMs: number, startsAtMs: number): void {
    const wantsBsm = this.#outbox.wants('bsm');
    const wantsPsm = this.#outbox.wants('psm') && this.#parts.crowd !== null;
    const wantsSpat = this.#outbox.wants('spat');
    const wantsMap = this.#outbox.wants('map');
    for (const { signals, shown } of this.#places) signals?.look(shown.letters(), startsAtMs + beginMs);
    if (wantsBsm) this.#findVehicles(endMs - beginMs);
    if (wantsPsm) this.#findPeople(endMs / 1000);
    for (let at = (Math.floor(beginMs / EVERY_MS) + 1) * EVERY_MS; at <= endMs; at += EVERY_MS) {
      const atMs = startsAtMs + at;
      const share = (at - beginMs) / (endMs - beginMs);
      const left = (endMs - at) / 1000;
      this.#places.forEach((place, p) => {
        const { map } = place.unit;
        if (wantsMap && map !== null && at % MAP_EVERY_MS === 0)
          this.#send('map', place, [{ ...map, receivedAtMs: atMs }]);
        if (wantsSpat && place.signals !== null) {
          const [stage, secondsLeft] = place.shown.stage();
          const ends = secondsLeft < 0 ? null : startsAtMs + beginMs + Math.round(secondsLeft * 1000);
          this.#send('spat', place, [place.signals.message(atMs, stage, ends)]);
        }
        if (wantsBsm) this.#send('bsm', place, this.#bsms(place, p, atMs, share, left, (endMs - beginMs) / 1000));
        if (wantsPsm) this.#send('psm', place, this.#psms(place, p, atMs, share));
      });
    }
    if (wantsBsm) this.#keepVehicles();
    if (wantsPsm) this.#keepPeople();
  }

  #send(kind: MessageKind & ('bsm' | 'psm' | 'spat' | 'map'), place: Place, messages: readonly V2xMessage[]): void {
    const by = kind === 'bsm' || kind === 'psm' ? 'OBU' : 'RSU';
    const where = { junctionId: place.unit.junctionId };
    if (kind === 'map' || kind === 'spat' || this.#settings.singly) {
      for (const message of messages) this.#outbox.send(kind, where, envelope(message, by));
      return;
    }
    for (let first = 0; first < messages.length; first += FRAME_MESSAGES)
      this.#outbox.send(
        kind,
        where,
        messages.slice(first, first + FRAME_MESSAGES).map((message) => envelope(message, by)),
      );
  }

  /** The junction whose unit hears somebody at x, y; -1: none does. */
  #placeNear(x: number, y: number): number {
    let best = -1;
    let nearest = this.#settings.rangeMetres * this.#settings.rangeMetres;
    for (let p = 0; p < this.#places.length; p++) {
      const dx = x - this.#places[p]!.unit.x;
      const dy = y - this.#places[p]!.unit.y;
      const distance = dx * dx + dy * dy;
      if (distance <= nearest) {
        nearest = distance;
        best = p;
      }
    }
    return best;
  }

  #locate(v: number, back: number): void {
    const { state } = this.#engine;
    const aside = state.lateral === undefined ? 0 : state.lateral[v]!;
    this.#poses.locate(v, state.segment[v]!, state.position[v]! - back, aside);
  }

  #findVehicles(tickMs: number): void {
    const { state, tick } = this.#engine;
    const heard = this.#heard;
    const { tick: seen, x, y, speed } = this.#vehicles;
    heard.length = 0;
    this.#near.length = 0;
    this.#missX.length = 0;
    this.#missY.length = 0;
    for (let i = 0; i < state.activeCount; i++) if (this.#sends[state.active[i]!] === 1) heard.push(state.active[i]!);
    // the engine's order must not matter
    heard.sort((a, b) => a - b);
    for (const v of heard) {
      const known = seen[v] === tick - 1;
      const driven = ((known ? speed[v]! : state.speed[v]!) + state.speed[v]!) * 0.5 * (tickMs / 1000);
      this.#locate(v, driven);
      this.#missX.push(known ? x[v]! - this.#poses.x : 0);
      this.#missY.push(known ? y[v]! - this.#poses.y : 0);
      this.#locate(v, 0);
      this.#near.push(this.#placeNear(this.#poses.x, this.#poses.y));
    }
  }

  #keepVehicles(): void {
    const { tick, state } = this.#engine;
    for (const v of this.#heard) {
      this.#locate(v, 0);
      this.#vehicles.tick[v] = tick;
      this.#vehicles.x[v] = this.#poses.x;
      this.#vehicles.y[v] = this.#poses.y;
      this.#vehicles.speed[v] = state.speed[v]!;
    }
  }

  #isLost(sender: number, atMs: number): boolean {
    const { dropoutShare } = this.#settings;
    return dropoutShare > 0 && uniform(this.#seed, DROPOUT, sender, Math.floor(atMs / EVERY_MS)) < dropoutShare;
  }

  /** Number of the sender's id at `atMs`: 0, 1 and so on; each changes at moments of its own. */
  #epoch(sender: number, atMs: number): number {
    const { idRotationSeconds } = this.#settings;
    if (idRotationSeconds === null) return 0;
    const period = idRotationSeconds * 1000;
    return Math.floor(atMs / period + uniform(this.#seed, PHASE, sender, 0));
  }

  #shared(place: Place, sender: number, isPerson: boolean, atMs: number, x: number, y: number) {
    const { positionNoiseMetres: noise } = this.#settings;
    const { unit } = place;
    const key = isPerson ? sender | PERSON : sender;
    const errorX = noise === 0 ? 0 : noise * drift(this.#seed, EAST, key, atMs);
    const errorY = noise === 0 ? 0 : noise * drift(this.#seed, NORTH, key, atMs);
    const [latitudeDegrees, longitudeDegrees] = fromLocal(place.frame, x - unit.x + errorX, y - unit.y + errorY);
    return {
      receivedAtMs: atMs,
      via: null,
      id: temporaryId(this.#seed, isPerson, sender, this.#epoch(key, atMs)),
      messageCount: Math.floor(atMs / EVERY_MS) % 128,
      secondMarkMs: atMs % 60_000,
      measuredAtMs: atMs,
      latitudeDegrees,
      longitudeDegrees,
      accuracy: this.#accuracy,
      rest: {},
    };
  }

  #bsms(place: Place, p: number, atMs: number, share: number, left: number, tick: number): VehicleMessage[] {
    const { state, demand, tick: now } = this.#engine;
    const messages: VehicleMessage[] = [];
    for (let i = 0; i < this.#heard.length; i++) {
      const v = this.#heard[i]!;
      if (this.#near[i] !== p || this.#isLost(v, atMs)) continue;
      const after = state.speed[v]!;
      const known = this.#vehicles.tick[v] === now - 1;
      if (!known && now * tick - left < state.enteredAt[v]!) continue;
      const first = known ? this.#vehicles.speed[v]! : after;
      const acceleration = (after - first) / tick;
      this.#locate(v, (after - 0.5 * acceleration * left) * left);
      const { x, y, alongX, alongY } = this.#poses;
      const { length, width } = demand.classes[demand.vehicleClass[v]!]!;
      messages.push({
        kind: 'bsm',
        ...this.#shared(place, v, false, atMs, x + (1 - share) * this.#missX[i]!, y + (1 - share) * this.#missY[i]!),
        elevationMetres: null,
        speedMetresPerSecond: first + share * (after - first),
        headingDegrees: headingOf(alongX, alongY),
        acceleration: {
          longitudinalMetresPerSecond2: acceleration,
          lateralMetresPerSecond2: null,
          verticalG: null,
          yawDegreesPerSecond: null,
        },
        transmission: 'forwardGears',
        steeringAngleDegrees: null,
        brakes: { wheelBits: acceleration < -BRAKING ? BRAKED : UNBRAKED, ...UNKNOWN_BRAKES },
        widthMetres: width,
        lengthMetres: length,
      });
    }
    return messages;
  }

  #findPeople(nowSeconds: number): void {
    const crowd = this.#parts.crowd!;
    this.#walkers = [];
    crowd.positions(nowSeconds, (person, x, y, headingX, headingY, speed) => {
      if (uniform(this.#seed, SHARE, person | PERSON, 0) >= this.#settings.pedestrianShare) return;
      const place = crowd.crossings[crowd.people.crossing[person]!]!.junction;
      this.#walkers.push({ person, place, x, y, headingDegrees: headingOf(headingX, headingY), speed });
    });
  }

  #keepPeople(): void {
    const { tick } = this.#engine;
    for (const { person, x, y, speed } of this.#walkers) {
      this.#people.tick[person] = tick;
      this.#people.x[person] = x;
      this.#people.y[person] = y;
      this.#people.speed[person] = speed;
    }
  }

  #psms(place: Place, p: number, atMs: number, share: number): PersonMessage[] {
    const { rides } = this.#parts.crowd!.people;
    const messages: PersonMessage[] = [];
    for (const { person, place: own, x, y, headingDegrees, speed } of this.#walkers) {
      // who came into view in this tick is heard from the next one on
      if (own !== p || this.#people.tick[person] !== this.#engine.tick - 1 || this.#isLost(person | PERSON, atMs))
        continue;
      const fromX = this.#people.x[person]!;
      const fromY = this.#people.y[person]!;
      messages.push({
        kind: 'psm',
        ...this.#shared(place, person, true, atMs, fromX + share * (x - fromX), fromY + share * (y - fromY)),
        speedMetresPerSecond: this.#people.speed[person]! + share * (speed - this.#people.speed[person]!),
        headingDegrees,
        personType: rides[person] === 1 ? 'aPEDALCYCLIST' : 'aPEDESTRIAN',
      });
    }
    return messages;
  }
}

/** Degrees clockwise from north, below 360. */
function headingOf(east: number, north: number): number {
  const degrees = atan2(east, north) * DEGREES;
  return degrees < 0 ? degrees + 360 : degrees;
}
