/** Which junction a message is of: SPaT and MAP by their intersection, road users by the nearest junction in reach. */
import { type LocalFrame, toLocal } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';

export interface RoutedJunction {
  readonly junction: string;
  /** J2735's intersection id; null: it has none. */
  readonly intersectionId: number | null;
  readonly frame: LocalFrame;
  /** Default 300 m. */
  readonly radiusMetres?: number;
}

const DEFAULT_RADIUS = 300;

export class Router {
  readonly #junctions: readonly RoutedJunction[];
  readonly #byId = new Map<number, string>();

  constructor(junctions: readonly RoutedJunction[]) {
    this.#junctions = junctions;
    for (const { intersectionId, junction } of junctions)
      if (intersectionId !== null) this.#byId.set(intersectionId, junction);
  }

  /** The junctions that `message` is of; none: it is of none that is known. A road user is one junction's at a time. */
  of(message: V2xMessage): readonly string[] {
    if (message.kind === 'spat' || message.kind === 'map') {
      const found: string[] = [];
      for (const { key } of message.intersections) {
        const junction = this.#byId.get(key.id);
        if (junction !== undefined && !found.includes(junction)) found.push(junction);
      }
      return found;
    }
    const { latitudeDegrees, longitudeDegrees } = message;
    if (latitudeDegrees === null || longitudeDegrees === null) return [];
    let best = '';
    let nearest = Number.POSITIVE_INFINITY;
    for (const { junction, frame, radiusMetres = DEFAULT_RADIUS } of this.#junctions) {
      const [x, y] = toLocal(frame, latitudeDegrees, longitudeDegrees);
      const distance = x * x + y * y;
      if (distance < nearest && distance <= radiusMetres * radiusMetres) {
        nearest = distance;
        best = junction;
      }
    }
    return nearest === Number.POSITIVE_INFINITY ? [] : [best];
  }
}
