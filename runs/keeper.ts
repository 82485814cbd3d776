/**
 * What a simulated run leaves in the store besides its cycles, series and decisions: simulations with signal states, traffic and
 * performance (as the analytics backend keeps them), devices with their heartbeats, messages worth keeping, predictions with what
 * came of them, and where the frames lie.
 */
import { v7 as uuidv7 } from 'uuid';
import type { JudgedPrediction } from '../controller/types.ts';
import { laneTimeApproaches, msOf } from '../feeds/codec.ts';
import type { Address, Received } from '../feeds/link.ts';
import type { CarCounts, Detections, GreenTime, Heartbeat, Lamps, StageRequestMessage } from '../feeds/messages.ts';
import { topicOf } from '../feeds/topics.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import type { Outgoing } from '../sim/types.ts';
import type { ControllerDecision } from './controller-port.ts';
import { Emergencies } from './emergencies.ts';
import type { RecordingContents } from './recording.ts';
import type { DeviceRecord, MessageRecord, PerformanceRecord, RecordingRecord, SignalStateRecord } from './records.ts';
import type { RunRow, Store } from './twin-types.ts';
import type { Drawing, Frame, RunResult } from './types.ts';

/** Simulated seconds between samples of signals, traffic and performance. */
export const SAMPLE_SECONDS = 10;
/** Wall milliseconds between writes of devices: their last word counts, not each. */
const DEVICES_MS = 10_000;
/** Integers a vehicle in a frame; the last of them is its speed in decimetres a second. */
const VEHICLE_INTEGERS = 6;
const SPEED = 5;
const KILOMETRES_PER_HOUR = 0.36;

type Status = SignalStateRecord['status'];

interface ApproachState {
  status: Status;
  /** Vehicles counted at the stop line since the last sample. */
  counted: number;
}

interface JunctionState {
  readonly variant: string;
  readonly configuration: JunctionConfiguration;
  /** Vehicle groups of each approach. */
  readonly groups: readonly (readonly string[])[];
  /** Index of each approach in the drawing, for the frames' queues. */
  readonly drawn: readonly number[];
  readonly approaches: ApproachState[];
  lamps: Lamps | null;
  /** Seconds of green of each approach and of the cycle, by the plan in force. */
  greens: readonly (number | null)[];
  cycleSeconds: number | null;
  /** Vehicles counted since the start. */
  passed: number;
  /** Stage asked for last: requests are repeated each second. */
  asked: string | null;
  readonly emergencies: Emergencies;
  mode: string;
  /** How often the mode became `emergency`. */
  overrides: number;
}

export interface KeeperOptions {
  readonly row: RunRow;
  readonly drawing: Drawing;
  readonly store: Store;
  /** Wall clock, ms since 1970. */
  readonly now?: () => number;
}

export class RunKeeper {
  readonly #options: KeeperOptions;
  readonly #junctions = new Map<string, JunctionState>();
  readonly #devices = new Map<string, DeviceRecord>();
  #states: SignalStateRecord[] = [];
  #messages: MessageRecord[] = [];
  #devicesAt = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Once, with the junctions by variant. */
  start(junctions: ReadonlyMap<string, readonly JunctionConfiguration[]>): void {
    const { row, drawing } = this.#options;
    for (const [variant, configurations] of junctions) {
      for (const configuration of configurations) {
        const { junctionId, approaches, signalGroups } = configuration;
        this.#junctions.set(`${variant} ${junctionId}`, {
          variant,
          configuration,
          groups: approaches.map(({ name }) =>
            signalGroups.filter((g) => g.kind === 'vehicle' && g.approaches.includes(name)).map((g) => g.id),
          ),
          drawn: approaches.map(({ id }) => drawing.approaches.findIndex((approach) => approach.id === id)),
          approaches: approaches.map(() => ({ status: 'OFF', counted: 0 })),
          lamps: null,
          greens: approaches.map(() => null),
          cycleSeconds: null,
          passed: 0,
          asked: null,
          emergencies: new Emergencies(),
          mode: 'automatic',
          overrides: 0,
        });
      }
    }
    this.#tellSimulations(row.variants, null, null);
  }

  /** A device said something. */
  message(variant: string, { address, message }: Outgoing): void {
    switch (address.kind) {
      case 'lamps':
        this.#lamps(this.#junction(variant, address), message as Lamps);
        return;
      case 'car-counts':
        this.#counted(variant, address, message as CarCounts);
        break;
      case 'detections':
        this.#heard(this.#junction(variant, address), message as Detections);
        return;
      case 'heartbeat':
        this.#heartbeat(message as Heartbeat);
        return;
      case 'ack':
        // Requests are repeated and acknowledged each second; plans are not.
        if (
          (message as { plan_id?: string; result: string }).plan_id === undefined &&
          (message as { result: string }).result === 'applied'
        )
          return;
        break;
      case 'log':
      case 'status':
        break;
      default:
        return;
    }
    this.#keep(address, message, 'incoming');
  }

  /** Something reaches a street. */
  command(variant: string, { address, message }: Received): void {
    const junction = this.#junction(variant, address);
    if (address.kind === 'green-time' && junction !== undefined) {
      const plan = message as GreenTime;
      const order = laneTimeApproaches(junction.configuration);
      junction.greens = junction.configuration.approaches.map(
        ({ id }) => plan.lane_times[order.findIndex((approach) => approach?.id === id)] ?? null,
      );
      junction.cycleSeconds = plan.total_cycle_time ?? null;
    } else if (address.kind === 'stage-request' && junction !== undefined) {
      const { stage } = message as StageRequestMessage;
      if (junction.asked === stage) return;
      junction.asked = stage;
      junction.greens = junction.greens.map(() => null);
      junction.cycleSeconds = null;
    } else if (address.kind === 'mode' && junction !== undefined) {
      const { mode } = message as { mode: string };
      if (mode === 'emergency' && junction.mode !== mode) junction.overrides++;
      junction.mode = mode;
    } else if (address.kind !== 'configuration') return;
    this.#keep(address, message, 'outgoing');
  }

  /** A strategy decided; with it comes what it foresaw earlier, once that has come out. */
  decision(variant: string, { junctionId, strategy, inputs }: ControllerDecision): void {
    const predictions = inputs.predictions as readonly JudgedPrediction[] | undefined;
    if (predictions === undefined || predictions.length === 0) return;
    const { row, store } = this.#options;
    store.writeRecords(
      'predictions',
      predictions.map(({ quantity, version, predictedAtMs, targetAtMs, predicted, actual }) => ({
        runId: row.id,
        variant,
        junctionId,
        model: strategy,
        modelVersion: version,
        quantity,
        predictedAtMs,
        targetAtMs,
        predictedValue: predicted,
        actualValue: actual,
      })),
    );
  }

  /** At every whole simulated second, after what was said in it. */
  second(second: number, frames: Readonly<Record<string, Frame>>): void {
    const { row, store } = this.#options;
    if (second > 0 && (second % SAMPLE_SECONDS === 0 || second === row.durationSeconds)) this.#sample(second, frames);
    if (this.#states.length > 0) store.writeRecords('signalStates', this.#states);
    if (this.#messages.length > 0) store.writeRecords('messages', this.#messages);
    this.#states = [];
    this.#messages = [];
    const now = this.#now();
    if (now - this.#devicesAt >= DEVICES_MS) this.#tellDevices(now);
  }

  /** However it ended. */
  end(result: RunResult | null): void {
    const { row } = this.#options;
    this.#tellDevices(this.#now());
    this.#tellSimulations(row.variants, row.startsAtMs + row.simulatedSeconds * 1000, result);
  }

  #tellSimulations(variants: RunRow['variants'], endedAtMs: number | null, result: RunResult | null): void {
    const { row, store } = this.#options;
    store.writeRecords(
      'simulations',
      variants.map(({ name, strategy }) => ({
        simulationId: simulationId(row.id, name),
        name: `${row.scenarioTitle}, seed ${row.seed}: ${name}`,
        variant: name,
        runId: row.id,
        startedAtMs: row.startsAtMs,
        endedAtMs,
        metadata: {
          scenario: row.scenario,
          seed: row.seed,
          strategy,
          ...(result === null ? {} : { digest: result.variants[name]?.digest ?? null }),
        },
      })),
    );
  }

  #tellDevices(now: number): void {
    this.#devicesAt = now;
    if (this.#devices.size === 0) return;
    this.#options.store.writeRecords('devices', [...this.#devices.values()]);
    this.#devices.clear();
  }

  #junction(variant: string, address: Address): JunctionState | undefined {
    return this.#junctions.get(`${variant} ${address.junctionId}`);
  }

  #lamps(junction: JunctionState | undefined, lamps: Lamps): void {
    if (junction === undefined) return;
    junction.lamps = lamps;
    for (const [approach, state] of junction.approaches.entries()) {
      const status = statusOf((junction.groups[approach] ?? []).map((group) => lamps.lamps[group]));
      if (status === state.status) continue;
      state.status = status;
      this.#states.push(this.#state(junction, approach, msOf(lamps.timestamp)));
    }
  }

  #counted(variant: string, address: Address, counts: CarCounts): void {
    if (counts.position === 'upstream') return;
    const junction = this.#junction(variant, address);
    const approach = junction?.configuration.approaches.findIndex(({ id }) => id === counts.lane_id) ?? -1;
    const state = junction?.approaches[approach];
    if (junction === undefined || state === undefined) return;
    state.counted += counts.vehicle_count;
    junction.passed += counts.vehicle_count;
  }

  #heard(junction: JunctionState | undefined, { timestamp, priority }: Detections): void {
    if (junction === undefined) return;
    const changed = junction.emergencies.heard(priority, msOf(timestamp), junction.mode === 'emergency');
    if (changed.length === 0) return;
    this.#options.store.writeRecords(
      'emergencies',
      changed.map(({ approach, detectedAtMs, clearedAtMs, wasOverridden }) => ({
        simulationId: simulationId(this.#options.row.id, junction.variant),
        intersectionId: junction.configuration.name,
        junctionId: junction.configuration.junctionId,
        direction: directionOf(approach),
        detectedAtMs,
        clearedAtMs,
        responseSeconds: clearedAtMs === null ? null : (clearedAtMs - detectedAtMs) / 1000,
        wasOverridden,
      })),
    );
  }

  /** Simulated devices are heard now, whatever the time in their world. Both variants have the same devices. */
  #heartbeat(heartbeat: Heartbeat): void {
    this.#devices.set(heartbeat.device_id, {
      junctionId: heartbeat.junction_id,
      laneId: heartbeat.lane_id,
      deviceType: heartbeat.device_type,
      position: (/-(stopline|upstream)(?:-\d+)?$/.exec(heartbeat.device_id)?.[1] ?? null) as DeviceRecord['position'],
      deviceName: heartbeat.device_id,
      status: 'online',
      heartbeatAtMs: this.#now(),
      firmwareVersion: heartbeat.firmware,
      uptimeSeconds: heartbeat.uptime_seconds,
      clockOffsetMs: heartbeat.clock_offset_ms,
      temperatureCelsius: heartbeat.temperature ?? null,
      queueDepth: heartbeat.queue_depth,
    });
  }

  #sample(second: number, frames: Readonly<Record<string, Frame>>): void {
    const { row, store } = this.#options;
    const atMs = row.startsAtMs + second * 1000;
    const performance: PerformanceRecord[] = [];
    const baseline = frames[row.variants[0]?.name ?? ''];
    for (const junction of this.#junctions.values()) {
      const frame = frames[junction.variant];
      if (frame === undefined) continue;
      for (const [approach, state] of junction.approaches.entries()) {
        const queue = frame.counters.approachQueues[junction.drawn[approach] ?? -1];
        this.#states.push({
          ...this.#state(junction, approach, atMs),
          traffic: {
            // Readers do not see of what class a vehicle is.
            vehicleCounts: { vehicle: state.counted },
            vehiclesCrossed: state.counted,
            queueLength: queue ?? null,
            emergencyVehiclePresent: junction.emergencies.isOn(junction.configuration.approaches[approach]?.name ?? ''),
          },
        });
        state.counted = 0;
      }
      // Delay, speed and fuel are known of the whole network; with one junction that is the junction's.
      const alone = this.#junctions.size === row.variants.length;
      const against = alone && frame !== baseline ? baseline : undefined;
      performance.push({
        simulationId: simulationId(row.id, junction.variant),
        intersectionId: junction.configuration.name,
        junctionId: junction.configuration.junctionId,
        atMs,
        totalVehiclesPassed: junction.passed,
        throughputPerSecond: junction.passed / second,
        averageWaitSeconds: alone ? frame.counters.delaySeconds : null,
        averageSpeedKilometresPerHour: alone ? meanSpeed(frame) : null,
        fuelSavedLitres: against === undefined ? null : against.counters.fuelLitres - frame.counters.fuelLitres,
        co2SavedKilograms: against === undefined ? null : against.counters.co2Kilograms - frame.counters.co2Kilograms,
        emergencyOverrides: junction.overrides,
      });
    }
    if (performance.length > 0) store.writeRecords('performance', performance);
  }

  #state(junction: JunctionState, approach: number, atMs: number): SignalStateRecord {
    const { configuration, lamps } = junction;
    return {
      simulationId: simulationId(this.#options.row.id, junction.variant),
      intersectionId: configuration.name,
      junctionId: configuration.junctionId,
      atMs,
      direction: directionOf(configuration.approaches[approach]?.name ?? ''),
      status: junction.approaches[approach]?.status ?? 'OFF',
      timerSeconds: lamps?.seconds_left ?? null,
      greenSecondsAllocated: junction.greens[approach] ?? null,
      cycleSeconds: junction.cycleSeconds,
    };
  }

  #keep(address: Address, payload: unknown, direction: MessageRecord['direction']): void {
    this.#messages.push({
      messageId: uuidv7(),
      receivedAtMs: this.#now(),
      topic: topicOf(address),
      payload,
      direction,
      deviceName: address.deviceId ?? (payload as { device_id?: string }).device_id ?? null,
    });
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** Where the frames of a run are; with `deletedAtMs`, where they were. */
export function recordingRecords(
  runId: string,
  contents: readonly RecordingContents[],
  deletedAtMs: number | null = null,
): RecordingRecord[] {
  return contents.map(({ variant, file, formatVersion, fromSecond, toSecond, frames, bytes, sha256 }) => ({
    runId,
    variant,
    location: `recordings/${runId}/${file}`,
    formatVersion,
    fromSecond,
    toSecond,
    frameCount: frames,
    bytes,
    sha256,
    deletedAtMs,
  }));
}

/** What a side of a run is called among the simulations. */
export function simulationId(runId: string, variant: string): string {
  return `${runId}/${variant}`;
}

const DIRECTIONS: Readonly<Record<string, string>> = { N: 'north', S: 'south', E: 'east', W: 'west' };

function directionOf(approach: string): string {
  return DIRECTIONS[approach] ?? approach;
}

/** Of an approach, by its groups' lamps: green where any of them goes. */
function statusOf(lamps: readonly (string | undefined)[]): Status {
  const any = (lamp: string): boolean => lamps.includes(lamp);
  if (any('green')) return 'GREEN';
  if (any('amber')) return 'YELLOW';
  if (any('red-amber')) return 'RED_YELLOW';
  if (any('flash')) return 'FLASHING';
  return any('red') ? 'RED' : 'OFF';
}

/** Of the vehicles in the network, kilometres an hour; null without any. */
function meanSpeed(frame: Frame): number | null {
  const vehicles = frame.vehicles.length / VEHICLE_INTEGERS;
  if (vehicles === 0) return null;
  let sum = 0;
  for (let at = SPEED; at < frame.vehicles.length; at += VEHICLE_INTEGERS) sum += frame.vehicles[at] ?? 0;
  return (sum / vehicles) * KILOMETRES_PER_HOUR;
}
