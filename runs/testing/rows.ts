/** A junction with four approaches and two stages, and a run of it, for tests that need no world. */
import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { RunRow } from '../twin-types.ts';

export function makeConfiguration(changes: Partial<JunctionConfiguration> = {}): JunctionConfiguration {
  const approaches = ['N', 'S', 'E', 'W'].map((name) => ({ id: randomUUID(), name }));
  return {
    junctionId: randomUUID(),
    name: 'Main Street & Oak Avenue',
    intersectionId: 70_001,
    version: 1,
    approaches,
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
      { stageId: 'A', greenSeconds: 25, yellowSeconds: 3, allRedSeconds: 2 },
      { stageId: 'B', greenSeconds: 25, yellowSeconds: 3, allRedSeconds: 2 },
    ],
    ...changes,
  };
}

export function makeRun(changes: Partial<RunRow> = {}): RunRow {
  return {
    id: v7(),
    scenario: 'mumbai-four-way',
    scenarioTitle: 'Mumbai, four arms',
    seed: 7,
    status: 'running',
    statusDetail: null,
    pace: 'max',
    startedAtMs: Date.UTC(2026, 1, 10, 9, 0, 0, 123),
    endedAtMs: null,
    durationSeconds: 3600,
    simulatedSeconds: 0,
    stepSeconds: 0.5,
    startsAtMs: Date.UTC(2024, 0, 1),
    timeZone: 'Asia/Kolkata',
    variants: [
      { name: 'baseline', strategy: 'fixed-time' },
      { name: 'adaptive', strategy: 'atcs' },
    ],
    result: null,
    ...changes,
  };
}
