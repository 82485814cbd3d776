import { isConflict, isOutage, reasonOf, StoreError } from './errors.ts';
import type { Spool } from './spool.ts';
import { applyWrites, applyWritesInParallel, rowsOf, type Transact, type Write } from './writes.ts';

const BATCH_ROWS = 1000;
const BATCH_DELAY_MS = 200;
/** Rows of the spool that are written in one transaction. */
const REPLAY_ROWS = 5000;
/** Rows that wait in memory at most while neither database nor spool takes them. */
const PENDING_ROWS_MAX = 200_000;
const BLOCKED_RETRY_MS = 1000;
const CONFLICT_ATTEMPTS = 5;
/** How often a refused write is halved at most: of thousands that are all refused, not each is tried alone. */
const SPLITS_MAX = 200;

export interface WriterOptions {
  spool: Spool;
  /** The database is away. */
  onOutage: (error: unknown) => void;
  /** The database refused this for what it is. */
  onRefused: (write: Write, error: unknown) => void;
  onAlert: (level: 'warning' | 'error', message: string) => void;
}

interface Waiter {
  position: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Brings writes into the database in the order they came: at once in batches while it answers, by way of the spool
 * while it does not. One loop does everything, so that nothing overtakes.
 */
export class Writer {
  #options: WriterOptions;
  #database: Transact | null = null;
  /** Transactions at the same time. */
  #lanes = 1;
  #pending: Write[] = [];
  #pendingRows = 0;
  /** Positions count writes: added, acknowledged (in the database or synced to the spool), applied (in the database). */
  #added = 0;
  #acknowledged = 0;
  #applied = 0;
  #flushing: Waiter[] = [];
  #catchingUp: Waiter[] = [];
  #loop: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Why neither database nor spool takes anything, while that is so. */
  #blocked: string | null = null;
  #dropped = 0;
  /** Rows refused since somebody was last told by `flush`. */
  #untold = 0;
  #closed = false;
  #ended = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  add(write: Write): void {
    if (write.rows.length === 0) return;
    if (this.#closed) throw new StoreError('store_closed', 'The store is closed; nothing can be written any more.');
    const rows = rowsOf(write);
    if (this.#pendingRows + rows > PENDING_ROWS_MAX) {
      this.#dropped += rows;
      this.#untold += rows;
      // Once: whoever hears of it may want to write that down.
      if (this.#dropped === rows) {
        this.#options.onAlert(
          'error',
          'Neither the database nor the spool takes what is written, and memory for it is full: new rows are being refused.',
        );
      }
      return;
    }
    this.#pending.push(write);
    this.#pendingRows += rows;
    this.#added++;
    this.#wake(this.#pendingRows >= BATCH_ROWS ? 0 : BATCH_DELAY_MS);
  }

  /** Why nothing can be written at the moment; null: it can. */
  get blocked(): string | null {
    return this.#blocked;
  }

  /**
   * Resolves when everything added before is acknowledged; rejects when neither database nor spool takes it, and once for
   * rows that `add` had to refuse.
   */
  flush(): Promise<void> {
    if (this.#untold > 0) {
      const rows = this.#untold;
      this.#untold = 0;
      return Promise.reject(
        new StoreError('rows_refused', `${rows} rows were refused: nothing took them.`, {
          status: 507,
          hint: 'Bring the database back or make room on the disk; send them again.',
        }),
      );
    }
    if (this.#acknowledged >= this.#added) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#flushing.push({ position: this.#added, resolve, reject });
      this.#wake(0);
    });
  }

  /** Resolves when everything added before is in the database, or after `timeoutMs`. */
  caughtUp(timeoutMs: number): Promise<void> {
    if (this.#applied >= this.#added && this.#options.spool.isEmpty) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#catchingUp.push({ position: this.#added, resolve: done, reject: done });
      this.#wake(0);
    });
  }

  /** `lanes`: transactions that the database carries out at the same time for one batch. */
  connect(transact: Transact, lanes = 1): void {
    this.#database = transact;
    this.#lanes = lanes;
    this.#wake(0);
  }

  disconnect(): void {
    this.#database = null;
    for (const waiter of this.#catchingUp.splice(0)) waiter.resolve();
    this.#wake(0);
  }

  /** Takes no more, and resolves when everything is acknowledged. */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      this.#database = null;
      this.#ended = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      await this.#loop;
    }
  }

  #wake(delayMs: number): void {
    if (this.#loop !== null) return;
    if (delayMs > 0) {
      this.#timer ??= setTimeout(() => this.#run(), delayMs);
      return;
    }
    this.#run();
  }

  #run(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#loop !== null) return;
    this.#loop = this.#work()
      .catch((error: unknown) =>
        this.#options.onAlert('error', `The store's writer failed and goes on: ${reasonOf(error)}`),
      )
      .finally(() => {
        this.#loop = null;
        if (this.#ended) return;
        // What came while the last step ended.
        if (this.#blocked !== null) this.#wake(BLOCKED_RETRY_MS);
        else if (this.#pending.length > 0 || (this.#database !== null && !this.#options.spool.isEmpty))
          this.#wake(this.#flushing.length > 0 ? 0 : BATCH_DELAY_MS);
      });
  }

  async #work(): Promise<void> {
    this.#blocked = null;
    for (;;) {
      if (this.#pending.length > 0) {
        const taken = await this.#takePending();
        // A full spool gets room by writing what is in it.
        if (
          !taken &&
          (this.#database === null || this.#options.spool.isEmpty || !(await this.#replaySegment(this.#database)))
        )
          return;
      } else if (this.#database !== null && !this.#options.spool.isEmpty) {
        if (!(await this.#replaySegment(this.#database))) continue;
      } else {
        this.#settle();
        return;
      }
      this.#settle();
    }
  }

  /** Pending writes go to the database, or to the spool while that is away or has older ones. False: neither took them. */
  async #takePending(): Promise<boolean> {
    const batch = this.#nextBatch();
    if (this.#database !== null && this.#options.spool.isEmpty) {
      if (await this.#apply(this.#database, batch)) {
        this.#removePending(batch);
        this.#applied = this.#acknowledged;
        return true;
      }
    }
    try {
      await this.#options.spool.append(batch);
    } catch (error) {
      this.#block(error);
      return false;
    }
    this.#blocked = null;
    this.#removePending(batch);
    return true;
  }

  #nextBatch(): Write[] {
    let rows = 0;
    let count = 0;
    while (count < this.#pending.length && rows < REPLAY_ROWS * this.#lanes)
      rows += rowsOf(this.#pending[count++] as Write);
    return this.#pending.slice(0, count);
  }

  #removePending(batch: readonly Write[]): void {
    this.#pending.splice(0, batch.length);
    for (const write of batch) this.#pendingRows -= rowsOf(write);
    this.#acknowledged += batch.length;
    if (this.#dropped > 0) {
      this.#options.onAlert(
        'error',
        `${this.#dropped} rows were refused while nothing could be written; writing goes on now.`,
      );
      this.#dropped = 0;
    }
  }

  /** False when the database went away meanwhile; the segment stays and is written again, which does no harm. */
  async #replaySegment(transact: Transact): Promise<boolean> {
    const segment = await this.#options.spool.oldest();
    if (segment === null) return true;
    const writes = segment.values as Write[];
    for (let from = 0; from < writes.length; ) {
      let rows = 0;
      let to = from;
      while (to < writes.length && rows < REPLAY_ROWS * this.#lanes) rows += rowsOf(writes[to++] as Write);
      if (!(await this.#apply(transact, writes.slice(from, to)))) return false;
      from = to;
    }
    await this.#options.spool.remove(segment.name);
    if (this.#options.spool.isEmpty) this.#applied = this.#acknowledged;
    return true;
  }

  /** One transaction; where the database refuses it, one for each write, so that a bad row stops nobody else's. */
  async #apply(transact: Transact, batch: readonly Write[]): Promise<boolean> {
    try {
      await applyInTurn(transact, batch, this.#lanes);
      return true;
    } catch (error) {
      if (isOutage(error)) return this.#outage(error);
    }
    for (const write of batch) {
      try {
        await this.#applyApart(transact, write, { splits: SPLITS_MAX });
      } catch (error) {
        return this.#outage(error);
      }
    }
    return true;
  }

  /** Halves what is refused until the rows are found that are to blame, so that they stop no others. Throws where the database is away. */
  async #applyApart(transact: Transact, write: Write, left: { splits: number }): Promise<void> {
    try {
      await applyInTurn(transact, [write], 1);
    } catch (error) {
      if (isOutage(error)) throw error;
      if (write.rows.length < 2 || left.splits === 0) return this.#options.onRefused(write, error);
      left.splits--;
      const middle = Math.ceil(write.rows.length / 2);
      for (const rows of [write.rows.slice(0, middle), write.rows.slice(middle)])
        await this.#applyApart(transact, { kind: write.kind, rows } as Write, left);
    }
  }

  #outage(error: unknown): false {
    this.#database = null;
    this.#options.onOutage(error);
    return false;
  }

  #block(error: unknown): void {
    this.#blocked = reasonOf(error);
    for (const waiter of this.#flushing.splice(0)) waiter.reject(error);
  }

  #settle(): void {
    this.#flushing = settleReached(this.#flushing, this.#acknowledged);
    this.#catchingUp = settleReached(this.#catchingUp, this.#applied);
  }
}

/** Once more where another process was in the way (deadlock, serialization). */
async function applyInTurn(transact: Transact, batch: readonly Write[], lanes: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (lanes > 1) await applyWritesInParallel(transact, batch, lanes);
      else await applyWrites(transact, batch);
      return;
    } catch (error) {
      if (attempt === CONFLICT_ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

function settleReached(waiters: readonly Waiter[], position: number): Waiter[] {
  const left: Waiter[] = [];
  for (const waiter of waiters) {
    if (waiter.position <= position) waiter.resolve();
    else left.push(waiter);
  }
  return left;
}
