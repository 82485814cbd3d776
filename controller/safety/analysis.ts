/**
 * All of it for one junction: updates or messages in; encounters, hard braking and the features of minutes and quarters of
 * an hour out. What comes out depends on what came in and in which order, not on how often `take` is called.
 */
import { type LocalFrame, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import type { Encounter, EngineOptions, HardBraking, RoadUserUpdate, UpdateRejection } from './encounter-types.ts';
import { EncounterEngine } from './encounters.ts';
import { FeatureCollector, type FeatureInterval } from './features.ts';
import { roadUserUpdate, type UnusableReason } from './from-v2x.ts';
import { LaneMap } from './lane-map.ts';
import { MessageChecks, type MessageFault } from './message-checks.ts';
import { type PassageEvents, Passages } from './passages.ts';
import { isMoment } from './users.ts';

/** A clock that jumps ahead by more than this is not believed until so many messages in a row say so. */
const JUMP_MS = 3_600_000;
const JUMPS_TO_BELIEVE = 10;
/** An interval is closed so long after its end: an encounter's record comes 8 s after its last critical moment. */
const HOLD_MS = 20_000;

export interface AnalysisOptions {
  readonly engine?: EngineOptions;
  /** What messages' positions are measured from; by default the first MAP's reference point, else the first position. */
  readonly frame?: LocalFrame;
  /** Only this intersection's SPaT and MAP; undefined: any. */
  readonly intersectionId?: number;
  /** Messages from farther off are left to other junctions; default 2,000 m. */
  readonly radiusMetres?: number;
  /** Share of road users that are seen, 0-1; null (default): not known. */
  readonly penetration?: number | null;
}

/** What a signal group shows. */
interface SignalState {
  state: string;
  /** Since when; null: since before it was first heard. */
  sinceMs: number | null;
}

export interface AnalysisOutput extends PassageEvents {
  readonly encounters: readonly Encounter[];
  readonly hardBraking: readonly HardBraking[];
  readonly minutes: readonly FeatureInterval[];
  readonly quarterHours: readonly FeatureInterval[];
  readonly faults: readonly MessageFault[];
}

export type NotUsed = UnusableReason | UpdateRejection;

export class SafetyAnalysis {
  readonly engine: EncounterEngine;
  readonly #options: AnalysisOptions;
  readonly #minutes: FeatureCollector;
  readonly #quarterHours: FeatureCollector;
  readonly #checks = new MessageChecks();
  readonly #signals = new Map<number, SignalState>();
  #passages: Passages | null = null;
  #frame: LocalFrame | null;
  #nowMs = Number.NEGATIVE_INFINITY;
  #encounters: Encounter[] = [];
  #hardBraking: HardBraking[] = [];
  #doneMinutes: FeatureInterval[] = [];
  #doneQuarterHours: FeatureInterval[] = [];
  #nextCloseMs = Number.NEGATIVE_INFINITY;
  #jumps = 0;
  #events: PassageEvents = { passages: [], stops: [], unmapped: [], wrongWay: [] };

  constructor(options: AnalysisOptions = {}) {
    this.#options = options;
    this.engine = new EncounterEngine(options.engine);
    this.#minutes = new FeatureCollector(60, options.penetration ?? null);
    this.#quarterHours = new FeatureCollector(900, options.penetration ?? null);
    this.#frame = options.frame ?? null;
  }

  /** The latest moment that was believed; -Infinity before the first. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** What positions of messages are measured from; null: not known yet. */
  get frame(): LocalFrame | null {
    return this.#frame;
  }

  /** Takes the state of a road user in local metres. @returns why it was not used, or null. */
  update(update: RoadUserUpdate, arrivedMs: number = update.timeMs): UpdateRejection | null {
    return this.#isJump(arrivedMs) ? 'clock-ahead' : this.#update(update, arrivedMs);
  }

  #update(update: RoadUserUpdate, arrivedMs: number): UpdateRejection | null {
    const why = this.engine.push(update, arrivedMs);
    if (why === null) {
      const slot = this.engine.lastSlot;
      const serial = this.engine.lastSerial;
      const vru = update.type === 'pedestrian' || update.type === 'bicycle';
      this.#minutes.update(slot, serial, vru, update.timeMs, update.speedMetresPerSecond);
      this.#quarterHours.update(slot, serial, vru, update.timeMs, update.speedMetresPerSecond);
      if (this.#passages !== null) this.#locate(this.#passages, update, slot, serial, vru);
    } else this.rejected(arrivedMs);
    this.#passTime(arrivedMs);
    return why;
  }

  #locate(passages: Passages, update: RoadUserUpdate, slot: number, serial: number, vru: boolean): void {
    if (update.link !== undefined && update.link >= 0) return;
    const { hx, hy, length } = this.engine.lastPose();
    const onFoot = update.type === 'pedestrian';
    const { id, timeMs, x, y, speedMetresPerSecond: speed } = update;
    passages.at(slot, serial, id, onFoot, timeMs, x, y, hx, hy, length / 2, speed);
    // a cyclist on no lane may be on a crossing
    if (vru && !onFoot && passages.laneId < 0)
      passages.at(slot, serial, id, true, timeMs, x, y, hx, hy, length / 2, speed);
    const isAside = vru && passages.laneId < 0 && passages.map.isBeforeCrossing(x, y);
    this.engine.locate(passages.laneId, passages.group, isAside);
  }

  /** Messages found at fault so far, by check. */
  get faultCounts(): MessageChecks['counts'] {
    return this.#checks.counts;
  }

  /** Takes a message. @returns why it was not used, or null. */
  message(message: V2xMessage): NotUsed | null {
    const at = message.receivedAtMs;
    if (this.#isJump(at)) return 'clock-ahead';
    this.#checks.message(message);
    if (message.kind === 'map') return this.#map(message);
    if (message.kind === 'spat') return this.#spat(message);
    if (this.#frame === null) {
      if (message.latitudeDegrees === null || message.longitudeDegrees === null) return this.#unused('no-position', at);
      if (Math.abs(message.latitudeDegrees) > 89) return this.#unused('far-away', at);
      this.#frame = localFrame(message.latitudeDegrees, message.longitudeDegrees);
    }
    const update = roadUserUpdate(message, this.#frame, this.#options.radiusMetres);
    return typeof update === 'string' ? this.#unused(update, at) : this.#update(update, at);
  }

  /** Whether `atMs` is so far ahead of what came before that one sender's clock is likelier than a pause. */
  #isJump(atMs: number): boolean {
    if (!isMoment(atMs)) return false;
    if (!(atMs > this.#nowMs + JUMP_MS) || this.#nowMs === Number.NEGATIVE_INFINITY) {
      if (atMs > this.#nowMs - JUMP_MS) this.#jumps = 0;
      return false;
    }
    if (++this.#jumps > JUMPS_TO_BELIEVE) {
      this.#jumps = 0;
      return false;
    }
    this.rejected(this.#nowMs);
    return true;
  }

  #unused(why: NotUsed, atMs: number): NotUsed {
    this.rejected(atMs);
    return why;
  }

  #mine(id: number): boolean {
    // the signal groups of two intersections have the same numbers: where none is named, that of the first MAP it is
    const wanted = this.#options.intersectionId ?? this.#passages?.map.intersectionId;
    return wanted === undefined || wanted === id;
  }

  #map(message: V2xMessage & { kind: 'map' }): NotUsed | null {
    this.advance(message.receivedAtMs);
    const mine = message.intersections.filter((one) => this.#mine(one.key.id));
    if (mine.length === 0) return 'no-intersection';
    const [first] = mine;
    if (this.#frame === null && Math.abs(first!.latitudeDegrees) <= 89)
      this.#frame = localFrame(first!.latitudeDegrees, first!.longitudeDegrees);
    if (this.#frame !== null && (this.#passages === null || this.#isNew(this.#passages.map, first!))) {
      this.#endPassages();
      this.#passages = new Passages(new LaneMap(first!, this.#frame), {
        state: (group) => this.#signals.get(group)?.state ?? null,
        sinceMs: (group) => this.#signals.get(group)?.sinceMs ?? null,
      });
    }
    this.heard(message.receivedAtMs);
    return null;
  }

  #isNew(map: LaneMap, geometry: { readonly key: { readonly id: number }; readonly revision: number }): boolean {
    // of several intersections the first one heard is the one looked at
    return map.intersectionId === geometry.key.id && map.revision !== geometry.revision;
  }

  #endPassages(): void {
    if (this.#passages === null) return;
    this.#passages.finish();
    this.#keep(this.#passages.take());
  }

  #keep(events: PassageEvents): void {
    this.#events.passages.push(...events.passages);
    this.#events.stops.push(...events.stops);
    this.#events.unmapped.push(...events.unmapped);
    this.#events.wrongWay.push(...events.wrongWay);
  }

  #spat(message: V2xMessage & { kind: 'spat' }): NotUsed | null {
    this.advance(message.receivedAtMs);
    let found = false;
    for (const intersection of message.intersections) {
      if (!this.#mine(intersection.key.id)) continue;
      found = true;
      for (const movement of intersection.movements)
        this.signal(movement.signalGroup, movement.events[0]?.state ?? null, message.receivedAtMs);
    }
    if (!found) return 'no-intersection';
    this.heard(message.receivedAtMs);
    this.#minutes.signals(message.receivedAtMs);
    this.#quarterHours.signals(message.receivedAtMs);
    return null;
  }

  /** Signal group `group` shows `state`, in J2735's words, from `atMs` on; null: unknown. */
  signal(group: number, state: string | null, atMs: number): void {
    this.engine.setSignal(group, state);
    const known = this.#signals.get(group);
    if (state === null) this.#signals.delete(group);
    else if (known === undefined) this.#signals.set(group, { state, sinceMs: null });
    else if (known.state !== state) {
      known.state = state;
      known.sinceMs = atMs;
    }
  }

  /** Something was heard at `atMs`, if only that there is nobody. */
  heard(atMs: number): void {
    if (!isMoment(atMs)) return;
    this.#minutes.heard(atMs);
    this.#quarterHours.heard(atMs);
  }

  /** A message about a road user could not be used, for a reason found elsewhere: it lowers the quality. */
  rejected(atMs: number): void {
    const at = isMoment(atMs) && atMs < this.#nowMs + JUMP_MS ? atMs : this.#nowMs;
    if (!isMoment(at)) return;
    this.#minutes.rejected(at);
    this.#quarterHours.rejected(at);
  }

  /** Lets time pass to `nowMs`, by the clock that arrivals have. */
  advance(nowMs: number): void {
    if (!isMoment(nowMs)) return;
    this.engine.advance(nowMs);
    this.#passTime(nowMs);
  }

  #passTime(nowMs: number): void {
    if (!(nowMs > this.#nowMs)) return;
    this.#nowMs = nowMs;
    if (nowMs < this.#nextCloseMs) return;
    // at whole seconds, whenever messages come: what is closed when depends on time alone
    this.#nextCloseMs = (Math.floor(nowMs / 1000) + 1) * 1000;
    this.#collect();
    const until = Math.floor(nowMs / 1000) * 1000 - HOLD_MS;
    this.#doneMinutes.push(...this.#minutes.takeBefore(until));
    this.#doneQuarterHours.push(...this.#quarterHours.takeBefore(until));
    this.#passages?.review(nowMs);
  }

  #collect(): void {
    for (const one of this.engine.takeEncounters()) {
      this.#encounters.push(one);
      this.#minutes.encounter(one);
      this.#quarterHours.encounter(one);
    }
    for (const one of this.engine.takeHardBraking()) {
      this.#hardBraking.push(one);
      this.#minutes.hardBraking(one);
      this.#quarterHours.hardBraking(one);
    }
  }

  /** Ends everything under way: the end of a recording. */
  finish(): void {
    this.engine.finish();
    this.#collect();
    this.#endPassages();
    this.#doneMinutes.push(...this.#minutes.finish());
    this.#doneQuarterHours.push(...this.#quarterHours.finish());
  }

  /** What has come out since the last call. */
  take(): AnalysisOutput {
    this.#collect();
    if (this.#passages !== null) this.#keep(this.#passages.take());
    const out = {
      encounters: this.#encounters,
      hardBraking: this.#hardBraking,
      minutes: this.#doneMinutes,
      quarterHours: this.#doneQuarterHours,
      faults: this.#checks.take(),
      ...this.#events,
    };
    this.#events = { passages: [], stops: [], unmapped: [], wrongWay: [] };
    this.#encounters = [];
    this.#hardBraking = [];
    this.#doneMinutes = [];
    this.#doneQuarterHours = [];
    return out;
  }
}
