/** Vehicle classes as they are drawn: colour on dark asphalt, and a shape that tells them apart without it. */
import type { Drawing } from '../../runs/types.ts';

type ClassName = Drawing['vehicleClasses'][number]['name'];

export interface ClassLook {
  readonly name: ClassName;
  readonly title: string;
  readonly colour: string;
  /** What the shape is, for the legend. */
  readonly shape: string;
  /** Where the drawing names no size, metres. */
  readonly lengthMetres: number;
  readonly widthMetres: number;
}

/** In the order of the class index in `Frame.vehicles`. */
export const CLASS_LOOKS: readonly ClassLook[] = [
  { name: 'car', title: 'Car', colour: '#dfe4ea', shape: 'rounded', lengthMetres: 4.5, widthMetres: 1.8 },
  { name: 'bus', title: 'Bus', colour: '#f0b04c', shape: 'long, two roof hatches', lengthMetres: 12, widthMetres: 2.5 },
  { name: 'truck', title: 'Truck', colour: '#b49cf0', shape: 'cab and box', lengthMetres: 8.5, widthMetres: 2.4 },
  { name: 'bike', title: 'Two-wheeler', colour: '#5fd39a', shape: 'slim', lengthMetres: 2, widthMetres: 0.8 },
  {
    name: 'rickshaw',
    title: 'Auto-rickshaw',
    colour: '#f09ab4',
    shape: 'tapered to the front',
    lengthMetres: 2.7,
    widthMetres: 1.4,
  },
  {
    name: 'emergency',
    title: 'Emergency',
    colour: '#ffffff',
    shape: 'white with a cross bar',
    lengthMetres: 6,
    widthMetres: 2.1,
  },
];

/** Length and width by class index, metres. */
export function classSizes(drawing: Drawing): { lengthMetres: number; widthMetres: number }[] {
  return CLASS_LOOKS.map((look) => drawing.vehicleClasses.find((known) => known.name === look.name) ?? look);
}
