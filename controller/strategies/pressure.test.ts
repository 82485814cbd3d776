/** The published rules of max pressure, on vehicles that all tell where they are. */
import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import { groundOf } from '../estimation/streams.ts';
import { START_MS } from '../testing.ts';
import type { Observation, Parameters, ReportedVehicle } from '../types.ts';
import { checkParameters, strategyNamed } from './index.ts';

const configuration = crossroads();
const [first] = configuration.stages;

interface Standing {
  /** Vehicles before the line, by signal group. */
  readonly waiting?: Readonly<Record<string, number>>;
  /** Vehicles that drive towards it, 80 m away. */
  readonly coming?: Readonly<Record<string, number>>;
}

function vehiclesOf({ waiting = {}, coming = {} }: Standing): ReportedVehicle[] {
  const laneOf = (group: string): string =>
    groundOf(configuration).streams.find(({ groupIds }) => groupIds.includes(group))!.id;
  const all = (counts: Readonly<Record<string, number>>, metres: number, speed: number) =>
    Object.entries(counts).flatMap(([group, count]) =>
      Array.from({ length: count }, (_, k): ReportedVehicle => {
        const id = `${group}${metres}${k}`;
        return { id, lane: laneOf(group), metres: metres + 7.5 * k, metresPerSecond: speed, group };
      }),
    );
  return [...all(waiting, 1, 0), ...all(coming, 80, 10)];
}

/** The stage asked for in the 30th second of the first stage's green. */
function asked(name: string, given: Parameters, standing: Standing): string {
  const strategy = strategyNamed(name);
  const parameters = checkParameters(strategy, given);
  const vehicles = vehiclesOf(standing);
  let memory: ReturnType<typeof strategy.decide>['memory'] = null;
  let stage = '';
  for (let k = 0; k <= 30; k++) {
    const observation: Observation = {
      nowMs: START_MS + 1000 * k,
      elapsedSeconds: 1,
      detectors: Object.fromEntries(
        (configuration.detectors ?? []).map(({ id }) => [id, { count: 0, occupancy: 0, presence: false }]),
      ),
      vehicles,
      reportingShare: 1,
      countsSincePlan: configuration.approaches.map(() => 0),
      lamps: {
        stageId: first!.id,
        secondsLeft: null,
        cycleSecondsLeft: null,
        byGroup: Object.fromEntries(
          configuration.signalGroups.map(({ id }) => [id, first!.groups.includes(id) ? 'green' : 'red']),
        ),
        source: 'plan',
      },
    };
    const answer = strategy.decide(configuration, parameters, memory, observation);
    memory = answer.memory;
    if (answer.decision?.kind === 'stage') stage = answer.decision.stageId;
  }
  return stage;
}

describe('max-pressure', () => {
  const given = { intervalSeconds: 10, stages: 'NS/NS-left/EW/EW-left' };
  it('goes where most press, wherever that is in the order', () => {
    const standing = { waiting: { 'N-straight': 3, 'E-left': 5, 'W-straight': 4 } };
    expect(asked('max-pressure', given, standing)).toBe('EW-left');
    expect(asked('max-pressure', { ...given, form: 'cyclic' }, standing)).toBe('NS-left');
    expect(asked('max-pressure', given, { waiting: { 'N-straight': 3, 'E-left': 2 } })).toBe('NS');
  });
  it('counts who comes as well, but not in the advanced form', () => {
    const coming = { coming: { 'E-straight': 9 }, waiting: { 'N-straight': 1 } };
    expect(asked('max-pressure', { ...given, form: 'efficient' }, coming)).toBe('EW');
    expect(asked('max-pressure', { ...given, form: 'advanced' }, coming)).toBe('NS');
  });
});
