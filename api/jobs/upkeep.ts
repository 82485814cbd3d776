/** What keeps the database and the archive in shape. */
import { runLifecycle } from '../archive/lifecycle.ts';
import type { Job } from './types.ts';

const MONTHS_AHEAD = 2;
const DAYS_AHEAD = 7;

export const partitions: Job = {
  name: 'partitions',
  description: `partitions of the next ${DAYS_AHEAD} days and ${MONTHS_AHEAD} months; rows of months that lack one move into theirs`,
  schedule: { every: 'day', hour: 0, minute: 20 },
  vital: true,
  async run({ store }) {
    const count = async (work: string): Promise<number> =>
      store.asJob(async (trx) => Number((await trx.raw(work)).rows[0].n));
    const counting =
      "SELECT count(*) AS n FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent WHERE c.relname IN ('traffic_cycles', 'lane_cycle_data', 'safety_indices_realtime', 'safety_indices_hourly')";
    const before = await count(counting);
    await store.asJob(async (trx) => {
      await trx.raw('SELECT create_safety_partitions(?, ?)', [DAYS_AHEAD, MONTHS_AHEAD]);
      await trx.raw('SELECT create_cycle_partitions(?)', [MONTHS_AHEAD]);
    });
    await store.asJob((trx) => trx.raw('SELECT partition_default_rows()'));
    return { made: (await count(counting)) - before };
  },
};

/** Tables that change much (000, 003); of partitioned ones, their partitions. */
const HIGH_TRAFFIC = [
  'traffic_cycles',
  'lane_cycle_data',
  'safety_indices_realtime',
  'safety_indices_hourly',
  'safety_indices_daily',
  'system_logs',
  'mqtt_messages',
  'signal_states',
  'traffic_data',
  'performance_metrics',
  'edge_devices',
  'junctions',
  'job_runs',
] as const;

export const vacuum: Job = {
  name: 'vacuum',
  description: 'dead rows cleared and statistics renewed on the tables that change much',
  schedule: { every: 'day', hour: 2, minute: 30 },
  after: ['retention'],
  async run({ store }) {
    for (const table of HIGH_TRAFFIC) await store.asOwner((knex) => knex.raw(`VACUUM (ANALYZE) ${table}`));
    return { tables: HIGH_TRAFFIC.length };
  },
};

export const archiveLifecycle: Job = {
  name: 'archive-lifecycle',
  description: 'archived days become one file each; raw ones move to slower storage, processed ones go after two years',
  schedule: { every: 'day', hour: 3, minute: 0 },
  unavailable: ({ archive }) => (archive === null ? 'FLEXTRAFF_ARCHIVE is off' : null),
  async run({ archive, nowMs }) {
    return archive === null ? {} : { ...(await runLifecycle(archive, nowMs)) };
  },
};
