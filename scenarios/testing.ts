/** A small sound scenario for tests, one mistake at a time away from being refused. */
import { join } from 'node:path';
import { SHIPPED_SCENARIOS } from './list.ts';
import { loadScenario, parseScenario } from './load.ts';
import type { Scenario } from './types.ts';

export const EXAMPLE = `version: 1
drivingSide: right
durationSeconds: 1800
junctions:
  - name: cross
    latitude: 50
    longitude: 8
    approaches:
      - { name: N, lanes: [{ movements: [left] }, { movements: [straight, right] }] }
      - { name: S, lanes: [{ movements: [left] }, { movements: [straight, right] }] }
      - { name: E, lanes: [{ movements: [left, straight, right] }] }
      - { name: W, lanes: [{ movements: [left, straight, right] }] }
    signalGroups:
      - { id: E, movements: [E-left, E-straight, E-right] }
      - { id: W, movements: [W-left, W-straight, W-right] }
    signals:
      minGreenSeconds: 6
      maxCycleSeconds: 120
      stages:
        - { id: ns, groups: [N-straight, N-right, S-straight, S-right], greenSeconds: 30 }
        - { id: ns-left, groups: [N-left, S-left], greenSeconds: 10 }
        - { id: e, groups: [E], greenSeconds: 12 }
        - { id: w, groups: [W], greenSeconds: 12 }
vehicleClasses:
  car: { share: 0.8 }
  bus: { share: 0.2 }
demand:
  periodSeconds: 900
  flows:
    - { approach: N, movement: straight, vehicles: [100, 120] }
    - { approach: E, movement: left, vehiclesPerHour: 60 }
variants:
  - { name: baseline, strategy: fixed-time }
  - { name: adaptive, strategy: atcs, parameters: { horizonSeconds: 60 } }
`;

/** The example with text replaced; each must occur. */
export function changed(...replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the example does not contain ${from}`);
    return text.replace(from, () => to);
  }, EXAMPLE);
}

/** The scenario of a text that must be sound. */
export function sound(text: string, file = 'example.yaml'): Scenario {
  const { scenario, issues } = parseScenario(text, file);
  if (!scenario)
    throw new Error(issues.map((issue) => `${issue.line}:${issue.column} ${issue.path} ${issue.message}`).join('\n'));
  return scenario;
}

/** A scenario that ships, by its name. */
export async function shippedScenario(name: string): Promise<Scenario> {
  return loadScenario(join(SHIPPED_SCENARIOS, `${name}.yaml`));
}
