import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Collector, type CollectorOptions } from './collector.ts';
import { type CorridorServer, startCorridorServer } from './corridor-server.ts';
import { readV2xValue } from './read.ts';

const bsm = (id: string, timestamp: number) => ({
  timestamp: 1_700_000_000_000 + timestamp,
  rsuName: 'rsu-1',
  locationName: 'Main and First',
  bsmJson: {
    coreData: {
      id,
      msgCnt: 1,
      lat: 38.9,
      lon: -77.2,
      elev: 100,
      speed: 10,
      heading: 90,
      brakeAppliedStatus: 'unavailable',
      accelSet: { long: 0, lat: 0 },
    },
  },
});

let server: CorridorServer;
let present: Record<string, unknown>;
beforeEach(async () => {
  present = { '/api/bsm/current': [bsm('A', 1000), bsm('B', 1000)] };
  server = await startCorridorServer({
    clientId: 'me',
    clientSecret: 'secret',
    snapshot: (path) => present[path] ?? [],
  });
});
afterEach(() => server.close());

function collector(options: Partial<CollectorOptions> = {}) {
  const messages: unknown[] = [];
  const problems: string[] = [];
  const made = new Collector({
    url: server.url,
    clientId: 'me',
    clientSecret: 'secret',
    onMessages: (fresh) => void messages.push(...fresh),
    onProblem: (message) => void problems.push(message),
    ...options,
  });
  return { made, messages, problems };
}

describe('the collector', () => {
  it('hands on what it is given, each message once, however often the snapshot repeats it', async () => {
    const { made, messages } = collector();
    await made.poll();
    await made.poll();
    present['/api/bsm/current'] = [bsm('A', 1000), bsm('B', 1100)];
    await made.poll();
    expect(messages).toEqual([bsm('A', 1000), bsm('B', 1000), bsm('B', 1100)]);
    expect(made.counts).toEqual({ polls: 3, failures: 0, messages: 3, duplicates: 3, tokens: 1 });
    for (const message of messages) expect(readV2xValue(message).rejections).toEqual([]);
  });

  it('hands on again what was not taken', async () => {
    let isAway = true;
    const taken: unknown[] = [];
    const { made } = collector({
      onMessages(fresh) {
        if (isAway) throw new Error('away');
        taken.push(...fresh);
      },
    });
    await expect(made.poll()).rejects.toThrow('away');
    isAway = false;
    present['/api/bsm/current'] = [bsm('A', 1000), bsm('A', 1000), bsm('B', 1000)];
    await made.poll();
    await made.poll();
    expect(taken).toEqual([bsm('A', 1000), bsm('B', 1000)]);
    expect(made.counts).toMatchObject({ messages: 2, duplicates: 4 });
  });

  it('fetches a token anew before it expires, and when it was taken back', async () => {
    let now = 0;
    const { made } = collector({ now: () => now });
    await made.poll();
    now = 200_000;
    await made.poll();
    expect(made.counts.tokens).toBe(1);
    now = 271_000;
    await made.poll();
    expect(made.counts.tokens).toBe(2);
    server.revoke();
    await made.poll();
    expect(made.counts.tokens).toBe(3);
    expect(made.counts.failures).toBe(0);
  });

  it('waits longer after each failure, as long as it is asked to, and goes on', async () => {
    const ending = new AbortController();
    const waits: number[] = [];
    server.failNext(3, 503);
    const { made, messages, problems } = collector({
      signal: ending.signal,
      everySeconds: 60,
      now: () => 0,
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
        if (waits.length === 4) server.failNext(1, 429, 120);
        if (waits.length === 5) ending.abort();
      },
    });
    await made.run();
    expect(waits).toEqual([1000, 2000, 4000, 60_000, 120_000]);
    expect(messages).toHaveLength(2);
    expect(problems).toHaveLength(4);
    expect(problems[0]).toMatch(/^\/api\/auth\/client of 127\.0\.0\.1:\d+ answers 503\. The next try is in 1 s\.$/);
  });

  it('says that a secret is wrong, without telling it', async () => {
    const { made } = collector({ clientSecret: 'guessed' });
    await expect(made.poll()).rejects.toThrow(/answers 401: id or secret is not accepted/);
    await expect(made.poll()).rejects.not.toThrow(/guessed/);
  });
});
