/** To which lanes vehicles change between the upstream detectors of lanes and their lines, learnt from the counts of both. */

/**
 * Of those who pass a detector in a lane this share leaves it to either side without that their numbers show it, and at most
 * so many do; what their numbers show beyond a vehicle is believed as if so many had passed that stayed.
 */
const EXCHANGED_SHARE = 0.005;
const LEAVING_SHARE_MAX = 0.45;
const STAYING_PRIOR = 10;
const UNSHOWN_VEHICLES = 1;
/**
 * Drivers change to where fewer are before them: what leaves a lane in the mean is so many times less with as many in
 * both lanes, by so much more for each that its own has more, within these bounds.
 */
const LEAVES_LEVEL = 0.6;
const LEAVES_MORE = 0.8;
const LEAVES_LEAST = 0.15;
const LEAVES_MOST = 1.8;

/**
 * Of lanes side by side, each with a detector upstream and one at its line: where those who pass upstream in a lane arrive.
 * What came in and what went out or is there differ by those who changed lanes; of all ways to explain it that with the
 * fewest changes is taken: between two lanes goes what came in before, counted from one side, less what arrived there.
 */
export function laneShares(entered: readonly number[], arrived: readonly number[]): number[][] {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  // miscounts are taken as spread evenly
  const scale = sum(arrived) > 0 ? sum(entered) / sum(arrived) : 1;
  let across = 0;
  const toNext = entered.map((count, l) => {
    across += count - arrived[l]! * scale;
    return across;
  });
  return entered.map((count, l) => {
    const leaves = (vehicles: number): number =>
      Math.min(LEAVING_SHARE_MAX, EXCHANGED_SHARE + Math.max(0, vehicles - UNSHOWN_VEHICLES) / (count + STAYING_PRIOR));
    const up = l + 1 < entered.length ? leaves(toNext[l]!) : 0;
    const down = l > 0 ? leaves(-toNext[l - 1]!) : 0;
    return entered.map((_, m) => (m === l ? 1 - up - down : m === l + 1 ? up : m === l - 1 ? down : 0));
  });
}

/** The shares of lane `own` for a driver who sees so many before it in each lane. */
export function sharesByQueues(shares: readonly number[], own: number, before: readonly number[]): number[] {
  let left = 1;
  const chosen = shares.map((share, m) => {
    if (m === own) return 0;
    const factor = LEAVES_LEVEL + LEAVES_MORE * (before[own]! - before[m]!);
    const usual = Math.min(share, EXCHANGED_SHARE);
    const leaves = usual + (share - usual) * Math.min(LEAVES_MOST, Math.max(LEAVES_LEAST, factor));
    left -= leaves;
    return leaves;
  });
  chosen[own] = Math.max(0, left);
  return chosen;
}
