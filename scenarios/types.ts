/**
 * A scenario after loading: every default filled in, every reference resolved, nothing contradictory left.
 * Lengths are metres, speeds metres per second, times seconds, angles degrees clockwise from north unless a name says
 * otherwise. The YAML form (units in names, e.g. speedLimitKilometresPerHour) is in the JSON Schema beside this file.
 */
import type { JunctionConfiguration } from '../junction/types.ts';

/** `bike` is a motor two-wheeler; files may call it `two-wheeler` as well. `lcv` is a light commercial vehicle. */
export const VEHICLE_CLASSES = ['car', 'bus', 'truck', 'bike', 'rickshaw', 'emergency', 'lcv', 'bicycle'] as const;
export type VehicleClassName = (typeof VEHICLE_CLASSES)[number];

export interface VehicleClass {
  readonly name: VehicleClassName;
  /** Share of the demand, 0-1; the classes' shares sum to 1. */
  readonly share: number;
  readonly lengthMetres: number;
  readonly widthMetres: number;
  readonly pcu: number;
  readonly massKilograms: number;
  readonly maxSpeedMetresPerSecond: number;
  readonly accelerationMetresPerSecond2: number;
  /** Comfortable deceleration, positive. */
  readonly decelerationMetresPerSecond2: number;
  readonly minGapMetres: number;
  readonly timeHeadwaySeconds: number;
  /** HBEFA3 class of facts on fuel and emissions, e.g. `PC_G_EU4`. */
  readonly emissionClass: string;
  /** Default `idm`. */
  readonly carFollowing?: 'idm' | 'krauss' | 'cityflow';
  /** Default `ballistic`. */
  readonly integration?: 'ballistic' | 'euler';
  /** Rides abreast of others in a lane, and past a standing queue to its front. */
  readonly filtersToFront?: boolean;
  /** `timeHeadwaySeconds` is the file's and kept; else it is found from the saturation flow and `pcu`. */
  readonly fixedHeadway?: boolean;
}

export type Turn = 'left' | 'straight' | 'right' | 'u-turn';

/** Metres east (x) and north (y) of the scenario's origin. */
export interface Point {
  readonly x: number;
  readonly y: number;
}
export type Polyline = readonly Point[];

export interface ScenarioLane {
  /** Index within its approach (or exit), 0 nearest the centre line of the road. */
  readonly index: number;
  readonly widthMetres: number;
  /** Approach lanes: names of the movements allowed from it. Exit lanes: empty. */
  readonly movements: readonly string[];
  /** Centre line, in driving direction; approach lanes end at the stop line. */
  readonly path: Polyline;
}

export interface RfidReader {
  readonly position: 'stopline' | 'upstream';
  /** Distance from the stop line, metres; 0 for the stop line itself. */
  readonly distanceMetres: number;
}

export interface ScenarioBusStop {
  /** On the way to the stop line, or beyond the junction. */
  readonly side: 'approach' | 'exit';
  /** Front of the standing bus: metres before the stop line, or after the start of the exit lanes. */
  readonly distanceMetres: number;
  /** In the kerb lane, or in a bay beside it. */
  readonly kind: 'kerb' | 'bay';
  /** Mean time of standing; a bus takes half to one and a half times as long. */
  readonly dwellSeconds: number;
}

export interface ScenarioApproach {
  readonly id: string;
  readonly name: string;
  /** Compass bearing of the arm seen from the junction's centre: 0 = arm to the north. */
  readonly bearingDegrees: number;
  readonly lengthMetres: number;
  readonly speedLimitMetresPerSecond: number;
  /**
   * The other junction's exit that feeds this approach; absent where demand enters here. The road between is one: the
   * lanes here and the exit's `exitLanes` there are the same lanes (equal in number, width order and path).
   */
  readonly from?: { readonly junction: string; readonly exit: string };
  /** With `from`: where arriving vehicles go on, by movement; shares sum to 1. */
  readonly turnShares?: readonly { readonly movement: string; readonly share: number }[];
  readonly lanes: readonly ScenarioLane[];
  /** Outbound lanes of the same arm. */
  readonly exitLanes: readonly ScenarioLane[];
  readonly exitLengthMetres: number;
  readonly rfid: readonly RfidReader[];
  readonly busStops?: readonly ScenarioBusStop[];
}

export interface ScenarioMovement {
  /** `{from}-{turn}` or as named by the file; unique within the junction. */
  readonly name: string;
  readonly from: string;
  /** Name of the arm it leaves by. */
  readonly to: string;
  readonly turn: Turn;
  /** Signal group id; empty at a junction without signals. */
  readonly group: string;
  /** One path per (approach lane, exit lane) it may use, from stop line to the start of the exit lane. */
  readonly connections: readonly {
    readonly lane: number;
    readonly exitLane: number;
    readonly path: Polyline;
  }[];
}

export interface ScenarioCrossing {
  readonly approach: string;
  readonly group: string;
  readonly widthMetres: number;
  readonly lengthMetres: number;
  /**
   * Closed outline: the two corners nearer the junction, then the two farther ones. The first and the fourth lie at one
   * kerb, the second and the third at the other, clockwise seen from the centre.
   */
  readonly outline: Polyline;
  /** Whether people ask for green by a push button. */
  readonly button?: boolean;
}

/** Who gives way at a junction without signals. */
export interface RightOfWay {
  /**
   * `yield`: those who do not come by a major approach begin only where their whole way is free. `stop`: they halt first.
   * `all-way-stop`: everybody halts, and goes in the order of halting.
   */
  readonly rule: 'yield' | 'stop' | 'all-way-stop';
  /** Names of the approaches that go first; none with `all-way-stop`. */
  readonly major: readonly string[];
}

/** Seconds; what walks need is not in it. */
export interface GreenBounds {
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

export interface ScenarioJunction {
  readonly id: string;
  readonly name: string;
  /** Another system's name for it, e.g. INT_001. */
  readonly externalId?: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Centre in scenario metres. */
  readonly centre: Point;
  readonly approaches: readonly ScenarioApproach[];
  readonly movements: readonly ScenarioMovement[];
  readonly crossings: readonly ScenarioCrossing[];
  /** Paved area inside the stop lines, for drawing. */
  readonly outline: Polyline;
  /** Signal groups, stages, conflicts, intergreens, bounds and today's plan; where there is `rightOfWay`, it has none of these. */
  readonly configuration: JunctionConfiguration;
  /** Bounds of green of a stage for which the file has none of its own; absent where there is `rightOfWay`. */
  readonly greenBounds?: GreenBounds;
  /** Where there is no signal. */
  readonly rightOfWay?: RightOfWay;
}

/** Vehicles of one movement at one junction's approach (an entry of the network) over time. */
export interface DemandFlow {
  readonly junction: string;
  readonly approach: string;
  readonly movement: string;
  /** Counts in consecutive periods from the scenario's begin; the last period may be cut by the duration. */
  readonly periodSeconds: number;
  readonly vehicles: readonly number[];
  /** `poisson`: exponential gaps at the period's rate, `even`: equal gaps, `recorded`: exactly `vehicles[i]` in period i, at uniform random moments. */
  readonly arrivals: 'poisson' | 'even' | 'recorded' | 'platoon';
  /** With `platoon`: as many as `poisson` would bring, but all within the first `lastsSeconds` of every `everySeconds`. */
  readonly platoon?: { readonly everySeconds: number; readonly lastsSeconds: number; readonly offsetSeconds: number };
  /** Its whole way where the file names the exit it leaves by; else the turn shares of later approaches decide. */
  readonly route?: readonly RouteStep[];
}

/** One junction's part of a way through the network. */
export interface RouteStep {
  readonly junction: string;
  readonly movement: string;
}

/** A vehicle that the file gives by itself. */
export interface GivenVehicle {
  readonly atSeconds: number;
  readonly junction: string;
  readonly approach: string;
  /** Its way: the first movement and, where the file says so, those at the junctions that follow. */
  readonly route: readonly RouteStep[];
  readonly vehicleClass: VehicleClassName;
  /** Lane that it enters by, 0 nearest the centre line of the road; absent: the emptiest that its way can use. */
  readonly lane?: number;
}

/** People who cross an arm in one direction over time. */
export interface PedestrianFlow {
  readonly junction: string;
  /** Arm whose crossing they use. */
  readonly approach: string;
  /** Seen from the centre of the junction. */
  readonly direction: 'clockwise' | 'counterclockwise';
  readonly periodSeconds: number;
  /** People in consecutive periods from the scenario's begin. */
  readonly people: readonly number[];
  readonly arrivals: 'poisson' | 'even' | 'recorded';
  /** Share of them that ride a bicycle, 0-1. */
  readonly cyclistShare: number;
}

/** How people cross. */
export interface WalkingSettings {
  readonly meanMetresPerSecond: number;
  readonly deviationMetresPerSecond: number;
  readonly cyclistMeanMetresPerSecond: number;
  readonly cyclistDeviationMetresPerSecond: number;
  /** From the start of walk until somebody who waited steps off the kerb. */
  readonly startUpSeconds: number;
  /** Share of those that still enter while the clearance shows, 0-1. */
  readonly enterInClearanceShare: number;
}

export interface DetectionSettings {
  /** Share of vehicles that carry an RFID tag, 0-1. */
  readonly tagShare: number;
  /** Probability that a reader misses a tag in one interrogation, 0-1. */
  readonly missProbability: number;
  /** A stopped tag at the reader is read again every so many seconds. */
  readonly rereadSeconds: number;
  /** car-counts are sent every so many seconds. */
  readonly windowSeconds: number;
  /** Absent or empty: all detectors are well. */
  readonly faults?: readonly DetectorFault[];
}

/** A detector that fails for a while. */
export interface DetectorFault {
  readonly junction: string;
  readonly approach: string;
  readonly device: 'reader' | 'loop' | 'button';
  /** null: all of the approach. */
  readonly position: 'stopline' | 'upstream' | null;
  /** `stuck-on` of a button: calls always; `stuck-off`: never. */
  readonly kind: 'silent' | 'doubled' | 'rereads' | 'misses' | 'clock-drift' | 'stuck-on' | 'stuck-off';
  readonly fromSeconds: number;
  readonly untilSeconds: number;
  /** Of `misses`: that an interrogation fails, 0-1. */
  readonly probability: number;
  /** Of `clock-drift`: how much faster its clock runs. */
  readonly driftSecondsPerHour: number;
}

/** What is broadcast, and how well. */
export interface V2xSettings {
  /** Share of vehicles that send BSM, 0-1. */
  readonly share: number;
  /** Share of people on and near crossings that send PSM, 0-1. */
  readonly pedestrianShare: number;
  /** Share of the messages of road users that are lost on the air, each by itself, 0-1. */
  readonly dropoutShare: number;
  /** One standard deviation of a sent position along each axis, metres; the error drifts within ten seconds or so. */
  readonly positionNoiseMetres: number;
  /** Temporary ids change every so many seconds; null: never. */
  readonly idRotationSeconds: number | null;
  /** How far a junction's roadside unit hears, metres. */
  readonly rangeMetres: number;
  /** Each message by itself; else a junction's BSMs, and its PSMs, of a moment go together as frames. */
  readonly singly: boolean;
}

/** Goes into the safety index; it does not change how anybody moves. */
export interface WeatherSettings {
  readonly rainMillimetres: number;
  readonly visibilityMetres: number;
  readonly windMetresPerSecond: number;
  readonly temperatureCelsius: number;
}

export interface VariantSettings {
  /** `[a-z][a-z0-9-]*` */
  readonly name: string;
  readonly strategy: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
}

export interface Scenario {
  readonly version: 1;
  /** File name without ending. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly drivingSide: 'left' | 'right';
  readonly startsAtMs: number;
  readonly timeZone: string;
  readonly stepSeconds: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  readonly seeds: readonly number[];
  readonly junctions: readonly ScenarioJunction[];
  readonly vehicleClasses: readonly VehicleClass[];
  readonly demand: readonly DemandFlow[];
  /** Vehicles given one by one, on top of the flows, in the order of the file. */
  readonly vehicles?: readonly GivenVehicle[];
  /** Absent or empty: nobody walks. */
  readonly pedestrians?: readonly PedestrianFlow[];
  readonly walking?: WalkingSettings;
  readonly detection: DetectionSettings;
  /** Absent: nobody broadcasts. */
  readonly v2x?: V2xSettings;
  /** Absent: unknown. */
  readonly weather?: WeatherSettings;
  readonly variants: readonly VariantSettings[];
  /** Saturation flow the default model is to show, vehicles per hour and lane (cars). */
  readonly saturationFlowPerHourPerLane: number;
  /** What the first vehicles of a queue take longer than the later ones, s. Default 2. */
  readonly startUpLostSeconds?: number;
}

/** One mistake in an input file. Shown as `file:line:column path message. hint`. */
export interface ScenarioIssue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** e.g. `junctions[0].stages[2].greenSeconds` */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}
