import { expect, it } from 'vitest';
import { refusalsOnce } from './controller.ts';

it('tells why a device refuses once, and again after it obeyed or for another reason', () => {
  const told = refusalsOnce();
  const answer = (result: 'applied' | 'refused', reason: string, junctionId = 'a') =>
    told({ junctionId, acknowledged: { result, reason } as never });
  expect(answer('refused', 'configuration version 2; version 1 is in force')).toMatch(/version 2/);
  expect(answer('refused', 'configuration version 2; version 1 is in force')).toBeNull();
  expect(answer('refused', 'configuration version 2; version 1 is in force', 'b')).toMatch(/version 2/);
  expect(answer('refused', '12 s late')).toBe('12 s late');
  expect(answer('refused', '13 s late')).toBeNull();
  expect(answer('applied', '')).toBeNull();
  expect(answer('refused', '14 s late')).toBe('14 s late');
});
