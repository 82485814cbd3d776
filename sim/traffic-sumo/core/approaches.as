/** What vehicles mean to pass, when and how fast: what all decide on before anybody moves. */
import { ITEM_BYTES, MOST_ITEMS_IN_ALL } from './layout';
import { insideHeadOf, itemHeadOf, itemsBegin, setInsideHead, setItemHead } from './memory';

/** Kinds of what is passed: the begin of a link, its waiting place inside the junction, its end. */
export const ENTRY: u8 = 0;
export const INSIDE: u8 = 1;
export const EXIT: u8 = 2;

/** Where the next item goes, and where there is no more room for those of another vehicle. */
export let itemsEnd: usize = 0;
let itemsFull: usize = 0;
/** 1 once a step had more items than there is room for. */
export let hasOverflown: bool = false;

export function limitItems(capacity: i32): void {
  itemsEnd = itemsBegin();
  itemsFull = itemsEnd + <usize>(capacity - MOST_ITEMS_IN_ALL) * ITEM_BYTES;
}

/** Whether the items of one more vehicle find room. */
@inline
export function hasRoom(): bool {
  if (itemsEnd <= itemsFull) return true;
  hasOverflown = true;
  return false;
}

/** Whether a vehicle whose items begin at `first` may have one more. */
@inline
export function mayAdd(first: usize): bool {
  return itemsEnd - first < <usize>MOST_ITEMS_IN_ALL * ITEM_BYTES;
}

/** Address of a new item of a vehicle. */
@inline
export function addItem(vehicle: i32, link: i32, kind: u8, code: u8): usize {
  const item = itemsEnd;
  itemsEnd = item + ITEM_BYTES;
  setItemVehicle(item, vehicle);
  setItemLink(item, link);
  setItemKind(item, kind);
  setItemCode(item, code);
  return item;
}

/** Forgets the items of the step before. */
export function clearApproaches(): void {
  for (let item = itemsBegin(); item < itemsEnd; item += ITEM_BYTES) {
    if (timed(item) == 0) continue;
    if (itemKind(item) == INSIDE) setInsideHead(itemLink(item), 0);
    else setItemHead(itemLink(item), 0);
  }
  itemsEnd = itemsBegin();
}

/** Lets others see an item, one that means to pass. */
export function register(item: usize): void {
  const link = itemLink(item);
  if (itemKind(item) == INSIDE) {
    setNextItem(item, insideHeadOf(link));
    setInsideHead(link, item);
  } else {
    setNextItem(item, itemHeadOf(link));
    setItemHead(link, item);
  }
}

// An item of one vehicle in the present step; times in seconds from the begin of the step: the next one in its list;
// 1 where it means to pass; 1 where `arrival` and so on are set; what the link shows, a character code; speed of the next
// step if this item is open, and if it is not; speed of arrival if it brakes from now on.
@inline
export function nextItem(item: usize): usize {
  return <usize>load<u32>(item, 0);
}
@inline
export function setNextItem(item: usize, value: usize): void {
  store<u32>(item, <u32>value, 0);
}
@inline
export function itemVehicle(item: usize): i32 {
  return load<i32>(item, 4);
}
@inline
export function setItemVehicle(item: usize, value: i32): void {
  store<i32>(item, value, 4);
}
@inline
export function itemLink(item: usize): i32 {
  return load<i32>(item, 8);
}
@inline
export function setItemLink(item: usize, value: i32): void {
  store<i32>(item, value, 8);
}
@inline
export function itemKind(item: usize): u8 {
  return load<u8>(item, 12);
}
@inline
export function setItemKind(item: usize, value: u8): void {
  store<u8>(item, value, 12);
}
@inline
export function request(item: usize): u8 {
  return load<u8>(item, 13);
}
@inline
export function setRequest(item: usize, value: u8): void {
  store<u8>(item, value, 13);
}
@inline
export function timed(item: usize): u8 {
  return load<u8>(item, 14);
}
@inline
export function setTimed(item: usize, value: u8): void {
  store<u8>(item, value, 14);
}
@inline
export function itemCode(item: usize): u8 {
  return load<u8>(item, 15);
}
@inline
export function setItemCode(item: usize, value: u8): void {
  store<u8>(item, value, 15);
}
@inline
export function pass(item: usize): f64 {
  return load<f64>(item, 16);
}
@inline
export function setPass(item: usize, value: f64): void {
  store<f64>(item, value, 16);
}
@inline
export function wait(item: usize): f64 {
  return load<f64>(item, 24);
}
@inline
export function setWait(item: usize, value: f64): void {
  store<f64>(item, value, 24);
}
@inline
export function distance(item: usize): f64 {
  return load<f64>(item, 32);
}
@inline
export function setDistance(item: usize, value: f64): void {
  store<f64>(item, value, 32);
}
@inline
export function arrival(item: usize): f64 {
  return load<f64>(item, 40);
}
@inline
export function setArrival(item: usize, value: f64): void {
  store<f64>(item, value, 40);
}
@inline
export function arrivalSpeed(item: usize): f64 {
  return load<f64>(item, 48);
}
@inline
export function setArrivalSpeed(item: usize, value: f64): void {
  store<f64>(item, value, 48);
}
@inline
export function brakingSpeed(item: usize): f64 {
  return load<f64>(item, 56);
}
@inline
export function setBrakingSpeed(item: usize, value: f64): void {
  store<f64>(item, value, 56);
}
@inline
export function leave(item: usize): f64 {
  return load<f64>(item, 64);
}
@inline
export function setLeave(item: usize, value: f64): void {
  store<f64>(item, value, 64);
}
@inline
export function leaveSpeed(item: usize): f64 {
  return load<f64>(item, 72);
}
@inline
export function setLeaveSpeed(item: usize, value: f64): void {
  store<f64>(item, value, 72);
}
