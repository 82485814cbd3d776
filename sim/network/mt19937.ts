/**
 * The 32-bit Mersenne twister (Matsumoto and Nishimura 1998), the same numbers as C++'s `std::mt19937`. CityFlow draws
 * lanes and priorities from it; everything of our own uses streams keyed by the vehicle instead.
 */
const SIZE = 624;
const SHIFT = 397;

/** A generator; each call gives the next unsigned 32-bit number. */
export function mt19937(seed: number): () => number {
  const state = new Int32Array(SIZE);
  state[0] = seed | 0;
  for (let i = 1; i < SIZE; i++) {
    const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = (Math.imul(1812433253, previous) + i) | 0;
  }
  let next = SIZE;
  function refill(): void {
    for (let i = 0; i < SIZE; i++) {
      const mixed = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
      const twisted = (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      state[i] = state[(i + SHIFT) % SIZE]! ^ twisted;
    }
    next = 0;
  }
  return () => {
    if (next === SIZE) refill();
    let y = state[next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
