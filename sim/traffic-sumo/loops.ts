/** Loops of actuated programs: when a vehicle was on one last. */
import type { Traffic } from './traffic.ts';

export interface Loop {
  /** Lane or link on which it lies, and metres from its begin. */
  readonly segment: number;
  readonly position: number;
  /** Vehicle on it, -1 for none, and how far its rear is from leaving, m. */
  vehicle: number;
  rearBefore: number;
  /** When the last one left, seconds since the begin of the run; the time of a step is that of its begin here. */
  leftAt: number;
}

export function createLoop(segment: number, position: number): Loop {
  return { segment, position, vehicle: -1, rearBefore: 0, leftAt: 0 };
}

/** Seconds since a vehicle was on the loop, at the begin of the step that begins at `now`. */
export function secondsSince(loop: Loop, now: number): number {
  return loop.vehicle >= 0 ? 0 : now - loop.leftAt;
}

/** After the vehicles moved in the step that begins at `now`: who came onto the loop and who left it. */
export function noteMoves(t: Traffic, loop: Loop, now: number): void {
  if (loop.vehicle >= 0) {
    const rear = movedMetres(t, loop.vehicle) - loop.rearBefore;
    if (t.state.segment[loop.vehicle]! < 0) leave(loop, now + t.dt);
    else if (rear > 0) leave(loop, now + t.dt * passedShare(t, loop.vehicle, rear));
    else loop.rearBefore = -rear;
  }
  const { position } = t.state;
  const rearOnNext = t.core.leaverRear(loop.segment);
  if (rearOnNext < Number.POSITIVE_INFINITY) note(t, loop, t.core.leaverOf(loop.segment), rearOnNext, now);
  for (let w = t.core.firstOf(loop.segment); w >= 0 && position[w]! >= loop.position; w = t.core.behindOf(w)) {
    note(t, loop, w, position[w]! - lengthOf(t, w), now);
  }
}

/** One whose front is beyond the loop: it matters if its front came over it in this step. */
function note(t: Traffic, loop: Loop, vehicle: number, rear: number, now: number): void {
  const metres = movedMetres(t, vehicle);
  const front = rear + lengthOf(t, vehicle);
  if (vehicle === loop.vehicle || front - metres >= loop.position) return;
  const beyond = rear - loop.position;
  if (beyond > 0) {
    const leftAt = now + t.dt * passedShare(t, vehicle, beyond);
    if (leftAt > loop.leftAt) loop.leftAt = leftAt;
  } else enter(loop, vehicle, -beyond);
}

/** After lanes were changed and vehicles entered: who came onto the loop, or left it, sideways. */
export function noteChanges(t: Traffic, loop: Loop, now: number): void {
  const { position, segment } = t.state;
  const { laneCount } = t.world.network;
  const onto = loop.vehicle < 0 ? -1 : segment[loop.vehicle]!;
  if (onto >= 0 && onto < laneCount && onto !== loop.segment && isBeside(t, onto, loop.segment)) {
    leave(loop, now + t.dt);
  }
  if (loop.vehicle >= 0) return;
  for (let w = t.core.firstOf(loop.segment); w >= 0 && position[w]! >= loop.position; w = t.core.behindOf(w)) {
    const beyond = position[w]! - lengthOf(t, w) - loop.position;
    if (beyond <= 0) enter(loop, w, -beyond);
  }
}

function enter(loop: Loop, vehicle: number, rearBefore: number): void {
  loop.vehicle = vehicle;
  loop.rearBefore = rearBefore;
}

function leave(loop: Loop, at: number): void {
  loop.vehicle = -1;
  if (at > loop.leftAt) loop.leftAt = at;
}

function isBeside(t: Traffic, lane: number, other: number): boolean {
  const { road } = t.world.network.tables!;
  return other < t.world.network.laneCount && road[lane] === road[other];
}

function lengthOf(t: Traffic, vehicle: number): number {
  return t.types.length[t.demand.vehicleClass[vehicle]!]!;
}

/** Metres driven in the step. */
function movedMetres(t: Traffic, vehicle: number): number {
  const { speed, acceleration } = t.state;
  const v = speed[vehicle]!;
  if (!t.ballistic) return v * t.dt;
  const before = v - acceleration[vehicle]! * t.dt;
  return 0.5 * (before + v) * t.dt;
}

/** Share of the step after which the rear, `beyond` the loop at its end, passed it. */
function passedShare(t: Traffic, vehicle: number, beyond: number): number {
  const metres = movedMetres(t, vehicle);
  return metres > 0 ? Math.max(0, 1 - beyond / metres) : 1;
}
