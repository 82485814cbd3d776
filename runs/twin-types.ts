/** Between the twin (runs), the store (api/database) and the API: who runs what, and who keeps it. */
import type { JunctionConfiguration } from '../junction/types.ts';
import type { Scenario } from '../scenarios/types.ts';
import type { RunResult } from './types.ts';

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
  approaches: { laneId: string; vehicleCount: number; epcIds: string[]; greenSeconds: number }[];
}

export interface SeriesRecord {
  runId: string;
  variant: string;
  second: number;
  delaySeconds: number;
  queued: number;
  stopsPerVehicle: number;
  running: number;
  arrived: number;
}

export interface DecisionRow {
  runId: string;
  variant: string;
  junctionId: string;
  second: number;
  seq: number;
  strategy: string;
  kind: 'plan' | 'stage';
  stages: { id: string; greenSeconds: number; yellowSeconds: number; allRedSeconds: number }[];
  reason: string;
  inputs: Record<string, unknown>;
  acknowledged: { result: 'applied' | 'refused'; reason: string } | null;
  vetoed: string | null;
}

export interface RunRow {
  id: string;
  scenario: string;
  scenarioTitle: string;
  seed: number;
  status: 'running' | 'finished' | 'stopped' | 'interrupted' | 'failed';
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
