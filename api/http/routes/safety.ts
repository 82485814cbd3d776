import { z } from 'zod';
import {
  type Aggregation,
  finestCovering,
  type HistoryPoint,
  POINTS_MAX,
  statisticsOf,
} from '../../database/repositories/safety-history.ts';
import {
  cornersOf,
  junctionsAlong,
  junctionsWithin,
  nearbyJunctions,
  type Place,
} from '../../database/repositories/safety-places.ts';
import type { ApiContext } from '../context.ts';
import { HttpError } from '../errors.ts';
import { type Route, route } from '../routing.ts';
import { SafetyReader } from '../safety-reader.ts';

const DAY_MS = 86_400_000;
/** A minute is known within two of its end; what is older says nothing of now. */
const CURRENT_MS = 300_000;
const POINTS_IN_LINE_MAX = 500;

const instant = z.iso.datetime();
const nullable = z.number().nullable();
const identity = { intersection_id: z.number().int(), intersection_name: z.string() };
const source = z
  .enum(['database', 'archive'])
  .describe('`archive`: the database is away, and this is what Parquet files have, which may lack the last minute.');

const currentSchema = z.object({
  ...identity,
  junction_id: z.uuid(),
  safety_index: nullable.describe(
    '0 safe to 100 not; null where the latest minute could not be scored, or there is none.',
  ),
  safety_index_low: nullable.describe('Of its 95 % interval.'),
  safety_index_high: nullable,
  score_status: z.string().nullable(),
  traffic_volume: nullable,
  timestamp: instant.nullable().describe('Of the latest minute; null where none is kept.'),
  latitude: nullable,
  longitude: nullable,
  source,
});
const pointSchema = z.object({
  timestamp: instant,
  safety_index: nullable,
  min_safety_index: nullable,
  max_safety_index: nullable,
  std_safety_index: nullable,
  traffic_volume: z.number(),
  samples: z.number().int().describe('Scored minutes behind it.'),
});
const span = { aggregation: z.enum(['minute', 'hour', 'day']), start: instant, end: instant, source };
const historySchema = z.object({ ...identity, ...span, history: z.array(pointSchema) });
const statisticsSchema = z.object({
  ...identity,
  ...span,
  points: z.number().int(),
  samples: z.number().int(),
  mean: nullable,
  min: nullable,
  max: nullable,
  std: nullable,
  total_volume: z.number(),
  high_risk_points: z.number().int().describe('Points with an index above 75.'),
});
const placeSchema = z.object({
  id: z.number().int(),
  junction_id: z.uuid(),
  name: z.string(),
  latitude: z.number(),
  longitude: z.number(),
  distance_meters: nullable,
});

/** 002 names the words of its aggregation by their tables. */
const AGGREGATIONS: Readonly<Record<string, Aggregation>> = {
  minute: 'minute',
  realtime: 'minute',
  hour: 'hour',
  hourly: 'hour',
  day: 'day',
  daily: 'day',
};

const moment = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) && !Number.isNaN(Date.parse(text)),
    'a day or an instant, such as 2025-11-20 or 2025-11-20T08:00:00Z',
  )
  .describe('A day (UTC) or an instant.');
const historyQuerySchema = z.object({
  days: z.coerce.number().min(0.01).max(3660).optional().describe('Back from the end; 7 unless a start is given.'),
  start_date: moment.optional(),
  end_date: moment.optional().describe('Exclusive; a day counts as a whole. Now by default.'),
  aggregation: z
    .enum(Object.keys(AGGREGATIONS) as [string, ...string[]])
    .optional()
    .describe('By default the finest of which the start is still kept: minutes 48 hours, hours 90 days, days always.'),
});

const lines = (text: string): unknown => {
  try {
    // Tuples as the documents write them, or JSON.
    return JSON.parse(text.replaceAll('(', '[').replaceAll(')', ']'));
  } catch {
    return null;
  }
};
const latitude = z.number().min(-90).max(90);
const longitude = z.number().min(-180).max(180);
const pointsOf = (least: number, what: string) =>
  z
    .string()
    .transform(lines)
    .pipe(
      z
        .array(
          z.union([
            z.object({ lat: latitude, lon: longitude }),
            z.tuple([latitude, longitude]).transform(([lat, lon]) => ({ lat, lon })),
          ]),
          `${least} to ${POINTS_IN_LINE_MAX} points, such as [{"lat":38.86,"lon":-77.05},...] or [(38.86,-77.05),...]`,
        )
        .min(least)
        .max(POINTS_IN_LINE_MAX),
    )
    .describe(what);

/** What 002 and 003 document of safety indices and of places. */
export function safetyRoutes({ store }: ApiContext): Route[] {
  const tag = 'safety';
  const ask = <T>(work: Parameters<typeof store.asRole<T>>[1]): Promise<T> => store.asRole('reporting_user', work);
  const pathParameters = z.object({
    id: z.string().max(40).describe("The junction's number (intersections.id), or its UUID."),
  });
  const reader = new SafetyReader(store);
  const history = async (id: string, query: z.output<typeof historyQuerySchema>) => {
    const nowMs = Date.now();
    const { fromMs, toMs } = spanOf(query, nowMs);
    const aggregation =
      query.aggregation === undefined
        ? finestCovering(fromMs, nowMs)
        : (AGGREGATIONS[query.aggregation] as Aggregation);
    const found = await reader.history(id, aggregation, { fromMs, toMs, nowMs });
    if (found === null)
      throw new HttpError('intersection_not_found', 404, `There is no intersection ${id}.`, {
        field: 'id',
        hint: 'GET /api/v1/safety/index lists them.',
      });
    if (found.points.length > POINTS_MAX)
      throw new HttpError('too_many_points', 422, `That is more than ${POINTS_MAX} points.`, {
        field: 'aggregation',
        hint: 'Ask for a shorter span, or for hours or days.',
      });
    const about = {
      intersection_id: found.junction.intersectionId,
      intersection_name: found.junction.name,
      aggregation,
      start: new Date(fromMs).toISOString(),
      end: new Date(toMs).toISOString(),
      source: found.source,
    };
    return { about, points: found.points };
  };
  return [
    route({
      method: 'get',
      path: '/api/v1/safety/index',
      tag,
      summary: 'List the safety index of every junction now',
      description:
        'The latest minute of each junction that is still kept. 0 is safe, 100 is not. Where that minute is older than five, the junction is silent: its index is null and score_status no_data. From the archive while the database is away, as `source` says.',
      answers: { 200: { description: 'By intersection_id.', schema: z.array(currentSchema) } },
      refusals: [503],
      async handle() {
        const nowMs = Date.now();
        const { indices, source } = await reader.current(nowMs);
        return indices.map((row) => {
          const isSilent = row.atMs !== null && nowMs - row.atMs > CURRENT_MS;
          return {
            intersection_id: row.intersectionId,
            intersection_name: row.name,
            junction_id: row.junctionId,
            safety_index: isSilent ? null : row.safetyIndex,
            safety_index_low: isSilent ? null : row.low,
            safety_index_high: isSilent ? null : row.high,
            score_status: isSilent ? 'no_data' : row.scoreStatus,
            traffic_volume: isSilent ? null : row.trafficVolume,
            timestamp: row.atMs === null ? null : new Date(row.atMs).toISOString(),
            latitude: row.latitude,
            longitude: row.longitude,
            source,
          };
        });
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/safety/history/{id}',
      tag,
      summary: 'Show the safety index of a junction over time',
      pathParameters,
      query: historyQuerySchema,
      answers: { 200: { description: 'Points in order of time; hours and days are UTC.', schema: historySchema } },
      refusals: [404, 422, 503],
      async handle({ path, query }) {
        const { about, points } = await history(path.id, query);
        return { ...about, history: points.map(toPoint) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/safety/history/{id}/stats',
      tag,
      summary: 'Sum up the safety index of a junction over a span',
      pathParameters,
      query: historyQuerySchema,
      answers: { 200: { description: 'Over the scored minutes behind the points.', schema: statisticsSchema } },
      refusals: [404, 422, 503],
      async handle({ path, query }) {
        const { about, points } = await history(path.id, query);
        const { deviation, totalVolume, highRiskPoints, ...rest } = statisticsOf(points);
        return { ...about, ...rest, std: deviation, total_volume: totalVolume, high_risk_points: highRiskPoints };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/intersections/nearby',
      tag,
      summary: 'List the junctions within a radius of a point, nearest first',
      query: z.object({
        lat: z.coerce.number().min(-90).max(90),
        lon: z.coerce.number().min(-180).max(180),
        radius: z.coerce.number().min(100).max(50_000).default(5000).describe('Metres.'),
      }),
      answers: { 200: { description: 'With their distances over the ground.', schema: z.array(placeSchema) } },
      refusals: [422, 503],
      handle: async ({ query }) => (await ask((trx) => nearbyJunctions(trx, query, query.radius))).map(toPlace),
    }),
    route({
      method: 'get',
      path: '/api/v1/intersections/route',
      tag,
      summary: 'List the junctions along a route, in its order',
      query: z.object({
        waypoints: pointsOf(2, 'Two or more, [{"lat":..,"lon":..},...] or [(lat,lon),...].'),
        buffer: z.coerce.number().min(10).max(5000).default(500).describe('Metres.'),
      }),
      answers: { 200: { description: 'With their distances from the line.', schema: z.array(placeSchema) } },
      refusals: [422, 503],
      handle: async ({ query }) =>
        (await ask((trx) => junctionsAlong(trx, query.waypoints, query.buffer))).map(toPlace),
    }),
    route({
      method: 'get',
      path: '/api/v1/intersections/area',
      tag,
      summary: 'List the junctions within a polygon',
      query: z.object({
        polygon: pointsOf(3, 'Three corners or more; the last joins the first.').refine(
          (ring) => cornersOf(ring).length >= 3,
          'has fewer than three different corners',
        ),
      }),
      answers: { 200: { description: 'By id; those on the edge included.', schema: z.array(placeSchema) } },
      refusals: [422, 503],
      handle: async ({ query }) => (await ask((trx) => junctionsWithin(trx, query.polygon))).map(toPlace),
    }),
  ];
}

/** A day as an end counts as a whole. Throws HttpError 422. */
function spanOf(query: z.output<typeof historyQuerySchema>, nowMs: number): { fromMs: number; toMs: number } {
  const { start_date, end_date, days } = query;
  const toMs = end_date === undefined ? nowMs : Date.parse(end_date) + (end_date.length === 10 ? DAY_MS : 0);
  if (start_date !== undefined && days !== undefined)
    throw new HttpError('validation_failed', 422, 'start_date and days: only one of them can be given.', {
      field: 'days',
    });
  const fromMs = start_date === undefined ? toMs - (days ?? 7) * DAY_MS : Date.parse(start_date);
  if (fromMs >= toMs)
    throw new HttpError('validation_failed', 422, 'start_date has to be before end_date.', { field: 'start_date' });
  return { fromMs, toMs };
}

const toPoint = (point: HistoryPoint) => ({
  timestamp: new Date(point.atMs).toISOString(),
  safety_index: point.safetyIndex,
  min_safety_index: point.min,
  max_safety_index: point.max,
  std_safety_index: point.deviation,
  traffic_volume: point.trafficVolume,
  samples: point.samples,
});

const toPlace = (place: Place) => ({
  id: place.id,
  junction_id: place.junctionId,
  name: place.name,
  latitude: place.latitude,
  longitude: place.longitude,
  distance_meters: place.distanceMetres,
});
