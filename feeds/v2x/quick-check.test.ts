import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_MESSAGES } from '../examples.ts';
import { decode } from './convert.ts';
import { isPlainBsm, isPlainPsm } from './quick-check.ts';
import { bsmSchema, psmSchema, RAW_MESSAGES } from './raw.ts';
import { readV2xValue } from './read.ts';

type Value = Record<string, unknown>;
const RECEIPT = { receivedAtMs: Date.UTC(2026, 0, 5, 8), via: null };

const exampleValue = (kind: 'bsm' | 'psm'): Value => {
  const [message] = EXAMPLE_MESSAGES[kind] as { payload: { data: { value: Record<string, Value> } } }[];
  return structuredClone(message!.payload.data.value[RAW_MESSAGES[kind].name]!);
};

/** Paths of all that is in a value, of objects too. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

const strange = fc.oneof(
  fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }),
  fc.integer({ min: -200, max: 300 }),
  fc.double(),
  fc.constantFrom<unknown>(undefined, null, true, [], {}, '', '80', 'ff', 'GG', '0000000a', 'unavailable', -0, 2 ** 53),
  fc.constantFrom<unknown>('forwardGears', 'on', 'off', 'engaged', 'aPEDESTRIAN', 'aPEDALCYCLIST', ' 80', '８0'),
  fc.string({ maxLength: 9 }),
);

describe.each([
  ['bsm', isPlainBsm, bsmSchema],
  ['psm', isPlainPsm, psmSchema],
] as const)('the checks by hand of %s', (kind, isPlain, schema) => {
  const paths = pathsOf(exampleValue(kind)).filter((path) => path.length > 0);

  it('accept what is usual', () => {
    const value = exampleValue(kind);
    delete value.partII;
    delete value.pathHistory;
    expect(isPlain(value)).toBe(true);
  });

  it('accept nothing that the schema refuses, and what they accept is read the same', () => {
    let accepted = 0;
    let refused = 0;
    const change = fc.record({
      path: fc.constantFrom(...paths),
      to: strange,
      how: fc.constantFrom('set', 'drop', 'add'),
      name: fc.constantFrom('lat', 'extra', 'toString', 'speed'),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 0, maxLength: 2 }), (changes) => {
        const value = exampleValue(kind);
        delete value.partII;
        for (const { path, to, how, name } of changes) {
          let at: unknown = value;
          for (const key of path.slice(0, -1)) at = (at as Value | undefined)?.[key];
          if (typeof at !== 'object' || at === null) continue;
          if (how === 'drop') delete (at as Value)[path.at(-1)!];
          else (at as Value)[how === 'set' ? path.at(-1)! : name] = to;
        }
        // as it comes over a wire
        const received = JSON.parse(JSON.stringify(value)) as Value;
        const parsed = schema.safeParse(received);
        if (!isPlain(received)) {
          refused++;
          return;
        }
        accepted++;
        expect(parsed.success).toBe(true);
        expect(decode(kind, received as never, RECEIPT)).toEqual(decode(kind, parsed.data as never, RECEIPT));
      }),
      { numRuns: 4000, seed: 20_260_105 },
    );
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('the words of an envelope about itself', () => {
  const [good] = EXAMPLE_MESSAGES.bsm as Record<string, unknown>[];
  const saying = (changes: Value) => ({ ...good, metadata: { ...(good!.metadata as Value), ...changes } });

  it.each([
    ['odeReceivedAt', '2024-02-30T08:00:00Z'],
    ['odeReceivedAt', 'yesterday'],
    ['schemaVersion', 9.5],
    ['recordGeneratedBy', 'NOBODY'],
    ['originIp', 'x'.repeat(65)],
  ])('are checked again where %s differs from the message before', (field, value) => {
    const { messages, rejections } = readV2xValue([good, saying({ [field]: value }), good, saying({ [field]: value })]);
    expect(messages).toHaveLength(2);
    expect(rejections.map(({ index }) => index)).toEqual([1, 3]);
  });

  it('do not count for others once they are changed', () => {
    const one = structuredClone(good) as { metadata: Value };
    expect(readV2xValue(one).messages).toHaveLength(1);
    one.metadata.odeReceivedAt = 'never';
    expect(readV2xValue(one).rejections).toHaveLength(1);
  });
});
