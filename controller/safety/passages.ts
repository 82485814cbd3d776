/**
 * What vehicles do at the stop lines of a MAP: pass them and at what light, stop there, drive the wrong way, go from a lane to
 * one that it does not lead to. State is a few numbers per road user now near.
 */
import { type LaneMap, matchedLane } from './lane-map.ts';

export type Light = 'green' | 'yellow' | 'red' | 'dark' | 'unknown';

/** What an eventState allows. Red and yellow together is red: nobody may go yet. */
export function lightOf(state: string | null): Light {
  switch (state) {
    case 'protected-Movement-Allowed':
    case 'permissive-Movement-Allowed':
      return 'green';
    case 'protected-clearance':
    case 'permissive-clearance':
      return 'yellow';
    case 'stop-And-Remain':
    case 'stop-Then-Proceed':
    case 'pre-Movement':
      return 'red';
    case 'dark':
    case 'caution-Conflicting-Traffic':
      return 'dark';
    default:
      return 'unknown';
  }
}

export interface StopLinePassage {
  readonly user: string;
  readonly timeMs: number;
  readonly lane: number;
  readonly approach: number;
  /** Lane by which it left the junction; null: not seen. */
  readonly egressLane: number | null;
  /** Whether it turned by more than 30 degrees; null: the way out was not seen. */
  readonly turned: boolean | null;
  /** null: the lane has several and it is not known which applied. */
  readonly signalGroup: number | null;
  readonly light: Light;
  readonly state: string | null;
  /** How long it had shown that; null: since before it was first heard. */
  readonly secondsIntoState: number | null;
  readonly speedMetresPerSecond: number;
  /** MAP lets this lane turn on red: a passage at red is then no offence by itself. */
  readonly turnsOnRed: boolean;
}

export interface StopLineStop {
  readonly user: string;
  readonly timeMs: number;
  readonly lane: number;
  readonly signalGroup: number | null;
  /** Seconds that it stood there while its light was. */
  readonly seconds: Readonly<Record<Light, number>>;
}

/** A vehicle that left by a lane to which the one it came from does not lead. */
export interface UnmappedConnection {
  readonly user: string;
  readonly timeMs: number;
  readonly lane: number;
  readonly egressLane: number;
}

/** A vehicle that drove against its lane for a second or more. */
export interface WrongWay {
  readonly user: string;
  readonly timeMs: number;
  readonly lane: number;
}

export interface PassageEvents {
  readonly passages: StopLinePassage[];
  readonly stops: StopLineStop[];
  readonly unmapped: UnmappedConnection[];
  readonly wrongWay: WrongWay[];
}

interface Crossing {
  /** It went on beyond the line: it did not stop with its front across it. */
  beyond: boolean;
  readonly user: string;
  readonly timeMs: number;
  readonly laneIndex: number;
  readonly speed: number;
  /** State of each connection's group at that moment, and since when. */
  readonly states: readonly { readonly state: string | null; readonly sinceMs: number | null }[];
}

/** Signal states, and since when. */
export interface Signals {
  state(group: number): string | null;
  sinceMs(group: number): number | null;
}

/** Who stands this near to the stop line stands at it. */
const AT_STOP_LINE_METRES = 20;
const STANDS = 0.5;
/** A passage whose way out is not seen is reported after so long. */
const MAX_INSIDE_MS = 20_000;
const WRONG_WAY_MS = 1000;
/** Metres beside its lane's axis at which a vehicle is taken for passing that lane's stop line. */
const BESIDE = 3;
/** Metres beyond the line at which a passage is one. */
const BEYOND_METRES = 5;
/** Slowest passage that counts: a position that trembles at the line is none. */
const MIN_SPEED = 0.5;

export class Passages {
  #map: LaneMap;
  readonly #signals: Signals;
  #serial = new Float64Array(256);
  /** Ingress lane that it is or was last on. */
  #lane = new Int32Array(256);
  #ahead = new Float64Array(256);
  #timeMs = new Float64Array(256);
  #speed = new Float64Array(256);
  #wrongSinceMs = new Float64Array(256);
  #wrongTold = new Uint8Array(256);
  readonly #crossings = new Map<number, Crossing>();
  readonly #standing = new Map<
    number,
    { user: string; laneIndex: number; fromMs: number; seconds: Record<Light, number> }
  >();
  #events: PassageEvents = { passages: [], stops: [], unmapped: [], wrongWay: [] };
  /** Lane and signal group of the user last looked at; -1: unknown. */
  laneId = -1;
  group = -1;

  constructor(map: LaneMap, signals: Signals) {
    this.#map = map;
    this.#signals = signals;
  }

  get map(): LaneMap {
    return this.#map;
  }

  #grow(slot: number): void {
    let size = this.#serial.length;
    while (size <= slot) size *= 2;
    const wider = <T extends Float64Array | Int32Array | Uint8Array>(old: T): T => {
      const bigger = new (old.constructor as new (length: number) => T)(size);
      bigger.set(old);
      return bigger;
    };
    this.#serial = wider(this.#serial);
    this.#lane = wider(this.#lane);
    this.#ahead = wider(this.#ahead);
    this.#timeMs = wider(this.#timeMs);
    this.#speed = wider(this.#speed);
    this.#wrongSinceMs = wider(this.#wrongSinceMs);
    this.#wrongTold = wider(this.#wrongTold);
  }

  /** A user, the `serial`-th ever, is at `x, y` (its middle). Sets `laneId` and `group`. */
  at(
    slot: number,
    serial: number,
    user: string,
    onFoot: boolean,
    timeMs: number,
    x: number,
    y: number,
    hx: number,
    hy: number,
    halfLength: number,
    speed: number,
  ): void {
    this.laneId = -1;
    this.group = -1;
    const map = this.#map;
    map.match(x, y, hx, hy, onFoot);
    if (onFoot) {
      if (matchedLane.index < 0) return;
      const lane = map.lanes[matchedLane.index]!;
      this.laneId = lane.id;
      this.group = lane.signalGroup;
      return;
    }
    if (slot >= this.#serial.length) this.#grow(slot);
    if (this.#serial[slot] !== serial) {
      this.#end(slot);
      this.#serial[slot] = serial;
      this.#lane[slot] = -1;
      this.#wrongSinceMs[slot] = Number.NaN;
      this.#wrongTold[slot] = 0;
    }
    const { index, rightWay } = matchedLane;
    const frontX = x + hx * halfLength;
    const frontY = y + hy * halfLength;
    const crossing = this.#crossings.get(slot);
    if (index >= 0) {
      const lane = map.lanes[index]!;
      this.#direction(slot, user, timeMs, lane.id, rightWay, speed);
      if (rightWay && lane.use === 'egress') {
        this.laneId = lane.id;
        if (crossing !== undefined) this.#settle(slot, crossing, lane.id, timeMs);
        this.#lane[slot] = -1;
        return;
      }
    }
    const last = this.#lane[slot]!;
    if (crossing !== undefined && !crossing.beyond)
      if (map.toStopLine(crossing.laneIndex, frontX, frontY) < -BEYOND_METRES) crossing.beyond = true;
    if (last >= 0 && crossing === undefined) {
      const ahead = map.toStopLine(last, frontX, frontY);
      if (ahead <= 0 && this.#ahead[slot]! > 0 && map.besideStopLine(last, frontX, frontY) < BESIDE) {
        const share = this.#ahead[slot]! / (this.#ahead[slot]! - ahead);
        const atMs = this.#timeMs[slot]! + share * (timeMs - this.#timeMs[slot]!);
        if (speed >= MIN_SPEED && this.#ahead[slot]! - ahead < 30) {
          this.#cross(slot, user, last, Math.round(atMs), speed);
          this.#ahead[slot] = ahead;
        }
      }
    }
    if (index >= 0 && rightWay && map.lanes[index]!.use === 'ingress') {
      const lane = map.lanes[index]!;
      const ahead = map.toStopLine(index, frontX, frontY);
      if (ahead > 0) {
        this.#lane[slot] = index;
        this.#ahead[slot] = ahead;
      }
      this.#stand(slot, user, index, timeMs, ahead, speed);
      this.laneId = lane.id;
    }
    const mine = this.#lane[slot]!;
    if (mine >= 0) this.group = map.lanes[mine]!.signalGroup;
    this.#timeMs[slot] = timeMs;
    this.#speed[slot] = speed;
  }

  #direction(slot: number, user: string, timeMs: number, lane: number, rightWay: boolean, speed: number): void {
    if (rightWay || speed < 1) {
      this.#wrongSinceMs[slot] = Number.NaN;
      return;
    }
    if (Number.isNaN(this.#wrongSinceMs[slot]!)) this.#wrongSinceMs[slot] = timeMs;
    if (this.#wrongTold[slot] === 0 && timeMs - this.#wrongSinceMs[slot]! >= WRONG_WAY_MS) {
      this.#wrongTold[slot] = 1;
      this.#events.wrongWay.push({ user, timeMs, lane });
    }
  }

  #cross(slot: number, user: string, laneIndex: number, timeMs: number, speed: number): void {
    const lane = this.#map.lanes[laneIndex]!;
    const states = lane.connections.map(({ signalGroup }) =>
      signalGroup === null
        ? { state: null, sinceMs: null }
        : { state: this.#signals.state(signalGroup), sinceMs: this.#signals.sinceMs(signalGroup) },
    );
    this.#endStand(slot, timeMs);
    this.#crossings.set(slot, { beyond: false, user, timeMs, laneIndex, speed, states });
  }

  /** The way out of a crossing is known. */
  #settle(slot: number, crossing: Crossing, egressLane: number, timeMs: number): void {
    this.#crossings.delete(slot);
    const lane = this.#map.lanes[crossing.laneIndex]!;
    const by = lane.connections.findIndex((one) => one.lane === egressLane);
    if (by < 0 && lane.connections.length > 0)
      this.#events.unmapped.push({ user: crossing.user, timeMs, lane: lane.id, egressLane });
    this.#tell(crossing, egressLane, by);
  }

  #tell(crossing: Crossing, egressLane: number | null, by: number): void {
    const { user, timeMs, speed, states } = crossing;
    const lane = this.#map.lanes[crossing.laneIndex]!;
    let which = by;
    // several groups, and the way out not seen: certain only where all showed the same
    if (which < 0 && states.length > 0 && states.every((one) => one.state === states[0]!.state)) which = 0;
    const { state, sinceMs } = states[which] ?? { state: null, sinceMs: null };
    this.#events.passages.push({
      user,
      timeMs,
      lane: lane.id,
      approach: lane.approach,
      egressLane,
      turned: egressLane === null ? null : this.#map.turns(crossing.laneIndex, egressLane),
      signalGroup: by >= 0 ? lane.connections[by]!.signalGroup : lane.signalGroup >= 0 ? lane.signalGroup : null,
      light: lightOf(state),
      state,
      secondsIntoState: sinceMs === null ? null : Math.max(0, timeMs - sinceMs) / 1000,
      speedMetresPerSecond: speed,
      turnsOnRed: lane.turnsOnRed,
    });
  }

  #stand(slot: number, user: string, index: number, timeMs: number, ahead: number, speed: number): void {
    if (speed >= STANDS || ahead > AT_STOP_LINE_METRES) {
      this.#endStand(slot, timeMs);
      return;
    }
    const known = this.#standing.get(slot);
    if (known === undefined || known.laneIndex !== index) {
      this.#endStand(slot, timeMs);
      this.#standing.set(slot, {
        user,
        laneIndex: index,
        fromMs: timeMs,
        seconds: { green: 0, yellow: 0, red: 0, dark: 0, unknown: 0 },
      });
      return;
    }
    const { signalGroup } = this.#map.lanes[index]!;
    const light = signalGroup < 0 ? 'unknown' : lightOf(this.#signals.state(signalGroup));
    known.seconds[light] += Math.min(1000, timeMs - this.#timeMs[slot]!) / 1000;
  }

  #endStand(slot: number, timeMs: number): void {
    const known = this.#standing.get(slot);
    if (known === undefined) return;
    this.#standing.delete(slot);
    // a second at the line is a stop
    if (timeMs - known.fromMs < 1000) return;
    const lane = this.#map.lanes[known.laneIndex]!;
    this.#events.stops.push({
      user: known.user,
      timeMs: known.fromMs,
      lane: lane.id,
      signalGroup: lane.signalGroup < 0 ? null : lane.signalGroup,
      seconds: known.seconds,
    });
  }

  #end(slot: number): void {
    const crossing = this.#crossings.get(slot);
    if (crossing !== undefined) {
      this.#crossings.delete(slot);
      const { connections } = this.#map.lanes[crossing.laneIndex]!;
      if (crossing.beyond) this.#tell(crossing, null, connections.length === 1 ? 0 : -1);
    }
    this.#endStand(slot, this.#timeMs[slot]!);
  }

  /** Reports passages whose way out was not seen in time. */
  review(nowMs: number): void {
    for (const [slot, crossing] of this.#crossings) if (nowMs - crossing.timeMs > MAX_INSIDE_MS) this.#end(slot);
    for (const slot of this.#standing.keys()) if (nowMs - this.#timeMs[slot]! > 2000) this.#end(slot);
  }

  /** Ends all under way. */
  finish(): void {
    for (const slot of [...this.#crossings.keys(), ...this.#standing.keys()]) this.#end(slot);
  }

  take(): PassageEvents {
    const events = this.#events;
    this.#events = { passages: [], stops: [], unmapped: [], wrongWay: [] };
    return events;
  }
}
