import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { checkDisk, examine } from '../health.ts';
import { type Route, route } from '../routing.ts';
import { alertSchema, healthSchema, systemInfoSchema } from '../schemas.ts';

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);

export function systemRoutes({ twin, store, brokerStatus, version, startedAtMs, checks }: ApiContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/health',
      tag: 'system',
      summary: 'Report what works',
      description:
        'Asks the database with a query, the broker connection, the twin and the disk, now, and says how long each took.',
      answers: {
        200: { description: 'Everything works, or is starting.', schema: healthSchema },
        503: { description: 'Something failed; the checks say what.', schema: healthSchema },
      },
      async handle({ response }) {
        const health = await examine(
          {
            database: () => store.health(),
            broker: brokerStatus,
            twin: async () => ({ status: 'ok', detail: `${(await twin.scenarios()).length} scenarios can be run` }),
            disk: () => checkDisk(store.dataDirectory),
            ...checks,
          },
          version,
          startedAtMs,
        );
        response.status(health.status === 'degraded' ? 503 : 200).set('Cache-Control', 'no-store');
        return health;
      },
    }),
    route({
      method: 'get',
      path: '/system/info',
      tag: 'system',
      summary: 'Say what runs here',
      answers: { 200: { description: 'Version, machine, memory, database and broker.', schema: systemInfoSchema } },
      async handle() {
        const memory = process.memoryUsage();
        return {
          name: 'FlexTraff Twin',
          version,
          startedAt: new Date(startedAtMs).toISOString(),
          uptimeSeconds: Math.round((Date.now() - startedAtMs) / 1000),
          nodeVersion: process.version,
          platform: platform(),
          architecture: arch(),
          cpuCount: availableParallelism(),
          memoryMebibytes: {
            resident: mebibytes(memory.rss),
            heapUsed: mebibytes(memory.heapUsed),
            systemTotal: mebibytes(totalmem()),
          },
          database: await store.health(),
          broker: await brokerStatus(),
        };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/alerts',
      tag: 'system',
      summary: 'List what an operator should know',
      answers: { 200: { description: 'Alerts, as the twin lists them.', schema: z.array(alertSchema) } },
      handle: () => twin.alerts(),
    }),
  ];
}
