/** What vehicles remember between lane changes, and what others have asked of them. */
import { ADVICES } from './layout';
import {
  adviceCountOf, adviceOf, setAdviceCount, setDontBrake, setKeepRight, setLeftSpace, setRemembered, setReserved,
  setSpeedGain, setWish,
} from './memory';

// Bits of a vehicle's wish: what it wants, what keeps it, and what others ask for.
export const STAY: i32 = 1;
export const LEFT: i32 = 2;
export const RIGHT: i32 = 4;
export const STRATEGIC: i32 = 8;
export const COOPERATIVE: i32 = 16;
export const URGENT: i32 = 32;
export const BLOCKED_BY_LEADER: i32 = 64;
export const BLOCKED_BY_FOLLOWER: i32 = 128;
export const OVERLAPPING: i32 = 256;
/** Somebody who must change needs the place before or behind this vehicle; on which side its changer moves. */
export const IN_THE_WAY_AHEAD: i32 = 512;
export const IN_THE_WAY_BEHIND: i32 = 1024;
export const ASKED_LEFT: i32 = 2048;
export const ASKED_RIGHT: i32 = 4096;

export const WANTS_CHANGE: i32 = 6;
export const BLOCKED: i32 = 448;
export const ASKED: i32 = 7680;

/** Forgets what the vehicle had in mind: after a change, and where there is no lane to change to. */
export function forgetWishes(vehicle: i32, keepReserved: bool): void {
  setWish(vehicle, 0);
  setSpeedGain(vehicle, 0);
  setKeepRight(vehicle, 0);
  setRemembered(vehicle, 0);
  setAdviceCount(vehicle, 0);
  setDontBrake(vehicle, 0);
  if (keepReserved) return;
  setReserved(vehicle, 0);
  setLeftSpace(vehicle, 0);
}

/** Advises a speed for the next step. */
export function advise(vehicle: i32, speed: f64): void {
  const begin = adviceOf(vehicle);
  const count = adviceCountOf(vehicle);
  if (count < <u8>ADVICES) {
    store<f64>(begin + (<usize>count << 3), speed);
    setAdviceCount(vehicle, count + 1);
    return;
  }
  let highest = begin;
  for (let at = begin + 8; at < begin + (ADVICES << 3); at += 8) {
    if (load<f64>(at) > load<f64>(highest)) highest = at;
  }
  if (speed < load<f64>(highest)) store<f64>(highest, speed);
}
