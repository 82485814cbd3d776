/** Reads and writes what `layout.as` places: by the index of a vehicle (v), a segment (s) or an entry of a table (i). */
import {
  ACCELERATION, ACTIVE, ARRIVALS, ARRIVED_AT, CONFLICTS, CONFLICT_BYTES, CONFLICT_FIRST, CONT, DEADLOCKED,
  ENTRIES, ENTRY_BYTES, FIRST_INTO, FOE, FOE_MERGES, FOE_YIELDS, GROUP_STATE, INSIDE_FOE, INSIDE_MERGES,
  ITEMS, LENGTH, LINKS_INTO, MOVERS, ORDER, PART_LENGTH, POSITION, RADIUS, ROAD, ROADS, SEGMENT, SEGMENTS,
  SEGMENT_ALONE, SEGMENT_CURSOR, SEGMENT_FIRST, SEGMENT_FIRST_BLOCKED, SEGMENT_FOE_END, SEGMENT_FOE_FIRST,
  SEGMENT_INSIDE_END, SEGMENT_INSIDE_FIRST, SEGMENT_INSIDE_HEAD, SEGMENT_ITEM_HEAD, SEGMENT_JAM,
  SEGMENT_KEEPS_CLEAR, SEGMENT_LAST, SEGMENT_LAST_BLOCKED, SEGMENT_LEAD, SEGMENT_LEADS_ON, SEGMENT_LEAVER,
  SEGMENT_LEAVER_ODOMETER, SEGMENT_LENGTH, SEGMENT_LINK_END, SEGMENT_LINK_GROUP, SEGMENT_LINK_START,
  SEGMENT_ON_SEGMENT, SEGMENT_OWN_STATE, SEGMENT_PASS, SEGMENT_PRECEDENCE, SEGMENT_SPEED_LIMIT,
  SEGMENT_WAIT_AT, SPEED, STATE, STOPS, TAKEN, TIME_LOSS, VEHICLES_BEGIN, VEHICLE_ACCELERATION,
  VEHICLE_ADVICE, VEHICLE_ADVICE_COUNT, VEHICLE_AHEAD, VEHICLE_ARRIVAL_PLACE, VEHICLE_BEHIND,
  VEHICLE_CLAIM_EXIT, VEHICLE_CLAIM_INSIDE, VEHICLE_CONFLICT_ENTERED, VEHICLE_DONT_BRAKE, VEHICLE_ENTERED,
  VEHICLE_ENTERED_FIRST, VEHICLE_ENTRY, VEHICLE_HAS_TO_WAIT, VEHICLE_ITEMS_FROM, VEHICLE_ITEMS_TO,
  VEHICLE_KEEP_RIGHT, VEHICLE_KEY, VEHICLE_LEFT_SPACE, VEHICLE_LIMIT, VEHICLE_NEXT_SPEED, VEHICLE_ODOMETER,
  VEHICLE_OPEN, VEHICLE_POSITION, VEHICLE_REMEMBERED, VEHICLE_RESERVED, VEHICLE_SEGMENT, VEHICLE_SPEED,
  VEHICLE_SPEED_FACTOR, VEHICLE_SPEED_GAIN, VEHICLE_STANDING, VEHICLE_TAKEN_LEFT, VEHICLE_TAKEN_OWN,
  VEHICLE_TAKEN_RIGHT, VEHICLE_TYPE, VEHICLE_WAITS_FAR, VEHICLE_WAYS, VEHICLE_WISH, WAITING, WATCHED,
} from './layout';

/** Seconds of a step; whether a step is driven at the mean of its two speeds; steps done. */
export let dt: f64 = 1;
export let isBallistic: bool = false;
/** About 1 / dt. */
export let perSecond: f64 = 1;
export let step: i32 = 0;
export let laneCount: i32 = 0;

export function setStep(value: i32): void {
  step = value;
}
export function setConstants(stepSeconds: f64, ballistic: bool, lanes: i32): void {
  dt = stepSeconds;
  perSecond = 1 / stepSeconds;
  isBallistic = ballistic;
  laneCount = lanes;
}

@inline
function base(array: i32): usize {
  return <usize>load<u32>(array << 2);
}
@inline
function segment(s: i32): usize {
  return base(SEGMENTS) + (<usize>s << 7);
}
@inline
export function positionOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_POSITION);
}
@inline
export function setPosition(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_POSITION);
  store<f64>(base(POSITION) + (<usize>v << 3), value);
}
@inline
export function speedOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_SPEED);
}
@inline
export function setSpeed(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_SPEED);
  store<f64>(base(SPEED) + (<usize>v << 3), value);
}
@inline
export function accelerationOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ACCELERATION);
}
@inline
export function setAcceleration(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_ACCELERATION);
  store<f64>(base(ACCELERATION) + (<usize>v << 3), value);
}
@inline
export function typeOf(v: i32): usize {
  return <usize>load<u32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_TYPE);
}
@inline
export function segmentOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_SEGMENT);
}
@inline
export function setSegment(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_SEGMENT);
  store<i32>(base(SEGMENT) + (<usize>v << 2), value);
}
@inline
export function aheadOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_AHEAD);
}
@inline
export function setAhead(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_AHEAD);
}
@inline
export function behindOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_BEHIND);
}
@inline
export function setBehind(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_BEHIND);
}
@inline
export function entryOf(v: i32): usize {
  return <usize>load<u32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ENTRY);
}
@inline
export function setEntry(v: i32, value: usize): void {
  store<u32>(<usize>(v << 8), <u32>value, VEHICLES_BEGIN + VEHICLE_ENTRY);
}
@inline
export function itemsFromOf(v: i32): usize {
  return <usize>load<u32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ITEMS_FROM);
}
@inline
export function setItemsFrom(v: i32, value: usize): void {
  store<u32>(<usize>(v << 8), <u32>value, VEHICLES_BEGIN + VEHICLE_ITEMS_FROM);
}
@inline
export function itemsToOf(v: i32): usize {
  return <usize>load<u32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ITEMS_TO);
}
@inline
export function setItemsTo(v: i32, value: usize): void {
  store<u32>(<usize>(v << 8), <u32>value, VEHICLES_BEGIN + VEHICLE_ITEMS_TO);
}
@inline
export function wishOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_WISH);
}
@inline
export function setWish(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_WISH);
}
@inline
export function claimInsideOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_CLAIM_INSIDE);
}
@inline
export function setClaimInside(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_CLAIM_INSIDE);
}
@inline
export function claimExitOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_CLAIM_EXIT);
}
@inline
export function setClaimExit(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_CLAIM_EXIT);
}
@inline
export function hasToWaitOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_HAS_TO_WAIT);
}
@inline
export function setHasToWait(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_HAS_TO_WAIT);
}
@inline
export function waitsFarOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_WAITS_FAR);
}
@inline
export function setWaitsFar(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_WAITS_FAR);
}
@inline
export function dontBrakeOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_DONT_BRAKE);
}
@inline
export function setDontBrake(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_DONT_BRAKE);
}
@inline
export function adviceCountOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ADVICE_COUNT);
}
@inline
export function setAdviceCount(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_ADVICE_COUNT);
}
@inline
export function waysOf(v: i32): u8 {
  return load<u8>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_WAYS);
}
@inline
export function setWays(v: i32, value: u8): void {
  store<u8>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_WAYS);
}
@inline
export function speedFactorOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_SPEED_FACTOR);
}
@inline
export function limitOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_LIMIT);
}
@inline
export function setLimit(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_LIMIT);
}
@inline
export function openOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_OPEN);
}
@inline
export function setOpen(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_OPEN);
}
@inline
export function nextSpeedOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_NEXT_SPEED);
}
@inline
export function setNextSpeed(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_NEXT_SPEED);
}
@inline
export function rememberedOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_REMEMBERED);
}
@inline
export function setRemembered(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_REMEMBERED);
}
@inline
export function speedGainOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_SPEED_GAIN);
}
@inline
export function setSpeedGain(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_SPEED_GAIN);
}
@inline
export function addSpeedGain(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_SPEED_GAIN) + value, VEHICLES_BEGIN + VEHICLE_SPEED_GAIN);
}
@inline
export function reservedOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_RESERVED);
}
@inline
export function setReserved(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_RESERVED);
}
@inline
export function keepRightOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_KEEP_RIGHT);
}
@inline
export function setKeepRight(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_KEEP_RIGHT);
}
@inline
export function addKeepRight(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_KEEP_RIGHT) + value, VEHICLES_BEGIN + VEHICLE_KEEP_RIGHT);
}
@inline
export function odometerOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ODOMETER);
}
@inline
export function addOdometer(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ODOMETER) + value, VEHICLES_BEGIN + VEHICLE_ODOMETER);
}
@inline
export function standingOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_STANDING);
}
@inline
export function setStanding(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_STANDING);
}
@inline
export function addStanding(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_STANDING) + value, VEHICLES_BEGIN + VEHICLE_STANDING);
}
@inline
export function leftSpaceOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_LEFT_SPACE);
}
@inline
export function setLeftSpace(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_LEFT_SPACE);
}
@inline
export function setTakenOwn(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_TAKEN_OWN);
}
@inline
export function setTakenRight(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_TAKEN_RIGHT);
}
@inline
export function setTakenLeft(v: i32, value: f64): void {
  store<f64>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_TAKEN_LEFT);
}
@inline
export function arrivalPlaceOf(v: i32): f64 {
  return load<f64>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ARRIVAL_PLACE);
}
@inline
export function keyOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_KEY);
}
@inline
export function conflictEnteredOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_CONFLICT_ENTERED);
}
@inline
export function setConflictEntered(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_CONFLICT_ENTERED);
}
@inline
export function enteredOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ENTERED);
}
@inline
export function setEntered(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_ENTERED);
}
@inline
export function enteredFirstOf(v: i32): i32 {
  return load<i32>(<usize>(v << 8), VEHICLES_BEGIN + VEHICLE_ENTERED_FIRST);
}
@inline
export function setEnteredFirst(v: i32, value: i32): void {
  store<i32>(<usize>(v << 8), value, VEHICLES_BEGIN + VEHICLE_ENTERED_FIRST);
}
@inline
export function lengthOf(s: i32): f64 {
  return load<f64>(segment(s), SEGMENT_LENGTH);
}
@inline
export function speedLimitOf(s: i32): f64 {
  return load<f64>(segment(s), SEGMENT_SPEED_LIMIT);
}
@inline
export function firstOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_FIRST);
}
@inline
export function setFirst(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_FIRST);
}
@inline
export function lastOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LAST);
}
@inline
export function setLast(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_LAST);
}
@inline
export function onSegmentOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_ON_SEGMENT);
}
@inline
export function setOnSegment(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_ON_SEGMENT);
}
@inline
export function leaverOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LEAVER);
}
@inline
export function setLeaver(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_LEAVER);
}
@inline
export function leaverOdometerOf(s: i32): f64 {
  return load<f64>(segment(s), SEGMENT_LEAVER_ODOMETER);
}
@inline
export function setLeaverOdometer(s: i32, value: f64): void {
  store<f64>(segment(s), value, SEGMENT_LEAVER_ODOMETER);
}
@inline
export function waitAtOf(s: i32): f64 {
  return load<f64>(segment(s), SEGMENT_WAIT_AT);
}
@inline
export function linkStartOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LINK_START);
}
@inline
export function linkEndOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LINK_END);
}
@inline
export function leadOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LEAD);
}
@inline
export function setLead(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_LEAD);
}
@inline
export function cursorOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_CURSOR);
}
@inline
export function setCursor(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_CURSOR);
}
@inline
export function firstBlockedOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_FIRST_BLOCKED);
}
@inline
export function setFirstBlocked(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_FIRST_BLOCKED);
}
@inline
export function lastBlockedOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LAST_BLOCKED);
}
@inline
export function setLastBlocked(s: i32, value: i32): void {
  store<i32>(segment(s), value, SEGMENT_LAST_BLOCKED);
}
@inline
export function jamOf(s: i32): f64 {
  return load<f64>(segment(s), SEGMENT_JAM);
}
@inline
export function setJam(s: i32, value: f64): void {
  store<f64>(segment(s), value, SEGMENT_JAM);
}
@inline
export function addJam(s: i32, value: f64): void {
  store<f64>(segment(s), load<f64>(segment(s), SEGMENT_JAM) + value, SEGMENT_JAM);
}
@inline
export function linkGroupOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_LINK_GROUP);
}
@inline
export function foeFirstOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_FOE_FIRST);
}
@inline
export function foeEndOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_FOE_END);
}
@inline
export function insideFirstOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_INSIDE_FIRST);
}
@inline
export function insideEndOf(s: i32): i32 {
  return load<i32>(segment(s), SEGMENT_INSIDE_END);
}
@inline
export function itemHeadOf(s: i32): usize {
  return <usize>load<u32>(segment(s), SEGMENT_ITEM_HEAD);
}
@inline
export function setItemHead(s: i32, value: usize): void {
  store<u32>(segment(s), <u32>value, SEGMENT_ITEM_HEAD);
}
@inline
export function insideHeadOf(s: i32): usize {
  return <usize>load<u32>(segment(s), SEGMENT_INSIDE_HEAD);
}
@inline
export function setInsideHead(s: i32, value: usize): void {
  store<u32>(segment(s), <u32>value, SEGMENT_INSIDE_HEAD);
}
@inline
export function passOf(s: i32): u8 {
  return load<u8>(segment(s), SEGMENT_PASS);
}
@inline
export function setPass(s: i32, value: u8): void {
  store<u8>(segment(s), value, SEGMENT_PASS);
}
@inline
export function ownStateOf(s: i32): u8 {
  return load<u8>(segment(s), SEGMENT_OWN_STATE);
}
@inline
export function keepsClearOf(s: i32): u8 {
  return load<u8>(segment(s), SEGMENT_KEEPS_CLEAR);
}
@inline
export function aloneOf(s: i32): u8 {
  return load<u8>(segment(s), SEGMENT_ALONE);
}
@inline
export function precedenceOf(s: i32): u8 {
  return load<u8>(segment(s), SEGMENT_PRECEDENCE);
}
@inline
export function leadsOnOf(s: i32): u8 {
  return load<u8>(segment(s), SEGMENT_LEADS_ON);
}
@inline
export function addTimeLoss(v: i32, value: f64): void {
  const at = base(TIME_LOSS) + (<usize>v << 3);
  store<f64>(at, load<f64>(at) + value);
}
@inline
export function addWaiting(v: i32, value: f64): void {
  const at = base(WAITING) + (<usize>v << 3);
  store<f64>(at, load<f64>(at) + value);
}
@inline
export function setArrivedAt(v: i32, value: f64): void {
  store<f64>(base(ARRIVED_AT) + (<usize>v << 3), value);
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
export function setArrivals(i: i32, value: i32): void {
  store<i32>(base(ARRIVALS) + (<usize>i << 2), value);
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
export function deadlockedAt(i: i32): usize {
  return <usize>load<u32>(base(DEADLOCKED) + (<usize>i << 2));
}
@inline
export function setDeadlocked(i: i32, value: usize): void {
  store<u32>(base(DEADLOCKED) + (<usize>i << 2), <u32>value);
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
export function lengthListedOf(s: i32): f64 {
  return load<f64>(base(LENGTH) + (<usize>s << 3));
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
export function contOf(s: i32): u8 {
  return load<u8>(base(CONT) + <usize>s);
}
@inline
export function shownStateOf(s: i32): u8 {
  return load<u8>(base(STATE) + <usize>s);
}
@inline
export function setShownState(s: i32, value: u8): void {
  store<u8>(base(STATE) + <usize>s, value);
}
@inline
export function roadOf(s: i32): i32 {
  return load<i32>(base(ROAD) + (<usize>s << 2));
}
@inline
export function firstIntoOf(s: i32): i32 {
  return load<i32>(base(FIRST_INTO) + (<usize>s << 2));
}
@inline
export function conflictFirstOf(i: i32): i32 {
  return load<i32>(base(CONFLICT_FIRST) + (<usize>i << 2));
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
export function takenBesideOf(v: i32, side: i32): usize {
  return <usize>(v << 8) + VEHICLES_BEGIN + (side < 0 ? VEHICLE_TAKEN_RIGHT : VEHICLE_TAKEN_LEFT);
}
@inline
export function takenOwnAt(v: i32): usize {
  return <usize>(v << 8) + VEHICLES_BEGIN + VEHICLE_TAKEN_OWN;
}
@inline
export function adviceOf(v: i32): usize {
  return <usize>(v << 8) + VEHICLES_BEGIN + VEHICLE_ADVICE;
}
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
