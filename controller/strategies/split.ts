/**
 * Sharing seconds among stages.
 *
 * Whole seconds are dealt out one by one to the stage with the highest average, demand / (green + 1/2) (Webster and
 * Sainte-Laguë's divisors). Unlike rounding by largest remainder this is monotone: more demand, or more seconds, never
 * means less green (no Alabama paradox). Where fewer seconds are left than stages that are exactly equal, nobody gets
 * them: equals get the same, and the cycle is the sum of what was given.
 */

export interface SplitInput {
  /** Demand of each stage, any unit, >= 0. */
  readonly demands: readonly number[];
  readonly minSeconds: readonly number[];
  readonly maxSeconds: readonly number[];
  /** Seconds to share, minima included. */
  readonly totalSeconds: number;
}

/** A demand below this is none: the divisors would make it 0. */
const NOTHING = 1e-12;

/**
 * Greens within their bounds whose sum is at most `totalSeconds`, and less by at most as many seconds as there are equal
 * stages that could not share evenly. Slack goes in proportion to demand, and equally where there is none. Throws
 * RangeError where the bounds leave no room.
 */
export function boundedSplit(input: SplitInput): number[] {
  const { minSeconds, maxSeconds, totalSeconds } = input;
  const none = input.demands.every((demand) => demand < NOTHING && demand >= 0);
  const demands = none ? input.demands.map(() => 1) : input.demands;
  for (let i = 0; i < demands.length; i++) {
    if (!(Number.isFinite(demands[i]!) && demands[i]! >= 0))
      throw new RangeError(`demand ${i} is ${demands[i]}; a number >= 0`);
    if (!(minSeconds[i]! <= maxSeconds[i]!)) {
      throw new RangeError(`stage ${i}: minimum green ${minSeconds[i]} s is above its maximum ${maxSeconds[i]} s`);
    }
  }
  const least = minSeconds.reduce((sum, seconds) => sum + seconds, 0);
  if (!(totalSeconds >= least))
    throw new RangeError(`${totalSeconds} s of green to share; the minima alone take ${least} s`);
  const greens = [...minSeconds];
  let left = Math.floor(totalSeconds - least + 1e-9);
  while (left > 0) {
    let best = -1;
    let takers: number[] = [];
    for (let i = 0; i < greens.length; i++) {
      if (greens[i]! + 1 > maxSeconds[i]!) continue;
      const average = demands[i]! / (greens[i]! + 0.5);
      if (average > best) {
        best = average;
        takers = [i];
      } else if (average === best) takers.push(i);
    }
    if (takers.length === 0 || takers.length > left) break;
    for (const i of takers) greens[i]!++;
    left -= takers.length;
  }
  return greens;
}

/** Whole numbers with the sum of `shares` rounded, each within 1 of its share: largest remainder, ties to the first. */
export function largestRemainder(shares: readonly number[]): number[] {
  const floors = shares.map((share) => Math.floor(share));
  const total = Math.round(shares.reduce((sum, share) => sum + share, 0));
  let left = total - floors.reduce((sum, floor) => sum + floor, 0);
  const order = shares.map((share, index) => ({ index, remainder: share - floors[index]! }));
  order.sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of order) {
    if (left <= 0) break;
    floors[index]!++;
    left--;
  }
  return floors;
}
