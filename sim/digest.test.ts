import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { StateDigest } from './digest.ts';

const nothing = () => {};

function digestOf(write: (digest: StateDigest) => void): string {
  const digest = new StateDigest();
  write(digest);
  digest.commit();
  return digest.hex(nothing);
}

describe('the digest of a state', () => {
  it('is SHA-256 over little-endian numbers in the order written', () => {
    const bytes = Buffer.alloc(12);
    bytes.writeInt32LE(-7, 0);
    bytes.writeDoubleLE(1.25, 4);
    const expected = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const written = digestOf((d) => {
      d.int(-7);
      d.float(1.25);
    });
    expect(written).toBe(expected);
  });

  it('takes -0 for 0, and nothing else for the same', () => {
    expect(digestOf((d) => d.float(-0))).toBe(digestOf((d) => d.float(0)));
    expect(digestOf((d) => d.float(Number.MIN_VALUE))).not.toBe(digestOf((d) => d.float(0)));
    expect(digestOf((d) => d.float(Number.NaN))).not.toBe(digestOf((d) => d.float(0)));
  });

  it('holds more than fits its first buffer', () => {
    const bytes = Buffer.alloc(4 * 100_001);
    for (let i = 0; i <= 100_000; i++) bytes.writeInt32LE(i, 4 * i);
    const expected = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const written = digestOf((d) => {
      for (let i = 0; i <= 100_000; i++) d.int(i);
    });
    expect(written).toBe(expected);
  });

  it('may be asked for at any time without changing what comes later', () => {
    const asked = new StateDigest();
    asked.int(1);
    asked.commit();
    const first = asked.hex((d) => d.int(2));
    expect(asked.hex((d) => d.int(2))).toBe(first);
    asked.int(3);
    asked.commit();
    const plain = digestOf((d) => {
      d.int(1);
      d.int(3);
    });
    expect(asked.hex(nothing)).toBe(plain);
    expect(first).not.toBe(plain);
  });
});
