/** How the core reads and writes the world's memory. In AssemblyScript, as the core. */
import * as layout from './cityflow-layout';

export const CLASS_BYTES_LOG2: i32 = 8;
/** SEGMENT of those who left the network; LINK_TICK of a vehicle that is on a lane: later than any. */
export const ARRIVED: i32 = -2;
export const ON_LANE: i32 = 0x7fffffff;
export const STANDING_SPEED: f64 = 0.1;

@inline
export function base(array: i32): usize {
  return load<u32>(array << 2);
}
@inline
export function int(array: usize, i: i32): i32 {
  return load<i32>(array + (<usize>i << 2));
}
@inline
export function setInt(array: usize, i: i32, value: i32): void {
  store<i32>(array + (<usize>i << 2), value);
}
@inline
export function float(array: usize, i: i32): f64 {
  return load<f64>(array + (<usize>i << 3));
}
@inline
export function setFloat(array: usize, i: i32, value: f64): void {
  store<f64>(array + (<usize>i << 3), value);
}
@inline
export function add(array: usize, i: i32, value: f64): void {
  setFloat(array, i, float(array, i) + value);
}
/** Two numbers, of which the first is at `i`. */
@inline
export function pair(array: usize, i: i32): v128 {
  return v128.load(array + (<usize>i << 3));
}
@inline
export function both(value: f64): v128 {
  return f64x2.splat(value);
}
@inline
export function firstOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0);
}
@inline
export function secondOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 1);
}
/** The lesser, and the greater, of two numbers without a branch. */
@inline
export function lesser(a: f64, b: f64): f64 {
  return firstOf(f64x2.pmin(both(a), both(b)));
}
@inline
export function greater(a: f64, b: f64): f64 {
  return firstOf(f64x2.pmax(both(a), both(b)));
}
@inline
export function byte(array: usize, i: i32): u8 {
  return load<u8>(array + <usize>i);
}
@inline
export function setByte(array: usize, i: i32, value: u8): void {
  store<u8>(array + <usize>i, value);
}
/** Where the numbers of a vehicle's class begin. */
@inline
export function classOf(v: i32): usize {
  return base(layout.CLASSES) + (<usize>byte(base(layout.VEHICLE_CLASS), v) << CLASS_BYTES_LOG2);
}

/** The link that the route takes from the lane, at this place of it. */
@inline
export function linkFrom(cursor: i32, lane: i32): i32 {
  return int(base(layout.LINK), int(base(layout.ROW), cursor) + int(base(layout.LANE_INDEX), lane));
}
