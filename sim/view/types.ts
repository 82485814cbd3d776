/** What is needed to draw a world: what stands still (`Drawing`) and, every simulated second, what moves (`Frame`). */
import type { Point, Polyline, Turn, VehicleClassName } from '../../scenarios/types.ts';
import type { FrameCounters } from '../measures/types.ts';

/** Every simulated second of a variant, enough to draw it and to fill the counters at the playhead. */
export interface Frame {
  /** Whole simulated seconds since the start, 0-based. */
  second: number;
  /**
   * Six integers a vehicle: id, class (index into VEHICLE_CLASSES), x and y of the body's centre in decimetres,
   * heading in degrees clockwise from north, speed in decimetres per second.
   */
  vehicles: number[];
  /**
   * People on and near crossings, six integers each: id, 0 on foot or 1 on a bicycle, x and y in decimetres, heading in
   * degrees clockwise from north, speed in decimetres per second. Absent where nobody walks.
   */
  people?: number[];
  /** Per junction one letter a signal group, in the configuration's order: r a g u(red-amber) f(flash) d(dark). */
  lamps: string[];
  /** Per junction: index of the running stage (-1 in transition before the next is known), seconds left of it (-1 unknown). */
  stages: [number, number][];
  counters: FrameCounters;
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
    signalGroups: {
      id: string;
      number: number;
      approach: string;
      turns: Turn[];
      stopLine: [Point, Point];
      kind: 'vehicle' | 'pedestrian';
      /** Further approaches that obey the same lamps. */
      others?: { approach: string; stopLine: [Point, Point] }[];
    }[];
    stages: { id: string; groups: string[] }[];
    crossings: Polyline[];
  }[];
  approaches: { junction: string; name: string; id: string; label: Point }[];
  vehicleClasses: { name: VehicleClassName; lengthMetres: number; widthMetres: number }[];
  /** Who crosses; absent where nobody does. */
  people?: { onFoot: boolean; riding: boolean };
}
