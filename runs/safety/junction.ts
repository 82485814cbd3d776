/** One junction's safety as messages come: what `SafetyAnalysis` finds, and the scores of the intervals that ended. */
import {
  type AnalysisOptions,
  type AnalysisOutput,
  type NotUsed,
  SafetyAnalysis,
} from '../../controller/safety/analysis.ts';
import type { RoadUserUpdate } from '../../controller/safety/encounter-types.ts';
import type { CurrentEncounter } from '../../controller/safety/encounters.ts';
import { type CrashHistory, type RealTimeIndex, realTimeIndex } from '../../controller/safety/index-formulas.ts';
import type { LocalFrame } from '../../feeds/v2x/local-frame.ts';
import type { MapMessage, Rejection, V2xMessage } from '../../feeds/v2x/messages.ts';
import { type ReadResult, readOwnV2x, readV2x, readV2xValue } from '../../feeds/v2x/read.ts';
import { type FrozenVersions, indexOf, type ScoredInterval } from './index.ts';
import { type WeatherSource, weatherAt } from './weather.ts';

export interface JunctionSetup {
  readonly analysis?: AnalysisOptions;
  /** What the index relates to; null: nothing yet, and no interval is scored. */
  readonly frozen: FrozenVersions | null;
  /** Of this junction alone, or of all: others' observations are left out by who gives them. */
  readonly weather?: WeatherSource | null;
  /** For the real-time index on crash history; absent: it is not computed. */
  readonly crashes?: CrashRecord | null;
}

export interface CrashRecord {
  readonly history: CrashHistory;
  readonly freeFlowMetresPerSecond: number;
  readonly capacityVehiclesPerHour: number;
}

/** A quarter of an hour's index on crash history; absent fields of the interval leave it null. */
export interface CrashIndexed {
  readonly startMs: number;
  readonly index: RealTimeIndex | null;
}

/** What came in, in its order: first `frames`, then `texts`, then `messages`, then `updates`. */
export interface JunctionBatch {
  /** Messages or frames as JSON that was parsed. */
  readonly frames?: readonly unknown[];
  /** `frames` were made by this program and need no check. */
  readonly own?: boolean;
  /** Messages or frames as JSON, as they were received. */
  readonly texts?: readonly string[];
  readonly messages?: readonly V2xMessage[];
  /** States in the junction's local metres; each arrived at its own time. */
  readonly updates?: readonly RoadUserUpdate[];
  /** When frames and texts were received that do not say so themselves, ms since 1970. */
  readonly receivedAtMs?: number;
  /** The clock, where it is ahead of the messages: silence is told by it. */
  readonly nowMs?: number;
  /** New weather, constants or crash history from here on; absent: as before. */
  readonly weather?: WeatherSource | null;
  readonly frozen?: FrozenVersions | null;
  readonly crashes?: CrashRecord | null;
  /** Nothing comes after this batch. */
  readonly finish?: boolean;
}

export interface JunctionResult extends Omit<AnalysisOutput, 'minutes' | 'quarterHours'> {
  readonly minutes: readonly ScoredInterval[];
  readonly quarterHours: readonly ScoredInterval[];
  /** Of the quarters that ended, where a crash history was given. */
  readonly crashIndices: readonly CrashIndexed[];
  /** Encounters that began, as they stand; their records come among `encounters` once they end, if the paths bear them out. */
  readonly started: readonly CurrentEncounter[];
  readonly read: number;
  readonly used: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Time of what came last, or the clock where that is ahead; null: nothing came. */
  readonly nowMs: number | null;
  /** The latest time that a message of this batch said, if it was believed; null: none came. */
  readonly heardMs: number | null;
  /** What `x` and `y` are measured from; null: not known yet. */
  readonly frame: LocalFrame | null;
  /** Lanes and revision of the junction's MAP, where one came that is not the one before; absent: none did. */
  readonly map?: { readonly lanes: number; readonly revision: number };
  /** What the reader refused, for `data_quality_log`: at most 100 a batch. */
  readonly rejections: readonly Rejection[];
}

const MOST_REJECTIONS = 100;

export class JunctionSafety {
  readonly analysis: SafetyAnalysis;
  #frozen: FrozenVersions | null;
  #weather: WeatherSource | null;
  #crashes: CrashRecord | null;
  /** Vehicles that turned, by quarter of an hour, of those not scored yet. */
  readonly #turned = new Map<number, number>();
  #map: { readonly lanes: number; readonly revision: number } | null = null;
  /** Where this batch brought another. */
  #newMap: { readonly lanes: number; readonly revision: number } | null = null;

  constructor(setup: JunctionSetup) {
    this.analysis = new SafetyAnalysis(setup.analysis);
    this.#frozen = setup.frozen;
    this.#weather = setup.weather ?? null;
    this.#crashes = setup.crashes ?? null;
  }

  /** Takes a batch. What it gives depends on what came before it and on it, not on how that was cut into batches. */
  push(batch: JunctionBatch): JunctionResult {
    if (batch.weather !== undefined) this.#weather = batch.weather;
    if (batch.frozen !== undefined) this.#frozen = batch.frozen;
    if (batch.crashes !== undefined) this.#crashes = batch.crashes;
    const { analysis } = this;
    const rejected = new Map<string, number>();
    const rejections: Rejection[] = [];
    let read = 0;
    let used = 0;
    let heardMs = Number.NEGATIVE_INFINITY;
    const count = (why: NotUsed | Rejection['reason'] | null) => {
      read++;
      if (why === null) used++;
      else rejected.set(why, (rejected.get(why) ?? 0) + 1);
    };
    this.#newMap = null;
    const use = (message: V2xMessage) => {
      const why = analysis.message(message);
      count(why);
      if (why !== 'clock-ahead' && message.receivedAtMs > heardMs) heardMs = message.receivedAtMs;
      if (why === null && message.kind === 'map') this.#noteMap(message);
    };
    const take = (result: ReadResult) => {
      for (const one of result.rejections) {
        count(one.reason);
        analysis.rejected(analysis.nowMs);
        if (rejections.length < MOST_REJECTIONS) rejections.push(one);
      }
      for (const message of result.messages) use(message);
    };
    const options = () => ({
      receivedAtMs: batch.receivedAtMs ?? (Number.isFinite(analysis.nowMs) ? analysis.nowMs : 0),
    });
    for (const frame of batch.frames ?? []) {
      if (batch.own === true) for (const message of readOwnV2x(frame)) use(message);
      else take(readV2xValue(frame, options()));
    }
    for (const text of batch.texts ?? []) take(readV2x(text, options()));
    for (const message of batch.messages ?? []) use(message);
    for (const update of batch.updates ?? []) count(analysis.update(update));
    if (batch.nowMs !== undefined) analysis.advance(batch.nowMs);
    if (batch.finish === true) analysis.finish();
    const { minutes, quarterHours, ...out } = analysis.take();
    const scored = indexOf(minutes, quarterHours, {
      frozen: this.#frozen,
      weatherAt: (atMs) => weatherAt(this.#weather, atMs),
    });
    return {
      ...out,
      minutes: scored.minutes,
      quarterHours: scored.quarterHours,
      crashIndices: this.#crashIndices(out.passages, scored.quarterHours),
      started: analysis.engine.takeStarted(),
      nowMs: Number.isFinite(analysis.nowMs) ? analysis.nowMs : null,
      heardMs: Number.isFinite(heardMs) ? heardMs : null,
      frame: analysis.frame,
      ...(this.#newMap !== null && { map: this.#newMap }),
      read,
      used,
      rejected: Object.fromEntries([...rejected].sort(([a], [b]) => (a < b ? -1 : 1))),
      rejections,
    };
  }

  #noteMap({ intersections }: MapMessage): void {
    const [first] = intersections;
    if (first === undefined) return;
    const lanes = first.lanes.length;
    const { revision } = first;
    if (this.#map?.lanes === lanes && this.#map.revision === revision) return;
    this.#map = { lanes, revision };
    this.#newMap = this.#map;
  }

  #crashIndices(passages: AnalysisOutput['passages'], quarterHours: readonly ScoredInterval[]): CrashIndexed[] {
    if (this.#crashes === null) return [];
    for (const { turned, timeMs } of passages) {
      if (turned !== true) continue;
      const at = Math.floor(timeMs / QUARTER_MS);
      this.#turned.set(at, (this.#turned.get(at) ?? 0) + 1);
    }
    const { history, freeFlowMetresPerSecond, capacityVehiclesPerHour } = this.#crashes;
    return quarterHours.map(({ interval, score }) => {
      const at = interval.startMs / QUARTER_MS;
      const turningVehicles = this.#turned.get(at) ?? 0;
      for (const old of this.#turned.keys()) if (old <= at) this.#turned.delete(old);
      const speed = interval.features?.averageSpeedMetresPerSecond ?? null;
      const spread = interval.features?.speedSpreadMetresPerSecond ?? null;
      // what is too poor for the one index is too poor for the other
      const known = speed !== null && spread !== null && (score.scored || score.reason === 'no-constants');
      return {
        startMs: interval.startMs,
        index: known
          ? realTimeIndex(history, {
              freeFlowMetresPerSecond,
              speedMetresPerSecond: speed,
              speedVariance: spread * spread,
              turningVehicles,
              vruCount: interval.vrus,
              vehicleCount: interval.vehicles,
              capacityVehicles: capacityVehiclesPerHour / 4,
            })
          : null,
      };
    });
  }
}

const QUARTER_MS = 900_000;
