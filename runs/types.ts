/**
 * What a run gives back: the JSON of `flextraff run --json` (camelCase, units in names), and the frames that the page
 * animates. What was not computed is absent, never zero.
 */
import type { Point, Polyline, Turn, VehicleClassName } from '../scenarios/types.ts';

export interface ApproachMeasures {
  demanded: number;
  arrived: number;
  delaySeconds: { mean: number; p95: number; max: number };
  waitingSeconds: { mean: number; max: number };
  stopsPerVehicle: number;
  /** Most vehicles standing at once (v <= 0.1 m/s). */
  queueMax: number;
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
  approaches: Record<string, ApproachMeasures>;
}

export interface RunResult {
  scenario: string;
  seed: number;
  stepSeconds: number;
  durationSeconds: number;
  variants: Record<string, VariantResult>;
  performance: { vehicleUpdates: number; cpuSeconds: number; wallSeconds: number; peakRssMebibytes: number };
}

/** Every simulated second of a variant, enough to draw it and to fill the counters at the playhead. */
export interface Frame {
  /** Whole simulated seconds since the start, 0-based. */
  second: number;
  /**
   * Six integers a vehicle: id, class (index into VEHICLE_CLASSES), x and y of the body's centre in decimetres,
   * heading in degrees clockwise from north, speed in decimetres per second.
   */
  vehicles: number[];
  /** Per junction one letter a signal group, in the configuration's order: r a g u(red-amber) f(flash) d(dark). */
  lamps: string[];
  /** Per junction: index of the running stage (-1 in transition before the next is known), seconds left of it (-1 unknown). */
  stages: [number, number][];
  counters: FrameCounters;
}

/** Totals from the start of the run to this frame; `queued` and `running` are of this moment. */
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
}

/** What the page draws under the vehicles; metres east/north of the scenario's origin. */
export interface Drawing {
  bounds: { minX: number; minY: number; maxX: number; maxY: number };
  lanes: { path: Polyline; widthMetres: number; kind: 'approach' | 'exit' | 'road' }[];
  junctions: {
    id: string;
    name: string;
    outline: Polyline;
    /** Signal groups in the configuration's order. */
    signalGroups: { id: string; number: number; approach: string; turns: Turn[]; stopLine: [Point, Point]; kind: 'vehicle' | 'pedestrian' }[];
    stages: { id: string; groups: string[] }[];
    crossings: Polyline[];
  }[];
  approaches: { junction: string; name: string; id: string; label: Point }[];
  vehicleClasses: { name: VehicleClassName; lengthMetres: number; widthMetres: number }[];
}
