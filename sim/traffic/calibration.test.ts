import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenarios/load.ts';
import { openStreet } from '../street.ts';

function warnings(speedLimitKilometresPerHour: number, classes: string): readonly string[] {
  const { scenario, issues } = parseScenario(
    `version: 1
drivingSide: right
stepSeconds: 0.5
durationSeconds: 60
junctions:
  - name: here
    latitude: 0
    longitude: 0
    approachDefaults: { lengthMetres: 200, laneWidthMetres: 3, speedLimitKilometresPerHour: ${speedLimitKilometresPerHour} }
    approaches:
${['N', 'E', 'S', 'W'].map((name) => `      - { name: ${name}, lanes: [{ movements: [straight] }] }`).join('\n')}
    signals:
      stages:
        - { id: ns, groups: [N-straight, S-straight], greenSeconds: 20 }
        - { id: ew, groups: [E-straight, W-straight], greenSeconds: 20 }
vehicleClasses: { ${classes} }
demand:
  flows: [{ approach: N, movement: straight, vehiclesPerHour: 300 }]
variants:
  - { name: baseline, strategy: fixed-time }
`,
    'pcu.yaml',
  );
  if (scenario === undefined) throw new Error(issues.map(({ path, message }) => `${path} ${message}`).join('\n'));
  const variant = { name: 'baseline', strategy: 'fixed-time' };
  return openStreet({ kind: 'scenario', scenario }, { seed: 1, variant, prefix: 'flextraff-sim/r/baseline' }).warnings;
}

describe('a PCU that a class cannot have', () => {
  it('is told with what the class discharges and what was asked for', () => {
    const told = warnings(30, 'car: { share: 0.5 }, rickshaw: { share: 0.5 }');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^class rickshaw at 30 km\/h discharges \d+ vehicles an hour and lane, where its pcu of 0\.5 asks for 3600: a headway of 0\.2 s is the least there is\. Change/,
    );
  });

  it('is told once a street, again where what was found is used again', () => {
    expect(warnings(30, 'car: { share: 0.5 }, rickshaw: { share: 0.5 }')).toHaveLength(1);
  });

  it('is not spoken of where drivers can do it', () => {
    expect(warnings(50, 'car: { share: 0.5 }, rickshaw: { share: 0.5 }')).toEqual([]);
    expect(warnings(50, 'car: { share: 0.6 }, bus: { share: 0.4 }')).toEqual([]);
  });
});
