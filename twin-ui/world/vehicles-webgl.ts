/** All vehicles of a world in one instanced WebGL2 draw call; their shapes are worked out in the fragment shader. */
import { INSTANCE_FLOATS } from '../playback/interpolate.ts';
import { pixelsPerMetre, type Size, type View } from './camera.ts';
import { CLASS_LOOKS } from './classes.ts';

/** Draws vehicles over the ground; `instances` as `interpolate` fills them. */
export interface VehicleLayer {
  readonly canvas: HTMLCanvasElement;
  resize(size: Size, deviceScale: number): void;
  paint(instances: Float32Array, count: number, view: View, size: Size): void;
  close(): void;
}

const VERTEX = `#version 300 es
in vec2 corner;
in vec2 position;
in float heading;
in float kind;
in float braking;
in float opacity;
uniform vec2 centre;
uniform vec2 clipPerMetre;
uniform float pixelsPerMetre;
uniform vec2 sizes[10];
out vec2 local;
flat out vec2 body;
flat out int look;
flat out float brake;
flat out float alpha;
void main() {
  look = int(kind + 0.5);
  vec2 size = sizes[look];
  body = max(size, (look == 8 ? vec2(5.0) : vec2(2.0, 3.2)) / pixelsPerMetre);
  brake = braking;
  alpha = opacity;
  local = corner * (body + 2.0 / pixelsPerMetre);
  vec2 forward = vec2(sin(heading), cos(heading));
  vec2 aside = vec2(forward.y, -forward.x);
  vec2 world = position + forward * local.y + aside * local.x;
  gl_Position = vec4((world - centre) * clipPerMetre, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 local;
flat in vec2 body;
flat in int look;
flat in float brake;
flat in float alpha;
uniform vec3 colours[10];
uniform float pixelsPerMetre;
out vec4 colour;
float box(vec2 at, vec2 half_, float radius) {
  vec2 q = abs(at) - half_ + radius;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
}
void main() {
  vec2 half_ = body * 0.5;
  float along = local.y / body.y;
  float d;
  if (look == 3 || look > 6) d = box(local, half_, half_.x);
  else if (look == 4) d = box(local, vec2(half_.x * (1.0 - 0.45 * smoothstep(0.0, 0.5, along)), half_.y), 0.2);
  else d = box(local, half_, look == 0 ? min(0.55, half_.x) : 0.25);
  float shade = 1.0;
  if (pixelsPerMetre > 1.2) {
    if (look == 0 && ((along > 0.1 && along < 0.24) || (along > -0.36 && along < -0.27))) shade = 0.45;
    if (look == 1 && (abs(abs(along) - 0.22) < 0.05) && abs(local.x) < half_.x * 0.5) shade = 0.5;
    if (look == 1 && along > 0.45) shade = 0.45;
    if (look == 2 && along > 0.24 && along < 0.29) shade = 0.3;
    if (look == 2 && along > 0.4) shade = 0.55;
    if (look == 4 && along > 0.12 && along < 0.26) shade = 0.45;
    if (look == 6 && along > 0.3 && along < 0.42) shade = 0.45;
  }
  vec3 tone = colours[look] * shade;
  if (look == 5 && abs(along - 0.1) < 0.09) tone = local.x < 0.0 ? vec3(0.94, 0.31, 0.24) : vec3(0.2, 0.45, 1.0);
  if (brake > 0.5 && local.y < -half_.y + max(0.45, 1.2 / pixelsPerMetre)) tone = vec3(0.98, 0.25, 0.2);
  float edge = 1.0 / pixelsPerMetre;
  float cover = 1.0 - smoothstep(-0.5 * edge, 0.5 * edge, d);
  float rim = smoothstep(-1.6 * edge, -0.6 * edge, d) * step(2.5, pixelsPerMetre);
  tone *= 1.0 - 0.35 * rim;
  float opacity = cover * alpha;
  if (opacity <= 0.003) discard;
  colour = vec4(tone * opacity, opacity);
}`;

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (!shader) throw new Error('WebGL2 gave no shader.');
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
    throw new Error(`WebGL2 shader: ${gl.getShaderInfoLog(shader)}`);
  return shader;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(`WebGL2 program: ${gl.getProgramInfoLog(program)}`);
  return program;
}

type Sizes = readonly { lengthMetres: number; widthMetres: number }[];

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);

/** Sets what stays the same for all frames; answers where the rest goes. */
function prepare(gl: WebGL2RenderingContext, program: WebGLProgram, sizes: Sizes) {
  // biome-ignore lint/correctness/useHookAtTopLevel: a call of WebGL, not a hook of React
  gl.useProgram(program);
  const uniform = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  gl.uniform2fv(
    uniform('sizes'),
    sizes.flatMap((size) => [size.widthMetres, size.lengthMetres]),
  );
  gl.uniform3fv(
    uniform('colours'),
    CLASS_LOOKS.flatMap((look) => channels(look.colour)),
  );
  const places = {
    centre: uniform('centre'),
    clipPerMetre: uniform('clipPerMetre'),
    pixelsPerMetre: uniform('pixelsPerMetre'),
  };

  const attribute = (name: string, floats: number, offset: number, stride: number, perInstance: boolean): void => {
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, floats, gl.FLOAT, false, stride, offset);
    gl.vertexAttribDivisor(at, perInstance ? 1 : 0);
  };
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]), gl.STATIC_DRAW);
  attribute('corner', 2, 0, 0, false);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  const stride = INSTANCE_FLOATS * 4;
  attribute('position', 2, 0, stride, true);
  attribute('heading', 1, 8, stride, true);
  attribute('kind', 1, 12, stride, true);
  attribute('braking', 1, 16, stride, true);
  attribute('opacity', 1, 20, stride, true);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return places;
}

/** `?renderer=webgl2` in the address takes WebGL2 even where it is emulated, for tests. */
const emulatedIsFine = (): boolean => new URLSearchParams(location.search).get('renderer') === 'webgl2';

/**
 * null where the browser has no WebGL2, or emulates it on the processor, where Canvas 2D takes a fifth of the time.
 * `onLost` is called when the graphics card goes away.
 */
export function createWebglLayer(sizes: Sizes, onLost: () => void): VehicleLayer | null {
  const canvas = document.createElement('canvas');
  const gl = canvas.getContext('webgl2', {
    alpha: true,
    antialias: false,
    premultipliedAlpha: true,
    failIfMajorPerformanceCaveat: !emulatedIsFine(),
  });
  if (!gl) return null;
  let program: WebGLProgram;
  try {
    program = link(gl);
  } catch (error) {
    console.warn(error);
    return null;
  }
  const lost = (event: Event): void => {
    event.preventDefault();
    onLost();
  };
  canvas.addEventListener('webglcontextlost', lost);
  const places = prepare(gl, program, sizes);

  return {
    canvas,
    resize(size, deviceScale) {
      canvas.width = Math.max(1, Math.round(size.width * deviceScale));
      canvas.height = Math.max(1, Math.round(size.height * deviceScale));
      gl.viewport(0, 0, canvas.width, canvas.height);
    },
    paint(instances, count, view, size) {
      const scale = pixelsPerMetre(view, size);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (count === 0) return;
      gl.uniform2f(places.centre, view.x, view.y);
      gl.uniform2f(places.clipPerMetre, (2 * scale) / size.width, (2 * scale) / size.height);
      gl.uniform1f(places.pixelsPerMetre, scale);
      gl.bufferData(gl.ARRAY_BUFFER, instances.subarray(0, count * INSTANCE_FLOATS), gl.DYNAMIC_DRAW);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    },
    close() {
      canvas.removeEventListener('webglcontextlost', lost);
      gl.getExtension('WEBGL_lose_context')?.loseContext();
      canvas.remove();
    },
  };
}
