/**
 * Chance of what is broadcast, by what it belongs to: seed, sender and moment give the number, whatever was drawn before
 * and however late the sender came. (Streams of `random.ts` would cost a set-up a message.)
 */

/** Mixes 32 bits one to one (the finaliser of MurmurHash3, by A. Appleby, public domain). */
export function mix(bits: number): number {
  let x = bits | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** What a number is drawn for. */
export const SHARE = 1;
export const DROPOUT = 2;
export const EAST = 3;
export const NORTH = 4;
export const ID = 5;
export const PHASE = 6;

/** In [0, 1), for a purpose, a sender and a moment (any integers). */
export const uniform = (seed: number, purpose: number, sender: number, moment: number): number =>
  mix(mix(mix(seed ^ Math.imul(purpose, 0x9e3779b9)) ^ sender) ^ moment) / 0x1_0000_0000;

/** Close to normal with mean 0 and deviation 1: twelve uniform numbers less six. */
function normal(seed: number, purpose: number, sender: number, moment: number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += uniform(seed, purpose, sender, Math.imul(moment, 16) + i);
  return sum;
}

/** Seconds within which the error of a receiver of satellites changes noticeably. */
const ERROR_MS = 10_000;

/**
 * Error of a position along one axis at `atMs`, with deviation 1: it drifts, as that of a satellite receiver does, and does
 * not jump from message to message. Between knots ten seconds apart, each normal, weighted so that the deviation stays 1.
 */
export function drift(seed: number, purpose: number, sender: number, atMs: number): number {
  const knot = Math.floor(atMs / ERROR_MS);
  const share = atMs / ERROR_MS - knot;
  const from = normal(seed, purpose, sender, knot);
  const to = normal(seed, purpose, sender, knot + 1);
  return ((1 - share) * from + share * to) / Math.sqrt((1 - share) * (1 - share) + share * share);
}

const PEOPLE = 0x80000000;
const EPOCHS = 4096;

/**
 * Temporary id of a sender, eight hexadecimal digits. Unlike for all senders and epochs of a run (of up to 524,288 vehicles
 * or people, and 4,096 changes each).
 */
export function temporaryId(seed: number, isPerson: boolean, sender: number, epoch: number): string {
  const own = (Math.imul(sender, EPOCHS) + (epoch % EPOCHS)) & 0x7fffffff;
  const bits = mix((own | (isPerson ? PEOPLE : 0)) ^ mix(seed ^ ID));
  return bits.toString(16).padStart(8, '0');
}
