/**
 * Safety of a street's junctions as messages come, over MQTT or HTTP: each frame is analysed when it comes. Every message
 * is used, or counted with the reason why not; what is wrong with one is written to `data_quality_log` and stops nothing.
 */
import { holdsAt } from '../../controller/safety/index-formulas.ts';
import { Router } from '../../controller/safety/routing.ts';
import type { Link, Rejected } from '../../feeds/link.ts';
import type { MqttLink } from '../../feeds/mqtt-link.ts';
import { addressOf, filterOf, LIVE_PREFIX } from '../../feeds/topics.ts';
import { localFrame } from '../../feeds/v2x/local-frame.ts';
import { readV2xValue } from '../../feeds/v2x/read.ts';
import type { RawKind } from '../records.ts';
import type { Store } from '../twin-types.ts';
import type { FrozenConstants } from './index.ts';
import type { CrashRecord, JunctionResult } from './junction.ts';
import {
  conflictRecord,
  crashIndexRecord,
  featureRecord,
  hardBrakeRecord,
  indexRecord,
  troublesOf,
  weatherRecord,
} from './keeper.ts';
import { intervalOf, type MonitoredJunction, SafetyMonitor } from './monitor.ts';
import { MessageClock } from './message-clock.ts';
import { QualityNotes, type Trouble } from './quality-notes.ts';
import { rawRecordsOf, senderOf } from './raw-messages.ts';
import { type SafetyPool, SafetyOverloaded } from './pool.ts';
import type { SafetyEvent } from './results.ts';
import { observationsOf, WEATHER_HOLDS_MS, type WeatherObservation } from './weather.ts';

export interface LiveJunction extends MonitoredJunction {
  /** J2735's intersection id; null: it has none. */
  readonly intersectionId: number | null;
}

/** What the store knows that scores relate to. */
export interface LiveBasis {
  /** Versions of the constants, those that count first. */
  readonly frozen: readonly FrozenConstants[];
  readonly weather: readonly WeatherObservation[];
  /** By junction. */
  readonly crashes: ReadonlyMap<string, CrashRecord>;
}

export interface LiveSafetyOptions {
  /** Junctions there are; asked again where a message is of none of them, at most every ten seconds. */
  junctions(): Promise<readonly LiveJunction[]>;
  /** null: messages come by `take` alone. */
  readonly link: Link | null;
  /** Default `flextraff`. */
  readonly prefix?: string;
  /** null: all in this thread. */
  readonly pool: SafetyPool | null;
  readonly store: Pick<Store, 'writeRecords' | 'writeFeatures' | 'writeRaw' | 'writeMap'>;
  /** Whether messages are archived as they came; default: where the store can. */
  readonly keepsMessages?: boolean;
  /** Archives what comes over MQTT in place of the store: on another thread, for it is most of the work. */
  archiveText?(
    kind: RawKind,
    text: string,
    of: { readonly receivedAtMs: number; readonly junctionId: string; readonly via: string },
  ): void;
  /** What scores relate to; asked at the begin, and every minute. Absent: nothing, and no minute is scored. */
  basis?(): Promise<LiveBasis>;
  onEvents?(events: SafetyEvent[]): void;
  /** Once a problem: batches come faster than they can be worked off, a thread failed. */
  onProblem?(message: string): void;
  /** Wall clock, ms since 1970. */
  readonly now?: () => number;
}

export interface Taken {
  /** Messages that go to a junction's analysis. */
  readonly taken: number;
  /** Not used, by reason. What analysis itself refuses is in `status`. */
  readonly rejected: Readonly<Record<string, number>>;
}

const KINDS = ['bsm', 'psm', 'spat', 'map'] as const;
const REFRESH_MS = 10_000;
const BASIS_MS = 60_000;
/** The shortest step that there is: what came waits for the end of its step. */
export const LIVE_STEP_MS = 40;
/** Of one junction and ten seconds; each takes memory for its path. */
const USERS_MAX = 5000;
/** Junctions of which nothing new came are told of the clock so often, for their silence. */
const SILENCE_MS = 1000;
/** After the end of a step, ms: what was sent in it is on its way. */
const GRACE_MS = 3;
const STREET = 'street';

export class LiveSafety {
  readonly #options: LiveSafetyOptions;
  readonly #monitor: SafetyMonitor;
  readonly #known = new Map<string, LiveJunction>();
  /** Those of which something was heard, and their analysis' begin. */
  readonly #begun = new Map<string, Promise<void>>();
  #router = new Router([]);
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #basisTimer: NodeJS.Timeout | null = null;
  #basis: LiveBasis = { frozen: [], weather: [], crashes: new Map() };
  /** Handed in here; what the store has of it comes with the basis. */
  #observed: WeatherObservation[] = [];
  #unsubscribe: (() => Promise<void>) | null = null;
  #fresh: SafetyEvent[] = [];
  readonly #rejected = new Map<string, number>();
  #overloaded = false;
  #toldNoConstants = false;
  readonly #notes = new QualityNotes();
  /** Of each junction of which something was heard. */
  readonly #clocks = new Map<string, MessageClock>();
  /** Of which something came, and when the step ends that it belongs to. */
  readonly #unended = new Map<string, number>();
  #silenceToldMs = 0;

  private constructor(options: LiveSafetyOptions, monitor: SafetyMonitor) {
    this.#options = options;
    this.#monitor = monitor;
  }

  static async open(options: LiveSafetyOptions): Promise<LiveSafety> {
    let live: LiveSafety | null = null;
    const monitor = await SafetyMonitor.open({
      variant: STREET,
      junctions: [],
      startsAtMs: 0,
      penetration: null,
      pool: options.pool,
      own: false,
      keeps: false,
      stepMs: LIVE_STEP_MS,
      maxUsers: USERS_MAX,
      onEvent: (event) => live!.#tell(event),
      onResult: (junction, result) => live!.#keep(junction, result),
    });
    live = new LiveSafety(options, monitor);
    await live.#refresh();
    await live.refreshBasis();
    const { link, prefix = LIVE_PREFIX } = options;
    const opened = live;
    const failed = (error: Error) => options.onProblem?.(`Safety of the street: ${error.message}`);
    if (link !== null && 'listen' in link) {
      // payloads go to the threads as they are: parsing them is much of the work
      await (link as MqttLink).listen(
        prefix,
        KINDS.map((kind) => filterOf(prefix, kind)),
        (topic, payload) => {
          const address = addressOf(topic, [prefix]);
          if (address === null) return false;
          if (payload.length > 0)
            opened.#takeText(address.junctionId!, address.kind as RawKind, payload, topic).catch(failed);
          return true;
        },
      );
    } else if (link !== null) {
      link.events.onRejected((rejected) => opened.#refused(rejected));
      opened.#unsubscribe = await link.subscribe(prefix, KINDS, ({ address, message }) => {
        opened.#takeOf(address.junctionId!, address.kind, message, null).catch(failed);
      });
    }
    live.#wait();
    live.#basisTimer = setInterval(() => {
      opened.#tellNotes(false);
      void opened.refreshBasis();
    }, BASIS_MS);
    live.#basisTimer.unref();
    return live;
  }

  get #keepsMessages(): boolean {
    const { store, keepsMessages = true } = this.#options;
    return keepsMessages && store.writeRaw !== undefined;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  /** Road users' messages used and refused so far, by junction, and what never got to one. */
  status(): {
    junctions: { junctionId: string; read: number; used: number; rejected: Record<string, number> }[];
    rejected: Record<string, number>;
  } {
    return {
      junctions: this.#monitor.observations.map(({ junction, read, used, rejected }) => ({
        junctionId: junction.junctionId,
        read,
        used,
        rejected: Object.fromEntries(rejected),
      })),
      rejected: Object.fromEntries(this.#rejected),
    };
  }

  /** A message or frame that says itself where it belongs, by its position or intersection. Resolves once it was handed on. */
  async take(value: unknown, via: string): Promise<Taken> {
    const list = Array.isArray(value) ? value : [value];
    const rejected = new Map<string, number>();
    const byJunction = new Map<string, [RawKind, unknown][]>();
    const refuse = (reason: string, example: unknown) => {
      rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      this.#count(reason, via, example);
    };
    const receivedAtMs = this.#now();
    for (const one of list) {
      const { messages, rejections } = readV2xValue(one, { receivedAtMs });
      const [message] = messages;
      if (message === undefined) {
        refuse(rejections[0]?.reason ?? 'unknown-shape', one);
        continue;
      }
      let junctions = this.#router.of(message);
      if (junctions.length === 0 && (await this.#refresh())) junctions = this.#router.of(message);
      if (junctions.length === 0) refuse('no-junction', one);
      for (const id of junctions) byJunction.set(id, [...(byJunction.get(id) ?? []), [message.kind, one]]);
    }
    let taken = 0;
    for (const [id, messages] of byJunction) {
      await this.#begin(id);
      for (const [kind, one] of messages) {
        this.#archive(kind, id, [one], via);
        this.#monitor.take(id, one);
        taken++;
      }
      this.#flush(id);
    }
    return { taken, rejected: Object.fromEntries(rejected) };
  }

  /** A message or frame of a junction's roadside unit. false: there is no such junction. */
  async takeFrom(junctionId: string, value: unknown, via: string): Promise<boolean> {
    const [first] = Array.isArray(value) ? value : [value];
    const kind = kindOf(first);
    return this.#takeOf(junctionId, kind, value, via);
  }

  async #takeText(junctionId: string, kind: RawKind, payload: Uint8Array, topic: string): Promise<void> {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
    if (!this.#known.has(junctionId) && (!(await this.#refresh()) || !this.#known.has(junctionId))) {
      this.#count('unknown-junction', topic, text);
      return;
    }
    await this.#begin(junctionId);
    this.#monitor.takeText(junctionId, text);
    this.#flush(junctionId);
    // afterwards: nobody waits for the archive
    const { archiveText, store } = this.#options;
    const receivedAtMs = this.#now();
    if (archiveText !== undefined) archiveText(kind, text, { receivedAtMs, junctionId, via: topic });
    else if (this.#keepsMessages) store.writeRaw!(kind, rawRecordsOf(text, { receivedAtMs, junctionId, via: topic }));
  }

  async #takeOf(junctionId: string, kind: RawKind | null, value: unknown, via: string | null): Promise<boolean> {
    if (!this.#known.has(junctionId)) {
      if (!(await this.#refresh()) || !this.#known.has(junctionId)) {
        this.#count('unknown-junction', via ?? junctionId, value);
        return false;
      }
    }
    await this.#begin(junctionId);
    if (kind !== null) this.#archive(kind, junctionId, Array.isArray(value) ? value : [value], via);
    this.#monitor.take(junctionId, value);
    this.#flush(junctionId);
    return true;
  }

  /** Whether there is such a junction. */
  async knows(junctionId: string): Promise<boolean> {
    return this.#known.has(junctionId) || ((await this.#refresh()) && this.#known.has(junctionId));
  }

  /** Weather that was observed, or is foreseen: it counts for the minutes of the hour that follows each. */
  addWeather(observations: readonly WeatherObservation[], source: string): void {
    if (observations.length === 0) return;
    this.#options.store.writeRecords(
      'weather',
      observations.map(({ weather, junctionId, atMs }) => weatherRecord(weather, junctionId, atMs, source)),
    );
    const oldMs = this.#now() - 2 * WEATHER_HOLDS_MS;
    this.#observed = [...this.#observed, ...observations].filter(({ atMs }) => atMs > oldMs);
    this.#tellWeather();
  }

  #tellWeather(): void {
    const all = [...this.#basis.weather, ...this.#observed];
    this.#safely(() => this.#monitor.setBasis({ weatherOf: (junctionId) => observationsOf(all, junctionId) }));
  }

  /** Asks anew what scores relate to: constants, weather, crash histories. Where that fails it stays as it was, and is told. */
  async refreshBasis(): Promise<void> {
    const { basis, onProblem } = this.#options;
    if (basis === undefined) return;
    try {
      this.#basis = await basis();
    } catch (error) {
      onProblem?.(`Safety of the street: what its index relates to is not known anew: ${(error as Error).message}`);
      return;
    }
    const { frozen, crashes } = this.#basis;
    this.#safely(() => this.#monitor.setBasis({ frozen, crashesOf: (junctionId) => crashes.get(junctionId) ?? null }));
    this.#tellWeather();
  }

  /** The constants that hold now; null: there are none, and minutes are not scored. */
  get constants(): FrozenConstants | null {
    return this.#basis.frozen.find(({ minute }) => holdsAt(minute, this.#now())) ?? null;
  }

  /** Resolves, for all later messages as well, once the junction's analysis has begun. */
  #begin(junctionId: string): Promise<void> {
    let begun = this.#begun.get(junctionId);
    if (begun === undefined) {
      begun = this.#monitor.add(this.#known.get(junctionId)!);
      this.#begun.set(junctionId, begun);
    }
    return begun;
  }

  #flush(junctionId: string): void {
    const now = this.#now();
    const nowMs = this.#clocks.get(junctionId)?.at(now);
    this.#unended.set(junctionId, (Math.floor(now / LIVE_STEP_MS) + 1) * LIVE_STEP_MS);
    this.#safely(() => this.#monitor.flushJunction(junctionId, now, nowMs));
  }

  /** To the end of the next step. */
  #wait(): void {
    this.#timer = setTimeout(
      () => {
        this.#tick();
        this.#wait();
      },
      LIVE_STEP_MS - (this.#now() % LIVE_STEP_MS) + GRACE_MS,
    );
    this.#timer.unref();
  }

  /** Batches that come too fast are lost, and said to be; the stream goes on. */
  #safely(work: () => void | Promise<void>): void {
    const failed = (error: Error) => {
      if (error instanceof SafetyOverloaded) {
        this.#rejected.set('overloaded', (this.#rejected.get('overloaded') ?? 0) + 1);
        if (this.#overloaded) return;
        this.#overloaded = true;
      }
      this.#options.onProblem?.(`Safety of the street: ${error.message}`);
    };
    try {
      work()?.catch(failed);
    } catch (error) {
      failed(error as Error);
    }
  }

  /** Steps end, and silence is told, by the clock. */
  #tick(): void {
    const now = this.#now();
    const isSilenceDue = Math.abs(now - this.#silenceToldMs) >= SILENCE_MS;
    if (isSilenceDue) this.#silenceToldMs = now;
    for (const id of isSilenceDue ? this.#clocks.keys() : this.#unended.keys()) {
      const nowMs = this.#clocks.get(id)?.at(now);
      if (nowMs !== undefined) this.#safely(() => this.#monitor.flushJunction(id, now, nowMs));
    }
    for (const [id, endsMs] of this.#unended) if (now >= endsMs) this.#unended.delete(id);
  }

  /** Whether junctions were asked for anew. */
  async #refresh(): Promise<boolean> {
    if (this.#refreshing !== null) {
      await this.#refreshing;
      return true;
    }
    if (this.#now() - this.#refreshedAt < REFRESH_MS) return false;
    this.#refreshedAt = this.#now();
    this.#refreshing = this.#learn().finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
    return true;
  }

  async #learn(): Promise<void> {
    let junctions: readonly LiveJunction[];
    try {
      junctions = await this.#options.junctions();
    } catch (error) {
      this.#options.onProblem?.(`Safety of the street: the junctions are not known: ${(error as Error).message}`);
      return;
    }
    for (const junction of junctions) this.#known.set(junction.junctionId, junction);
    this.#router = new Router(
      junctions.flatMap(({ junctionId, intersectionId, latitude, longitude }) =>
        latitude === null || longitude === null
          ? []
          : { junction: junctionId, intersectionId, frame: localFrame(latitude, longitude) },
      ),
    );
  }

  #refused({ topic, reason, excerpt }: Rejected): void {
    if (KINDS.some((kind) => topic.endsWith(`/${kind}`)))
      this.#count('malformed-frame', topic, `${reason}: ${excerpt}`);
  }

  /** Never got to a junction's analysis. */
  #count(reason: string, via: string, example: unknown): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
    this.#note({
      junctionId: null,
      issueType: `v2x_${reason.replaceAll('-', '_')}`,
      severity: 'warning',
      times: 1,
      message: (all) => {
        const text = typeof example === 'string' ? example : (JSON.stringify(example) ?? 'undefined');
        const what = all === 1 ? 'A V2X message was' : `${all} V2X messages were`;
        return `${what} not used: ${reason}. The last, by ${via.slice(0, 200)}, began: ${text.slice(0, 200)}`;
      },
    });
  }

  #tellNotes(isLast: boolean): void {
    const rows = this.#notes.due(this.#now(), isLast);
    if (rows.length > 0) this.#options.store.writeRecords('qualityIssues', rows);
  }

  #note(trouble: Trouble): void {
    const rows = this.#notes.add(trouble, this.#now());
    if (rows.length > 0) this.#options.store.writeRecords('qualityIssues', rows);
  }

  #archive(kind: RawKind, junctionId: string, messages: readonly unknown[], via: string | null): void {
    const { store } = this.#options;
    if (!this.#keepsMessages) return;
    const receivedAtMs = this.#now();
    store.writeRaw!(
      kind,
      messages.map((message) => ({ receivedAtMs, junctionId, via, sender: senderOf(message), message })),
    );
  }

  #keep(junction: MonitoredJunction, result: JunctionResult): void {
    const { store } = this.#options;
    const { junctionId } = junction;
    if (result.heardMs !== null) {
      const clock = this.#clocks.get(junctionId) ?? new MessageClock();
      this.#clocks.set(junctionId, clock);
      clock.note(this.#now(), result.heardMs);
    }
    if (result.map !== undefined) store.writeMap?.(junctionId, result.map.lanes, result.map.revision);
    for (const trouble of troublesOf(junctionId, result)) this.#note(trouble);
    const minutes = result.minutes.map((each) => intervalOf(each, junctionId, 0));
    if (minutes.length > 0)
      store.writeRecords(
        'indices',
        minutes.map((minute) => indexRecord(minute, 0)),
      );
    if (minutes.some(({ notScored }) => notScored === 'no-constants')) this.#tellNoConstants(junctionId);
    const quarters = result.quarterHours.map((each) => intervalOf(each, junctionId, 0));
    const features = [...minutes, ...quarters].flatMap((each) => featureRecord(each, 0) ?? []);
    if (features.length > 0) store.writeFeatures?.(features);
    if (result.crashIndices.length > 0)
      store.writeRecords(
        'crashIndices',
        result.crashIndices.map((one) => crashIndexRecord(junctionId, one)),
      );
  }

  /** There was enough to see, and nothing to relate it to: told to the log, and once to whoever is here. */
  #tellNoConstants(junctionId: string): void {
    const what = 'Minutes are not scored: no constants of the safety index are in force.';
    const remedy = '`flextraff safety constants compute` makes some; until then features are archived.';
    this.#note({
      junctionId,
      issueType: 'safety_no_constants',
      severity: 'warning',
      times: 1,
      message: () => `${what} ${remedy}`,
    });
    if (this.#toldNoConstants) return;
    this.#toldNoConstants = true;
    this.#options.onProblem?.(`Safety of the street: ${what} ${remedy}`);
  }

  #tell(event: SafetyEvent): void {
    const { store, onEvents } = this.#options;
    if (event.conflicts.length > 0)
      store.writeRecords(
        'conflicts',
        event.conflicts.map((one) => conflictRecord(one, null, 0, null)),
      );
    if (event.hardBraking.length > 0)
      store.writeRecords(
        'hardBrakes',
        event.hardBraking.map((one) => hardBrakeRecord(one, null, 0)),
      );
    if (onEvents === undefined) return;
    this.#fresh.push(event);
    if (this.#fresh.length === 1)
      setImmediate(() => {
        const events = this.#fresh;
        this.#fresh = [];
        onEvents(events);
      });
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#basisTimer !== null) clearInterval(this.#basisTimer);
    await this.#unsubscribe?.();
    await this.#monitor.finish();
    this.#tellNotes(true);
  }
}

/** By the ODE's record type or the corridor's fields; null: unknown. */
function kindOf(message: unknown): RawKind | null {
  const { messages } = readV2xValue(message);
  return messages[0]?.kind ?? null;
}
