import type { Knex } from 'knex';
import { accessProof, asUser, loginProof } from './access.ts';
import { StoreError } from './errors.ts';

/** The roles of migration 0008: for a user; for ingestion and jobs; for reading. */
export const DATABASE_ROLES = ['api_user', 'job_role', 'reporting_user'] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];

/** How long what is done for a user may take. */
const PROOF_MS = 15 * 60_000;
const LOGIN_PROOF_MS = 60_000;

export interface Login {
  userId: string;
  passwordHash: string;
  isActive: boolean;
}

/** Does everything in transactions of one of the roles; the owner's rights are for migrations alone. */
export class Roles {
  #owner: Knex;
  #pools: Readonly<Record<DatabaseRole, Knex>>;
  #secret: Promise<Buffer> | null = null;

  /** `pools`: by whose login each role is taken on; the owner's where there is no other. */
  constructor(owner: Knex, pools: Readonly<Record<DatabaseRole, Knex>>) {
    this.#owner = owner;
    this.#pools = pools;
  }

  /** In a transaction with the rights of `role`. Inside, only the given transaction may be used. */
  transaction<T>(role: DatabaseRole, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return this.#pools[role].transaction(async (trx) => {
      await trx.raw(`SET LOCAL ROLE ${role}`);
      return work(trx);
    });
  }

  /** In a transaction that sees and changes only what this user may. */
  async asUser<T>(userId: string, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    const proof = accessProof(await this.#key(), userId, Date.now() + PROOF_MS);
    return asUser(this.#pools.api_user, { id: userId, proof }, work);
  }

  /** What it takes to check a password, of one user; null where there is none of this name. */
  async findLogin(username: string): Promise<Login | null> {
    const proof = loginProof(await this.#key(), username, Date.now() + LOGIN_PROOF_MS);
    const rows = await this.#pools.api_user.transaction(async (trx) => {
      await trx.raw("SELECT set_config('app.login_proof', ?, TRUE)", [proof]);
      await trx.raw('SET LOCAL ROLE api_user');
      const answer = await trx.raw(
        'SELECT user_id AS "userId", password_hash AS "passwordHash", is_active AS "isActive" FROM find_login(?)',
        [username],
      );
      return answer.rows as Login[];
    });
    return rows[0] ?? null;
  }

  /** The key under which proofs are made, made by the first who asks. */
  #key(): Promise<Buffer> {
    this.#secret ??= (async () => {
      await this.#owner.raw('SELECT access_proof(gen_random_uuid())');
      const [row] = (await this.#owner.raw('SELECT secret FROM access_keys ORDER BY key_id DESC LIMIT 1')).rows;
      return (row as { secret: Buffer }).secret;
    })().catch((error: unknown) => {
      this.#secret = null;
      throw error;
    });
    return this.#secret;
  }
}

/**
 * Sees to it that each role is there and that the login of its pool may take it on. Throws StoreError `roles_missing` with the
 * statements that somebody with CREATEROLE has to run.
 */
export async function checkRoles(owner: Knex, pools: Readonly<Record<DatabaseRole, Knex>>): Promise<void> {
  const statements: string[] = [];
  const missing = await owner.raw(
    'SELECT r FROM unnest(?::text[]) r WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r)',
    [[...DATABASE_ROLES]] as unknown as Knex.RawBinding[],
  );
  for (const { r } of missing.rows as { r: string }[]) statements.push(`CREATE ROLE ${r} NOLOGIN`);
  if (statements.length > 0) statements.push('SELECT install_roles()');
  for (const role of DATABASE_ROLES) {
    if (statements.includes(`CREATE ROLE ${role} NOLOGIN`)) {
      statements.push(`GRANT ${role} TO "${await nameOf(pools[role])}"`);
      continue;
    }
    const able = await pools[role].raw("SELECT pg_has_role(current_user, ?, 'MEMBER') AS able", [role]);
    if ((able.rows[0] as { able: boolean }).able) continue;
    const login = await nameOf(pools[role]);
    try {
      await owner.raw(`GRANT ${role} TO ??`, [login]);
    } catch {
      statements.push(`GRANT ${role} TO "${login}"`);
    }
  }
  if (statements.length > 0) {
    throw new StoreError('roles_missing', 'The database roles that the store works with are not all there.', {
      hint: `Run once in this database, as a role with CREATEROLE: ${statements.join('; ')};`,
    });
  }
}

async function nameOf(knex: Knex): Promise<string> {
  return ((await knex.raw('SELECT current_user AS name')).rows[0] as { name: string }).name;
}
