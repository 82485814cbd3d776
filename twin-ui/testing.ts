/** Made-up frames and drawings for the tests of the page's pure parts. */
import type { Drawing, Frame } from '../runs/types.ts';

export function frame(second: number, change: Partial<Frame> = {}): Frame {
  return {
    second,
    vehicles: [],
    lamps: ['gr'],
    stages: [[0, 10]],
    counters: {
      demanded: 0,
      arrived: 0,
      running: 0,
      queued: 0,
      delaySeconds: 0,
      stopsPerVehicle: 0,
      fuelLitres: 0,
      co2Kilograms: 0,
      approachQueues: [0, 0],
    },
    ...change,
  };
}

/** Two approaches, two signal groups, two stages: traffic from the north against traffic from the east. */
export const crossroads: Drawing = {
  bounds: { minX: -100, minY: -100, maxX: 100, maxY: 100 },
  lanes: [
    {
      path: [
        { x: -2, y: 100 },
        { x: -2, y: 10 },
      ],
      widthMetres: 3,
      kind: 'approach',
    },
    {
      path: [
        { x: -5, y: 100 },
        { x: -5, y: 10 },
      ],
      widthMetres: 3,
      kind: 'approach',
    },
    {
      path: [
        { x: 1, y: 10 },
        { x: 1, y: 100 },
      ],
      widthMetres: 3,
      kind: 'exit',
    },
    {
      path: [
        { x: 100, y: 2 },
        { x: 10, y: 2 },
      ],
      widthMetres: 3,
      kind: 'approach',
    },
  ],
  junctions: [
    {
      id: 'j',
      name: 'Crossroads',
      outline: [
        { x: -10, y: 10 },
        { x: 10, y: 10 },
        { x: 10, y: -10 },
        { x: -10, y: -10 },
      ],
      signalGroups: [
        {
          id: 'N-all',
          number: 1,
          approach: 'N',
          turns: ['straight', 'left'],
          stopLine: [
            { x: -0.5, y: 10 },
            { x: -6.5, y: 10 },
          ],
          kind: 'vehicle',
        },
        {
          id: 'E-all',
          number: 2,
          approach: 'E',
          turns: ['straight'],
          stopLine: [
            { x: 10, y: 0.5 },
            { x: 10, y: 3.5 },
          ],
          kind: 'vehicle',
        },
      ],
      stages: [
        { id: 'N', groups: ['N-all'] },
        { id: 'E', groups: ['E-all'] },
      ],
      crossings: [],
    },
  ],
  approaches: [
    { junction: 'j', name: 'N', id: 'n', label: { x: 0, y: 90 } },
    { junction: 'j', name: 'E', id: 'e', label: { x: 90, y: 0 } },
  ],
  vehicleClasses: [{ name: 'car', lengthMetres: 4.5, widthMetres: 1.8 }],
};
