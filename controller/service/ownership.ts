/**
 * Which junctions are this process's to command. Alone: all of them. With others: those whose leases it holds; a lease is
 * a row in the database, runs out by the database's clock, and carries a token that grows with each owner. Sequence
 * numbers begin with the token, so that a device refuses an owner that was replaced.
 */
export interface Lease {
  readonly junctionId: string;
  /** Grows by at least 1 with each change of owner. */
  readonly token: number;
}

/** Where leases are kept. All times by the store's own clock. Methods may reject while it is away. */
export interface LeaseStore {
  /**
   * In one step: says that `owner` is alive, extends its leases of `held` that are still its own, and takes up to `take` of
   * `wanted` that nobody holds; each new token is above the one before and at least `leastToken` of its junction.
   */
  keep(request: {
    readonly owner: string;
    readonly seconds: number;
    readonly held: readonly Lease[];
    readonly wanted: readonly { readonly junctionId: string; readonly leastToken: number }[];
    readonly take: number;
  }): Promise<{
    /** Held from now on for `seconds`. */
    readonly leases: readonly Lease[];
    /** Owners that were alive within the last `seconds`, this one included. */
    readonly owners: number;
    /** How many of `wanted` nobody held, before some were taken. */
    readonly free: number;
  }>;
  release(owner: string, leases: readonly Lease[]): Promise<void>;
}

/** Sequence numbers of one owner, per junction: a token leaves room for 2^32 commands, one a second for 136 years. */
export const SEQ_PER_TOKEN = 4_294_967_296;

/** First sequence number of an owner. */
export const seqOfToken = (token: number): number => token * SEQ_PER_TOKEN;
/** Least token above everything that was said with `seq`. */
export const tokenAbove = (seq: number): number => Math.floor(Math.max(0, seq) / SEQ_PER_TOKEN) + 1;

export interface Ownership {
  /** Whether this process may command a junction at this very moment. */
  holds(junctionId: string): boolean;
  /** Asks for all there is to ask for; resolves after the first answer. */
  start(events: OwnershipEvents): Promise<void>;
  /** Gives up what is held. */
  close(): Promise<void>;
}

export interface OwnershipEvents {
  /** `leastSeq`: sequence numbers have to be above it. */
  onGained(junctions: readonly { readonly junctionId: string; readonly leastSeq: number }[]): void;
  onLost(junctionIds: readonly string[], why: string): void;
  onProblem(message: string): void;
  /** Highest sequence number seen of a junction; -1: none. */
  seenSeq(junctionId: string): number;
}

/** All junctions, always: one controller, as nobody else can be kept out. */
export function soleOwnership(junctionIds: readonly string[]): Ownership {
  const ids = new Set(junctionIds);
  return {
    holds: (id) => ids.has(id),
    async start({ onGained }) {
      onGained(junctionIds.map((junctionId) => ({ junctionId, leastSeq: -1 })));
    },
    async close() {},
  };
}

export interface LeaseOptions {
  readonly store: LeaseStore;
  /** Unique among controllers. */
  readonly owner: string;
  readonly junctionIds: readonly string[];
  /** A lease runs out after so long without renewal, seconds; 2.5 by default. */
  readonly seconds?: number;
  /** It is renewed after so long, seconds; 0.5 by default. */
  readonly renewSeconds?: number;
  /** Ms from any moment, never going back; also while the process sleeps. */
  readonly steadyMs?: () => number;
}

/** Stops commanding so long before the database would call a lease over, ms: for clocks that run apart, and messages under way. */
const MARGIN_MS = 300;

export function leasedOwnership(options: LeaseOptions): Ownership {
  const { store, owner, junctionIds } = options;
  const seconds = options.seconds ?? 2.5;
  const renewMs = (options.renewSeconds ?? 0.5) * 1000;
  const steadyMs = options.steadyMs ?? (() => performance.now());
  /** By junction: its lease, and until when it is surely ours, by the steady clock. */
  const held = new Map<string, { readonly lease: Lease; untilMs: number }>();
  let events: OwnershipEvents | null = null;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  let owners = 1;
  let free = junctionIds.length;
  let failing = false;
  /** Rounds in which others left junctions free that were theirs to take. */
  let leftFree = 0;

  function lose(ids: readonly string[], why: string): void {
    if (ids.length === 0) return;
    for (const id of ids) held.delete(id);
    events?.onLost(ids, why);
  }

  function expire(): void {
    const now = steadyMs();
    lose(
      [...held].filter(([, { untilMs }]) => now >= untilMs).map(([id]) => id),
      'its lease could not be renewed in time',
    );
  }

  /** An even share; more where the others leave some free. */
  const share = (): number => Math.ceil(junctionIds.length / Math.max(1, owners)) + (leftFree >= 2 ? free : 0);

  async function round(): Promise<void> {
    const askedMs = steadyMs();
    const leases = [...held.values()].map((one) => one.lease);
    const wanted = junctionIds
      .filter((id) => !held.has(id))
      .map((junctionId) => ({ junctionId, leastToken: tokenAbove(events!.seenSeq(junctionId)) }));
    const take = Math.max(0, share() - held.size);
    const answer = await store.keep({ owner, seconds, held: leases, wanted, take });
    // Counted from before the question: the database's own time began later.
    const untilMs = askedMs + seconds * 1000 - MARGIN_MS;
    const kept = new Map(answer.leases.map((lease) => [lease.junctionId, lease]));
    const lost = leases.filter((lease) => kept.get(lease.junctionId)?.token !== lease.token);
    lose(
      lost.map(({ junctionId }) => junctionId),
      'another controller has its lease',
    );
    const gained: { junctionId: string; leastSeq: number }[] = [];
    for (const lease of answer.leases) {
      const known = held.get(lease.junctionId);
      if (known !== undefined) known.untilMs = untilMs;
      else {
        held.set(lease.junctionId, { lease, untilMs });
        gained.push({ junctionId: lease.junctionId, leastSeq: seqOfToken(lease.token) });
      }
    }
    owners = answer.owners;
    free = answer.free - gained.length;
    leftFree = free > 0 ? leftFree + 1 : 0;
    if (gained.length > 0 && !closed) events?.onGained(gained);
    await giveUpExcess();
  }

  /** Another controller came: it gets its share. */
  async function giveUpExcess(): Promise<void> {
    const most = Math.ceil(junctionIds.length / Math.max(1, owners));
    const excess = held.size - most;
    if (excess <= 0 || owners === 1 || free > 0) return;
    const given = [...held.values()].slice(-excess).map((one) => one.lease);
    lose(
      given.map(({ junctionId }) => junctionId),
      'left to another controller',
    );
    await store.release(owner, given);
  }

  async function tick(): Promise<void> {
    expire();
    try {
      await round();
      if (failing) events?.onProblem('Leases are renewed again.');
      failing = false;
    } catch (error) {
      if (!failing) events?.onProblem(`Leases cannot be renewed: ${(error as Error).message}`);
      failing = true;
    }
    expire();
  }

  function schedule(): void {
    if (closed) return;
    timer = setTimeout(() => {
      running = tick().then(schedule);
    }, renewMs);
  }

  return {
    holds(junctionId) {
      const one = held.get(junctionId);
      return !closed && one !== undefined && steadyMs() < one.untilMs;
    },
    async start(given) {
      events = given;
      // The first answer counts: a controller that cannot ask is told so at once.
      await round();
      if (share() > held.size && free > 0) await round();
      schedule();
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await running;
      const leases = [...held.values()].map((one) => one.lease);
      held.clear();
      if (leases.length > 0) await store.release(owner, leases).catch(() => {});
    },
  };
}
