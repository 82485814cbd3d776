/** How long greens, cycles and what lies between greens may and must be, and whether today's plan keeps to it. */
import { leastGreenMs, timePlan, toMs, USUAL_WALK_SECONDS } from '../junction/timing.ts';
import type { JunctionConfiguration, Stage } from '../junction/types.ts';
import { iteAllRedSeconds, iteYellowSeconds } from './conflicts.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import type { SignalsFile } from './schema.ts';
import type { Group } from './signal-groups.ts';

export interface Clearances {
  readonly yellowSeconds: number;
  readonly allRedSeconds: number;
  readonly intergreenSeconds: number[][];
}

/** Intergreens: as the file says, else by the ITE formulas from speeds and from the way to clear each conflict. */
export function clearanceTimes(
  signals: SignalsFile,
  path: Path,
  groups: readonly Group[],
  clearing: readonly (readonly (number | null)[])[],
  findings: Findings,
): Clearances {
  const ids = groups.map((group) => group.id);
  const explicit = new Map<string, number>();
  const key = (i: number, j: number) => `${i} ${j}`;
  const speeds = groups.flatMap((group) => group.speeds);
  const yellow = signals.yellowSeconds ?? iteYellowSeconds(Math.max(...speeds));
  for (const [index, entry] of (signals.intergreens ?? []).entries()) {
    const at: Path = [...path, 'intergreens', index];
    const [i, j] = [ids.indexOf(entry.from), ids.indexOf(entry.to)];
    if (i < 0) findings.addUnknown([...at, 'from'], 'the signal group', entry.from, ids);
    if (j < 0) findings.addUnknown([...at, 'to'], 'the signal group', entry.to, ids);
    if (i < 0 || j < 0) continue;
    if (explicit.has(key(i, j))) findings.add(at, 'stands twice for the same pair', 'Remove one of them.');
    if (clearing[i]![j] === null)
      findings.add(at, `is for ${entry.from} and ${entry.to}, which do not conflict`, 'Remove it.');
    const least = groups[i]!.kind === 'vehicle' ? yellow : groups[i]!.clearanceSeconds;
    if (entry.seconds < least) {
      const why = groups[i]!.kind === 'vehicle' ? 'yellow' : 'time to clear the crossing';
      findings.add([...at, 'seconds'], `is ${entry.seconds}; at least ${least} (${why})`, 'Raise it.');
    }
    explicit.set(key(i, j), entry.seconds);
  }
  let longestAllRed = 0;
  const matrix = groups.map((group, i) =>
    groups.map((_, j) => {
      const clear = clearing[i]![j];
      if (clear === null || clear === undefined) return 0;
      if (group.kind === 'pedestrian') return explicit.get(key(i, j)) ?? group.clearanceSeconds;
      const allRed = signals.allRedSeconds ?? iteAllRedSeconds(Math.min(...group.speeds), clear);
      const seconds = explicit.get(key(i, j));
      if (seconds === undefined) longestAllRed = Math.max(longestAllRed, allRed);
      return seconds ?? Math.round((yellow + allRed) * 10) / 10;
    }),
  );
  return { yellowSeconds: yellow, allRedSeconds: signals.allRedSeconds ?? longestAllRed, intergreenSeconds: matrix };
}

/** Least green of a stage with 7 s of walk and the clearance after it, whole seconds; 0 without pedestrians. */
export function leastGreenSeconds(configuration: JunctionConfiguration, stage: number): number {
  const free = { ...configuration, stages: configuration.stages.map((each) => ({ ...each, minGreenSeconds: 0 })) };
  const { yellowSeconds, allRedSeconds } = configuration;
  return Math.ceil(
    leastGreenMs(free, stage, toMs(yellowSeconds), toMs(allRedSeconds), toMs(USUAL_WALK_SECONDS)) / 1000,
  );
}

/** Cycle of today's stages with the least green each. */
export function leastCycleSeconds(configuration: JunctionConfiguration): number {
  const least = configuration.localPlan.map((entry) => ({
    ...entry,
    greenSeconds: configuration.stages.find((stage) => stage.id === entry.stageId)!.minGreenSeconds,
  }));
  return timePlan(configuration, least).cycleMs / 1000;
}

/** Bounds of green and of cycle against each other and against today's plan. */
export function checkTimes(
  configuration: JunctionConfiguration,
  signals: SignalsFile,
  path: Path,
  findings: Findings,
): void {
  const before = findings.count;
  for (const [index, stage] of configuration.stages.entries())
    checkGreens(stage, index, configuration, signals, path, findings);
  if (configuration.localPlan.length === 0) return;
  const { minCycleSeconds, maxCycleSeconds, maxWaitSeconds } = configuration;
  const at = (key: keyof SignalsFile): Path => (signals[key] === undefined ? path : [...path, key]);
  const say = (key: keyof SignalsFile, message: string, hint: string) =>
    findings.addConsequence(
      at(key),
      [path],
      signals[key] === undefined ? `have ${key} ${message}` : `is ${message}`,
      hint,
    );
  if (signals.minCycleSeconds !== undefined && minCycleSeconds > maxCycleSeconds) {
    say(
      'minCycleSeconds',
      `${minCycleSeconds}; at most ${maxCycleSeconds} (maxCycleSeconds)`,
      'Lower it, or raise maxCycleSeconds.',
    );
  }
  if (maxWaitSeconds < 2 * maxCycleSeconds) {
    say(
      'maxWaitSeconds',
      `${maxWaitSeconds}; at least ${2 * maxCycleSeconds} (twice maxCycleSeconds)`,
      'Raise it, or lower maxCycleSeconds.',
    );
  }
  const need = Math.ceil(leastCycleSeconds(configuration) * 10) / 10;
  const lost = timePlan(configuration, configuration.localPlan);
  const intergreens = lost.stages.reduce((sum, stage) => sum + stage.transitionMs, 0) / 1000;
  const parts = `${configuration.localPlan.length} stages need ${Math.round((need - intergreens) * 10) / 10} s of least green and ${intergreens} s between them`;
  if (maxCycleSeconds < need) {
    say(
      'maxCycleSeconds',
      `${maxCycleSeconds}; at least ${need} (${parts})`,
      'Raise it, lower minGreenSeconds, or have fewer stages.',
    );
  }
  if (findings.count > before) return;
  const cycle = lost.cycleMs / 1000;
  const stagesAt: Path = [...path, 'stages'];
  if (cycle > maxCycleSeconds) {
    findings.addConsequence(
      stagesAt,
      [path],
      `make a plan with a cycle of ${cycle} s; at most ${maxCycleSeconds} (maxCycleSeconds)`,
      'Lower greenSeconds, or raise maxCycleSeconds.',
    );
  }
  if (cycle < minCycleSeconds) {
    findings.addConsequence(
      stagesAt,
      [path],
      `make a plan with a cycle of ${cycle} s; at least ${minCycleSeconds} (minCycleSeconds)`,
      'Raise greenSeconds, or lower minCycleSeconds.',
    );
  }
}

function checkGreens(
  stage: Stage,
  index: number,
  configuration: JunctionConfiguration,
  signals: SignalsFile,
  path: Path,
  findings: Findings,
): void {
  const file = signals.stages[index]!;
  const here: Path = [...path, 'stages', index];
  const { minGreenSeconds: min, maxGreenSeconds: max } = stage;
  const own = file.minGreenSeconds !== undefined || file.maxGreenSeconds !== undefined;
  if (max < min) {
    const key = own ? here : path;
    const at: Path =
      file.maxGreenSeconds !== undefined || (!own && signals.maxGreenSeconds !== undefined)
        ? [...key, 'maxGreenSeconds']
        : key;
    const message = `is ${max} for stage ${stage.id}; at least ${min} (minGreenSeconds${own ? '' : ' of the signals, or what pedestrians need'})`;
    findings.addConsequence(
      at,
      [path],
      at === key ? `has maxGreenSeconds that ${message}` : message,
      'Raise it, or lower minGreenSeconds.',
    );
    return;
  }
  const walk = leastGreenSeconds(configuration, index);
  if (min < walk) {
    findings.add(
      [...here, 'minGreenSeconds'],
      `is ${min}; at least ${walk} (7 s of walk and the time to clear the crossing)`,
      'Raise it, or leave it out.',
    );
    return;
  }
  const green = file.greenSeconds;
  if (green === undefined) return;
  const at: Path = [...here, 'greenSeconds'];
  if (green < min)
    findings.addConsequence(
      at,
      [here],
      `is ${green}; at least ${min} (minGreenSeconds)`,
      'Raise it, or lower minGreenSeconds.',
    );
  if (green > max)
    findings.addConsequence(
      at,
      [here],
      `is ${green}; at most ${max} (maxGreenSeconds)`,
      'Lower it, or raise maxGreenSeconds.',
    );
  for (const key of ['yellowSeconds', 'allRedSeconds'] as const) {
    const given = file[key];
    if (given !== undefined && given < configuration[key]) {
      findings.add(
        [...here, key],
        `is ${given}; at least ${configuration[key]} (${key} of the signals)`,
        `Raise it, or lower ${key} of the signals.`,
      );
    }
  }
}
