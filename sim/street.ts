/** A street of simulated traffic: network, vehicles, lamp controllers, readers and measures, put together. */
import { isoOf } from '../feeds/codec.ts';
import type { Message, MessageKind } from '../feeds/messages.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { scenarioFor } from '../scenarios/all-stages.ts';
import type { DetectorFault, Scenario, V2xSettings } from '../scenarios/types.ts';
import { type CityFlowSource, ofCityFlow } from './cityflow-street.ts';
import type { Engine, Network } from './core.ts';
import { demandFromScenario, type ScenarioDemand } from './demand/demand.ts';
import { type DetectorCount, DetectorCounts } from './detectors/counts.ts';
import { DetectorFaults } from './detectors/faults.ts';
import { Loops } from './detectors/loops.ts';
import { PriorityReceivers } from './detectors/priority.ts';
import { type RadioSettings, VehicleRadios } from './detectors/radios.ts';
import { RfidReaders } from './detectors/rfid.ts';
import { type RfidDevice, rfidDevices, sendCarCounts } from './detectors/rfid-devices.ts';
import { type Station, stationsOf } from './detectors/stations.ts';
import { StateDigest } from './digest.ts';
import { Measures } from './measures/measures.ts';
import { Survey } from './measures/survey.ts';
import { type Trip, tripsOf } from './measures/trips.ts';
import type { VariantResult } from './measures/types.ts';
import { networkFromScenario } from './network/scenario.ts';
import { crossingsOf } from './pedestrians/crossings.ts';
import { Crowd } from './pedestrians/crowd.ts';
import { PedestrianTotals, pedestrianMeasures } from './pedestrians/measures.ts';
import { peopleFromScenario } from './pedestrians/people.ts';
import { deviceId } from './signals/device-ids.ts';
import { type DeviceIdentity, HEARTBEAT_SECONDS, sendHeartbeats, sendStatus } from './signals/health.ts';
import { type CommandKind, LampController } from './signals/lamp-controller.ts';
import { Outbox } from './signals/outbox.ts';
import { type FileSignals, NO_SIGNALS } from './signals/signals.ts';
import { ofSumo, type SumoSource } from './sumo-street.ts';
import { createEngine } from './traffic/engine.ts';
import type { Outgoing, SimulatedStreet } from './types.ts';
import { Broadcast } from './v2x/broadcast.ts';
import { type RoadsideUnit, unitsOfScenario } from './v2x/units.ts';
import { drawingOfScenario } from './view/drawing.ts';
import { peopleOf, VehicleFrames } from './view/frames.ts';
import type { Drawing, Frame } from './view/types.ts';

/** What is simulated. Peers' files come parsed. */
export type StreetSource = { readonly kind: 'scenario'; readonly scenario: Scenario } | CityFlowSource | SumoSource;

export interface StreetOptions {
  readonly seed: number;
  /** A peer's file under `fixed-time` without parameters runs its own program. */
  readonly variant: {
    readonly name: string;
    readonly strategy: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
  /** What every topic begins with: `flextraff-sim/{run}/{variant}`. */
  readonly prefix: string;
  /** Whether anybody takes messages of a kind; asked whenever one could be made. Default: nobody takes any. */
  readonly wants?: (kind: MessageKind) => boolean;
  /** How lamp controllers start: with the first stage of the local plan (`warm`, default), or as after a power cut. */
  readonly boot?: 'warm' | 'cold';
  /** Vehicles that tell junctions where they are and where they will turn; absent: none does. Not on SUMO's streets. */
  readonly radio?: RadioSettings;
  /** What of a peer's file broadcasts; absent: nothing. Scenarios say it themselves. */
  readonly v2x?: V2xSettings;
}

export interface Street extends SimulatedStreet {
  /** The world as it is now; meant to be asked for once a simulated second. */
  frame(): Frame;
  /** The measures up to now. */
  result(): VariantResult;
  /** What became of each vehicle that was due, up to now. */
  trips(): Iterable<Trip>;
  /** What passed each detector, by class and 300 s, up to now. */
  detectorCounts(): readonly DetectorCount[];
  /** What stands still. */
  drawing(): Drawing;
  /** What of the input was left out, in words. */
  readonly warnings: readonly string[];
  /** Those that hear and broadcast; none where nobody does. */
  readonly roadsideUnits: readonly RoadsideUnit[];
}

const DIGEST_EVERY_SECONDS = 10;

/**
 * Opens a street at time 0. Throws what the builders throw for input they refuse (InputFileError for CityFlow's files).
 */
export function openStreet(source: StreetSource, options: StreetOptions): Street {
  if (source.kind === 'scenario') return ofScenario(scenarioFor(source.scenario, options.variant.parameters), options);
  const { engine, parts } = source.kind === 'cityflow' ? ofCityFlow(source, options) : ofSumo(source, options);
  return new World(engine, parts);
}

/** What was last worked out of a scenario: its variants share it, and further runs the network. Nobody changes it. */
interface Known {
  readonly network: Network;
  seed: number;
  demand: ScenarioDemand;
}
const knownScenarios = new WeakMap<Scenario, Known>();

function knownOf(scenario: Scenario, seed: number): Known {
  const known = knownScenarios.get(scenario);
  if (known === undefined) {
    const network = networkFromScenario(scenario);
    const found = { network, seed, demand: demandFromScenario(scenario, network, seed) };
    knownScenarios.set(scenario, found);
    return found;
  }
  if (known.seed !== seed) {
    known.demand = demandFromScenario(scenario, known.network, seed);
    known.seed = seed;
  }
  return known;
}

function ofScenario(scenario: Scenario, options: StreetOptions): Street {
  const { network, demand } = knownOf(scenario, options.seed);
  const crossings = crossingsOf(scenario, network);
  const { stepSeconds } = scenario;
  const people = crossings === null ? null : peopleFromScenario(scenario, crossings.crossings, options.seed);
  const isWalked = crossings !== null && (people!.count > 0 || crossings.crossings.some(({ button }) => button));
  const engine = createEngine(network, demand, {
    stepSeconds,
    seed: options.seed,
    ...(isWalked ? { people: crossings.stretches } : {}),
  });
  return new World(engine, {
    options,
    isSurveyed: true,
    crowd: isWalked ? new Crowd(engine, crossings, people!) : null,
    startsAtMs: scenario.startsAtMs,
    durationSeconds: scenario.durationSeconds,
    warmUpSeconds: scenario.warmUpSeconds,
    readers: (stations) => new RfidReaders(engine, stations, demand.tagged, scenario.detection, options.seed),
    epcs: demand.epcs,
    windowSeconds: scenario.detection.windowSeconds,
    faults: scenario.detection.faults,
    programs: scenario.junctions.filter(({ rightOfWay }) => rightOfWay !== undefined).map(() => NO_SIGNALS),
    ...(scenario.v2x && { broadcasting: { units: unitsOfScenario(scenario), settings: scenario.v2x } }),
    drawing: () => drawingOfScenario(scenario, network, demand.classes),
    warnings: engine.notes ?? [],
  });
}

/** What the result says of gridlock: nothing where there was none. */
function gridlockOf({ gridlock }: Engine): Pick<VariantResult, 'gridlock'> {
  if (gridlock === undefined || gridlock.episodes === 0) return {};
  const { episodes, vehicles, since } = gridlock;
  return { gridlock: { episodes, vehicles, sinceSeconds: since } };
}

export interface Parts {
  readonly options: StreetOptions;
  /** Discharge, exhaust, movements and junctions are measured too. */
  readonly isSurveyed?: boolean;
  /** What is broadcast; absent: nothing. */
  readonly broadcasting?: { readonly units: readonly RoadsideUnit[]; readonly settings: V2xSettings };
  /** Detectors that fail; absent: none does. */
  readonly faults?: readonly DetectorFault[];
  /** null: nobody walks here, and nothing is asked of those who drive. */
  readonly crowd: Crowd | null;
  readonly startsAtMs: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  /** null: vehicles carry no tags here. */
  readonly readers: ((stations: readonly Station[]) => RfidReaders) | null;
  readonly epcs: readonly string[];
  readonly windowSeconds: number;
  /** Of the junctions without configuration, in their order. */
  readonly programs: readonly FileSignals[];
  /** Where the lamps of a junction's groups go; by default into the engine's `groupLamp`. */
  readonly lampsOf?: (junction: number) => { readonly groupLamp: Uint8Array; readonly firstGroup: number };
  /** Id of each signal group of a junction, by index within it; by default in the order of the configuration. */
  readonly groupIdsOf?: (junction: number) => readonly (string | undefined)[];
  /** After the signals and before the world moves; and once it has moved, before detectors read. */
  readonly beforeTraffic?: () => void;
  readonly afterTraffic?: () => void;
  readonly drawing: () => Drawing;
  readonly warnings: readonly string[];
}

class World implements Street {
  readonly prefix: string;
  readonly stepSeconds: number;
  readonly durationSeconds: number;
  readonly configurations: readonly JunctionConfiguration[];
  readonly warnings: readonly string[];
  readonly roadsideUnits: readonly RoadsideUnit[];
  readonly #parts: Parts;
  readonly #engine: Engine;
  readonly #outbox: Outbox;
  readonly #programs: readonly FileSignals[];
  readonly #controllers: readonly LampController[];
  /** Of all junctions, in their order. */
  readonly #signals: readonly (FileSignals | LampController)[];
  readonly #controllerOf = new Map<string, LampController>();
  readonly #stationsOfJunction: readonly (readonly Station[])[];
  readonly #loops: Loops;
  readonly #counts: DetectorCounts;
  readonly #radios: PriorityReceivers;
  readonly #vehicles: VehicleRadios | null;
  readonly #readers: RfidReaders | null;
  readonly #rfidDevices: readonly RfidDevice[];
  readonly #faults: DetectorFaults | null;
  readonly #devices: readonly DeviceIdentity[];
  readonly #measures: Measures;
  readonly #survey: Survey | null;
  readonly #walkers: PedestrianTotals | null;
  readonly #frames: VehicleFrames;
  readonly #broadcast: Broadcast | null;
  readonly #digest = new StateDigest();
  #drawing: Drawing | null = null;
  #observedTick = 0;
  #frameSeq = 0;

  constructor(engine: Engine, parts: Parts) {
    const { options } = parts;
    const { network } = engine;
    this.#parts = parts;
    this.#engine = engine;
    this.prefix = options.prefix;
    this.stepSeconds = engine.stepSeconds;
    this.durationSeconds = parts.durationSeconds;
    this.warnings = parts.warnings;
    this.roadsideUnits = parts.broadcasting?.units ?? [];
    this.#outbox = new Outbox(options.prefix, options.wants ?? (() => false));
    this.configurations = network.junctions.flatMap(({ configuration }) =>
      configuration === null ? [] : [configuration],
    );

    const taken = new Set<string>();
    const devices: DeviceIdentity[] = [];
    this.#programs = parts.programs;
    this.#controllers = network.junctions.flatMap(({ configuration, firstGroup }, j) => {
      if (configuration === null) return [];
      const { junctionId, name } = configuration;
      const controller = new LampController(configuration, {
        deviceId: deviceId(taken, name, 'lamps'),
        startMs: parts.startsAtMs,
        boot: options.boot ?? 'warm',
        ...(parts.lampsOf?.(j) ?? { groupLamp: engine.groupLamp, firstGroup }),
      });
      this.#controllerOf.set(junctionId, controller);
      devices.push({ deviceId: controller.deviceId, deviceType: 'light_controller', junctionId, laneId: null });
      return [controller];
    });
    const controllers = this.#controllers.values();
    const programs = this.#programs.values();
    this.#signals = network.junctions.map(
      ({ configuration }) => (configuration === null ? programs : controllers).next().value!,
    );
    parts.beforeTraffic?.();

    const stations = stationsOf(network);
    this.#stationsOfJunction = network.junctions.map((_, j) => stations.filter((station) => station.junction === j));
    this.#loops = new Loops(engine);
    this.#radios = new PriorityReceivers(engine);
    this.#vehicles = options.radio === undefined ? null : this.#vehicleRadios(options.radio);
    this.#readers = parts.readers === null ? null : parts.readers(stations);
    this.#counts = new DetectorCounts(engine, stations, this.#readers !== null);
    if (this.#readers !== null) this.#readers.onVisit = (detector, vehicle) => this.#counts.tagRead(detector, vehicle);
    this.#rfidDevices = rfidDevices(network, parts.readers === null ? [] : stations, ({ junction, approach, kind }) =>
      deviceId(taken, network.junctions[junction]!.name, 'rfid', network.approaches[approach]!.name, kind),
    );
    for (const { deviceId: id, junctionId, laneId, station } of this.#rfidDevices) {
      devices.push({
        deviceId: id,
        deviceType: 'rfid_counter',
        junctionId,
        laneId,
        clockOffsetMs: this.#clockOf(station),
      });
    }
    this.#devices = devices;
    const { faults = [] } = parts;
    this.#faults = faults.length === 0 ? null : new DetectorFaults(faults, network, stations, parts.crowd);
    this.#measures = new Measures(engine, parts.warmUpSeconds);
    this.#survey = parts.isSurveyed === true ? new Survey(engine, this.#measures, parts.warmUpSeconds) : null;
    this.#walkers = parts.crowd === null ? null : new PedestrianTotals(parts.crowd, parts.warmUpSeconds);
    this.#frames = new VehicleFrames(engine, this.#measures);
    this.#broadcast =
      parts.broadcasting === undefined
        ? null
        : new Broadcast({
            ...parts.broadcasting,
            engine,
            crowd: parts.crowd,
            shown: this.#signals,
            outbox: this.#outbox,
            seed: options.seed,
          });
  }

  #vehicleRadios(settings: RadioSettings): VehicleRadios {
    const { groupIdsOf } = this.#parts;
    const groupIds = this.#engine.network.junctions.map(
      ({ configuration }, j) => groupIdsOf?.(j) ?? configuration?.signalGroups.map(({ id }) => id) ?? [],
    );
    return new VehicleRadios(this.#engine, groupIds, settings);
  }

  get tick(): number {
    return this.#engine.tick;
  }
  get vehicleUpdates(): number {
    return this.#engine.vehicleUpdates;
  }
  get nowMs(): number {
    return this.#parts.startsAtMs + this.#elapsedMs();
  }
  /** Simulated time after the ticks done, ms since the start. */
  #elapsedMs(): number {
    return Math.round(this.#engine.tick * this.stepSeconds * 1000);
  }
  /** How far a reader's clock is ahead, ms; null while it is silent. */
  #clockOf(station: number): () => number | null {
    return () => {
      const { silent, clockOffsetMs } = this.#readers!.faults[station]!;
      return silent ? null : clockOffsetMs;
    };
  }
  #nowSeconds(): number {
    return this.#engine.tick * this.stepSeconds;
  }

  step(): void {
    const engine = this.#engine;
    const beginMs = this.#elapsedMs();
    const begunMs = engine.tick === 0 ? -1 : Math.round((engine.tick - 1) * this.stepSeconds * 1000);
    if (engine.tick === 0) this.#tellOfDevices('online');
    const begins = Math.floor(beginMs / 1000) > Math.floor(begunMs / 1000);
    for (const controller of this.#controllers) controller.tick(this.nowMs, begins, this.#outbox);
    for (const program of this.#programs) program.tick(this.#nowSeconds());

    this.#parts.beforeTraffic?.();
    this.#faults?.apply(beginMs / 1000, this.#loops, this.#readers, this.#parts.crowd);
    this.#parts.crowd?.tick(this.#nowSeconds(), this.stepSeconds);
    engine.step();
    this.#parts.afterTraffic?.();

    this.#survey?.tick(beginMs / 1000);
    this.#loops.tick();
    this.#readers?.tick(this.#nowSeconds());
    this.#counts.tick(this.#nowSeconds());
    const endMs = this.#elapsedMs();
    this.#broadcast?.tick(beginMs, endMs, this.#parts.startsAtMs);
    if (Math.floor(endMs / 1000) > Math.floor(beginMs / 1000)) this.#closeSecond(beginMs, endMs);
    if (beginMs < this.durationSeconds * 1000 && endMs >= this.durationSeconds * 1000) this.#tellOfDevices('offline');
  }

  #closeSecond(beginMs: number, endMs: number): void {
    const passed = (seconds: number) => Math.floor(endMs / (1000 * seconds)) > Math.floor(beginMs / (1000 * seconds));
    this.#loops.closeSecond();
    this.#observe();
    if (passed(DIGEST_EVERY_SECONDS)) {
      this.#write(this.#digest);
      this.#digest.commit();
    }
    this.#tellDetections();
    const { windowSeconds, epcs } = this.#parts;
    if (this.#readers !== null && passed(windowSeconds)) {
      sendCarCounts(this.#rfidDevices, this.#readers, epcs, windowSeconds, this.nowMs, this.#outbox);
    }
    if (passed(HEARTBEAT_SECONDS)) sendHeartbeats(this.#devices, endMs / 1000, this.nowMs, this.#outbox);
  }

  #tellOfDevices(status: 'online' | 'offline'): void {
    sendStatus(this.#devices, status, this.nowMs, this.#outbox);
    if (status === 'online') sendHeartbeats(this.#devices, 0, this.nowMs, this.#outbox);
  }

  /** One message a junction with lamp controller, whether or not it has detectors: it also tells that the second is over. */
  #tellDetections(): void {
    this.#frameSeq++;
    if (!this.#outbox.wants('detections')) return;
    const timestamp = isoOf(this.nowMs);
    const heard = this.#vehicles?.heard();
    this.#engine.network.junctions.forEach(({ id, configuration }, j) => {
      if (configuration === null) return;
      const detectors = this.#loops.readings(this.#stationsOfJunction[j]!);
      if (this.#parts.crowd !== null) Object.assign(detectors, this.#parts.crowd.buttonReadings(j));
      this.#outbox.send(
        'detections',
        { junctionId: id },
        {
          seq: this.#frameSeq,
          timestamp,
          detectors,
          ...(this.#radios.hears(j) ? { priority: this.#radios.requests(j) } : {}),
          ...(heard && { vehicles: heard[j]!, reporting_share: this.#vehicles!.share }),
        },
      );
    });
  }

  #observe(): void {
    if (this.#observedTick === this.#engine.tick) return;
    this.#observedTick = this.#engine.tick;
    this.#measures.observe(this.#nowSeconds());
    this.#survey?.look();
  }

  #write(digest: StateDigest): void {
    digest.int(this.#engine.tick);
    this.#measures.write(digest);
    for (const signals of this.#signals) signals.write(digest);
    this.#loops.write(digest);
    this.#readers?.write(digest);
    this.#parts.crowd?.write(digest);
  }

  drain(): readonly Outgoing[] {
    return this.#outbox.drain();
  }

  receive<K extends CommandKind>(kind: K, junctionId: string, message: Message<K>): void {
    this.#controllerOf.get(junctionId)?.receive(kind, message);
  }

  digest(): string {
    this.#observe();
    return this.#digest.hex((digest) => this.#write(digest));
  }

  frame(): Frame {
    this.#observe();
    const signals = this.#signals;
    // Signals were last looked at when the last tick began.
    const agoSeconds = this.#engine.tick === 0 ? 0 : this.stepSeconds;
    return {
      second: Math.floor(this.#elapsedMs() / 1000),
      vehicles: this.#frames.vehicles(),
      lamps: signals.map((s) => s.letters()),
      stages: signals.map((s) => {
        const [stage, left] = s.stage();
        return [stage, left < 0 ? -1 : Math.max(0, Math.round((left - agoSeconds) * 10) / 10)];
      }),
      counters: {
        ...this.#measures.counters(),
        ...(this.#walkers && { pedestrians: this.#walkers.counters(this.#nowSeconds()) }),
      },
      ...(this.#parts.crowd && { people: peopleOf(this.#parts.crowd, this.#nowSeconds()) }),
    };
  }

  result(): VariantResult {
    this.#observe();
    const { strategy } = this.#parts.options.variant;
    const { crowd, warmUpSeconds } = this.#parts;
    return {
      strategy,
      digest: this.digest(),
      ...(this.#survey?.added(this.#measures.result(), this.#nowSeconds()) ?? this.#measures.result()),
      ...gridlockOf(this.#engine),
      ...(crowd && { pedestrians: pedestrianMeasures(crowd, warmUpSeconds, this.#nowSeconds()) }),
    };
  }

  trips(): Iterable<Trip> {
    return tripsOf(this.#engine, this.#nowSeconds(), this.#survey?.exhaust.noxGrams);
  }

  detectorCounts(): readonly DetectorCount[] {
    return this.#counts.list(this.#nowSeconds());
  }

  drawing(): Drawing {
    const rides = this.#parts.crowd?.people.rides;
    this.#drawing ??= {
      ...this.#parts.drawing(),
      ...(rides && { people: { onFoot: rides.includes(0), riding: rides.includes(1) } }),
    };
    return this.#drawing;
  }
}
