/** Around every strategy: it is shown only what detectors say that can be believed, and says which it did not believe. */
import { ailments, believed, type HealthMemory, observeHealth } from '../estimation/health.ts';
import { groundOf } from '../estimation/streams.ts';
import type { Memory, Strategy } from '../types.ts';

interface Wrapped {
  readonly inner: Memory;
  readonly health: HealthMemory;
}

/** The strategy; as it is where all detectors are well. */
export function believing(strategy: Strategy): Strategy {
  return {
    ...strategy,
    decide(configuration, parameters, memory, observation) {
      const ground = groundOf(configuration);
      const before = memory as unknown as Wrapped | null;
      const health = observeHealth(ground, before?.health ?? null, observation);
      const shown = believed(ground, health, observation);
      const answer = strategy.decide(configuration, parameters, before?.inner ?? null, shown);
      const next = { inner: answer.memory, health } as unknown as Memory;
      if (shown === observation || answer.decision === null) return { ...answer, memory: next };
      const notBelieved = Object.fromEntries(ailments(ground, health));
      const inputs = { ...answer.decision.inputs, notBelieved };
      return { ...answer, decision: { ...answer.decision, inputs }, memory: next };
    },
  };
}
