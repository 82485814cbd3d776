/** Around every strategy: it is shown only what detectors say that can be believed, and says which it did not believe. */
import { ailments, believed, type HealthMemory, miscounts, observeHealth, passedLines } from '../estimation/health.ts';
import { type Ground, groundOf } from '../estimation/streams.ts';
import type { Memory, Strategy } from '../types.ts';

interface Wrapped {
  readonly inner: Memory;
  readonly health: HealthMemory;
  /** Vehicles over the lines of each approach when the last plan was decided. */
  readonly passedAtPlan: readonly number[] | null;
}

/** The strategy; as it is where all detectors are well. */
export function believing(strategy: Strategy): Strategy {
  return {
    ...strategy,
    decide(configuration, parameters, memory, observation) {
      const ground = groundOf(configuration);
      const before = memory as unknown as Wrapped | null;
      const health = observeHealth(ground, before?.health ?? null, observation);
      let passedAtPlan = before?.passedAtPlan ?? null;
      const shown = believed(ground, health, observation, passedAtPlan);
      const answer = strategy.decide(configuration, parameters, before?.inner ?? null, shown);
      if (answer.decision?.kind === 'plan') passedAtPlan = passedLines(ground, health, configuration.approaches.length);
      const next = { inner: answer.memory, health, passedAtPlan } as unknown as Memory;
      if (shown === observation || answer.decision === null) return { ...answer, memory: next };
      const told = notBelieved(ground, health);
      if (Object.keys(told).length === 0) return { ...answer, memory: next };
      const inputs = { ...answer.decision.inputs, notBelieved: told };
      return { ...answer, decision: { ...answer.decision, inputs }, memory: next };
    },
  };
}

/** By detector, what is wrong with it in words. */
function notBelieved(ground: Ground, health: HealthMemory): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [id, { kind, times }] of miscounts(ground, health)) told[id] = `${kind} (${times} a vehicle), put right`;
  for (const [id, ailment] of ailments(ground, health)) told[id] = ailment;
  return told;
}
