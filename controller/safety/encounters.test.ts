import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encounter, RoadUserUpdate, UserType } from './encounter-types.ts';
import { EncounterEngine } from './encounters.ts';
import { measured, measurePair, NO_CONFLICT, overlap } from './geometry.ts';

interface Track {
  id: string;
  type?: UserType;
  x: number;
  y: number;
  heading: number;
  v: number;
  from?: number;
  to?: number;
  more?: Partial<RoadUserUpdate>;
}
/** Updates of straight tracks at constant speed, 10 Hz, in order of time. */
function drive(tracks: Track[], seconds: number): RoadUserUpdate[] {
  const out: RoadUserUpdate[] = [];
  for (let k = 0; k <= seconds * 10; k++)
    for (const { id, type = 'car', x, y, heading, v, from = 0, to = seconds, more } of tracks) {
      const t = k / 10;
      if (t < from || t > to) continue;
      out.push({
        id,
        timeMs: k * 100,
        x: x + Math.cos(heading) * v * t,
        y: y + Math.sin(heading) * v * t,
        heading,
        speedMetresPerSecond: v,
        type,
        lengthMetres: type === 'car' ? 4 : undefined,
        widthMetres: type === 'car' ? 2 : undefined,
        ...more,
      });
    }
  return out;
}
function run(updates: RoadUserUpdate[], engine = new EncounterEngine()): Encounter[] {
  for (const update of updates) engine.push(update);
  engine.finish();
  return engine.takeEncounters();
}
const EAST = 0;
const NORTH = Math.PI / 2;

describe('encounters', () => {
  it('measures a follower by gap over closing speed, once', () => {
    const [encounter, ...others] = run(
      drive(
        [
          { id: 'behind', x: 0, y: 0, heading: EAST, v: 15, to: 3, more: { accuracyMetres: 0.3 } },
          { id: 'ahead', x: 34, y: 0, heading: EAST, v: 5, to: 3, more: { accuracyMetres: 0.4 } },
        ],
        4,
      ),
    );
    expect(others).toEqual([]);
    // begins at a gap of 30 m closing at 10 m/s; nobody is heard after 3 s, when the gap is 0
    expect(encounter).toMatchObject({
      users: ['ahead', 'behind'],
      type: 'rear-end',
      severity: 'serious',
      withVru: false,
    });
    expect(encounter!.minTtcSeconds).toBeCloseTo(0, 1);
    expect(encounter!.deltaVMetresPerSecond).toBeCloseTo(5, 9);
    const [milder] = run(
      drive(
        [
          { id: 'behind', x: 0, y: 0, heading: EAST, v: 15, to: 1, more: { accuracyMetres: 0.3 } },
          { id: 'ahead', x: 34, y: 0, heading: EAST, v: 5, to: 1, more: { accuracyMetres: 0.4 } },
        ],
        1,
      ),
    );
    expect(milder!.minTtcSeconds).toBeCloseTo(2, 9);
    expect(milder!.dracMetresPerSecond2).toBeCloseTo(50 / 20, 9);
    expect(milder!.mdracMetresPerSecond2).toBeCloseTo(10 / (2 * (2 - 1)), 9);
    expect(milder!.ttcBoundsSeconds!.low).toBeCloseTo(1.95, 9);
    expect(milder!.ttcBoundsSeconds!.high).toBeCloseTo(2.05, 9);
    expect(milder!.petSeconds).toBeUndefined();
    expect(milder!.severity).toBe('candidate');
  });

  it('measures crossing paths by the post-encroachment time', () => {
    // first: rear leaves x = 1 when its centre is at 3, so at 3.3 s; second: front at y = -1 when its centre is at -3, at 4.7 s
    const [encounter, ...others] = run(
      drive(
        [
          { id: 'first', x: -30, y: 0, heading: EAST, v: 10 },
          { id: 'second', x: 0, y: -50, heading: NORTH, v: 10 },
        ],
        8,
      ),
    );
    expect(others).toEqual([]);
    expect(encounter).toMatchObject({
      users: ['first', 'second'],
      type: 'crossing',
      severity: 'serious',
      outlinesTouched: false,
    });
    expect(encounter!.petSeconds).toBeCloseTo(1.4, 2);
    expect(encounter!.minTtcSeconds).toBeUndefined();
    expect(encounter!.angleDegrees).toBeCloseTo(90, 6);
  });

  /** Updates of one that drives along `points` at `v`, from `atSeconds` on, 10 Hz. */
  function along(id: string, points: readonly (readonly [number, number])[], v: number, atSeconds: number) {
    const out: RoadUserUpdate[] = [];
    let total = 0;
    const legs = points.slice(1).map(([x, y], i) => {
      const [x0, y0] = points[i]!;
      const from = total;
      total += Math.hypot(x - x0, y - y0);
      return { x0, y0, from, until: total, heading: Math.atan2(y - y0, x - x0) };
    });
    for (let k = 0; k * 0.1 * v <= total; k++) {
      const leg = legs.find(({ until }) => k * 0.1 * v <= until) ?? legs.at(-1)!;
      const at = k * 0.1 * v - leg.from;
      out.push({
        id,
        timeMs: Math.round(atSeconds * 1000) + k * 100,
        x: leg.x0 + Math.cos(leg.heading) * at,
        y: leg.y0 + Math.sin(leg.heading) * at,
        heading: leg.heading,
        speedMetresPerSecond: v,
        type: 'car',
        lengthMetres: 4,
        widthMetres: 2,
      });
    }
    return out;
  }
  const arc = (fromDegrees: number, toDegrees: number, radius: number, x: number, y: number) =>
    Array.from({ length: 19 }, (_, i) => {
      const angle = ((fromDegrees + ((toDegrees - fromDegrees) * i) / 18) * Math.PI) / 180;
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
    });
  // eastwards, then right (south) round a corner; eastwards, straight on; southwards, and on along the exit of the turn
  const turnsRight = [[-60, 0], ...arc(90, 0, 8, 0, -8), [8, -60]] as const;
  const straightOn = [[-60, 0] as const, [60, 0] as const];
  const fromTheNorth = [[8, 60] as const, [8, -60] as const];
  const together = (...tracks: RoadUserUpdate[][]) => run(tracks.flat().sort((a, b) => a.timeMs - b.timeMs));

  it('takes those who follow and then part for what they are: no encroachment, at whatever headway', () => {
    for (const headway of [1.2, 2, 3.5]) {
      expect(together(along('a', turnsRight, 8, 0), along('b', straightOn, 8, headway))).toEqual([]);
      expect(together(along('a', straightOn, 8, 0), along('b', turnsRight, 8, headway))).toEqual([]);
      expect(together(along('a', turnsRight, 8, 0), along('b', turnsRight, 8, headway))).toEqual([]);
    }
  });

  it('keeps the encroachment of those who merge', () => {
    for (const [first, second] of [
      [turnsRight, fromTheNorth],
      [fromTheNorth, turnsRight],
    ] as const) {
      const [one, ...others] = together(along('a', first, 8, 0), along('b', second, 8, 2.2));
      expect(others).toEqual([]);
      expect(one).toMatchObject({ users: ['a', 'b'] });
      expect(one!.petSeconds).toBeGreaterThan(0.5);
      expect(one!.petSeconds).toBeLessThan(3);
    }
  });

  it('expects nobody to step off the pavement, and sees who does', () => {
    const updates = drive(
      [
        { id: 'walker', type: 'pedestrian', x: 0, y: -8, heading: NORTH, v: 1.4 },
        { id: 'car', x: -42, y: 0, heading: EAST, v: 8 },
      ],
      8,
    );
    const seen = (kerbY: number) => {
      const engine = new EncounterEngine();
      for (const update of updates) {
        engine.push(update);
        engine.locate(-1, -1, update.type === 'pedestrian' && update.y < kerbY);
      }
      engine.finish();
      return engine.takeEncounters();
    };
    const [course] = seen(Number.NEGATIVE_INFINITY);
    expect(course!.minTtcSeconds).toBeLessThan(2.7);
    // at the kerb 2.5 m before the car's path he is 1 s from it: only then does he count
    const [late] = seen(-2.5);
    expect(late!.startMs).toBeGreaterThan(course!.startMs + 500);
    expect(late!.minTtcSeconds).toBeCloseTo(course!.minTtcSeconds!, 9);
    const [never] = seen(Number.POSITIVE_INFINITY);
    expect(never?.minTtcSeconds).toBeUndefined();
  });

  it('measures a collision course by the distance of the one who comes second', () => {
    const [encounter] = run(
      drive(
        [
          { id: 'a', x: -20, y: 0, heading: EAST, v: 10, to: 1 },
          { id: 'b', x: 0, y: -22, heading: NORTH, v: 10, to: 1 },
        ],
        1,
      ),
    );
    // a enters at 17/10 - t and leaves at 23/10 - t, b arrives at 19/10 - t, seen until t = 1
    expect(encounter).toMatchObject({ users: ['a', 'b'], type: 'crossing' });
    expect(encounter!.minTtcSeconds).toBeCloseTo(0.9, 9);
  });

  it('counts a pedestrian with a vehicle, and gives about the speed of the vehicle as delta-V', () => {
    const [encounter] = run(
      drive(
        [
          { id: 'walker', type: 'pedestrian', x: 0, y: -3, heading: NORTH, v: 1.5 },
          { id: 'car', x: -62, y: 0, heading: EAST, v: 10 },
        ],
        10,
      ),
    );
    expect(encounter).toMatchObject({ withVru: true, users: ['walker', 'car'], userTypes: ['pedestrian', 'car'] });
    expect(encounter!.petSeconds).toBeGreaterThan(2);
    expect(encounter!.deltaVMetresPerSecond).toBeGreaterThan(9);
    expect(encounter!.deltaVMetresPerSecond).toBeLessThan(11);
  });

  it('finds none in traffic that keeps apart, next to each other, or past each other', () => {
    expect(
      run(
        drive(
          [
            { id: 'lane 1', x: 0, y: 0, heading: EAST, v: 15 },
            { id: 'lane 2', x: 20, y: 3.5, heading: EAST, v: 5 },
            { id: 'oncoming', x: 200, y: 7, heading: Math.PI, v: 15 },
            { id: 'same speed', x: -25, y: 0, heading: EAST, v: 15 },
          ],
          10,
        ),
      ),
    ).toEqual([]);
    expect(
      run(
        drive(
          [
            { id: 'a', x: -30, y: 0, heading: EAST, v: 10, to: 6 },
            { id: 'b', x: 0, y: -150, heading: NORTH, v: 10 },
          ],
          20,
        ),
      ),
    ).toEqual([]);
  });

  it('leaves two people, and a user and itself, alone', () => {
    expect(
      run(
        drive(
          [
            { id: 'p', type: 'pedestrian', x: 0, y: -2, heading: NORTH, v: 1 },
            { id: 'q', type: 'bicycle', x: -5, y: 0, heading: EAST, v: 3 },
          ],
          6,
        ),
      ),
    ).toEqual([]);
  });

  it('links an id that changed', () => {
    const engine = new EncounterEngine();
    const updates = [
      ...drive([{ id: 'old', x: 0, y: 0, heading: EAST, v: 10, to: 2 }], 2),
      ...drive([{ id: 'new', x: 0, y: 0, heading: EAST, v: 10, from: 2.3 }], 4),
    ];
    run(updates, engine);
    expect(engine.relinked).toBe(1);
    const other = new EncounterEngine();
    run(
      [
        ...drive([{ id: 'old', x: 0, y: 0, heading: EAST, v: 10, to: 2 }], 2),
        ...drive([{ id: 'new', x: 40, y: 30, heading: EAST, v: 10, from: 2.3 }], 4),
      ],
      other,
    );
    expect(other.relinked).toBe(0);
  });

  it('notes hard braking once, from speeds alone or as sent, and not from a gentle stop', () => {
    const braking = (rate: number, sent: boolean) => {
      const engine = new EncounterEngine();
      for (let k = 0; k <= 50; k++) {
        const t = Math.max(0, k / 10 - 2);
        const v = Math.max(0, 15 - rate * t);
        engine.push({
          id: 'a',
          timeMs: k * 100,
          x: 15 * Math.min(2, k / 10) + 15 * t - (rate * t * t) / 2,
          y: 0,
          heading: 0,
          speedMetresPerSecond: v,
          type: 'car',
          accelerationMetresPerSecond2: sent ? (t > 0 ? -rate : 0) : undefined,
        });
      }
      engine.finish();
      return engine.takeHardBraking();
    };
    for (const sent of [true, false]) {
      expect(braking(4, sent)).toHaveLength(1);
      expect(braking(4, sent)[0]!.peakMetresPerSecond2).toBeCloseTo(-4, 6);
      expect(braking(2.5, sent)).toEqual([]);
    }
  });

  it('carries the signal state of both', () => {
    const engine = new EncounterEngine();
    engine.setSignal(2, 'permissive-Movement-Allowed');
    engine.setSignal(4, 'stop-And-Remain');
    const [encounter] = run(
      drive(
        [
          { id: 'first', x: -30, y: 0, heading: EAST, v: 10, more: { signalGroup: 2 } },
          { id: 'second', x: 0, y: -50, heading: NORTH, v: 10, more: { signalGroup: 4 } },
        ],
        8,
      ),
      engine,
    );
    expect(encounter!.signalStates).toEqual(['permissive-Movement-Allowed', 'stop-And-Remain']);
  });

  it('takes the type from the lanes where they are known', () => {
    const of = (behind: object, ahead: object) =>
      run(
        drive(
          [
            { id: 'behind', x: 0, y: 0, heading: EAST, v: 15, to: 2, more: behind },
            { id: 'ahead', x: 34, y: 0, heading: EAST, v: 5, to: 2, more: ahead },
          ],
          2,
        ),
      )[0]!.type;
    expect(of({ link: 1, lane: 0 }, { link: 1, lane: 0 })).toBe('rear-end');
    expect(of({ link: 1, lane: 0 }, { link: 1, lane: 1 })).toBe('lane-change');
  });
});

describe('whatever arrives', () => {
  const tracks: Track[] = Array.from({ length: 30 }, (_, i) => ({
    id: `u${i}`,
    type: i % 5 === 0 ? ('pedestrian' as const) : ('car' as const),
    x: -40 + ((i * 37) % 80),
    y: -40 + ((i * 53) % 80),
    heading: (i * 1.1) % (2 * Math.PI),
    v: i % 5 === 0 ? 1.4 : 3 + (i % 9),
  }));
  const updates = drive(tracks, 8);

  it('gives the same records whatever the batches', () => {
    const whole = JSON.stringify(run(updates));
    expect(JSON.parse(whole).length).toBeGreaterThan(5);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const engine = new EncounterEngine();
        const out: Encounter[] = [];
        let at = 0;
        for (let i = 0; at < updates.length; i++) {
          for (let n = sizes[i % sizes.length]!; n > 0 && at < updates.length; n--) engine.push(updates[at++]!);
          out.push(...engine.takeEncounters());
        }
        engine.finish();
        out.push(...engine.takeEncounters());
        expect(JSON.stringify(out)).toBe(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('sees the same today as in 1970', () => {
    const later = 1_600_000_000_000;
    const shifted = run(updates.map((u) => ({ ...u, timeMs: u.timeMs + later })));
    expect(
      shifted.map((one) => ({
        ...one,
        startMs: one.startMs - later,
        endMs: one.endMs - later,
        criticalMs: one.criticalMs - later,
      })),
    ).toEqual(run(updates));
  });

  it('records a pair once', () => {
    const pairs = run(updates).map((one) => [...one.users].sort().join());
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('does not change what is seen by moving or turning all of it', () => {
    const angle = 0.7;
    const turned = updates.map((u) => ({
      ...u,
      x: 500 + u.x * Math.cos(angle) - u.y * Math.sin(angle),
      y: -300 + u.x * Math.sin(angle) + u.y * Math.cos(angle),
      heading: u.heading! + angle,
    }));
    const before = run(updates);
    const after = run(turned);
    expect(after.map((one) => [one.users, one.severity])).toEqual(before.map((one) => [one.users, one.severity]));
    for (let i = 0; i < before.length; i++) {
      if (before[i]!.minTtcSeconds !== undefined)
        expect(after[i]!.minTtcSeconds).toBeCloseTo(before[i]!.minTtcSeconds!, 6);
      if (before[i]!.petSeconds !== undefined) expect(after[i]!.petSeconds).toBeCloseTo(before[i]!.petSeconds!, 1);
    }
  });

  it('names what it refuses, and goes on', () => {
    const engine = new EncounterEngine();
    const u: RoadUserUpdate = {
      id: 'a',
      timeMs: 10_000,
      x: 0,
      y: 0,
      heading: 0,
      speedMetresPerSecond: 10,
      type: 'car',
    };
    expect(engine.push(u)).toBeNull();
    expect(engine.push(u)).toBe('out-of-order');
    expect(engine.push({ ...u, timeMs: 10_100, x: 5000 })).toBe('position-jump');
    expect(engine.push({ ...u, timeMs: 3_600_000 + 10_100 }, 10_100)).toBe('clock-ahead');
    expect(engine.push({ ...u, timeMs: 100 }, 10_200)).toBe('stale');
    expect(engine.push({ ...u, timeMs: 10_200, speedMetresPerSecond: Number.NaN })).toBe('invalid-value');
    expect(engine.push({ ...u, timeMs: 10_200, x: 2 })).toBeNull();
    expect(engine.taken).toBe(2);
    expect(engine.refused).toEqual({
      'out-of-order': 1,
      'position-jump': 1,
      'clock-ahead': 1,
      stale: 1,
      'invalid-value': 1,
    });
  });

  it('holds no more than is near', () => {
    const engine = new EncounterEngine({ maxUsers: 500 });
    for (let i = 0; i < 50_000; i++)
      engine.push({
        id: `burst ${i}`,
        timeMs: i,
        x: (i * 7919) % 100_000,
        y: 0,
        heading: 0,
        speedMetresPerSecond: 0,
        type: 'car',
      });
    expect(engine.users).toBeLessThanOrEqual(500);
    expect(engine.taken + (engine.refused['too-many-users'] ?? 0)).toBe(50_000);
    engine.advance(100_000);
    expect(engine.users).toBe(0);
    expect(engine.openEncounters).toBe(0);
  });

  it('survives any update', () => {
    const engine = new EncounterEngine();
    const number = fc.oneof(fc.double(), fc.integer({ min: -50, max: 50 }));
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 100_000 }),
        number,
        number,
        number,
        number,
        number,
        (id, timeMs, x, y, heading, v, length) => {
          engine.push({ id, timeMs, x, y, heading, speedMetresPerSecond: v, type: 'car', lengthMetres: length });
        },
      ),
      { numRuns: 500 },
    );
    engine.finish();
    expect(Array.isArray(engine.takeEncounters())).toBe(true);
  });
});

describe('geometry', () => {
  it('tells rectangles that overlap from those that do not', () => {
    expect(overlap(0, 0, 1, 0, 2, 1, 3.9, 0, 1, 0, 2, 1)).toBe(true);
    expect(overlap(0, 0, 1, 0, 2, 1, 4.1, 0, 1, 0, 2, 1)).toBe(false);
    expect(overlap(0, 0, 1, 0, 2, 1, 2.9, 0, 0, 1, 2, 1)).toBe(true);
    expect(overlap(0, 0, 1, 0, 2, 1, 0, 3.1, 0, 1, 2, 1)).toBe(false);
  });
  it('judges a pair the same from both sides', () => {
    const coordinate = fc.double({ min: -40, max: 40, noNaN: true });
    const heading = fc.double({ min: -3, max: 3, noNaN: true });
    const speed = fc.double({ min: 0, max: 20, noNaN: true });
    fc.assert(
      fc.property(coordinate, coordinate, heading, heading, speed, speed, (x, y, p, q, v, w) => {
        const [c, s, d, t] = [Math.cos(p), Math.sin(p), Math.cos(q), Math.sin(q)];
        measurePair(0, 0, c, s, v, 4, 2, x, y, d, t, w, 5, 2);
        const first = { ...measured };
        measurePair(x, y, d, t, w, 5, 2, 0, 0, c, s, v, 4, 2);
        if (first.kind === NO_CONFLICT || Math.abs(c * t - s * d) < 0.5) return;
        expect(measured.kind).toBe(first.kind);
        expect(measured.ttcSeconds).toBeCloseTo(first.ttcSeconds, 6);
      }),
    );
  });
});
