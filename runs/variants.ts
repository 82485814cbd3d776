/** What is wrong with a run's variants, before anything starts. */
import { checkJunction, checkParameters, StrategyError, strategyNamed } from '../controller/strategies/index.ts';
import type { VariantSettings } from '../scenarios/types.ts';
import type { Source, SourceSignal } from './source.ts';

/**
 * Throws StrategyError with every mistake in the variants' names, strategies and parameters, one a line, and with what
 * the strategies miss at the source's junctions.
 */
export function checkVariants(source: Source, variants: readonly VariantSettings[]): void {
  const problems: string[] = [];
  if (variants.length === 0) problems.push('There is no variant to run. Give at least one, e.g. baseline=fixed-time.');
  const seen = new Set<string>();
  for (const variant of variants) {
    const where = `variant ${variant.name}`;
    if (!/^[a-z][a-z0-9-]*$/.test(variant.name)) {
      problems.push(`${where}: the name is not allowed; small letters, digits and hyphens, a letter first.`);
    }
    if (seen.has(variant.name)) problems.push(`${where}: there are two of that name. Give each variant its own.`);
    seen.add(variant.name);
    problems.push(...problemsOf(source, variant).map((problem) => `${where}: ${problem}`));
  }
  if (problems.length > 0) throw new StrategyError(problems.join('\n'));
}

function problemsOf(source: Source, variant: VariantSettings): string[] {
  const caught = (check: () => string[]): string[] => {
    try {
      return check();
    } catch (error) {
      if (error instanceof StrategyError) return [error.message];
      throw error;
    }
  };
  // a peer's file as it is: its own programs run
  const isOwn = variant.strategy === 'fixed-time' && Object.keys(variant.parameters).length === 0;
  const isUnsignalised = source.scenario?.junctions.every(({ rightOfWay }) => rightOfWay !== undefined) === true;
  if ((source.kind !== 'scenario' || isUnsignalised) && isOwn) return [];
  return caught(() => {
    const strategy = strategyNamed(variant.strategy);
    const parameters = Object.entries(variant.parameters).flatMap(([name, value]) =>
      caught(() => {
        checkParameters(strategy, { [name]: value });
        return [];
      }),
    );
    if (parameters.length > 0) return parameters;
    const complete = checkParameters(strategy, variant.parameters);
    const signals = source.signals(complete);
    const steered = signals.flatMap(({ name, configuration }) =>
      configuration === null ? [] : [{ name, configuration }],
    );
    if (steered.length === 0) return [`there is no signal that it could steer.${whyNot(signals)}`];
    return steered.flatMap(({ name, configuration }) => {
      const reason = checkJunction(strategy, configuration, complete);
      return reason === null ? [] : [`junction ${name}: ${reason}`];
    });
  });
}

function whyNot(signals: readonly SourceSignal[]): string {
  return signals
    .slice(0, 5)
    .map((signal) => (signal.configuration === null ? ` Signal ${signal.name}: ${signal.reason}.` : ''))
    .join('');
}
