/** For tests: controllers that decide something simple, a store in memory. */
import { configurationToMessage, isoOf, msOf, planToMessage } from '../feeds/codec.ts';
import type { Message } from '../feeds/messages.ts';
import type { Decider, OpenControllerOptions } from './controller-port.ts';
import type { RecordKind, RecordKinds } from './records.ts';
import type { CycleRecord, DecisionRow, RunRow, SeriesRecord, Store } from './twin-types.ts';

export interface TestDeciderOptions {
  /** Seconds between plans. */
  readonly everySeconds?: number;
  /** Milliseconds before each answer; 0 answers within the clock's own call. */
  readonly delayMs?: number;
  /** Answers no frame from this one on. */
  readonly silentFrom?: number;
}

/** Controllers that give each stage 8 s of green and one second more for every vehicle counted, up to 30 s. */
export function testDecider(options: TestDeciderOptions = {}): Decider & { opened: number; frames: number[] } {
  const decider = { opened: 0, frames: [] as number[], openController, close: async () => {} };
  return decider;

  async function openController({
    link,
    prefix,
    configurations,
    variant,

    onDecision,
  }: OpenControllerOptions) {
    decider.opened++;
    const counts = new Map<string, number>();
    let seq = 0;
    for (const configuration of configurations) {
      const address = { prefix, kind: 'configuration', junctionId: configuration.junctionId } as const;
      await link.publish(address, configurationToMessage(configuration));
    }

    function decide(frame: number, nowMs: number): void {
      for (const configuration of configurations) {
        const stages = configuration.stages.map((stage) => {
          const served = configuration.signalGroups
            .filter((group) => stage.groups.includes(group.id))
            .flatMap((group) => group.approaches);
          const counted = configuration.approaches
            .filter(({ name }) => served.includes(name))
            .reduce((sum, { id }) => sum + (counts.get(id) ?? 0), 0);
          const planned = configuration.localPlan.find(({ stageId }) => stageId === stage.id)!;
          const greenSeconds = Math.min(30, stage.maxGreenSeconds, Math.max(stage.minGreenSeconds, 8) + counted);
          return { ...planned, greenSeconds };
        });
        const plan = {
          planId: `plan-${++seq}`,
          seq,
          junctionId: configuration.junctionId,
          configurationVersion: configuration.version,
          validFromMs: nowMs,
          validUntilMs: nowMs + 600_000,
          stages,
          mode: 'automatic' as const,
          reason: `Frame ${frame}.`,
        };
        onDecision?.({
          junctionId: plan.junctionId,
          atMs: nowMs,
          seq,
          strategy: variant.strategy,
          kind: 'plan',
          stages,
          reason: plan.reason,
          inputs: { counts: [...counts.values()] },
          vetoed: null,
        });
        void link.publish(
          { prefix, kind: 'green-time', junctionId: plan.junctionId },
          planToMessage(plan, configuration),
        );
      }
      counts.clear();
    }

    let closed = false;
    function answer({ frame, timestamp }: Message<'clock'>): void {
      if (closed) return;
      decider.frames.push(frame);
      const before = seq;
      if (frame > 0 && frame % (options.everySeconds ?? 30) === 0) decide(frame, msOf(timestamp));
      void link.publish({ prefix, kind: 'clock-done' }, { frame, timestamp, messages: seq - before });
    }

    const end = await link.subscribe(
      prefix,
      ['clock', 'car-counts', 'detections', 'lamps', 'ack'],
      ({ address, message }) => {
        if (address.kind === 'car-counts') {
          const { lane_id, vehicle_count } = message as Message<'car-counts'>;
          counts.set(lane_id, (counts.get(lane_id) ?? 0) + vehicle_count);
        } else if (address.kind === 'clock') {
          const clock = message as Message<'clock'>;
          if (clock.frame >= (options.silentFrom ?? Number.POSITIVE_INFINITY)) return;
          if (options.delayMs) setTimeout(answer, options.delayMs, clock);
          else answer(clock);
        }
      },
    );
    return {
      close: () => {
        closed = true;
        return end();
      },
    };
  }
}

export interface MemoryStore extends Store {
  readonly rows: Map<string, RunRow>;
  readonly cycles: CycleRecord[];
  readonly seriesRows: SeriesRecord[];
  readonly decisionRows: Map<string, DecisionRow>;
  readonly records: { [K in RecordKind]?: RecordKinds[K][] };
  status: 'ok' | 'starting' | 'failed';
}

/** A store that forgets everything with the process. */
export function memoryStore(): MemoryStore {
  const rows = new Map<string, RunRow>();
  const cycles: CycleRecord[] = [];
  const seriesRows: SeriesRecord[] = [];
  const decisionRows = new Map<string, DecisionRow>();
  const records: MemoryStore['records'] = {};
  const store: MemoryStore = {
    rows,
    cycles,
    seriesRows,
    decisionRows,
    records,
    writeRecords(kind, rows) {
      records[kind] = [...(records[kind] ?? []), ...structuredClone(rows)] as never;
    },
    status: 'ok',
    writeRun: (run) => void rows.set(run.id, structuredClone(run)),
    writeJunctions() {},
    writeCycles: (written) => void cycles.push(...structuredClone(written)),
    writeSeries: (points) => void seriesRows.push(...structuredClone(points)),
    writeDecisions(decisions) {
      for (const row of structuredClone(decisions))
        decisionRows.set(`${row.runId} ${row.variant} ${row.junctionId} ${row.second} ${row.seq}`, row);
    },
    async flush() {},
    runs: async (limit) => [...rows.values()].sort((a, b) => b.startedAtMs - a.startedAtMs).slice(0, limit),
    run: async (id) => rows.get(id) ?? null,
    series: async (runId) => seriesRows.filter((row) => row.runId === runId),
    decisions: async (runId) => [...decisionRows.values()].filter((row) => row.runId === runId),
    markInterrupted: async () => [],
    health: async () => ({ status: store.status, detail: `in memory, at ${isoOf(0)}` }),
    async close() {},
  };
  return store;
}
