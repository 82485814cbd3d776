/** All strategies, by name. */
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Parameters, Strategy } from '../types.ts';
import { actuated } from './actuated.ts';
import { atcsStrategy } from './atcs.ts';
import { atcsV2Strategy } from './atcs-v2.ts';
import { believing } from './believing.ts';
import { fixedTime } from './fixed-time.ts';
import { horizon } from './horizon.ts';
import { maxPressure } from './max-pressure.ts';
import { withPriority } from './priority.ts';
import { safetyAware } from './safety-aware.ts';
import { sotl } from './sotl.ts';
import { STAGE_SET_REFUSED } from './stage-sets.ts';
import { webster1958 } from './webster.ts';

/** Each shown only what can be believed, and with emergency pre-emption and bus priority around it, where the junction hears who asks. */
export const STRATEGIES: readonly Strategy[] = [
  fixedTime,
  webster1958,
  atcsStrategy,
  atcsV2Strategy,
  safetyAware(actuated),
  safetyAware(maxPressure),
  safetyAware(sotl),
  safetyAware(horizon),
]
  .map(withPriority)
  .map(believing);

/** A strategy that does not exist, or cannot be used as asked. */
export class StrategyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StrategyError';
  }
}

/** Throws StrategyError, naming those that exist. */
export function strategyNamed(name: string): Strategy {
  const found = STRATEGIES.find((strategy) => strategy.name === name);
  if (found !== undefined) return found;
  const names = STRATEGIES.map((strategy) => strategy.name).join(', ');
  throw new StrategyError(`Strategy "${name}" does not exist. Use one of ${names}.`);
}

/** The parameters with every default filled in. Throws StrategyError for an unknown or out-of-range one, saying what is allowed. */
export function checkParameters(strategy: Strategy, parameters: Parameters): Parameters {
  const complete: Record<string, number | string | boolean> = {};
  for (const [name, { default: value }] of Object.entries(strategy.parameters)) complete[name] = value;
  for (const [name, value] of Object.entries(parameters)) {
    const known = Object.hasOwn(strategy.parameters, name) ? strategy.parameters[name] : undefined;
    const where = `Strategy ${strategy.name}, parameter ${name}`;
    if (known === undefined && name === 'stageSet') throw new StrategyError(`${where}: it ${STAGE_SET_REFUSED}.`);
    if (known === undefined) {
      const names = Object.keys(strategy.parameters).join(', ') || 'none';
      throw new StrategyError(`${where} does not exist. It knows ${names}.`);
    }
    if (typeof value !== typeof known.default || (typeof value === 'number' && !Number.isFinite(value))) {
      throw new StrategyError(`${where} is ${JSON.stringify(value)}; a ${typeof known.default}. ${known.description}.`);
    }
    if (typeof value === 'number' && (value < (known.min ?? value) || value > (known.max ?? value))) {
      throw new StrategyError(`${where} is ${value}; ${known.min} to ${known.max}. ${known.description}.`);
    }
    complete[name] = value;
  }
  return complete;
}

const WORDS = { stopline: 'a stop-line detector', upstream: 'an upstream detector' } as const;

/** Why a strategy cannot work at a junction, in words: a detector that it needs is missing, or its parameters do not fit; null: it can. */
export function checkJunction(
  strategy: Strategy,
  configuration: JunctionConfiguration,
  parameters: Parameters,
): string | null {
  const { detectors } = configuration;
  if (detectors !== undefined) {
    for (const position of strategy.needsWith?.(parameters) ?? strategy.needs) {
      const blind = configuration.approaches.find(
        ({ name }) => !detectors.some((detector) => detector.approach === name && detector.position === position),
      );
      if (blind !== undefined)
        return `strategy ${strategy.name} needs ${WORDS[position]} at every approach; ${blind.name} has none`;
    }
  }
  const reason = strategy.check?.(configuration, parameters) ?? null;
  return reason === null ? null : `strategy ${strategy.name}: ${reason}`;
}
