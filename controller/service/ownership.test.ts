import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { crossroads } from '../../junction/testing.ts';
import {
  type Lease,
  type LeaseStore,
  leasedOwnership,
  type Ownership,
  SEQ_PER_TOKEN,
  tokenAbove,
} from './ownership.ts';
import { sparing, WorkBudget } from './work-budget.ts';

/** A store as the database's: one clock, one row a junction. */
class Rows implements LeaseStore {
  away = false;
  private readonly rows = new Map<string, { owner: string; token: number; untilMs: number }>();
  private readonly seen = new Map<string, number>();

  async keep({ owner, seconds, held, wanted, take }: Parameters<LeaseStore['keep']>[0]) {
    if (this.away) throw new Error('connection refused');
    const now = Date.now();
    this.seen.set(owner, now);
    const leases: Lease[] = [];
    for (const { junctionId, token } of held) {
      const row = this.rows.get(junctionId);
      if (row?.owner !== owner || row.token !== token || row.untilMs <= now) continue;
      row.untilMs = now + seconds * 1000;
      leases.push({ junctionId, token });
    }
    const free = wanted.filter(({ junctionId }) => (this.rows.get(junctionId)?.untilMs ?? 0) <= now);
    for (const { junctionId, leastToken } of free.slice(0, take)) {
      const token = Math.max((this.rows.get(junctionId)?.token ?? 0) + 1, leastToken);
      this.rows.set(junctionId, { owner, token, untilMs: now + seconds * 1000 });
      leases.push({ junctionId, token });
    }
    const owners = [...this.seen.values()].filter((at) => at > now - seconds * 1000).length;
    return { leases, owners, free: free.length };
  }

  async release(owner: string, leases: readonly Lease[]) {
    for (const { junctionId, token } of leases) {
      const row = this.rows.get(junctionId);
      if (row?.owner === owner && row.token === token) row.untilMs = Date.now();
    }
  }
}

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

describe('leased ownership', () => {
  let opened: Ownership[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  });
  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
    opened = [];
    vi.useRealTimers();
  });

  async function controller(store: LeaseStore, owner: string, seenSeq = -1) {
    const gained: string[] = [];
    const lost: string[] = [];
    const problems: string[] = [];
    const seqs = new Map<string, number>();
    const ownership = leasedOwnership({ store, owner, junctionIds: IDS });
    await ownership.start({
      onGained: (junctions) => {
        for (const { junctionId, leastSeq } of junctions) {
          gained.push(junctionId);
          seqs.set(junctionId, leastSeq);
        }
      },
      onLost: (ids) => lost.push(...ids),
      onProblem: (message) => problems.push(message),
      seenSeq: () => seenSeq,
    });
    opened.push(ownership);
    const holds = (): string[] => IDS.filter((id) => ownership.holds(id));
    return { ownership, gained, lost, problems, seqs, holds };
  }

  it('gives one controller everything, and halves it when another comes', async () => {
    const store = new Rows();
    const first = await controller(store, 'first');
    expect(first.holds()).toEqual(IDS);
    const second = await controller(store, 'second');
    await vi.advanceTimersByTimeAsync(3000);
    expect(first.holds()).toHaveLength(3);
    expect(second.holds()).toHaveLength(3);
    expect(new Set([...first.holds(), ...second.holds()]).size).toBe(6);
    expect(first.lost).toHaveLength(3);
  });

  it('takes over within 5 s what another held that has died, with higher sequence numbers', async () => {
    const store = new Rows();
    const dead = await controller(store, 'dead');
    const living = await controller(store, 'living');
    await vi.advanceTimersByTimeAsync(3000);
    const before = new Map(dead.seqs);
    const orphans = dead.holds();
    // Dead: it asks no more.
    vi.spyOn(store, 'keep').mockImplementation(async (request) => {
      if (request.owner === 'dead') throw new Error('dead');
      return Rows.prototype.keep.call(store, request);
    });
    await vi.advanceTimersByTimeAsync(3900);
    expect(living.holds()).toEqual(IDS);
    for (const id of orphans) expect(living.seqs.get(id)!).toBeGreaterThan(before.get(id)! + SEQ_PER_TOKEN / 2);
    expect(dead.holds()).toEqual([]);
    vi.restoreAllMocks();
  });

  it('never lets two believe that they hold the same, whatever the database does', async () => {
    const store = new Rows();
    const one = await controller(store, 'one');
    const two = await controller(store, 'two');
    for (let step = 0; step < 400; step++) {
      store.away = step % 37 > 20;
      await vi.advanceTimersByTimeAsync(97);
      const both = one.holds().filter((id) => two.ownership.holds(id));
      expect(both).toEqual([]);
    }
    expect(one.problems.join()).toMatch(/connection refused/);
  });

  it('stops before its leases run out where the database is away, and takes them up again', async () => {
    const store = new Rows();
    const alone = await controller(store, 'alone');
    store.away = true;
    await vi.advanceTimersByTimeAsync(1500);
    expect(alone.holds()).toEqual(IDS);
    await vi.advanceTimersByTimeAsync(800);
    expect(alone.holds()).toEqual([]);
    store.away = false;
    await vi.advanceTimersByTimeAsync(1500);
    expect(alone.holds()).toEqual(IDS);
    expect(alone.problems).toEqual(['Leases cannot be renewed: connection refused', 'Leases are renewed again.']);
  });

  it('begins above whatever was said before there were leases', async () => {
    const late = await controller(new Rows(), 'late', 7 * SEQ_PER_TOKEN + 12);
    expect(late.seqs.get('a')).toBe(8 * SEQ_PER_TOKEN);
    expect(tokenAbove(-1)).toBe(1);
    expect(tokenAbove(0)).toBe(1);
  });

  it('leaves its junctions at once when it is closed', async () => {
    const store = new Rows();
    const leaving = await controller(store, 'leaving');
    const staying = await controller(store, 'staying');
    await vi.advanceTimersByTimeAsync(3000);
    await leaving.ownership.close();
    expect(leaving.holds()).toEqual([]);
    await vi.advanceTimersByTimeAsync(4000);
    expect(staying.holds()).toEqual(IDS);
  });
});

describe('work budget', () => {
  it('leaves few junctions what they want, and gives many less, each the same', () => {
    const budget = new WorkBudget(2, 1000);
    for (let i = 0; i < 200; i++) budget.note(10_000, 1);
    expect(budget.workFor(1, 150_000)).toBe(150_000);
    expect(budget.workFor(100, 150_000)).toBeCloseTo(80_000, -3);
    expect(budget.workFor(800, 150_000)).toBeCloseTo(10_000, -3);
    expect(budget.workFor(100_000, 150_000)).toBe(1000);
  });

  it('gives the same until it has learnt that another is better', () => {
    const budget = new WorkBudget(2, 100);
    const given = new Set<number>();
    for (let i = 0; i < 500; i++) {
      budget.note(10_000, i % 2 === 0 ? 1 : 1.02);
      if (i > 100) given.add(budget.workFor(300, 150_000));
    }
    expect(given.size).toBeLessThanOrEqual(2);
  });

  it('has strategies that count vehicles by loops look less closely where a process has many junctions', () => {
    const junctions = (count: number) =>
      ['max-pressure', 'atcs'].flatMap((strategy) =>
        Array.from({ length: count }, () => ({ configuration: crossroads(), strategy, parameters: {} })),
      );
    expect(sparing(junctions(50)).every(({ parameters }) => Object.keys(parameters).length === 0)).toBe(true);
    const many = sparing(junctions(500));
    for (const { strategy, parameters } of many)
      expect(parameters).toEqual(strategy === 'atcs' ? {} : { hypotheses: 2 });
  });

  it('gives less while decisions are late, and more again when they are not', () => {
    const budget = new WorkBudget(2, 1000);
    for (let i = 0; i < 200; i++) budget.note(10_000, 1);
    const usual = budget.workFor(100, 150_000);
    for (let i = 0; i < 100; i++) budget.noteLatency(300);
    const less = budget.workFor(100, 150_000);
    expect(less).toBeLessThan(usual / 10);
    for (let i = 0; i < 1000; i++) budget.noteLatency(20);
    expect(budget.workFor(100, 150_000)).toBe(usual);
  });

  it('begins with little, learns, and touches nothing of strategies that know no work', () => {
    const budget = new WorkBudget(1, 1000);
    expect(budget.workFor(10, 150_000)).toBe(4000);
    expect(budget.share({ minGreenSeconds: 5 }, 10)).toEqual({ minGreenSeconds: 5 });
    for (let i = 0; i < 500; i++) budget.note(1000, 10);
    const slow = budget.workFor(10, 150_000);
    for (let i = 0; i < 500; i++) budget.note(1000, 0.1);
    expect(budget.workFor(10, 150_000)).toBeGreaterThan(slow);
  });
});
