import { describe, expect, it } from 'vitest';
import { crossroads } from '../testing.ts';
import { firstView, pixelsPerMetre, toPixel, zoomed } from './camera.ts';
import { approachEnds, laneArrows, laneEdges } from './geometry.ts';

describe('laneEdges', () => {
  it('paints a dashed line between lanes of one direction, a centre line between directions, kerbs outside', () => {
    const edges = laneEdges(crossroads.lanes.slice(0, 3));
    const at = (x: number) => edges.filter((edge) => Math.abs(edge.path[0]!.x - x) < 0.01).map((edge) => edge.kind);
    expect(at(-3.5)).toEqual(['same-direction']);
    expect(at(-0.5)).toEqual(['opposite-direction']);
    expect(at(-6.5)).toEqual(['kerb']);
    expect(at(2.5)).toEqual(['kerb']);
  });
});

describe('approachEnds', () => {
  it('puts the signal heads on the kerb, away from the road', () => {
    const [north, east] = approachEnds(crossroads);
    expect(north).toMatchObject({ name: 'N', kerb: { x: -6.5, y: 10 }, groups: [0] });
    expect(north!.outward.x).toBeCloseTo(-1);
    expect(north!.backward.y).toBeCloseTo(1);
    expect(east).toMatchObject({ name: 'E', kerb: { x: 10, y: 3.5 }, groups: [1] });
    expect(east!.outward.y).toBeCloseTo(1);
    expect(east!.backward.x).toBeCloseTo(1);
  });
});

describe('laneArrows', () => {
  it('stand on the lanes that end at a stop line, left before straight', () => {
    const arrows = laneArrows(crossroads);
    expect(arrows).toHaveLength(3);
    expect(arrows[0]).toMatchObject({ turns: ['left', 'straight'], at: { x: -2, y: 19 } });
  });
});

describe('camera', () => {
  const size = { width: 600, height: 400 };

  it('shows the junction in the middle with north up', () => {
    const view = firstView(crossroads);
    expect(toPixel(view, size, { x: 0, y: 0 })).toEqual({ x: 300, y: 200 });
    expect(toPixel(view, size, { x: 0, y: 10 }).y).toBeLessThan(200);
  });

  it('zooms around the middle', () => {
    const view = firstView(crossroads);
    expect(pixelsPerMetre(zoomed(view, 2), size)).toBeCloseTo(2 * pixelsPerMetre(view, size));
  });
});

describe('approachEnds at a T-junction', () => {
  it('keeps to the kerb though the paved area lies to one side', () => {
    const outline = [
      { x: -10, y: 6 },
      { x: 10, y: 6 },
      { x: 6, y: -30 },
      { x: -6, y: -30 },
    ];
    const west = {
      id: 'W',
      number: 3,
      approach: 'W',
      turns: ['straight' as const],
      stopLine: [
        { x: -10, y: 0 },
        { x: -10, y: -6 },
      ] as const,
      kind: 'vehicle' as const,
    };
    const [end] = approachEnds({
      ...crossroads,
      lanes: [
        {
          path: [
            { x: -90, y: -3 },
            { x: -10, y: -3 },
          ],
          widthMetres: 6,
          kind: 'approach',
        },
        {
          path: [
            { x: -10, y: 3 },
            { x: -90, y: 3 },
          ],
          widthMetres: 6,
          kind: 'exit',
        },
      ],
      junctions: [{ ...crossroads.junctions[0]!, outline, signalGroups: [{ ...west, stopLine: [...west.stopLine] }] }],
      approaches: [{ junction: 'j', name: 'W', id: 'w', label: { x: -30, y: -12 } }],
    });
    expect(end!.kerb).toEqual({ x: -10, y: -6 });
    expect(end!.outward.y).toBeCloseTo(-1);
  });
});
