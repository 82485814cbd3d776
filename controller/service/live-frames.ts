/**
 * When frames of streets are decided on: together where they come together, as each by itself wakes a thread and writes a
 * packet; and never two of a junction at a time: of those that come meanwhile the newest is the next. How long that takes
 * is measured, and says how far strategies that look ahead may look.
 */
import { createHistogram } from 'node:perf_hooks';
import type { Parameters } from '../types.ts';
import type { JunctionState } from './junction-state.ts';
import { WorkBudget } from './work-budget.ts';

/**
 * Least work that is left to `horizon` where there is no time: at a junction of eight stages it looks 12 s ahead with it in a
 * third of the time of its 50 s, which take a work of 3,000 (150,000 are what it may take).
 */
const LEAST_WORK = 100;

export interface LiveFramesOptions {
  /** Threads that decide. */
  readonly threads: number;
  /** Frames that come within so long of the first are decided on together, ms; 0: those of one turn of the event loop. */
  readonly gatherMs: number;
  /** How many are best decided on together at present. */
  together(): number;
  /** Whether a strategy decides for it at present. */
  isStrategys(state: JunctionState): boolean;
  /** Junctions that share the threads. */
  junctions(): number;
  /** Resolves when all are decided on. Never rejects. */
  decide(states: readonly JunctionState[], atMs: number): Promise<unknown>;
}

interface Frame {
  /** Of the street. */
  readonly atMs: number;
  /** When it came, by the steady clock. */
  readonly cameMs: number;
}

/** From a frame to what is published for it, ms. */
export interface FrameLatency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class LiveFrames {
  private readonly options: LiveFramesOptions;
  private readonly budget: WorkBudget;
  private readonly shared = new WeakMap<JunctionState, Parameters>();
  /** Junctions with a new frame that is about to be decided on. */
  private due = new Map<JunctionState, Frame>();
  /** The newest frame of junctions whose last one is still being decided on. */
  private readonly next = new Map<JunctionState, Frame>();
  private flushing = false;
  private closed = false;
  /** Microseconds from frame to publication, and when the frame that is decided on came, by the steady clock. */
  private readonly latency = createHistogram();
  private readonly cameMs = new Map<JunctionState, number>();
  /** Frames that a newer one overtook before they were decided on. */
  overtaken = 0;

  constructor(options: LiveFramesOptions) {
    this.options = options;
    this.budget = new WorkBudget(options.threads, LEAST_WORK);
  }

  /** What came is not decided on any more. */
  close(): void {
    this.closed = true;
  }

  /** A frame of the street's time `atMs` is here. */
  take(state: JunctionState, atMs: number): void {
    if (!this.options.isStrategys(state)) return;
    const frame = { atMs, cameMs: performance.now() };
    if (!state.busy) {
      this.dueNow(state, frame);
      return;
    }
    if (this.next.has(state)) this.overtaken++;
    this.next.set(state, frame);
  }

  private dueNow(state: JunctionState, frame: Frame): void {
    this.due.set(state, frame);
    if (this.flushing) return;
    this.flushing = true;
    const { gatherMs } = this.options;
    if (gatherMs > 0) setTimeout(() => this.flush(), gatherMs);
    else setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    if (this.closed) return;
    const byTime = new Map<number, JunctionState[]>();
    for (const [state, { atMs, cameMs }] of this.due) {
      if (!this.options.isStrategys(state)) continue;
      const own = byTime.get(atMs) ?? [];
      own.push(state);
      byTime.set(atMs, own);
      this.cameMs.set(state, cameMs);
    }
    this.due = new Map();
    const together = this.options.together();
    for (const [atMs, states] of byTime) {
      // None waits for the answers of many.
      for (let first = 0; first < states.length; first += together)
        void this.decide(states.slice(first, first + together), atMs);
    }
  }

  private async decide(states: readonly JunctionState[], atMs: number): Promise<void> {
    await this.options.decide(states, atMs);
    for (const state of states) {
      const frame = this.next.get(state);
      if (frame === undefined) continue;
      this.next.delete(state);
      if (!this.closed) this.dueNow(state, frame);
    }
  }

  // How long it takes

  /** What is asked of a junction's strategy; the same object as long as nothing changes: then the thread has it. */
  parametersOf(state: JunctionState): Parameters {
    const shared = this.budget.share(state.parameters, this.options.junctions());
    const before = this.shared.get(state);
    if (before?.work === shared.work && before !== undefined) return before;
    this.shared.set(state, shared);
    return shared;
  }

  /** A decision took so long on its thread, ms. */
  noteDecided(state: JunctionState, milliseconds: number): void {
    const { work } = this.budget.share(state.parameters, this.options.junctions());
    if (typeof work === 'number') this.budget.note(work, milliseconds);
  }

  /** What was decided on the junction's frame is published. */
  notePublished(state: JunctionState): void {
    const came = this.cameMs.get(state);
    this.cameMs.delete(state);
    if (came === undefined) return;
    const milliseconds = performance.now() - came;
    this.latency.record(Math.max(1, Math.round(milliseconds * 1000)));
    this.budget.noteLatency(milliseconds);
  }

  /** Since the last time somebody asked; null: nothing was published. */
  takeLatency(): FrameLatency | null {
    const { latency } = this;
    if (latency.count === 0) return null;
    const tenths = (microseconds: number): number => Math.round(microseconds / 100) / 10;
    const taken = {
      p50: tenths(latency.percentile(50)),
      p99: tenths(latency.percentile(99)),
      max: tenths(latency.max),
    };
    latency.reset();
    return taken;
  }
}
