/**
 * What the tests of the schema share (`schema.test.ts`): a database, and junctions and people in it. The parts are beside, by noun; each runs on
 * every kind of database.
 */
import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { expect } from 'vitest';
import type { JunctionConfiguration } from '../../../../junction/types.ts';
import { makeConfiguration } from '../../../testing.ts';
import { junctionInputs, upsertJunctions } from '../../repositories/junctions.ts';

export const RUN_OWNER = {
  installationId: '11111111-1111-4111-8111-111111111111',
  instanceId: '22222222-2222-4222-8222-222222222222',
};

let nextNumber = 2000;
/** An intersection's number that no other test has. */
export const freeNumber = (): number => nextNumber++;

export const rowsOf = async <T>(knex: Knex, sql: string, bindings: Knex.RawBinding[] = []): Promise<T[]> =>
  (await knex.raw(sql, bindings)).rows as T[];
export const oneOf = async <T>(knex: Knex, sql: string, bindings: Knex.RawBinding[] = []): Promise<T> =>
  (await rowsOf<T>(knex, sql, bindings))[0] as T;
/** The database answers with this code. */
export const refused = (work: Promise<unknown>, code: string, message?: RegExp): Promise<void> =>
  expect(work).rejects.toMatchObject({ code, ...(message && { message: expect.stringMatching(message) }) });

/** A minute before now, whole. */
export const minute = (n: number): string =>
  new Date(Math.floor(Date.now() / 60_000) * 60_000 - n * 60_000).toISOString();
/** A row of safety_indices_realtime without its junction. */
export const index = (n: number, changes: object = {}) => ({
  timestamp: minute(n),
  combined_index: 40,
  combined_index_eb: 45,
  traffic_volume: 12,
  hour_of_day: 3,
  day_of_week: 0,
  ...changes,
});

export interface Acting {
  id: string;
  proof: string;
}

export class SchemaTrial {
  #knex: Knex | null = null;

  /** As the owner of the tables; not before the tests run. */
  get knex(): Knex {
    if (this.#knex === null) throw new Error('the database is not open yet');
    return this.#knex;
  }

  set knex(knex: Knex) {
    this.#knex = knex;
  }

  async makeJunction(changes: { maxCycleSeconds?: number } = {}): Promise<JunctionConfiguration> {
    const configuration = makeConfiguration({ intersectionId: freeNumber(), ...changes });
    await upsertJunctions(this.knex, [{ ...junctionInputs(null, [configuration])[0]!, latitude: 19, longitude: 72 }]);
    return configuration;
  }

  async makeUser(changes: { is_admin?: boolean } = {}): Promise<string> {
    const name = randomUUID();
    const [row] = await this.knex('users')
      .insert({ username: name, email: `${name}@example.org`, password_hash: 'argon2id', ...changes })
      .returning('user_id');
    return row.user_id;
  }

  async proofFor(userId: string): Promise<Acting> {
    const { proof } = await oneOf<{ proof: string }>(this.knex, 'SELECT access_proof(?) AS proof', [userId]);
    return { id: userId, proof };
  }

  /** Runs in a transaction that is always rolled back. */
  async tried<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    const trx = await this.knex.transaction();
    try {
      return await work(trx);
    } finally {
      await trx.rollback();
    }
  }
}
