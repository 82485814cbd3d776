import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fziMessages } from '../../feeds/v2x/fzi.ts';
import { fziMap } from '../../feeds/v2x/fzi-map.ts';
import { fromLocal, localFrame, toLocal } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import { envelope, readV2x } from '../../feeds/v2x/read.ts';
import { readLogLine } from '../../feeds/v2x/replay-log.ts';
import { SafetyAnalysis } from './analysis.ts';
import { EncounterEngine } from './encounters.ts';
import { feed } from './from-v2x.ts';

const data = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'v2x');
const recording = join(data, 'fzi-k733_2020-09-15');

describe('local frame', () => {
  it('goes there and back', () => {
    const frame = localFrame(49.005306, 8.4374089);
    const [x, y] = toLocal(frame, ...fromLocal(frame, 123.4, -56.7));
    expect(x).toBeCloseTo(123.4, 6);
    expect(y).toBeCloseTo(-56.7, 6);
    expect(frame.metresPerDegreeNorth).toBeCloseTo(111_209, -1);
    expect(() => localFrame(90, 0)).toThrow('local frame');
  });
});

describe('a recording as CSV', () => {
  it('names each row that it cannot use', () => {
    const recording = {
      metadata: 'date,startTime,originLat,originLon,timeZone\n2020-09-15,18:06:14.500,49,8.4,GMT+2\n',
      tracks:
        'track_id,frame_id,timestamp_ms,agent_type,x,y,vx,vy,psi_rad,length,width\n1,1,0,Car,0,0,3,4,0,4,2\n2,1,0,Tram,0,0,3,4,0,4,2\n3,1,0,Bike,a,0,3,4,0,4,2\n4,1,0,Pedestrian\n',
      signals: 'signal_group_id,timestamp_ms,movement_state\n1,0,STOP_AND_REMAIN\n2,0,PURPLE\n',
    };
    const { messages, rejections, rows, startsAtMs } = fziMessages(recording, { speeds: 'recorded' });
    expect(startsAtMs).toBe(Date.UTC(2020, 8, 15, 16, 6, 14, 500));
    expect(rows).toBe(6);
    expect(messages).toHaveLength(2);
    expect(messages[1]).toMatchObject({ kind: 'bsm', speedMetresPerSecond: 5, headingDegrees: 90 });
    // a single position has no speed
    expect(fziMessages(recording).messages[1]).toMatchObject({ kind: 'bsm', speedMetresPerSecond: null });
    expect(rejections.map((one) => `${one.file} ${one.line} ${one.reason}`)).toEqual([
      'tracks 3 unknown-agent-type',
      'tracks 4 not-a-number',
      'tracks 5 missing-column',
      'signals 3 unknown-state',
    ]);
  });
});

describe('lanes as KML', () => {
  const place = (name: string, points: string, data = '') =>
    `<Placemark><name>${name}</name><LineString><coordinates>${points}</coordinates></LineString><ExtendedData>${data}</ExtendedData></Placemark>`;
  const data = (sink: string, group: string) =>
    `<Data name="Sink"><value>${sink}</value></Data><Data name="SignalGroup"><value>${group}</value></Data>`;
  const kml = `<kml><Document><name>x</name>${place('RefPoint', '8.4,49.0,0')}
    ${place('Lane 21', '8.4001,49.0,0 8.4003,49.0,0 8.4005,49.0,0 8.4002,49.0,0', data('31, 32', '4, 5'))}
    ${place('Lane 31', '8.3999,49.0,0 8.3990,49.0,0', data('', ''))}
    ${place('Lane 41', '8.4,49.0001,0 8.4,49.00011,0', data('42', '9'))}
    ${place('Lane 42', '8.4,49.0003,0 8.4,49.00031,0', data('41', '9'))}</Document></kml>`;
  it('become MAP: ways in with their groups, ways out, crossings of two pieces', () => {
    const { intersections, receivedAtMs } = fziMap(kml, 733, 5000);
    expect([receivedAtMs, intersections[0]!.key.id]).toEqual([5000, 733]);
    const [into, out, kerb] = intersections[0]!.lanes;
    expect(into).toMatchObject({
      id: 21,
      ingressApproach: 2,
      connections: [
        { lane: 31, signalGroup: 4 },
        { lane: 32, signalGroup: 5 },
      ],
    });
    // the point that turns back is left out
    expect(into!.nodes).toHaveLength(3);
    expect(into!.nodes[0]).toMatchObject({ kind: 'offset', xMetres: expect.closeTo(7.3, 1), yMetres: 0 });
    expect(out).toMatchObject({ id: 31, egressApproach: 3 });
    expect(out!.connections).toBeUndefined();
    expect(kerb!.type!.kind).toBe('crosswalk');
    const { messages, rejections } = readV2x(JSON.stringify(envelope(fziMap(kml, 733, 5000), 'RSU')));
    expect(rejections).toEqual([]);
    expect(messages[0]).toMatchObject({ kind: 'map' });
  });
  it('are refused where they have no reference point, or are no KML', () => {
    expect(() => fziMap('<kml/>', 733, 0)).toThrow('RefPoint');
    expect(() => fziMap('<kml', 733, 0)).toThrow('broken');
  });
});

describe.skipIf(!existsSync(recording))('the recording of a real junction (shared data; skipped where absent)', () => {
  const text = (name: string) => readFileSync(join(recording, name), 'utf8');
  const converted = existsSync(recording)
    ? fziMessages({
        tracks: text('vehicle_tracks_000.csv'),
        signals: text('signal_phases_000.csv'),
        metadata: text('meta_data.csv'),
      })
    : null;

  function analyse(messages: readonly V2xMessage[]) {
    const { originLatitudeDegrees, originLongitudeDegrees } = converted!;
    const frame = localFrame(originLatitudeDegrees, originLongitudeDegrees);
    const engine = new EncounterEngine();
    const refused: Record<string, number> = {};
    for (const message of messages) {
      const why = feed(engine, message, frame);
      if (why !== null) refused[why] = (refused[why] ?? 0) + 1;
    }
    engine.finish();
    return { encounters: engine.takeEncounters(), refused, engine };
  }

  it('becomes 18,625 road-user messages and 1,576 SPaT, each of which is valid J2735 and used', () => {
    expect(converted!.rejections).toEqual([]);
    const counts = { bsm: 0, psm: 0, spat: 0, map: 0 };
    for (const message of converted!.messages) counts[message.kind]++;
    expect(counts).toEqual({ bsm: 9562, psm: 9063, spat: 1576, map: 0 });
    for (let i = 0; i < converted!.messages.length; i += 37) {
      const message = converted!.messages[i]!;
      const { messages, rejections } = readV2x(JSON.stringify(envelope(message, 'RSU')));
      expect(rejections).toEqual([]);
      expect(messages[0]!.kind).toBe(message.kind);
    }
    expect(analyse(converted!.messages).refused).toEqual({});
  });

  it('gives the three encounters that docs/SAFETY.md works out by hand', () => {
    const frame = localFrame(converted!.originLatitudeDegrees, converted!.originLongitudeDegrees);
    const analysis = new SafetyAnalysis({ frame });
    const mapped = fziMessages({
      tracks: text('vehicle_tracks_000.csv'),
      signals: text('signal_phases_000.csv'),
      metadata: text('meta_data.csv'),
      map: text('k733_map.kml'),
    });
    for (const message of mapped.messages) expect(analysis.message(message)).toBeNull();
    analysis.finish();
    const { encounters, passages } = analysis.take();
    const of = (first: number, second: number) =>
      encounters.find((one) => Number(one.users[0]) === first && Number(one.users[1]) === second)!;
    expect(of(37, 39)).toMatchObject({ type: 'rear-end', minTtcSeconds: expect.closeTo(1.78, 2) });
    expect(of(37, 39).signalStates).toEqual(['permissive-clearance', 'permissive-clearance']);
    expect(of(86, 81)).toMatchObject({ withVru: true, petSeconds: expect.closeTo(1.75, 2) });
    expect(of(33, 72)).toMatchObject({ outlinesTouched: true, severity: 'candidate' });
    expect(passages.filter((one) => one.light === 'red').every((one) => one.speedMetresPerSecond < 1)).toBe(true);
  });

  it('gives encounters, each pair once at a time, with people and without, and the same through J2735', () => {
    const { encounters } = analyse(converted!.messages);
    expect(encounters.some((one) => one.withVru)).toBe(true);
    expect(encounters.some((one) => !one.withVru)).toBe(true);
    for (const one of encounters) {
      expect(one.minTtcSeconds !== undefined || one.petSeconds !== undefined).toBe(true);
      expect(one.users[0]).not.toBe(one.users[1]);
    }
    const wire = analyse(
      converted!.messages.flatMap((message) => readV2x(JSON.stringify(envelope(message, 'RSU'))).messages),
    );
    const key = (list: typeof encounters) =>
      new Set(list.filter((one) => one.severity === 'serious').map((one) => [...one.users].sort().join()));
    const [plain, sent] = [key(encounters), key(wire.encounters)];
    const both = [...plain].filter((pair) => sent.has(pair));
    expect(both.length).toBeGreaterThanOrEqual(0.9 * Math.max(plain.size, sent.size));
  });
});

describe.skipIf(!existsSync(data))('the recorded approach (shared data; skipped where absent)', () => {
  it('feeds every vehicle message, or says why not', () => {
    const engine = new EncounterEngine();
    const frame = localFrame(39.6387593, -105.0816421);
    const counts: Record<string, number> = {};
    for (const line of readFileSync(join(data, 'ode-v4-replay', 'approach-and-stop.csv'), 'utf8').split('\n'))
      for (const message of readLogLine(line, { startsAtMs: Date.UTC(2024, 0, 1, 12) }).messages) {
        const why = feed(engine, message, frame) ?? 'used';
        counts[`${message.kind} ${why}`] = (counts[`${message.kind} ${why}`] ?? 0) + 1;
      }
    engine.finish();
    expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(601);
    expect(counts).toMatchObject({ 'spat used': 315, 'map used': 33 });
    expect(engine.takeEncounters()).toEqual([]);
  });
});
