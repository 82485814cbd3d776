/** Between the twin (runs), the store (api/database) and the API: who runs what, and who keeps it. */
import type { JunctionConfiguration } from '../junction/types.ts';
import type { Scenario } from '../scenarios/types.ts';
import type { FeatureRecord, RawKind, RawRecord, RecordKind, RecordKinds } from './records.ts';
import type { SafetyConflict, SafetyEvent } from './safety/results.ts';
import type { Drawing, Frame, RunResult } from './types.ts';

/** A finished cycle of a junction in a variant, or on a street: one row in `traffic_cycles`, one an approach in `lane_cycle_data`. */
export interface CycleRecord {
  runId: string | null;
  variant: string | null;
  junctionId: string;
  cycleNumber: number;
  startedAtMs: number;
  endedAtMs: number;
  planId: string | null;
  mode: string;
  /** In the configuration's approach order. */
  approaches: {
    laneId: string;
    vehicleCount: number;
    epcIds: string[];
    greenSeconds: number;
    /** An emergency vehicle asked for green on it. */
    emergencyVehicleDetected?: boolean;
  }[];
}

export type RunStatus = 'running' | 'finished' | 'stopped' | 'interrupted' | 'failed';

export interface ScenarioSummary {
  name: string;
  title: string;
  description: string;
  seeds: number[];
  durationSeconds: number;
  stepSeconds: number;
  startsAt: string;
  timeZone: string;
  variants: { name: string; strategy: string }[];
  junctions: number;
  vehiclesDemanded: number;
}

/** `pace`: simulated seconds per wall second, 1 = as on the street; `max` = as fast as it goes. */
export interface RunRequest {
  scenario: string;
  seed: number;
  pace?: 'max' | number;
}

export interface RunSummary {
  id: string;
  scenario: string;
  scenarioTitle: string;
  seed: number;
  status: RunStatus;
  /** Why it ended, in words, where that is not plain: what was interrupted, what failed. */
  statusDetail: string | null;
  pace: 'max' | number;
  startedAt: string;
  endedAt: string | null;
  durationSeconds: number;
  /** Simulated seconds that can be shown. */
  simulatedSeconds: number;
  stepSeconds: number;
  /** Simulated time of second 0. */
  startsAt: string;
  timeZone: string;
  variants: { name: string; strategy: string }[];
  /** Whether frames are still on disk. */
  replayable: boolean;
}

export interface RunDetail extends RunSummary {
  drawing: Drawing;
  /** Final once status is `finished`. */
  result: RunResult | null;
}

/** One point of the series every `everySeconds`; arrays run over the variants' points. */
export interface SeriesPoint {
  second: number;
  variant: string;
  delaySeconds: number;
  queued: number;
  stopsPerVehicle: number;
  running: number;
  arrived: number;
}

/** What was decided for a junction, and what the device said to it. */
export interface DecisionRecord {
  variant: string;
  junctionId: string;
  second: number;
  seq: number;
  strategy: string;
  kind: 'plan' | 'stage';
  /** Plans: stages with their greens; stage requests: the one stage. */
  stages: { id: string; greenSeconds: number; yellowSeconds: number; allRedSeconds: number }[];
  reason: string;
  inputs: Record<string, unknown>;
  /** null until the device answered. */
  acknowledged: { result: 'applied' | 'refused'; reason: string } | null;
  /** Refused by the controller's own interlock before publishing. */
  vetoed: string | null;
}

/** n runs of the same scenario with other seeds, paired: adaptive minus baseline. */
export interface PairedDifference {
  n: number;
  mean: number;
  /** 95 % t interval; absent for n < 2. */
  low?: number;
  high?: number;
}

export interface Comparison {
  scenario: string;
  baseline: string;
  adaptive: string;
  seeds: number[];
  delaySeconds: PairedDifference;
  stopsPerVehicle: PairedDifference;
  co2Kilograms: PairedDifference;
  throughputPerHour: PairedDifference;
  /** On one scale over all these runs; n is 0 where no pair was scored. */
  safetyIndex?: PairedDifference;
  seriousConflicts?: PairedDifference;
  conflictsWithPeople?: PairedDifference;
}

export interface Alert {
  id: string;
  at: string;
  level: 'info' | 'warning' | 'error';
  message: string;
  runId?: string;
}

export interface SeriesRecord extends SeriesPoint {
  runId: string;
}

export interface DecisionRow extends DecisionRecord {
  runId: string;
}

/** `RunSummary` as kept: times in ms, with the result. */
export interface RunRow {
  id: string;
  scenario: string;
  scenarioTitle: string;
  seed: number;
  status: RunStatus;
  statusDetail: string | null;
  pace: 'max' | number;
  startedAtMs: number;
  endedAtMs: number | null;
  durationSeconds: number;
  simulatedSeconds: number;
  stepSeconds: number;
  startsAtMs: number;
  timeZone: string;
  variants: { name: string; strategy: string }[];
  result: RunResult | null;
}

/**
 * Where a run is kept. `write` returns at once (the simulation never waits); rows go out in batches, to the spool on
 * disk while the database is away. `flush` resolves when everything written before is acknowledged: in the database,
 * or synced to the spool.
 */
export interface Store {
  writeRun(run: RunRow): void;
  writeJunctions(scenario: Scenario | null, configurations: readonly JunctionConfiguration[]): void;
  writeCycles(cycles: readonly CycleRecord[]): void;
  writeSeries(points: readonly SeriesRecord[]): void;
  writeDecisions(decisions: readonly DecisionRow[]): void;
  /** Everything else there is to keep, by its kind (`records.ts`). */
  writeRecords<K extends RecordKind>(kind: K, rows: readonly RecordKinds[K][]): void;
  /** What indices are made of; kept in the archive only. Absent: there is none. */
  writeFeatures?(rows: readonly FeatureRecord[]): void;
  /** V2X messages as they came; kept in the archive only. */
  writeRaw?(kind: RawKind, rows: readonly RawRecord[]): void;
  /** Lanes and revision of a junction, as its MAP says. */
  writeMap?(junctionId: string, lanes: number, revision: number): void;
  flush(): Promise<void>;
  runs(limit: number): Promise<RunRow[]>;
  run(id: string): Promise<RunRow | null>;
  series(runId: string): Promise<SeriesRecord[]>;
  decisions(runId: string): Promise<DecisionRow[]>;
  /** Marks runs of a process that is gone as interrupted; answers them. */
  markInterrupted(detail: string): Promise<RunRow[]>;
  health(): Promise<{ status: 'ok' | 'starting' | 'failed'; detail: string }>;
  close(): Promise<void>;
}

export interface TwinEvents {
  /** Started, advanced (at most 5 a second) or ended. */
  run: (run: RunSummary) => void;
  series: (runId: string, points: SeriesPoint[]) => void;
  decisions: (runId: string, decisions: DecisionRecord[]) => void;
  result: (runId: string, result: RunResult) => void;
  /** Near misses as they begin and end, hard braking, and indices of minutes; as they are found. */
  safety: (runId: string, events: SafetyEvent[]) => void;
  alert: (alert: Alert) => void;
}

/** A refused request: what, where, what is allowed, what to do. `status` is the HTTP status it deserves. */
export class TwinError extends Error {
  readonly code: string;
  readonly status: number;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  constructor(code: string, status: number, message: string, options: { field?: string; hint?: string } = {}) {
    super(message);
    this.name = 'TwinError';
    this.code = code;
    this.status = status;
    this.field = options.field;
    this.hint = options.hint;
  }
}

/** Runs scenarios twice (once a variant), keeps them replayable, tells what happens. What the API serves. */
export interface Twin {
  scenarios(): Promise<ScenarioSummary[]>;
  /** Resolves when the run is acknowledged: recorded so that a crash cannot lose it. Throws TwinError. */
  start(request: RunRequest): Promise<RunSummary>;
  stop(runId: string): Promise<RunSummary>;
  /** Newest first. */
  runs(limit: number): Promise<RunSummary[]>;
  run(runId: string): Promise<RunDetail>;
  series(runId: string): Promise<SeriesPoint[]>;
  decisions(runId: string): Promise<DecisionRecord[]>;
  /** Conflicts of a run so far, in the order in which they ended, at most the newest 20,000. */
  conflicts(runId: string): Promise<(SafetyConflict & { variant: string })[]>;
  /** Frames by variant in [fromSecond, toSecond), at most 60 s at once; not simulated yet: left out. */
  frames(runId: string, fromSecond: number, toSecond: number): Promise<Record<string, Frame[]>>;
  /** Paired differences over all finished runs of the scenario with distinct seeds; null where there is none. */
  comparison(scenario: string): Promise<Comparison | null>;
  alerts(): Alert[];
  on<E extends keyof TwinEvents>(event: E, handler: TwinEvents[E]): void;
  close(): Promise<void>;
}
