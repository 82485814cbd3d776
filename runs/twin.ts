/** The twin: starts runs, keeps them replayable, tells what happens. What the API serves. */
import { EventEmitter } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { simulationPrefix } from '../feeds/topics.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import type { V2xSettings } from '../scenarios/types.ts';
import type { Street } from '../sim/street.ts';
import { Catalogue } from './catalogue.ts';
import { clockTime } from './clock-time.ts';
import { compareRuns } from './comparison.ts';
import type { Decider } from './controller-port.ts';
import { recordingRecords } from './keeper.ts';
import { LiveRun, summaryOf } from './live-run.ts';
import {
  DEFAULT_LIMITS,
  pruneRecordings,
  type RecordingLimits,
  RecordingReader,
  RecordingWriter,
  recordingContents,
  readRunFile,
  recordedRuns,
  writeRunFile,
} from './recording.ts';
import type { SafetyConflict } from './safety/results.ts';
import type { Source } from './source.ts';
import {
  type Alert,
  type Comparison,
  type DecisionRecord,
  type RunDetail,
  type RunRequest,
  type RunRow,
  type RunSummary,
  type ScenarioSummary,
  type SeriesPoint,
  type Store,
  type Twin,
  TwinError,
  type TwinEvents,
} from './twin-types.ts';
import type { Drawing, Frame } from './types.ts';

export interface TwinLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface TwinOptions {
  readonly store: Store;
  /** MQTT broker that carries the runs' messages. */
  readonly broker: string;
  /** Recordings go to `recordings` in it. */
  readonly dataDirectory: string;
  /** Folders with scenarios beside those that ship. */
  readonly scenariosDirectories?: readonly string[];
  /** Scenario files outside those folders, offered under their file names. */
  readonly scenarioFiles?: readonly string[];
  /** What broadcasts in one of the files, whatever it says. */
  readonly v2x?: { readonly file: string; readonly settings: V2xSettings };
  /** Worker threads that decide, for all runs together. */
  readonly threads: number;
  /** Where strategies decide instead; the caller closes it. */
  readonly decider?: Decider;
  /** Runs that may be simulated at the same time; 2 by default. */
  readonly runsAtOnce?: number;
  readonly recordings?: RecordingLimits;
  readonly logger?: TwinLogger;
}

const RUNS_AT_ONCE = 2;
const ALERTS_KEPT = 100;
const FRAMES_MAX = 60;
/** Finished runs whose series and decisions stay in memory. */
const RECENT_RUNS = 2;
const READERS_KEPT = 4;
/** Longest wait for the store before a start is acknowledged by the recording's own file, ms. */
const STORE_WAIT_MS = 1500;
const COMPARED_RUNS = 1000;
const NOTHING_TO_DRAW: Drawing = {
  bounds: { minX: 0, minY: 0, maxX: 0, maxY: 0 },
  lanes: [],
  junctions: [],
  approaches: [],
  vehicleClasses: [],
};

/** The twin, to which other parts of the program (the store, the broker) can hand what an operator should know. */
export interface AlertingTwin extends Twin {
  alert(level: Alert['level'], message: string): void;
  /** Whether the threads that decide are there, and what each has answered so far. */
  workers(): Promise<{ status: 'ok' | 'starting' | 'failed'; detail: string }>;
}

/** Opens the twin: finds the recordings there are and marks as interrupted what an earlier process left running. */
export async function createTwin(options: TwinOptions): Promise<AlertingTwin> {
  const twin = new RunningTwin(options);
  await twin.recover();
  return twin;
}

class RunningTwin implements AlertingTwin {
  readonly #options: TwinOptions;
  readonly #root: string;
  readonly #events = new EventEmitter();
  readonly #alerts: Alert[] = [];
  readonly #live = new Map<string, LiveRun>();
  readonly #playing = new Map<string, Promise<void>>();
  /** Rows of all recorded runs; the store has the others too. */
  readonly #recorded = new Map<string, RunRow>();
  readonly #recent = new Map<string, LiveRun>();
  readonly #readers = new Map<string, Promise<RecordingReader | null>>();
  readonly #catalogue: Catalogue;
  #decider: Promise<Decider> | null = null;
  #starting = 0;
  #closed = false;

  constructor(options: TwinOptions) {
    this.#options = options;
    this.#root = join(options.dataDirectory, 'recordings');
    this.#events.setMaxListeners(0);
    this.#catalogue = new Catalogue({
      directories: options.scenariosDirectories ?? [],
      files: options.scenarioFiles ?? [],
      ...(options.v2x && { v2x: options.v2x }),
      onLeftOut: (file, error) => options.logger?.warn({ file }, `A scenario is left out: ${error.message}`),
    });
  }

  async recover(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
    for (const id of await recordedRuns(this.#root)) {
      const row = await readRunFile<RunRow>(this.#folder(id), 'run');
      if (row?.id !== id) continue;
      this.#recorded.set(id, row);
      if (row.status === 'running') await this.#interrupted(row);
    }
    await this.#prune();
    const detail = 'interrupted when the program ended unexpectedly';
    this.#options.store
      .markInterrupted(detail)
      .then((rows) => {
        for (const row of rows) {
          if (!this.#recorded.has(row.id))
            this.#alert(
              'warning',
              `The run of ${row.scenarioTitle} (seed ${row.seed}) was ${row.statusDetail ?? detail}.`,
              row.id,
            );
        }
      })
      .catch((error: Error) =>
        this.#options.logger?.warn({ error: error.message }, 'interrupted runs could not be looked for'),
      );
  }

  async #interrupted(row: RunRow): Promise<void> {
    const folder = this.#folder(row.id);
    const reader = await RecordingReader.open(folder);
    row.simulatedSeconds = Math.max(0, (reader?.seconds ?? 0) - 1);
    row.status = 'interrupted';
    row.statusDetail = `interrupted at ${clockTime(row.simulatedSeconds)} of ${clockTime(row.durationSeconds)} when the program ended unexpectedly`;
    const [first] = row.variants;
    const touched = first && (await stat(join(folder, `${first.name}.tail`)).catch(() => null));
    row.endedAtMs = Math.round(Math.max(row.startedAtMs, touched?.mtimeMs ?? 0));
    await writeRunFile(folder, 'run', row);
    this.#options.store.writeRun({ ...row });
    this.#options.store.writeRecords('recordings', recordingRecords(row.id, await recordingContents(folder)));
    this.#alert(
      'warning',
      `The run of ${row.scenarioTitle} (seed ${row.seed}) was ${row.statusDetail}. Start it again to see the rest.`,
      row.id,
    );
  }

  #folder(runId: string): string {
    return join(this.#root, runId);
  }

  #emit<E extends keyof TwinEvents>(event: E, ...values: Parameters<TwinEvents[E]>): void {
    this.#events.emit(event, ...values);
  }

  on<E extends keyof TwinEvents>(event: E, handler: TwinEvents[E]): void {
    this.#events.on(event, handler);
  }

  #alert(level: Alert['level'], message: string, runId?: string): void {
    const alert: Alert = {
      id: uuidv7(),
      at: new Date().toISOString(),
      level,
      message,
      ...(runId === undefined ? {} : { runId }),
    };
    this.#alerts.push(alert);
    if (this.#alerts.length > ALERTS_KEPT) this.#alerts.shift();
    this.#options.logger?.[level === 'warning' ? 'warn' : level]({ runId }, message);
    this.#log(alert);
    this.#emit('alert', alert);
  }

  /** For the system's log alone: nobody has to be told. */
  #note(message: string, runId: string): void {
    this.#log({ id: uuidv7(), at: new Date().toISOString(), level: 'info', message, runId });
  }

  /** Alerts are the system's log. One about the store itself may not find it open. */
  #log(alert: Alert): void {
    if (this.#closed) return;
    this.#options.store.writeRecords('logs', [
      {
        logId: alert.id,
        atMs: Date.parse(alert.at),
        level: alert.level.toUpperCase() as 'INFO' | 'WARNING' | 'ERROR',
        component: 'twin',
        message: alert.message,
        metadata: alert.runId === undefined ? null : { run_id: alert.runId },
      },
    ]);
  }

  alert(level: Alert['level'], message: string): void {
    this.#alert(level, message);
  }

  alerts(): Alert[] {
    return [...this.#alerts];
  }

  scenarios(): Promise<ScenarioSummary[]> {
    return this.#catalogue.summaries();
  }

  async start(request: RunRequest): Promise<RunSummary> {
    if (this.#closed) throw new TwinError('twin_closed', 503, 'The program is ending.', { hint: 'Start it again.' });
    const source = await this.#catalogue.requested(request);
    const most = this.#options.runsAtOnce ?? RUNS_AT_ONCE;
    if (this.#live.size + this.#starting >= most) {
      throw new TwinError(
        'too_many_runs',
        409,
        `${most} runs are being simulated, which is as many as may be at once.`,
        {
          hint: 'Stop one, or wait until one has ended.',
        },
      );
    }
    this.#starting++;
    try {
      return (await this.#begin(source, request)).summary();
    } finally {
      this.#starting--;
    }
  }

  async #begin(source: Source, { seed, pace = 'max' }: RunRequest): Promise<LiveRun> {
    const { store, broker } = this.#options;
    const decider = await this.#sharedDecider();
    const row = rowOf(source, seed, pace);
    const folder = this.#folder(row.id);
    const sample = sampleStreet(source, row);
    const drawing = sample.drawing();
    const names = row.variants.map((variant) => variant.name);
    const recording = await RecordingWriter.create(folder, names);
    await writeRunFile(folder, 'drawing', drawing);
    await writeRunFile(folder, 'run', row);
    this.#recorded.set(row.id, row);
    const live = new LiveRun({
      row,
      source,
      drawing,
      recording,
      store,
      broker,
      decider,
      emit: (event, ...values) => this.#emit(event, ...values),
      alert: (level, message, runId) => this.#alert(level, message, runId),
    });
    this.#live.set(row.id, live);
    // not those of the first world, which has none where a peer's file runs its own programs
    const configurations = source.signals().flatMap(({ configuration }) => configuration ?? []);
    await this.#tellStore(source, configurations, row);
    this.#playing.set(row.id, this.#play(live));
    this.#emit('run', live.summary());
    return live;
  }

  /** What the store cannot take in time is acknowledged by the recording's own file. */
  async #tellStore(source: Source, configurations: readonly JunctionConfiguration[], row: RunRow): Promise<void> {
    const { store } = this.#options;
    try {
      store.writeJunctions(source.scenario, configurations);
      store.writeRun({ ...row });
      await withTimeout(STORE_WAIT_MS, store.flush());
    } catch (error) {
      const where = this.#folder(row.id);
      const problem = `The store could not take the run yet: ${(error as Error).message} It is kept in ${where}.`;
      this.#alert('warning', problem, row.id);
    }
  }

  /** Opened with the first run. */
  async #sharedDecider(): Promise<Decider> {
    this.#decider ??= this.#openDecider();
    try {
      return await this.#decider;
    } catch (error) {
      this.#decider = null;
      throw error;
    }
  }

  async #openDecider(): Promise<Decider> {
    if (this.#options.decider) return this.#options.decider;
    const { openDecider } = await import('./controllers.ts');
    return openDecider({ threads: this.#options.threads });
  }

  async #play(live: LiveRun): Promise<void> {
    const { row } = live;
    this.#note(`The run of ${row.scenarioTitle} (seed ${row.seed}) began.`, row.id);
    await live.play();
    this.#note(`The run of ${row.scenarioTitle} (seed ${row.seed}) ended: ${row.statusDetail ?? row.status}.`, row.id);
    await writeRunFile(this.#folder(row.id), 'run', row).catch((error: Error) =>
      this.#alert('error', error.message, row.id),
    );
    this.#live.delete(row.id);
    this.#recent.set(row.id, live);
    if (this.#recent.size > RECENT_RUNS) this.#recent.delete(this.#recent.keys().next().value!);
    this.#emit('run', this.#summary(row));
    await this.#prune().catch((error: Error) => this.#alert('warning', `Old recordings stay: ${error.message}`));
    this.#playing.delete(row.id);
  }

  async #prune(): Promise<void> {
    const limits = this.#options.recordings ?? DEFAULT_LIMITS;
    const { store } = this.#options;
    const removed = await pruneRecordings(this.#root, limits, new Set(this.#live.keys()), (id, contents) =>
      store.writeRecords('recordings', recordingRecords(id, contents, Date.now())),
    );
    for (const id of removed) {
      this.#recorded.delete(id);
      this.#readers.delete(id);
    }
  }

  #summary(row: RunRow): RunSummary {
    return summaryOf(row, this.#recorded.has(row.id));
  }

  async stop(runId: string): Promise<RunSummary> {
    const live = this.#live.get(runId);
    if (!live) {
      const row = await this.#row(runId);
      throw new TwinError('run_not_running', 409, `The run is not being simulated: it is ${row.status}.`, {
        hint: 'Only a running run can be stopped.',
      });
    }
    live.stop('stopped');
    await this.#playing.get(runId);
    return this.#summary(live.row);
  }

  /** Rows the store can give now; none while it is starting or away. */
  async #stored(limit: number): Promise<RunRow[]> {
    const { store } = this.#options;
    const { status } = await store.health();
    if (status !== 'ok') return [];
    return store.runs(limit).catch(() => []);
  }

  async #rows(limit: number): Promise<RunRow[]> {
    const rows = new Map((await this.#stored(limit)).map((row) => [row.id, row]));
    for (const [id, row] of this.#recorded) rows.set(id, row);
    for (const [id, live] of this.#live) rows.set(id, live.row);
    return [...rows.values()].sort((a, b) => b.startedAtMs - a.startedAtMs || (a.id < b.id ? 1 : -1)).slice(0, limit);
  }

  async runs(limit: number): Promise<RunSummary[]> {
    return (await this.#rows(limit)).map((row) => this.#summary(row));
  }

  async #row(runId: string): Promise<RunRow> {
    const known = this.#live.get(runId)?.row ?? this.#recorded.get(runId);
    if (known) return known;
    const stored = isUuid(runId) ? await this.#options.store.run(runId) : null;
    if (!stored)
      throw new TwinError('run_unknown', 404, `There is no run ${JSON.stringify(runId)}.`, {
        hint: 'Ask for the list of runs.',
      });
    return stored;
  }

  async run(runId: string): Promise<RunDetail> {
    const row = await this.#row(runId);
    return { ...this.#summary(row), drawing: await this.#drawing(row), result: row.result };
  }

  /** As recorded; else of the scenario as it is now; else nothing to draw. */
  async #drawing(row: RunRow): Promise<Drawing> {
    const live = this.#live.get(row.id) ?? this.#recent.get(row.id);
    if (live) return live.drawing;
    const recorded = await readRunFile<Drawing>(this.#folder(row.id), 'drawing');
    if (recorded) return recorded;
    const source = await this.#catalogue.find(row.scenario);
    return source ? sampleStreet(source, row).drawing() : NOTHING_TO_DRAW;
  }

  async series(runId: string): Promise<SeriesPoint[]> {
    const live = this.#live.get(runId) ?? this.#recent.get(runId);
    if (live) return live.series.map((point) => ({ ...point }));
    await this.#row(runId);
    return (await this.#options.store.series(runId)).map(({ runId: _, ...point }) => point);
  }

  async decisions(runId: string): Promise<DecisionRecord[]> {
    const live = this.#live.get(runId) ?? this.#recent.get(runId);
    if (live) return live.decisions.map((decision) => ({ ...decision }));
    await this.#row(runId);
    return (await this.#options.store.decisions(runId)).map(({ runId: _, ...decision }) => decision);
  }

  async conflicts(runId: string): Promise<(SafetyConflict & { variant: string })[]> {
    const live = this.#live.get(runId) ?? this.#recent.get(runId);
    if (live) return [...live.conflicts];
    const { result } = await this.#row(runId);
    return Object.entries(result?.variants ?? {}).flatMap(([variant, { safety }]) =>
      (safety?.conflictList ?? []).map((conflict) => ({ ...conflict, variant })),
    );
  }

  async frames(runId: string, fromSecond: number, toSecond: number): Promise<Record<string, Frame[]>> {
    if (
      !Number.isInteger(fromSecond) ||
      !Number.isInteger(toSecond) ||
      fromSecond < 0 ||
      toSecond < fromSecond ||
      toSecond - fromSecond > FRAMES_MAX
    ) {
      throw new TwinError(
        'frames_invalid',
        400,
        `Frames ${fromSecond} to ${toSecond} are asked for; whole seconds, at most ${FRAMES_MAX} at once.`,
        {
          field: 'toSecond',
        },
      );
    }
    const live = this.#live.get(runId);
    if (live) return live.recording.read(fromSecond, toSecond);
    const row = await this.#row(runId);
    const reader = await this.#reader(row.id);
    if (!reader) {
      throw new TwinError('frames_gone', 410, 'The frames of this run were removed to make room for newer runs.', {
        hint: 'Run the scenario with the same seed again: it gives the same frames.',
      });
    }
    return reader.read(fromSecond, toSecond);
  }

  #reader(runId: string): Promise<RecordingReader | null> {
    let reader = this.#readers.get(runId);
    if (!reader) {
      reader = RecordingReader.open(this.#folder(runId));
      if (this.#readers.size >= READERS_KEPT) this.#readers.delete(this.#readers.keys().next().value!);
    }
    this.#readers.delete(runId);
    this.#readers.set(runId, reader);
    return reader;
  }

  async workers(): Promise<{ status: 'ok' | 'starting' | 'failed'; detail: string }> {
    if (this.#decider === null) return { status: 'ok', detail: 'no thread started yet: no run has asked for one' };
    const answers = [...((await this.#decider).answersByThread?.() ?? [])];
    const each = answers.map(([thread, count]) => `thread ${thread}: ${count}`).join(', ');
    return { status: 'ok', detail: `decisions so far: ${each === '' ? 'none' : each}` };
  }

  async comparison(scenario: string): Promise<Comparison | null> {
    return compareRuns(scenario, await this.#rows(COMPARED_RUNS));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const live of this.#live.values()) live.stop('interrupted');
    await Promise.allSettled(this.#playing.values());
    if (!this.#options.decider) await (await this.#decider?.catch(() => null))?.close();
    await withTimeout(STORE_WAIT_MS, this.#options.store.flush()).catch(() => {});
  }
}

/** A street of the run that is never played: for what can be told beforehand. */
function sampleStreet(source: Source, row: RunRow): Street {
  // all stages come after those that are listed, so that this drawing knows the stages of every variant
  const variant = source.variants.find(({ parameters }) => parameters.stageSet === 'all') ?? source.variants[0];
  return source.open({ seed: row.seed, variant: variant!, prefix: simulationPrefix(row.id, variant!.name) });
}

function rowOf(source: Source, seed: number, pace: 'max' | number): RunRow {
  return {
    id: uuidv7(),
    scenario: source.name,
    scenarioTitle: source.title,
    seed,
    status: 'running',
    statusDetail: null,
    pace,
    startedAtMs: Date.now(),
    endedAtMs: null,
    durationSeconds: source.durationSeconds,
    simulatedSeconds: 0,
    stepSeconds: source.stepSeconds,
    startsAtMs: source.startsAtMs,
    timeZone: source.timeZone,
    variants: source.variants.map(({ name, strategy }) => ({ name, strategy })),
    result: null,
  };
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}

/** Resolves with the promise or after so many ms, whichever is first; rejects if the promise does in time. */
async function withTimeout(milliseconds: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
