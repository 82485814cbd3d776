/** SUMO's floating car data (`--fcd-output`), element by element, into the analysis; the file is never in memory as a whole. */
import { access } from 'node:fs/promises';
import { type SaxesOptions, SaxesParser } from 'saxes';
import type { SafetyAnalysis } from '../../controller/safety/analysis.ts';
import type { RoadUserUpdate, UserType } from '../../controller/safety/encounter-types.ts';
import { Present } from './present.ts';
import { pieces } from './text.ts';
import { SafetySourceError, type SourceReport, Tally } from './types.ts';

/** Length and width in metres of SUMO's vehicle classes where no vType says (its documentation's defaults). */
/** Characters of what the parser says; it names elements whole, however long they are. */
const MOST_SAID = 300;
const CLASS_SIZES: Readonly<Record<UserType, readonly [number, number]>> = {
  car: [5, 1.8],
  truck: [7.1, 2.4],
  bus: [12, 2.5],
  motorcycle: [2.2, 0.9],
  bicycle: [1.6, 0.65],
  pedestrian: [0.215, 0.478],
};

export interface VehicleType {
  readonly type: UserType;
  readonly lengthMetres: number;
  readonly widthMetres: number;
  readonly massKilograms?: number;
}

const KINDS: readonly (readonly [RegExp, UserType])[] = [
  [/ped|person/i, 'pedestrian'],
  [/bike|bicycle|cycl(?!e?motor)/i, 'bicycle'],
  [/truck|trailer|lorry|hgv/i, 'truck'],
  [/bus|coach/i, 'bus'],
  [/moto|moped/i, 'motorcycle'],
];

/** A vehicle type of which only the name (or class) is known. */
export function typeByName(name: string, person = false): VehicleType {
  const type = person ? 'pedestrian' : (KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'car');
  const [lengthMetres, widthMetres] = CLASS_SIZES[type];
  return { type, lengthMetres, widthMetres };
}

/**
 * vType elements of a SUMO route or additional file: length, width, mass and class by id. @throws SafetySourceError where
 * there is no such file, or none in it.
 */
export async function readVehicleTypes(path: string): Promise<Map<string, VehicleType>> {
  try {
    await access(path);
  } catch {
    throw new SafetySourceError(
      `${path}: there is no such file. A SUMO route or additional file with vTypes is expected.`,
    );
  }
  const types = new Map<string, VehicleType>();
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes: given }) => {
    const attributes = given as Record<string, string | undefined>;
    if (name !== 'vType' || attributes.id === undefined) return;
    const base = typeByName(attributes.vClass ?? (/^[a-z_]+$/i.test(attributes.id) ? attributes.id : ''));
    const number = (text: string | undefined) => (text === undefined ? Number.NaN : Number.parseFloat(text));
    const length = number(attributes.length);
    const width = number(attributes.width);
    const mass = number(attributes.mass);
    types.set(attributes.id, {
      type: base.type,
      lengthMetres: length > 0 ? length : base.lengthMetres,
      widthMetres: width > 0 ? width : base.widthMetres,
      ...(mass > 0 && { massKilograms: mass }),
    });
  });
  await parse(parser, path);
  if (types.size === 0)
    throw new SafetySourceError(
      `${path} holds no vType. Name the route file that the simulation was run with, or leave it out.`,
    );
  return types;
}

/** @throws SafetySourceError for what is no XML, with its line. */
async function parse(parser: SaxesParser<SaxesOptions>, path: string): Promise<void> {
  const failure: { error: Error | null } = { error: null };
  parser.on('error', (error) => {
    failure.error ??= error;
  });
  const decoder = new TextDecoder();
  for await (const piece of pieces(path)) {
    parser.write(decoder.decode(piece, { stream: true }));
    if (failure.error !== null) break;
  }
  if (failure.error === null) parser.close();
  if (failure.error !== null)
    throw new SafetySourceError(
      `${path}:${failure.error.message.slice(0, MOST_SAID)} It must be XML as SUMO writes it, whole: \`sumo --fcd-output FILE\`.`,
    );
}

/** "12.30" or "00:00:12.30" in milliseconds; NaN where it is neither. */
export function timeOf(text: string | undefined): number {
  if (text === undefined) return Number.NaN;
  const seconds = text
    .split(':')
    .reduce((sum, part) => sum * 60 + (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(part) ? Number(part) : Number.NaN), 0);
  return Math.round(seconds * 1000);
}

/** Finds out, by the first vehicles that move, whether positions are longitude and latitude (`--fcd-output.geo`). */
class DegreesCheck {
  #before = new Map<string, readonly [number, number, number]>();
  #compared = 0;
  #tiny = 0;

  looksSo(id: string, timeMs: number, x: number, y: number, speed: number): boolean {
    if (this.#compared >= DEGREES_COMPARED) return false;
    const old = this.#before.get(id);
    if (this.#before.size < 1000 || old !== undefined) this.#before.set(id, [timeMs, x, y]);
    if (old === undefined || !(speed > 1)) return false;
    const [then, fromX, fromY] = old;
    const expected = (speed * (timeMs - then)) / 1000;
    if (!(expected > 0.05)) return false;
    this.#compared++;
    if (Math.abs(x - fromX) + Math.abs(y - fromY) < expected / 1000) this.#tiny++;
    if (this.#compared < DEGREES_COMPARED) return false;
    this.#before.clear();
    return this.#tiny > 0.9 * this.#compared;
  }
}
const DEGREES_COMPARED = 20;

export interface FcdOptions {
  readonly vehicleTypes?: ReadonlyMap<string, VehicleType>;
}

/** Reads `path` into `analysis`. Local metres are SUMO's own. @throws SafetySourceError where it is no FCD file. */
export async function readFcd(path: string, analysis: SafetyAnalysis, options: FcdOptions = {}): Promise<SourceReport> {
  const tally = new Tally();
  const present = new Present();
  const degrees = new DegreesCheck();
  const parser = new SaxesParser({ position: true });
  const types = new Map<string, VehicleType>(options.vehicleTypes);
  const edges = new Map<string, number>();
  const unknownTypes = new Set<string>();
  let timeMs = Number.NaN;
  let steps = 0;
  let isFcd = false;

  const typeOf = (name: string, person: boolean): VehicleType => {
    const known = types.get(name);
    if (known !== undefined) return known;
    if (options.vehicleTypes === undefined || !name.startsWith('DEFAULT_')) unknownTypes.add(name.slice(0, 60));
    const guess = typeByName(name, person);
    if (types.size < 10_000) types.set(name, guess);
    return guess;
  };

  parser.on('opentag', ({ name, attributes: given }) => {
    const attributes = given as Record<string, string | undefined>;
    if (name === 'timestep') {
      timeMs = timeOf(attributes.time);
      steps++;
      present.step((id) => analysis.engine.leave(id));
      analysis.advance(timeMs);
      analysis.heard(timeMs);
      return;
    }
    if (name === 'fcd-export') isFcd = true;
    if (name !== 'vehicle' && name !== 'person') return;
    const where = () => `${path}:${parser.line}`;
    const { id, x, y, angle, speed, lane, acceleration } = attributes;
    if (id === undefined || x === undefined || y === undefined || angle === undefined || speed === undefined) {
      tally.count('missing-attribute', where, () => 'id, x, y, angle and speed are needed.');
      analysis.rejected(timeMs);
      return;
    }
    const { type, lengthMetres, widthMetres, massKilograms } = typeOf(attributes.type ?? '', name === 'person');
    const heading = ((90 - Number(angle)) * Math.PI) / 180;
    const cut = lane === undefined ? -1 : lane.lastIndexOf('_');
    const edge = cut > 0 ? lane!.slice(0, cut) : (attributes.edge ?? '');
    let link = -1;
    if (edge !== '') {
      link = edges.get(edge) ?? -1;
      if (link < 0 && edges.size < 1_000_000) {
        link = edges.size;
        edges.set(edge, link);
      }
    }
    const update: RoadUserUpdate = {
      id,
      timeMs,
      // SUMO's position is the middle of the front
      x: Number(x) - (Math.cos(heading) * lengthMetres) / 2,
      y: Number(y) - (Math.sin(heading) * lengthMetres) / 2,
      heading,
      speedMetresPerSecond: Number(speed),
      accelerationMetresPerSecond2: acceleration === undefined ? undefined : Number(acceleration),
      type,
      lengthMetres,
      widthMetres,
      massKilograms,
      accuracyMetres: 0,
      link,
      lane: cut > 0 ? Number(lane!.slice(cut + 1)) : -1,
    };
    if (degrees.looksSo(id, timeMs, Number(x), Number(y), Number(speed)))
      throw new SafetySourceError(
        `${path}: vehicles move by millionths of what their speeds say: positions are degrees. Write the file without --fcd-output.geo.`,
      );
    present.add(id);
    tally.count(analysis.update(update, timeMs), where, () => `${name} ${id.slice(0, 60)}`);
  });
  await parse(parser, path);
  if (!isFcd && steps === 0)
    throw new SafetySourceError(
      `${path} is XML but holds no <timestep>: not floating car data. Write it with \`sumo --fcd-output FILE\`.`,
    );
  return {
    kind: 'fcd',
    tally,
    zeroMs: 0,
    dated: false,
    frame: null,
    penetration: 1,
    notes:
      unknownTypes.size > 0
        ? [
            `Lengths and widths of ${[...unknownTypes].slice(0, 5).join(', ')} are SUMO's defaults for what the name says; give --types FILE (the route file) for the true ones.`,
          ]
        : [],
  };
}
