/**
 * What can be kept besides runs, cycles, series and decisions: one type a kind of record, as it is handed to
 * `Store.writeRecords`. Times are milliseconds since 1970 (UTC), lengths metres, speeds metres per second unless said.
 * What is not known is null or left out. Each kind is told by its key, so that written twice is written once.
 */
import type { DecisionRecord } from './twin-types.ts';

/** One minute of a junction's safety index. Key: junction and minute; a later one replaces it. */
export interface IndexRecord {
  junctionId: string;
  atMs: number;
  /** 0 (safe) to 100; null unless `scoreStatus` is `scored`. */
  combinedIndex: number | null;
  combinedIndexEb?: number | null;
  vruIndex?: number | null;
  vruIndexEb?: number | null;
  vehicleIndex?: number | null;
  vehicleIndexEb?: number | null;
  weatherIndex?: number | null;
  /** Distinct vehicles of the minute. */
  trafficVolume: number;
  vruCount?: number;
  vehicleEventCount?: number;
  vruEventCount?: number;
  scoreStatus?: 'scored' | 'no_data' | 'insufficient_data' | 'stale_data';
  /** The 95 % interval of `combinedIndexEb`. */
  combinedIndexLow?: number | null;
  combinedIndexHigh?: number | null;
  exposure?: number | null;
  /** 0 to 1. */
  observationWeight?: number | null;
  dataQualityScore?: number | null;
  /** Of `normalization_constants`. */
  constantsId?: number | null;
}

/** What an index was made of; kept in the archive only. Key: junction, start and length. */
export interface FeatureRecord {
  junctionId: string;
  atMs: number;
  intervalSeconds: number;
  vehicles: number;
  vrus: number;
  /** Of road users, used and refused. */
  messages: number;
  messagesRejected?: number;
  /** Distinct seconds in which anything was heard, and with signals no older than a second; null: there are no signals. */
  secondsHeard?: number;
  secondsWithSignals?: number | null;
  /** Share of road users that broadcast, 0 to 1; null: not known. */
  penetration?: number | null;
  vruConflictIntensity: number;
  vehicleConflictIntensity: number;
  averageSpeedMetresPerSecond: number | null;
  speedSpreadMetresPerSecond: number | null;
  hardBraking: number;
}

/** A V2X message as it came; kept in the archive only. Key: none; a message that came twice is kept twice. */
export interface RawRecord {
  receivedAtMs: number;
  /** Junction near which it was heard, where known. */
  junctionId?: string | null;
  /** Roadside unit or address it came through, where known. */
  via?: string | null;
  /** Sender's temporary id, or the intersection's number. */
  sender: string;
  latitude?: number | null;
  longitude?: number | null;
  /** The message in the sender's own form. */
  message: unknown;
}

export type RawKind = 'bsm' | 'psm' | 'map' | 'spat';

interface OfRun {
  /** null with `variant` on a street. */
  runId?: string | null;
  variant?: string | null;
}

/** Key: `conflictId`; the first one stays, history does not change. */
export interface ConflictRecord extends OfRun {
  conflictId: string;
  junctionId: string;
  second?: number | null;
  startedAtMs: number;
  endedAtMs: number;
  type: 'rear-end' | 'lane-change' | 'crossing' | 'head-on' | 'vru';
  severity: 'candidate' | 'slight' | 'serious';
  userA: string;
  userB: string;
  classA: string;
  classB: string;
  minTtcSeconds?: number | null;
  petSeconds?: number | null;
  dracMetresPerSecond2?: number | null;
  mdracMetresPerSecond2?: number | null;
  deltaVMetresPerSecond?: number | null;
  angleDegrees?: number | null;
  ttcUncertaintySeconds?: number | null;
  petUncertaintySeconds?: number | null;
  signalStateA?: string | null;
  signalStateB?: string | null;
  /** Share of road users that could be seen, 0 to 1. */
  penetration?: number | null;
  latitude?: number | null;
  longitude?: number | null;
  metadata?: Record<string, unknown> | null;
}

/** A vehicle that braked hard. Key: `hardBrakeId`; the first one stays. */
export interface HardBrakeRecord extends OfRun {
  hardBrakeId: string;
  junctionId: string;
  second?: number | null;
  atMs: number;
  user: string;
  class: string;
  /** Hardest, below zero. */
  peakMetresPerSecond2: number;
  latitude?: number | null;
  longitude?: number | null;
}

/** Key: junction (null: the whole installation), time and source; a later one replaces it. */
export interface WeatherRecord {
  junctionId: string | null;
  atMs: number;
  /** Millimetres an hour. */
  precipitationMillimetres?: number | null;
  visibilityMetres?: number | null;
  windMetresPerSecond?: number | null;
  temperatureCelsius?: number | null;
  source: string;
}

/** Key: `logId`. */
export interface LogRecord {
  logId: string;
  atMs: number;
  level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
  component: string;
  message: string;
  junctionId?: string | null;
  metadata?: Record<string, unknown> | null;
}

/** A message over the wire. Key: `messageId`. */
export interface MessageRecord {
  messageId: string;
  receivedAtMs: number;
  topic: string;
  /** null with `rawExcerpt` where it was not JSON. */
  payload: unknown;
  rawExcerpt?: string | null;
  direction: 'incoming' | 'outgoing';
  /** Who sent it, by the name it has on the wire. */
  deviceName?: string | null;
}

/** Something wrong with data. Key: `entryKey`. */
export interface QualityRecord {
  entryKey: string;
  junctionId: string | null;
  atMs: number;
  /** At most 50 characters, e.g. `late_rows`. */
  issueType: string;
  severity: 'info' | 'warning' | 'error' | 'critical';
  message: string;
  metadata?: Record<string, unknown> | null;
}

/** What a strategy foresaw. Key: all but version and values; what came of it may be filled in by writing it again. */
export interface PredictionRecord extends OfRun {
  model: string;
  modelVersion: string;
  junctionId: string;
  laneId?: string | null;
  quantity: string;
  predictedAtMs: number;
  targetAtMs: number;
  predictedValue: number;
  actualValue?: number | null;
}

/** A device's last word. Key: its place; an older one changes nothing. */
export interface DeviceRecord {
  junctionId: string;
  laneId: string | null;
  deviceType: 'rfid_counter' | 'light_controller' | 'roadside_unit' | 'junction_controller';
  position?: 'stopline' | 'upstream' | null;
  deviceName: string;
  status: 'online' | 'offline' | 'maintenance' | 'error';
  heartbeatAtMs: number;
  firmwareVersion?: string | null;
  uptimeSeconds?: number | null;
  clockOffsetMs?: number | null;
  temperatureCelsius?: number | null;
  queueDepth?: number | null;
}

/** Key: `simulationId`; a later one replaces it. */
export interface SimulationRecord {
  simulationId: string;
  name: string | null;
  variant: string;
  runId?: string | null;
  startedAtMs: number;
  endedAtMs?: number | null;
  metadata?: Record<string, unknown> | null;
}

/** One direction of one intersection at one time, with its traffic where that is known. Key: the first four. */
export interface SignalStateRecord {
  simulationId: string;
  /** What the sender calls it. */
  intersectionId: string;
  atMs: number;
  direction: string;
  junctionId?: string | null;
  status: 'RED' | 'YELLOW' | 'GREEN' | 'RED_YELLOW' | 'FLASHING' | 'OFF';
  timerSeconds?: number | null;
  greenSecondsAllocated?: number | null;
  cycleSeconds?: number | null;
  traffic?: {
    vehicleCounts: Record<string, number>;
    vehiclesCrossed?: number | null;
    averageWaitSeconds?: number | null;
    queueLength?: number | null;
    emergencyVehiclePresent?: boolean;
  };
}

/** Key: simulation, intersection and time; a later one replaces it. */
export interface PerformanceRecord {
  simulationId: string;
  intersectionId: string;
  atMs: number;
  junctionId?: string | null;
  totalVehiclesPassed?: number | null;
  averageWaitSeconds?: number | null;
  /** Vehicles a second. */
  throughputPerSecond?: number | null;
  averageSpeedKilometresPerHour?: number | null;
  /** Litres and kilograms against the counterpart; below zero where it did worse. */
  fuelSavedLitres?: number | null;
  co2SavedKilograms?: number | null;
  emergencyOverrides?: number | null;
}

/** Key: simulation, intersection, direction and detection; a later one replaces it. */
export interface EmergencyRecord {
  simulationId: string | null;
  intersectionId: string;
  junctionId?: string | null;
  direction?: string | null;
  detectedAtMs: number;
  clearedAtMs?: number | null;
  responseSeconds?: number | null;
  wasOverridden?: boolean;
  metadata?: Record<string, unknown> | null;
}

/** Where the frames of a run lie. Key: run, variant and first second; what is deleted stays so. A recording of no known run is not kept. */
export interface RecordingRecord {
  runId: string;
  variant: string;
  location: string;
  formatVersion: number;
  fromSecond: number;
  toSecond: number;
  frameCount: number;
  bytes: number;
  /** Of the file of whole chunks, hexadecimal; null: not computed. */
  sha256?: string | null;
  /** When the file was removed to make room. */
  deletedAtMs?: number | null;
}

/** A quarter of an hour's index on crash history. null: too little was heard. Key: junction and time; a later one replaces it. */
export interface CrashIndexRecord {
  junctionId: string;
  atMs: number;
  rate: number | null;
  uplift: number | null;
  vruIndex: number | null;
  vehicleIndex: number | null;
  combinedIndex: number | null;
}

/** What a controller of streets decided, by junction, time, sequence number and controller; its later state counts. */
export interface StreetDecisionRecord {
  junctionId: string;
  atMs: number;
  seq: number;
  /** The process that decided. */
  controller: string;
  /** It only watched. */
  shadow: boolean;
  strategy: string;
  kind: 'plan' | 'stage';
  planId: string | null;
  stages: DecisionRecord['stages'];
  reason: string;
  inputs: Readonly<Record<string, unknown>>;
  /** What the device answered; null before. */
  acknowledged: { readonly result: 'applied' | 'refused'; readonly reason: string } | null;
  /** Why the interlock refused it before publishing. */
  vetoed: string | null;
}

/** Kinds that go to the database. */
export interface RecordKinds {
  indices: IndexRecord;
  conflicts: ConflictRecord;
  hardBrakes: HardBrakeRecord;
  weather: WeatherRecord;
  crashIndices: CrashIndexRecord;
  streetDecisions: StreetDecisionRecord;
  logs: LogRecord;
  messages: MessageRecord;
  qualityIssues: QualityRecord;
  predictions: PredictionRecord;
  devices: DeviceRecord;
  simulations: SimulationRecord;
  signalStates: SignalStateRecord;
  performance: PerformanceRecord;
  emergencies: EmergencyRecord;
  recordings: RecordingRecord;
}

export type RecordKind = keyof RecordKinds;
