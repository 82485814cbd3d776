/** Junctions for tests. */
import type { JunctionConfiguration, JunctionDetector, PlanStage, SignalGroup, Stage } from './types.ts';

export const CROSSROADS_ID = '6b0f6a58-1c70-5b11-9d3c-2f3a3e7c0001';
const LANE_ID = (n: number): string => `6b0f6a58-1c70-5b11-9d3c-2f3a3e7c010${n}`;

/** What conflicts where each approach has a group for straight on and one for left (right-hand traffic). */
function crossroadsConflict(a: SignalGroup, b: SignalGroup): boolean {
  const axis = (name: string): string => (name === 'N' || name === 'S' ? 'NS' : 'EW');
  const [from, other] = [a.approaches[0]!, b.approaches[0]!];
  const walks = [a, b].filter((group) => group.kind === 'pedestrian');
  if (walks.length === 2 || a.id === b.id) return false;
  if (walks.length === 1) {
    const walk = walks[0]!;
    const drive = walk === a ? b : a;
    // Walkers across an arm: everybody who leaves it or turns into it.
    return walk.approaches[0] === drive.approaches[0] || axis(walk.approaches[0]!) === axis(drive.approaches[0]!);
  }
  if (from === other) return false;
  if (axis(from) !== axis(other)) return true;
  return a.id.endsWith('left') !== b.id.endsWith('left');
}

export interface CrossroadsOptions {
  /** Pedestrian crossings over the east and west arms (walk with north-south). */
  readonly crossings?: boolean;
  readonly version?: number;
  readonly localPlan?: readonly PlanStage[];
}

/**
 * Four approaches, each with a group for straight on and one for left; stages for the pairs and for one approach at a
 * time; one lane a group. Today's plan is the four pairs.
 */
export function crossroads(options: CrossroadsOptions = {}): JunctionConfiguration {
  const names = ['N', 'S', 'E', 'W'];
  const groups: SignalGroup[] = names.flatMap((name, index) => [
    { id: `${name}-straight`, number: 2 * index + 1, kind: 'vehicle', approaches: [name], clearanceSeconds: 0 },
    { id: `${name}-left`, number: 2 * index + 2, kind: 'vehicle', approaches: [name], clearanceSeconds: 0 },
  ]);
  if (options.crossings) {
    groups.push({ id: 'E-walk', number: 9, kind: 'pedestrian', approaches: ['E'], clearanceSeconds: 14 });
    groups.push({ id: 'W-walk', number: 10, kind: 'pedestrian', approaches: ['W'], clearanceSeconds: 9.5 });
  }
  const walks = options.crossings ? ['E-walk', 'W-walk'] : [];
  const stage = (id: string, ...members: string[]): Stage => ({
    id,
    groups: members,
    minGreenSeconds: 7,
    maxGreenSeconds: 60,
  });
  const stages = [
    { ...stage('NS', 'N-straight', 'S-straight', ...walks), maxGreenSeconds: 70 },
    stage('NS-left', 'N-left', 'S-left'),
    stage('EW', 'E-straight', 'W-straight'),
    stage('EW-left', 'E-left', 'W-left'),
    ...names.map((name) => stage(name, `${name}-straight`, `${name}-left`)),
  ];
  const isConflict = (a: SignalGroup, b: SignalGroup): boolean => {
    // Straight on along the other axis crosses no walkers of this one.
    const walk = [a, b].find((group) => group.kind === 'pedestrian');
    const drive = walk === a ? b : a;
    if (walk !== undefined && (drive.id === 'N-straight' || drive.id === 'S-straight')) return false;
    return crossroadsConflict(a, b);
  };
  const conflicts = groups.map((a) => groups.map((b) => isConflict(a, b)));
  const between = (a: SignalGroup): number => (a.kind === 'pedestrian' ? a.clearanceSeconds : 5);
  const detectors = names.flatMap((name): JunctionDetector[] => [
    {
      id: `${name}:stopline`,
      approach: name,
      position: 'stopline',
      lane: null,
      groups: [`${name}-left`, `${name}-straight`],
    },
    { id: `${name}:stopline:0`, approach: name, position: 'stopline', lane: 0, groups: [`${name}-left`] },
    { id: `${name}:stopline:1`, approach: name, position: 'stopline', lane: 1, groups: [`${name}-straight`] },
    {
      id: `${name}:upstream`,
      approach: name,
      position: 'upstream',
      lane: null,
      groups: [`${name}-left`, `${name}-straight`],
    },
  ]);
  const green = (stageId: string, greenSeconds: number): PlanStage => ({
    stageId,
    greenSeconds,
    yellowSeconds: 3,
    allRedSeconds: 2,
  });
  return {
    junctionId: CROSSROADS_ID,
    name: 'Crossroads',
    intersectionId: 70_002,
    version: options.version ?? 1,
    approaches: names.map((name, index) => ({ id: LANE_ID(index + 1), name })),
    signalGroups: groups,
    stages,
    conflicts,
    intergreenSeconds: groups.map((a, i) => groups.map((_, j) => (conflicts[i]![j] ? between(a) : 0))),
    yellowSeconds: 3,
    allRedSeconds: 2,
    minCycleSeconds: 40,
    maxCycleSeconds: 180,
    maxWaitSeconds: 360,
    localPlan: options.localPlan ?? [green('NS', 30), green('NS-left', 12), green('EW', 30), green('EW-left', 12)],
    detectors,
  };
}
