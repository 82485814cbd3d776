/** Time-of-day plans, offsets and the way from one junction to the next: what signals do by the clock. */
import { checkStages } from '../junction/interlock.ts';
import { timePlan } from '../junction/timing.ts';
import type { JunctionConfiguration, LocalPlanEntry, PlanStage } from '../junction/types.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { JunctionFile, SignalsFile } from './schema.ts';
import { WEEKDAYS } from './schema-junction.ts';
import type { ScenarioJunction } from './types.ts';

/** The local plans by day and time; undefined where the file has none. Mistakes are reported. */
export function buildSchedule(
  signals: SignalsFile,
  path: Path,
  configuration: JunctionConfiguration,
  findings: Findings,
): LocalPlanEntry[] | undefined {
  const plans = signals.plans ?? [];
  if (plans.length === 0) return undefined;
  const begun = new Map<string, number>();
  return plans.map((plan, index) => {
    const at: Path = [...path, 'plans', index];
    const days = plan.days?.map((day) => WEEKDAYS.indexOf(day));
    const startsAtMinute = Number(plan.startsAt.slice(0, 2)) * 60 + Number(plan.startsAt.slice(3));
    for (const day of days ?? [0, 1, 2, 3, 4, 5, 6]) {
      const key = `${day} ${startsAtMinute}`;
      if (begun.has(key)) {
        findings.add(
          [...at, 'startsAt'],
          `is ${plan.startsAt}, when plans[${begun.get(key)}] begins on ${WEEKDAYS[day]} too`,
          'Give them different times or days.',
        );
        break;
      }
      begun.set(key, index);
    }
    const stages =
      plan.stages === undefined ? configuration.localPlan : stagesOf(plan.stages, at, configuration, findings);
    return {
      startsAtMinute,
      ...(days === undefined ? {} : { days }),
      stages,
      ...(plan.offsetSeconds === undefined ? {} : { offsetSeconds: plan.offsetSeconds }),
    };
  });
}

function stagesOf(
  given: readonly { readonly id: string; readonly greenSeconds: number }[],
  path: Path,
  configuration: JunctionConfiguration,
  findings: Findings,
): PlanStage[] {
  const ids = configuration.stages.map(({ id }) => id);
  const before = findings.count;
  const stages = given.map(({ id, greenSeconds }, index): PlanStage => {
    if (!ids.includes(id)) findings.addUnknown([...path, 'stages', index, 'id'], 'the stage', id, ids);
    const usual = configuration.localPlan.find(({ stageId }) => stageId === id);
    return {
      stageId: id,
      greenSeconds,
      yellowSeconds: usual?.yellowSeconds ?? configuration.yellowSeconds,
      allRedSeconds: usual?.allRedSeconds ?? configuration.allRedSeconds,
    };
  });
  if (findings.count > before) return stages;
  const refusal = checkStages(configuration, stages);
  if (refusal !== null) findings.add([...path, 'stages'], `cannot be carried out: ${refusal.reason}`, 'Correct it.');
  return stages;
}

/**
 * The junctions with what depends on others and on the scenario: the zone of their plans, and their offsets where they ask
 * for a green wave. `files` in the order of the junctions.
 */
export function byTheClock(
  junctions: readonly ScenarioJunction[],
  files: readonly JunctionFile[],
  timeZone: string,
  findings: Findings,
): ScenarioJunction[] {
  const offsets = new Map<string, number>();
  const offsetOf = (index: number, seen: readonly number[]): number | undefined => {
    const { name } = junctions[index]!;
    if (!offsets.has(name)) {
      const { offsetSeconds, greenWave }: Partial<SignalsFile> = files[index]!.signals ?? {};
      const offset = greenWave === undefined ? offsetSeconds : waveFrom(index, [...seen, index]);
      if (offset !== undefined) offsets.set(name, offset);
    }
    return offsets.get(name);
  };
  const waveFrom = (index: number, seen: readonly number[]): number | undefined => {
    const own = junctions[index]!;
    const { approach: name, speedKilometresPerHour } = files[index]!.signals!.greenWave!;
    const at: Path = ['junctions', index, 'signals', 'greenWave'];
    const approach = own.approaches.find((each) => each.name === name);
    if (approach === undefined) {
      const names = own.approaches.map((each) => each.name);
      findings.addUnknown([...at, 'approach'], 'the approach', name, names);
      return undefined;
    }
    const { from } = approach;
    const before = junctions.findIndex((each) => each.name === from?.junction);
    if (from === undefined || before < 0) {
      findings.add(
        [...at, 'approach'],
        `is ${name}, which no other junction feeds`,
        'Name an approach that has `from`, or give offsetSeconds.',
      );
      return undefined;
    }
    if (junctions[before]!.rightOfWay !== undefined) {
      findings.add(
        [...at, 'approach'],
        `is ${name}, fed by ${from.junction}, which has no signals`,
        'Give offsetSeconds.',
      );
      return undefined;
    }
    const offset = seen.includes(before) ? undefined : (offsetOf(before, seen) ?? 0);
    if (offset === undefined) {
      findings.add(at, 'leads in a circle back to itself', 'Give one of its junctions offsetSeconds instead.');
      return undefined;
    }
    const cycleOf = ({ configuration }: ScenarioJunction): number =>
      timePlan(configuration, configuration.localPlan).cycleMs / 1000;
    const cycle = cycleOf(own);
    if (cycle !== cycleOf(junctions[before]!)) {
      findings.add(
        at,
        `needs the same cycle as ${from.junction}: ${cycle} s here, ${cycleOf(junctions[before]!)} s there`,
        'Make the greens of both plans add up to one cycle.',
      );
      return undefined;
    }
    const there = junctions[before]!;
    const out = startOfGreen(there, (movement) => movement.to === from.exit && movement.turn === 'straight');
    const into = startOfGreen(own, (movement) => movement.from === name && movement.turn === 'straight');
    const speed =
      speedKilometresPerHour === undefined ? approach.speedLimitMetresPerSecond : speedKilometresPerHour / 3.6;
    const travel = approach.lengthMetres / speed;
    const sum = offset + out + travel - into;
    return Math.round((((sum % cycle) + cycle) % cycle) * 10) / 10;
  };
  return junctions.map((junction, index) => {
    const offset = offsetOf(index, []);
    const { configuration } = junction;
    if (offset === undefined && configuration.localSchedule === undefined) return junction;
    return {
      ...junction,
      configuration: {
        ...configuration,
        ...(configuration.localSchedule === undefined ? {} : { timeZone }),
        ...(offset === undefined ? {} : { offsetSeconds: offset }),
      },
    };
  });
}

/** Seconds from the begin of today's plan to the first green of such movements; 0 where there are none. */
function startOfGreen(
  { configuration, movements }: ScenarioJunction,
  wanted: (movement: ScenarioJunction['movements'][number]) => boolean,
): number {
  const groups = movements.filter(wanted).map(({ group }) => group);
  const timed = timePlan(configuration, configuration.localPlan);
  let start = 0;
  for (const { stage, greenMs, transitionMs } of timed.stages) {
    if (configuration.stages[stage]!.groups.some((group) => groups.includes(group))) return start / 1000;
    start += greenMs + transitionMs;
  }
  return 0;
}
