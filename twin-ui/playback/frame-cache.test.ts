import { describe, expect, it } from 'vitest';
import type { Frame } from '../../runs/types.ts';
import { frame } from '../testing.ts';
import { CHUNK_SECONDS, FrameCache, type FrameWish, wantedChunks } from './frame-cache.ts';

const wish = (change: Partial<FrameWish> = {}): FrameWish => ({
  seconds: 0,
  speed: 4,
  lastSecond: 3600,
  backSeconds: 60,
  nowMs: 0,
  ...change,
});

/** A server that has simulated up to `newest`, and notes what it was asked for. */
function server(newest: { second: number }) {
  const asked: [number, number][] = [];
  const fetch = async (from: number, to: number): Promise<Record<string, Frame[]>> => {
    asked.push([from, to]);
    const seconds = Array.from({ length: to - from }, (_, index) => from + index).filter(
      (second) => second <= newest.second,
    );
    return { a: seconds.map((second) => frame(second)), b: seconds.map((second) => frame(second)) };
  };
  return { asked, fetch };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('wantedChunks', () => {
  it('begins with the playhead, goes on ahead, and looks back last', () => {
    expect(wantedChunks(wish({ seconds: 95 }))).toEqual([3, 4, 5, 2, 1]);
  });

  it('looks farther ahead the faster it plays', () => {
    expect(Math.max(...wantedChunks(wish({ speed: 60 })))).toBe(240 / CHUNK_SECONDS);
  });

  it('asks for nothing beyond the newest frame', () => {
    expect(wantedChunks(wish({ seconds: 31, lastSecond: 33 }))).toEqual([1, 0]);
  });
});

describe('FrameCache', () => {
  it('has a second once every variant has it', async () => {
    const { fetch } = server({ second: 3600 });
    const cache = new FrameCache(['a', 'b'], fetch);
    expect(cache.has(0)).toBe(false);
    cache.want(wish());
    await settled();
    expect(cache.has(0)).toBe(true);
    expect(cache.get('b', CHUNK_SECONDS - 1)?.second).toBe(CHUNK_SECONDS - 1);
  });

  it('is not satisfied by the frames of one variant', async () => {
    const cache = new FrameCache(['a', 'b'], async () => ({ a: [frame(0)] }));
    cache.want(wish());
    await settled();
    expect(cache.get('a', 0)).toBeDefined();
    expect(cache.has(0)).toBe(false);
  });

  it('asks for at most a chunk, twice at once, and never for the same twice', async () => {
    const { asked, fetch } = server({ second: 3600 });
    const cache = new FrameCache(['a', 'b'], fetch);
    for (let call = 0; call < 5; call++) cache.want(wish());
    expect(asked).toEqual([
      [0, 30],
      [30, 60],
    ]);
    await settled();
    cache.want(wish());
    await settled();
    cache.want(wish());
    expect(asked).toEqual([
      [0, 30],
      [30, 60],
      [60, 90],
    ]);
  });

  it('fetches the rest of a chunk when the run has gone on', async () => {
    const newest = { second: 9 };
    const { asked, fetch } = server(newest);
    const cache = new FrameCache(['a', 'b'], fetch);
    cache.want(wish({ lastSecond: 9 }));
    await settled();
    newest.second = 19;
    cache.want(wish({ lastSecond: 19 }));
    await settled();
    expect(asked).toEqual([
      [0, 10],
      [10, 20],
    ]);
    expect(cache.has(19)).toBe(true);
  });

  it('asks again, after a while, for frames that were announced and did not come', async () => {
    const newest = { second: 4 };
    const { asked, fetch } = server(newest);
    const cache = new FrameCache(['a', 'b'], fetch);
    cache.want(wish({ lastSecond: 9, nowMs: 1000 }));
    await settled();
    cache.want(wish({ lastSecond: 9, nowMs: 1100 }));
    expect(asked).toEqual([[0, 10]]);
    cache.want(wish({ lastSecond: 9, nowMs: 1500 }));
    expect(asked).toEqual([
      [0, 10],
      [5, 10],
    ]);
  });

  it('asks again after the connection failed', async () => {
    let fails = true;
    const { asked, fetch } = server({ second: 3600 });
    const cache = new FrameCache(['a', 'b'], (from, to) =>
      fails ? Promise.reject(new Error('gone')) : fetch(from, to),
    );
    cache.want(wish({ lastSecond: 20 }));
    await settled();
    fails = false;
    cache.want(wish({ lastSecond: 20, nowMs: 5000 }));
    await settled();
    expect(asked).toEqual([[0, 21]]);
  });

  it('forgets what was not looked at for longest', async () => {
    const { fetch } = server({ second: 100_000 });
    const cache = new FrameCache(['a', 'b'], fetch);
    for (let seconds = 0; seconds < 6000; seconds += CHUNK_SECONDS) {
      cache.want(wish({ seconds, lastSecond: 100_000 }));
      await settled();
    }
    expect(cache.chunksHeld).toBeLessThanOrEqual(45);
    expect(cache.get('a', 0)).toBeUndefined();
    expect(cache.get('a', 5970)).toBeDefined();
  });
});
