/** The street itself: asphalt, lane lines, crossings, stop lines and arrows. Drawn again only when the view changes. */
import type { Drawing } from '../../runs/types.ts';
import { pixelsPerMetre, type Size, type View } from './camera.ts';
import {
  type LaneArrow,
  type LaneEdge,
  laneArrows,
  laneEdges,
  length,
  minus,
  type Point,
  plus,
  right,
  unit,
} from './geometry.ts';

export interface GroundColours {
  readonly ground: string;
  readonly kerb: string;
  readonly asphalt: string;
  readonly paint: string;
  readonly centreLine: string;
  readonly arrow: string;
}

export const GROUND_COLOURS: Record<'dark' | 'light', GroundColours> = {
  dark: {
    ground: '#10151b',
    kerb: '#39424e',
    asphalt: '#252c35',
    paint: '#8d97a4',
    centreLine: '#c9a227',
    arrow: '#6d7784',
  },
  light: {
    ground: '#e3e8e2',
    kerb: '#aab2bb',
    asphalt: '#3a424d',
    paint: '#aeb7c2',
    centreLine: '#e0b93c',
    arrow: '#848e9b',
  },
};

const KERB_METRES = 0.5;
const DASH_METRES = 3;
const DASH_GAP_METRES = 5;
/** Below this scale (pixels a metre) lane lines would run together. */
const LANE_LINES_FROM = 0.9;
const ARROWS_FROM = 1.4;

/** The drawing with its derived lines, ready to be painted at any scale. */
export interface Ground {
  readonly drawing: Drawing;
  readonly edges: readonly LaneEdge[];
  readonly arrows: readonly LaneArrow[];
}

export function prepareGround(drawing: Drawing): Ground {
  return { drawing, edges: laneEdges(drawing.lanes), arrows: laneArrows(drawing) };
}

export function paintGround(
  context: CanvasRenderingContext2D,
  ground: Ground,
  view: View,
  size: Size,
  deviceScale: number,
  colours: GroundColours,
): void {
  const scale = pixelsPerMetre(view, size);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  const k = scale * deviceScale;
  const toX = (size.width / 2) * deviceScale - view.x * k;
  const toY = (size.height / 2) * deviceScale + view.y * k;
  context.setTransform(k, 0, 0, -k, toX, toY);
  context.lineJoin = 'round';
  paintAsphalt(context, ground.drawing, colours);
  paintCrossings(context, ground.drawing, colours);
  if (scale >= LANE_LINES_FROM) paintLaneLines(context, ground.edges, colours, 1 / scale);
  if (scale >= ARROWS_FROM) for (const arrow of ground.arrows) paintArrow(context, arrow, colours, 1 / scale);
  paintStopLines(context, ground.drawing, colours, 1 / scale);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

function trace(context: CanvasRenderingContext2D, path: readonly Point[]): void {
  context.beginPath();
  path.forEach((point, index) => {
    if (index === 0) context.moveTo(point.x, point.y);
    else context.lineTo(point.x, point.y);
  });
}

function paintAsphalt(context: CanvasRenderingContext2D, drawing: Drawing, colours: GroundColours): void {
  for (const [colour, margin] of [
    [colours.kerb, 2 * KERB_METRES],
    [colours.asphalt, 0],
  ] as const) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineCap = 'butt';
    for (const lane of drawing.lanes) {
      trace(context, lane.path);
      // A little wider than the lane, so that no seam shows between neighbours.
      context.lineWidth = lane.widthMetres + margin + 0.1;
      context.stroke();
    }
    for (const { outline } of drawing.junctions) {
      trace(context, outline);
      context.closePath();
      context.fill();
      if (margin > 0) {
        context.lineWidth = margin;
        context.stroke();
      }
    }
  }
}

function paintLaneLines(
  context: CanvasRenderingContext2D,
  edges: readonly LaneEdge[],
  colours: GroundColours,
  pixelMetres: number,
): void {
  for (const edge of edges) {
    if (edge.kind === 'kerb') continue;
    trace(context, edge.path);
    const between = edge.kind === 'same-direction';
    context.strokeStyle = between ? colours.paint : colours.centreLine;
    context.globalAlpha = between ? 0.6 : 0.85;
    context.lineWidth = Math.max(between ? 0.12 : 0.2, pixelMetres);
    context.setLineDash(between ? [DASH_METRES, DASH_GAP_METRES] : []);
    context.stroke();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paintCrossings(context: CanvasRenderingContext2D, drawing: Drawing, colours: GroundColours): void {
  context.fillStyle = colours.paint;
  for (const outline of drawing.junctions.flatMap((junction) => junction.crossings)) {
    const [a, b, c] = outline;
    if (!a || !b || !c) continue;
    const first = minus(b, a);
    const second = minus(c, b);
    const [long, short] = length(first) >= length(second) ? [first, second] : [second, first];
    const start = length(first) >= length(second) ? a : b;
    // With the second side the longer one, the short way leads back towards the first corner.
    const across = length(first) >= length(second) ? short : minus(a, b);
    const direction = unit(long);
    const bars = Math.floor(length(long));
    for (let bar = 0; bar < bars; bar++) {
      const from = plus(start, direction, bar + 0.25);
      const to = plus(from, direction, 0.5);
      trace(context, [from, to, plus(to, across), plus(from, across)]);
      context.fill();
    }
  }
}

function paintStopLines(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  colours: GroundColours,
  pixelMetres: number,
): void {
  context.strokeStyle = colours.paint;
  context.lineWidth = Math.max(0.5, 1.2 * pixelMetres);
  for (const group of drawing.junctions.flatMap((junction) => junction.signalGroups)) {
    if (group.kind !== 'vehicle') continue;
    trace(context, group.stopLine);
    context.stroke();
  }
}

function paintArrow(
  context: CanvasRenderingContext2D,
  arrow: LaneArrow,
  colours: GroundColours,
  pixelMetres: number,
): void {
  const { at, forward } = arrow;
  const aside = right(forward);
  context.strokeStyle = colours.arrow;
  context.fillStyle = colours.arrow;
  context.lineWidth = Math.max(0.22, 1.1 * pixelMetres);
  const tail = plus(at, forward, -2.2);
  for (const turn of arrow.turns) {
    const side = turn === 'right' ? 1 : -1;
    const bend = plus(at, forward, turn === 'straight' ? 1.2 : 0.4);
    const heading = turn === 'straight' ? forward : { x: aside.x * side, y: aside.y * side };
    const neck = turn === 'straight' ? bend : plus(bend, heading, 0.55);
    trace(context, turn === 'straight' ? [tail, neck] : [tail, bend, neck]);
    context.stroke();
    const wing = right(heading);
    trace(context, [plus(neck, heading, 1.2), plus(neck, wing, 0.6), plus(neck, wing, -0.6)]);
    context.closePath();
    context.fill();
  }
}
