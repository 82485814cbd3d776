/** Junctions made up at random, for tests: any groups, conflicts, intergreens and stages that the interlock lets pass. */
import { checkConfiguration, checkStages } from '../interlock.ts';
import type { JunctionConfiguration, PlanStage, SignalGroup, Stage } from '../types.ts';

export interface Dice {
  /** 0 to 1. */
  random(): number;
  chance(share: number): boolean;
  /** A whole number, both included. */
  whole(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(all: readonly T[]): T[];
}

export function diceOf(random: () => number): Dice {
  const whole = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  return {
    random,
    chance: (share) => random() < share,
    whole,
    pick: (from) => from[whole(0, from.length - 1)]!,
    shuffled: (all) => {
      const list = [...all];
      for (let i = list.length - 1; i > 0; i--) {
        const j = whole(0, i);
        [list[i], list[j]] = [list[j]!, list[i]!];
      }
      return list;
    },
  };
}

const NAMES = ['N', 'S', 'E', 'W'];
const YELLOWS = [0, 1, 2.5, 3, 3, 3, 3.333, 4.0005, 5];
const ALL_REDS = [0, 1, 2, 2.2, 3.0004];
const CLEARANCES = [0, 4, 9.5, 14, 25.037];

function groupsOf(dice: Dice): SignalGroup[] {
  return Array.from({ length: dice.whole(2, 8) }, (_, i) => {
    const isWalk = i > 0 && dice.chance(0.3);
    return {
      id: `${isWalk ? 'walk' : 'drive'}-${i}`,
      number: i + 1,
      kind: isWalk ? ('pedestrian' as const) : ('vehicle' as const),
      approaches: [dice.pick(NAMES)],
      clearanceSeconds: isWalk ? dice.pick(CLEARANCES) : 0,
    };
  });
}

/** As many groups as may be green together, in any order, or fewer. */
function stageOf(dice: Dice, id: string, groups: readonly SignalGroup[], conflicts: boolean[][], first: number): Stage {
  const chosen = [first];
  for (const g of dice.shuffled(groups.map((_, i) => i))) {
    if (g !== first && dice.chance(0.8) && chosen.every((other) => !conflicts[g]![other])) chosen.push(g);
  }
  const minGreenSeconds = dice.pick([1, 4, 5, 7, 7.5, 10.001]);
  return {
    id,
    groups: dice.shuffled(chosen).map((g) => groups[g]!.id),
    minGreenSeconds,
    maxGreenSeconds: minGreenSeconds + dice.pick([0, 5, 20, 40.4, 60]),
  };
}

/** Stages in any order that serve every vehicle group, most of them legal; null where none was found. */
export function planOf(dice: Dice, configuration: JunctionConfiguration): PlanStage[] | null {
  const { signalGroups, stages, yellowSeconds, allRedSeconds } = configuration;
  for (let attempt = 0; attempt < 20; attempt++) {
    const chosen: PlanStage[] = [];
    const missing = new Set(signalGroups.flatMap(({ id, kind }) => (kind === 'vehicle' ? [id] : [])));
    for (const { id, groups, minGreenSeconds, maxGreenSeconds } of dice.shuffled(stages)) {
      if (missing.size === 0 && dice.chance(0.6)) continue;
      for (const group of groups) missing.delete(group);
      const longer = dice.pick([0, 0.3, 1]) * (maxGreenSeconds - minGreenSeconds);
      chosen.push({
        stageId: id,
        greenSeconds: minGreenSeconds + longer,
        yellowSeconds: yellowSeconds + dice.pick([0, 0, 0.5]),
        allRedSeconds: allRedSeconds + dice.pick([0, 0, 1]),
        ...(dice.chance(0.2) ? { walkSeconds: dice.pick([4, 7, 12]) } : {}),
      });
    }
    if (checkStages(configuration, chosen) === null) return chosen;
  }
  return null;
}

/** A junction; with `like` a newer configuration of the same lamps. Asks again until the interlock takes one. */
export function generatedJunction(dice: Dice, like?: JunctionConfiguration): JunctionConfiguration {
  for (;;) {
    const groups = like === undefined ? groupsOf(dice) : like.signalGroups.map((group) => again(dice, group));
    const n = groups.length;
    const yellowSeconds = dice.pick(YELLOWS);
    const allRedSeconds = dice.pick(ALL_REDS);
    const share = dice.pick([0.3, 0.6, 0.9]);
    const conflicts = groups.map(() => new Array<boolean>(n).fill(false));
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const walk = groups[i]!.kind === 'pedestrian' && groups[j]!.kind === 'pedestrian';
        conflicts[i]![j] = conflicts[j]![i] = !walk && dice.chance(share);
      }
    }
    const intergreenSeconds = groups.map(({ kind, clearanceSeconds }, i) =>
      groups.map((_, j) => {
        const least = kind === 'pedestrian' ? clearanceSeconds : yellowSeconds;
        return conflicts[i]![j] ? least + dice.pick([0, 0, 1, 2.5, 7.0003]) : 0;
      }),
    );
    const stages = dice
      .shuffled([...groups.keys(), ...groups.keys()])
      .slice(0, n + dice.whole(0, 3))
      .map((first, k) => stageOf(dice, `stage-${k}`, groups, conflicts, first));
    const maxCycleSeconds = dice.pick([120, 200, 400]);
    const configuration: JunctionConfiguration = {
      junctionId: '6b0f6a58-1c70-5b11-9d3c-2f3a3e7c0002',
      name: 'Generated',
      intersectionId: 70_003,
      version: (like?.version ?? 0) + 1,
      approaches: NAMES.map((name, i) => ({ id: `6b0f6a58-1c70-5b11-9d3c-2f3a3e7c020${i}`, name })),
      signalGroups: groups,
      stages,
      conflicts,
      intergreenSeconds,
      yellowSeconds,
      allRedSeconds,
      minCycleSeconds: 0,
      maxCycleSeconds,
      maxWaitSeconds: 2 * maxCycleSeconds,
      localPlan: [],
    };
    const served = new Set(stages.flatMap((stage) => stage.groups));
    if (groups.some(({ id, kind }) => kind === 'vehicle' && !served.has(id))) continue;
    const localPlan = planOf(dice, configuration);
    if (localPlan === null) continue;
    const whole = { ...configuration, localPlan };
    if (checkConfiguration(whole).length === 0) return whole;
  }
}

function again(dice: Dice, group: SignalGroup): SignalGroup {
  return group.kind === 'vehicle' || dice.chance(0.5) ? group : { ...group, clearanceSeconds: dice.pick(CLEARANCES) };
}
