/**
 * SSAM's trajectory files (.trj), versions 1.04 and 3, either endianness, into the analysis. Records: FORMAT (0), DIMENSIONS
 * (1), TIMESTEP (2), VEHICLE (3). Lengths and speeds are in the file's unit (feet or metres), positions that times `scale`.
 */
import type { SafetyAnalysis } from '../../controller/safety/analysis.ts';
import { typeBySize } from '../../controller/safety/from-v2x.ts';
import { Present } from './present.ts';
import { pieces } from './text.ts';
import { SafetySourceError, type SourceReport, Tally } from './types.ts';

const FEET = 0.3048;
const VEHICLE_BYTES = 42;
/** Version 3 adds the heights of front and rear. */
const VEHICLE_BYTES_3D = 50;

class Bytes {
  #buffer = Buffer.alloc(0);
  #at = 0;
  /** Place in the file of what comes next. */
  offset = 0;
  readonly #source: AsyncIterator<Buffer>;
  #ended = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether `count` more bytes are at hand, after reading on. */
  async have(count: number): Promise<boolean> {
    while (this.#buffer.length - this.#at < count && !this.#ended) {
      const { value, done } = await this.#source.next();
      if (done) this.#ended = true;
      else {
        this.#buffer = Buffer.concat([this.#buffer.subarray(this.#at), value]);
        this.#at = 0;
      }
    }
    return this.#buffer.length - this.#at >= count;
  }

  get left(): number {
    return this.#buffer.length - this.#at;
  }

  peek(at = 0): number {
    return this.#buffer[this.#at + at]!;
  }

  take(count: number): DataView {
    const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset + this.#at, count);
    this.#at += count;
    this.offset += count;
    return view;
  }
}

/** Length of a version 3 VEHICLE record: the one by which the records that follow begin with a kind there is. */
function vehicleBytes(bytes: Bytes, has: number): number {
  const fits = (length: number): boolean => {
    let at = 0;
    for (let n = 0; n < 50; n++) {
      if (at >= has) return true;
      const kind = bytes.peek(at);
      if (kind === 3) at += length;
      else if (kind === 2) at += 5;
      else return false;
    }
    return true;
  };
  return fits(VEHICLE_BYTES_3D) ? VEHICLE_BYTES_3D : VEHICLE_BYTES;
}

interface TrjVehicle {
  readonly kind: 'vehicle';
  readonly offset: number;
  readonly id: number;
  readonly link: number;
  readonly lane: number;
  /** Metres. */
  readonly frontX: number;
  readonly frontY: number;
  readonly rearX: number;
  readonly rearY: number;
  readonly lengthMetres: number;
  readonly widthMetres: number;
  readonly speedMetresPerSecond: number;
  readonly accelerationMetresPerSecond2: number;
}

type TrjRecord =
  | TrjVehicle
  | { readonly kind: 'timestep'; readonly timeMs: number }
  /** The file ends in the middle of a record, or goes on with one that there is not. */
  | {
      readonly kind: 'broken';
      readonly offset: number;
      readonly reason: 'truncated' | 'malformed-record';
      readonly detail: string;
    };

/** The records of a file in SI units. @throws SafetySourceError where it is no .trj file, with the byte at which it is not. */
async function* records(path: string): AsyncGenerator<TrjRecord> {
  const bytes = new Bytes(pieces(path));
  const refuse = (what: string) =>
    new SafetySourceError(`${path}: ${what} at byte ${bytes.offset}. A .trj file of SSAM 1.04 or 3 is expected.`);
  if (!(await bytes.have(6)) || bytes.peek() !== 0) throw refuse('no FORMAT record');
  const mark = bytes.peek(1);
  if (mark !== 0x4c && mark !== 0x42) throw refuse(`the endianness is ${mark}, neither L nor B,`);
  const little = mark === 0x4c;
  const version = bytes.take(6).getFloat32(2, little);
  if (!(version >= 1 && version < 4)) throw refuse(`the version is ${version}, neither 1.04 nor 3,`);
  if (version >= 3) {
    if (!(await bytes.have(1))) throw refuse('the file ends');
    bytes.take(1);
  }
  if (!(await bytes.have(22)) || bytes.peek() !== 1) throw refuse('no DIMENSIONS record');
  const dimensions = bytes.take(22);
  const units = dimensions.getUint8(1);
  if (units > 1) throw refuse(`the unit is ${units}, neither 0 (feet) nor 1 (metres),`);
  const metres = units === 1 ? 1 : FEET;
  const scale = dimensions.getFloat32(2, little);
  if (!(scale > 0 && scale < 1e6)) throw refuse(`the scale is ${scale}; it must be above 0,`);
  let length = version >= 3 ? 0 : VEHICLE_BYTES;
  let steps = 0;
  while (await bytes.have(1)) {
    const kind = bytes.peek();
    if (kind === 2 && (await bytes.have(5))) {
      steps++;
      // the clock is single precision: exact to the millisecond for hours
      yield { kind: 'timestep', timeMs: Math.round(bytes.take(5).getFloat32(1, little) * 1000) };
      continue;
    }
    if (kind === 3 && steps > 0) {
      if (length === 0) {
        await bytes.have(VEHICLE_BYTES_3D * 51);
        length = vehicleBytes(bytes, bytes.left);
      }
      if (await bytes.have(length)) {
        const { offset } = bytes;
        const v = bytes.take(length);
        const read = (at: number, unit: number) => v.getFloat32(at, little) * unit;
        yield {
          kind: 'vehicle',
          offset,
          id: v.getInt32(1, little),
          link: v.getInt32(5, little),
          lane: v.getUint8(9),
          frontX: read(10, metres * scale),
          frontY: read(14, metres * scale),
          rearX: read(18, metres * scale),
          rearY: read(22, metres * scale),
          lengthMetres: read(26, metres),
          widthMetres: read(30, metres),
          speedMetresPerSecond: read(34, metres),
          accelerationMetresPerSecond2: read(38, metres),
        };
        continue;
      }
    }
    const known = kind === 2 || kind === 3;
    if (steps === 0) throw refuse(known ? 'a VEHICLE record before any TIMESTEP' : `a record of kind ${kind}`);
    yield {
      kind: 'broken',
      offset: bytes.offset,
      reason: known ? 'truncated' : 'malformed-record',
      detail: known
        ? `The file ends in the middle of a record (${bytes.left} bytes).`
        : `A record of kind ${kind}; nothing after it is read.`,
    };
    return;
  }
  if (steps === 0) throw refuse('no TIMESTEP record');
}

/** Vehicles whose movement is compared with where front and rear say they head, before it is decided. */
const COMPARED = 500;

/**
 * Whether vehicles move to where front and rear say they head. They do not where a converter took degrees for radians, as
 * SUMO's does.
 */
async function headsWhereItMoves(path: string): Promise<boolean> {
  const before = new Map<number, TrjVehicle>();
  let compared = 0;
  let fitting = 0;
  for await (const one of records(path)) {
    if (one.kind !== 'vehicle') continue;
    const old = before.get(one.id);
    if (old !== undefined) {
      const [mx, my] = [one.frontX - old.frontX, one.frontY - old.frontY];
      const [hx, hy] = [one.frontX - one.rearX, one.frontY - one.rearY];
      const moved = Math.sqrt(mx * mx + my * my);
      if (moved < 0.5) continue;
      compared++;
      if (mx * hx + my * hy > 0.8 * moved * Math.sqrt(hx * hx + hy * hy)) fitting++;
      if (compared >= COMPARED) break;
    }
    if (before.size < 10_000 || old !== undefined) before.set(one.id, one);
  }
  return fitting * 2 >= compared;
}

/** Reads `path` into `analysis`. @throws SafetySourceError where it is no .trj file, with the byte at which it is not. */
export async function readTrj(path: string, analysis: SafetyAnalysis): Promise<SourceReport> {
  const tally = new Tally();
  const present = new Present();
  const notes: string[] = [];
  const fits = await headsWhereItMoves(path);
  if (!fits)
    notes.push(
      `${path}: front and rear do not lie along the way the vehicles move; headings are taken from their movement.`,
    );
  let timeMs = Number.NaN;
  /** Where each was and headed, for headings by movement: of the vehicles of the last two time steps. */
  let here = new Map<number, { timeMs: number; x: number; y: number; heading: number | undefined }>();
  let before = here;
  for await (const one of records(path)) {
    if (one.kind === 'timestep') {
      timeMs = one.timeMs;
      before = here;
      here = new Map();
      present.step((id) => analysis.engine.leave(id));
      analysis.advance(timeMs);
      analysis.heard(timeMs);
      continue;
    }
    const where = () => `${path} byte ${one.offset}`;
    if (one.kind === 'broken') {
      tally.count(one.reason, where, () => one.detail);
      notes.push(`${where()}: ${one.detail}`);
      break;
    }
    const { id, frontX, frontY, lengthMetres, widthMetres } = one;
    let heading: number | undefined;
    if (fits) heading = Math.atan2(frontY - one.rearY, frontX - one.rearX);
    else {
      const old = before.get(id);
      const [dx, dy] = old === undefined ? [0, 0] : [frontX - old.x, frontY - old.y];
      const moved = dx * dx + dy * dy > 0.01;
      // SUMO changes lanes in one step: a leap to the side is no direction of travel
      const most = 1.3 * one.speedMetresPerSecond * ((timeMs - (old?.timeMs ?? timeMs)) / 1000) + 0.3;
      const leapt = old?.heading !== undefined && dx * dx + dy * dy > most * most;
      heading = moved && !leapt ? Math.atan2(dy, dx) : old?.heading;
      here.set(id, moved || old === undefined ? { timeMs, x: frontX, y: frontY, heading } : old);
      if (heading === undefined) {
        tally.count('no-heading', where, () => `vehicle ${id} has not moved yet`);
        continue;
      }
    }
    present.add(String(id));
    const why = analysis.update(
      {
        id: String(id),
        timeMs,
        x: frontX - (Math.cos(heading) * lengthMetres) / 2,
        y: frontY - (Math.sin(heading) * lengthMetres) / 2,
        heading,
        speedMetresPerSecond: one.speedMetresPerSecond,
        accelerationMetresPerSecond2: one.accelerationMetresPerSecond2,
        type: typeBySize(lengthMetres, widthMetres),
        lengthMetres,
        widthMetres,
        accuracyMetres: 0,
        link: one.link,
        lane: one.lane,
      },
      timeMs,
    );
    tally.count(why, where, () => `vehicle ${id}`);
  }
  return { kind: 'trj', tally, zeroMs: 0, dated: false, frame: null, penetration: 1, notes };
}
