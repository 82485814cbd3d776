/** How far off the estimates are where a detector fails, against what all detectors said while they were well. */
import { demandOf, type DemandMemory, observeDemand } from '../estimation/demand.ts';
import { ailments, believed, type HealthMemory, miscounts, observeHealth } from '../estimation/health.ts';
import { type Ground, groundOf } from '../estimation/streams.ts';
import { laneTraffic, observeVehicles, type VehiclesMemory } from '../estimation/vehicles.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import type { Observation } from '../types.ts';
import { type Fault, withFault } from './faulty-detectors.ts';

export interface Trial {
  /** Detectors that were not believed at the end, or whose counts were put right, and why. */
  readonly notBelieved: Readonly<Record<string, string>>;
  /** Mean over minutes and streams of |estimate - truth|, of the mean truth: vehicles an hour. */
  readonly flowError: number;
  /** The same of the stream with the fault, or of all. */
  readonly faultyFlowError: number;
  /** Share of the estimates whose truth is within two of the deviations they state. */
  readonly within: number;
  /** Mean |estimate - truth| of the vehicles between upstream detector and line, a section; and the mean truth. */
  readonly queueError: number;
  readonly queue: number;
  /** Share of the queues that are within two of the deviations they state, or one vehicle. */
  readonly queueWithin: number;
}

const WINDOW_SECONDS = 900;
const FROM_SECOND = 1500;

/** `clean`: one observation a second, of a street that was empty at first, with upstream detectors everywhere. */
export function trial(configuration: JunctionConfiguration, clean: readonly Observation[], fault: Fault | null): Trial {
  const ground = groundOf(configuration);
  const seenShare = fault?.kind === 'tags' ? fault.share : 1;
  const options = { windowSeconds: WINDOW_SECONDS, seenShare };
  const faulty = fault === null ? clean : withFault(clean, fault);
  const faultyStream =
    fault === null || fault.kind === 'tags' ? -1 : ground.streams.findIndex(({ id }) => id === fault.id);
  let health: HealthMemory | null = null;
  let demand: DemandMemory | null = null;
  let vehicles: VehiclesMemory | null = null;
  const sums = {
    error: 0,
    truth: 0,
    faultyError: 0,
    faultyTruth: 0,
    within: 0,
    n: 0,
    queueError: 0,
    queue: 0,
    queueWithin: 0,
    queues: 0,
  };
  faulty.forEach((seen, second) => {
    health = observeHealth(ground, health, seen);
    const shown = believed(ground, health, seen);
    demand = observeDemand(ground, demand, shown, options);
    vehicles = observeVehicles(ground, vehicles, shown, { upstreamSeconds: 9, smoothingSeconds: 200 });
    if (second < FROM_SECOND || second % 60 !== 0) return;
    const countOf = (id: string, at: number): number => clean[at]!.detectors[id]?.count ?? 0;
    demandOf(ground, demand, options).forEach((one, i) => {
      const { id } = ground.streams[i]!;
      const truth = ((countOf(id, second) - countOf(id, second - WINDOW_SECONDS)) * 3600) / WINDOW_SECONDS;
      const error = Math.abs((one.vehiclesPerHour ?? 0) - truth);
      sums.error += error;
      sums.truth += truth;
      if (i === faultyStream) {
        sums.faultyError += error;
        sums.faultyTruth += truth;
      }
      sums.n++;
      if (error <= 2 * one.deviationPerHour) sums.within++;
    });
    const lanes = laneTraffic(ground, vehicles);
    for (const { upstream, streams } of ground.sections) {
      const truth =
        upstream.reduce((sum, { id }) => sum + countOf(id, second), 0) -
        streams.reduce((sum, i) => sum + countOf(ground.streams[i]!.id, second), 0);
      const guess = streams.reduce((sum, i) => sum + lanes[i]!.queued + lanes[i]!.coming, 0);
      const spread = Math.sqrt(streams.reduce((sum, i) => sum + lanes[i]!.deviation * lanes[i]!.deviation, 0));
      sums.queueError += Math.abs(guess - truth);
      sums.queue += truth;
      sums.queues++;
      if (Math.abs(guess - truth) <= Math.max(1, 2 * spread)) sums.queueWithin++;
    }
  });
  return {
    notBelieved: health === null ? {} : notBelieved(ground, health),
    flowError: sums.error / sums.truth,
    faultyFlowError: faultyStream < 0 ? sums.error / sums.truth : sums.faultyError / sums.faultyTruth,
    within: sums.within / sums.n,
    queueError: sums.queueError / sums.queues,
    queue: sums.queue / sums.queues,
    queueWithin: sums.queueWithin / sums.queues,
  };
}

function notBelieved(ground: Ground, health: HealthMemory): Record<string, string> {
  const put = [...miscounts(ground, health)].map(([id, { kind }]): [string, string] => [id, kind]);
  return Object.fromEntries([...put, ...ailments(ground, health)]);
}
