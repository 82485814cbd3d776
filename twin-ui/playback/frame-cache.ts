/**
 * Frames of one run as they were asked for, in pieces of `CHUNK_SECONDS`: what the playhead needs first, then what
 * comes next, then what the stage strips look back on. Bounded: the pieces not looked at for longest are dropped.
 */
import type { Frame } from '../../runs/types.ts';
import { type PackedFrame, packFrame } from './interpolate.ts';

export const CHUNK_SECONDS = 30;
const CHUNKS_KEPT = 40;
const REQUESTS_AT_ONCE = 2;
/** Frames that were announced and not delivered are asked for again after this long, milliseconds. */
const RETRY_MILLISECONDS = 400;

interface Chunk {
  readonly from: number;
  /** By variant, one place a second. */
  readonly frames: Map<string, (PackedFrame | undefined)[]>;
  /** Seconds before this one have been delivered for every variant. */
  filledTo: number;
  asking: boolean;
  notBeforeMs: number;
  usedAt: number;
}

export type FetchFrames = (fromSecond: number, toSecond: number) => Promise<Record<string, Frame[]>>;

export interface FrameWish {
  readonly seconds: number;
  readonly speed: number;
  /** Newest frame that exists; -1 while there is none. */
  readonly lastSecond: number;
  /** How far to look back for the stage strips, seconds. */
  readonly backSeconds: number;
  readonly nowMs: number;
}

export class FrameCache {
  private readonly chunks = new Map<number, Chunk>();
  private readonly variants: readonly string[];
  private readonly fetch: FetchFrames;
  private readonly onFrames: (variant: string, frames: readonly PackedFrame[]) => void;
  private asking = 0;
  private uses = 0;
  private closed = false;

  /** `onFrames` hears of every frame once it is here. */
  constructor(
    variants: readonly string[],
    fetch: FetchFrames,
    onFrames: (variant: string, frames: readonly PackedFrame[]) => void = () => {},
  ) {
    this.variants = variants;
    this.fetch = fetch;
    this.onFrames = onFrames;
  }

  get chunksHeld(): number {
    return this.chunks.size;
  }

  get(variant: string, second: number): PackedFrame | undefined {
    const chunk = this.chunks.get(Math.floor(second / CHUNK_SECONDS));
    return chunk?.frames.get(variant)?.[second - chunk.from];
  }

  /** Whether every variant's frame of that second is here. */
  has(second: number): boolean {
    return this.variants.every((variant) => this.get(variant, second) !== undefined);
  }

  /** Asks for what the playhead needs, nearest first. Call as often as you like. */
  want(wish: FrameWish): void {
    if (this.closed || wish.lastSecond < 0) return;
    const wanted = wantedChunks(wish);
    this.uses++;
    for (const index of wanted) {
      const chunk = this.chunkAt(index);
      chunk.usedAt = this.uses;
      if (this.asking < REQUESTS_AT_ONCE) this.ask(chunk, wish);
    }
    this.dropOldest(new Set(wanted));
  }

  close(): void {
    this.closed = true;
    this.chunks.clear();
  }

  private chunkAt(index: number): Chunk {
    let chunk = this.chunks.get(index);
    if (!chunk) {
      const from = index * CHUNK_SECONDS;
      chunk = { from, frames: new Map(), filledTo: from, asking: false, notBeforeMs: 0, usedAt: this.uses };
      for (const variant of this.variants) chunk.frames.set(variant, new Array(CHUNK_SECONDS));
      this.chunks.set(index, chunk);
    }
    return chunk;
  }

  private ask(chunk: Chunk, wish: FrameWish): void {
    const to = Math.min(chunk.from + CHUNK_SECONDS, wish.lastSecond + 1);
    if (chunk.asking || chunk.filledTo >= to || wish.nowMs < chunk.notBeforeMs) return;
    chunk.asking = true;
    this.asking++;
    this.fetch(chunk.filledTo, to).then(
      (answer) => this.received(chunk, answer, to, wish.nowMs),
      () => this.release(chunk, wish.nowMs),
    );
  }

  private received(chunk: Chunk, answer: Record<string, Frame[]>, to: number, askedAtMs: number): void {
    if (this.closed) return;
    for (const [variant, frames] of Object.entries(answer)) {
      const places = chunk.frames.get(variant);
      if (!places) continue;
      const packed = frames.map(packFrame);
      for (const frame of packed) {
        const place = frame.second - chunk.from;
        if (place >= 0 && place < CHUNK_SECONDS) places[place] = frame;
      }
      this.onFrames(variant, packed);
    }
    while (chunk.filledTo < to && this.has(chunk.filledTo)) chunk.filledTo++;
    this.release(chunk, chunk.filledTo < to ? askedAtMs : -RETRY_MILLISECONDS);
  }

  private release(chunk: Chunk, askedAtMs: number): void {
    chunk.asking = false;
    chunk.notBeforeMs = askedAtMs + RETRY_MILLISECONDS;
    this.asking--;
  }

  private dropOldest(wanted: ReadonlySet<number>): void {
    if (this.chunks.size <= CHUNKS_KEPT) return;
    const droppable = [...this.chunks.entries()]
      .filter(([index, chunk]) => !wanted.has(index) && !chunk.asking)
      .sort((a, b) => a[1].usedAt - b[1].usedAt);
    for (const [index] of droppable.slice(0, this.chunks.size - CHUNKS_KEPT)) this.chunks.delete(index);
  }
}

/** Indices of the pieces to have, most urgent first. */
export function wantedChunks(wish: FrameWish): number[] {
  const here = Math.floor(Math.min(wish.seconds, wish.lastSecond) / CHUNK_SECONDS);
  const aheadSeconds = Math.max(60, wish.speed * 4);
  const last = Math.floor(Math.min(wish.seconds + aheadSeconds, wish.lastSecond) / CHUNK_SECONDS);
  const first = Math.floor(Math.max(0, wish.seconds - wish.backSeconds) / CHUNK_SECONDS);
  const wanted: number[] = [];
  for (let index = here; index <= last; index++) wanted.push(index);
  for (let index = here - 1; index >= first; index--) wanted.push(index);
  return wanted;
}
