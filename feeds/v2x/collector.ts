/**
 * Polls a connected-corridor service for what its roadside units heard: every 60 s the present BSM, PSM, MAP and SPaT. A
 * token is fetched with the client's id and secret and again before it expires or when it is refused; after a failure polls
 * come later and later; what a snapshot repeats is dropped.
 */
import { createHash } from 'node:crypto';

export interface CollectorOptions {
  /** Of the service, e.g. https://corridor.example.org */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default 60. */
  readonly everySeconds?: number;
  /** Messages of one answer that were not in an earlier one. */
  onMessages(messages: readonly unknown[], path: string): void | Promise<void>;
  onProblem?(message: string): void;
  readonly signal?: AbortSignal;
  /** Default the global one. */
  readonly fetch?: typeof fetch;
  /** Waits; for tests. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** ms; default `Date.now`. */
  readonly now?: () => number;
}

export interface CollectorCounts {
  polls: number;
  failures: number;
  messages: number;
  duplicates: number;
  tokens: number;
}

export const CORRIDOR_PATHS = [
  '/api/mapdata/decoded',
  '/api/spat?format=JSON_COMPLETE',
  '/api/bsm/current',
  '/api/psm/current',
] as const;

const TIMEOUT_MS = 30_000;
/** A token is fetched anew so long before it expires. */
const EARLY_MS = 30_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 300_000;
/** Messages remembered, so that repeated ones are known. */
const REMEMBERED = 200_000;
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** An answer that is no answer. `waitMs`: how long the service asks to be left alone. */
class Failed extends Error {
  readonly status: number;
  readonly waitMs: number;
  constructor(message: string, status = 0, waitMs = 0) {
    super(message);
    this.status = status;
    this.waitMs = waitMs;
  }
}

export class Collector {
  readonly counts: CollectorCounts = { polls: 0, failures: 0, messages: 0, duplicates: 0, tokens: 0 };
  readonly #options: CollectorOptions;
  readonly #seen = new Set<string>();
  #token: { text: string; untilMs: number } | null = null;

  /** @throws TypeError where `url` is none of http or https. */
  constructor(options: CollectorOptions) {
    const { protocol } = new URL(options.url);
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new TypeError(`${options.url} is no address of a web service; e.g. https://corridor.example.org.`);
    this.#options = options;
  }

  /** Polls until the signal aborts. Never rejects for what the service does. */
  async run(): Promise<void> {
    const { signal, everySeconds = 60 } = this.#options;
    const isOver = () => signal?.aborted === true;
    let wait = FIRST_WAIT_MS;
    while (!isOver()) {
      const began = this.#now();
      let pause: number;
      try {
        await this.poll();
        wait = FIRST_WAIT_MS;
        pause = Math.max(0, everySeconds * 1000 - (this.#now() - began));
      } catch (error) {
        if (isOver()) return;
        this.counts.failures++;
        const asked = error instanceof Failed ? error.waitMs : 0;
        pause = Math.max(wait, Math.min(asked, LONGEST_WAIT_MS));
        wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        this.#options.onProblem?.(`${(error as Error).message} The next try is in ${Math.round(pause / 1000)} s.`);
      }
      await this.#sleep(pause);
    }
  }

  /** Once: all four. @throws for the first that fails. */
  async poll(): Promise<void> {
    this.counts.polls++;
    for (const path of CORRIDOR_PATHS) {
      const answer = await this.#get(path);
      const all = listOf(answer);
      const keys = all.map(keyOf);
      const here = new Set<string>();
      const fresh = all.filter((_, i) => {
        const key = keys[i]!;
        const isNew = !this.#seen.has(key) && !here.has(key);
        here.add(key);
        return isNew;
      });
      if (fresh.length > 0) await this.#options.onMessages(fresh, path);
      this.counts.messages += fresh.length;
      this.counts.duplicates += all.length - fresh.length;
      // only now: what was not taken comes again with the next snapshot
      for (const key of keys) this.#remember(key);
    }
  }

  #remember(key: string): void {
    // what still comes is to be remembered longest
    this.#seen.delete(key);
    this.#seen.add(key);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value!);
  }

  async #get(path: string): Promise<unknown> {
    const ask = async () => this.#request(path, { headers: { authorization: `Bearer ${await this.#freshToken()}` } });
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Failed && error.status === 401)) throw error;
      // it was taken back before its time
      this.#token = null;
      return ask();
    }
  }

  async #freshToken(): Promise<string> {
    if (this.#token !== null && this.#now() < this.#token.untilMs) return this.#token.text;
    const { clientId, clientSecret } = this.#options;
    const answer = (await this.#request('/api/auth/client', {
      method: 'POST',
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret }),
    })) as { access_token?: unknown; expires_in?: unknown } | null;
    const { access_token: text, expires_in: seconds } = answer ?? {};
    if (typeof text !== 'string' || text === '' || typeof seconds !== 'number' || !(seconds > 0))
      throw new Failed('The service gave no token: access_token and expires_in are expected.');
    this.counts.tokens++;
    // a short-lived one is used for half its life at least
    this.#token = { text, untilMs: this.#now() + Math.max(seconds * 500, seconds * 1000 - EARLY_MS) };
    return text;
  }

  async #request(path: string, init: RequestInit): Promise<unknown> {
    const { url, fetch: ask = fetch, signal } = this.#options;
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await ask(new URL(path, url), {
        ...init,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      text = await response.text();
    } catch (error) {
      throw new Failed(`${path} of ${new URL(url).host} does not answer: ${(error as Error).message}.`);
    }
    if (!response.ok) {
      const asked = Number(response.headers.get('retry-after'));
      throw new Failed(
        `${path} of ${new URL(url).host} answers ${response.status}${response.status === 401 ? ': id or secret is not accepted' : ''}.`,
        response.status,
        Number.isFinite(asked) ? asked * 1000 : 0,
      );
    }
    if (text.length > MOST_CHARACTERS)
      throw new Failed(`${path} answers ${text.length} characters; at most ${MOST_CHARACTERS} are read.`);
    try {
      return JSON.parse(text);
    } catch {
      throw new Failed(`${path} of ${new URL(url).host} answers what is no JSON: ${text.slice(0, 80)}`);
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #sleep(milliseconds: number): Promise<void> {
    const { sleep, signal } = this.#options;
    if (sleep !== undefined) return sleep(milliseconds);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal?.addEventListener('abort', done);
    });
  }
}

const keyOf = (message: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(message) ?? '')
    .digest('base64url')
    .slice(0, 22);

/** The messages of an answer: a list, a list in `data`, or a single one; nothing for null. */
function listOf(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  if (typeof answer !== 'object' || answer === null) return [];
  const { data } = answer as { data?: unknown };
  return Array.isArray(data) ? data : [answer];
}
