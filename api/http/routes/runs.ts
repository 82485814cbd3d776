import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { toCsv, wantsCsv } from '../csv.ts';
import { type Route, route } from '../routing.ts';
import { decisionSchema, frameSchema, runDetailSchema, runRequest, runSchema, seriesPointSchema } from '../schemas.ts';

const RUNS_DEFAULT = 50;
const RUNS_MAX = 1000;
const FRAMES_MAX_SECONDS = 60;

export const runPath = z.object({ id: z.uuid().describe('Id of the run.') });
export const formatQuery = z.object({
  format: z.enum(['json', 'csv']).optional().describe('Beats the Accept header.'),
});
const second = z.coerce.number().int().min(0);

export function runRoutes({ twin }: ApiContext): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/runs',
      tag: 'runs',
      summary: 'Start a run',
      description:
        'Runs the scenario once a variant, with the same vehicles. Answers when the run is recorded: a crash cannot lose it.',
      body: runRequest,
      answers: { 201: { description: 'The run has started.', schema: runSchema } },
      refusals: [404, 409, 503],
      async handle({ body, response }) {
        const run = await twin.start(body);
        response.set('Location', `/api/v1/runs/${run.id}`);
        return run;
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/runs',
      tag: 'runs',
      summary: 'List runs, newest first',
      query: z.object({ limit: z.coerce.number().int().min(1).max(RUNS_MAX).default(RUNS_DEFAULT) }),
      answers: { 200: { description: 'Runs.', schema: z.array(runSchema) } },
      refusals: [503],
      handle: ({ query }) => twin.runs(query.limit),
    }),
    route({
      method: 'get',
      path: '/api/v1/runs/{id}',
      tag: 'runs',
      summary: 'Show a run',
      pathParameters: runPath,
      answers: {
        200: { description: 'The run with its drawing and, once finished, its result.', schema: runDetailSchema },
      },
      refusals: [404, 503],
      handle: ({ path }) => twin.run(path.id),
    }),
    route({
      method: 'post',
      path: '/api/v1/runs/{id}/stop',
      tag: 'runs',
      summary: 'Stop a run',
      pathParameters: runPath,
      answers: { 200: { description: 'The run, stopped.', schema: runSchema } },
      refusals: [404, 409, 503],
      handle: ({ path }) => twin.stop(path.id),
    }),
    route({
      method: 'get',
      path: '/api/v1/runs/{id}/frames',
      tag: 'runs',
      summary: 'Give the frames of all variants',
      description: `One frame a simulated second in [from, to), at most ${FRAMES_MAX_SECONDS} s at once; those not simulated yet are left out.`,
      pathParameters: runPath,
      query: z
        .object({
          from: second.describe('First simulated second.'),
          to: second.describe(`One past the last; at most from + ${FRAMES_MAX_SECONDS}.`),
        })
        .superRefine(({ from, to }, context) => {
          if (to <= from || to > from + FRAMES_MAX_SECONDS) {
            context.addIssue({
              code: 'custom',
              path: ['to'],
              message: `has to be above from (${from}) and at most ${from + FRAMES_MAX_SECONDS}`,
            });
          }
        }),
      answers: { 200: { description: 'Frames by variant.', schema: z.record(z.string(), z.array(frameSchema)) } },
      refusals: [404, 503],
      handle: ({ path, query }) => twin.frames(path.id, query.from, query.to),
    }),
    route({
      method: 'get',
      path: '/api/v1/runs/{id}/series',
      tag: 'runs',
      summary: 'Give delay, queue and other measures over time',
      pathParameters: runPath,
      query: formatQuery,
      answers: {
        200: { description: 'Points in order of time.', schema: z.array(seriesPointSchema), alsoAs: ['text/csv'] },
      },
      refusals: [404, 503],
      async handle({ path, query, request, response }) {
        const points = await twin.series(path.id);
        response.vary('Accept');
        if (!wantsCsv(request, query.format)) return points;
        const columns = [
          'second',
          'variant',
          'delaySeconds',
          'queued',
          'stopsPerVehicle',
          'running',
          'arrived',
        ] as const;
        return void response.attachment(`${path.id}-series.csv`).type('text/csv').send(toCsv(columns, points));
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/runs/{id}/decisions',
      tag: 'runs',
      summary: 'Give what was decided, why, and what the lamp controllers said to it',
      pathParameters: runPath,
      query: formatQuery,
      answers: {
        200: { description: 'Decisions in order of time.', schema: z.array(decisionSchema), alsoAs: ['text/csv'] },
      },
      refusals: [404, 503],
      async handle({ path, query, request, response }) {
        const decisions = await twin.decisions(path.id);
        response.vary('Accept');
        if (!wantsCsv(request, query.format)) return decisions;
        const columns = [
          'second',
          'variant',
          'junctionId',
          'seq',
          'strategy',
          'kind',
          'stages',
          'reason',
          'inputs',
          'acknowledged',
          'vetoed',
        ] as const;
        return void response.attachment(`${path.id}-decisions.csv`).type('text/csv').send(toCsv(columns, decisions));
      },
    }),
  ];
}
