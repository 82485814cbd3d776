/** The vehicles of `safety-latency` and `safety-feed`: where each is at any moment, and what it says. */
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { VehicleMessage } from '../../feeds/v2x/messages.ts';

export const JUNCTIONS = 10;
/** `vehicles=200` among the arguments, for a machine that has other work to do. */
export const VEHICLES = Number(
  process.argv.find((argument) => argument.startsWith('vehicles='))?.slice('vehicles='.length) ?? 2000,
);
const EACH = VEHICLES / JUNCTIONS;
/** Messages of a frame. */
export const FRAME = 100;
export const EVERY_MS = 100;
/** A pair every so often at each junction; it takes as long from 60 m to where it stops, 12 m/s towards one that stands. */
const PAIR_MS = 4000;
const CLOSING = 12;
/** The one that stands is heard from then on only: nothing before that message can show the conflict. */
const TTC_SECONDS = 2;
const LENGTH = 4.5;

export const junctionId = (j: number): string => `5f0c1f3e-3c47-5a0e-9a35-2b6f0c6f7a${String(j).padStart(2, '0')}`;
export const latitudeOf = (j: number): number => 49 + j * 0.02;

const frames = Array.from({ length: JUNCTIONS }, (_, j) => localFrame(latitudeOf(j), 8.4));
const idOf = (number: number): string => number.toString(16).padStart(8, '0');

function message(j: number, id: string, atMs: number, x: number, y: number, speed: number): VehicleMessage {
  const [latitudeDegrees, longitudeDegrees] = fromLocal(frames[j]!, x, y);
  return {
    kind: 'bsm',
    receivedAtMs: atMs,
    via: null,
    id,
    messageCount: Math.floor(atMs / EVERY_MS) % 128,
    secondMarkMs: atMs % 60_000,
    measuredAtMs: atMs,
    latitudeDegrees,
    longitudeDegrees,
    elevationMetres: null,
    accuracy: { semiMajorMetres: 0.5, semiMinorMetres: 0.5, orientationDegrees: 0 },
    speedMetresPerSecond: speed,
    headingDegrees: 90,
    acceleration: {
      longitudinalMetresPerSecond2: 0,
      lateralMetresPerSecond2: null,
      verticalG: null,
      yawDegreesPerSecond: null,
    },
    transmission: 'forwardGears',
    steeringAngleDegrees: null,
    brakes: {
      wheelBits: 0,
      traction: 'unavailable',
      antiLock: 'unavailable',
      stability: 'unavailable',
      boost: 'unavailable',
      auxiliary: 'unavailable',
    },
    widthMetres: 1.8,
    lengthMetres: LENGTH,
    rest: {},
  };
}

/**
 * What the vehicles of junction `j` say at `atMs`: all but the pair drive round a belt of lanes at 10 m/s, 20 m apart, so that nobody
 * closes in on anybody. `isShown`: the pair's conflict is to be seen.
 */
export function frameAt(
  j: number,
  begin: number,
  atMs: number,
): { bsms: VehicleMessage[]; pair: string; isShown: boolean } {
  const belt = (EACH - 2) / 9;
  const bsms: VehicleMessage[] = [];
  for (let v = 0; v < EACH - 2; v++) {
    const lane = v % 9;
    const place = (Math.floor(v / 9) * 20 + ((atMs - begin) / 1000) * 10) % (belt * 20);
    // who comes round again is somebody else
    const lap = Math.floor((Math.floor(v / 9) * 20 + ((atMs - begin) / 1000) * 10) / (belt * 20));
    bsms.push(message(j, idOf((j * EACH + v) * 256 + (lap % 256)), atMs, place - belt * 10, lane * 8 + 10, 10));
  }
  // each junction's pairs begin at moments of their own
  const since = atMs - begin + j * 397;
  const round = Math.floor(since / PAIR_MS);
  const x = -60 + (CLOSING * (since % PAIR_MS)) / 1000;
  const id = 0x4000_0000 + (j * 10_000 + round) * 2;
  const gap = 0 - x - LENGTH;
  bsms.push(message(j, idOf(id), atMs, x, -20, CLOSING));
  if (gap > 0 && gap / CLOSING <= TTC_SECONDS) bsms.push(message(j, idOf(id + 1), atMs, 0, -20, 0));
  const pair = `${idOf(id)} ${idOf(id + 1)}`;
  return { bsms, pair, isShown: gap / CLOSING <= TTC_SECONDS && gap > 0 };
}
