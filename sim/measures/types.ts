/**
 * What a world is measured by. camelCase, units in names; what was not computed is absent, never zero. `measures.ts`
 * says how each is worked out.
 */

import type { LevelOfService } from './level-of-service.ts';
import type { PedestrianCounters, PedestrianMeasures } from '../pedestrians/measures.ts';

/** Over some of the vehicles, e.g. those of a class. */
export interface GroupMeasures {
  demanded: number;
  arrived: number;
  delaySeconds: { mean: number; p95: number; max: number };
  waitingSeconds: { mean: number; max: number };
  stopsPerVehicle: number;
}

/** Over the vehicles of a movement, by which they enter the network. */
export interface MovementMeasures extends GroupMeasures {
  /** By the mean delay (HCM 6). Absent where vehicles pass more than one junction: their delay is not this approach's. */
  levelOfService?: LevelOfService;
}

/** Over the vehicles that enter the network by the approach. */
export interface ApproachMeasures extends MovementMeasures {
  /** Most vehicles standing at once (v <= 0.1 m/s) on the approach's lanes or waiting to enter by it, once a second. */
  queueMax: number;
  /** As a surveyor takes them; absent where no queue of six and more was served. See `discharge.ts`. */
  saturationFlowPerHourPerLane?: number;
  startUpLostSeconds?: number;
}

/** What one junction, or one approach of it, costs those who come through it. */
export interface PassageMeasures {
  vehicles: number;
  delaySeconds: { mean: number };
  levelOfService: LevelOfService;
}

export interface JunctionMeasures extends PassageMeasures {
  /** By the approach of this junction that they come by. */
  approaches: Record<string, PassageMeasures>;
}

/** All roads together, as an urban street is judged. */
export interface NetworkMeasures {
  /** Share of the time since departure that driving unhindered would have taken, 0-1: mean speed as a part of the wished one. */
  speedShare: number;
  /** By it (HCM 6, chapter 16). */
  levelOfService: LevelOfService;
}

export interface VariantResult {
  strategy: string;
  /** First 16 hex digits, see the contract on digests. */
  digest: string;
  vehicles: { demanded: number; inserted: number; arrived: number; running: number; waiting: number };
  travelTimeSeconds: { arrivedMean?: number; arrivedMedian?: number; arrivedP95?: number; allMean?: number };
  delaySeconds: { mean?: number; median?: number; p95?: number; p99?: number; max?: number };
  waitingSeconds: { mean?: number; p95?: number; max?: number };
  stopsPerVehicle?: number;
  throughputPerHour: number;
  fuelLitres?: number;
  co2Kilograms?: number;
  /** HBEFA 3; absent where the engine or the file has no classes of ours. */
  noxGrams?: number;
  /** Fuel, CO2 and NOx if all passenger cars were of this class. */
  sensitivity?: { emissionClass: string; fuelLitres: number; co2Kilograms: number; noxGrams: number };
  approaches: Record<string, ApproachMeasures>;
  /** By movement at the entry, `N-left`; with several junctions `{junction}/N-left`. Scenarios only. */
  movements?: Record<string, MovementMeasures>;
  /** By vehicle class (in SUMO's files: vType), where there are 2 to 24. */
  classes?: Record<string, GroupMeasures>;
  /** Where there are several. */
  junctions?: Record<string, JunctionMeasures>;
  /** Where there are several junctions. */
  network?: NetworkMeasures;
  /** Circles of vehicles that wait for each other: how many there were, vehicles in them now, when the first stood. Absent where there was none. */
  gridlock?: { episodes: number; vehicles: number; sinceSeconds: number };
  /** Absent where nobody walks. */
  pedestrians?: PedestrianMeasures;
}

/**
 * Totals to this frame; `queued`, `running` and `approachQueues` are of this moment. Up to the end of the warm-up they cover
 * all vehicles from the start, after it only those that the result covers, so that the last frame agrees with the result.
 */
export interface FrameCounters {
  demanded: number;
  arrived: number;
  running: number;
  /** Standing (v <= 0.1 m/s) in the network, plus those waiting to enter. */
  queued: number;
  /** Mean delay of all vehicles due so far, seconds. */
  delaySeconds: number;
  stopsPerVehicle: number;
  fuelLitres: number;
  co2Kilograms: number;
  /** Standing vehicles per approach, in `approaches` order of the drawing. */
  approachQueues: number[];
  /** Absent where nobody walks. */
  pedestrians?: PedestrianCounters;
}
