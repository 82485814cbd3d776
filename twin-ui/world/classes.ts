/** Vehicle classes as they are drawn: colour on dark asphalt, and a shape that tells them apart without it. */
import type { Drawing } from '../../runs/types.ts';

/** Classes of vehicles, and the two kinds of people on crossings. */
type ClassName = Drawing['vehicleClasses'][number]['name'] | 'pedestrian' | 'cyclist';

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

/** In the order of the class index in `Frame.vehicles`, then of the kinds in `Frame.people`. */
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
  { name: 'lcv', title: 'Van', colour: '#c8b273', shape: 'square, cab window', lengthMetres: 5.5, widthMetres: 2 },
  { name: 'bicycle', title: 'Bicycle', colour: '#38b8a6', shape: 'slim, short', lengthMetres: 1.8, widthMetres: 0.6 },
  {
    name: 'pedestrian',
    title: 'On foot',
    colour: '#ffe66d',
    shape: 'a dot',
    lengthMetres: 0.7,
    widthMetres: 0.7,
  },
  { name: 'cyclist', title: 'By bicycle', colour: '#7fd6ff', shape: 'slim', lengthMetres: 1.8, widthMetres: 0.6 },
];

/** Whether the street has what is drawn like this. */
export function isShown(look: ClassLook, drawing: Drawing): boolean {
  if (look.name === 'pedestrian') return drawing.people?.onFoot === true;
  if (look.name === 'cyclist') return drawing.people?.riding === true;
  return drawing.vehicleClasses.some((known) => known.name === look.name);
}

/** Length and width by class index, metres. */
export function classSizes(drawing: Drawing): { lengthMetres: number; widthMetres: number }[] {
  return CLASS_LOOKS.map((look) => drawing.vehicleClasses.find((known) => known.name === look.name) ?? look);
}
