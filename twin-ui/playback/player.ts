/** Runs the playhead against the display's clock, fetches what it needs, and tells the views where it stands. */
import { useSyncExternalStore } from 'react';
import type { RunDetail, RunSummary } from '../../api/types.ts';
import { StageHistory } from '../stages/strip.ts';
import { FrameCache, type FetchFrames } from './frame-cache.ts';
import type { PackedFrame } from './interpolate.ts';
import * as playhead from './playhead.ts';

/** How far the stage strips look back and ahead of the playhead, seconds. */
export const STRIP_BACK_SECONDS = 60;
export const STRIP_AHEAD_SECONDS = 60;
/** Numbers change on the page at most this often, milliseconds; the animation is as smooth as the display. */
const TELL_EVERY_MILLISECONDS = 100;

/** What the views are told. */
export interface Position {
  /** The whole second on show. */
  readonly second: number;
  readonly playing: boolean;
  readonly speed: number;
  readonly following: boolean;
  readonly state: playhead.PlayState;
  /** Whether the frames of `second` are here. */
  readonly ready: boolean;
  readonly lastSecond: number;
  /** Grows with each batch of frames that arrives. */
  readonly batches: number;
}

/** Draws one world at the playhead; `changed` is false where nothing moved since the last call. */
export type Painter = (seconds: number, changed: boolean) => void;

const start: playhead.Playhead = { seconds: 0, playing: false, speed: 4, following: false };
const nothing: playhead.Extent = { lastSecond: -1, growing: false, pace: 'max' };

export class Player {
  private head = start;
  private extent = nothing;
  private state: playhead.PlayState = 'paused';
  private cache: FrameCache | null = null;
  private position: Position = { ...start, second: 0, state: 'paused', ready: false, lastSecond: -1, batches: 0 };
  private readonly listeners = new Set<() => void>();
  private readonly painters = new Set<Painter>();
  private paintedSeconds = -1;
  private paintedReady = false;
  private lastTickMs = 0;
  private toldAtMs = 0;
  private batches = 0;
  private animation = 0;
  /** By variant, for the strips; replaced with each run. */
  histories: ReadonlyMap<string, StageHistory> = new Map();

  /** Shows another run, from `fromSecond`. */
  open(run: RunDetail, fetch: FetchFrames, options: { fromSecond: number; playing: boolean; atEdge?: boolean }): void {
    this.cache?.close();
    const names = run.variants.map((variant) => variant.name);
    const histories = new Map(names.map((name) => [name, new StageHistory(run.drawing, run.durationSeconds)]));
    this.histories = histories;
    this.cache = new FrameCache(names, fetch, (variant, frames) => {
      for (const frame of frames) histories.get(variant)?.record(frame);
      this.batches++;
    });
    this.extent = extentOf(run);
    this.head = { ...start, speed: this.head.speed, seconds: options.fromSecond, playing: options.playing };
    if (options.atEdge) this.head = playhead.toEdge({ ...this.head, speed: 1 }, this.extent);
    this.paintedSeconds = -1;
    this.tell(true);
  }

  /** The run went on or ended. */
  update(run: RunSummary): void {
    this.extent = extentOf(run);
    this.tell(false);
  }

  frame(variant: string, second: number): PackedFrame | undefined {
    return this.cache?.get(variant, second);
  }

  /** Frames around the playhead and how far between them it stands; undefined where they are not here. */
  pair(variant: string): { first: PackedFrame; next: PackedFrame | undefined; share: number } | undefined {
    const second = Math.floor(this.head.seconds);
    const first = this.frame(variant, second);
    if (!first) return undefined;
    const share = this.head.seconds - second;
    return { first, next: share > 0 ? this.frame(variant, second + 1) : undefined, share };
  }

  play = (): void => this.move(playhead.play(this.head, this.extent));
  pause = (): void => this.move(playhead.pause(this.head));
  toggle = (): void => (this.head.playing ? this.pause() : this.play());
  seek = (seconds: number): void => this.move(playhead.seek(this.head, seconds, this.extent));
  seekBy = (seconds: number): void => this.seek(this.head.seconds + seconds);
  step = (direction: 1 | -1): void => this.move(playhead.step(this.head, direction, this.extent));
  toEdge = (): void => this.move(playhead.toEdge(this.head, this.extent));
  setSpeed = (speed: number): void => this.move({ ...this.head, speed, following: false });
  changeSpeed = (direction: 1 | -1): void => this.move(playhead.changeSpeed(this.head, direction));

  /** Begins to follow the display; answers how to stop. */
  run(): () => void {
    this.lastTickMs = performance.now();
    const tick = (nowMs: number): void => {
      this.tick(nowMs);
      this.animation = requestAnimationFrame(tick);
    };
    this.animation = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(this.animation);
  }

  addPainter(painter: Painter): () => void {
    this.painters.add(painter);
    painter(this.head.seconds, true);
    return () => this.painters.delete(painter);
  }

  getPosition = (): Position => this.position;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private move(head: playhead.Playhead): void {
    this.head = head;
    if (!head.playing) this.state = 'paused';
    this.tell(true);
  }

  private tick(nowMs: number): void {
    const cache = this.cache;
    if (!cache) return;
    const moved = playhead.advance(this.head, (nowMs - this.lastTickMs) / 1000, this.extent, (second) =>
      cache.has(second),
    );
    this.lastTickMs = nowMs;
    const ended = this.head.playing && !moved.playhead.playing;
    this.head = moved.playhead;
    this.state = moved.state;
    cache.want({
      seconds: this.head.seconds,
      speed: this.head.speed,
      lastSecond: this.extent.lastSecond,
      backSeconds: STRIP_BACK_SECONDS,
      nowMs,
    });
    const ready = cache.has(Math.floor(this.head.seconds));
    const changed = this.head.seconds !== this.paintedSeconds || ready !== this.paintedReady;
    this.paintedSeconds = this.head.seconds;
    this.paintedReady = ready;
    for (const paint of this.painters) paint(this.head.seconds, changed);
    this.tell(ended);
  }

  private tell(atOnce: boolean): void {
    const { playing, speed, following } = this.head;
    const second = Math.floor(this.head.seconds);
    const ready = this.cache?.has(second) ?? false;
    const next: Position = {
      second,
      playing,
      speed,
      following,
      state: this.state,
      ready,
      lastSecond: this.extent.lastSecond,
      batches: this.batches,
    };
    const keys = Object.keys(next) as (keyof Position)[];
    if (keys.every((key) => next[key] === this.position[key])) return;
    const nowMs = performance.now();
    if (!atOnce && nowMs - this.toldAtMs < TELL_EVERY_MILLISECONDS) return;
    this.toldAtMs = nowMs;
    this.position = next;
    for (const listener of this.listeners) listener();
  }
}

/** A frame is recorded at second 0 and at every second simulated after it. */
function extentOf(run: RunSummary): playhead.Extent {
  return {
    lastSecond: run.replayable || run.status === 'running' ? run.simulatedSeconds : -1,
    growing: run.status === 'running',
    pace: run.pace,
  };
}

export function usePosition(player: Player): Position {
  return useSyncExternalStore(player.subscribe, player.getPosition);
}
