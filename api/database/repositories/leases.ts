/** Leases of junctions, one row a junction; all times are the server's own (`clock_timestamp()`). */
import type { Knex } from 'knex';
import type { Lease, LeaseStore } from '../../../controller/service/ownership.ts';

interface LeaseRow {
  junction_id: string;
  token: string;
}

const leasesOf = (rows: readonly LeaseRow[]): Lease[] =>
  rows.map(({ junction_id, token }) => ({ junctionId: junction_id, token: Number(token) }));

/** Controllers that were not seen for so long are forgotten, seconds. */
const FORGET_SECONDS = 86_400;

/** Needs a server: PGlite is one process, and has one controller. */
export function leaseStore(knex: Knex): LeaseStore {
  return {
    keep({ owner, seconds, held, wanted, take }) {
      return knex.transaction(async (trx) => {
        // Rows are locked in the order of junctions by everybody, so that no two wait for each other.
        await trx.raw(
          'SELECT junction_id FROM controller_leases WHERE junction_id = ANY(?::uuid[]) ORDER BY junction_id FOR UPDATE',
          [[...held, ...wanted].map(({ junctionId }) => junctionId)],
        );
        await trx.raw(
          `INSERT INTO controllers (owner, seen_at) VALUES (?, clock_timestamp())
           ON CONFLICT (owner) DO UPDATE SET seen_at = clock_timestamp()`,
          [owner],
        );
        const renewed = await trx.raw(
          `UPDATE controller_leases l SET expires_at = clock_timestamp() + make_interval(secs => ?)
           FROM unnest(?::uuid[], ?::bigint[]) AS h (junction_id, token)
           WHERE l.junction_id = h.junction_id AND l.token = h.token AND l.owner = ? AND l.expires_at > clock_timestamp()
           RETURNING l.junction_id, l.token`,
          [seconds, held.map((one) => one.junctionId), held.map((one) => one.token), owner],
        );
        const open = await trx.raw(
          `SELECT w.junction_id, w.least_token FROM unnest(?::uuid[], ?::bigint[]) AS w (junction_id, least_token)
           LEFT JOIN controller_leases l ON l.junction_id = w.junction_id
           WHERE l.expires_at IS NULL OR l.expires_at <= clock_timestamp() ORDER BY w.junction_id`,
          [wanted.map((one) => one.junctionId), wanted.map((one) => one.leastToken)],
        );
        const candidates = (open.rows as { junction_id: string; least_token: string }[]).slice(0, take);
        const taken = await trx.raw(
          `INSERT INTO controller_leases AS l (junction_id, owner, token, acquired_at, expires_at)
           SELECT c.junction_id, ?, c.least_token, clock_timestamp(), clock_timestamp() + make_interval(secs => ?)
           FROM unnest(?::uuid[], ?::bigint[]) AS c (junction_id, least_token) ORDER BY c.junction_id
           ON CONFLICT (junction_id) DO UPDATE SET owner = EXCLUDED.owner,
             token = GREATEST(l.token + 1, EXCLUDED.token), acquired_at = clock_timestamp(), expires_at = EXCLUDED.expires_at
           WHERE l.expires_at <= clock_timestamp()
           RETURNING l.junction_id, l.token`,
          [owner, seconds, candidates.map((one) => one.junction_id), candidates.map((one) => one.least_token)],
        );
        const alive = await trx.raw(
          `SELECT count(*)::int AS owners FROM controllers WHERE seen_at > clock_timestamp() - make_interval(secs => ?)`,
          [seconds],
        );
        await trx.raw('DELETE FROM controllers WHERE seen_at < clock_timestamp() - make_interval(secs => ?)', [
          FORGET_SECONDS,
        ]);
        return {
          leases: leasesOf([...renewed.rows, ...taken.rows]),
          owners: (alive.rows[0] as { owners: number }).owners,
          free: open.rows.length,
        };
      });
    },

    async release(owner, leases) {
      await knex.raw(
        `UPDATE controller_leases l SET expires_at = clock_timestamp()
         FROM unnest(?::uuid[], ?::bigint[]) AS h (junction_id, token)
         WHERE l.junction_id = h.junction_id AND l.token = h.token AND l.owner = ? AND l.expires_at > clock_timestamp()`,
        [leases.map((one) => one.junctionId), leases.map((one) => one.token), owner],
      );
    },
  };
}
