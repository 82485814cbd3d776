/** When the vehicles of a flow set out, seconds after the start of the run. */
import type { DemandFlow } from '../../scenarios/types.ts';
import { exponential, type RandomStream } from '../random.ts';

/**
 * Departures of a flow in [0, durationSeconds), ascending. `poisson`: exponential gaps at each period's rate; `even`:
 * equal gaps within a period, the first after half a gap, the rest of a vehicle carried over into the next period;
 * `platoon`: as `poisson`, each cycle's vehicles drawn together into its first part;
 * `recorded`: the (rounded) number of each period, at uniform random moments of it.
 */
export function arrivalSeconds(flow: DemandFlow, durationSeconds: number, stream: RandomStream): number[] {
  const moments = flow.arrivals === 'recorded' ? recorded(flow, stream) : counted(flow, stream).map(platooned(flow));
  return moments.filter((moment) => moment < durationSeconds);
}

/** Draws the moments of each cycle together into the part of it that a platoon takes. */
function platooned({ platoon }: DemandFlow): (moment: number) => number {
  if (platoon === undefined) return (moment) => moment;
  const { everySeconds, lastsSeconds, offsetSeconds } = platoon;
  return (moment) => {
    const cycle = Math.floor((moment - offsetSeconds) / everySeconds);
    const begin = offsetSeconds + cycle * everySeconds;
    return Math.max(0, begin + ((moment - begin) * lastsSeconds) / everySeconds);
  };
}

/**
 * Vehicle n comes when the vehicles expected so far reach its mark. Marks are 0.5, 1.5, 2.5, ... for equal gaps, and sums
 * of exponential steps of mean 1 for a Poisson process (whose rate may change: only the expected number counts).
 */
function counted(flow: DemandFlow, stream: RandomStream): number[] {
  const step = flow.arrivals === 'even' ? () => 1 : () => exponential(stream);
  const moments: number[] = [];
  let mark = flow.arrivals === 'even' ? 0.5 : step();
  let before = 0;
  flow.vehicles.forEach((expected, period) => {
    while (mark < before + expected) {
      moments.push(flow.periodSeconds * (period + (mark - before) / expected));
      mark += step();
    }
    before += expected;
  });
  return moments;
}

function recorded(flow: DemandFlow, stream: RandomStream): number[] {
  return flow.vehicles.flatMap((count, period) => {
    const moments = Array.from({ length: Math.round(count) }, () => flow.periodSeconds * (period + stream()));
    return moments.sort((a, b) => a - b);
  });
}
