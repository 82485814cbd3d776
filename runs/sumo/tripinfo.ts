/** SUMO's own account of each vehicle (tripinfo), and our measures of it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { mean, quantile } from '../../sim/measures/quantile.ts';
import type { VariantResult } from '../../sim/measures/types.ts';
import { walkXml } from '../../sim/network/sumo/xml.ts';

/** One vehicle. Seconds on SUMO's clock; -1: not yet. */
export interface Trip {
  readonly id: string;
  readonly departSeconds: number;
  readonly arrivalSeconds: number;
  /** Waited to enter. */
  readonly departDelaySeconds: number;
  readonly durationSeconds: number;
  readonly timeLossSeconds: number;
  readonly waitingSeconds: number;
  readonly stops: number;
}

/** Reads a tripinfo file written with unfinished and undeparted vehicles; those due at or after `endSeconds` are left out. */
export async function readTrips(file: string, endSeconds: number): Promise<Trip[]> {
  const trips: Trip[] = [];
  walkXml(await readFile(file, 'utf8'), file, ['tripinfos'], {
    open: (element) => {
      if (element.name !== 'tripinfo') return;
      const value = (name: string): number => element.number(name, -1, 1e12);
      const trip: Trip = {
        id: element.text('id'),
        departSeconds: value('depart'),
        arrivalSeconds: value('arrival'),
        departDelaySeconds: value('departDelay'),
        durationSeconds: value('duration'),
        timeLossSeconds: value('timeLoss'),
        waitingSeconds: value('waitingTime'),
        stops: value('waitingCount'),
      };
      // One that is not due yet has a delay of -1 to come.
      if (trip.departSeconds < 0 && trip.departDelaySeconds <= 0) return;
      if (trip.departSeconds - trip.departDelaySeconds >= endSeconds) return;
      trips.push(trip);
    },
  });
  return trips;
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

/** Delay: time lost while driving and waited to enter, over every vehicle due, to the end for those under way. */
export function measureTrips(trips: readonly Trip[], strategy: string, durationSeconds: number): VariantResult {
  const departed = trips.filter(({ departSeconds }) => departSeconds >= 0);
  const arrived = departed.filter(({ arrivalSeconds }) => arrivalSeconds >= 0);
  const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();
  const delays = sorted(trips.map((trip) => trip.timeLossSeconds + trip.departDelaySeconds));
  const durations = sorted(arrived.map((trip) => trip.durationSeconds));
  const times = Float64Array.from(trips, (trip) => trip.departDelaySeconds + trip.durationSeconds);
  const waits = sorted(departed.map((trip) => trip.waitingSeconds));
  const some = <K extends string>(count: number, values: Record<K, number>): Partial<Record<K, number>> =>
    count === 0
      ? {}
      : (Object.fromEntries(Object.entries<number>(values).map(([k, v]) => [k, rounded(v)])) as Record<K, number>);
  return {
    strategy,
    digest: digestOf(trips),
    vehicles: {
      demanded: trips.length,
      inserted: departed.length,
      arrived: arrived.length,
      running: departed.length - arrived.length,
      waiting: trips.length - departed.length,
    },
    travelTimeSeconds: {
      ...some(durations.length, {
        arrivedMean: mean(durations),
        arrivedMedian: quantile(durations, 0.5),
        arrivedP95: quantile(durations, 0.95),
      }),
      ...some(times.length, { allMean: mean(times) }),
    },
    delaySeconds: some(delays.length, {
      mean: mean(delays),
      median: quantile(delays, 0.5),
      p95: quantile(delays, 0.95),
      p99: quantile(delays, 0.99),
      max: delays.at(-1)!,
    }),
    waitingSeconds: some(waits.length, { mean: mean(waits), p95: quantile(waits, 0.95), max: waits.at(-1)! }),
    ...some(departed.length, {
      stopsPerVehicle: departed.reduce((sum, { stops }) => sum + stops, 0) / Math.max(1, departed.length),
    }),
    throughputPerHour: rounded((arrived.length * 3600) / durationSeconds),
    approaches: {},
  };
}

/** First 16 hex digits of SHA-256 over what SUMO says of each vehicle, in its order. */
function digestOf(trips: readonly Trip[]): string {
  const hash = createHash('sha256');
  for (const trip of trips) hash.update(`${Object.values(trip).join(' ')}\n`);
  return hash.digest('hex').slice(0, 16);
}
