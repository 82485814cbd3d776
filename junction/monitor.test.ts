import { describe, expect, it } from 'vitest';
import { LampMonitor } from './monitor.ts';
import { crossroads } from './testing.ts';
import type { Lamp } from './types.ts';

const LETTERS: Record<string, Lamp> = { r: 'red', a: 'amber', g: 'green', f: 'flash' };
const lamps = (letters: string): Lamp[] => [...letters].map((letter) => LETTERS[letter]!);

/** What the monitor says of lamps shown at seconds; the first answer that is not null. */
function verdict(crossings: boolean, ...seen: [second: number, letters: string][]): string | null {
  const monitor = new LampMonitor(crossroads({ crossings }), lamps(seen[0]![1]), seen[0]![0] * 1000);
  for (const [second, letters] of seen.slice(1)) {
    const wrong = monitor.see(lamps(letters), second * 1000);
    if (wrong !== null) return wrong;
  }
  return null;
}

describe('lamp monitor', () => {
  it('has nothing to say of a legal change', () => {
    expect(verdict(false, [0, 'grgrrrrr'], [20, 'ararrrrr'], [23, 'rrrrrrrr'], [25, 'rgrgrrrr'])).toBeNull();
  });
  it('sees conflicting greens', () => {
    expect(verdict(false, [0, 'rrrrrrrr'], [9, 'grrrgrrr'])).toBe(
      'N-straight and E-straight conflict and are both green',
    );
  });
  it('sees a green that comes too soon', () => {
    expect(verdict(false, [0, 'grrrrrrr'], [20, 'arrrrrrr'], [23, 'rrrrrrrr'], [24.9, 'rrrrgrrr'])).toBe(
      'E-straight green 4.9 s after N-straight; at least 5 s',
    );
  });
  it('sees a missing and a short yellow', () => {
    expect(verdict(false, [0, 'grrrrrrr'], [20, 'rrrrrrrr'])).toBe(
      'N-straight went from green to red without 3 s amber',
    );
    expect(verdict(false, [0, 'grrrrrrr'], [20, 'arrrrrrr'], [22.9, 'rrrrrrrr'])).toBe(
      'N-straight amber lasted 2.9 s; at least 3 s',
    );
  });
  it('sees walkers who are not given time to clear', () => {
    expect(verdict(true, [0, 'rrrrrrrrgr'], [20, 'rrrrrrrrar'], [33, 'rrrrrrrrrr'])).toBe(
      'E-walk amber lasted 13 s; at least 14 s',
    );
  });
});
