import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExtendedMessage, withoutReadyForQuery } from './pglite-protocol.ts';

const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x45]);
const failure = Buffer.from([0x45, 0, 0, 0, 6, 0x4d, 0]);

/** What comes through when `bytes` arrives in parts cut at these places. */
function pass(bytes: Buffer, cuts: number[]): Buffer {
  const parts: Uint8Array[] = [];
  const filter = withoutReadyForQuery((data) => parts.push(Buffer.from(data)));
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index++) filter.send(bytes.subarray(places[index - 1], places[index]));
  filter.end();
  return Buffer.concat(parts);
}

describe('the repair of the wire', () => {
  it('takes away a ReadyForQuery at the end, however it is cut up', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { maxLength: 6 }), fc.uint8Array({ maxLength: 40 }), (cuts, before) => {
        const said = Buffer.concat([before, failure]);
        expect(pass(Buffer.concat([said, ready]), cuts).equals(said)).toBe(true);
        expect(pass(said, cuts).equals(said)).toBe(true);
      }),
    );
  });

  it('leaves one in the middle alone', () => {
    const said = Buffer.concat([ready, failure]);
    expect(pass(said, [3]).equals(said)).toBe(true);
  });

  it('concerns the extended protocol only', () => {
    const first = (letter: string) => isExtendedMessage(Buffer.from(letter));
    expect([...'PBDECH'].every(first)).toBe(true);
    expect([...'QSX\0'].some(first)).toBe(false);
  });
});
