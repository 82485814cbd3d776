/**
 * What a junction's radio tells of this moment, matched to the lanes of its MAP: who drives towards a stop line, who is
 * between stop line and exit, who walks on a crossing. For strategies that weigh safety; encounters are `encounters.ts`.
 */
import cosine from '@stdlib/math-base-special-cos';
import sine from '@stdlib/math-base-special-sin';
import { type LocalFrame, localFrame, toLocal } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import { readV2xValue } from '../../feeds/v2x/read.ts';
import { LaneMap, matchedLane } from './lane-map.ts';

/** A vehicle towards a stop line or past it. */
export interface RadioVehicle {
  readonly id: string;
  /** J2735 number of the signal group it obeys; null: its lane has several. */
  readonly group: number | null;
  /** From its front to the stop line; below zero past it, in the junction. */
  readonly metres: number;
  readonly metresPerSecond: number;
}

/** Somebody who walks or rides on a crossing. */
export interface RadioPerson {
  readonly id: string;
  /** J2735 number of the crossing's signal group. */
  readonly group: number | null;
  readonly metresPerSecond: number;
}

export interface RadioPicture {
  /** When, ms since 1970; on a street by the controller's own clock. */
  readonly atMs: number;
  readonly vehicles: readonly RadioVehicle[];
  readonly people: readonly RadioPerson[];
}

/** Older than this, a message says nothing about now. */
const FRESH_MS = 300;
/** Who left its lane over the stop line is in the junction until it is on an exit, or for so long. */
const INSIDE_MS = 20_000;
/** Slower than this, somebody stands. */
const WALKS_METRES_PER_SECOND = 0.4;
const MOST_FRAMES = 64;
/** On a street each message may come alone: more of them, but no older ones. */
const MOST_HEARD = 10_000;
const MOST_USERS = 5000;
/** Metres past the stop line from where a vehicle is taken to have left a junction without exit lanes in its MAP. */
const FAR_METRES = 60;
/** How far upstream vehicles are told of. */
const UPSTREAM_METRES = 150;

interface Entered {
  readonly group: number | null;
  readonly lane: number;
  readonly atMs: number;
}

export interface RadioOptions {
  /** J2735 number of the intersection, of whose lanes a MAP of several is read; absent: its first. */
  readonly intersectionId?: number;
  /**
   * Ms since 1970 of a street, where the clocks of roadside units and devices are not trusted: a message is as old as it is
   * here. Absent: in a simulation, where all go by one clock, it is as old as it says.
   */
  readonly clock?: (() => number) | undefined;
}

export class Radio {
  readonly #options: RadioOptions;
  #map: LaneMap | null = null;
  #revision = -1;
  #frame: LocalFrame | null = null;
  #recent: unknown[] = [];
  /** On a street: when each of the recent ones came. */
  #cameMs: number[] = [];
  #heard = 0;
  /** By vehicle: the inbound lane it was on last. */
  readonly #entered = new Map<string, Entered>();

  constructor(options: RadioOptions = {}) {
    this.#options = options;
  }

  /** Whether a MAP came: before, nothing that is heard can be used. */
  get knowsLanes(): boolean {
    return this.#map !== null;
  }

  /** Messages and frames of BSM and PSM that came so far. */
  get heard(): number {
    return this.#heard;
  }

  /** A message or frame of BSM or PSM. What cannot be read is passed over. */
  take(message: unknown): void {
    this.#heard++;
    this.#recent.push(message);
    const { clock } = this.#options;
    if (clock === undefined) {
      if (this.#recent.length > MOST_FRAMES) this.#recent.shift();
      return;
    }
    this.#cameMs.push(clock());
    if (this.#recent.length < 2 * MOST_HEARD) return;
    this.#recent = this.#recent.slice(-MOST_HEARD);
    this.#cameMs = this.#cameMs.slice(-MOST_HEARD);
  }

  /** A MAP message. Of a street's junction a later one with another revision takes its place. */
  takeMap(message: unknown): void {
    const { clock, intersectionId } = this.#options;
    if (this.#map !== null && clock === undefined) return;
    for (const one of readV2xValue(message).messages) {
      if (one.kind !== 'map') continue;
      const own = one.intersections.find(({ key }) => key.id === intersectionId) ?? one.intersections[0];
      if (own === undefined || Math.abs(own.latitudeDegrees) > 89) continue;
      if (this.#map?.intersectionId === own.key.id && this.#revision === own.revision) continue;
      this.#frame = localFrame(own.latitudeDegrees, own.longitudeDegrees);
      this.#map = new LaneMap(own, this.#frame);
      this.#revision = own.revision;
      this.#entered.clear();
    }
  }

  /**
   * Who is where now: at `frameMs`, by the devices' clocks, or on a street by ours. null: the lanes are not known yet.
   * Order: by id.
   */
  picture(frameMs: number): RadioPicture | null {
    const map = this.#map;
    const frame = this.#frame;
    const nowMs = this.#options.clock?.() ?? frameMs;
    const recent = this.#recentAt(nowMs);
    if (map === null || frame === null) return null;
    const latest = this.#options.clock === undefined ? newest(recent, nowMs) : newestToCome(recent, nowMs);
    const vehicles: RadioVehicle[] = [];
    const people: RadioPerson[] = [];
    for (const [id, one] of [...latest].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { latitudeDegrees, longitudeDegrees, headingDegrees, speedMetresPerSecond: speed } = one;
      if (latitudeDegrees === null || longitudeDegrees === null || speed === null) continue;
      const [x, y] = toLocal(frame, latitudeDegrees, longitudeDegrees);
      const heading = ((90 - (headingDegrees ?? 0)) * Math.PI) / 180;
      map.match(x, y, cosine(heading), sine(heading), one.kind === 'psm');
      const lane = matchedLane.index;
      if (one.kind === 'psm') {
        // who stands at the kerb waits, and keeps nobody from going
        if (lane >= 0 && speed >= WALKS_METRES_PER_SECOND)
          people.push({ id, group: groupOf(map, lane), metresPerSecond: speed });
        continue;
      }
      const found = this.#vehicle(map, id, lane, x, y, speed, (one.lengthMetres ?? 4.5) / 2, nowMs);
      if (found !== null) vehicles.push(found);
    }
    for (const [id, { atMs }] of this.#entered) if (nowMs - atMs > INSIDE_MS) this.#entered.delete(id);
    return { atMs: nowMs, vehicles, people };
  }

  /** What came since the last picture; of a street all that is fresh, for frames may follow on each other. */
  #recentAt(nowMs: number): readonly unknown[] {
    const recent = this.#recent;
    if (this.#options.clock === undefined) {
      this.#recent = [];
      return recent;
    }
    // a clock that was set back leaves what came before it in the future
    const first = this.#cameMs.findIndex((cameMs) => Math.abs(nowMs - cameMs) <= FRESH_MS);
    this.#recent = first < 0 ? [] : recent.slice(first);
    this.#cameMs = first < 0 ? [] : this.#cameMs.slice(first);
    return this.#recent;
  }

  #vehicle(
    map: LaneMap,
    id: string,
    lane: number,
    x: number,
    y: number,
    speed: number,
    halfLength: number,
    nowMs: number,
  ): RadioVehicle | null {
    if (lane >= 0 && map.lanes[lane]!.use === 'ingress' && matchedLane.rightWay) {
      const metres = map.toStopLine(lane, x, y) - halfLength;
      if (metres > UPSTREAM_METRES) return null;
      const group = groupOf(map, lane);
      this.#entered.set(id, { group, lane, atMs: nowMs });
      return { id, group, metres, metresPerSecond: speed };
    }
    const entered = this.#entered.get(id);
    if (entered === undefined) return null;
    const metres = map.toStopLine(entered.lane, x, y) - halfLength;
    if ((lane >= 0 && map.lanes[lane]!.use === 'egress') || metres < -FAR_METRES) {
      this.#entered.delete(id);
      return null;
    }
    return { id, group: entered.group, metres: Math.min(metres, 0), metresPerSecond: speed };
  }
}

type OfUser = V2xMessage & { readonly kind: 'bsm' | 'psm' };

/** The newest of everybody's messages, if it is fresh. The newest frames come last: older ones are not even read. */
function newest(recent: readonly unknown[], nowMs: number): Map<string, OfUser> {
  const latest = new Map<string, OfUser>();
  let stale = 0;
  for (let i = recent.length - 1; i >= 0 && stale < 4; i--) {
    let fresh = false;
    for (const one of readV2xValue(recent[i], { receivedAtMs: nowMs }).messages) {
      if (one.kind !== 'bsm' && one.kind !== 'psm') continue;
      if (!(Math.abs(nowMs - one.receivedAtMs) <= FRESH_MS)) continue;
      fresh = true;
      if (!latest.has(one.id) && latest.size < MOST_USERS) latest.set(one.id, one);
    }
    // vehicles and people come in frames of their own, by turns
    stale = fresh ? 0 : stale + 1;
  }
  return latest;
}

/** The last that came of everybody, whatever time it says. */
function newestToCome(recent: readonly unknown[], nowMs: number): Map<string, OfUser> {
  const latest = new Map<string, OfUser>();
  for (let i = recent.length - 1; i >= 0; i--) {
    const { messages } = readV2xValue(recent[i], { receivedAtMs: nowMs });
    for (let j = messages.length - 1; j >= 0; j--) {
      const one = messages[j]!;
      if ((one.kind === 'bsm' || one.kind === 'psm') && !latest.has(one.id) && latest.size < MOST_USERS)
        latest.set(one.id, one);
    }
  }
  return latest;
}

function groupOf(map: LaneMap, lane: number): number | null {
  const { signalGroup } = map.lanes[lane]!;
  return signalGroup < 0 ? null : signalGroup;
}
