/**
 * What the HTTP API and the socket say, for the page and for programs. JSON, camelCase, units in names, times ISO 8601
 * UTC. The page imports types from here and from `runs/types.ts` only.
 */
import type { Drawing, Frame, RunResult, VariantResult } from '../runs/types.ts';

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
}

export interface Health {
  status: 'ok' | 'degraded';
  version: string;
  uptimeSeconds: number;
  checks: Record<string, { status: 'ok' | 'starting' | 'failed'; detail: string; checkedAt: string; milliseconds: number }>;
}

export interface ErrorBody {
  /** Repeats `message` (clients of the seed systems read this). */
  detail: string;
  code: string;
  message: string;
  field?: string;
  hint?: string;
  /** Every mistake of a scenario file. */
  issues?: { file: string; line: number; column: number; path: string; message: string; hint: string }[];
}

/** Events from the server. */
export interface ServerEvents {
  /** A run started, advanced (at most 5 a second) or ended. */
  run: (run: RunSummary) => void;
  /** To those watching a run: new points of the series. */
  series: (runId: string, points: SeriesPoint[]) => void;
  /** To those watching: decisions taken or acknowledged. */
  decisions: (runId: string, decisions: DecisionRecord[]) => void;
  /** To those watching: the final result. */
  result: (runId: string, result: RunResult) => void;
  /** Something an operator should know; also in the list of alerts. */
  alert: (alert: Alert) => void;
}

export interface Alert {
  id: string;
  at: string;
  level: 'info' | 'warning' | 'error';
  message: string;
  runId?: string;
}

type Answer<T> = (answer: { ok: true; value: T } | { ok: false; error: ErrorBody }) => void;

/** Events from the page; each is answered. */
export interface ClientEvents {
  /** Watch a run: its events come to this socket until another run is watched. */
  watch: (runId: string, answer: Answer<RunDetail & { series: SeriesPoint[]; decisions: DecisionRecord[] }>) => void;
  /** Frames of all variants in [fromSecond, toSecond), at most 60 seconds at once; those not simulated yet are left out. */
  frames: (runId: string, fromSecond: number, toSecond: number, answer: Answer<Record<string, Frame[]>>) => void;
}

export type { Drawing, Frame, RunResult, VariantResult };
