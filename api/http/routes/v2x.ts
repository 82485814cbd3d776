import { z } from 'zod';
import type { LiveSafety } from '../../../runs/safety/live.ts';
import type { ApiContext } from '../context.ts';
import { HttpError } from '../errors.ts';
import { type Route, route } from '../routing.ts';

/** Largest frame, as Express writes sizes; some 4,000 messages. */
export const V2X_BODY_LIMIT = '4mb';
export const V2X_PATHS = ['/api/v1/v2x/messages', '/api/v2x/messages'] as const;
const MESSAGES_MAX = 10_000;

const counts = z.record(z.string(), z.number().int());
const weather = z.strictObject({
  precipitation_mm: z.number().min(0).max(500).describe('Millimetres an hour.'),
  visibility_m: z.number().min(0).max(100_000),
  wind_speed_ms: z.number().min(0).max(150),
  temperature_c: z.number().min(-90).max(70),
  source: z.string().min(1).max(50).default('api'),
});

/** V2X messages and weather of streets. */
export function v2xRoutes({ safety }: ApiContext): Route[] {
  const open = (): LiveSafety => {
    if (safety !== undefined) return safety;
    throw new HttpError('safety_off', 503, 'This program does not take V2X messages.', {
      hint: 'flextraff twin does.',
    });
  };
  return [
    ...V2X_PATHS.map((path) =>
      route({
        method: 'post',
        path,
        tag: 'safety',
        summary: 'Hand in V2X messages',
        description:
          'A message or an array of them: ODE schema 9, ODE v4, or the connected-corridor shape. Each goes to the junction named, else to that of its intersection or the nearest within 300 m. Those that are malformed are counted, with the reason; the others are used all the same.',
        query: z.object({ junction: z.uuid().optional().describe('Whose roadside unit received them.') }),
        body: z.union([z.array(z.unknown()).min(1).max(MESSAGES_MAX), z.record(z.string(), z.unknown())]),
        answers: {
          202: {
            description: 'How many were handed on, and how many were not, by reason.',
            schema: z.object({ taken: z.number().int(), rejected: counts }),
          },
        },
        refusals: [404, 503],
        async handle({ body, query, request, response }) {
          const via = request.ip ?? 'unknown';
          response.status(202);
          if (query.junction === undefined) return open().take(body, via);
          if (!(await open().takeFrom(query.junction, body, via)))
            throw new HttpError('junction_unknown', 404, `There is no junction ${query.junction}.`, {
              field: 'junction',
              hint: 'GET /api/v1/junctions lists them.',
            });
          return { taken: Array.isArray(body) ? body.length : 1, rejected: {} };
        },
      }),
    ),
    route({
      method: 'get',
      path: '/api/v1/v2x/status',
      tag: 'safety',
      summary: 'Count the V2X messages of streets',
      answers: {
        200: {
          description: 'By junction, and those that are of none.',
          schema: z.object({
            junctions: z.array(
              z.object({
                junctionId: z.uuid(),
                read: z.number().int(),
                used: z.number().int(),
                rejected: counts,
              }),
            ),
            rejected: counts,
          }),
        },
      },
      refusals: [503],
      handle: () => open().status(),
    }),
    route({
      method: 'post',
      path: '/api/v1/weather',
      tag: 'safety',
      summary: 'Tell the weather',
      description: 'Of all streets, from now on; it counts in their safety indices.',
      body: weather,
      answers: { 202: { description: 'Taken.', schema: z.object({ taken: z.literal(true) }) } },
      refusals: [503],
      handle({ body, response }) {
        open().setWeather(
          {
            rainMillimetres: body.precipitation_mm,
            visibilityMetres: body.visibility_m,
            windMetresPerSecond: body.wind_speed_ms,
            temperatureCelsius: body.temperature_c,
          },
          body.source,
        );
        response.status(202);
        return { taken: true as const };
      },
    }),
  ];
}
