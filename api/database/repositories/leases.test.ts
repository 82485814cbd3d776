import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../connect.ts';
import { makeServerDatabase, serverUrl } from '../testing/server-database.ts';
import { leaseStore } from './leases.ts';

describe.skipIf(serverUrl === '')('leases on a server', () => {
  let database: Database;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const made = await makeServerDatabase();
    drop = made.drop;
    database = await openDatabase({ databaseUrl: made.url, dataDirectory: '/nonexistent' });
  });
  afterAll(async () => {
    await database.close();
    await drop();
  });

  const junctions = (n: number) => Array.from({ length: n }, () => ({ junctionId: randomUUID(), leastToken: 1 }));
  const keep = (owner: string, wanted: ReturnType<typeof junctions>, options = {}) =>
    leaseStore(database.knex).keep({ owner, seconds: 30, held: [], wanted, take: wanted.length, ...options });

  it('gives each junction to one of those who ask at the same time', async () => {
    const wanted = junctions(40);
    const owners = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(owners.map((owner) => keep(owner, wanted)));
    const given = answers.flatMap(({ leases }) => leases.map(({ junctionId }) => junctionId));
    expect(given).toHaveLength(40);
    expect(new Set(given).size).toBe(40);
    expect(answers.at(-1)!.owners).toBeGreaterThan(0);
  });

  it('takes no more than it is told to, and says how many are free', async () => {
    const wanted = junctions(5);
    const answer = await keep('a', wanted, { take: 2 });
    expect(answer).toMatchObject({ free: 5 });
    expect(answer.leases).toHaveLength(2);
  });

  it('renews what is still its own and nothing else', async () => {
    const [junction] = junctions(1);
    const first = (await keep('a', [junction!])).leases[0]!;
    expect((await keep('b', [junction!])).leases).toEqual([]);
    expect((await keep('a', [], { held: [first] })).leases).toEqual([first]);
    expect((await keep('b', [], { held: [first] })).leases).toEqual([]);
    expect((await keep('a', [], { held: [{ ...first, token: 99 }] })).leases).toEqual([]);
  });

  it('lets another have what ran out or was given up, with a higher token, and remembers who had it when', async () => {
    const [junction] = junctions(1);
    const { junctionId } = junction!;
    const first = (await keep('a', [junction!], { seconds: 0.01 })).leases[0]!;
    await new Promise((resolve) => setTimeout(resolve, 30));
    const second = (await keep('b', [junction!])).leases[0]!;
    expect(second.token).toBeGreaterThan(first.token);
    // Too late for the one before.
    expect((await keep('a', [], { held: [first] })).leases).toEqual([]);
    await leaseStore(database.knex).release('b', [second]);
    const third = (await keep('c', [{ junctionId, leastToken: 500 }])).leases[0]!;
    expect(third.token).toBe(500);
    const history = await database.knex('controller_lease_history').where({ junction_id: junctionId }).orderBy('token');
    expect(history.map(({ owner, token }) => [owner, Number(token)])).toEqual([
      ['a', first.token],
      ['b', second.token],
      ['c', 500],
    ]);
    for (let i = 1; i < history.length; i++) {
      expect(history[i - 1].ended_at.getTime()).toBeLessThanOrEqual(history[i].acquired_at.getTime());
    }
    expect(history.at(-1).ended_at).toBeNull();
  });

  it('cannot be taken from its owner, nor go back, by any SQL', async () => {
    const [junction] = junctions(1);
    await keep('a', [junction!], {});
    const row = () => database.knex('controller_leases').where({ junction_id: junction!.junctionId });
    await expect(
      row().update({ owner: 'b', token: 2, acquired_at: database.knex.raw('clock_timestamp()') }),
    ).rejects.toThrow(/is held by a/);
    await keep('a', [{ ...junction!, leastToken: 9 }]);
    await expect(row().update({ token: 0 })).rejects.toThrow();
  });
});
