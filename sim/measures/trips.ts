/** What became of each vehicle, one by one. */
import { ARRIVED, type Engine, NOT_ENTERED } from '../core.ts';

/** A vehicle that was due. Times are seconds since the start; what did not happen, or is not computed, is absent. */
export interface Trip {
  /** Number in the order of departure, as frames have it. */
  readonly vehicle: number;
  /** The id that the file gives it. */
  readonly name?: string;
  readonly vehicleClass: string;
  readonly route: string;
  readonly departSeconds: number;
  readonly enteredSeconds?: number;
  readonly arrivedSeconds?: number;
  /** As the measures define it: up to now for those on their way or not yet in. */
  readonly delaySeconds: number;
  readonly waitingSeconds?: number;
  readonly stops?: number;
  readonly fuelMillilitres?: number;
  readonly co2Grams?: number;
  readonly noxGrams?: number;
}

/** Vehicles that were due by `nowSeconds`, in the order of departure; those of the warm-up included. */
export function* tripsOf(engine: Engine, nowSeconds: number, noxGrams?: Float64Array): Generator<Trip> {
  const { demand, state, network } = engine;
  for (let v = 0; v < demand.count && demand.departSeconds[v]! < nowSeconds; v++) {
    const kind = demand.classes[demand.vehicleClass[v]!]!;
    const departSeconds = demand.departSeconds[v]!;
    const trip = {
      vehicle: v,
      ...(demand.names && { name: demand.names[v]! }),
      vehicleClass: kind.name,
      route: network.routes[demand.route[v]!]!.name,
      departSeconds,
    };
    if (state.segment[v] === NOT_ENTERED) {
      yield { ...trip, delaySeconds: nowSeconds - departSeconds };
      continue;
    }
    const enteredSeconds = state.enteredAt[v]!;
    yield {
      ...trip,
      enteredSeconds,
      ...(state.segment[v] === ARRIVED ? { arrivedSeconds: state.arrivedAt[v]! } : {}),
      delaySeconds: state.timeLoss[v]! + Math.max(0, enteredSeconds - departSeconds),
      waitingSeconds: state.waiting[v]!,
      stops: state.stops[v]!,
      ...(kind.emissionClass === ''
        ? {}
        : { fuelMillilitres: state.fuelMillilitres[v]!, co2Grams: state.co2Grams[v]! }),
      ...(noxGrams === undefined ? {} : { noxGrams: noxGrams[v]! }),
    };
  }
}
