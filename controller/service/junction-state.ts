/** What the service knows of one junction: what its devices said last, and what was decided for it. */
import { msOf } from '../../feeds/codec.ts';
import type { CarCounts, Detections, Lamps } from '../../feeds/messages.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { Radio } from '../safety/radio.ts';
import { strategyNamed } from '../strategies/index.ts';
import type { DetectorReading, Memory, Observation, Parameters, PriorityRequest, ReportedVehicle } from '../types.ts';

/** A reader that said nothing for so long is silent, seconds. */
export const SILENT_SECONDS = 60;

/** Messages that were survived rather than used. */
export interface Survived {
  /** Older than one that came before. */
  late: number;
  /** The same again. */
  doubled: number;
  /** Counts older than a cycle: history, not demand. */
  history: number;
  /** By a clock that is ahead of ours: used, but by our time. */
  skewed: number;
}

/** What a radio said longer ago than this does not hold any more, ms. */
const RADIO_FRESH_MS = 3000;

/** A device's clock may be so far ahead of ours, ms. */
const AHEAD_MS = 2000;

const UNKNOWN_LAMPS: Observation['lamps'] = {
  stageId: null,
  secondsLeft: null,
  cycleSecondsLeft: null,
  byGroup: {},
  source: 'local',
};

export class JunctionState {
  readonly configuration: JunctionConfiguration;
  readonly strategy: string;
  readonly parameters: Parameters;
  readonly survived: Survived = { late: 0, doubled: 0, history: 0, skewed: 0 };
  memory: Memory = null;
  /** Highest sequence number given out. */
  seq: number;
  /** Time of the last frame decided on; null before the first. */
  frameMs: number | null = null;
  /** A decision is under way on another thread. */
  busy = false;

  /** What is broadcast; null where the strategy does not go by it. */
  readonly radio: Radio | null;

  private readings: Record<string, DetectorReading> = {};
  private priority: readonly PriorityRequest[] | null = null;
  private vehicles: readonly ReportedVehicle[] | null = null;
  private reportingShare: number | undefined;
  private detectionsMs: number | null = null;
  private detectionsSeq = -1;
  private lamps: Observation['lamps'] = UNKNOWN_LAMPS;
  private lampsMs: number | null = null;
  private lampsSeq = -1;
  /** Per approach: detector ids at the stop line, when last heard of, count at the last plan. */
  private readonly stopLines: readonly (readonly string[])[];
  private readonly heardMs: (number | null)[];
  private readonly countsAtPlan: number[];
  /** Newest car-counts by lane and position, ms. */
  private readonly countedMs = new Map<string, number>();

  /** `clock`: ours, on a street; absent in a simulation. */
  constructor(
    configuration: JunctionConfiguration,
    strategy: string,
    parameters: Parameters,
    startSeq: number,
    clock?: () => number,
  ) {
    this.configuration = configuration;
    this.strategy = strategy;
    this.parameters = parameters;
    this.seq = startSeq;
    this.radio = strategyNamed(strategy).listens?.(parameters)
      ? new Radio({ intersectionId: configuration.intersectionId, clock })
      : null;
    this.stopLines = configuration.approaches.map(({ name }) => {
      const lanes = (configuration.detectors ?? []).filter(
        (detector) => detector.approach === name && detector.position === 'stopline' && detector.lane !== null,
      );
      return [`${name}:stopline`, ...lanes.map((detector) => detector.id)];
    });
    this.heardMs = configuration.approaches.map(() => null);
    this.countsAtPlan = configuration.approaches.map(() => 0);
  }

  /** Newest time that a device told; null before the first message. */
  get latestMs(): number | null {
    return this.detectionsMs ?? this.lampsMs;
  }

  /**
   * True where it is news. `wallMs`: our own clock on a street, where devices' clocks are off, step and stop; null in a
   * simulation, where all go by one.
   */
  receiveDetections(message: Detections, wallMs: number | null = null): boolean {
    const atMs = this.timeOf(message.timestamp, wallMs);
    if (atMs === null) return false;
    const usedMs = this.inOrder(atMs, message.seq, this.detectionsMs, this.detectionsSeq, wallMs);
    if (usedMs === null) return false;
    // From here on loops lead; what car-counts had summed up is another account.
    this.readings = message.detectors;
    this.priority = message.priority?.map(({ speed, ...own }) => ({ ...own, metresPerSecond: speed })) ?? null;
    this.vehicles = message.vehicles?.map(({ speed, ...own }) => ({ ...own, metresPerSecond: speed })) ?? null;
    this.reportingShare = message.reporting_share;
    this.detectionsMs = usedMs;
    this.detectionsSeq = message.seq;
    this.hear(usedMs, (id) => message.detectors[id] !== undefined);
    return true;
  }

  receiveLamps(message: Lamps, wallMs: number | null = null): boolean {
    if (wallMs !== null) this.seq = Math.max(this.seq, message.command_seq ?? -1);
    let atMs = this.timeOf(message.timestamp, wallMs);
    if (atMs === null) return false;
    // Two changes may share a millisecond: the later one counts. A clock that was set back sends higher numbers.
    if (this.lampsMs !== null && atMs < this.lampsMs) {
      if (wallMs === null || message.seq <= this.lampsSeq) {
        this.survived.late++;
        return false;
      }
      atMs = Math.max(this.lampsMs, wallMs);
    }
    this.lampsMs = atMs;
    this.lampsSeq = message.seq;
    this.lamps = {
      stageId: message.stage,
      secondsLeft: message.seconds_left,
      cycleSecondsLeft: message.cycle_seconds_left ?? null,
      byGroup: message.lamps,
      source: message.source,
    };
    return true;
  }

  /** When the lamps were last heard of, ms; null: never. */
  get lampsHeardMs(): number | null {
    return this.lampsMs;
  }

  /** When loops were last heard of, ms; null: never. */
  get loopsHeardMs(): number | null {
    return this.detectionsMs;
  }

  /** When counts or detections were last heard of, ms; null: never. */
  get countsHeardMs(): number | null {
    let latest = this.detectionsMs;
    for (const atMs of this.countedMs.values()) if (latest === null || atMs > latest) latest = atMs;
    return latest;
  }

  /** A device's time as it may be used: never ahead of ours; null where it is older than a cycle. */
  private timeOf(timestamp: string, wallMs: number | null): number | null {
    const atMs = msOf(timestamp);
    if (wallMs === null) return atMs;
    if (atMs > wallMs + AHEAD_MS) {
      this.survived.skewed++;
      return wallMs;
    }
    if (wallMs - atMs > this.configuration.maxCycleSeconds * 1000) {
      this.survived.history++;
      return null;
    }
    return atMs;
  }

  /** The time under which a message is taken in; null where it is none but old or doubled. */
  private inOrder(
    atMs: number,
    seq: number,
    beforeMs: number | null,
    beforeSeq: number,
    wallMs: number | null,
  ): number | null {
    if (beforeMs === null || atMs > beforeMs) return atMs;
    // A clock that was set back: the numbers still grow.
    if (wallMs !== null && seq > beforeSeq) return Math.max(beforeMs + 1, wallMs);
    this.isNews(atMs, beforeMs);
    return null;
  }

  /** RFID counts stand in for loops at junctions that have none. */
  receiveCarCounts(message: CarCounts, wallMs: number | null = null): boolean {
    const approach = this.configuration.approaches.findIndex(({ id }) => id === message.lane_id);
    if (approach < 0) return false;
    const atMs = this.timeOf(message.timestamp, wallMs);
    if (atMs === null) return false;
    const position = message.position ?? 'stopline';
    const key = `${message.lane_id} ${position}`;
    if (!this.isNews(atMs, this.countedMs.get(key) ?? null)) return false;
    this.countedMs.set(key, atMs);
    if (position === 'stopline') this.heardMs[approach] = Math.max(this.heardMs[approach] ?? 0, atMs);
    if (this.detectionsMs !== null) return true;
    const nowMs = wallMs ?? this.lampsMs ?? atMs;
    if (nowMs - atMs > this.configuration.maxCycleSeconds * 1000) {
      this.survived.history++;
      return false;
    }
    const id = `${this.configuration.approaches[approach]!.name}:${position}`;
    const count = (this.readings[id]?.count ?? 0) + message.vehicle_count;
    this.readings = { ...this.readings, [id]: { count, occupancy: 0, presence: false } };
    return true;
  }

  /** Everything known at `nowMs`; a frame of its own. */
  observe(nowMs: number): Observation {
    const elapsedSeconds = this.frameMs === null ? 1 : Math.max(0, nowMs - this.frameMs) / 1000;
    this.frameMs = nowMs;
    const since = this.lampsMs === null ? 0 : Math.max(0, nowMs - this.lampsMs) / 1000;
    const lamps =
      since === 0
        ? this.lamps
        : {
            ...this.lamps,
            secondsLeft: left(this.lamps.secondsLeft, since),
            cycleSecondsLeft: left(this.lamps.cycleSecondsLeft, since),
          };
    const radio = this.radio?.picture(nowMs) ?? null;
    const heardLately = this.detectionsMs !== null && nowMs - this.detectionsMs <= RADIO_FRESH_MS;
    return {
      nowMs,
      elapsedSeconds,
      detectors: this.readings,
      countsSincePlan: this.countsSincePlan(nowMs),
      lamps,
      ...(radio && { radio }),
      ...(this.priority === null ? {} : { priority: heardLately ? this.priority : [] }),
      // a radio that has fallen silent is none: then the detectors lead
      ...(this.vehicles === null || !heardLately ? {} : { vehicles: this.vehicles }),
      ...(this.vehicles === null || !heardLately || this.reportingShare === undefined
        ? {}
        : { reportingShare: this.reportingShare }),
    };
  }

  /** A plan was decided: counting begins anew. */
  planDecided(): void {
    for (let i = 0; i < this.stopLines.length; i++) this.countsAtPlan[i] = this.countOf(i);
  }

  private countsSincePlan(nowMs: number): (number | null)[] {
    return this.stopLines.map((_, i) => {
      const heardMs = this.heardMs[i] ?? null;
      if (heardMs === null ? this.latestMs !== null && this.isLongAgo(nowMs) : nowMs - heardMs > SILENT_SECONDS * 1000)
        return null;
      const count = this.countOf(i);
      // A counter that began anew counts from 0.
      return count >= this.countsAtPlan[i]! ? count - this.countsAtPlan[i]! : count;
    });
  }

  private firstMs: number | null = null;
  /** Whether the first frame is longer ago than a reader may be silent. */
  private isLongAgo(nowMs: number): boolean {
    this.firstMs ??= nowMs;
    return nowMs - this.firstMs > SILENT_SECONDS * 1000;
  }

  private countOf(approach: number): number {
    const [whole, ...lanes] = this.stopLines[approach]!;
    const reading = this.readings[whole!];
    if (reading !== undefined) return reading.count;
    return lanes.reduce((sum, id) => sum + (this.readings[id]?.count ?? 0), 0);
  }

  private hear(atMs: number, reports: (id: string) => boolean): void {
    for (let i = 0; i < this.stopLines.length; i++) if (this.stopLines[i]!.some(reports)) this.heardMs[i] = atMs;
  }

  private isNews(atMs: number, beforeMs: number | null): boolean {
    if (beforeMs === null || atMs > beforeMs) return true;
    if (atMs === beforeMs) this.survived.doubled++;
    else this.survived.late++;
    return false;
  }
}

function left(seconds: number | null, since: number): number | null {
  return seconds === null ? null : Math.max(0, Math.round((seconds - since) * 1000) / 1000);
}
