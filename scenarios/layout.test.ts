import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bearing,
  curve,
  distance,
  heading,
  inside,
  lengthOf,
  project,
  segmentDistance,
  sinCosDegrees,
  turnDegrees,
} from './geometry.ts';
import { type Arm, layoutJunction, type Stream } from './layout.ts';
import { sound } from './testing.ts';
import type { Point, Polyline } from './types.ts';

const CENTRE = { x: 100, y: -50 };

/** Arms at least 20 degrees apart, with 1-4 lanes each way. */
const armsAndSide = fc
  .record({
    gaps: fc.array(fc.integer({ min: 20, max: 160 }), { minLength: 2, maxLength: 5 }),
    first: fc.integer({ min: 0, max: 359 }),
    lanes: fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 2.2, max: 4.5, noNaN: true }),
      ),
      {
        minLength: 6,
        maxLength: 6,
      },
    ),
    crossing: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    side: fc.constantFrom('left' as const, 'right' as const),
  })
  .map(({ gaps, first, lanes, crossing, side }) => {
    const bearings = [first];
    for (const gap of gaps) {
      const next = bearings.at(-1)! + gap;
      if (next - first <= 340) bearings.push(next);
    }
    const arms = bearings.map((bearingDegrees, index): Arm => {
      const [inbound, outbound, width] = lanes[index]!;
      return {
        name: `arm${index}`,
        bearingDegrees: bearingDegrees % 360,
        laneWidths: Array.from({ length: inbound }, () => width),
        exitWidths: Array.from({ length: outbound }, () => width),
        ...(crossing[index] ? { crossingMetres: 4 } : {}),
      };
    });
    return { arms, side };
  })
  .filter(({ arms }) => arms.length > 1);

function streamsOf(arms: readonly Arm[]): Stream[] {
  return arms.flatMap((from) =>
    arms.map((to) => ({
      name: `${from.name}-${to.name}`,
      from: from.name,
      to: to.name,
      lanes: from.laneWidths.map((_, lane) => lane).slice(0, to.exitWidths.length),
      spreads: false,
    })),
  );
}

const bearingOf = (arms: readonly Arm[], name: string): number => arms.find((arm) => arm.name === name)!.bearingDegrees;

const finite = (path: Polyline) => path.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));

describe('the ground plan', () => {
  it('joins lanes by smooth paths that begin and end where lanes do', () => {
    fc.assert(
      fc.property(armsAndSide, ({ arms, side }) => {
        const layout = layoutJunction(CENTRE, arms, streamsOf(arms), side);
        for (const stream of streamsOf(arms)) {
          const connections = layout.connections.get(stream.name)!;
          expect(connections.map((each) => each.lane)).toEqual(stream.lanes);
          expect(new Set(connections.map((each) => each.exitLane)).size).toBe(connections.length);
          for (const { lane, exitLane, path } of connections) {
            expect(finite(path)).toBe(true);
            expect(path[0]).toEqual(layout.arms.get(stream.from)!.laneEnds[lane]);
            expect(path.at(-1)).toEqual(layout.arms.get(stream.to)!.exitStarts[exitLane]);
            if (path.length === 2) continue;
            expect(Math.max(...path.slice(1).map((point, i) => distance(path[i]!, point)))).toBeLessThan(5);
            const sharpest = Math.max(...bends(path));
            expect(sharpest).toBeLessThan(75);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the lanes of one arm clear of every other arm and out of the junction', () => {
    fc.assert(
      fc.property(armsAndSide, ({ arms, side }) => {
        const layout = layoutJunction(CENTRE, arms, [], side);
        expect(finite(layout.outline)).toBe(true);
        expect(layout.outline.at(-1)).toEqual(layout.outline[0]);
        const lanes = arms.flatMap((arm) => {
          const { outward, laneEnds, exitStarts } = layout.arms.get(arm.name)!;
          const width = arm.laneWidths[0]!;
          return [...laneEnds, ...exitStarts].map((end) => ({
            arm: arm.name,
            width,
            end,
            far: { x: end.x + 100 * outward.x, y: end.y + 100 * outward.y },
          }));
        });
        for (const a of lanes) {
          for (const along of [0.5, 2, 10, 50]) {
            const t = along / 100;
            const point = { x: a.end.x + t * (a.far.x - a.end.x), y: a.end.y + t * (a.far.y - a.end.y) };
            expect(inside(point, layout.outline)).toBe(false);
          }
          for (const b of lanes) {
            if (a.arm >= b.arm) continue;
            expect(segmentDistance(a.end, a.far, b.end, b.far)).toBeGreaterThan((a.width + b.width) / 2 - 1e-6);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is turned by a quarter when all bearings are', () => {
    fc.assert(
      fc.property(armsAndSide, ({ arms, side }) => {
        const plain = layoutJunction({ x: 0, y: 0 }, arms, streamsOf(arms), side);
        const moved = arms.map((arm) => ({ ...arm, bearingDegrees: (arm.bearingDegrees + 90) % 360 }));
        const turned = layoutJunction({ x: 0, y: 0 }, moved, streamsOf(moved), side);
        for (const [name, connections] of plain.connections) {
          for (const [index, { path }] of connections.entries()) {
            const other = turned.connections.get(name)![index]!.path;
            expect(other).toHaveLength(path.length);
            const off = path.map((point, place) => distance(other[place]!, { x: point.y, y: -point.x }));
            expect(Math.max(...off)).toBeLessThan(1e-4);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('lets vehicles and kerbs turn inside the crossings, and run straight over them', () => {
    fc.assert(
      fc.property(armsAndSide, ({ arms, side }) => {
        const layout = layoutJunction(CENTRE, arms, streamsOf(arms), side);
        for (const { name } of arms) {
          const { crossing, outward, setbackMetres } = layout.arms.get(name)!;
          if (crossing === undefined) continue;
          // metres along the arm, and beside its centre line
          const along = ({ x, y }: Point) => (x - CENTRE.x) * outward.x + (y - CENTRE.y) * outward.y;
          const near = Math.min(...crossing.map(along));
          expect(setbackMetres - near).toBeCloseTo(5, 4);
          for (const [stream, connections] of layout.connections)
            for (const { path } of connections) {
              const [from, to] = stream.split('-') as [string, string];
              const turned = turnDegrees(bearingOf(arms, from) + 180, bearingOf(arms, to));
              if (Math.abs(turned) < 30 || (from !== name && to !== name)) continue;
              const over = from === name ? path : [...path].reverse();
              for (let i = 1; i < over.length && along(over[i]!) >= near - 1e-5; i += 1) {
                const length = distance(over[i - 1]!, over[i]!);
                expect(along(over[i - 1]!) - along(over[i]!)).toBeCloseTo(length, 5);
              }
            }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has the measures of a plain crossroads', () => {
    const arms = [0, 90, 180, 270].map(
      (bearingDegrees): Arm => ({
        name: String(bearingDegrees),
        bearingDegrees,
        laneWidths: [3, 3],
        exitWidths: [3, 3],
      }),
    );
    const layout = layoutJunction({ x: 0, y: 0 }, arms, [], 'right');
    expect(layout.arms.get('0')).toMatchObject({
      setbackMetres: 10,
      widthMetres: 12,
      laneEnds: [
        { x: -1.5, y: 10 },
        { x: -4.5, y: 10 },
      ],
      exitStarts: [
        { x: 1.5, y: 10 },
        { x: 4.5, y: 10 },
      ],
    });
    const left = layoutJunction({ x: 0, y: 0 }, arms, [], 'left');
    expect(left.arms.get('0')!.laneEnds[0]).toEqual({ x: 1.5, y: 10 });
  });
});

/** Angles between successive pieces of a path, degrees. */
function bends(path: Polyline): number[] {
  return path.slice(2).map((point, index) => {
    const [a, b] = [path[index]!, path[index + 1]!];
    return Math.abs(turnDegrees(bearing(a, b), bearing(b, point)));
  });
}

describe('roads between junctions', () => {
  const arm = (name: string, bearingDegrees: number, more = '') =>
    `      - { name: ${name}, bearingDegrees: ${bearingDegrees}, lanes: [{ movements: [left, straight, right] }]${more} }\n`;
  const junction = (name: string, longitude: number, west: string, east: string) => `  - name: ${name}
    latitude: 50
    longitude: ${longitude}
    approaches:
${arm('N', 0)}${arm('S', 180)}${arm('W', 270, west)}${arm('E', 90, east)}    signals:
      stages:
        - { id: n, groups: [N-left, N-straight, N-right], greenSeconds: 10 }
        - { id: s, groups: [S-left, S-straight, S-right], greenSeconds: 10 }
        - { id: e, groups: [E-left, E-straight, E-right], greenSeconds: 10 }
        - { id: w, groups: [W-left, W-straight, W-right], greenSeconds: 10 }
`;
  const shares = ', turnShares: { left: 0.25, straight: 0.5, W-right: 0.25 }';
  const text = (link: string, eastOfB = '') =>
    `version: 1\ndrivingSide: right\njunctions:\n${junction('a', 8, '', '')}${junction('b', 8.005, link, eastOfB)}demand:\n  flows:\n    - { junction: a, approach: W, movement: straight, vehiclesPerHour: 300 }\n`;

  it('are one: the lanes of the approach are the exit lanes of the other junction', () => {
    const scenario = sound(text(`, from: { junction: a, exit: E }${shares}`));
    const [a, b] = scenario.junctions;
    const exit = a!.approaches.find((each) => each.name === 'E')!;
    const fed = b!.approaches.find((each) => each.name === 'W')!;
    expect(fed.lanes[0]!.path).toEqual(exit.exitLanes[0]!.path);
    expect(fed.turnShares).toEqual([
      { movement: 'W-left', share: 0.25 },
      { movement: 'W-straight', share: 0.5 },
      { movement: 'W-right', share: 0.25 },
    ]);
    const centres = distance(a!.centre, b!.centre);
    expect(centres).toBeGreaterThan(357);
    expect(centres).toBeLessThan(358);
    expect(fed.lengthMetres).toBeCloseTo(centres - 2 * 7.25, 2);
    expect(exit.exitLengthMetres).toBe(fed.lengthMetres);
  });

  it.each([
    ['an exit that is not there', `, from: { junction: a, exit: X }${shares}`, /names an arm of a, "X"/],
    ['a junction that is not there', `, from: { junction: c, exit: E }${shares}`, /names the junction "c"/],
    ['shares that are missing', ', from: { junction: a, exit: E }', /turnShares is missing/],
    [
      'shares that do not sum to 1',
      `, from: { junction: a, exit: E }${shares.replace('0.5', '0.6')}`,
      /sums to 1\.1; the shares must sum to 1/,
    ],
    [
      'a length that cannot be',
      `, from: { junction: a, exit: E }, lengthMetres: 200${shares}`,
      /is 200, but by their positions the junctions leave 343 m/,
    ],
    [
      'bearings that point elsewhere',
      `, from: { junction: a, exit: N }${shares}`,
      /whose bearing is 0, but the other junction lies at 90 degrees/,
    ],
  ])('are refused with %s', (_, link, says) => {
    expect(() => sound(text(link))).toThrow(says);
  });

  it('take no demand of their own', () => {
    const wrong = text(`, from: { junction: a, exit: E }${shares}`).replace(
      'junction: a, approach: W',
      'junction: b, approach: W',
    );
    expect(() => sound(wrong)).toThrow(/traffic enters only where no junction feeds the approach/);
  });
});

describe('geometry', () => {
  it('has exact sines at quarter turns', () => {
    expect([0, 90, 180, 270, 360].map((degrees) => heading(degrees))).toEqual([
      { x: 0, y: 1 },
      { x: 1, y: 0 },
      { x: 0, y: -1 },
      { x: -1, y: 0 },
      { x: 0, y: 1 },
    ]);
    expect(sinCosDegrees(30).sin).toBeCloseTo(0.5, 15);
  });

  it('draws a quarter turn within 0.03 % of a circle', () => {
    const path = curve({ x: 0, y: 0 }, { x: 0, y: 1 }, { x: 10, y: 10 }, { x: 1, y: 0 }, 0.1);
    const radii = path.map((point: Point) => distance(point, { x: 10, y: 0 }));
    expect(Math.max(...radii.map((radius) => Math.abs(radius - 10)))).toBeLessThan(0.003);
    expect(lengthOf(path)).toBeCloseTo((10 * Math.PI) / 2, 2);
  });

  it('projects a degree of latitude to 111.2 km, and is symmetric about the date line', () => {
    expect(project(1, 0, { latitude: 0, longitude: 0 }).y).toBeCloseTo(111_195, -1);
    expect(project(0, -179.999, { latitude: 0, longitude: 179.999 }).x).toBeCloseTo(222.39, 1);
  });
});
