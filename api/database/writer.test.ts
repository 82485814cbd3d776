import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from './spool.ts';
import { Writer } from './writer.ts';
import type { Transact, Write } from './writes.ts';

/** Stands for the database: takes series, or fails as told. */
class Receiver {
  failure: (Error & { code?: string }) | null = null;
  seconds: number[] = [];

  readonly transact = (async (work: (trx: unknown) => Promise<unknown>) => {
    const taken: number[] = [];
    const answer = await work({
      raw: async (sql: string, bindings: unknown[][]) => {
        if (this.failure !== null) throw this.failure;
        if (sql.includes('run_series')) taken.push(...(bindings[2] as number[]));
        return { rows: [] };
      },
    });
    this.seconds.push(...taken);
    return answer;
  }) as unknown as Transact;
}

const outage = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const series = (second: number, padding = 0): Write => ({
  kind: 'series',
  rows: [
    {
      runId: 'r',
      second,
      variant: 'x'.repeat(padding),
      delaySeconds: 0,
      queued: 0,
      stopsPerVehicle: 0,
      running: 0,
      arrived: 0,
    },
  ],
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

let directory: string;
let receiver: Receiver;
let outages: unknown[];
let alerts: string[];
let writer: Writer;
let spool: Spool;

function open(maxBytes: number): void {
  spool = new Spool({ directory, maxBytes, onAlert: (_, message) => alerts.push(message) });
  writer = new Writer({
    spool,
    onOutage: (error) => outages.push(error),
    onRefused: (_, error) => alerts.push(`refused: ${(error as Error).message}`),
    onAlert: (_, message) => alerts.push(message),
  });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flextraff-writer-'));
  receiver = new Receiver();
  outages = [];
  alerts = [];
});
afterEach(async () => {
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the writer', () => {
  it('writes at once while the database is there, and leaves the disk alone', async () => {
    open(1e6);
    writer.connect(receiver.transact);
    for (const second of range(0, 50)) writer.add(series(second));
    await writer.flush();
    expect(receiver.seconds).toEqual(range(0, 50));
    expect(spool.isEmpty).toBe(true);
    await writer.close();
  });

  it('writes by itself, without a flush', async () => {
    open(1e6);
    writer.connect(receiver.transact);
    writer.add(series(1));
    await writer.caughtUp(10_000);
    expect(receiver.seconds).toEqual([1]);
    await writer.close();
  });

  it('keeps the order over outages, restarts of the program included', async () => {
    open(1e6);
    writer.connect(receiver.transact);
    writer.add(series(0));
    await writer.flush();
    receiver.failure = outage;
    for (const second of range(1, 10)) {
      writer.add(series(second));
      await writer.flush();
    }
    expect(outages).toEqual([outage]);
    await writer.close();
    await spool.close();

    open(1e6);
    for (const second of range(10, 20)) writer.add(series(second));
    receiver.failure = null;
    writer.connect(receiver.transact);
    await writer.caughtUp(10_000);
    expect(receiver.seconds).toEqual(range(0, 20));
    expect(spool.isEmpty).toBe(true);
    await writer.close();
  });

  it('does not acknowledge what a full spool cannot take, and goes on when the database is back', async () => {
    open(2000);
    const accepted: number[] = [];
    let refusal: unknown = null;
    for (let second = 0; refusal === null; second++) {
      writer.add(series(second, 300));
      await writer.flush().then(
        () => accepted.push(second),
        (error: unknown) => {
          refusal = error;
        },
      );
    }
    expect(refusal).toMatchObject({ code: 'spool_full' });
    expect(accepted.length).toBeGreaterThan(2);
    writer.connect(receiver.transact);
    await writer.caughtUp(10_000);
    expect(receiver.seconds).toEqual(range(0, accepted.length + 1));
    writer.add(series(1000));
    await writer.flush();
    expect(receiver.seconds.at(-1)).toBe(1000);
    await writer.close();
  });

  it('bounds what waits in memory when nothing takes it, and says so', async () => {
    open(10);
    const rows = Array.from({ length: 150_000 }, (_, second) => ({ ...series(second).rows[0]! })) as never[];
    writer.add({ kind: 'series', rows });
    writer.add({ kind: 'series', rows });
    expect(alerts).toEqual([expect.stringContaining('new rows are being refused')]);
    // Who asks is told that rows of his are gone, and then how it is with the others.
    await expect(writer.flush()).rejects.toMatchObject({
      code: 'rows_refused',
      message: expect.stringContaining('150000 rows'),
    });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'spool_full' });
    expect(writer.blocked).toContain('nothing more is accepted');
    await expect(writer.close()).rejects.toMatchObject({ code: 'spool_full' });
  });

  it('sets aside what the database refuses, and writes its neighbours', async () => {
    open(1e6);
    const bad = Object.assign(new Error('value out of range'), { code: '22003' });
    const transact = ((work: (trx: unknown) => Promise<unknown>) =>
      receiver.transact((async (trx: { raw: (sql: string, bindings: unknown[][]) => unknown }) =>
        work({
          raw: (sql: string, bindings: unknown[][]) => {
            if (sql.includes('run_series') && (bindings[2] as number[]).includes(3)) throw bad;
            return trx.raw(sql, bindings);
          },
        })) as never)) as Transact;
    writer.connect(transact);
    for (const second of range(0, 6)) writer.add(series(second));
    await writer.flush();
    expect(receiver.seconds).toEqual([0, 1, 2, 4, 5]);
    expect(alerts).toEqual(['refused: value out of range']);
    // neighbours of one call too
    writer.add({
      kind: 'series',
      rows: [10, 3, 11, 12, 13, 14, 15].map((second) => series(second).rows[0]) as never[],
    });
    await writer.flush();
    expect(receiver.seconds.slice(5).sort()).toEqual([10, 11, 12, 13, 14, 15]);
    expect(alerts).toHaveLength(2);
    expect(outages).toEqual([]);
    await writer.close();
  });
});
