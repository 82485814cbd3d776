import { z } from 'zod';
import { WEATHER_BOUNDS } from '../../../runs/safety/weather-file.ts';
import type { LiveSafety } from '../../../runs/safety/live.ts';
import type { ApiContext } from '../context.ts';
import { HttpError } from '../errors.ts';
import { type Route, route } from '../routing.ts';

/** Largest frame, as Express writes sizes; some 4,000 messages. */
export const V2X_BODY_LIMIT = '4mb';
export const V2X_PATHS = ['/api/v1/v2x/messages', '/api/v2x/messages'] as const;
const MESSAGES_MAX = 10_000;

const counts = z.record(z.string(), z.number().int());
const OBSERVATIONS_MAX = 1000;
const within = (name: keyof typeof WEATHER_BOUNDS) =>
  z.number().min(WEATHER_BOUNDS[name][0]).max(WEATHER_BOUNDS[name][1]);
const weather = z.strictObject({
  precipitation_mm: within('precipitation_mm').describe('Millimetres an hour.'),
  visibility_m: within('visibility_m'),
  wind_speed_ms: within('wind_speed_ms'),
  temperature_c: within('temperature_c'),
  timestamp: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('When it was observed, or is foreseen for; now by default.'),
  junction_id: z.uuid().optional().describe('Of one junction alone; of all by default.'),
  source: z.string().min(1).max(50).default('api'),
});
const constantsInForce = z.object({
  version: z.number(),
  constants_id: z.number().int().nullable(),
  valid_from: z.iso.datetime(),
  valid_until: z.iso.datetime().nullable().describe('null: until further notice.'),
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
      summary: 'Count the V2X messages of streets, and say what their index relates to',
      answers: {
        200: {
          description:
            'By junction, and those that are of none. `constants` null: none are in force, so that no minute is scored.',
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
            constants: constantsInForce.nullable(),
          }),
        },
      },
      refusals: [503],
      handle() {
        const live = open();
        const held = live.constants?.minute ?? null;
        const constants = held && {
          version: held.version,
          constants_id: held.constantsId ?? null,
          valid_from: new Date(held.validFromMs).toISOString(),
          valid_until: held.validUntilMs === null ? null : new Date(held.validUntilMs).toISOString(),
        };
        return { ...live.status(), constants };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/weather',
      tag: 'safety',
      summary: 'Tell the weather',
      description:
        'An observation or an array of them. It counts in the safety indices of the minutes of the hour that follows it, that of a junction before that of all.',
      body: z.union([weather, z.array(weather).min(1).max(OBSERVATIONS_MAX)]),
      answers: {
        202: { description: 'Taken.', schema: z.object({ taken: z.literal(true), observations: z.number().int() }) },
      },
      refusals: [404, 503],
      async handle({ body, response }) {
        const live = open();
        const nowMs = Date.now();
        const given = Array.isArray(body) ? body : [body];
        for (const { junction_id: id } of given)
          if (id !== undefined && !(await live.knows(id.toLowerCase())))
            throw new HttpError('junction_unknown', 404, `There is no junction ${id}.`, {
              field: 'junction_id',
              hint: 'GET /api/v1/junctions lists them.',
            });
        for (const source of new Set(given.map((one) => one.source)))
          live.addWeather(
            given.flatMap((one) =>
              one.source !== source
                ? []
                : {
                    atMs: one.timestamp === undefined ? nowMs : Date.parse(one.timestamp),
                    junctionId: one.junction_id?.toLowerCase() ?? null,
                    weather: {
                      rainMillimetres: one.precipitation_mm,
                      visibilityMetres: one.visibility_m,
                      windMetresPerSecond: one.wind_speed_ms,
                      temperatureCelsius: one.temperature_c,
                    },
                  },
            ),
            source,
          );
        response.status(202);
        return { taken: true as const, observations: given.length };
      },
    }),
  ];
}
