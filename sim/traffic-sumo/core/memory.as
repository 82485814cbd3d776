/** Reads and writes what `layout.as` places: by the index of a vehicle (v), a segment (s) or an entry of a table (i). */
import {
  ACCELERATION, ACTIVE, ADVICE, ADVICES, ADVICE_COUNT, AHEAD, ALONE, ARRIVALS, ARRIVAL_AT, ARRIVED_AT,
  BEHIND, CLAIM_EXIT, CLAIM_INSIDE, CONFLICTS, CONFLICT_BYTES, CONFLICT_ENTERED, CONFLICT_FIRST, CONT,
  CURSOR, DEADLOCKED, DONT_BRAKE, ENTERED, ENTERED_FIRST, ENTRIES, ENTRY_AT, ENTRY_BYTES, FIRST,
  FIRST_BLOCKED, FIRST_INTO, FOE, FOE_FIRST, FOE_MERGES, FOE_YIELDS, GROUP_STATE, HAS_TO_WAIT, INSIDE_FIRST,
  INSIDE_FOE, INSIDE_MERGES, ITEMS, ITEMS_FROM, ITEMS_TO, ITEM_HEAD, JAM, KEEPS_CLEAR, KEEP_RIGHT, KEY, LAST,
  LAST_BLOCKED, LEAD, LEADS_ON, LEAVER, LEAVER_ODOMETER, LEFT_SPACE, LENGTH, LIMIT, LINKS_INTO, LINK_END,
  LINK_GROUP, LINK_START, MOVERS, NEXT_SPEED, ODOMETER, ON_SEGMENT, OPEN, ORDER, OWN_STATE, PART_LENGTH,
  PASS, POSITION, PRECEDENCE, RADIUS, REMEMBERED, RESERVED, ROAD, ROADS, SEGMENT, SPEED, SPEED_FACTOR,
  SPEED_GAIN, SPEED_LIMIT, STANDING, STOPS, TAKEN, TIME_LOSS, TYPES, TYPE_AT, WAITING, WAITS_FAR, WAIT_AT,
  WATCHED, WISH,
} from './layout';

/** Seconds of a step; whether a step is driven at the mean of its two speeds; steps done. */
export let dt: f64 = 1;
export let isBallistic: bool = false;
export let step: i32 = 0;
export let laneCount: i32 = 0;
export let segmentCount: i32 = 0;

export function setStep(value: i32): void {
  step = value;
}
export function setConstants(stepSeconds: f64, ballistic: bool, lanes: i32, segments: i32): void {
  dt = stepSeconds;
  isBallistic = ballistic;
  laneCount = lanes;
  segmentCount = segments;
}

@inline
function base(array: i32): usize {
  return <usize>load<u32>(array << 2);
}

@inline
export function positionOf(v: i32): f64 {
  return load<f64>(base(POSITION) + (<usize>v << 3));
}
@inline
export function setPosition(v: i32, value: f64): void {
  store<f64>(base(POSITION) + (<usize>v << 3), value);
}
@inline
export function speedOf(v: i32): f64 {
  return load<f64>(base(SPEED) + (<usize>v << 3));
}
@inline
export function setSpeed(v: i32, value: f64): void {
  store<f64>(base(SPEED) + (<usize>v << 3), value);
}
@inline
export function accelerationOf(v: i32): f64 {
  return load<f64>(base(ACCELERATION) + (<usize>v << 3));
}
@inline
export function setAcceleration(v: i32, value: f64): void {
  store<f64>(base(ACCELERATION) + (<usize>v << 3), value);
}
@inline
export function odometerOf(v: i32): f64 {
  return load<f64>(base(ODOMETER) + (<usize>v << 3));
}
@inline
export function setOdometer(v: i32, value: f64): void {
  store<f64>(base(ODOMETER) + (<usize>v << 3), value);
}
@inline
export function nextSpeedOf(v: i32): f64 {
  return load<f64>(base(NEXT_SPEED) + (<usize>v << 3));
}
@inline
export function setNextSpeed(v: i32, value: f64): void {
  store<f64>(base(NEXT_SPEED) + (<usize>v << 3), value);
}
@inline
export function arrivalPlaceOf(v: i32): f64 {
  return load<f64>(base(ARRIVAL_AT) + (<usize>v << 3));
}
@inline
export function limitOf(v: i32): f64 {
  return load<f64>(base(LIMIT) + (<usize>v << 3));
}
@inline
export function setLimit(v: i32, value: f64): void {
  store<f64>(base(LIMIT) + (<usize>v << 3), value);
}
@inline
export function standingOf(v: i32): f64 {
  return load<f64>(base(STANDING) + (<usize>v << 3));
}
@inline
export function setStanding(v: i32, value: f64): void {
  store<f64>(base(STANDING) + (<usize>v << 3), value);
}
@inline
export function timeLossOf(v: i32): f64 {
  return load<f64>(base(TIME_LOSS) + (<usize>v << 3));
}
@inline
export function setTimeLoss(v: i32, value: f64): void {
  store<f64>(base(TIME_LOSS) + (<usize>v << 3), value);
}
@inline
export function waitingOf(v: i32): f64 {
  return load<f64>(base(WAITING) + (<usize>v << 3));
}
@inline
export function setWaiting(v: i32, value: f64): void {
  store<f64>(base(WAITING) + (<usize>v << 3), value);
}
@inline
export function arrivedAtOf(v: i32): f64 {
  return load<f64>(base(ARRIVED_AT) + (<usize>v << 3));
}
@inline
export function setArrivedAt(v: i32, value: f64): void {
  store<f64>(base(ARRIVED_AT) + (<usize>v << 3), value);
}
@inline
export function speedFactorOf(v: i32): f64 {
  return load<f64>(base(SPEED_FACTOR) + (<usize>v << 3));
}
@inline
export function openOf(v: i32): f64 {
  return load<f64>(base(OPEN) + (<usize>v << 3));
}
@inline
export function setOpen(v: i32, value: f64): void {
  store<f64>(base(OPEN) + (<usize>v << 3), value);
}
@inline
export function rememberedOf(v: i32): f64 {
  return load<f64>(base(REMEMBERED) + (<usize>v << 3));
}
@inline
export function setRemembered(v: i32, value: f64): void {
  store<f64>(base(REMEMBERED) + (<usize>v << 3), value);
}
@inline
export function speedGainOf(v: i32): f64 {
  return load<f64>(base(SPEED_GAIN) + (<usize>v << 3));
}
@inline
export function setSpeedGain(v: i32, value: f64): void {
  store<f64>(base(SPEED_GAIN) + (<usize>v << 3), value);
}
@inline
export function keepRightOf(v: i32): f64 {
  return load<f64>(base(KEEP_RIGHT) + (<usize>v << 3));
}
@inline
export function setKeepRight(v: i32, value: f64): void {
  store<f64>(base(KEEP_RIGHT) + (<usize>v << 3), value);
}
@inline
export function reservedOf(v: i32): f64 {
  return load<f64>(base(RESERVED) + (<usize>v << 3));
}
@inline
export function setReserved(v: i32, value: f64): void {
  store<f64>(base(RESERVED) + (<usize>v << 3), value);
}
@inline
export function leftSpaceOf(v: i32): f64 {
  return load<f64>(base(LEFT_SPACE) + (<usize>v << 3));
}
@inline
export function setLeftSpace(v: i32, value: f64): void {
  store<f64>(base(LEFT_SPACE) + (<usize>v << 3), value);
}
@inline
export function segmentOf(v: i32): i32 {
  return load<i32>(base(SEGMENT) + (<usize>v << 2));
}
@inline
export function setSegment(v: i32, value: i32): void {
  store<i32>(base(SEGMENT) + (<usize>v << 2), value);
}
@inline
export function aheadOf(v: i32): i32 {
  return load<i32>(base(AHEAD) + (<usize>v << 2));
}
@inline
export function setAhead(v: i32, value: i32): void {
  store<i32>(base(AHEAD) + (<usize>v << 2), value);
}
@inline
export function behindOf(v: i32): i32 {
  return load<i32>(base(BEHIND) + (<usize>v << 2));
}
@inline
export function setBehind(v: i32, value: i32): void {
  store<i32>(base(BEHIND) + (<usize>v << 2), value);
}
@inline
export function stopsOf(v: i32): i32 {
  return load<i32>(base(STOPS) + (<usize>v << 2));
}
@inline
export function setStops(v: i32, value: i32): void {
  store<i32>(base(STOPS) + (<usize>v << 2), value);
}
@inline
export function activeAt(i: i32): i32 {
  return load<i32>(base(ACTIVE) + (<usize>i << 2));
}
@inline
export function setActive(i: i32, value: i32): void {
  store<i32>(base(ACTIVE) + (<usize>i << 2), value);
}
@inline
export function arrivalsAt(i: i32): i32 {
  return load<i32>(base(ARRIVALS) + (<usize>i << 2));
}
@inline
export function setArrivals(i: i32, value: i32): void {
  store<i32>(base(ARRIVALS) + (<usize>i << 2), value);
}
@inline
export function enteredOf(v: i32): i32 {
  return load<i32>(base(ENTERED) + (<usize>v << 2));
}
@inline
export function setEntered(v: i32, value: i32): void {
  store<i32>(base(ENTERED) + (<usize>v << 2), value);
}
@inline
export function enteredFirstOf(v: i32): i32 {
  return load<i32>(base(ENTERED_FIRST) + (<usize>v << 2));
}
@inline
export function setEnteredFirst(v: i32, value: i32): void {
  store<i32>(base(ENTERED_FIRST) + (<usize>v << 2), value);
}
@inline
export function conflictEnteredOf(v: i32): i32 {
  return load<i32>(base(CONFLICT_ENTERED) + (<usize>v << 2));
}
@inline
export function setConflictEntered(v: i32, value: i32): void {
  store<i32>(base(CONFLICT_ENTERED) + (<usize>v << 2), value);
}
@inline
export function keyOf(v: i32): i32 {
  return load<i32>(base(KEY) + (<usize>v << 2));
}
@inline
export function wishOf(v: i32): i32 {
  return load<i32>(base(WISH) + (<usize>v << 2));
}
@inline
export function setWish(v: i32, value: i32): void {
  store<i32>(base(WISH) + (<usize>v << 2), value);
}
@inline
export function orderAt(i: i32): i32 {
  return load<i32>(base(ORDER) + (<usize>i << 2));
}
@inline
export function setOrder(i: i32, value: i32): void {
  store<i32>(base(ORDER) + (<usize>i << 2), value);
}
@inline
export function moverAt(i: i32): i32 {
  return load<i32>(base(MOVERS) + (<usize>i << 2));
}
@inline
export function setMover(i: i32, value: i32): void {
  store<i32>(base(MOVERS) + (<usize>i << 2), value);
}
@inline
export function claimInsideOf(v: i32): u8 {
  return load<u8>(base(CLAIM_INSIDE) + <usize>v);
}
@inline
export function setClaimInside(v: i32, value: u8): void {
  store<u8>(base(CLAIM_INSIDE) + <usize>v, value);
}
@inline
export function claimExitOf(v: i32): u8 {
  return load<u8>(base(CLAIM_EXIT) + <usize>v);
}
@inline
export function setClaimExit(v: i32, value: u8): void {
  store<u8>(base(CLAIM_EXIT) + <usize>v, value);
}
@inline
export function hasToWaitOf(v: i32): u8 {
  return load<u8>(base(HAS_TO_WAIT) + <usize>v);
}
@inline
export function setHasToWait(v: i32, value: u8): void {
  store<u8>(base(HAS_TO_WAIT) + <usize>v, value);
}
@inline
export function waitsFarOf(v: i32): u8 {
  return load<u8>(base(WAITS_FAR) + <usize>v);
}
@inline
export function setWaitsFar(v: i32, value: u8): void {
  store<u8>(base(WAITS_FAR) + <usize>v, value);
}
@inline
export function dontBrakeOf(v: i32): u8 {
  return load<u8>(base(DONT_BRAKE) + <usize>v);
}
@inline
export function setDontBrake(v: i32, value: u8): void {
  store<u8>(base(DONT_BRAKE) + <usize>v, value);
}
@inline
export function adviceCountOf(v: i32): u8 {
  return load<u8>(base(ADVICE_COUNT) + <usize>v);
}
@inline
export function setAdviceCount(v: i32, value: u8): void {
  store<u8>(base(ADVICE_COUNT) + <usize>v, value);
}
@inline
export function entryOf(v: i32): usize {
  return <usize>load<u32>(base(ENTRY_AT) + (<usize>v << 2));
}
@inline
export function setEntry(v: i32, value: usize): void {
  store<u32>(base(ENTRY_AT) + (<usize>v << 2), <u32>value);
}
@inline
export function typeOf(v: i32): usize {
  return <usize>load<u32>(base(TYPE_AT) + (<usize>v << 2));
}
@inline
export function setType(v: i32, value: usize): void {
  store<u32>(base(TYPE_AT) + (<usize>v << 2), <u32>value);
}
@inline
export function itemsFromOf(v: i32): usize {
  return <usize>load<u32>(base(ITEMS_FROM) + (<usize>v << 2));
}
@inline
export function setItemsFrom(v: i32, value: usize): void {
  store<u32>(base(ITEMS_FROM) + (<usize>v << 2), <u32>value);
}
@inline
export function itemsToOf(v: i32): usize {
  return <usize>load<u32>(base(ITEMS_TO) + (<usize>v << 2));
}
@inline
export function setItemsTo(v: i32, value: usize): void {
  store<u32>(base(ITEMS_TO) + (<usize>v << 2), <u32>value);
}
@inline
export function lengthOf(s: i32): f64 {
  return load<f64>(base(LENGTH) + (<usize>s << 3));
}
@inline
export function speedLimitOf(s: i32): f64 {
  return load<f64>(base(SPEED_LIMIT) + (<usize>s << 3));
}
@inline
export function leaverOdometerOf(s: i32): f64 {
  return load<f64>(base(LEAVER_ODOMETER) + (<usize>s << 3));
}
@inline
export function setLeaverOdometer(s: i32, value: f64): void {
  store<f64>(base(LEAVER_ODOMETER) + (<usize>s << 3), value);
}
@inline
export function takenOf(s: i32): f64 {
  return load<f64>(base(TAKEN) + (<usize>s << 3));
}
@inline
export function setTaken(s: i32, value: f64): void {
  store<f64>(base(TAKEN) + (<usize>s << 3), value);
}
@inline
export function jamOf(s: i32): f64 {
  return load<f64>(base(JAM) + (<usize>s << 3));
}
@inline
export function setJam(s: i32, value: f64): void {
  store<f64>(base(JAM) + (<usize>s << 3), value);
}
@inline
export function waitAtOf(s: i32): f64 {
  return load<f64>(base(WAIT_AT) + (<usize>s << 3));
}
@inline
export function firstOf(s: i32): i32 {
  return load<i32>(base(FIRST) + (<usize>s << 2));
}
@inline
export function setFirst(s: i32, value: i32): void {
  store<i32>(base(FIRST) + (<usize>s << 2), value);
}
@inline
export function lastOf(s: i32): i32 {
  return load<i32>(base(LAST) + (<usize>s << 2));
}
@inline
export function setLast(s: i32, value: i32): void {
  store<i32>(base(LAST) + (<usize>s << 2), value);
}
@inline
export function onSegmentOf(s: i32): i32 {
  return load<i32>(base(ON_SEGMENT) + (<usize>s << 2));
}
@inline
export function setOnSegment(s: i32, value: i32): void {
  store<i32>(base(ON_SEGMENT) + (<usize>s << 2), value);
}
@inline
export function leaverOf(s: i32): i32 {
  return load<i32>(base(LEAVER) + (<usize>s << 2));
}
@inline
export function setLeaver(s: i32, value: i32): void {
  store<i32>(base(LEAVER) + (<usize>s << 2), value);
}
@inline
export function linkStartOf(s: i32): i32 {
  return load<i32>(base(LINK_START) + (<usize>s << 2));
}
@inline
export function linkEndOf(s: i32): i32 {
  return load<i32>(base(LINK_END) + (<usize>s << 2));
}
@inline
export function linkGroupOf(s: i32): i32 {
  return load<i32>(base(LINK_GROUP) + (<usize>s << 2));
}
@inline
export function watchedOf(s: i32): i32 {
  return load<i32>(base(WATCHED) + (<usize>s << 2));
}
@inline
export function setWatched(s: i32, value: i32): void {
  store<i32>(base(WATCHED) + (<usize>s << 2), value);
}
@inline
export function foeFirstOf(s: i32): i32 {
  return load<i32>(base(FOE_FIRST) + (<usize>s << 2));
}
@inline
export function leadOf(s: i32): i32 {
  return load<i32>(base(LEAD) + (<usize>s << 2));
}
@inline
export function setLead(s: i32, value: i32): void {
  store<i32>(base(LEAD) + (<usize>s << 2), value);
}
@inline
export function firstBlockedOf(s: i32): i32 {
  return load<i32>(base(FIRST_BLOCKED) + (<usize>s << 2));
}
@inline
export function setFirstBlocked(s: i32, value: i32): void {
  store<i32>(base(FIRST_BLOCKED) + (<usize>s << 2), value);
}
@inline
export function lastBlockedOf(s: i32): i32 {
  return load<i32>(base(LAST_BLOCKED) + (<usize>s << 2));
}
@inline
export function setLastBlocked(s: i32, value: i32): void {
  store<i32>(base(LAST_BLOCKED) + (<usize>s << 2), value);
}
@inline
export function cursorOf(s: i32): i32 {
  return load<i32>(base(CURSOR) + (<usize>s << 2));
}
@inline
export function setCursor(s: i32, value: i32): void {
  store<i32>(base(CURSOR) + (<usize>s << 2), value);
}
@inline
export function firstIntoOf(s: i32): i32 {
  return load<i32>(base(FIRST_INTO) + (<usize>s << 2));
}
@inline
export function insideFirstOf(s: i32): i32 {
  return load<i32>(base(INSIDE_FIRST) + (<usize>s << 2));
}
@inline
export function roadOf(s: i32): i32 {
  return load<i32>(base(ROAD) + (<usize>s << 2));
}
@inline
export function conflictFirstOf(s: i32): i32 {
  return load<i32>(base(CONFLICT_FIRST) + (<usize>s << 2));
}
@inline
export function foeAt(i: i32): i32 {
  return load<i32>(base(FOE) + (<usize>i << 2));
}
@inline
export function insideFoeAt(i: i32): i32 {
  return load<i32>(base(INSIDE_FOE) + (<usize>i << 2));
}
@inline
export function linkIntoAt(i: i32): i32 {
  return load<i32>(base(LINKS_INTO) + (<usize>i << 2));
}
@inline
export function roadEndAt(i: i32): i32 {
  return load<i32>(base(ROADS) + (<usize>i << 2));
}
@inline
export function contOf(s: i32): u8 {
  return load<u8>(base(CONT) + <usize>s);
}
@inline
export function passOf(s: i32): u8 {
  return load<u8>(base(PASS) + <usize>s);
}
@inline
export function ownStateOf(s: i32): u8 {
  return load<u8>(base(OWN_STATE) + <usize>s);
}
@inline
export function keepsClearOf(s: i32): u8 {
  return load<u8>(base(KEEPS_CLEAR) + <usize>s);
}
@inline
export function aloneOf(s: i32): u8 {
  return load<u8>(base(ALONE) + <usize>s);
}
@inline
export function precedenceOf(s: i32): u8 {
  return load<u8>(base(PRECEDENCE) + <usize>s);
}
@inline
export function leadsOnOf(s: i32): u8 {
  return load<u8>(base(LEADS_ON) + <usize>s);
}
@inline
export function groupStateAt(i: i32): u8 {
  return load<u8>(base(GROUP_STATE) + <usize>i);
}
@inline
export function foeYieldsAt(i: i32): u8 {
  return load<u8>(base(FOE_YIELDS) + <usize>i);
}
@inline
export function foeMergesAt(i: i32): u8 {
  return load<u8>(base(FOE_MERGES) + <usize>i);
}
@inline
export function insideMergesAt(i: i32): u8 {
  return load<u8>(base(INSIDE_MERGES) + <usize>i);
}
@inline
export function partLengthOf(i: i32): f64 {
  return load<f64>(base(PART_LENGTH) + (<usize>i << 3));
}
@inline
export function radiusOf(i: i32): f64 {
  return load<f64>(base(RADIUS) + (<usize>i << 3));
}
@inline
export function itemHeadOf(i: i32): usize {
  return <usize>load<u32>(base(ITEM_HEAD) + (<usize>i << 2));
}
@inline
export function setItemHead(i: i32, value: usize): void {
  store<u32>(base(ITEM_HEAD) + (<usize>i << 2), <u32>value);
}
@inline
export function deadlockedAt(i: i32): usize {
  return <usize>load<u32>(base(DEADLOCKED) + (<usize>i << 2));
}
@inline
export function setDeadlocked(i: i32, value: usize): void {
  store<u32>(base(DEADLOCKED) + (<usize>i << 2), <u32>value);
}
/** Where the advice of a vehicle begins. */
@inline
export function adviceOf(v: i32): usize {
  return base(ADVICE) + <usize>(v * (ADVICES << 3));
}
/** Where the records of items begin. */
@inline
export function itemsBegin(): usize {
  return base(ITEMS);
}
@inline
export function conflictAt(i: i32): usize {
  return base(CONFLICTS) + <usize>(i * CONFLICT_BYTES);
}
@inline
export function entryRecord(i: i32): usize {
  return base(ENTRIES) + <usize>(i * ENTRY_BYTES);
}
/** Adds to a number of a vehicle or a segment. */
@inline
export function add(array: i32, i: i32, value: f64): void {
  const at = base(array) + (<usize>i << 3);
  store<f64>(at, load<f64>(at) + value);
}
