/** Polylines as flat x y x y ... arrays, metres. */

/** Length of segment i (from point i to point i + 1). */
function stretch(path: ArrayLike<number>, i: number): number {
  const dx = path[2 * i + 2]! - path[2 * i]!;
  const dy = path[2 * i + 3]! - path[2 * i + 1]!;
  return Math.sqrt(dx * dx + dy * dy);
}

/** Length of a polyline, metres. */
export function polylineLength(path: ArrayLike<number>): number {
  let length = 0;
  for (let i = 0; 2 * i + 3 < path.length; i++) length += stretch(path, i);
  return length;
}

/** Point at `distance` metres along the polyline, clamped to its ends. */
export function pointAlong(path: ArrayLike<number>, distance: number): [number, number] {
  let rest = distance < polylineLength(path) ? distance : polylineLength(path);
  if (rest <= 0) return [path[0]!, path[1]!];
  for (let i = 0; 2 * i + 3 < path.length; i++) {
    const length = stretch(path, i);
    if (rest > length) {
      rest -= length;
      continue;
    }
    const share = rest / length;
    return [
      path[2 * i]! + (path[2 * i + 2]! - path[2 * i]!) * share,
      path[2 * i + 1]! + (path[2 * i + 3]! - path[2 * i + 1]!) * share,
    ];
  }
  return [path[path.length - 2]!, path[path.length - 1]!];
}

/** Unit direction of travel at `distance` metres along the polyline; past the end that of the last stretch. */
export function directionAlong(path: ArrayLike<number>, distance: number): [number, number] {
  let rest = distance;
  const last = path.length / 2 - 2;
  for (let i = 0; i <= last; i++) {
    const length = stretch(path, i);
    if (rest < length || i === last) {
      return [(path[2 * i + 2]! - path[2 * i]!) / length, (path[2 * i + 3]! - path[2 * i + 1]!) / length];
    }
    rest -= length;
  }
  return [1, 0];
}

/** Points every `spacing` metres or less, both ends included, and the arc length of each. */
export function samplePolyline(
  path: ArrayLike<number>,
  spacing: number,
): { x: Float64Array; y: Float64Array; at: Float64Array } {
  const length = polylineLength(path);
  const count = Math.max(2, Math.ceil(length / spacing) + 1);
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  const at = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    at[i] = (length * i) / (count - 1);
    const [px, py] = pointAlong(path, at[i]!);
    x[i] = px;
    y[i] = py;
  }
  return { x, y, at };
}
