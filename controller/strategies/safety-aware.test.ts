import { describe, expect, it } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import type { Lamp } from '../../junction/types.ts';
import type { RadioPicture } from '../safety/radio.ts';
import type { Observation, Parameters, Strategy } from '../types.ts';
import { checkParameters } from './index.ts';
import { safetyAware } from './safety-aware.ts';

const configuration = crossroads();
const [going, coming] = configuration.stages;
const NOW = 1_704_067_200_000;
const numberOf = (id: string): number => configuration.signalGroups.find((group) => group.id === id)!.number;
/** A vehicle group of the stage that ends, and one that begins next and conflicts with it. */
const ending = going!.groups.find((id) => {
  const i = configuration.signalGroups.findIndex((group) => group.id === id);
  return (
    configuration.signalGroups[i]!.kind === 'vehicle' &&
    configuration.signalGroups.some(
      ({ id: other }, j) => coming!.groups.includes(other) && configuration.conflicts[i]![j],
    )
  );
})!;

/** Always asks for the second stage, and says which stages it was given. */
const inner: Strategy = {
  name: 'second',
  description: 'Asks for the second stage.',
  needs: [],
  parameters: { stages: { default: '', description: 'Stages' } },
  decide: (_, parameters, memory) => ({
    decision: { kind: 'stage', stageId: coming!.id, reason: `of ${parameters.stages}`, inputs: {} },
    memory: { calls: Number(memory?.calls ?? 0) + 1 },
  }),
};
const strategy = safetyAware(inner);

function observation(radio: RadioPicture | undefined, lamp: Lamp = 'amber'): Observation {
  return {
    nowMs: NOW,
    elapsedSeconds: 1,
    detectors: {},
    countsSincePlan: [],
    lamps: {
      stageId: going!.id,
      secondsLeft: 3,
      cycleSecondsLeft: null,
      byGroup: Object.fromEntries(
        configuration.signalGroups.map(({ id }) => [id, going!.groups.includes(id) ? lamp : 'red']),
      ),
      source: 'plan',
    },
    ...(radio && { radio }),
  };
}

function decide(parameters: Parameters, radio: RadioPicture | undefined, lamp?: Lamp) {
  const complete = checkParameters(strategy, parameters);
  const { decision } = strategy.decide(configuration, complete, null, observation(radio, lamp));
  return decision as { stageId: string; notBeforeMs?: number; reason: string };
}

const vehicle = (metres: number, metresPerSecond: number): RadioPicture => ({
  atMs: NOW,
  vehicles: [{ id: 'a', group: numberOf(ending), metres, metresPerSecond }],
  people: [],
});

describe('safety in the decision', () => {
  it('changes nothing, memory included, and does not listen while it is off', () => {
    const off = checkParameters(strategy, {});
    expect(strategy.listens!(off)).toBe(false);
    const seen = observation(vehicle(3, 15));
    expect(strategy.decide(configuration, off, null, seen)).toEqual(inner.decide(configuration, off, null, seen));
    expect(strategy.listens!(checkParameters(strategy, { redExtension: true }))).toBe(true);
  });

  it('holds the next stage back for a vehicle that will not stop, until it is through', () => {
    const held = decide({ redExtension: true }, vehicle(5, 10));
    expect(held.reason).toContain(`held: a vehicle of ${ending} will not stop`);
    expect(held.notBeforeMs).toBe(NOW + 3000);
    expect(decide({ redExtension: true }, vehicle(-10, 5)).reason).toContain('has not left the junction');
  });

  it.each([
    ['one that can stop', vehicle(40, 10)],
    ['one that brakes and has all but stopped', vehicle(2, 1)],
    ['one that waits in the junction', vehicle(-5, 0.5)],
    ['nobody', { atMs: NOW, vehicles: [], people: [] }],
    ['a silent radio', undefined],
  ] as const)('does not hold it back for %s', (_, radio) => {
    expect(decide({ redExtension: true }, radio)).not.toHaveProperty('notBeforeMs');
  });

  it('does not end a green for those it is for', () => {
    expect(decide({ redExtension: true }, vehicle(5, 10), 'green')).not.toHaveProperty('notBeforeMs');
  });

  it('refuses protection without the stages for it', () => {
    const [a, b] = configuration.signalGroups.map(({ id }) => id);
    const asked = checkParameters(strategy, { protectAt: 6, protectPairs: `${a}+${b}` });
    expect(strategy.check!(configuration, asked)).toMatch(/needs protectedStages/);
    expect(strategy.check!(configuration, { ...asked, protectedStages: 'nowhere' })).toMatch(/nowhere does not exist/);
    const stages = configuration.stages.map(({ id }) => id).join('/');
    expect(strategy.check!(configuration, { ...asked, protectedStages: stages })).toBeNull();
    expect(strategy.check!(configuration, { ...asked, protectedStages: stages, protectPairs: '' })).toMatch(
      /who yields/,
    );
    expect(strategy.check!(configuration, { ...asked, protectedStages: stages, protectPairs: 'a+b' })).toMatch(
      /a\+b is not/,
    );
  });
});

describe('permitted turns that meet people too often', () => {
  const index = configuration.signalGroups.findIndex(({ id }) => id === ending);
  const walking = configuration.signalGroups.findIndex((_, j) => j !== index);
  const yields = configuration.signalGroups.map((_, i) =>
    configuration.signalGroups.map((__, j) => i === index && j === walking),
  );
  const permitted = { ...configuration, yields };
  const radio: RadioPicture = {
    atMs: NOW,
    vehicles: [{ id: 'a', group: configuration.signalGroups[index]!.number, metres: -4, metresPerSecond: 3 }],
    people: [{ id: 'p', group: configuration.signalGroups[walking]!.number, metresPerSecond: 1.2 }],
  };

  it('become protected, and permitted again well after it has calmed down', () => {
    const parameters = checkParameters(strategy, { protectAt: 10, protectedStages: 'x', stages: 'all' });
    let memory: Parameters | null = null;
    const reasons: string[] = [];
    for (let second = 0; second < 400; second++) {
      const seen = observation(second < 60 ? radio : { atMs: NOW, vehicles: [], people: [] });
      const answer = strategy.decide(permitted, parameters, memory, seen);
      memory = answer.memory as Parameters;
      reasons.push(answer.decision!.reason);
    }
    const changes = reasons.flatMap((reason, i) => {
      const isProtected = reason.startsWith('of x');
      return i > 0 && isProtected !== reasons[i - 1]!.startsWith('of x') ? [i] : [];
    });
    // 60 (1 - (179/180)^n) reaches 10 after 33 s; from 60 s on it fades to a third of that within another 291 s
    expect(changes).toHaveLength(2);
    expect(changes[0]).toBe(32);
    expect(changes[1]).toBeGreaterThan(200);
    expect(reasons[40]).toMatch(/^of x; protected: \d+ s of meetings a minute$/);
  });
});
