/**
 * The safety of one variant of a run, or of a street: takes V2X frames by junction as links deliver them, has each
 * junction's messages analysed in their order, here or on worker threads, and tells and keeps what comes out. The same
 * frames give the same records, whatever carried them and however many threads there are.
 */
import { createHash } from 'node:crypto';
import type { Encounter } from '../../controller/safety/encounter-types.ts';
import type { FeatureInterval } from '../../controller/safety/features.ts';
import { fromLocal, type LocalFrame, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { FrozenVersions, ScoredInterval } from './index.ts';
import {
  type CrashRecord,
  type JunctionBatch,
  type JunctionResult,
  JunctionSafety,
  type JunctionSetup,
} from './junction.ts';
import type { SafetyPool } from './pool.ts';
import type { SafetyConflict, SafetyEvent, SafetyHardBraking, SafetyInterval } from './results.ts';
import type { WeatherSource } from './weather.ts';

export interface MonitoredJunction {
  readonly junctionId: string;
  readonly name: string;
  /** Place that positions are measured from; null: that of the first MAP, else the first position. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** Metres of the scenario that are the place above; 0, 0 on a street. */
  readonly x: number;
  readonly y: number;
  /** False: latitude and longitude are made up, and conflicts have none. */
  readonly isOnEarth?: boolean;
}

export interface MonitorOptions {
  readonly variant: string;
  readonly junctions: readonly MonitoredJunction[];
  /** Second 0, ms since 1970. */
  readonly startsAtMs: number;
  /** Share of vehicles that broadcast, 0-1; null: not known. */
  readonly penetration: number | null;
  readonly weather?: WeatherSource | null;
  /** What indices relate to while the run is under way; null or absent: nothing yet. */
  readonly frozen?: FrozenVersions | null;
  /** Where the work is done; null: here. */
  readonly pool: SafetyPool | null;
  /** Frames are this program's own objects: they need no check. */
  readonly own: boolean;
  /** Of the encounters; default 100 ms. */
  readonly stepMs?: number;
  /** Most users of a junction within ten seconds; default 20,000. */
  readonly maxUsers?: number;
  /** Keep what comes out, for a result at the end; default true. */
  readonly keeps?: boolean;
  onEvent?(event: SafetyEvent): void;
  /** All that came out of a batch, for those who keep it. */
  onResult?(junction: MonitoredJunction, result: JunctionResult): void;
}

/** What scores relate to besides what is heard. Absent: as before. */
export interface ScoreBasis {
  readonly frozen?: FrozenVersions | null;
  /** By junction. */
  weatherOf?(junctionId: string): WeatherSource | null;
  crashesOf?(junctionId: string): CrashRecord | null;
}

/** What was seen of a junction, all in all. */
export interface JunctionObservation {
  readonly junction: MonitoredJunction;
  readonly conflicts: SafetyConflict[];
  readonly hardBraking: SafetyHardBraking[];
  readonly minutes: FeatureInterval[];
  readonly quarterHours: FeatureInterval[];
  read: number;
  used: number;
  readonly rejected: Map<string, number>;
  /** Faults of messages that began, by check. */
  readonly faults: Map<string, number>;
}

/** Seconds whose batches may be under way on other threads before the run waits. */
const MOST_SECONDS_BEHIND = 30;

export class SafetyMonitor {
  readonly options: MonitorOptions;
  readonly observations: JunctionObservation[] = [];
  readonly #byId = new Map<string, JunctionObservation>();
  readonly #here = new Map<string, JunctionSafety>();
  readonly #waiting = new Map<string, unknown[]>();
  readonly #texts = new Map<string, string[]>();
  #tail: Promise<void> = Promise.resolve();
  #behind = 0;
  #basis: ScoreBasis;

  private constructor(options: MonitorOptions) {
    this.options = options;
    const { frozen = null, weather = null } = options;
    this.#basis = { frozen, weatherOf: () => weather, crashesOf: () => null };
  }

  static async open(options: MonitorOptions): Promise<SafetyMonitor> {
    const monitor = new SafetyMonitor(options);
    for (const junction of options.junctions) await monitor.add(junction);
    return monitor;
  }

  /** Begins with one more junction. */
  async add(junction: MonitoredJunction): Promise<void> {
    const { options } = this;
    const { junctionId } = junction;
    const setup = setupOf(options, junction, this.#basis);
    if (options.pool === null) this.#here.set(junctionId, new JunctionSafety(setup));
    else await options.pool.open(this.#nameOf(junctionId), setup);
    const observation: JunctionObservation = {
      junction,
      conflicts: [],
      hardBraking: [],
      minutes: [],
      quarterHours: [],
      read: 0,
      used: 0,
      rejected: new Map(),
      faults: new Map(),
    };
    this.observations.push(observation);
    this.#byId.set(junctionId, observation);
  }

  /** A frame, or a single message, that came from a junction's roadside unit. Kept until the batch is closed. */
  take(junctionId: string, frame: unknown): void {
    if (!this.#byId.has(junctionId)) return;
    const waiting = this.#waiting.get(junctionId);
    if (waiting === undefined) this.#waiting.set(junctionId, [frame]);
    else waiting.push(frame);
  }

  /** The same as text, which whoever analyses it parses: on another thread, where there is one. */
  takeText(junctionId: string, text: string): void {
    if (!this.#byId.has(junctionId)) return;
    const waiting = this.#texts.get(junctionId);
    if (waiting === undefined) this.#texts.set(junctionId, [text]);
    else waiting.push(text);
  }

  /**
   * Has what came worked off. `nowMs`: the clock, where silence is to be told by it. A promise where other threads are far
   * behind: wait for it.
   */
  flush(nowMs?: number): void | Promise<void> {
    return this.#work((frames) => ({
      frames,
      own: this.options.own,
      ...(nowMs !== undefined && { nowMs, receivedAtMs: nowMs }),
    }));
  }

  /** The same for one junction alone, at once. */
  flushJunction(junctionId: string, receivedAtMs: number, nowMs?: number): void | Promise<void> {
    return this.#work(
      (frames) => ({ frames, own: this.options.own, receivedAtMs, ...(nowMs !== undefined && { nowMs }) }),
      junctionId,
    );
  }

  /** What scores relate to from here on, of junctions that are heard later as well. */
  setBasis(news: ScoreBasis): void | Promise<void> {
    this.#basis = { ...this.#basis, ...news };
    const { frozen, weatherOf, crashesOf } = news;
    return this.#work((frames, junctionId) => ({
      frames,
      own: this.options.own,
      ...(frozen !== undefined && { frozen }),
      ...(weatherOf !== undefined && { weather: weatherOf(junctionId) }),
      ...(crashesOf !== undefined && { crashes: crashesOf(junctionId) }),
    }));
  }

  /** Nothing comes any more: ends all that is under way. */
  async finish(): Promise<void> {
    void this.#work((frames) => ({ frames, own: this.options.own, finish: true }));
    await this.#tail;
    const { pool } = this.options;
    if (pool !== null) for (const id of this.#byId.keys()) await pool.closeJunction(this.#nameOf(id));
  }

  #nameOf(junctionId: string): string {
    return `${this.options.variant} ${junctionId}`;
  }

  #work(batchOf: (frames: unknown[], junctionId: string) => JunctionBatch, only?: string): void | Promise<void> {
    const { pool } = this.options;
    const whose = only === undefined ? this.observations : [this.#byId.get(only)!];
    const batches = whose.map((one) => {
      const id = one.junction.junctionId;
      const frames = this.#waiting.get(id) ?? [];
      this.#waiting.delete(id);
      const texts = this.#texts.get(id);
      this.#texts.delete(id);
      return [one, { ...batchOf(frames, id), ...(texts !== undefined && { texts }) }] as const;
    });
    if (pool === null) {
      for (const [one, batch] of batches) this.#keep(one, this.#here.get(one.junction.junctionId)!.push(batch));
      return;
    }
    const results = batches.map(([one, batch]) => pool.push(this.#nameOf(one.junction.junctionId), batch));
    this.#behind++;
    this.#tail = this.#tail.then(async () => {
      // in the order of junctions, whichever thread was first
      for (const [i, [one]] of batches.entries()) this.#keep(one, await results[i]!);
      this.#behind--;
    });
    // whoever awaits the end gets what went wrong
    this.#tail.catch(() => {});
    if (this.#behind > MOST_SECONDS_BEHIND) return this.#tail;
  }

  #keep(one: JunctionObservation, result: JunctionResult): void {
    const { options } = this;
    const { junction } = one;
    one.read += result.read;
    one.used += result.used;
    for (const [reason, times] of Object.entries(result.rejected)) add(one.rejected, reason, times);
    for (const { check } of result.faults) add(one.faults, check, 1);
    const conflicts = result.encounters.map((encounter) =>
      conflictOf(encounter, junction, options.startsAtMs, result.frame),
    );
    const hardBraking = result.hardBraking.map((braking): SafetyHardBraking => {
      const second = (braking.timeMs - options.startsAtMs) / 1000;
      return {
        id: nameOf(junction.junctionId, braking.user, braking.timeMs),
        junctionId: junction.junctionId,
        second,
        user: braking.user,
        userType: braking.type,
        peakMetresPerSecond2: rounded(braking.peakMetresPerSecond2),
      };
    });
    if (options.keeps !== false) {
      one.conflicts.push(...conflicts);
      one.hardBraking.push(...hardBraking);
      for (const { interval } of result.minutes) one.minutes.push(interval);
      for (const { interval } of result.quarterHours) one.quarterHours.push(interval);
    }
    options.onResult?.(junction, result);
    if (options.onEvent === undefined) return;
    const started = result.started.map((encounter) =>
      conflictOf(encounter, junction, options.startsAtMs, result.frame),
    );
    const minutes = result.minutes.map((each) => intervalOf(each, junction.junctionId, options.startsAtMs));
    if (started.length + conflicts.length + hardBraking.length + minutes.length === 0) return;
    options.onEvent({
      variant: options.variant,
      junctionId: junction.junctionId,
      second: Math.floor((lastMs(result) - options.startsAtMs) / 1000),
      started,
      conflicts,
      hardBraking,
      minutes,
    });
  }
}

function setupOf(options: MonitorOptions, junction: MonitoredJunction, basis: ScoreBasis): JunctionSetup {
  const { junctionId } = junction;
  return {
    analysis: {
      ...(junction.latitude !== null &&
        junction.longitude !== null && { frame: localFrame(junction.latitude, junction.longitude) }),
      penetration: options.penetration,
      engine: {
        ...(options.stepMs !== undefined && { stepMs: options.stepMs }),
        ...(options.maxUsers !== undefined && { maxUsers: options.maxUsers }),
      },
    },
    frozen: basis.frozen ?? null,
    weather: basis.weatherOf?.(junctionId) ?? null,
    crashes: basis.crashesOf?.(junctionId) ?? null,
  };
}

function lastMs(result: JunctionResult): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const { criticalMs } of result.started) last = Math.max(last, criticalMs);
  for (const { endMs } of result.encounters) last = Math.max(last, endMs);
  for (const { timeMs } of result.hardBraking) last = Math.max(last, timeMs);
  for (const { interval } of result.minutes) last = Math.max(last, interval.startMs + interval.intervalSeconds * 1000);
  return last;
}

const add = (counts: Map<string, number>, name: string, times: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + times);
};

const rounded = (value: number): number => Math.round(value * 1000) / 1000 + 0;
const orNull = (value: number | undefined): number | null => (value === undefined ? null : rounded(value));
const boundsOf = (of: { readonly low: number; readonly high: number } | undefined) =>
  of === undefined ? null : { low: rounded(of.low), high: rounded(of.high) };

/** Sixteen hexadecimal digits by which a record is known. */
const nameOf = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** An encounter in seconds of the run and metres of the scenario. */
export function conflictOf(
  one: Encounter,
  junction: MonitoredJunction,
  startsAtMs: number,
  frame: LocalFrame | null,
): SafetyConflict {
  const second = (ms: number) => rounded((ms - startsAtMs) / 1000);
  const degrees = (value: number) => Math.round(value * 1e7) / 1e7;
  const isNowhere = frame === null || junction.isOnEarth === false;
  const [latitude, longitude] = isNowhere ? [null, null] : fromLocal(frame, one.x, one.y).map(degrees);
  return {
    id: nameOf(junction.junctionId, ...one.users, one.startMs),
    junctionId: junction.junctionId,
    junction: junction.name,
    startSecond: second(one.startMs),
    endSecond: second(one.endMs),
    criticalSecond: second(one.criticalMs),
    type: one.type,
    withVru: one.withVru,
    severity: one.severity,
    users: [...one.users],
    userTypes: [...one.userTypes],
    x: rounded(one.x + junction.x),
    y: rounded(one.y + junction.y),
    latitude: latitude ?? null,
    longitude: longitude ?? null,
    angleDegrees: rounded(one.angleDegrees),
    minTtcSeconds: orNull(one.minTtcSeconds),
    petSeconds: orNull(one.petSeconds),
    ttcBoundsSeconds: boundsOf(one.ttcBoundsSeconds),
    petBoundsSeconds: boundsOf(one.petBoundsSeconds),
    dracMetresPerSecond2: orNull(one.dracMetresPerSecond2),
    mdracMetresPerSecond2: orNull(one.mdracMetresPerSecond2),
    deltaVMetresPerSecond: rounded(one.deltaVMetresPerSecond),
    speedsMetresPerSecond: [rounded(one.speedsMetresPerSecond[0]), rounded(one.speedsMetresPerSecond[1])],
    hardBraking: one.hardBraking,
    outlinesTouched: one.outlinesTouched,
    signalStates: [...one.signalStates],
  };
}

/** A scored interval in seconds of the run. */
export function intervalOf(
  { interval, score }: ScoredInterval,
  junctionId: string,
  startsAtMs: number,
): SafetyInterval {
  return {
    junctionId,
    startSecond: (interval.startMs - startsAtMs) / 1000,
    intervalSeconds: interval.intervalSeconds,
    features: interval.features,
    vehicles: interval.vehicles,
    vrus: interval.vrus,
    quality: score.quality.score,
    observed: interval.observed,
    index: score.scored ? score.index : null,
    raw: score.scored ? score.raw : null,
    observationWeight: score.scored ? score.observationWeight : null,
    notScored: score.scored ? null : score.reason,
    interval: score.scored ? score.combinedInterval : null,
    ...(score.scored && score.constantsId !== null && { constantsId: score.constantsId }),
  };
}
