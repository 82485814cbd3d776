/** One run of the twin while it is simulated: records what happens and tells it. */
import type { Received } from '../feeds/link.ts';
import { mapOf } from '../sim/v2x/map.ts';
import { clockTime } from './clock-time.ts';
import type { ControllerDecision, Decider } from './controller-port.ts';
import { CycleCollector } from './cycles.ts';
import { RunKeeper, recordingRecords } from './keeper.ts';
import { type RecordingWriter, recordingContents } from './recording.ts';
import { type RunObserver, RunStopped, runVariants } from './runner.ts';
import {
  conflictRecord,
  featureRecord,
  hardBrakeRecord,
  indexRecord,
  runQualityRecords,
  weatherRecord,
} from './safety/keeper.ts';
import type { SafetyConflict, SafetyEvent } from './safety/results.ts';
import type { Source } from './source.ts';
import type { Alert, DecisionRecord, RunRow, SeriesPoint, Store, TwinEvents } from './twin-types.ts';
import type { Drawing, Frame, RunResult } from './types.ts';

/** Simulated seconds between points of the series. */
export const SERIES_SECONDS = 10;
/** Wall milliseconds between `run` events, between writes of the short file, and between writes of the run's row. */
const TELL_MS = 200;
const FLUSH_MS = 1000;
const SAVE_MS = 5000;
/** Decisions and points kept in memory for those who begin to watch; the store has all. */
const KEPT = 20_000;
/** Threads that work out the safety of a run with several junctions. */
const SAFETY_THREADS = 2;
/** Alerts of one run about the same thing. */
const ALERTS_MAX = 20;

export interface LiveRunOptions {
  readonly row: RunRow;
  readonly source: Source;
  readonly drawing: Drawing;
  readonly recording: RecordingWriter;
  readonly store: Store;
  readonly broker: string;
  readonly decider: Decider;
  emit<E extends keyof TwinEvents>(event: E, ...values: Parameters<TwinEvents[E]>): void;
  alert(level: Alert['level'], message: string, runId: string): void;
}

export class LiveRun {
  readonly row: RunRow;
  readonly drawing: Drawing;
  readonly recording: RecordingWriter;
  readonly series: SeriesPoint[] = [];
  readonly decisions: DecisionRecord[] = [];
  readonly conflicts: (SafetyConflict & { variant: string })[] = [];
  readonly #options: LiveRunOptions;
  readonly #stop = new AbortController();
  /** How it ends if it is told to: by a user, or because the program ends. */
  #stopAs: 'stopped' | 'interrupted' = 'stopped';
  readonly #cycles = new Map<string, CycleCollector>();
  readonly #keeper: RunKeeper;
  /** Decisions that no device has answered yet, by variant, junction and seq; `kept` where they are told and stored. */
  readonly #unanswered = new Map<string, { record: DecisionRecord; kept: boolean }>();
  /** Stage asked for last, by variant and junction. */
  readonly #asked = new Map<string, string | null>();
  #freshDecisions: DecisionRecord[] = [];
  #freshSafety: SafetyEvent[] = [];
  readonly #alerted = new Map<string, number>();
  #toldAt = 0;
  #flushedAt = 0;
  #savedAt = 0;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.row = options.row;
    this.drawing = options.drawing;
    this.recording = options.recording;
    this.#keeper = new RunKeeper(options);
  }

  stop(as: 'stopped' | 'interrupted'): void {
    this.#stopAs = as;
    this.#stop.abort();
  }

  /** Simulates to the end. Never rejects: how it ended is in `row`. */
  async play(): Promise<void> {
    const { row, source, broker, decider, store, emit } = this.#options;
    let result: RunResult | null = null;
    try {
      result = await runVariants({
        source,
        seed: row.seed,
        link: { broker },
        decider,
        pace: row.pace,
        runId: row.id,
        // one junction is soon done; of several each thread takes some
        ...(source.v2x !== null && source.signals().length > 1 && { safety: { threads: SAFETY_THREADS } }),
        signal: this.#stop.signal,
        observer: this.#observer(),
      });
      row.status = 'finished';
      row.simulatedSeconds = row.durationSeconds;
      row.result = result;
    } catch (error) {
      this.#ended(error as Error);
    }
    await this.recording.close().catch((error: Error) => this.#alertOnce('error', error.message));
    row.endedAtMs = Date.now();
    this.#keeper.end(result);
    if (result) this.#keepSafety(result);
    this.#tellDecisions();
    store.writeRun({ ...row });
    await this.#keepRecording();
    if (result) emit('result', row.id, result);
  }

  async #keepRecording(): Promise<void> {
    try {
      const contents = await recordingContents(this.recording.folder);
      this.#options.store.writeRecords('recordings', recordingRecords(this.row.id, contents));
    } catch (error) {
      this.#alertOnce('warning', `The recording cannot be read back: ${(error as Error).message}`);
    }
  }

  #ended(error: Error): void {
    const { row } = this.#options;
    const where = `at ${clockTime(row.simulatedSeconds)} of ${clockTime(row.durationSeconds)}`;
    if (error instanceof RunStopped) {
      row.status = this.#stopAs;
      row.statusDetail =
        this.#stopAs === 'stopped' ? `stopped ${where}` : `interrupted ${where} when the program was ended`;
    } else {
      row.status = 'failed';
      row.statusDetail = `failed ${where}: ${error.message}`;
      this.#alertOnce('error', `The run of ${row.scenarioTitle} (seed ${row.seed}) failed ${where}: ${error.message}`);
    }
  }

  #observer(): RunObserver {
    const { row } = this.#options;
    return {
      onStart: (streets) => {
        this.#keeper.start(new Map([...streets].map(([variant, street]) => [variant, street.configurations])));
        for (const [variant, street] of streets) {
          this.#cycles.set(variant, new CycleCollector(street.configurations, row.id, variant));
          for (const warning of street.warnings) this.#alertOnce('info', `${row.scenarioTitle}: ${warning}`);
        }
      },
      onMessage: (variant, _second, outgoing) => {
        this.#keeper.message(variant, outgoing);
        const cycle = this.#cycles.get(variant)?.take(outgoing);
        if (cycle) this.#options.store.writeCycles([cycle]);
        if (outgoing.address.kind === 'ack') {
          const { seq, result, reason } = outgoing.message as {
            seq: number;
            result: 'applied' | 'refused';
            reason: string;
          };
          this.#acknowledged(variant, outgoing.address.junctionId!, seq, { result, reason });
        }
      },
      onCommand: (variant, _second, command) => {
        this.#keeper.command(variant, command);
        this.#noteMode(variant, command);
      },
      onDecision: (variant, decision) => {
        this.#keeper.decision(variant, decision);
        this.#decided(variant, decision);
      },
      onProblem: (variant, message) => this.#alertOnce('warning', `${row.scenarioTitle}, ${variant}: ${message}`),
      onRejected: ({ topic, reason, excerpt }) =>
        this.#alertOnce('warning', `A message on ${topic} was not used: ${reason}. It began: ${excerpt.slice(0, 80)}`),
      onConnection: (state, detail) => {
        if (state !== 'closed') this.#options.alert(state === 'connected' ? 'info' : 'warning', detail, row.id);
      },
      onSafety: (event) => this.#safety(event),
      onSecond: (second, frames) => this.#second(second, frames),
    };
  }

  #noteMode(variant: string, { address, message }: Received): void {
    if (address.kind === 'mode')
      this.#cycles.get(variant)?.setMode(address.junctionId!, (message as { mode: string }).mode);
  }

  #decided(variant: string, decision: ControllerDecision): void {
    const { row } = this.#options;
    const record: DecisionRecord = {
      variant,
      junctionId: decision.junctionId,
      second: Math.round((decision.atMs - row.startsAtMs) / 1000),
      seq: decision.seq,
      strategy: decision.strategy,
      kind: decision.kind,
      stages: decision.stages.map(({ stageId, greenSeconds, yellowSeconds, allRedSeconds }) => ({
        id: stageId,
        greenSeconds,
        yellowSeconds,
        allRedSeconds,
      })),
      reason: decision.reason,
      inputs: { ...decision.inputs },
      acknowledged: null,
      vetoed: decision.vetoed,
    };
    const where = `${variant} ${record.junctionId}`;
    const stage = record.kind === 'stage' ? record.stages[0]!.id : null;
    // a request is repeated each second to stay in force: kept is the one that changed what is asked for
    const kept = stage === null || record.vetoed !== null || stage !== this.#asked.get(where);
    this.#asked.set(where, stage);
    if (kept) this.#keep(record);
    if (record.vetoed === null) this.#unanswered.set(`${where} ${record.seq}`, { record, kept });
    else
      this.#alertOnce(
        'warning',
        `${row.scenarioTitle}, ${variant}: the interlock refused a decision of ${record.strategy}: ${record.vetoed}`,
      );
  }

  #keep(record: DecisionRecord): void {
    keep(this.decisions, record);
    this.#freshDecisions.push(record);
  }

  #acknowledged(variant: string, junctionId: string, seq: number, answer: DecisionRecord['acknowledged']): void {
    const key = `${variant} ${junctionId} ${seq}`;
    const decision = this.#unanswered.get(key);
    if (!decision) return;
    this.#unanswered.delete(key);
    const { record, kept } = decision;
    record.acknowledged = answer;
    if (!kept && answer?.result === 'refused') this.#keep(record);
    else if (kept && !this.#freshDecisions.includes(record)) this.#freshDecisions.push(record);
    if (answer?.result === 'refused') {
      const { scenarioTitle } = this.#options.row;
      this.#alertOnce(
        'warning',
        `${scenarioTitle}, ${variant}: the lamp controller refused a decision of ${record.strategy}: ${answer.reason}`,
      );
    }
  }

  #tellDecisions(): void {
    const { row, store, emit } = this.#options;
    if (this.#freshDecisions.length === 0) return;
    const fresh = this.#freshDecisions.map((record) => ({ ...record }));
    this.#freshDecisions = [];
    store.writeDecisions(fresh.map((record) => ({ ...record, runId: row.id })));
    emit('decisions', row.id, fresh);
    // stage requests are answered at once or never; what is long unanswered will not be
    while (this.#unanswered.size > 1000) this.#unanswered.delete(this.#unanswered.keys().next().value!);
  }

  #second(second: number, frames: Record<string, Frame>): void | Promise<void> {
    const { row } = this.#options;
    row.simulatedSeconds = second;
    const wait = this.recording.append(frames);
    if (second > 0 && (second % SERIES_SECONDS === 0 || second === row.durationSeconds))
      this.#tellSeries(second, frames);
    this.#tellDecisions();
    this.#keeper.second(second, frames);
    const now = performance.now();
    if (now - this.#flushedAt >= FLUSH_MS) {
      this.#flushedAt = now;
      void this.recording.flush();
    }
    if (now - this.#toldAt >= TELL_MS) {
      this.#toldAt = now;
      this.#options.emit('run', this.summary());
    }
    if (now - this.#savedAt >= SAVE_MS) {
      this.#savedAt = now;
      this.#options.store.writeRun({ ...row });
    }
    return wait;
  }

  /**
   * Indices and what they are made of. A junction has one index a minute: kept is that of the variant listed last, which is
   * what the junction would be run by.
   */
  #keepSafety(result: RunResult): void {
    const { row, store, source } = this.#options;
    const last = row.variants.at(-1)?.name ?? '';
    const safety = result.variants[last]?.safety;
    if (safety === undefined) return;
    const junctions = Object.values(safety.junctions);
    const minutes = junctions.flatMap((junction) => junction.minutes);
    store.writeRecords(
      'indices',
      minutes.map((minute) => indexRecord(minute, row.startsAtMs)),
    );
    store.writeFeatures?.(
      [...minutes, ...junctions.flatMap(({ quarterHours }) => quarterHours)].flatMap(
        (interval) => featureRecord(interval, row.startsAtMs) ?? [],
      ),
    );
    for (const junction of source.scenario?.junctions ?? []) {
      const [geometry] = mapOf(junction, row.startsAtMs).intersections;
      store.writeMap?.(junction.id, geometry!.lanes.length, geometry!.revision);
    }
    const weather = source.scenario?.weather;
    if (weather !== undefined)
      store.writeRecords(
        'weather',
        junctions.map(({ junctionId }) => weatherRecord(weather, junctionId, row.startsAtMs, 'scenario')),
      );
    const atMs = row.startsAtMs + row.durationSeconds * 1000;
    store.writeRecords(
      'qualityIssues',
      Object.entries(result.variants).flatMap(([variant, each]) =>
        Object.values(each.safety?.junctions ?? {}).flatMap((junction) =>
          runQualityRecords(junction, { runId: row.id, variant }, atMs),
        ),
      ),
    );
  }

  #safety(event: SafetyEvent): void {
    const { row, store, source } = this.#options;
    const of = { runId: row.id, variant: event.variant };
    const penetration = source.v2x?.share ?? null;
    if (event.conflicts.length > 0)
      store.writeRecords(
        'conflicts',
        event.conflicts.map((one) => conflictRecord(one, of, row.startsAtMs, penetration)),
      );
    if (event.hardBraking.length > 0)
      store.writeRecords(
        'hardBrakes',
        event.hardBraking.map((one) => hardBrakeRecord(one, of, row.startsAtMs)),
      );
    for (const conflict of event.conflicts) keep(this.conflicts, { ...conflict, variant: event.variant });
    this.#freshSafety.push(event);
    // a conflict on the socket is news; what comes in the same turn goes together
    if (this.#freshSafety.length === 1) setImmediate(() => this.#tellSafety());
  }

  #tellSafety(): void {
    if (this.#freshSafety.length === 0) return;
    const events = this.#freshSafety;
    this.#freshSafety = [];
    this.#options.emit('safety', this.row.id, events);
  }

  #tellSeries(second: number, frames: Record<string, Frame>): void {
    const { row, store, emit } = this.#options;
    const points = Object.entries(frames).map(
      ([variant, { counters }]): SeriesPoint => ({
        second,
        variant,
        delaySeconds: counters.delaySeconds,
        queued: counters.queued,
        stopsPerVehicle: counters.stopsPerVehicle,
        running: counters.running,
        arrived: counters.arrived,
      }),
    );
    for (const point of points) keep(this.series, point);
    store.writeSeries(points.map((point) => ({ ...point, runId: row.id })));
    emit('series', row.id, points);
  }

  /** Tells it unless the same was told of this run already, and at most so many in all. */
  #alertOnce(level: Alert['level'], message: string): void {
    const told = this.#alerted.get(message) ?? 0;
    this.#alerted.set(message, told + 1);
    if (told > 0 || this.#alerted.size > ALERTS_MAX) return;
    this.#options.alert(level, message, this.row.id);
  }

  summary() {
    return summaryOf(this.row, true);
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > KEPT) list.splice(0, KEPT / 10);
}

/** A row as the API shows it. */
export function summaryOf(row: RunRow, replayable: boolean) {
  const { startedAtMs, endedAtMs, startsAtMs, result: _, ...rest } = row;
  return {
    ...rest,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
    startsAt: new Date(startsAtMs).toISOString(),
    replayable,
  };
}
