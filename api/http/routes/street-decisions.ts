import { z } from 'zod';
import { listStreetDecisions } from '../../database/repositories/street-decisions.ts';
import type { ApiContext } from '../context.ts';
import { toCsv, wantsCsv } from '../csv.ts';
import { type Route, route } from '../routing.ts';
import { streetDecisionSchema } from '../schemas.ts';
import { formatQuery } from './runs.ts';

const DEFAULT = 100;
const MAX = 5000;
const COLUMNS = [
  'decidedAt',
  'junctionId',
  'junctionName',
  'controller',
  'shadow',
  'seq',
  'strategy',
  'kind',
  'planId',
  'stages',
  'reason',
  'inputs',
  'acknowledged',
  'vetoed',
] as const;

/** What controllers of streets decided; decisions of runs are with their run. */
export function streetDecisionRoutes({ store }: ApiContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/decisions',
      tag: 'junctions',
      summary: 'Give what controllers of streets decided, why, and what the lamp controllers said to it',
      query: formatQuery.extend({
        junction: z.uuid().optional().describe('Only of this junction.'),
        before: z.iso.datetime().optional().describe('Only those taken before: of the last one listed, to go on.'),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(MAX)
          .default(DEFAULT)
          .describe('Decisions of the same time as the last come too, so that none is missed by going on before it.'),
      }),
      answers: {
        200: {
          description:
            'Decisions, newest first. A stage request is repeated each second; it is listed where it changes.',
          schema: z.array(streetDecisionSchema),
          alsoAs: ['text/csv'],
        },
      },
      refusals: [503],
      async handle({ query, request, response }) {
        const { junction: junctionId, before, limit } = query;
        const beforeMs = before === undefined ? undefined : Date.parse(before);
        const rows = await store.asRole('reporting_user', (trx) =>
          listStreetDecisions(trx, { junctionId, beforeMs, limit }),
        );
        const decisions = rows.map(({ atMs, ...row }) => ({ ...row, decidedAt: new Date(atMs).toISOString() }));
        response.vary('Accept');
        if (!wantsCsv(request, query.format)) return decisions;
        return void response.attachment('decisions.csv').type('text/csv').send(toCsv(COLUMNS, decisions));
      },
    }),
  ];
}
