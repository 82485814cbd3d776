import { describe, expect, it } from 'vitest';
import { packFrame } from '../playback/interpolate.ts';
import { crossroads, frame } from '../testing.ts';
import { StageHistory, stageSegments, TRANSITION } from './strip.ts';

/** One letter a second: N green, n its intergreen, E, e, - between stages, space not seen. */
function historyOf(text: string): StageHistory {
  const history = new StageHistory(crossroads, text.length);
  [...text].forEach((letter, second) => {
    if (letter === ' ') return;
    const stage = letter === '-' ? TRANSITION : 'Nn'.includes(letter) ? 0 : 1;
    const lamps = letter === 'N' ? 'gr' : letter === 'E' ? 'rg' : 'rr';
    history.record(packFrame(frame(second, { lamps: [lamps], stages: [[stage, 0]] })));
  });
  return history;
}

const short = (text: string, from = 0, to = text.length) =>
  stageSegments(historyOf(text), 0, from, to).map(({ stage, from, to, greenUntil }) => [stage, from, greenUntil, to]);

describe('stageSegments', () => {
  it('gives each stage with its green and its intergreen', () => {
    expect(short('NNNnnEEEEe')).toEqual([
      [0, 0, 3, 5],
      [1, 5, 9, 10],
    ]);
  });

  it('keeps the true start and end of what the window cuts', () => {
    expect(short('NNNnnEEEEeNN', 7, 8)).toEqual([[1, 5, 9, 10]]);
  });

  it('says whether the whole of a stage was seen', () => {
    const seen = (text: string): boolean[] =>
      stageSegments(historyOf(text), 0, 0, text.length).map((segment) => segment.complete);
    expect(seen('NNnEEeN')).toEqual([true, true, false]);
    expect(seen('  NNnEE')).toEqual([false, false]);
  });

  it('leaves gaps where nothing was seen', () => {
    expect(short('NN  EE')).toEqual([
      [0, 0, 2, 2],
      [1, 4, 6, 6],
    ]);
  });

  it('shows the time between stages', () => {
    expect(short('NNn--EE').map(([stage]) => stage)).toEqual([0, TRANSITION, 1]);
  });

  it('starts anew where one stage turns green again after its own intergreen', () => {
    expect(short('NNnnNNN')).toEqual([
      [0, 0, 2, 4],
      [0, 4, 7, 7],
    ]);
  });
});
