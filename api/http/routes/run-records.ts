import { z } from 'zod';
import { listModelPerformance, listPredictions } from '../../database/repositories/predictions.ts';
import { listRecordings } from '../../database/repositories/recordings.ts';
import type { ApiContext } from '../context.ts';
import { toCsv, wantsCsv } from '../csv.ts';
import { type Route, route } from '../routing.ts';
import { formatQuery, runPath } from './runs.ts';

const PREDICTIONS_MAX = 100_000;
const PERFORMANCE_DEFAULT = 200;
const PERFORMANCE_MAX = 10_000;

const instant = z.iso.datetime();
const iso = (ms: number): string => new Date(ms).toISOString();

const predictionSchema = z.object({
  variant: z.string(),
  junctionId: z.uuid(),
  model: z.string().describe('The strategy that foresaw it.'),
  modelVersion: z.string(),
  quantity: z.string().describe('`departures`: vehicles over the stop lines between the two times.'),
  predictedAt: instant,
  targetAt: instant,
  predictedValue: z.number(),
  actualValue: z.number().nullable().describe('What the detectors counted.'),
});
const recordingSchema = z.object({
  variant: z.string(),
  location: z.string().describe('Below the data folder.'),
  formatVersion: z.number().int(),
  fromSecond: z.number(),
  toSecond: z.number(),
  frameCount: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string().nullable(),
  createdAt: instant,
  deletedAt: instant.nullable().describe('When the frames were removed to make room; null while they are there.'),
});
const performanceSchema = z.object({
  model: z.string(),
  modelVersion: z.string(),
  junctionId: z.uuid(),
  quantity: z.string(),
  day: z.iso.date().describe('UTC; of runs, in simulated time.'),
  samples: z.number().int(),
  meanError: z.number().describe('What came less what was foreseen.'),
  meanAbsoluteError: z.number(),
  rootMeanSquaredError: z.number(),
});

/** What the store keeps of runs besides what the twin shows. */
export function runRecordRoutes({ twin, store }: ApiContext): Route[] {
  const tag = 'runs';
  const ask = <T>(work: Parameters<typeof store.asRole<T>>[1]): Promise<T> => store.asRole('reporting_user', work);
  return [
    route({
      method: 'get',
      path: '/api/v1/runs/{id}/predictions',
      tag,
      summary: 'Give what strategies foresaw and what came of it',
      description: `Of strategies that look ahead (horizon); at most ${PREDICTIONS_MAX}.`,
      pathParameters: runPath,
      query: formatQuery,
      answers: {
        200: {
          description: 'In order of the times foreseen.',
          schema: z.array(predictionSchema),
          alsoAs: ['text/csv'],
        },
      },
      refusals: [404, 503],
      async handle({ path, query, request, response }) {
        // says so where there is no such run
        await twin.run(path.id);
        const found = await ask((trx) => listPredictions(trx, path.id, PREDICTIONS_MAX));
        const rows = found.map(({ predictedAtMs, targetAtMs, predictedValue, actualValue, ...rest }) => ({
          ...rest,
          predictedAt: iso(predictedAtMs),
          targetAt: iso(targetAtMs),
          predictedValue,
          actualValue,
        }));
        response.vary('Accept');
        if (!wantsCsv(request, query.format)) return rows;
        const columns = Object.keys(predictionSchema.shape) as (keyof (typeof rows)[number])[];
        return void response.attachment(`${path.id}-predictions.csv`).type('text/csv').send(toCsv(columns, rows));
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/runs/{id}/recordings',
      tag,
      summary: 'Tell where the frames of a run are kept, or were',
      description: 'Known once the run has ended.',
      pathParameters: runPath,
      answers: { 200: { description: 'A file a variant.', schema: z.array(recordingSchema) } },
      refusals: [404, 503],
      async handle({ path }) {
        await twin.run(path.id);
        const found = await ask((trx) => listRecordings(trx, path.id));
        return found.map(({ createdAtMs, deletedAtMs, ...rest }) => ({
          ...rest,
          createdAt: iso(createdAtMs),
          deletedAt: deletedAtMs === null ? null : iso(deletedAtMs),
        }));
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/models/performance',
      tag,
      summary: 'Tell how well strategies foresee, by junction and day',
      description: 'Computed once a day, over all runs.',
      query: z.object({
        junction: z.uuid().optional().describe('Of this junction only.'),
        limit: z.coerce.number().int().min(1).max(PERFORMANCE_MAX).default(PERFORMANCE_DEFAULT),
      }),
      answers: { 200: { description: 'Newest days first.', schema: z.array(performanceSchema) } },
      refusals: [422, 503],
      handle: ({ query }) =>
        ask((trx) => listModelPerformance(trx, { junctionId: query.junction, limit: query.limit })),
    }),
  ];
}
