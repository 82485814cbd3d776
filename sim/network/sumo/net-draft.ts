/** A network under construction, and what the readers of its elements share. */
import type { SumoEdge, SumoLane } from './net-types.ts';
import { Notices } from './notices.ts';
import { plainNumber, type XmlElement } from './xml.ts';

/** A network under construction. */
export class NetDraft {
  readonly file: string;
  readonly edges: SumoEdge[] = [];
  readonly lanes: SumoLane[] = [];
  readonly edgeIndex = new Map<string, number>();
  readonly laneIndex = new Map<string, number>();
  readonly notices = new Notices();

  constructor(file: string) {
    this.file = file;
  }

  /** Index of the lane called `id`, which `element` refers to. */
  lane(id: string, element: XmlElement): number {
    const lane = this.laneIndex.get(id);
    if (lane === undefined) {
      element.refuse(`refers to lane "${id}", which the file does not have`, 'Let netconvert write the network again.');
    }
    return lane;
  }

  edge(id: string, element: XmlElement): number {
    const edge = this.edgeIndex.get(id);
    if (edge === undefined) {
      element.refuse(`refers to edge "${id}", which the file does not have`, 'Let netconvert write the network again.');
    }
    return edge;
  }
}

/** File and line of an element, for messages. */
export function where(element: XmlElement): string {
  return `${element.file}:${element.line}`;
}

/** Points `x,y x,y ...` (a third number, the height, is left out), at least `least` of them. */
export function readShape(element: XmlElement, name: string, least: number): Float64Array {
  const points = (element.optional(name) ?? '').split(/\s+/).filter((point) => point !== '');
  if (points.length < least) {
    element.refuse(`has a ${name} of ${points.length} points; at least ${least}`, 'Write it as x,y x,y in metres.');
  }
  const shape = new Float64Array(2 * points.length);
  points.forEach((point, i) => {
    const parts = point.split(',');
    const x = plainNumber(parts[0]!);
    const y = plainNumber(parts[1] ?? '');
    if (!(parts.length <= 3 && Math.abs(x) < 1e8 && Math.abs(y) < 1e8)) {
      element.refuse(`has the point "${point}" in its ${name}; x,y in metres is needed`, 'Correct it.');
    }
    shape[2 * i] = x;
    shape[2 * i + 1] = y;
  });
  return shape;
}
