/** The vehicles where the browser has no WebGL2: the same shapes with Canvas 2D. */
import { INSTANCE_FLOATS } from '../playback/interpolate.ts';
import { pixelsPerMetre, toPixel } from './camera.ts';
import { CLASS_LOOKS } from './classes.ts';
import type { VehicleLayer } from './vehicles-webgl.ts';

type Sizes = readonly { lengthMetres: number; widthMetres: number }[];

/** One vehicle around (0, 0), its front up, in pixels. */
export function paintVehicle(
  context: CanvasRenderingContext2D,
  kind: number,
  width: number,
  length: number,
  braking: boolean,
): void {
  const look = CLASS_LOOKS[kind] ?? CLASS_LOOKS[0]!;
  const band = (from: number, to: number, share = 1): void =>
    context.fillRect((-width / 2) * share, -to * length, width * share, (to - from) * length);
  context.fillStyle = look.colour;
  context.beginPath();
  if (look.name === 'rickshaw') {
    context.moveTo(-width / 2, length / 2);
    context.lineTo(width / 2, length / 2);
    context.lineTo(width / 2, 0);
    context.lineTo(width / 4, -length / 2);
    context.lineTo(-width / 4, -length / 2);
    context.lineTo(-width / 2, 0);
  } else {
    const slim = ['bike', 'bicycle', 'pedestrian', 'cyclist'].includes(look.name);
    const radius = slim ? width / 2 : look.name === 'car' ? width * 0.3 : width * 0.1;
    context.roundRect(-width / 2, -length / 2, width, length, radius);
  }
  context.fill();
  context.fillStyle = 'rgb(0 0 0 / 0.5)';
  if (look.name === 'car') {
    band(0.1, 0.24);
    band(-0.36, -0.27);
  } else if (look.name === 'bus') {
    band(0.45, 0.5);
    band(0.17, 0.27, 0.5);
    band(-0.27, -0.17, 0.5);
  } else if (look.name === 'lcv') {
    band(0.3, 0.42);
  } else if (look.name === 'truck') {
    band(0.24, 0.29);
    band(0.4, 0.5);
  } else if (look.name === 'rickshaw') {
    band(0.12, 0.26, 0.8);
  } else if (look.name === 'emergency') {
    context.fillStyle = '#f0503c';
    context.fillRect(-width / 2, -0.19 * length, width / 2, 0.18 * length);
    context.fillStyle = '#3373ff';
    context.fillRect(0, -0.19 * length, width / 2, 0.18 * length);
  }
  if (braking) {
    context.fillStyle = '#fa4033';
    context.fillRect(-width / 2, length / 2 - Math.max(1, length * 0.1), width, Math.max(1, length * 0.1));
  }
}

export function createCanvasLayer(sizes: Sizes): VehicleLayer {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d')!;
  let deviceScale = 1;
  return {
    canvas,
    resize(size, scale) {
      deviceScale = scale;
      canvas.width = Math.max(1, Math.round(size.width * scale));
      canvas.height = Math.max(1, Math.round(size.height * scale));
    },
    paint(instances, count, view, size) {
      const scale = pixelsPerMetre(view, size);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < count * INSTANCE_FLOATS; at += INSTANCE_FLOATS) {
        const kind = instances[at + 3]!;
        const dimensions = sizes[kind] ?? sizes[0]!;
        const pixel = toPixel(view, size, { x: instances[at]!, y: instances[at + 1]! });
        const heading = instances[at + 2]!;
        const cos = Math.cos(heading) * deviceScale;
        const sin = Math.sin(heading) * deviceScale;
        context.setTransform(cos, sin, -sin, cos, pixel.x * deviceScale, pixel.y * deviceScale);
        context.globalAlpha = instances[at + 5]!;
        const isDot = CLASS_LOOKS[kind]?.name === 'pedestrian';
        const width = Math.max(isDot ? 5 : 2, dimensions.widthMetres * scale);
        const length = Math.max(isDot ? 5 : 3.2, dimensions.lengthMetres * scale);
        paintVehicle(context, kind, width, length, instances[at + 4]! > 0.5 && kind < 6);
      }
      context.globalAlpha = 1;
    },
    close() {
      canvas.remove();
    },
  };
}
