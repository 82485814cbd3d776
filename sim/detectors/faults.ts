/** Faults of detectors as the scenario sets them: which detector is in which state now. */
import type { DetectorFault } from '../../scenarios/types.ts';
import type { Network } from '../core.ts';
import type { Crowd } from '../pedestrians/crowd.ts';
import { LOOP_SILENT, LOOP_STUCK_OFF, LOOP_STUCK_ON, LOOP_WELL, type Loops } from './loops.ts';
import { READER_WELL, type ReaderFault, type RfidReaders } from './rfid.ts';
import type { Station } from './stations.ts';

interface Placed extends DetectorFault {
  /** Stations or crossings it is about. */
  readonly places: readonly number[];
}

const LOOP_STATES: Readonly<Record<string, number>> = {
  'stuck-on': LOOP_STUCK_ON,
  'stuck-off': LOOP_STUCK_OFF,
  silent: LOOP_SILENT,
};

export class DetectorFaults {
  readonly #loops: readonly Placed[];
  readonly #readers: readonly Placed[];
  readonly #buttons: readonly Placed[];
  readonly #stations: readonly Station[];

  /** Throws where a fault is about a detector that there is not. */
  constructor(faults: readonly DetectorFault[], network: Network, stations: readonly Station[], crowd: Crowd | null) {
    const placed = faults.map((fault): Placed => {
      const places =
        fault.device === 'button' ? buttonsOf(fault, network, crowd) : stationsOfFault(fault, network, stations);
      if (places.length === 0)
        throw new RangeError(
          `A fault is about a ${fault.device} of ${fault.approach} at ${fault.junction}; none is there.`,
        );
      return { ...fault, places };
    });
    this.#loops = placed.filter(({ device }) => device === 'loop');
    this.#readers = placed.filter(({ device }) => device === 'reader');
    this.#buttons = placed.filter(({ device }) => device === 'button');
    this.#stations = stations;
  }

  /** Sets the state of all detectors for the tick that begins at `seconds`. */
  apply(seconds: number, loops: Loops, readers: RfidReaders | null, crowd: Crowd | null): void {
    if (this.#loops.length > 0) {
      loops.state.fill(LOOP_WELL);
      for (const fault of this.#loops) {
        if (!isOn(fault, seconds)) continue;
        for (const s of fault.places)
          for (const detector of this.#stations[s]!.detectors) loops.state[detector] = LOOP_STATES[fault.kind]!;
      }
    }
    if (readers !== null && this.#readers.length > 0) {
      for (let s = 0; s < this.#stations.length; s++) readers.faults[s] = READER_WELL;
      for (const fault of this.#readers) {
        if (!isOn(fault, seconds)) continue;
        for (const s of fault.places) readers.faults[s] = withFault(readers.faults[s]!, fault, seconds);
      }
    }
    if (crowd !== null && this.#buttons.length > 0) {
      crowd.buttonFaults.fill(0);
      for (const fault of this.#buttons) {
        if (!isOn(fault, seconds)) continue;
        for (const c of fault.places) crowd.buttonFaults[c] = fault.kind === 'stuck-on' ? 1 : 2;
      }
    }
  }
}

function isOn({ fromSeconds, untilSeconds }: DetectorFault, seconds: number): boolean {
  return seconds >= fromSeconds && seconds < untilSeconds;
}

function withFault(before: ReaderFault, fault: DetectorFault, seconds: number): ReaderFault {
  switch (fault.kind) {
    case 'silent':
      return { ...before, silent: true };
    case 'doubled':
      return { ...before, doubled: true };
    case 'rereads':
      return { ...before, rereads: true };
    case 'misses':
      return { ...before, missProbability: fault.probability };
    case 'clock-drift': {
      const hours = (seconds - fault.fromSeconds) / 3600;
      return { ...before, clockOffsetMs: Math.round(1000 * fault.driftSecondsPerHour * hours) + 0 };
    }
    default:
      throw new RangeError(`A reader cannot be ${fault.kind}.`);
  }
}

function stationsOfFault(
  { junction, approach, position }: DetectorFault,
  network: Network,
  stations: readonly Station[],
): number[] {
  return stations.flatMap((station, s) =>
    network.junctions[station.junction]!.name === junction &&
    network.approaches[station.approach]!.name === approach &&
    (position === null || station.kind === position)
      ? [s]
      : [],
  );
}

function buttonsOf({ junction, approach }: DetectorFault, network: Network, crowd: Crowd | null): number[] {
  return (crowd?.crossings ?? []).flatMap((crossing, c) =>
    crossing.button && crossing.approach === approach && network.junctions[crossing.junction]!.name === junction
      ? [c]
      : [],
  );
}
