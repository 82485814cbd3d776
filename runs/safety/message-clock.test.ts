import { describe, expect, it } from 'vitest';
import { MessageClock } from './message-clock.ts';

const T0 = Date.UTC(2026, 0, 5, 8);

/** A frame each tenth of a second, for ten seconds. */
function heard(lagOf: (step: number) => number): MessageClock {
  const clock = new MessageClock();
  for (let step = 0; step < 100; step++) clock.note(T0 + step * 100, T0 + step * 100 - lagOf(step));
  return clock;
}
const END = T0 + 9900;

describe('the time of messages', () => {
  it('is the clock where they come in time', () => {
    expect(heard((step) => 5 + (step % 7) * 20).at(END)).toBe(END);
  });
  it.each([
    ['an hour behind', 3_600_000],
    ['late, for the machine is slow', 1500],
  ])('goes on where they are %s, a little ahead of them', (_, lag) => {
    expect(heard(() => lag).at(END)).toBe(END - lag + 200);
    expect(heard(() => lag).at(END + 5000)).toBe(END + 5000 - lag + 200);
  });
  it('is theirs where their clock is ahead', () => {
    expect(heard(() => -2500).at(END)).toBe(END + 2500);
  });
  it('does not go by one sender that is behind', () => {
    expect(heard((step) => (step % 3 === 0 ? 7_200_000 : 10)).at(END)).toBe(END);
  });
  it('follows where all become late', () => {
    expect(heard((step) => (step < 50 ? 10 : 1800)).at(END)).toBe(END - 1600);
  });
  it('survives a clock that is set back, and knows nothing before the first message', () => {
    const clock = heard(() => 10);
    clock.note(T0 - 7_200_000, T0 - 7_200_010);
    expect(clock.at(T0 - 7_199_900)).toBe(T0 - 7_199_900);
    expect(new MessageClock().at(T0)).toBeUndefined();
  });
});
