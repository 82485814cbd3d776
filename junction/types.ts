/**
 * What a signalised junction is, in the terms every other folder shares.
 *
 * Times are integer milliseconds since 1970-01-01T00:00:00Z (simulated or wall: this folder cannot tell), durations are
 * seconds. Nothing here knows of a broker, a database or a simulator: a Raspberry Pi could run this folder alone.
 */

/** An arm of the junction with inbound lanes: what the RFID system calls a "lane". */
export interface Approach {
  /** UUID; in topics, tables and `lane_times` this is the `lane_id`. */
  readonly id: string;
  /** Short name, unique within the junction; `N`, `S`, `E`, `W` by default. */
  readonly name: string;
}

export type SignalGroupKind = 'vehicle' | 'pedestrian';

/** What lamps, SPaT and the interlock are keyed by (J2735 SignalGroupID in `number`). */
export interface SignalGroup {
  /** Unique within the junction, e.g. `N-straight`. */
  readonly id: string;
  /** J2735 SignalGroupID, 1-254. */
  readonly number: number;
  readonly kind: SignalGroupKind;
  /** Names of the approaches whose vehicles (or whose crossing's pedestrians) obey it. */
  readonly approaches: readonly string[];
  /** Pedestrian groups: seconds needed to clear the crossing after walk ends (width / 1.07 m/s + 3 s buffer). 0 for vehicles. */
  readonly clearanceSeconds: number;
}

/** Signal groups that are green together. */
export interface Stage {
  readonly id: string;
  /** Ids of the signal groups that show green. */
  readonly groups: readonly string[];
  readonly minGreenSeconds: number;
  readonly maxGreenSeconds: number;
}

/**
 * A detector of the junction and the signal groups whose traffic it sees. Ids: `{approach}:stopline`, `{approach}:upstream`
 * for a whole approach, `{approach}:stopline:{lane}` for one lane.
 */
export interface JunctionDetector {
  readonly id: string;
  /** Name of the approach. */
  readonly approach: string;
  readonly position: 'stopline' | 'upstream';
  /** Lane index within the approach, 0 nearest the centre line of the road; null: all lanes of the approach. */
  readonly lane: number | null;
  /** Ids of the vehicle groups that control the traffic it sees. */
  readonly groups: readonly string[];
  /** Where it is, metres before the stop line; absent where nobody said. */
  readonly metresBeforeLine?: number;
  /** Speed limit of its lane, m/s; absent where nobody said. */
  readonly limitMetresPerSecond?: number;
}

/** Signal groups of another junction whose traffic comes to an approach of this one. */
export interface Feeder {
  /** Name of the approach here. */
  readonly approach: string;
  readonly junctionId: string;
  /** Groups there, and the share of the ways they let go that lead here, 0-1. */
  readonly groups: readonly { readonly id: string; readonly share: number }[];
  /** From its stop line to ours: metres of road, its lanes, and seconds at the speed limit. */
  readonly metres: number;
  readonly lanes: number;
  readonly seconds: number;
}

/**
 * Everything needed to judge and to carry out a plan. Retained on `.../{junction}/configuration`; plans and stage
 * requests cite its version, and a mismatch is refused.
 */
export interface JunctionConfiguration {
  readonly junctionId: string;
  readonly name: string;
  /** J2735 IntersectionID; above 65535 where the junction has none of its own. */
  readonly intersectionId: number;
  readonly version: number;
  /** In the order N, S, E, W where those exist, then the others as the scenario lists them. */
  readonly approaches: readonly Approach[];
  readonly signalGroups: readonly SignalGroup[];
  readonly stages: readonly Stage[];
  /**
   * `conflicts[i][j]` is true where groups i and j (indices into `signalGroups`) must never be green together. Symmetric.
   * From the geometry, less the pairs that the configuration explicitly permits to yield; never from a plan.
   */
  readonly conflicts: readonly (readonly boolean[])[];
  /**
   * `intergreenSeconds[i][j]`: least seconds from the end of green of group i to the start of green of group j
   * (yellow + all-red; for a pedestrian group its clearance). 0 where they do not conflict.
   */
  readonly intergreenSeconds: readonly (readonly number[])[];
  /** Least yellow after a vehicle green. */
  readonly yellowSeconds: number;
  /** Least all-red after yellow between stages that conflict. */
  readonly allRedSeconds: number;
  readonly minCycleSeconds: number;
  readonly maxCycleSeconds: number;
  /** Longest any group may wait for green before one stage is forced; >= 2 x maxCycleSeconds, default 300. */
  readonly maxWaitSeconds: number;
  /** Runs when no fresh plan is there and `localSchedule` has nothing. */
  readonly localPlan: readonly PlanStage[];
  /** Local plans by day and time of day (junction's zone): the one that began last leads. Absent: `localPlan` always. */
  readonly localSchedule?: readonly LocalPlanEntry[];
  /** IANA zone by which `localSchedule` is reckoned. Absent: UTC. */
  readonly timeZone?: string;
  /**
   * Cycles of the local plan begin so many seconds after multiples of the cycle since 1970-01-01T00:00Z. Absent: they begin
   * when they do. Strategies that coordinate keep to it; the device alone does not steer towards it.
   */
  readonly offsetSeconds?: number;
  /** Vehicles that ask for green by radio, and from how many metres before the stop line they are heard. Absent: none. */
  readonly priority?: { readonly emergencyMetres?: number; readonly busMetres?: number };
  /**
   * `yields[i][j]` is true where group i, green together with group j, gives way to it: permitted turns. Absent where nobody
   * said: then no group gives way to another.
   */
  readonly yields?: readonly (readonly boolean[])[];
  /** Which detectors there are and what they see; absent where nobody said: then only whole approaches are known. */
  readonly detectors?: readonly JunctionDetector[];
  /** Junctions from which traffic comes, for strategies that look at their neighbours. Stays with the controller. */
  readonly feeders?: readonly Feeder[];
}

export interface PlanStage {
  /** Id of a stage of the configuration. */
  readonly stageId: string;
  readonly greenSeconds: number;
  readonly yellowSeconds: number;
  readonly allRedSeconds: number;
  readonly walkSeconds?: number;
}

/** From when on a local plan leads. */
export interface LocalPlanEntry {
  /** Minutes after midnight, junction's zone, 0-1439. */
  readonly startsAtMinute: number;
  /** Days on which it begins, 0 for Monday; absent: every day. */
  readonly days?: readonly number[];
  readonly stages: readonly PlanStage[];
  /** As in the configuration, for this plan; absent: the configuration's. */
  readonly offsetSeconds?: number;
}

export type JunctionMode = 'automatic' | 'manual_override' | 'emergency';

/** A cyclic programme of stages. Runs alone once applied; takes effect at a cycle boundary. */
export interface Plan {
  readonly planId: string;
  /** Grows with each plan or request of a junction, over restarts. */
  readonly seq: number;
  readonly junctionId: string;
  readonly configurationVersion: number;
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly stages: readonly PlanStage[];
  readonly mode: JunctionMode;
  /** Why, in words a signal engineer reads. */
  readonly reason: string;
}

/** Asks for a stage as soon as it is legal; never names a lamp. */
export interface StageRequest {
  readonly seq: number;
  readonly junctionId: string;
  readonly configurationVersion: number;
  readonly stageId: string;
  readonly notBeforeMs: number;
  readonly validUntilMs: number;
  readonly reason: string;
}

export type Lamp = 'red' | 'red-amber' | 'amber' | 'green' | 'flash' | 'dark';
export type LampSource = 'plan' | 'last-good' | 'local' | 'flash';

/** What a lamp controller answers to a plan or a request. */
export interface Acknowledgement {
  readonly seq: number;
  readonly planId?: string;
  readonly result: 'applied' | 'refused';
  /** Empty when applied. */
  readonly reason: string;
  readonly atMs: number;
}
