/**
 * What is wrong with the messages themselves, under jpo-conflictmonitor's names: rate, minimum data, message count, times of
 * change, progression of states, and signals that contradict MAP. A fault is told when it begins and counted while it lasts.
 */
import type {
  IntersectionGeometry,
  MapMessage,
  Movement,
  PersonMessage,
  SignalMessage,
  V2xMessage,
  VehicleMessage,
} from '../../feeds/v2x/messages.ts';
import { resolveTimeMark } from '../../feeds/v2x/units.ts';

export type MessageCheck =
  | 'broadcast-rate'
  | 'minimum-data'
  | 'message-count-progression'
  | 'time-change-details'
  | 'event-state-progression'
  | 'signal-state-conflict';

export interface MessageFault {
  readonly check: MessageCheck;
  /** What it is of, such as "SPaT 12101" or "SPaT 12101 group 4". */
  readonly subject: string;
  readonly timeMs: number;
  readonly detail: string;
}

/** Messages of a kind that must come in 10 s. */
const RATES = { spat: [90, 110], map: [9, 11] } as const;
const RATE_WINDOW_MS = 10_000;
/** Most senders and groups of which something is remembered. */
const MOST_SUBJECTS = 50_000;
/** A fault that was not seen for so long is told anew. */
const QUIET_MS = 10_000;

const GO = new Set(['permissive-Movement-Allowed', 'protected-Movement-Allowed']);
const CLEARING = new Set(['permissive-clearance', 'protected-clearance']);
const STOP = new Set(['stop-And-Remain', 'stop-Then-Proceed']);

/** Why state `after` may not follow `before`; null: it may. People's lights have no clearance that is shown. */
export function illegalProgression(before: string, after: string, forPeople: boolean): string | null {
  if (before === after) return null;
  if (GO.has(before) && STOP.has(after) && !forPeople) return 'green to red without clearance';
  if (CLEARING.has(before) && after === 'pre-Movement') return 'clearance to pre-movement';
  if ((STOP.has(before) || before === 'pre-Movement') && CLEARING.has(after)) return `${before} to clearance`;
  if (before === 'pre-Movement' && STOP.has(after)) return 'pre-movement back to red';
  if (before === 'protected-clearance' && after === 'protected-Movement-Allowed') return 'clearance back to green';
  return null;
}

/** Faults that are under way, so that each is told once. */
class Under {
  readonly #last = new Map<string, number>();

  /** Whether it is new at `timeMs`. */
  begins(what: string, timeMs: number): boolean {
    const last = this.#last.get(what);
    if (last === undefined && this.#last.size >= MOST_SUBJECTS) this.#last.clear();
    this.#last.set(what, timeMs);
    return last === undefined || timeMs - last > QUIET_MS;
  }
}

interface Rate {
  startMs: number;
  count: number;
}

interface GroupState {
  state: string;
  maxEndMs: number | null;
}

export class MessageChecks {
  readonly #under = new Under();
  #faults: MessageFault[] = [];
  readonly #counts: Partial<Record<MessageCheck, number>> = {};
  readonly #rates = new Map<string, Rate>();
  readonly #groups = new Map<string, GroupState>();
  readonly #senders = new Map<string, { count: number; timeMs: number }>();
  readonly #revisions = new Map<string, { revision: number; content: string }>();
  readonly #conflicts = new Map<
    number,
    { readonly revision: number; readonly pairs: readonly (readonly [number, number])[] }
  >();
  readonly #people = new Map<number, ReadonlySet<number>>();

  /** Messages found at fault, by check; a fault that lasts counts each time. */
  get counts(): Readonly<Partial<Record<MessageCheck, number>>> {
    return this.#counts;
  }

  #fault(check: MessageCheck, subject: string, timeMs: number, detail: string): void {
    this.#counts[check] = (this.#counts[check] ?? 0) + 1;
    if (this.#under.begins(`${check} ${subject} ${detail}`, timeMs))
      this.#faults.push({ check, subject, timeMs, detail });
  }

  take(): MessageFault[] {
    const out = this.#faults;
    this.#faults = [];
    return out;
  }

  message(message: V2xMessage): void {
    if (message.kind === 'spat') this.#spat(message);
    else if (message.kind === 'map') this.#map(message);
    else this.#user(message);
  }

  #remember<T>(map: Map<string, T>, key: string, value: T): void {
    if (map.size >= MOST_SUBJECTS && !map.has(key)) map.clear();
    map.set(key, value);
  }

  /** Counts a message of `subject`; a window of 10 s that is over is judged when the next message comes. */
  #rate(kind: 'spat' | 'map', subject: string, timeMs: number): void {
    const known = this.#rates.get(subject);
    if (known === undefined || timeMs < known.startMs) {
      this.#remember(this.#rates, subject, { startMs: timeMs, count: 1 });
      return;
    }
    const windows = Math.floor((timeMs - known.startMs) / RATE_WINDOW_MS);
    if (windows === 0) {
      known.count++;
      return;
    }
    const [least, most] = RATES[kind];
    const judge = (count: number, startMs: number) => {
      if (count < least || count > most)
        this.#fault('broadcast-rate', subject, startMs, `not ${least} to ${most} messages in 10 s`);
    };
    judge(known.count, known.startMs);
    if (windows > 1) judge(0, known.startMs + RATE_WINDOW_MS);
    known.startMs += windows * RATE_WINDOW_MS;
    known.count = 1;
  }

  #user(message: VehicleMessage | PersonMessage): void {
    const name = message.kind === 'bsm' ? 'BSM' : 'PSM';
    const missing: string[] = [];
    if (message.latitudeDegrees === null || message.longitudeDegrees === null) missing.push('position');
    if (message.secondMarkMs === null) missing.push('secMark');
    if (message.speedMetresPerSecond === null) missing.push('speed');
    if (message.headingDegrees === null) missing.push('heading');
    if (message.messageCount === null) missing.push('msgCnt');
    if (missing.length > 0) this.#fault('minimum-data', name, message.receivedAtMs, `without ${missing.join(', ')}`);
    if (message.messageCount === null) return;
    // ids are strangers' text: they go into keys of maps, never of objects
    const key = `${name} ${message.id.slice(0, 64)}`;
    const known = this.#senders.get(key);
    if (known !== undefined && message.receivedAtMs - known.timeMs < 1000) {
      const up = (message.messageCount - known.count + 128) % 128;
      // a gap is a loss on the air; standing still or going back is the sender's fault
      if (up === 0 || up > 64)
        this.#fault('message-count-progression', name, message.receivedAtMs, 'msgCnt does not go up by one');
    }
    this.#remember(this.#senders, key, { count: message.messageCount, timeMs: message.receivedAtMs });
  }

  #spat(message: SignalMessage): void {
    const at = message.receivedAtMs;
    for (const one of message.intersections) {
      const subject = `SPaT ${one.key.id}`;
      this.#rate('spat', subject, at);
      const missing: string[] = [];
      if (one.minuteOfYear === undefined && message.minuteOfYear === undefined) missing.push('moy');
      if (one.secondMarkMs === undefined || one.secondMarkMs === null) missing.push('timeStamp');
      if (one.movements.length === 0) missing.push('states');
      if (one.movements.some((movement) => movement.events.length === 0)) missing.push('state-time-speed');
      if (one.movements.some((movement) => movement.events[0]?.timing === undefined)) missing.push('timing');
      if (missing.length > 0) this.#fault('minimum-data', subject, at, `without ${missing.join(', ')}`);
      for (const movement of one.movements) this.#movement(one.key.id, movement, at);
      this.#contradicts(one.key.id, one.movements, at);
    }
  }

  #movement(intersection: number, movement: Movement, at: number): void {
    const [event] = movement.events;
    if (event === undefined) return;
    const key = `${intersection} ${movement.signalGroup}`;
    const subject = `SPaT ${intersection} group ${movement.signalGroup}`;
    const known = this.#groups.get(key);
    const time = (seconds: number | null | undefined) =>
      seconds === undefined || seconds === null ? null : resolveTimeMark(seconds, at);
    const minEndMs = time(event.timing?.minEndSeconds);
    const maxEndMs = time(event.timing?.maxEndSeconds);
    if (minEndMs !== null && maxEndMs !== null && maxEndMs < minEndMs)
      this.#fault('time-change-details', subject, at, 'maxEndTime is before minEndTime');
    if (minEndMs !== null && minEndMs < at - 1000 && event.state !== 'dark' && event.state !== 'unavailable')
      this.#fault('time-change-details', subject, at, 'minEndTime is more than a second ago');
    if (known !== undefined) {
      const forPeople = this.#people.get(intersection)?.has(movement.signalGroup) ?? false;
      const why = illegalProgression(known.state, event.state, forPeople);
      if (why !== null) this.#fault('event-state-progression', subject, at, why);
      if (known.state === event.state && CLEARING.has(event.state) && maxEndMs !== null && known.maxEndMs !== null)
        if (Math.abs(maxEndMs - known.maxEndMs) > 500)
          this.#fault('time-change-details', subject, at, 'the end of a clearance moved');
    }
    this.#remember(this.#groups, key, { state: event.state, maxEndMs });
  }

  /** Movements that cross by MAP, both protected by SPaT. */
  #contradicts(intersection: number, movements: readonly Movement[], at: number): void {
    const known = this.#conflicts.get(intersection);
    if (known === undefined) return;
    const on = new Set<number>();
    for (const { signalGroup, events } of movements) {
      const state = events[0]?.state;
      if (state === 'protected-Movement-Allowed' || state === 'protected-clearance') on.add(signalGroup);
    }
    for (const [a, b] of known.pairs)
      if (on.has(a) && on.has(b))
        this.#fault('signal-state-conflict', `SPaT ${intersection}`, at, `groups ${a} and ${b} are both protected`);
  }

  #map(message: MapMessage): void {
    const at = message.receivedAtMs;
    for (const one of message.intersections) {
      const subject = `MAP ${one.key.id}`;
      this.#rate('map', subject, at);
      const missing: string[] = [];
      if (one.laneWidthMetres === undefined) missing.push('laneWidth');
      if (one.lanes.length === 0) missing.push('laneSet');
      const vehicles = one.lanes.filter((lane) => lane.type?.kind !== 'crosswalk');
      if (one.lanes.some((lane) => lane.nodes.length < 2 && lane.computed === undefined)) missing.push('nodeList');
      if (vehicles.some((lane) => (lane.directionalUseBits & 0x80) !== 0 && (lane.connections ?? []).length === 0))
        missing.push('connectsTo');
      if (missing.length > 0) this.#fault('minimum-data', subject, at, `without ${missing.join(', ')}`);
      const known = this.#revisions.get(subject);
      const content = JSON.stringify(one.lanes);
      if (known !== undefined) {
        const up = (one.revision - known.revision + 128) % 128;
        if ((known.content === content) !== (up === 0) || up > 1)
          this.#fault(
            'message-count-progression',
            subject,
            at,
            up === 0
              ? 'the lanes changed, the revision did not'
              : 'the revision changed by other than one with the lanes',
          );
      }
      if (known === undefined || known.content !== content) {
        if (this.#revisions.size >= 1000) this.#revisions.clear();
        this.#revisions.set(subject, { revision: one.revision, content });
        if (this.#conflicts.size >= 1000) this.#conflicts.clear();
        this.#conflicts.set(one.key.id, { revision: one.revision, pairs: crossingGroups(one) });
        if (this.#people.size >= 1000) this.#people.clear();
        this.#people.set(
          one.key.id,
          new Set(
            one.lanes
              .filter((lane) => lane.type?.kind === 'crosswalk')
              .flatMap((lane) => (lane.connections ?? []).flatMap(({ signalGroup }) => signalGroup ?? [])),
          ),
        );
      }
    }
  }
}

/** Pairs of signal groups whose connections, drawn straight from stop line to way out, cross. */
export function crossingGroups(geometry: IntersectionGeometry): (readonly [number, number])[] {
  const starts = new Map<number, readonly [number, number]>();
  for (const lane of geometry.lanes) {
    const [node] = lane.nodes;
    if (node?.kind === 'offset') starts.set(lane.id, [node.xMetres, node.yMetres]);
  }
  const lines: { from: readonly [number, number]; to: readonly [number, number]; group: number; lane: number }[] = [];
  for (const lane of geometry.lanes) {
    if (lane.type?.kind === 'crosswalk') continue;
    const from = starts.get(lane.id);
    for (const { lane: other, signalGroup } of lane.connections ?? []) {
      const to = starts.get(other);
      if (from !== undefined && to !== undefined && signalGroup !== undefined && lines.length < 500)
        lines.push({ from, to, group: signalGroup, lane: lane.id });
    }
  }
  const side = (p: readonly [number, number], q: readonly [number, number], r: readonly [number, number]) =>
    (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  const found = new Map<string, readonly [number, number]>();
  for (const [i, p] of lines.entries())
    for (const q of lines.slice(i + 1)) {
      if (p.group === q.group || p.lane === q.lane) continue;
      const crosses =
        side(p.from, p.to, q.from) * side(p.from, p.to, q.to) < 0 &&
        side(q.from, q.to, p.from) * side(q.from, q.to, p.to) < 0;
      if (!crosses) continue;
      const pair = p.group < q.group ? ([p.group, q.group] as const) : ([q.group, p.group] as const);
      found.set(pair.join(), pair);
    }
  return [...found.values()];
}
