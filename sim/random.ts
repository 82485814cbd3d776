/**
 * Random streams. Each is named by what it belongs to (a flow, a vehicle, a tag at its readers), never by when it is
 * drawn from: what a vehicle is does not depend on what the lamps do to it. Alea gives the same numbers on every
 * platform.
 */
import seedrandom from 'seedrandom';

/** The next number in [0, 1), with 32 random bits. */
export type RandomStream = () => number;

/** The stream called `name` of the run with seed `seed` (an integer). Same seed and name, same numbers. */
export function randomStream(seed: number, name: string): RandomStream {
  return seedrandom.alea(`${seed}/${name}`);
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
