import { describe, expect, it } from 'vitest';
import {
  advance,
  changeSpeed,
  type Extent,
  type Playhead,
  pause,
  play,
  SPEEDS,
  seek,
  step,
  toEdge,
} from './playhead.ts';

const head = (change: Partial<Playhead> = {}): Playhead => ({
  seconds: 10,
  playing: true,
  speed: 4,
  following: false,
  ...change,
});
const extent = (change: Partial<Extent> = {}): Extent => ({ lastSecond: 100, growing: true, pace: 'max', ...change });
const all = (): boolean => true;

describe('playhead', () => {
  it('moves by wall time times speed', () => {
    const moved = advance(head(), 0.1, extent(), all);
    expect(moved.playhead.seconds).toBeCloseTo(10.4);
    expect(moved.state).toBe('playing');
  });

  it('holds while paused', () => {
    expect(advance(head({ playing: false }), 5, extent(), all)).toEqual({
      playhead: head({ playing: false }),
      state: 'paused',
    });
  });

  it('does not leap after the tab slept', () => {
    expect(advance(head(), 3600, extent(), all).playhead.seconds).toBeCloseTo(11);
  });

  it('never passes a frame that is not here', () => {
    const moved = advance(head({ speed: 60 }), 0.2, extent(), (second) => second <= 14);
    expect(moved).toMatchObject({ state: 'loading', playhead: { seconds: 14, playing: true } });
    const stuck = advance(moved.playhead, 0.2, extent(), (second) => second <= 14);
    expect(stuck).toMatchObject({ state: 'loading', playhead: { seconds: 14 } });
  });

  it('does not step back between two frames when the next is missing', () => {
    const moved = advance(head({ seconds: 13.5 }), 0.1, extent(), (second) => second <= 13);
    expect(moved.playhead.seconds).toBe(13.5);
  });

  it('waits at the edge of a run that goes on and stops at the end of one that is over', () => {
    const near = head({ seconds: 99.9 });
    expect(advance(near, 0.2, extent(), all)).toMatchObject({
      state: 'edge',
      playhead: { seconds: 100, playing: true },
    });
    expect(advance(near, 0.2, extent({ growing: false }), all)).toMatchObject({
      state: 'ended',
      playhead: { seconds: 100, playing: false },
    });
  });

  it('waits for the first frame', () => {
    expect(advance(head({ seconds: 0 }), 0.1, extent({ lastSecond: -1 }), all).state).toBe('edge');
  });

  it('plays from the start again after the end', () => {
    const over = extent({ growing: false });
    expect(play(head({ seconds: 100, playing: false }), over)).toMatchObject({ seconds: 0, playing: true });
    expect(play(head({ seconds: 40, playing: false }), over)).toMatchObject({ seconds: 40, playing: true });
  });

  it('seeks within what was simulated', () => {
    expect(seek(head(), 500, extent()).seconds).toBe(100);
    expect(seek(head(), -3, extent()).seconds).toBe(0);
  });

  it('steps to the neighbours of the second on show and holds', () => {
    expect(step(head({ seconds: 10.7 }), 1, extent())).toMatchObject({ seconds: 11, playing: false });
    expect(step(head({ seconds: 10.7 }), -1, extent())).toMatchObject({ seconds: 9, playing: false });
    expect(step(head({ seconds: 0 }), -1, extent()).seconds).toBe(0);
  });

  it('follows a run at street pace a little behind its newest frame', () => {
    const live = extent({ pace: 1 });
    let following = toEdge(head(), live);
    expect(following).toMatchObject({ seconds: 98, playing: true, following: true });
    let newest = 100;
    for (let tenth = 0; tenth < 300; tenth++) {
      newest += 0.1;
      following = advance(following, 0.1, { ...live, lastSecond: Math.floor(newest) }, all).playhead;
    }
    expect(newest - following.seconds).toBeGreaterThan(1);
    expect(newest - following.seconds).toBeLessThan(4);
  });

  it('stops following when paused or moved', () => {
    const following = head({ following: true });
    expect(pause(following).following).toBe(false);
    expect(seek(following, 5, extent()).following).toBe(false);
  });

  it('changes speed along the list and stays at its ends', () => {
    expect(changeSpeed(head({ speed: 4 }), 1).speed).toBe(8);
    expect(changeSpeed(head({ speed: SPEEDS[0] }), -1).speed).toBe(SPEEDS[0]);
    expect(changeSpeed(head({ speed: 60 }), 1).speed).toBe(60);
  });
});
