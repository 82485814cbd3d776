/** Which plan leads: fresh plan -> last good plan for three cycles -> local plan. */
import { type TimedPlan, timePlan } from './timing.ts';
import type { JunctionConfiguration, LampSource, Plan } from './types.ts';

/** A plan that ran out is kept for so many cycles. */
export const LAST_GOOD_CYCLES = 3;

export interface Programme {
  /** null: the local plan. */
  readonly plan: Plan | null;
  readonly timed: TimedPlan;
}

export class Ladder {
  /** In force. */
  programme: Programme;
  source: LampSource = 'local';
  private readonly configurationVersion: number;
  private readonly local: Programme;
  private pending: Programme | null = null;
  private lastGoodCycles = 0;

  constructor(configuration: JunctionConfiguration) {
    this.configurationVersion = configuration.version;
    this.local = { plan: null, timed: timePlan(configuration, configuration.localPlan) };
    this.programme = this.local;
  }

  /** A checked plan waits for its boundary; one that waited before it lapses. */
  offer(programme: Programme | null): void {
    this.pending = programme;
  }

  get waiting(): Plan | null {
    return this.pending?.plan ?? null;
  }

  /** What would lead from the boundary that it would have; `startOf` says when that is. */
  choose(startOf: (candidate: Programme) => number): Programme {
    const { pending } = this;
    if (pending !== null && pending.plan!.configurationVersion === this.configurationVersion) {
      const startMs = startOf(pending);
      if (startMs > pending.plan!.validUntilMs) this.pending = null;
      else if (startMs >= pending.plan!.validFromMs) return pending;
    }
    return this.running(startOf(this.programme));
  }

  /** What leads from `startMs` on where no new plan may begin. */
  running(startMs: number): Programme {
    const { programme } = this;
    if (programme.plan === null) return this.local;
    if (startMs <= programme.plan.validUntilMs) return programme;
    return this.lastGoodCycles < LAST_GOOD_CYCLES ? programme : this.local;
  }

  /** A cycle of `programme` begins at `nowMs`. */
  adopt(programme: Programme, nowMs: number): void {
    if (programme === this.pending) this.pending = null;
    const { plan } = programme;
    if (plan === null || nowMs <= plan.validUntilMs) this.lastGoodCycles = 0;
    else this.lastGoodCycles++;
    this.source = plan === null ? 'local' : this.lastGoodCycles === 0 ? 'plan' : 'last-good';
    this.programme = programme;
  }
}
