/**
 * What the HTTP API and the socket say, for the page and for programs. JSON, camelCase, units in names, times ISO 8601
 * UTC. The page imports types from here and from `runs/types.ts` only.
 */
import type { Alert, DecisionRecord, RunDetail, RunSummary, SeriesPoint } from '../runs/twin-types.ts';
import type { Frame, RunResult, SafetyConflict, SafetyEvent } from '../runs/types.ts';

/** What a controller of a street decided. */
export interface StreetDecision
  extends Pick<
    DecisionRecord,
    'junctionId' | 'seq' | 'strategy' | 'kind' | 'stages' | 'reason' | 'inputs' | 'acknowledged' | 'vetoed'
  > {
  junctionName: string;
  /** UTC. */
  decidedAt: string;
  /** The process that decided. */
  controller: string;
  /** It only watched: nothing was published. */
  shadow: boolean;
  planId: string | null;
}

export interface Health {
  /** `starting`: nothing failed, something is not there yet. */
  status: 'ok' | 'starting' | 'degraded';
  version: string;
  uptimeSeconds: number;
  checks: Record<
    string,
    { status: 'ok' | 'starting' | 'failed'; detail: string; checkedAt: string; milliseconds: number }
  >;
}

export interface ErrorBody {
  /** Repeats `message` (clients of the seed systems read this). */
  detail: string;
  code: string;
  message: string;
  field?: string;
  hint?: string;
  /** Every mistake of a scenario file. */
  issues?: { file: string; line: number; column: number; path: string; message: string; hint: string }[];
}

export interface SystemInfo {
  name: string;
  version: string;
  startedAt: string;
  uptimeSeconds: number;
  nodeVersion: string;
  platform: string;
  architecture: string;
  cpuCount: number;
  memoryMebibytes: { resident: number; heapUsed: number; systemTotal: number };
  database: { status: string; detail: string };
  broker: { status: string; detail: string };
}

/** A row of `junctions`, under the column names that clients of the RFID system read. Times in seconds. */
export interface JunctionAnswer {
  junction_id: string;
  intersection_id: number;
  region: number;
  junction_name: string;
  city: string;
  latitude: number | null;
  longitude: number | null;
  status: string;
  current_mode: string;
  min_cycle_time: number;
  max_cycle_time: number;
  base_cycle_time: number;
  external_id: string | null;
  /** Name of the scenario for a simulated junction; null on a street. */
  scenario: string | null;
  created_at: string;
}

export interface JunctionDetailAnswer extends JunctionAnswer {
  lanes: {
    lane_id: string;
    lane_index: number;
    lane_name: string;
    direction_enum: 'N' | 'S' | 'E' | 'W' | null;
    is_active: boolean;
  }[];
  devices: {
    device_id: string;
    lane_id: string | null;
    device_type: string;
    position: string | null;
    device_name: string | null;
    status: string;
    last_heartbeat: string | null;
  }[];
  configuration: unknown;
}

/** A row of `traffic_cycles` with its rows of `lane_cycle_data`. */
export interface JunctionCycle {
  cycle_id: string;
  run_id: string | null;
  variant: string | null;
  cycle_number: number;
  cycle_start_time: string;
  cycle_end_time: string;
  total_cycle_time: number;
  plan_id: string | null;
  mode: string;
  lanes: {
    lane_id: string;
    vehicle_count: number;
    epc_ids: string[];
    green_time: number;
    emergency_vehicle_detected: boolean;
  }[];
}

/** Events from the server. */
export interface ServerEvents {
  /** A run started, advanced (at most 5 a second) or ended. */
  run: (run: RunSummary) => void;
  /** To those watching a run: new points of the series. */
  series: (runId: string, points: SeriesPoint[]) => void;
  /** To those watching: decisions taken or acknowledged. */
  decisions: (runId: string, decisions: DecisionRecord[]) => void;
  /** To those watching: near misses, hard braking and indices of minutes, as they are found. */
  safety: (runId: string, events: SafetyEvent[]) => void;
  /** Near misses, hard braking and indices of minutes of streets, as they are found. Seconds count from 1970. */
  'street-safety': (events: SafetyEvent[]) => void;
  /** To those watching: the final result. */
  result: (runId: string, result: RunResult) => void;
  /** Something an operator should know; also in the list of alerts. */
  alert: (alert: Alert) => void;
}

type Answer<T> = (answer: { ok: true; value: T } | { ok: false; error: ErrorBody }) => void;

/** Events from the page; each is answered. */
export interface ClientEvents {
  /** Watch a run: its events come to this socket until another run is watched. */
  watch: (
    runId: string,
    answer: Answer<
      RunDetail & {
        series: SeriesPoint[];
        decisions: DecisionRecord[];
        conflicts: (SafetyConflict & { variant: string })[];
      }
    >,
  ) => void;
  /** Frames of all variants in [fromSecond, toSecond), at most 60 seconds at once; those not simulated yet are left out. */
  frames: (runId: string, fromSecond: number, toSecond: number, answer: Answer<Record<string, Frame[]>>) => void;
}

export type {
  Alert,
  Comparison,
  DecisionRecord,
  PairedDifference,
  RunDetail,
  RunRequest,
  RunStatus,
  RunSummary,
  ScenarioSummary,
  SeriesPoint,
} from '../runs/twin-types.ts';
export type { Drawing, Frame, FrameCounters, RunResult, VariantResult } from '../runs/types.ts';
