import { describe, expect, it } from 'vitest';
import { parseScenario } from './load.ts';
import { walkedText } from './testing-walked.ts';

const load = (detection: string) =>
  parseScenario(walkedText({ button: true }).replace('demand:', `detection: ${detection}\ndemand:`), 'x.yaml');

describe('faults of detectors', () => {
  it('last from the start to the end unless the file says otherwise; outages are silent readers', () => {
    const { scenario } = load(
      '{ outages: [{ approach: S, fromSeconds: 5, untilSeconds: 60 }], faults: [{ approach: N, device: loop, position: stopline, kind: stuck-on }] }',
    );
    expect(scenario!.detection.faults).toEqual([
      {
        junction: 'walked',
        approach: 'S',
        device: 'reader',
        position: null,
        kind: 'silent',
        fromSeconds: 5,
        untilSeconds: 60,
        probability: 0,
        driftSecondsPerHour: 0,
      },
      {
        junction: 'walked',
        approach: 'N',
        device: 'loop',
        position: 'stopline',
        kind: 'stuck-on',
        fromSeconds: 0,
        untilSeconds: 600,
        probability: 0,
        driftSecondsPerHour: 0,
      },
    ]);
  });

  it.each([
    ['approach: X, device: loop, kind: silent', 'approach', /names the approach "X"/],
    ['approach: N, junction: y, device: loop, kind: silent', 'junction', /names the junction "y"/],
    [
      'approach: N, device: loop, kind: doubled',
      'kind',
      /is doubled; of a loop it is one of silent, stuck-on or stuck-off/,
    ],
    ['approach: N, device: reader, kind: misses', 'probability', /is missing; misses needs it/],
    ['approach: N, device: reader, kind: silent, probability: 1', 'probability', /but silent has none/],
    ['approach: N, device: reader, kind: clock-drift', 'driftSecondsPerHour', /clock-drift needs it/],
    ['approach: N, device: reader, position: upstream, kind: silent', 'position', /has no detector at walked/],
    ['approach: N, device: button, position: stopline, kind: stuck-on', 'position', /not for buttons/],
    ['approach: N, device: loop, kind: silent, fromSeconds: 600', 'fromSeconds', /leaves no time/],
  ])('are refused where they make no sense: %s', (entry, key, says) => {
    const { issues } = load(`{ faults: [{ ${entry} }] }`);
    expect(issues.map((issue) => issue.path)).toEqual([`detection.faults[0].${key}`]);
    expect(issues[0]!.message).toMatch(says);
  });
});
