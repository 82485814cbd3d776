import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from './spool.ts';

let directory: string;
let alerts: [string, string][];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flextraff-spool-'));
  alerts = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (maxBytes = 1_000_000): Spool =>
  new Spool({ directory, maxBytes, onAlert: (level, message) => alerts.push([level, message]) });

async function drain(spool: Spool): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let segment = await spool.oldest(); segment !== null; segment = await spool.oldest()) {
    values.push(...segment.values);
    await spool.remove(segment.name);
  }
  return values;
}

describe('the spool', () => {
  it('gives back what was put in, in order, over restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.jsonValue(), { maxLength: 5 }), { maxLength: 8 }),
        fc.nat({ max: 8 }),
        async (batches, restart) => {
          let spool = open();
          for (const [index, batch] of batches.entries()) {
            if (index === restart) {
              await spool.close();
              spool = open();
            }
            await spool.append(batch);
          }
          const back = await drain(spool);
          await spool.close();
          expect(JSON.stringify(back)).toBe(JSON.stringify(batches.flat()));
          expect(spool.isEmpty).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('passes over a line that a crash cut off, and appends behind it in a new segment', async () => {
    const spool = open();
    await spool.append([{ a: 1 }]);
    await spool.close();
    appendFileSync(join(directory, readdirSync(directory)[0] as string), '{"a":2');
    const again = open();
    await again.append([{ a: 3 }]);
    expect(await drain(again)).toEqual([{ a: 1 }, { a: 3 }]);
    expect(alerts).toEqual([]);
    await again.close();
  });

  it('says which line cannot be read, and keeps the others', async () => {
    writeFileSync(join(directory, '0000000007.ndjson'), '1\n{{{\n3\n');
    const spool = open();
    expect(await drain(spool)).toEqual([1, 3]);
    expect(alerts).toEqual([['error', expect.stringContaining('0000000007.ndjson:2')]]);
    await spool.append([4]);
    expect(readdirSync(directory)).toEqual(['0000000008.ndjson']);
    await spool.close();
  });

  it('keeps taking while the oldest segment is being read', async () => {
    const spool = open();
    await spool.append([1]);
    const segment = await spool.oldest();
    await spool.append([2]);
    expect(segment?.values).toEqual([1]);
    await spool.remove(segment?.name as string);
    expect(await drain(spool)).toEqual([2]);
    await spool.close();
  });

  it('warns once above 80 %, again after it was below, and refuses what does not fit', async () => {
    const spool = open(1000);
    await spool.append(['x'.repeat(700)]);
    expect(alerts).toEqual([]);
    await spool.append(['x'.repeat(150)]);
    await spool.append(['x'.repeat(10)]);
    expect(alerts).toEqual([['warning', expect.stringContaining('% full')]]);
    await expect(spool.append(['x'.repeat(500)])).rejects.toMatchObject({
      code: 'spool_full',
      hint: expect.stringContaining('FLEXTRAFF_SPOOL_MAX_MIB'),
    });
    expect((await drain(spool)).map((value) => String(value).length)).toEqual([700, 150, 10]);
    await spool.append(['x'.repeat(900)]);
    expect(alerts).toHaveLength(2);
    await spool.close();
  });

  it('says what to do when the disk refuses', async () => {
    const spool = open();
    rmSync(directory, { recursive: true });
    await expect(spool.append([1])).rejects.toMatchObject({
      code: 'spool_failed',
      hint: expect.stringContaining('disk'),
    });
  });
});
