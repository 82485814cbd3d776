/** What part of the street is on show. One camera serves all worlds, so that they are drawn to the same scale. */
import { useSyncExternalStore } from 'react';
import type { Drawing } from '../../runs/types.ts';

export interface View {
  /** Metres east and north of the scenario's origin, at the middle of the picture. */
  readonly x: number;
  readonly y: number;
  /** Metres from the middle to the nearer pair of edges. */
  readonly radiusMetres: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

const NEAREST_METRES = 15;
const FARTHEST_METRES = 5000;
/** Of each arm around the junction's paved area, at first sight. */
const ARM_METRES = 42;

export const pixelsPerMetre = (view: View, size: Size): number =>
  Math.min(size.width, size.height) / 2 / view.radiusMetres;

/** Pixels right of and below the picture's corner. */
export function toPixel(view: View, size: Size, point: { x: number; y: number }): Pixel {
  const scale = pixelsPerMetre(view, size);
  return { x: size.width / 2 + (point.x - view.x) * scale, y: size.height / 2 - (point.y - view.y) * scale };
}

export function zoomed(view: View, factor: number): View {
  const radiusMetres = Math.min(Math.max(view.radiusMetres / factor, NEAREST_METRES), FARTHEST_METRES);
  return { ...view, radiusMetres };
}

/** Moves the street by so many pixels. */
export function panned(view: View, size: Size, dx: number, dy: number): View {
  const scale = pixelsPerMetre(view, size);
  return { ...view, x: view.x - dx / scale, y: view.y + dy / scale };
}

function box(points: readonly { x: number; y: number }[]): Drawing['bounds'] {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return { minX: Math.min(...xs), minY: Math.min(...ys), maxX: Math.max(...xs), maxY: Math.max(...ys) };
}

function around(bounds: Drawing['bounds'], marginMetres: number): View {
  const { minX, minY, maxX, maxY } = bounds;
  const radiusMetres = Math.max(maxX - minX, maxY - minY) / 2 + marginMetres;
  return { x: (minX + maxX) / 2, y: (minY + maxY) / 2, radiusMetres };
}

/** A junction and the ends of its arms, where queues stand. */
export function viewOfJunction(drawing: Drawing, index: number): View {
  const outline = drawing.junctions[index]?.outline;
  return outline && outline.length > 0 ? around(box(outline), ARM_METRES) : viewOfAll(drawing);
}

export function viewOfAll(drawing: Drawing): View {
  return around(drawing.bounds, 10);
}

/** First sight: the junction, or all of them. */
export function firstView(drawing: Drawing): View {
  return drawing.junctions.length === 1 ? viewOfJunction(drawing, 0) : viewOfAll(drawing);
}

export class Camera {
  private view: View = { x: 0, y: 0, radiusMetres: 100 };
  private readonly listeners = new Set<() => void>();

  get = (): View => this.view;

  set = (view: View): void => {
    this.view = view;
    for (const listener of this.listeners) listener();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function useView(camera: Camera): View {
  return useSyncExternalStore(camera.subscribe, camera.get);
}
