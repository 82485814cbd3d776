/** A junction with four approaches and two stages, and a run of it, for tests that need no world. */
import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { JunctionConfiguration } from '../junction/types.ts';
import type { RunRow } from './twin-types.ts';

export function testConfiguration(): JunctionConfiguration {
  return {
    junctionId: randomUUID(),
    name: 'Test junction',
    intersectionId: 70_002,
    version: 1,
    approaches: ['N', 'S', 'E', 'W'].map((name) => ({ id: randomUUID(), name })),
    signalGroups: [
      { id: 'NS', number: 1, kind: 'vehicle', approaches: ['N', 'S'], clearanceSeconds: 0 },
      { id: 'EW', number: 2, kind: 'vehicle', approaches: ['E', 'W'], clearanceSeconds: 0 },
    ],
    stages: [
      { id: 'A', groups: ['NS'], minGreenSeconds: 7, maxGreenSeconds: 60 },
      { id: 'B', groups: ['EW'], minGreenSeconds: 7, maxGreenSeconds: 60 },
    ],
    conflicts: [
      [false, true],
      [true, false],
    ],
    intergreenSeconds: [
      [0, 5],
      [5, 0],
    ],
    yellowSeconds: 3,
    allRedSeconds: 2,
    minCycleSeconds: 30,
    maxCycleSeconds: 120,
    maxWaitSeconds: 300,
    localPlan: [
      { stageId: 'A', greenSeconds: 20, yellowSeconds: 3, allRedSeconds: 2 },
      { stageId: 'B', greenSeconds: 20, yellowSeconds: 3, allRedSeconds: 2 },
    ],
  };
}

export function testRow(startsAtMs: number): RunRow {
  return {
    id: uuidv7(),
    scenario: 'test',
    scenarioTitle: 'Test',
    seed: 1,
    status: 'running',
    statusDetail: null,
    pace: 'max',
    startedAtMs: startsAtMs,
    endedAtMs: null,
    durationSeconds: 3600,
    simulatedSeconds: 0,
    stepSeconds: 0.5,
    startsAtMs,
    timeZone: 'UTC',
    variants: [
      { name: 'baseline', strategy: 'fixed-time' },
      { name: 'adaptive', strategy: 'atcs' },
    ],
    result: null,
  };
}
