import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fziMessages } from '../../feeds/v2x/fzi.ts';
import { fromLocal, localFrame, toLocal } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import { envelope, readV2x } from '../../feeds/v2x/read.ts';
import { readLogLine } from '../../feeds/v2x/replay-log.ts';
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
