/** Where a viewer's own playhead stands and how it moves over what has been simulated. */

export const SPEEDS = [1, 2, 4, 8, 16, 60] as const;

/** Seconds that a playhead following a run at street pace stays behind the newest frame, so that motion stays smooth. */
const FOLLOW_LAG_SECONDS = 2;
/** A tab that slept does not jump ahead by more than this much wall time at once, seconds. */
const LONGEST_STEP_SECONDS = 0.25;

export interface Playhead {
  /** Simulated seconds since the start of the run; fractions lie between two frames. */
  readonly seconds: number;
  readonly playing: boolean;
  /** Simulated seconds per wall second. */
  readonly speed: number;
  /** Stays near the newest frame of a run that runs at street pace. */
  readonly following: boolean;
}

/** What can be shown: `lastSecond` is the newest frame (-1 while there is none), `growing` while the run goes on. */
export interface Extent {
  readonly lastSecond: number;
  readonly growing: boolean;
  /** Simulated seconds per wall second of the run itself. */
  readonly pace: 'max' | number;
}

export type PlayState = 'paused' | 'playing' | 'loading' | 'edge' | 'ended';

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * Moves the playhead by `elapsedSeconds` of wall time. It never passes a frame that is not there: `isReady(second)`
 * says whether a frame is at hand. `loading` waits for frames on their way, `edge` for the simulation, `ended` has
 * shown all there is and stopped.
 */
export function advance(
  playhead: Playhead,
  elapsedSeconds: number,
  extent: Extent,
  isReady: (second: number) => boolean,
): { playhead: Playhead; state: PlayState } {
  if (!playhead.playing) return { playhead, state: 'paused' };
  if (extent.lastSecond < 0) return { playhead, state: 'edge' };
  const from = clamp(playhead.seconds, 0, extent.lastSecond);
  if (!isReady(Math.floor(from))) return { playhead: { ...playhead, seconds: from }, state: 'loading' };
  const elapsed = Math.min(elapsedSeconds, LONGEST_STEP_SECONDS);
  let target = Math.min(from + elapsed * rate(playhead, from, extent), extent.lastSecond);
  for (let second = Math.floor(from) + 1; second <= Math.ceil(target); second++) {
    if (!isReady(second)) {
      target = Math.min(target, second - 1);
      return { playhead: { ...playhead, seconds: Math.max(from, target) }, state: 'loading' };
    }
  }
  if (target < extent.lastSecond) return { playhead: { ...playhead, seconds: target }, state: 'playing' };
  if (extent.growing) return { playhead: { ...playhead, seconds: target }, state: 'edge' };
  return { playhead: { ...playhead, seconds: target, playing: false, following: false }, state: 'ended' };
}

function rate(playhead: Playhead, from: number, extent: Extent): number {
  if (!playhead.following || !extent.growing) return playhead.speed;
  const pace = extent.pace === 'max' ? playhead.speed : extent.pace;
  const behind = extent.lastSecond - FOLLOW_LAG_SECONDS * Math.max(1, pace) - from;
  return clamp(pace + behind * 0.5, 0, pace * 4 + Math.max(0, behind));
}

/** Play from where it stands; from the start again where the end was reached. */
export function play(playhead: Playhead, extent: Extent): Playhead {
  const atEnd = !extent.growing && playhead.seconds >= extent.lastSecond;
  return { ...playhead, playing: true, seconds: atEnd ? 0 : playhead.seconds };
}

export function pause(playhead: Playhead): Playhead {
  return { ...playhead, playing: false, following: false };
}

/** To a moment, within what was simulated; playing goes on, following does not. */
export function seek(playhead: Playhead, seconds: number, extent: Extent): Playhead {
  return { ...playhead, seconds: clamp(seconds, 0, Math.max(0, extent.lastSecond)), following: false };
}

/** To the second after (1) or before (-1) the one on show, and hold there. */
export function step(playhead: Playhead, direction: 1 | -1, extent: Extent): Playhead {
  return pause(seek(playhead, Math.floor(playhead.seconds) + direction, extent));
}

/** To the newest moment; stays with it where the run keeps a street's pace. */
export function toEdge(playhead: Playhead, extent: Extent): Playhead {
  const lag = extent.growing && extent.pace !== 'max' ? FOLLOW_LAG_SECONDS * Math.max(1, extent.pace) : 0;
  const moved = seek(playhead, extent.lastSecond - lag, extent);
  return extent.growing ? { ...moved, playing: true, following: extent.pace !== 'max' } : pause(moved);
}

/** The next faster (1) or slower (-1) of `SPEEDS`. */
export function changeSpeed(playhead: Playhead, direction: 1 | -1): Playhead {
  const index = (SPEEDS as readonly number[]).indexOf(playhead.speed);
  const next = SPEEDS[clamp(index + direction, 0, SPEEDS.length - 1)] ?? 1;
  return { ...playhead, speed: next, following: false };
}
