import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { HttpError } from '../errors.ts';
import { type Route, route } from '../routing.ts';
import { comparisonSchema, scenarioSchema } from '../schemas.ts';

const name = z.object({ name: z.string().min(1).max(200).describe('Name of the scenario.') });

export function scenarioRoutes({ twin }: ApiContext): Route[] {
  const known = async (wanted: string): Promise<unknown> => {
    const scenarios = await twin.scenarios();
    const scenario = scenarios.find((candidate) => candidate.name === wanted);
    if (scenario !== undefined) return scenario;
    throw new HttpError('scenario_not_found', 404, `There is no scenario "${wanted}".`, {
      field: 'name',
      hint: `There are: ${scenarios.map((candidate) => candidate.name).join(', ')}.`,
    });
  };
  return [
    route({
      method: 'get',
      path: '/api/v1/scenarios',
      tag: 'scenarios',
      summary: 'List the scenarios',
      answers: { 200: { description: 'Scenarios that can be run.', schema: z.array(scenarioSchema) } },
      handle: () => twin.scenarios(),
    }),
    route({
      method: 'get',
      path: '/api/v1/scenarios/{name}',
      tag: 'scenarios',
      summary: 'Show a scenario',
      pathParameters: name,
      answers: { 200: { description: 'The scenario.', schema: scenarioSchema } },
      refusals: [404],
      handle: ({ path }) => known(path.name),
    }),
    route({
      method: 'get',
      path: '/api/v1/comparisons/{scenario}',
      tag: 'scenarios',
      summary: 'Compare the variants over all finished runs',
      description: 'Adaptive minus baseline, paired by seed, with a 95 % interval.',
      pathParameters: z.object({ scenario: name.shape.name }),
      answers: { 200: { description: 'Paired differences.', schema: comparisonSchema } },
      refusals: [404, 503],
      async handle({ path }) {
        await known(path.scenario);
        const comparison = await twin.comparison(path.scenario);
        if (comparison !== null) return comparison;
        throw new HttpError('nothing_to_compare', 404, `No run of "${path.scenario}" has finished.`, {
          hint: 'Start one with POST /api/v1/runs.',
        });
      },
    }),
  ];
}
