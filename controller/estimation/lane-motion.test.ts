import { describe, expect, it } from 'vitest';
import { closeUp, drive, type Moving, type Passage } from './lane-motion.ts';

const LIMIT = 13.9;
const at = (metres: number, metresPerSecond = 0): Moving => ({ metres, metresPerSecond, heldMs: 0, atLineMs: 0 });

function driven(seconds: number, vehicles: Moving[], isOpen: boolean): Moving[] {
  for (let second = 1; second <= seconds; second++) {
    const passage: Passage = { seconds: 1, nowMs: 1000 * second, limit: LIMIT, abreast: 1, isOpen };
    drive(vehicles, passage);
  }
  return vehicles;
}

describe('vehicles of a lane', () => {
  it('who meet nobody are at an open line when the limit says so', () => {
    expect(driven(7, [at(100, LIMIT)], true)[0]!.metres).toBeCloseTo(100 - 7 * LIMIT);
    expect(driven(8, [at(100, LIMIT)], true)[0]).toMatchObject({ metres: 0, atLineMs: 7000 });
  });

  it('stop at a closed line, one behind the other, and are held up from then on', () => {
    const [first, second, third] = driven(30, [at(60, LIMIT), at(80, LIMIT), at(100, LIMIT)], false);
    expect(first!.metres).toBeLessThan(3);
    expect(second!.metres - first!.metres).toBeGreaterThanOrEqual(7.5);
    expect(third!.metres).toBeLessThan(25);
    expect(first!.heldMs).toBeGreaterThan(3000);
    expect(third!.heldMs).toBeGreaterThan(first!.heldMs);
  });

  it('set off one after the other: the fifth of a queue is at the line after 7 to 13 s', () => {
    const queue = [0, 1, 2, 3, 4].map((k) => at(1 + 7.5 * k));
    let seconds = 0;
    while (queue.length > 0 && seconds < 60) {
      seconds++;
      drive(queue, { seconds: 1, nowMs: 1000 * seconds, limit: LIMIT, abreast: 1, isOpen: true });
      if (queue[0]!.metres === 0) queue.shift();
    }
    expect(seconds).toBeGreaterThan(7);
    expect(seconds).toBeLessThan(13);
  });

  it('stand side by side where the line is as wide', () => {
    const pair = [at(0), at(20, 10)];
    for (let second = 1; second <= 10; second++)
      drive(pair, { seconds: 1, nowMs: 1000 * second, limit: LIMIT, abreast: 2, isOpen: false });
    expect(pair[1]!.metres).toBeLessThan(3);
  });

  it('close up behind one who left sooner than was thought, those close behind only', () => {
    const followers = [at(20), at(30), at(70)];
    closeUp(followers, 10);
    expect(followers.map(({ metres }) => metres)).toEqual([10, 20, 70]);
  });
});
