/** What shows lamps in a world without a lamp device: nobody can command it. */
import type { StateDigest } from '../digest.ts';

export interface FileSignals {
  /** Before the world moves in the tick that begins `seconds` after the start. */
  tick(seconds: number): void;
  /** One letter a signal group, as frames have it. */
  letters(): string;
  /** Index of the stage (-1: between stages) and seconds left of it (-1: unknown). */
  stage(): [number, number];
  write(digest: StateDigest): void;
}

/** Of a junction that has no lamps. */
export const NO_SIGNALS: FileSignals = {
  tick() {},
  letters: () => '',
  stage: () => [-1, -1],
  write() {},
};
