/** What the core reads of the world's memory: `cityflow-driving.ts` lays it out. In AssemblyScript, as the core. */

// Where each array of the world begins is written at memory[4 * its number].
export const ACTIVE_SEGMENTS: i32 = 0;
export const FIRST: i32 = 1;
export const LAST: i32 = 2;
export const BEHIND: i32 = 3;
export const AHEAD: i32 = 4;
export const NEXT_SEGMENT: i32 = 5;
export const PREVIOUS_SEGMENT: i32 = 6;
export const CURSOR: i32 = 7;
export const LINK_TICK: i32 = 8;
export const BLOCKER: i32 = 9;
export const NEXT_BLOCKER: i32 = 10;
export const PRIORITY: i32 = 11;
export const MOVED: i32 = 12;
export const MOVERS: i32 = 13;
export const TARGET: i32 = 14;
export const TARGET_CURSOR: i32 = 15;
export const STOPS: i32 = 16;
export const SEGMENT: i32 = 17;
export const FIRST_LINK: i32 = 18;
export const LAST_LINK: i32 = 19;
export const LINK_START: i32 = 20;
export const LINK_END: i32 = 21;
export const LINK_GROUP: i32 = 22;
export const LANE_INDEX: i32 = 23;
export const CROSS_FIRST: i32 = 24;
export const CROSS_FOE: i32 = 25;
export const ROW: i32 = 26;
export const LINK: i32 = 27;
export const DETECTOR_FIRST: i32 = 28;
export const STANDING: i32 = 29;
export const POSITION: i32 = 30;
export const SPEED: i32 = 31;
export const ACCELERATION: i32 = 32;
export const NEXT_POSITION: i32 = 33;
export const NEXT_SPEED: i32 = 34;
export const TIME_LOSS: i32 = 35;
export const WAITING: i32 = 36;
export const FUEL: i32 = 37;
export const CO2: i32 = 38;
export const ARRIVAL_TIME: i32 = 39;
export const VEHICLE_LENGTH: i32 = 40;
export const LENGTH: i32 = 41;
export const SPEED_LIMIT: i32 = 42;
export const CROSS_DISTANCE: i32 = 43;
export const CROSS_FOE_DISTANCE: i32 = 44;
export const DETECTOR_POSITION: i32 = 45;
export const FRESH: i32 = 46;
export const PRECEDENCE: i32 = 47;
export const GROUP_LAMP: i32 = 48;
export const MET: i32 = 49;
export const RESTS: i32 = 50;
export const VEHICLE_CLASS: i32 = 51;
export const COUNTS: i32 = 52;
export const ENTRY_LANES: i32 = 53;
export const QUEUE_FIRST: i32 = 54;
export const QUEUE_LAST: i32 = 55;
export const QUEUE_NEXT: i32 = 56;
export const QUEUE_LENGTH: i32 = 57;
export const ON_SEGMENT: i32 = 58;
export const IS_ACTIVE: i32 = 59;
export const ACTIVE: i32 = 60;
export const ACTIVE_INDEX: i32 = 61;
export const ARRIVALS: i32 = 62;
export const MOVED_STEP: i32 = 63;
export const ROUTE: i32 = 64;
export const FIRST_CURSOR: i32 = 65;
export const ENTERED_AT: i32 = 66;
export const ARRIVED_AT: i32 = 67;
/** Of each class 32 numbers, at the places below. */
export const CLASSES: i32 = 68;
export const ARRAYS: i32 = 69;

// What COUNTS holds after a tick: segments and vehicles on their lists, arrivals so far, and who entered in it.
export const SEGMENTS_LISTED: i32 = 0;
export const VEHICLES_LISTED: i32 = 1;
export const ARRIVED_SO_FAR: i32 = 2;
export const ENTERED: i32 = 3;
export const COUNTED: i32 = 4;

export const MAX_SPEED: i32 = 0;
export const USUAL_ACCELERATION: i32 = 1;
export const MAX_ACCELERATION: i32 = 2;
/** The time over which the wanted distance is kept, s. */
export const SPACING: i32 = 3;
/** How far a vehicle looks for a leader and for the junction (CityFlow's D). */
export const LOOK_AHEAD: i32 = 4;
/** A gap from which on no leader lowers any speed. */
export const ROOM: i32 = 5;
// Pairs: of braking as hard as can be with nothing between the two, and of usual braking with the least gap.
export const MAX_DECELERATION: i32 = 6;
export const USUAL_DECELERATION: i32 = 7;
export const NO_GAP: i32 = 8;
export const MIN_GAP: i32 = 9;
/** 2 / deceleration, and deceleration. */
export const CURVES: i32 = 10;
export const SLOPES: i32 = 12;
/** Five pairs of CO2 and fuel of a step: constant, of the power, of the speed and its powers; grams and millilitres. */
export const RATES: i32 = 14;
