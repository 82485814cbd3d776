/**
 * The FZI test area's recordings of real junctions (tracks and signal phases as CSV, lanes as KML) -> BSM, PSM, SPaT and MAP,
 * in order of time. x is taken for east and y for north of the recording's origin, as its metadata places it.
 *
 * Speeds, and the headings of those who move, are taken from the positions: `vx, vy` as recorded do not fit them (docs/SAFETY.md
 * says why the positions are right), and `psi_rad` points anywhere in the first rows of a track.
 */
import { EVENT_STATES, type EventState, type PersonType } from './enums.ts';
import { fziMap } from './fzi-map.ts';
import { fromLocal, localFrame } from './local-frame.ts';
import type { Acceleration, PersonMessage, SignalMessage, V2xMessage, VehicleMessage } from './messages.ts';
import { upperSnake } from './ode-v4.ts';

export interface FziRecording {
  /** `vehicle_tracks_*.csv` */
  readonly tracks: string;
  /** `signal_phases_*.csv` */
  readonly signals: string;
  /** `meta_data.csv` */
  readonly metadata: string;
  /** `*_map.kml`; without it there is no MAP. */
  readonly map?: string;
}

export interface FziOptions {
  /** J2735 id of the intersection; default 733. */
  readonly intersectionId?: number;
  /** Where speeds and headings come from: the positions of a second (default), or `vx, vy, psi_rad` as recorded. */
  readonly speeds?: 'positions' | 'recorded';
}

export interface FziRejection {
  readonly file: 'tracks' | 'signals';
  /** From 1, the heading. */
  readonly line: number;
  readonly reason: 'missing-column' | 'not-a-number' | 'out-of-range' | 'unknown-agent-type' | 'unknown-state';
}

export interface FziMessages {
  readonly startsAtMs: number;
  readonly originLatitudeDegrees: number;
  readonly originLongitudeDegrees: number;
  /** Rows read, but for headings. Each is in a message or in `rejections`. */
  readonly rows: number;
  readonly messages: readonly V2xMessage[];
  readonly rejections: readonly FziRejection[];
}

const PERSONS: Readonly<Record<string, PersonType>> = { Pedestrian: 'aPEDESTRIAN', Bike: 'aPEDALCYCLIST' };
const VEHICLES = ['Car', 'Truck', 'Bus', 'Van', 'Motorcycle'];
const STATES = new Map<string, EventState>(EVENT_STATES.map((state) => [upperSnake(state), state]));
const UNKNOWN_ACCURACY = { semiMajorMetres: null, semiMinorMetres: null, orientationDegrees: null };
const DEGREES = 180 / Math.PI;

/** Degrees clockwise from north, 0-360, of radians counter-clockwise from east. */
function clockwise(radians: number): number {
  const degrees = 90 - radians * DEGREES;
  return degrees - 360 * Math.floor(degrees / 360);
}

type Row = Readonly<Record<string, string>>;
function rowsOf(csv: string): Row[] {
  const [head = '', ...lines] = csv.split(/\r?\n/).filter((line) => line !== '');
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** Start of a recording, ms since 1970 UTC, from date, time of day and "GMT+2". */
function startOf(meta: Row): number {
  const offsetHours = Number(/^GMT([+-]\d+)$/.exec(meta.timeZone ?? '')?.[1] ?? 0);
  const atMs = Date.parse(`${meta.date}T${meta.startTime}Z`);
  if (Number.isNaN(atMs))
    throw new Error(
      `meta_data.csv: date ${meta.date} and startTime ${meta.startTime} are no moment; as 2020-09-15 and 18:06:14.500.`,
    );
  return atMs - offsetHours * 3_600_000;
}

/** A MAP is sent once a second, in each in which there is something else. */
const MAP_EVERY_MS = 1000;
/** Rows are of one day: later ones are mistakes. */
const LONGEST_MS = 86_400_000;
const isWithin = (timestampMs: number): boolean => timestampMs >= 0 && timestampMs <= LONGEST_MS;
/** Speed is the way covered from half a second before to half a second after, less where a track begins or ends. */
const SPEED_HALF_WINDOW_MS = 500;

/**
 * Acceleration is the change of speed from a second before to a second after: the moments of single rows are off by up to
 * 40 ms, so that shorter windows show braking that was not.
 */
const ACCELERATION_HALF_WINDOW_MS = 1000;
/** Least way covered in the window by which a direction of travel can be told, metres. */
const MOVED_METRES = 0.5;

interface Place {
  readonly atMs: number;
  readonly x: number;
  readonly y: number;
}
interface Motion {
  /** null: the track has a single row. */
  readonly speedMetresPerSecond: number | null;
  /** Direction of travel; absent: it hardly moved. */
  readonly headingDegrees?: number;
  readonly acceleration: Acceleration;
}

const acceleration = (longitudinalMetresPerSecond2: number | null): Acceleration => ({
  longitudinalMetresPerSecond2,
  lateralMetresPerSecond2: null,
  verticalG: null,
  yawDegreesPerSecond: null,
});

/** Speeds, directions and accelerations by the positions of one track, in its order. */
function motionOf(rows: readonly Place[]): Motion[] {
  const moved = speedsOf(rows);
  let from = 0;
  let to = 0;
  return rows.map((row, i) => {
    while (row.atMs - rows[from]!.atMs > ACCELERATION_HALF_WINDOW_MS) from++;
    while (to + 1 < rows.length && rows[to + 1]!.atMs - row.atMs <= ACCELERATION_HALF_WINDOW_MS) to++;
    const [before, after] = [moved[from]!.speedMetresPerSecond, moved[to]!.speedMetresPerSecond];
    const seconds = (rows[to]!.atMs - rows[from]!.atMs) / 1000;
    const whole = seconds >= ACCELERATION_HALF_WINDOW_MS / 500 && before !== null && after !== null;
    // 0 where it cannot be told: "unavailable" would leave it to whoever receives, who knows less of the jitter
    return { ...moved[i]!, acceleration: acceleration(whole ? (after - before) / seconds : 0) };
  });
}

function speedsOf(rows: readonly Place[]): Omit<Motion, 'acceleration'>[] {
  let from = 0;
  let to = 0;
  return rows.map((row) => {
    while (row.atMs - rows[from]!.atMs > SPEED_HALF_WINDOW_MS) from++;
    while (to + 1 < rows.length && rows[to + 1]!.atMs - row.atMs <= SPEED_HALF_WINDOW_MS) to++;
    const [a, b] = [rows[from]!, rows[to]!];
    if (b.atMs === a.atMs) return { speedMetresPerSecond: null };
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const moved = Math.sqrt(dx * dx + dy * dy);
    return {
      speedMetresPerSecond: (moved * 1000) / (b.atMs - a.atMs),
      ...(moved >= MOVED_METRES && { headingDegrees: clockwise(Math.atan2(dy, dx)) }),
    };
  });
}

/** @throws where the metadata does not say where and when; rows that cannot be used are named instead. */
export function fziMessages(recording: FziRecording, options: FziOptions = {}): FziMessages {
  const intersectionId = options.intersectionId ?? 733;
  const meta = rowsOf(recording.metadata)[0] ?? {};
  const startsAtMs = startOf(meta);
  const [latitude, longitude] = [Number.parseFloat(meta.originLat ?? ''), Number.parseFloat(meta.originLon ?? '')];
  const frame = localFrame(latitude, longitude);
  const rejections: FziRejection[] = [];
  const messages: V2xMessage[] = [];
  const counts = new Map<string, number>();
  const byTrack = new Map<string, { atMs: number; x: number; y: number; message: number }[]>();

  const tracks = rowsOf(recording.tracks);
  for (const [i, row] of tracks.entries()) {
    const refuse = (reason: FziRejection['reason']) => {
      rejections.push({ file: 'tracks', line: i + 2, reason });
    };
    const { track_id: track, agent_type: agent } = row;
    const cells = [row.timestamp_ms, row.x, row.y, row.vx, row.vy, row.psi_rad, row.length, row.width, track];
    if (cells.some((cell) => cell === undefined || cell === '')) {
      refuse('missing-column');
      continue;
    }
    const numbers = cells.map(Number);
    if (!numbers.every(Number.isFinite)) {
      refuse('not-a-number');
      continue;
    }
    const [timestampMs, x, y, vx, vy, psi, length, width, number] = numbers as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    if (!isWithin(timestampMs)) {
      refuse('out-of-range');
      continue;
    }
    const personType = PERSONS[agent!];
    if (personType === undefined && !VEHICLES.includes(agent!)) {
      refuse('unknown-agent-type');
      continue;
    }
    const atMs = startsAtMs + timestampMs;
    const [latitudeDegrees, longitudeDegrees] = fromLocal(frame, x, y);
    const count = counts.get(track!) ?? 0;
    counts.set(track!, (count + 1) % 128);
    const shared = {
      receivedAtMs: atMs,
      via: null,
      // the track's number as it stands: eight digits are hexadecimal digits too
      id: String(number).padStart(8, '0'),
      messageCount: count,
      secondMarkMs: atMs % 60_000,
      measuredAtMs: atMs,
      latitudeDegrees,
      longitudeDegrees,
      elevationMetres: null,
      accuracy: UNKNOWN_ACCURACY,
      speedMetresPerSecond: Math.sqrt(vx * vx + vy * vy),
      headingDegrees: clockwise(psi),
      rest: {},
    };
    const ofTrack = byTrack.get(track!);
    const place = { atMs, x, y, message: messages.length };
    if (ofTrack === undefined) byTrack.set(track!, [place]);
    else ofTrack.push(place);
    messages.push(
      personType !== undefined
        ? ({ ...shared, kind: 'psm', personType } satisfies PersonMessage)
        : ({
            ...shared,
            kind: 'bsm',
            acceleration: acceleration(null),
            transmission: 'unavailable',
            steeringAngleDegrees: null,
            brakes: {
              wheelBits: 0x80,
              traction: 'unavailable',
              antiLock: 'unavailable',
              stability: 'unavailable',
              boost: 'unavailable',
              auxiliary: 'unavailable',
            },
            widthMetres: width,
            lengthMetres: length,
          } satisfies VehicleMessage),
    );
  }

  if (options.speeds !== 'recorded')
    for (const rows of byTrack.values()) {
      rows.sort((p, q) => p.atMs - q.atMs);
      for (const [i, motion] of motionOf(rows).entries()) {
        const at = rows[i]!.message;
        messages[at] = { ...(messages[at] as VehicleMessage | PersonMessage), ...motion };
      }
    }

  const phases = rowsOf(recording.signals);
  const byMoment = new Map<
    number,
    { signalGroup: number; events: { state: EventState; rest: object }[]; rest: object }[]
  >();
  for (const [i, row] of phases.entries()) {
    const refuse = (reason: FziRejection['reason']) => {
      rejections.push({ file: 'signals', line: i + 2, reason });
    };
    if (!row.signal_group_id || !row.timestamp_ms || !row.movement_state) {
      refuse('missing-column');
      continue;
    }
    const [signalGroup, timestampMs] = [Number(row.signal_group_id), Number(row.timestamp_ms)];
    if (!Number.isInteger(signalGroup) || !Number.isFinite(timestampMs)) {
      refuse('not-a-number');
      continue;
    }
    if (!isWithin(timestampMs)) {
      refuse('out-of-range');
      continue;
    }
    const state = STATES.get(row.movement_state);
    if (state === undefined) {
      refuse('unknown-state');
      continue;
    }
    const there = byMoment.get(timestampMs);
    const movement = { signalGroup, events: [{ state, rest: {} }], rest: {} };
    if (there) there.push(movement);
    else byMoment.set(timestampMs, [movement]);
  }
  for (const [timestampMs, movements] of byMoment) {
    const atMs = startsAtMs + timestampMs;
    messages.push({
      kind: 'spat',
      receivedAtMs: atMs,
      via: null,
      intersections: [
        {
          key: { id: intersectionId },
          revision: 0,
          statusBits: 0,
          secondMarkMs: atMs % 60_000,
          measuredAtMs: atMs,
          movements,
          rest: {},
        },
      ],
      rest: {},
    } as SignalMessage);
  }
  if (recording.map !== undefined) {
    const map = fziMap(recording.map, intersectionId, startsAtMs);
    const heard = new Set(messages.map(({ receivedAtMs }) => Math.floor((receivedAtMs - startsAtMs) / MAP_EVERY_MS)));
    for (const second of new Set([0, ...heard]))
      messages.push({ ...map, receivedAtMs: startsAtMs + second * MAP_EVERY_MS });
  }
  // what is known before what happens: lanes, lights, road users
  const order = { map: 0, spat: 1, bsm: 2, psm: 2 };
  messages.sort((p, q) => p.receivedAtMs - q.receivedAtMs || order[p.kind] - order[q.kind]);
  return {
    startsAtMs,
    originLatitudeDegrees: latitude,
    originLongitudeDegrees: longitude,
    rows: tracks.length + phases.length,
    messages,
    rejections,
  };
}
