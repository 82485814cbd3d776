/**
 * Random streams. Each is named by what it belongs to (a flow, a vehicle, a tag at its readers), never by when it is
 * drawn from: what a vehicle is does not depend on what the lamps do to it. Johannes Baagoe's Alea gives the same numbers
 * on every platform; those of seedrandom's `alea`, whose streams cost six times as much to begin, and most give one number.
 */

/** The next number in [0, 1), with 32 random bits. */
export type RandomStream = () => number;

/** 2^-32. */
const TO_UNIT = 1 / 0x100000000;
/** What the hash is after each of three spaces, with which every seed begins. */
const FIRST_BLANK = mash(0xefc8249d, ' ');
const SECOND_BLANK = mash(FIRST_BLANK, ' ');
const THIRD_BLANK = mash(SECOND_BLANK, ' ');

/** The hash after `text`: Baagoe's Mash. */
function mash(hash: number, text: string): number {
  let n = hash;
  for (let i = 0; i < text.length; i++) {
    n += text.charCodeAt(i);
    let h = 0.02519603282416938 * n;
    n = h >>> 0;
    h -= n;
    h *= n;
    n = h >>> 0;
    h -= n;
    n += h * 0x100000000;
  }
  return n;
}

/** What a hash leaves of a state that a blank began, in [0, 1). */
function begun(blank: number, hash: number): number {
  const state = (blank >>> 0) * TO_UNIT - (hash >>> 0) * TO_UNIT;
  return state < 0 ? state + 1 : state;
}

/** The stream called `name` of the run with seed `seed` (an integer). Same seed and name, same numbers. */
export function randomStream(seed: number, name: string): RandomStream {
  const text = `${seed}/${name}`;
  const first = mash(THIRD_BLANK, text);
  const second = mash(first, text);
  let s0 = begun(FIRST_BLANK, first);
  let s1 = begun(SECOND_BLANK, second);
  let s2 = begun(THIRD_BLANK, mash(second, text));
  let carry = 1;
  return () => {
    const t = 2091639 * s0 + carry * TO_UNIT;
    carry = t | 0;
    s0 = s1;
    s1 = s2;
    s2 = t - carry;
    return s2;
  };
}

/** Exponential with mean 1, by inversion. Finite: the stream never gives 1. */
export function exponential(stream: RandomStream): number {
  return -Math.log(1 - stream());
}

/**
 * Close to normal with mean 0 and deviation 1: the sum of twelve uniform numbers less six (Irwin-Hall), which needs no
 * function beyond addition and never leaves [-6, 6].
 */
export function nearlyNormal(stream: RandomStream): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += stream();
  return sum;
}

const HEX = '0123456789ABCDEF';

/** `digits` hexadecimal digits, upper case. */
export function hexDigits(stream: RandomStream, digits: number): string {
  let text = '';
  let bits = 0;
  for (let i = 0; i < digits; i++) {
    if (i % 7 === 0) bits = Math.floor(stream() * 0x10000000);
    text += HEX[bits % 16];
    bits = Math.floor(bits / 16);
  }
  return text;
}
