/**
 * The text of a scenario: a left turn whose queue never ends, permitted across traffic straight on in one lane, in steps
 * of 0.5 s. `opposingPerHour`: vehicles an hour that come the other way.
 */
export function permittedLeft(opposingPerHour: number, durationSeconds: number): string {
  return `
version: 1
drivingSide: right
stepSeconds: 0.5
durationSeconds: ${durationSeconds}
junctions:
  - name: here
    latitude: 0
    longitude: 0
    approachDefaults: { lengthMetres: 300 }
    approaches:
      - { name: E, lanes: [{ movements: [straight] }] }
      - { name: W, lanes: [{ movements: [left] }], exitLanes: 1 }
      - { name: N, lanes: [{ movements: [straight] }] }
      - { name: S, lanes: [{ movements: [straight] }] }
    signals:
      maxCycleSeconds: 200
      permitted: [[W-left, E-straight]]
      stages:
        - { id: ew, groups: [E-straight, W-left], greenSeconds: 60 }
        - { id: ns, groups: [N-straight, S-straight], greenSeconds: 20 }
demand:
  flows:
    - { approach: W, movement: left, vehiclesPerHour: 1800 }
    - { approach: E, movement: straight, vehiclesPerHour: ${opposingPerHour} }
variants:
  - { name: baseline, strategy: fixed-time }
`;
}
