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

export class Radio {
  #map: LaneMap | null = null;
  #frame: LocalFrame | null = null;
  #recent: unknown[] = [];
  /** By vehicle: the inbound lane it was on last. */
  readonly #entered = new Map<string, Entered>();

  /** A message or frame of BSM or PSM. What cannot be read is passed over. */
  take(message: unknown): void {
    this.#recent.push(message);
    if (this.#recent.length > MOST_FRAMES) this.#recent.shift();
  }

  /** A MAP message; the first intersection with lanes is this one. */
  takeMap(message: unknown): void {
    if (this.#map !== null) return;
    for (const one of readV2xValue(message).messages) {
      const [first] = one.kind === 'map' ? one.intersections : [];
      if (first === undefined || Math.abs(first.latitudeDegrees) > 89) continue;
      this.#frame = localFrame(first.latitudeDegrees, first.longitudeDegrees);
      this.#map = new LaneMap(first, this.#frame);
    }
  }

  /** Who is where at `nowMs`; null: the lanes are not known yet. Order: by id. */
  picture(nowMs: number): RadioPicture | null {
    const map = this.#map;
    const frame = this.#frame;
    const recent = this.#recent;
    this.#recent = [];
    if (map === null || frame === null) return null;
    const latest = this.#latest(recent, nowMs);
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
    return { vehicles, people };
  }

  /** The newest of everybody's messages, if it is fresh. The newest frames come last: older ones are not even read. */
  #latest(recent: readonly unknown[], nowMs: number): Map<string, V2xMessage & { kind: 'bsm' | 'psm' }> {
    const latest = new Map<string, V2xMessage & { kind: 'bsm' | 'psm' }>();
    let stale = 0;
    for (let i = recent.length - 1; i >= 0 && stale < 4; i--) {
      const { messages } = readV2xValue(recent[i], { receivedAtMs: nowMs });
      let fresh = false;
      for (const one of messages) {
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

function groupOf(map: LaneMap, lane: number): number | null {
  const { signalGroup } = map.lanes[lane]!;
  return signalGroup < 0 ? null : signalGroup;
}
