/** Plans of a junction as SUMO's programs: phases, offsets, and which runs when. */
import { entryAt } from '../../junction/ladder.ts';
import { minuteOfWeekIn } from '../../junction/local-time.ts';
import { timePlan, toMs, walkLengthMs } from '../../junction/timing.ts';
import type { JunctionConfiguration, PlanStage } from '../../junction/types.ts';
import type { ExportPhase, ExportPlans, ExportProgram } from './model.ts';

const MINUTE_MS = 60_000;

/** Phases of a plan as the lamp device carries it out: green, yellow for what closes, red for what opens. */
export function phasesOf(
  configuration: JunctionConfiguration,
  plan: readonly PlanStage[] = configuration.localPlan,
): ExportPhase[] {
  const { signalGroups, stages } = configuration;
  const { stages: timed } = timePlan(configuration, plan);
  const greens = plan.map(({ stageId }) => {
    const { groups } = stages.find(({ id }) => id === stageId)!;
    return signalGroups.map(({ id }) => groups.includes(id));
  });
  return timed.flatMap((stage, k): ExportPhase[] => {
    const own = greens[k]!;
    const next = greens[(k + 1) % greens.length]!;
    const yellowEnd = stage.greenMs + Math.min(stage.yellowMs, stage.transitionMs);
    const end = timed.length === 1 ? stage.greenMs : stage.greenMs + stage.transitionMs;
    const walkEnds = signalGroups.map(({ kind, clearanceSeconds }, g) =>
      kind === 'pedestrian' && own[g] && !next[g] ? walkLengthMs(stage, toMs(clearanceSeconds)) : -1,
    );
    const shown = (g: number, at: number): number => {
      if (!own[g]) return 0;
      if (next[g]) return 1;
      if (walkEnds[g]! >= 0) return at < walkEnds[g]! ? 1 : 0;
      return at < stage.greenMs ? 1 : at < yellowEnd ? 2 : 0;
    };
    const changes = [...new Set([0, ...walkEnds, stage.greenMs, yellowEnd, end])]
      .filter((at) => at >= 0 && at <= end)
      .sort((a, b) => a - b);
    return changes.slice(1).map((until, i) => ({
      seconds: (until - changes[i]!) / 1000,
      lamps: signalGroups.map((_, g) => shown(g, changes[i]!)),
    }));
  });
}

/**
 * The programs that run at a junction from `startsAtMs` on for `durationSeconds`: today's plan, or those of its day and
 * time. A cycle begins at the offset where there is one, else when its plan does.
 */
export function plansOf(
  configuration: JunctionConfiguration,
  startsAtMs: number,
  durationSeconds: number,
): ExportPlans {
  const { localSchedule = [], timeZone = 'UTC', localPlan } = configuration;
  const programOf = (entry: number, beginSeconds: number): ExportProgram => {
    const { stages, offsetSeconds } = localSchedule[entry] ?? { stages: localPlan, offsetSeconds: undefined };
    const cycle = timePlan(configuration, stages).cycleMs / 1000;
    const since1970 = offsetSeconds ?? configuration.offsetSeconds;
    const offset = since1970 === undefined ? beginSeconds : since1970 - startsAtMs / 1000;
    return {
      id: entry < 0 ? '0' : `plan-${entry}`,
      offsetSeconds: Math.round((((offset % cycle) + cycle) % cycle) * 1000) / 1000,
      phases: phasesOf(configuration, stages),
    };
  };
  const minuteOfWeek = minuteOfWeekIn(timeZone);
  const entryOf = (ms: number): number => (localSchedule.length === 0 ? -1 : entryAt(localSchedule, minuteOfWeek(ms)));
  const first = entryOf(startsAtMs);
  const programs = new Map([[first, programOf(first, 0)]]);
  const switches: { atSeconds: number; program: string }[] = [];
  let running = first;
  const firstMinute = Math.floor(startsAtMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  for (let ms = firstMinute; localSchedule.length > 0 && ms < startsAtMs + durationSeconds * 1000; ms += MINUTE_MS) {
    const entry = entryOf(ms);
    if (entry === running) continue;
    const atSeconds = (ms - startsAtMs) / 1000;
    const program = programs.get(entry) ?? programOf(entry, atSeconds);
    programs.set(entry, program);
    switches.push({ atSeconds, program: program.id });
    running = entry;
  }
  // of several programs SUMO runs the last one that it reads
  const [begun, ...later] = programs.values();
  return { programs: [...later, begun!], switches };
}
