/** Which plan leads: fresh plan -> last good plan for three cycles -> local plan of the time of day. */
import { type TimedPlan, timePlan } from './timing.ts';
import type { JunctionConfiguration, JunctionMode, LampSource, LocalPlanEntry, Plan } from './types.ts';

/** A plan that ran out is kept for so many cycles. */
export const LAST_GOOD_CYCLES = 3;

const WEEK_MINUTES = 7 * 24 * 60;
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

export interface Programme {
  /** null: a local plan. */
  readonly plan: Plan | null;
  readonly timed: TimedPlan;
}

/** Minutes since Monday 00:00, UTC: what a junction reckons by whose zone nobody told. */
export function utcMinuteOfWeek(ms: number): number {
  // 1970-01-01 was a Thursday.
  return (((Math.floor(ms / 60_000) + 3 * 24 * 60) % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES;
}

/** Index of the entry that began last before a minute of the week, the week before included; -1 where there is none. */
export function entryAt(schedule: readonly LocalPlanEntry[], minuteOfWeek: number): number {
  let found = -1;
  let leastAge = WEEK_MINUTES;
  schedule.forEach((entry, index) => {
    for (const day of entry.days ?? EVERY_DAY) {
      const age = (minuteOfWeek - (day * 24 * 60 + entry.startsAtMinute) + WEEK_MINUTES) % WEEK_MINUTES;
      if (age < leastAge) {
        leastAge = age;
        found = index;
      }
    }
  });
  return found;
}

export class Ladder {
  /** In force. */
  programme: Programme;
  source: LampSource = 'local';
  /** Of the junction: a plan of an override or an emergency ends with it. */
  mode: JunctionMode = 'automatic';
  private readonly configuration: JunctionConfiguration;
  private readonly minuteOfWeek: (ms: number) => number;
  private readonly always: Programme;
  private readonly scheduled: readonly Programme[];
  private pending: Programme | null = null;
  private lastGoodCycles = 0;

  /** `minuteOfWeek`: minutes since Monday 00:00 by the junction's own zone. */
  constructor(configuration: JunctionConfiguration, minuteOfWeek: (ms: number) => number, nowMs: number) {
    this.configuration = configuration;
    this.minuteOfWeek = minuteOfWeek;
    this.always = { plan: null, timed: timePlan(configuration, configuration.localPlan) };
    this.scheduled = (configuration.localSchedule ?? []).map(({ stages }) => ({
      plan: null,
      timed: timePlan(configuration, stages),
    }));
    this.programme = this.local(nowMs);
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
    if (pending !== null && pending.plan!.configurationVersion === this.configuration.version) {
      const startMs = startOf(pending);
      if (startMs > pending.plan!.validUntilMs) this.pending = null;
      else if (startMs >= pending.plan!.validFromMs) return pending;
    }
    return this.running(startOf(this.programme));
  }

  /** What leads from `startMs` on where no new plan may begin. */
  running(startMs: number): Programme {
    const { programme } = this;
    if (programme.plan === null) return this.local(startMs);
    if (programme.plan.mode !== 'automatic' && programme.plan.mode !== this.mode) return this.local(startMs);
    if (startMs <= programme.plan.validUntilMs) return programme;
    return this.lastGoodCycles < LAST_GOOD_CYCLES ? programme : this.local(startMs);
  }

  private local(startMs: number): Programme {
    if (this.scheduled.length === 0) return this.always;
    return this.scheduled[entryAt(this.configuration.localSchedule!, this.minuteOfWeek(startMs))] ?? this.always;
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
