import { z } from 'zod';
import { crashEstimate } from '../../../controller/safety/extreme-value.ts';
import { CRASH_LIMITS, crashHistoryOf } from '../../../runs/safety/crash-file.ts';
import {
  listCrashHistories,
  listCrashIndices,
  observedPets,
  putCrashHistories,
} from '../../database/repositories/crashes.ts';
import { listConstants } from '../../database/repositories/safety-constants.ts';
import type { ApiContext } from '../context.ts';
import { HttpError } from '../errors.ts';
import { type Route, route } from '../routing.ts';

const DAY_MS = 86_400_000;
const QUARTERS_MAX = 3000;
const FAR_MS = Date.UTC(9999, 0, 1);
const instant = z.iso.datetime();
const nullable = z.number().nullable();

const constantsSchema = z.object({
  id: z.number().int(),
  version: z.number(),
  interval_seconds: z.number().int(),
  computed_at: instant,
  valid_from: instant,
  valid_until: instant.nullable().describe('null: until further notice.'),
  in_force: z.boolean(),
  constants: z.record(z.string(), z.number()),
  history: z.unknown().describe('Of which days and minutes they are; null: somebody gave them.'),
});

const within = (name: keyof typeof CRASH_LIMITS) => z.number().min(CRASH_LIMITS[name][0]).max(CRASH_LIMITS[name][1]);
const crashSchema = z.strictObject({
  junction_id: z.uuid(),
  first_day: z.iso.date(),
  last_day: z.iso.date(),
  fatal: within('fatal').int(),
  injury: within('injury').int(),
  damage: within('damage').int(),
  vehicles_per_day: within('vehicles_per_day'),
  prior_rate: within('prior_rate').describe('Of comparable sites: weighted crashes (10, 3, 1) a million vehicles.'),
  prior_exposure: within('prior_exposure').describe(
    'Million vehicles at which history and comparable sites weigh the same.',
  ),
  free_flow_speed: within('free_flow_speed').describe('Metres a second.'),
  capacity_vehicles_per_hour: within('capacity_vehicles_per_hour'),
});
const storedCrashSchema = z.object({
  junction_id: z.uuid(),
  first_day: z.string(),
  last_day: z.string(),
  fatal: z.number().int(),
  injury: z.number().int(),
  damage: z.number().int(),
  exposure_million_vehicles: z.number(),
  prior_rate: z.number(),
  prior_exposure: z.number(),
  free_flow_speed: z.number(),
  capacity_vehicles_per_hour: z.number(),
  source: z.string(),
});
const crashIndexSchema = z.object({
  timestamp: instant,
  scored: z.boolean().describe('false: too little was heard, and the others are null.'),
  rate: nullable.describe('Weighted crashes a million vehicles, after shrinkage to comparable sites.'),
  uplift: nullable,
  vru_index: nullable,
  vehicle_index: nullable,
  combined_index: nullable.describe('Relative to the rate; not cut to 100.'),
});

const estimateSchema = z.object({
  experimental: z.literal(true),
  start: instant,
  end: instant,
  hours_observed: z.number().describe('Scored minutes of the hours that count.'),
  pets: z.number().int().describe('Crossing conflicts with a post-encroachment time.'),
  estimate: z
    .object({
      crashes_per_hour: z.number(),
      low: z.number().describe('Of the 95 % interval, by bootstrap.'),
      high: z.number(),
      threshold_seconds: z.number(),
      exceedances: z.number().int(),
      shape: z.number(),
      scale_seconds: z.number(),
    })
    .nullable()
    .describe('null: fewer than 30 PETs below 5 s, or nothing was scored. That is not "no crashes".'),
});

/** What safety indices relate to: constants, crash histories; and the index (RT-SI) that rests on the latter. */
export function safetyBasisRoutes({ store, safety }: ApiContext): Route[] {
  const tag = 'safety';
  return [
    route({
      method: 'get',
      path: '/api/v1/safety/constants',
      tag,
      summary: 'List the versions of the constants that safety indices relate to',
      description:
        'Without one in force no minute is scored. `flextraff safety constants compute` makes one, and a job where none is.',
      answers: { 200: { description: 'The last computed first.', schema: z.array(constantsSchema) } },
      refusals: [503],
      async handle() {
        const nowMs = Date.now();
        const rows = await store.asRole('reporting_user', (trx) => listConstants(trx, 0, FAR_MS));
        return rows.map(({ id, computedAtMs, constants, history }) => {
          const { version, intervalSeconds, validFromMs, validUntilMs, constantsId: _, ...values } = constants;
          return {
            id,
            version,
            interval_seconds: intervalSeconds,
            computed_at: new Date(computedAtMs).toISOString(),
            valid_from: new Date(validFromMs).toISOString(),
            valid_until: validUntilMs === null ? null : new Date(validUntilMs).toISOString(),
            in_force: validFromMs <= nowMs && (validUntilMs === null || nowMs < validUntilMs),
            constants: values,
            history,
          };
        });
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/safety/crashes',
      tag,
      summary: 'List the crash histories of junctions',
      answers: { 200: { description: 'By junction.', schema: z.array(storedCrashSchema) } },
      refusals: [503],
      handle: async () =>
        (await store.asRole('reporting_user', (trx) => listCrashHistories(trx))).map((row) => {
          const { history, freeFlowMetresPerSecond, capacityVehiclesPerHour } = row.record;
          return {
            junction_id: row.junctionId,
            first_day: row.firstDay,
            last_day: row.lastDay,
            fatal: history.fatal,
            injury: history.injury,
            damage: history.damage,
            exposure_million_vehicles: history.exposure,
            prior_rate: history.priorRate,
            prior_exposure: history.priorExposure,
            free_flow_speed: freeFlowMetresPerSecond,
            capacity_vehicles_per_hour: capacityVehiclesPerHour,
            source: row.source,
          };
        }),
    }),
    route({
      method: 'post',
      path: '/api/v1/safety/crashes',
      tag,
      summary: 'Hand in crash histories of junctions',
      description:
        'One a junction; a newer one takes the place of the one before. Its real-time index (RT-SI) follows each quarter of an hour.',
      query: z.object({ source: z.string().min(1).max(100).default('api') }),
      body: z.array(crashSchema).min(1).max(1000),
      answers: { 202: { description: 'Kept.', schema: z.object({ junctions: z.number().int() }) } },
      refusals: [404, 422, 503],
      async handle({ body, query, response }) {
        const known = new Set((await store.junctions()).map(({ junctionId }) => junctionId));
        const rows = body.map((one) => crashHistoryOf({ ...one, junction_id: one.junction_id.toLowerCase() }));
        for (const { junctionId, firstDay, lastDay } of rows) {
          if (!known.has(junctionId))
            throw new HttpError('junction_unknown', 404, `There is no junction ${junctionId}.`, {
              field: 'junction_id',
              hint: 'GET /api/v1/junctions lists them.',
            });
          if (lastDay < firstDay)
            throw new HttpError('validation_failed', 422, `last_day ${lastDay} is before first_day ${firstDay}.`, {
              field: 'last_day',
            });
        }
        await store.asJob((trx) => putCrashHistories(trx, rows, query.source));
        await safety?.refreshBasis();
        response.status(202);
        return { junctions: rows.length };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/safety/crash-index/{id}',
      tag,
      summary: 'Show the real-time index of a junction on its crash history (RT-SI)',
      pathParameters: z.object({ id: z.uuid() }),
      query: z.object({
        start: instant.optional().describe('A day ago by default.'),
        end: instant.optional().describe('Exclusive; now by default.'),
      }),
      answers: { 200: { description: 'Quarters of an hour, in order.', schema: z.array(crashIndexSchema) } },
      refusals: [404, 422, 503],
      async handle({ path, query }) {
        const toMs = query.end === undefined ? Date.now() : Date.parse(query.end);
        const fromMs = query.start === undefined ? toMs - DAY_MS : Date.parse(query.start);
        if (fromMs >= toMs)
          throw new HttpError('validation_failed', 422, 'start has to be before end.', { field: 'start' });
        if ((await store.junction(path.id)) === null)
          throw new HttpError('junction_unknown', 404, `There is no junction ${path.id}.`, {
            field: 'id',
            hint: 'GET /api/v1/junctions lists them.',
          });
        const rows = await store.asRole('reporting_user', (trx) =>
          listCrashIndices(trx, path.id, fromMs, toMs, QUARTERS_MAX + 1),
        );
        if (rows.length > QUARTERS_MAX)
          throw new HttpError('too_many_points', 422, `That is more than ${QUARTERS_MAX} quarters of an hour.`, {
            field: 'start',
            hint: 'Ask for a month at most.',
          });
        return rows.map((row) => ({
          timestamp: new Date(row.atMs).toISOString(),
          scored: row.combined !== null,
          rate: row.rate,
          uplift: row.uplift,
          vru_index: row.vru,
          vehicle_index: row.vehicle,
          combined_index: row.combined,
        }));
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/safety/crash-estimate/{id}',
      tag,
      summary: 'Estimate the crashes of a junction from its near misses (experimental)',
      description:
        'A generalised Pareto distribution of post-encroachment times, carried on to 0 (extreme-value theory). Of crossing conflicts alone, and no better than its extrapolation: weeks of observation are needed.',
      pathParameters: z.object({ id: z.uuid() }),
      query: z.object({ days: z.coerce.number().min(1).max(90).default(30) }),
      answers: { 200: { description: 'With its interval.', schema: estimateSchema } },
      refusals: [404, 422, 503],
      async handle({ path, query }) {
        if ((await store.junction(path.id)) === null)
          throw new HttpError('junction_unknown', 404, `There is no junction ${path.id}.`, {
            field: 'id',
            hint: 'GET /api/v1/junctions lists them.',
          });
        const toMs = Date.now();
        const fromMs = toMs - query.days * DAY_MS;
        const { pets, hours } = await store.asRole('reporting_user', (trx) => observedPets(trx, path.id, fromMs, toMs));
        const found = hours > 0 ? crashEstimate(pets, hours) : null;
        return {
          experimental: true as const,
          start: new Date(fromMs).toISOString(),
          end: new Date(toMs).toISOString(),
          hours_observed: hours,
          pets: pets.length,
          estimate: found && {
            crashes_per_hour: found.crashesPerHour,
            low: found.interval.low,
            high: found.interval.high,
            threshold_seconds: found.thresholdSeconds,
            exceedances: found.exceedances,
            shape: found.shape,
            scale_seconds: found.scaleSeconds,
          },
        };
      },
    }),
  ];
}
