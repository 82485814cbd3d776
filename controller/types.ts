/**
 * What a strategy sees and what it answers. A strategy is a pure function: same configuration, parameters, memory and
 * observation, same answer, on any thread. It sees what detectors and lamps reported, never the world's truth.
 */
import type { JunctionConfiguration, Lamp, LampSource, PlanStage } from '../junction/types.ts';
import type { RadioPicture } from './safety/radio.ts';

export interface DetectorReading {
  /** Cumulative vehicles since the detector started. */
  readonly count: number;
  /** Share of the last second it was covered, 0-1. */
  readonly occupancy: number;
  readonly presence: boolean;
}

/** A vehicle that told its position and speed by radio (BSM), matched to the map of the junction. */
export interface ReportedVehicle {
  /** As long as the radio keeps it: enough to follow a vehicle from frame to frame. */
  readonly id: string;
  /** Id of the stop-line detector of the lane it is in, or will most probably be in. */
  readonly lane: string;
  /** From its front to the stop line. */
  readonly metres: number;
  readonly metresPerSecond: number;
  /** Signal group it is going to obey, where it says so; null: it does not. */
  readonly group: string | null;
}

/** A vehicle that asks for green by radio. */
export interface PriorityRequest {
  /** The same from frame to frame. */
  readonly id: string;
  readonly kind: 'emergency' | 'bus';
  /** Name of the approach. */
  readonly approach: string;
  /** Lane index within the approach; null: not known. */
  readonly lane: number | null;
  /** From its front to the stop line. */
  readonly metres: number;
  readonly metresPerSecond: number;
}

/** What a junction tells its neighbours: who has left, what it foresees, and for whom it has room. */
export interface Outlook {
  readonly atMs: number;
  /** Vehicles, or parts of one, counted over its lines since it told before, by signal group. */
  readonly left: readonly { readonly group: string; readonly mass: number }[];
  /**
   * Vehicles, or parts of one, that will leave: from which approach, by which signal group (null: not known), after `atMs`.
   * Absent: what it foresaw before still holds.
   */
  readonly leaving?: readonly {
    readonly approach: string;
    readonly group: string | null;
    readonly inSeconds: number;
    readonly mass: number;
  }[];
  /** By name of the approach: vehicles that the road to its stop lines still takes; absent where it is not known. */
  readonly room: Readonly<Record<string, number>>;
}

/** A vehicle, or part of one, that comes from a neighbour. */
export interface FromNeighbour {
  /** Name of the approach. */
  readonly approach: string;
  /** It will be at the stop line after so long if nothing holds it up. */
  readonly inSeconds: number;
  readonly mass: number;
  /** It has left the neighbour: it is on the road, and may be in sight. */
  readonly hasLeft: boolean;
}

/** What the neighbours foresee, as this junction can use it. */
export interface NeighboursPicture {
  readonly coming: readonly FromNeighbour[];
  /** Approaches to which a neighbour tells who comes, and who will be there until when; later ones are not known. */
  readonly told: readonly { readonly approach: string; readonly untilSeconds: number }[];
  /** Roads that this junction leads to and that could fill up. */
  readonly exits: readonly {
    /** Ids of the own groups that lead there. */
    readonly groups: readonly string[];
    /** Vehicles that it takes now, and when it takes one more each, seconds from now, in order. */
    readonly room: number;
    readonly frees: readonly number[];
  }[];
}

/** One frame: everything a junction's devices said up to `nowMs`. One frame a second. */
export interface Observation {
  readonly nowMs: number;
  /** Seconds since the frame before; 1 normally. */
  readonly elapsedSeconds: number;
  /**
   * By detector id: `{approach name}:stopline` and `{approach name}:upstream` for a whole approach, and where the
   * configuration's `detectors` list them `{approach name}:stopline:{lane index}` for one lane (0 nearest the centre line).
   */
  readonly detectors: Readonly<Record<string, DetectorReading>>;
  /** Vehicles within the range of the junction's radio; absent where it has none. */
  readonly vehicles?: readonly ReportedVehicle[];
  /** Who asks for green; absent where the junction hears nobody. Who is past the stop line is no longer in it. */
  readonly priority?: readonly PriorityRequest[];
  /** Of all vehicles, the share that is expected to report by radio, 0-1; absent: nobody said. */
  readonly reportingShare?: number;
  /** What the junctions around foresee; absent where it has none that tell. */
  readonly neighbours?: NeighboursPicture;
  /** Who is where by what they broadcast; absent where the strategy does not listen or the radio's lanes are not known. */
  readonly radio?: RadioPicture;
  /** Vehicles counted at the stop line per approach since the last plan was decided, in the configuration's approach order; null: no report (silent reader). */
  readonly countsSincePlan: readonly (number | null)[];
  /** What the lamp controller last reported. */
  readonly lamps: {
    readonly stageId: string | null;
    /** Seconds left of the stage (green + intergreen) as the device sees it; null when it waits for a request. */
    readonly secondsLeft: number | null;
    /** Seconds to the next cycle boundary by the running plan; null when unknown. */
    readonly cycleSecondsLeft: number | null;
    readonly byGroup: Readonly<Record<string, Lamp>>;
    readonly source: LampSource;
  };
}

export type Decision =
  | {
      readonly kind: 'plan';
      readonly stages: readonly PlanStage[];
      readonly reason: string;
      readonly inputs: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'stage';
      readonly stageId: string;
      /** Not before; on the way to the stage this extends the clearance, within the device's bounds. Absent: as soon as legal. */
      readonly notBeforeMs?: number;
      readonly reason: string;
      readonly inputs: Readonly<Record<string, unknown>>;
    };

/**
 * How something that a strategy foresaw came out: in `inputs.predictions` of the decision of the frame in which that was known,
 * also where the decision is the one before, repeated.
 */
export interface JudgedPrediction {
  readonly quantity: string;
  /** Of the way it is foreseen: another version, other predictions. */
  readonly version: string;
  readonly predictedAtMs: number;
  readonly targetAtMs: number;
  readonly predicted: number;
  readonly actual: number;
}

/** JSON-serialisable; kept by the service between frames, handed to whichever worker thread decides next. */
export type Memory = Readonly<Record<string, unknown>> | null;

export interface StrategyAnswer {
  /** null: keep going as you are. */
  readonly decision: Decision | null;
  readonly memory: Memory;
  /** For its neighbours, where it has any; absent: what it said before still holds. */
  readonly outlook?: Outlook;
}

export type Parameters = Readonly<Record<string, number | string | boolean>>;

export interface Strategy {
  readonly name: string;
  /** One sentence for a signal engineer. */
  readonly description: string;
  /** Detector positions it needs at every approach; refused, with the reason, where one is missing. */
  readonly needs: readonly ('stopline' | 'upstream')[];
  /** What it needs with these parameters, where that is less; absent: `needs`. */
  needsWith?(parameters: Parameters): readonly ('stopline' | 'upstream')[];
  /** True where it exists to reproduce another system and must not go on a street unbounded. */
  readonly referenceOnly?: boolean;
  /** Parameters it knows: default, unit in the name, bounds. Unknown or out-of-range ones are refused. */
  readonly parameters: Readonly<
    Record<
      string,
      {
        readonly default: number | string | boolean;
        readonly min?: number;
        readonly max?: number;
        readonly description: string;
      }
    >
  >;
  /** Whether it goes by `Observation.radio` with these parameters; absent: it does not. */
  listens?(parameters: Parameters): boolean;
  /** Why it cannot work at this junction with these (known, in-bounds) parameters; null: it can. */
  check?(configuration: JunctionConfiguration, parameters: Parameters): string | null;
  decide(
    configuration: JunctionConfiguration,
    parameters: Parameters,
    memory: Memory,
    observation: Observation,
  ): StrategyAnswer;
}
