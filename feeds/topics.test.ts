import { describe, expect, it } from 'vitest';
import { EXAMPLE_LANE_IDS, exampleAddress, EXAMPLE_JUNCTION_ID as J } from './examples.ts';
import type { MessageKind } from './messages.ts';
import {
  addressOf,
  filterOf,
  isRetained,
  isSimulationPrefix,
  MESSAGE_KINDS,
  requireSimulationPrefix,
  simulationPrefix,
  topicOf,
} from './topics.ts';

const L = EXAMPLE_LANE_IDS.N;

/** As MQTT 3.1.1 matches, `+` only. */
const matches = (filter: string, topic: string) => {
  const f = filter.split('/');
  const t = topic.split('/');
  return f.length === t.length && f.every((part, i) => part === '+' || part === t[i]);
};

describe('topics', () => {
  it('are those of the device protocol', () => {
    const topics = Object.fromEntries(MESSAGE_KINDS.map((kind) => [kind, topicOf(exampleAddress('flextraff', kind))]));
    expect(topics).toEqual({
      'car-counts': `flextraff/${J}/${L}/car-counts`,
      configuration: `flextraff/${J}/configuration`,
      detections: `flextraff/${J}/detections`,
      'green-time': `flextraff/${J}/green-time`,
      'stage-request': `flextraff/${J}/stage-request`,
      ack: `flextraff/${J}/green-time/ack`,
      lamps: `flextraff/${J}/lamps`,
      mode: `flextraff/${J}/mode`,
      'mode-request': `flextraff/${J}/mode-request`,
      'mode-answer': `flextraff/${J}/mode-answer`,
      heartbeat: 'flextraff/devices/lamps-01/heartbeat',
      status: 'flextraff/devices/lamps-01/status',
      log: `flextraff/${J}/log`,
      bsm: `flextraff/${J}/bsm`,
      psm: `flextraff/${J}/psm`,
      spat: `flextraff/${J}/spat`,
      map: `flextraff/${J}/map`,
      clock: 'flextraff/clock',
      'clock-done': 'flextraff/clock-done',
    });
  });

  it('are state, which the broker keeps, for configuration, plan, lamps, map, mode and status only', () => {
    expect(MESSAGE_KINDS.filter(isRetained).sort()).toEqual([
      'configuration',
      'green-time',
      'lamps',
      'map',
      'mode',
      'status',
    ]);
  });

  it('lead back to their address, whichever other prefixes there are', () => {
    const prefixes = ['flextraff', 'flextraff-sim/r1/baseline', 'flextraff-sim/r1/adaptive'];
    for (const prefix of prefixes) {
      for (const kind of MESSAGE_KINDS) {
        const address = exampleAddress(prefix, kind);
        expect(addressOf(topicOf(address), prefixes)).toEqual(address);
      }
    }
  });

  it('match the filter of their kind and of no other', () => {
    for (const kind of MESSAGE_KINDS) {
      const topic = topicOf(exampleAddress('flextraff-sim/r/a', kind));
      expect(MESSAGE_KINDS.filter((other) => matches(filterOf('flextraff-sim/r/a', other), topic))).toEqual([kind]);
    }
  });

  it.each([
    'flextraff',
    'flextraff/',
    'flextraff/junction-1/lamps',
    `flextraff/${J}`,
    `flextraff/${J}/ack`,
    `flextraff/${J}/toString`,
    `flextraff/${J}/clock`,
    `flextraff/${J}/lane-1/car-counts`,
    `flextraff/${J}/${L}/detections`,
    `flextraff/${J}/${L}/car-counts/more`,
    'flextraff/devices//status',
    'flextraff/devices/x/lamps',
    `flextraff-sim/r/a/${J}/lamps`,
    `other/${J}/lamps`,
  ])('refuses %s', (topic) => {
    expect(addressOf(topic, ['flextraff'])).toBeNull();
  });

  it('cannot be made from an address whose parts would make another topic', () => {
    const wrong: [MessageKind, object][] = [
      ['lamps', {}],
      ['lamps', { junctionId: 'junction-1' }],
      ['lamps', { junctionId: `${J}/x` }],
      ['car-counts', { junctionId: J }],
      ['car-counts', { junctionId: J, laneId: '+' }],
      ['status', {}],
      ['status', { deviceId: 'a/b' }],
      ['status', { deviceId: '#' }],
      ['status', { deviceId: '' }],
    ];
    for (const [kind, parts] of wrong) {
      expect(() => topicOf({ prefix: 'flextraff', kind, ...parts }), JSON.stringify(parts)).toThrow(
        /needs (junctionId|laneId|deviceId)/,
      );
    }
  });
});

describe('the prefix of a simulation', () => {
  it('is flextraff-sim/{run}/{variant}', () => {
    expect(simulationPrefix('0190-ab', 'adaptive')).toBe('flextraff-sim/0190-ab/adaptive');
    expect(isSimulationPrefix('flextraff-sim/0190-ab/adaptive')).toBe(true);
  });

  it.each([
    'flextraff',
    'flextraff/r/a',
    'flextraff-sim',
    'flextraff-sim/r',
    'flextraff-sim/r/',
    'flextraff-sim//a',
    'flextraff-sim/r/a/b',
    'flextraff-sim/+/a',
    'flextraff-sim/../a',
    ' flextraff-sim/r/a',
    'Flextraff-sim/r/a',
    '',
  ])('is not %j', (prefix) => {
    expect(isSimulationPrefix(prefix)).toBe(false);
    expect(() => requireSimulationPrefix(prefix)).toThrow(/drive real lamps/);
  });

  it('refuses names that would not stay one part of a topic', () => {
    expect(() => simulationPrefix('a/b', 'adaptive')).toThrow(/does not fit/);
    expect(() => simulationPrefix('run', 'Adaptive!')).toThrow(/\[a-z\]\[a-z0-9-\]\*/);
  });
});
