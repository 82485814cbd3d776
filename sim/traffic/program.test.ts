import { describe, expect, it } from 'vitest';
import { type LightProgram, programCycleSeconds, programLamps, programPhase } from './program.ts';

const program: LightProgram = {
  junction: 0,
  firstGroup: 2,
  groupCount: 3,
  phases: [
    { seconds: 5, greenGroups: [] },
    { seconds: 30, greenGroups: [2, 4] },
    { seconds: 10, greenGroups: [3] },
  ],
};

describe("a file's light plan", () => {
  it('goes round without end', () => {
    expect(programCycleSeconds(program)).toBe(45);
    for (const cycle of [0, 45, 4500]) {
      expect([0, 4.9, 5, 34.9, 35, 44.9].map((t) => programPhase(program, cycle + t))).toEqual([0, 0, 1, 1, 2, 2]);
    }
  });

  it('switches on time at steps that are not exact in binary', () => {
    for (let k = 0; k < 9000; k++) {
      const expected = k % 450 < 50 ? 0 : k % 450 < 350 ? 1 : 2;
      expect(programPhase(program, k * 0.1)).toBe(expected);
    }
  });

  it("sets its own groups only: green where the phase says so, the junction's others red", () => {
    const lamps = new Uint8Array(6).fill(9);
    programLamps(program, 20, lamps);
    expect([...lamps]).toEqual([9, 9, 1, 0, 1, 9]);
    programLamps(program, 40, lamps);
    expect([...lamps]).toEqual([9, 9, 0, 1, 0, 9]);
  });
});
