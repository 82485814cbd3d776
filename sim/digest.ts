/**
 * The fingerprint of a run: SHA-256 over the state of the world at fixed moments, as little-endian Float64 and Int32. Two
 * runs with the same first 16 hex digits went the same way, on whatever machine. What is not state (seed, names, run
 * id, wall time) must not be written here.
 */
import { createHash, type Hash } from 'node:crypto';
import type { TrafficState } from './core.ts';

const FIRST_BYTES = 1 << 16;
const VEHICLE_BYTES = 24;

export class StateDigest {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #hash: Hash = createHash('sha256');

  /** An integer of 32 bits. */
  int(value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow();
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  /** A number; -0 counts as 0, and every NaN is the same one. */
  float(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow();
    this.#view.setFloat64(this.#length, Number.isNaN(value) ? Number.NaN : value + 0, true);
    this.#length += 8;
  }

  /** Of each vehicle of `list[0..count)` its number, segment, position and speed. */
  vehicles(list: Int32Array, count: number, state: TrafficState): void {
    while (this.#length + VEHICLE_BYTES * count > this.#bytes.length) this.#grow();
    const { segment, position, speed } = state;
    const view = this.#view;
    let at = this.#length;
    for (let i = 0; i < count; i++) {
      const v = list[i]!;
      view.setInt32(at, v, true);
      view.setInt32(at + 4, segment[v]!, true);
      view.setFloat64(at + 8, position[v]! + 0, true);
      view.setFloat64(at + 16, speed[v]! + 0, true);
      at += VEHICLE_BYTES;
    }
    this.#length = at;
  }

  /** Takes what was written since the last call into the hash. */
  commit(): void {
    this.#hash.update(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }

  /**
   * First 16 hex digits over everything committed and what `write` adds, which stays out of later answers. The same
   * however often it is called.
   */
  hex(write: (digest: StateDigest) => void): string {
    write(this);
    const copy = this.#hash.copy();
    copy.update(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return copy.digest('hex').slice(0, 16);
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
