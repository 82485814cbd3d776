/**
 * Loops and RFID readers that count made-up vehicles, for trying a controller where there is no street and no simulator:
 * vehicles come at random, wait in a lane, and one leaves every two seconds of green. Not for judging strategies.
 */
import seedrandom from 'seedrandom';
import type { JunctionConfiguration, Lamp } from '../../junction/types.ts';
import { isoOf } from '../codec.ts';
import type { CarCounts, Detections } from '../messages.ts';

const HEADWAY_SECONDS = 2;
/** From the upstream reader to the line, seconds. */
const TRAVEL_SECONDS = 9;
/** What a radio would say of them: speed of those who come, m/s, and what each takes of a queue, metres. */
const COMING_METRES_PER_SECOND = 13;
const STANDING_METRES = 7.5;

interface Lane {
  readonly stopline: string;
  readonly groups: readonly number[];
  count: number;
  waiting: number;
  /** Seconds of green since the last vehicle left. */
  greenSeconds: number;
  readonly coming: number[];
}

interface ApproachTraffic {
  readonly name: string;
  readonly laneId: string;
  readonly lanes: readonly Lane[];
  arrived: number;
  /** Counts at the stop line that no `car-counts` has told yet. */
  untold: number;
}

export class MadeUpTraffic {
  private readonly configuration: JunctionConfiguration;
  private readonly approaches: readonly ApproachTraffic[];
  private readonly perSecond: number;
  private readonly random: () => number;
  private seq = 0;

  /** `vehiclesPerHour`: of each lane, on average. */
  constructor(configuration: JunctionConfiguration, seed: string, vehiclesPerHour: number) {
    this.configuration = configuration;
    this.random = seedrandom.alea(seed);
    this.perSecond = vehiclesPerHour / 3600;
    const indexOf = (id: string): number => configuration.signalGroups.findIndex((group) => group.id === id);
    this.approaches = configuration.approaches.map(({ id, name }) => {
      const own = (configuration.detectors ?? []).filter(
        (one) => one.approach === name && one.position === 'stopline' && one.lane !== null,
      );
      const vehicles = configuration.signalGroups.filter(
        (group) => group.kind === 'vehicle' && group.approaches.includes(name),
      );
      const heads =
        own.length > 0
          ? own.map((one) => [one.id, one.groups] as const)
          : [[`${name}:stopline`, vehicles.map((group) => group.id)] as const];
      const lanes = heads.map(
        ([stopline, groups]): Lane => ({
          stopline,
          groups: groups.map(indexOf),
          count: 0,
          waiting: 0,
          greenSeconds: 0,
          coming: [],
        }),
      );
      return { name, laneId: id, lanes, arrived: 0, untold: 0 };
    });
  }

  /** A second passes under these lamps. */
  second(lamps: readonly Lamp[]): void {
    for (const approach of this.approaches) {
      for (const lane of approach.lanes) {
        if (this.random() < this.perSecond) {
          approach.arrived++;
          lane.coming.push(TRAVEL_SECONDS);
        }
        for (let i = 0; i < lane.coming.length; i++) lane.coming[i]!--;
        while (lane.coming.length > 0 && lane.coming[0]! <= 0) {
          lane.coming.shift();
          lane.waiting++;
        }
        const green = lane.groups.length > 0 && lane.groups.every((group) => lamps[group] === 'green');
        lane.greenSeconds = green ? lane.greenSeconds + 1 : 0;
        if (green && lane.waiting > 0 && lane.greenSeconds % HEADWAY_SECONDS === 0) {
          lane.waiting--;
          lane.count++;
          approach.untold++;
        }
      }
    }
  }

  detections(nowMs: number): Detections {
    const detectors: Record<string, Detections['detectors'][string]> = {};
    for (const { name, lanes, arrived } of this.approaches) {
      let total = 0;
      let waits = false;
      for (const { stopline, count, waiting } of lanes) {
        total += count;
        waits ||= waiting > 0;
        detectors[stopline] = { count, occupancy: waiting > 0 ? 1 : 0, presence: waiting > 0 };
      }
      detectors[`${name}:stopline`] = { count: total, occupancy: waits ? 1 : 0, presence: waits };
      detectors[`${name}:upstream`] = { count: arrived, occupancy: 0, presence: false };
    }
    return { seq: ++this.seq, timestamp: isoOf(nowMs), detectors };
  }

  /** The same where every vehicle tells by radio where it is and, where its lane has one way only, its signal group. */
  withRadio(nowMs: number): Detections {
    const vehicles = this.approaches.flatMap(({ lanes }) => lanes.flatMap((lane) => this.reported(lane)));
    return { ...this.detections(nowMs), vehicles, reporting_share: 1 };
  }

  private reported({ stopline, groups, count, waiting, coming }: Lane): NonNullable<Detections['vehicles']> {
    const group = groups.length === 1 ? this.configuration.signalGroups[groups[0]!]!.id : null;
    const standing = Array.from({ length: waiting }, (_, k) => ({ metres: 1 + STANDING_METRES * k, speed: 0 }));
    const driving = coming.map((seconds) => ({
      metres: 1 + STANDING_METRES * waiting + COMING_METRES_PER_SECOND * seconds,
      speed: COMING_METRES_PER_SECOND,
    }));
    // first come, first over the line: a number stays a vehicle's
    return [...standing, ...driving].map((one, k) => ({
      id: `${stopline}#${count + k}`,
      lane: stopline,
      group,
      ...one,
    }));
  }

  /** What the RFID readers counted since the last call. */
  carCounts(nowMs: number): CarCounts[] {
    return this.approaches.map((approach) => {
      const vehicle_count = approach.untold;
      approach.untold = 0;
      return {
        junction_id: this.configuration.junctionId,
        lane_id: approach.laneId,
        vehicle_count,
        epc_ids: [],
        timestamp: isoOf(nowMs),
      };
    });
  }
}
