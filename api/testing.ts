/** What the tests of this folder share: rows, and a twin that keeps everything in memory. */
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JunctionConfiguration } from '../junction/types.ts';
import { makeConfiguration, makeRun } from '../runs/testing/rows.ts';
import {
  type Alert,
  type Comparison,
  type CycleRecord,
  type DecisionRecord,
  type DecisionRow,
  type RunDetail,
  type RunRequest,
  type RunRow,
  type RunSummary,
  type ScenarioSummary,
  type SeriesPoint,
  type Twin,
  TwinError,
  type TwinEvents,
} from '../runs/twin-types.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';
import type { Frame, RunResult, VariantResult } from '../runs/types.ts';

export { makeConfiguration, makeRun };

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A server of `store` on a port of its own, with a page of one line in `directory`. */
export function serveStore(
  store: ServerOptions['store'],
  directory: string,
  changes: Partial<ServerOptions> = {},
): Promise<RunningServer> {
  const pageDirectory = join(directory, 'page');
  mkdirSync(pageDirectory, { recursive: true });
  writeFileSync(join(pageDirectory, 'index.html'), '<!doctype html><title>twin</title>');
  return startServer({
    twin: new MemoryTwin(),
    store,
    host: '127.0.0.1',
    port: 0,
    brokerStatus: () => ({ status: 'ok', detail: '' }),
    version: '1.2.3',
    pageDirectory,
    logger: silent,
    ...changes,
  });
}

export function makeResult(run: Pick<RunRow, 'scenario' | 'seed' | 'stepSeconds' | 'durationSeconds'>): RunResult {
  const approach = {
    demanded: 10,
    arrived: 9,
    delaySeconds: { mean: 0.1 + 0.2, p95: 30, max: 40 },
    waitingSeconds: { mean: 3, max: 9 },
    stopsPerVehicle: 0.7,
    queueMax: 4,
  };
  const variant = (strategy: string, digest: string): VariantResult => ({
    strategy,
    digest,
    vehicles: { demanded: 10, inserted: 10, arrived: 9, running: 1, waiting: 0 },
    travelTimeSeconds: { arrivedMean: 41.25, allMean: 42.5 },
    delaySeconds: { mean: 12.345678901234567 },
    waitingSeconds: {},
    throughputPerHour: 540,
    // Not in the order in which JSONB would keep them.
    approaches: { South: approach, N: approach, East: approach },
  });
  return {
    scenario: run.scenario,
    seed: run.seed,
    stepSeconds: run.stepSeconds,
    durationSeconds: run.durationSeconds,
    variants: { baseline: variant('fixed-time', '0123456789abcdef'), adaptive: variant('atcs', 'fedcba9876543210') },
    performance: { vehicleUpdates: 1234, cpuSeconds: 0.5, wallSeconds: 0.6, peakRssMebibytes: 100.25 },
  };
}

export function makeCycle(configuration: JunctionConfiguration, changes: Partial<CycleRecord> = {}): CycleRecord {
  return {
    runId: null,
    variant: null,
    junctionId: configuration.junctionId,
    cycleNumber: 1,
    startedAtMs: Date.UTC(2024, 0, 1, 8),
    endedAtMs: Date.UTC(2024, 0, 1, 8, 1),
    planId: 'plan-1',
    mode: 'automatic',
    approaches: configuration.approaches.map((approach, index) => ({
      laneId: approach.id,
      vehicleCount: index,
      epcIds: Array.from({ length: index }, (_, tag) => `EPC "${approach.name}",${tag}\\`),
      greenSeconds: 10.5 + index,
    })),
    ...changes,
  };
}

export function makeDecision(run: RunRow, junctionId: string, changes: Partial<DecisionRow> = {}): DecisionRow {
  return {
    runId: run.id,
    variant: 'adaptive',
    junctionId,
    second: 60,
    seq: 1,
    strategy: 'atcs',
    kind: 'plan',
    stages: [{ id: 'A', greenSeconds: 30, yellowSeconds: 3, allRedSeconds: 2 }],
    reason: 'N has the longest queue',
    inputs: { zeta: 1, alpha: [2, 3] },
    acknowledged: null,
    vetoed: null,
    ...changes,
  };
}

const SCENARIO: ScenarioSummary = {
  name: 'mumbai-four-way',
  title: 'Mumbai, four arms',
  description: 'Four approaches, one at a time.',
  seeds: [1, 2],
  durationSeconds: 3600,
  stepSeconds: 0.5,
  startsAt: '2024-01-01T00:00:00.000Z',
  timeZone: 'Asia/Kolkata',
  variants: makeRun().variants,
  junctions: 1,
  vehiclesDemanded: 1200,
};

/** A twin without a simulator: runs are what the test makes of them. */
export class MemoryTwin implements Twin {
  readonly events = new EventEmitter();
  readonly details = new Map<string, RunDetail>();
  readonly points = new Map<string, SeriesPoint[]>();
  readonly taken = new Map<string, DecisionRecord[]>();
  readonly raised: Alert[] = [];
  comparisonAnswer: Comparison | null = null;

  async scenarios(): Promise<ScenarioSummary[]> {
    return [SCENARIO];
  }

  async start(request: RunRequest): Promise<RunSummary> {
    if (request.scenario !== SCENARIO.name) {
      throw new TwinError('scenario_not_found', 404, `There is no scenario "${request.scenario}".`, {
        field: 'scenario',
        hint: 'GET /api/v1/scenarios lists them.',
      });
    }
    const row = makeRun({ seed: request.seed, pace: request.pace ?? 'max' });
    const { startedAtMs, endedAtMs: _, startsAtMs, result, ...rest } = row;
    const run: RunDetail = {
      ...rest,
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: null,
      startsAt: new Date(startsAtMs).toISOString(),
      replayable: true,
      drawing: {
        bounds: { minX: 0, minY: 0, maxX: 1, maxY: 1 },
        lanes: [],
        junctions: [],
        approaches: [],
        vehicleClasses: [],
      },
      result,
    };
    this.details.set(run.id, run);
    this.points.set(run.id, []);
    this.taken.set(run.id, []);
    const summary = this.#summary(run.id);
    this.events.emit('run', summary);
    return summary;
  }

  async stop(runId: string): Promise<RunSummary> {
    const run = this.#find(runId);
    if (run.status !== 'running') throw new TwinError('run_not_running', 409, `Run ${runId} is ${run.status}.`);
    this.details.set(runId, { ...run, status: 'stopped' });
    return this.#summary(runId);
  }

  async runs(limit: number): Promise<RunSummary[]> {
    return [...this.details.keys()]
      .reverse()
      .slice(0, limit)
      .map((id) => this.#summary(id));
  }

  async run(runId: string): Promise<RunDetail> {
    return this.#find(runId);
  }

  async series(runId: string): Promise<SeriesPoint[]> {
    this.#find(runId);
    return this.points.get(runId) ?? [];
  }

  async conflicts(): Promise<[]> {
    return [];
  }

  async decisions(runId: string): Promise<DecisionRecord[]> {
    this.#find(runId);
    return this.taken.get(runId) ?? [];
  }

  async frames(runId: string, fromSecond: number, toSecond: number): Promise<Record<string, Frame[]>> {
    this.#find(runId);
    const frames: Frame[] = [];
    for (let second = fromSecond; second < toSecond; second++) {
      frames.push({
        second,
        vehicles: [1, 0, 10, 20, 90, 138],
        lamps: ['gr'],
        stages: [[0, 12]],
        counters: {
          demanded: 1,
          arrived: 0,
          running: 1,
          queued: 0,
          delaySeconds: 0,
          stopsPerVehicle: 0,
          fuelLitres: 0,
          co2Kilograms: 0,
          approachQueues: [0, 0, 0, 0],
        },
      });
    }
    return { baseline: frames, adaptive: frames };
  }

  async comparison(): Promise<Comparison | null> {
    return this.comparisonAnswer;
  }

  alerts(): Alert[] {
    return this.raised;
  }

  on<E extends keyof TwinEvents>(event: E, handler: TwinEvents[E]): void {
    this.events.on(event, handler);
  }

  async close(): Promise<void> {}

  #find(runId: string): RunDetail {
    const run = this.details.get(runId);
    if (run === undefined) throw new TwinError('run_not_found', 404, `There is no run ${runId}.`, { field: 'id' });
    return run;
  }

  #summary(runId: string): RunSummary {
    const { drawing: _drawing, result: _result, ...summary } = this.#find(runId);
    return summary;
  }
}
