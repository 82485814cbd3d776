import { describe, expect, it } from 'vitest';
import { handmadeEngine, network } from '../testing/corner.ts';
import { drawingOfNetwork } from './drawing.ts';

describe('the drawing of a network', () => {
  const signal = {
    junction: 0,
    groups: [
      { id: 'N-straight', group: 0 },
      { id: 'E-left', group: 1 },
    ],
    stages: [
      { id: 'phase-0', groups: [] },
      { id: 'phase-1', groups: [0] },
    ],
  };
  const drawing = drawingOfNetwork(
    network,
    Float64Array.of(3, 3, 4),
    [signal],
    handmadeEngine({ departSeconds: [] }).demand.classes,
  );

  it('has every lane, with bounds around them', () => {
    expect(drawing.lanes.map(({ kind, widthMetres }) => [kind, widthMetres])).toEqual([
      ['approach', 3],
      ['approach', 3],
      ['exit', 4],
    ]);
    expect(drawing.bounds).toEqual({ minX: -2, minY: -112, maxX: 211.5, maxY: 211.5 });
  });

  it('puts each group over its lanes, with its turn', () => {
    expect(drawing.junctions[0]!.signalGroups).toEqual([
      {
        id: 'N-straight',
        number: 1,
        kind: 'vehicle',
        approach: 'N',
        turns: ['straight'],
        stopLine: [
          { x: 1.5, y: 10 },
          { x: -1.5, y: 10 },
        ],
      },
      {
        id: 'E-left',
        number: 2,
        kind: 'vehicle',
        approach: 'E',
        turns: ['left'],
        stopLine: [
          { x: 10, y: -1.5 },
          { x: 10, y: 1.5 },
        ],
      },
    ]);
    expect(drawing.junctions[0]!.stages).toEqual([
      { id: 'phase-0', groups: [] },
      { id: 'phase-1', groups: ['N-straight'] },
    ]);
  });

  it('paves what lies between the ends of the lanes', () => {
    expect(drawing.junctions[0]!.outline).toEqual([
      { x: -2, y: -10 },
      { x: 2, y: -10 },
      { x: 10, y: -1.5 },
      { x: 10, y: 1.5 },
      { x: 1.5, y: 10 },
      { x: -1.5, y: 10 },
    ]);
  });

  it('names approaches beside the road, on the side away from the oncoming traffic', () => {
    expect(drawing.approaches.map(({ name, label }) => [name, label])).toEqual([
      ['N', { x: -6.5, y: 30 }],
      ['E', { x: 30, y: 6.5 }],
    ]);
  });

  it('survives JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(drawing))).toStrictEqual(drawing);
  });
});
