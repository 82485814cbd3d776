import { describe, expect, it } from 'vitest';
import { timePlan } from '../junction/timing.ts';
import { changed, shippedScenario, sound } from './testing.ts';

describe('what signals do by the clock', () => {
  it('becomes plans of the configuration, with their zone', () => {
    const plans = `plans:
        - { startsAt: "07:00", days: [monday, friday], offsetSeconds: 12, stages: [{ id: ns, greenSeconds: 40 }, { id: ns-left, greenSeconds: 10 }, { id: e, greenSeconds: 12 }, { id: w, greenSeconds: 12 }] }
        - { startsAt: "10:30" }
      stages:`;
    const { configuration } = sound(
      changed(
        ['      stages:', `      ${plans}`],
        ['drivingSide: right', 'drivingSide: right\ntimeZone: Asia/Kolkata'],
      ),
    ).junctions[0]!;
    expect(configuration.timeZone).toBe('Asia/Kolkata');
    expect(configuration.localSchedule).toMatchObject([
      { startsAtMinute: 420, days: [0, 4], offsetSeconds: 12 },
      { startsAtMinute: 630, stages: configuration.localPlan },
    ]);
    expect(configuration.localSchedule![0]!.stages[0]).toMatchObject({ stageId: 'ns', greenSeconds: 40 });
  });

  it('has offsets of a green wave: the way from junction to junction at its speed', async () => {
    const { junctions } = await shippedScenario('corridor-green-wave');
    const offsets = junctions.map(({ configuration }) => configuration.offsetSeconds!);
    expect(offsets[0]).toBe(0);
    const cycle = timePlan(junctions[0]!.configuration, junctions[0]!.configuration.localPlan).cycleMs / 1000;
    expect(cycle).toBe(80);
    for (let k = 1; k < junctions.length; k++) {
      const length = junctions[k]!.approaches.find(({ name }) => name === 'W')!.lengthMetres;
      const step = (offsets[k]! - offsets[k - 1]! + cycle) % cycle;
      expect(Math.abs(step - length / 12.5)).toBeLessThan(0.1);
    }
  });
});
