/** An encounter under way. Made once per meeting; what changes at every step is overwritten in place. */

/** The moment of the most critical measure so far. */
export class Critical {
  /** Smaller of TTC and PET, seconds; infinity: nothing yet. */
  urgency = Number.POSITIVE_INFINITY;
  timeMs = 0;
  x = 0;
  y = 0;
  cos = 1;
  sin = 0;
  bFirst = false;
  speedA = 0;
  speedB = 0;
  deltaV = 0;
  signalA: string | null = null;
  signalB: string | null = null;
  linkA = -1;
  laneA = -1;
  linkB = -1;
  laneB = -1;
  mapLaneA = -1;
  mapLaneB = -1;

  copy(from: Critical): void {
    this.urgency = from.urgency;
    this.timeMs = from.timeMs;
    this.x = from.x;
    this.y = from.y;
    this.cos = from.cos;
    this.sin = from.sin;
    this.bFirst = from.bFirst;
    this.speedA = from.speedA;
    this.speedB = from.speedB;
    this.deltaV = from.deltaV;
    this.signalA = from.signalA;
    this.signalB = from.signalB;
    this.linkA = from.linkA;
    this.laneA = from.laneA;
    this.linkB = from.linkB;
    this.laneB = from.laneB;
    this.mapLaneA = from.mapLaneA;
    this.mapLaneB = from.mapLaneB;
  }
}

/** What courses say. */
export class Forecast {
  ttc = Number.POSITIVE_INFINITY;
  ttcLow = Number.NaN;
  ttcHigh = Number.NaN;
  drac = 0;
  mdrac = 0;
  withinReaction = false;
  startMs = Number.POSITIVE_INFINITY;
  endMs = Number.NEGATIVE_INFINITY;
  readonly critical = new Critical();

  clear(): void {
    this.ttc = Number.POSITIVE_INFINITY;
    this.ttcLow = Number.NaN;
    this.ttcHigh = Number.NaN;
    this.drac = 0;
    this.mdrac = 0;
    this.withinReaction = false;
    this.startMs = Number.POSITIVE_INFINITY;
    this.endMs = Number.NEGATIVE_INFINITY;
    this.critical.urgency = Number.POSITIVE_INFINITY;
  }

  /** Takes in what `other` holds. */
  merge(other: Forecast): void {
    if (other.ttc < this.ttc) {
      this.ttc = other.ttc;
      this.ttcLow = other.ttcLow;
      this.ttcHigh = other.ttcHigh;
    }
    this.drac = Math.max(this.drac, other.drac);
    this.mdrac = Math.max(this.mdrac, other.mdrac);
    this.withinReaction ||= other.withinReaction;
    this.startMs = Math.min(this.startMs, other.startMs);
    this.endMs = Math.max(this.endMs, other.endMs);
    if (other.critical.urgency < this.critical.urgency) this.critical.copy(other.critical);
  }
}

export class OpenEncounter {
  readonly a: number;
  readonly b: number;
  readonly idA: string;
  readonly idB: string;
  readonly vru: boolean;
  /** Road and lane of both when it began. */
  readonly linkA: number;
  readonly laneA: number;
  readonly linkB: number;
  readonly laneB: number;
  /** When anything was last noted, confirmed or not. */
  lastMs: number;
  /** What is certain. */
  readonly sure = new Forecast();
  /** What straight or turning courses say and the paths driven have not confirmed yet. */
  pending: Forecast | null = null;
  /** Step of the pending most critical moment; -1: nothing is pending. */
  pendingStep = -1;
  pendingSince = -1;
  pet = Number.POSITIVE_INFINITY;
  petLow = Number.NaN;
  petHigh = Number.NaN;
  touched = false;
  announced = false;

  constructor(
    a: number,
    b: number,
    ids: readonly string[],
    vru: boolean,
    nowMs: number,
    link: Int32Array,
    lane: Int32Array,
  ) {
    this.a = a;
    this.b = b;
    this.idA = ids[a]!;
    this.idB = ids[b]!;
    this.vru = vru;
    this.linkA = link[a]!;
    this.laneA = lane[a]!;
    this.linkB = link[b]!;
    this.laneB = lane[b]!;
    this.lastMs = nowMs;
  }
}
