import { createHmac } from 'node:crypto';
import type { Knex } from 'knex';

/**
 * The proof that `key`'s holder acts for a user until `expiresAtMs`: what the setting `app.user_proof` has to hold beside
 * `app.user_id` for row-level security to believe it (migration 0008).
 */
export function accessProof(key: Uint8Array, userId: string, expiresAtMs: number): string {
  return proofOf(key, userId, expiresAtMs);
}

/** The proof that `key`'s holder asks for somebody who wants to log in: `app.login_proof` (migration 0031). */
export function loginProof(key: Uint8Array, username: string, expiresAtMs: number): string {
  return proofOf(key, `login ${username}`, expiresAtMs);
}

function proofOf(key: Uint8Array, claim: string, expiresAtMs: number): string {
  const expires = Math.floor(expiresAtMs / 1000);
  return `${expires}.${createHmac('sha256', key).update(`${claim}.${expires}`).digest('hex')}`;
}

/**
 * Runs `work` in a transaction as the role `api_user` for one user: it sees and changes only what the user may. Inside,
 * only the given transaction may be used.
 */
export function asUser<T>(
  knex: Knex,
  user: { id: string; proof: string },
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  return knex.transaction(async (trx) => {
    // First: the role may not call set_config (migration 0010), which could make it another.
    await trx.raw("SELECT set_config('app.user_id', ?, TRUE), set_config('app.user_proof', ?, TRUE)", [
      user.id,
      user.proof,
    ]);
    await trx.raw('SET LOCAL ROLE api_user');
    return work(trx);
  });
}
