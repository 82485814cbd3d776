/**
 * What lies where in the core's memory. Where each array begins is written at memory[4 * its number]; records and their
 * fields by bytes. `core-memory.ts` reads these numbers from the compiled core and lays the arrays out.
 */

// by vehicle
export const POSITION: i32 = 0;
export const SPEED: i32 = 1;
export const ACCELERATION: i32 = 2;
export const ODOMETER: i32 = 3;
export const NEXT_SPEED: i32 = 4;
export const ARRIVAL_AT: i32 = 5;
export const LIMIT: i32 = 6;
export const STANDING: i32 = 7;
export const TIME_LOSS: i32 = 8;
export const WAITING: i32 = 9;
export const ARRIVED_AT: i32 = 10;
export const SPEED_FACTOR: i32 = 11;
export const OPEN: i32 = 12;
export const REMEMBERED: i32 = 13;
export const SPEED_GAIN: i32 = 14;
export const KEEP_RIGHT: i32 = 15;
export const RESERVED: i32 = 16;
export const LEFT_SPACE: i32 = 17;
export const ADVICE: i32 = 18;
export const SEGMENT: i32 = 19;
export const AHEAD: i32 = 20;
export const BEHIND: i32 = 21;
export const STOPS: i32 = 22;
export const ACTIVE: i32 = 23;
export const ARRIVALS: i32 = 24;
export const ENTRY_AT: i32 = 25;
export const TYPE_AT: i32 = 26;
export const ENTERED: i32 = 27;
export const ENTERED_FIRST: i32 = 28;
export const CONFLICT_ENTERED: i32 = 29;
export const KEY: i32 = 30;
export const ITEMS_FROM: i32 = 31;
export const ITEMS_TO: i32 = 32;
export const WISH: i32 = 33;
export const ORDER: i32 = 34;
export const MOVERS: i32 = 35;
export const CLAIM_INSIDE: i32 = 36;
export const CLAIM_EXIT: i32 = 37;
export const HAS_TO_WAIT: i32 = 38;
export const WAITS_FAR: i32 = 39;
export const DONT_BRAKE: i32 = 40;
export const ADVICE_COUNT: i32 = 41;
// by segment
export const LENGTH: i32 = 42;
export const SPEED_LIMIT: i32 = 43;
export const LEAVER_ODOMETER: i32 = 44;
export const TAKEN: i32 = 45;
export const JAM: i32 = 46;
export const WAIT_AT: i32 = 47;
export const FIRST: i32 = 48;
export const LAST: i32 = 49;
export const ON_SEGMENT: i32 = 50;
export const LEAVER: i32 = 51;
export const LINK_START: i32 = 52;
export const LINK_END: i32 = 53;
export const LINK_GROUP: i32 = 54;
export const WATCHED: i32 = 55;
export const FOE_FIRST: i32 = 56;
export const LEAD: i32 = 57;
export const FIRST_BLOCKED: i32 = 58;
export const LAST_BLOCKED: i32 = 59;
export const CURSOR: i32 = 60;
export const FIRST_INTO: i32 = 61;
export const INSIDE_FIRST: i32 = 62;
export const ROAD: i32 = 63;
export const CONT: i32 = 64;
export const PASS: i32 = 65;
export const OWN_STATE: i32 = 66;
export const KEEPS_CLEAR: i32 = 67;
export const ALONE: i32 = 68;
export const PRECEDENCE: i32 = 69;
export const LEADS_ON: i32 = 70;
/** By segment, and then by segment for the waiting place inside: the items that others heed. */
export const ITEM_HEAD: i32 = 71;
// by part (two a link), by link, and others
export const CONFLICT_FIRST: i32 = 72;
export const PART_LENGTH: i32 = 73;
export const RADIUS: i32 = 74;
export const GROUP_STATE: i32 = 75;
export const FOE: i32 = 76;
export const FOE_YIELDS: i32 = 77;
export const FOE_MERGES: i32 = 78;
export const INSIDE_FOE: i32 = 79;
export const INSIDE_MERGES: i32 = 80;
export const LINKS_INTO: i32 = 81;
export const ROADS: i32 = 82;
// records
export const TYPES: i32 = 83;
export const ENTRIES: i32 = 84;
export const CONFLICTS: i32 = 85;
export const ITEMS: i32 = 86;
export const DEADLOCKED: i32 = 87;
export const ARRAYS: i32 = 88;

/** A vehicle type: numbers of 8 bytes. */
export const TYPE_BYTES: i32 = 256;
export const TYPE_LENGTH: i32 = 0;
export const MIN_GAP: i32 = 8;
export const ACCEL: i32 = 16;
export const DECEL: i32 = 24;
export const APPARENT_DECEL: i32 = 32;
export const EMERGENCY_DECEL: i32 = 40;
export const TAU: i32 = 48;
export const SIGMA: i32 = 56;
export const MAX_SPEED: i32 = 64;
export const DESIRED_MAX_SPEED: i32 = 72;
export const IMPATIENCE: i32 = 80;
export const TIME_GAP: i32 = 88;
export const LINE_GAP: i32 = 96;
export const STRATEGIC_FACTOR: i32 = 104;
export const COOPERATIVE_FACTOR: i32 = 112;
export const COOPERATIVE_SPEED: i32 = 120;
export const KEEP_RIGHT_FACTOR: i32 = 128;
export const LOOK_AHEAD_LEFT: i32 = 136;
export const SAFETY: i32 = 144;
export const THRESHOLD_LEFT: i32 = 152;
export const THRESHOLD_RIGHT: i32 = 160;
export const OVERTAKE_RIGHT: i32 = 168;
export const OVERTAKE_DELTA_SPEED: i32 = 176;

/** A lane at a stage of a route; the lanes of an edge lie one after the other, rightmost first. */
export const ENTRY_BYTES: i32 = 32;
export const ENTRY_LANE: i32 = 0;
/** Link to take, -1 for none, and where the entry of its end lies. */
export const ENTRY_LINK: i32 = 4;
export const ENTRY_NEXT: i32 = 8;
export const ENTRY_OFFSET: i32 = 12;
export const ENTRY_REACH: i32 = 16;
export const ENTRY_MAY_RIGHT: i32 = 24;
export const ENTRY_MAY_LEFT: i32 = 25;
export const ENTRY_IS_LAST: i32 = 26;

/** A conflict of a part of a link with a part of another one. */
export const CONFLICT_BYTES: i32 = 48;
export const CONFLICT_FOE: i32 = 0;
export const CONFLICT_FOE_PART: i32 = 4;
export const CONFLICT_MERGES: i32 = 5;
export const CONFLICT_PARTS: i32 = 6;
export const CONFLICT_FOE_WAITS: i32 = 7;
export const CONFLICT_YIELDS: i32 = 8;
export const CONFLICT_FOE_YIELDS: i32 = 9;
export const CONFLICT_BEHIND: i32 = 16;
export const CONFLICT_FOE_BEHIND: i32 = 24;
export const CONFLICT_SIZE: i32 = 32;
export const CONFLICT_FOE_SIZE: i32 = 40;

/** What a vehicle means to pass; see approaches.as. */
export const ITEM_BYTES: i32 = 80;
/** A vehicle adds at most this many items in a step for its own sake, and for that of others. */
export const MOST_ITEMS: i32 = 48;
export const MOST_ITEMS_IN_ALL: i32 = 96;
/** Speeds that one step may advise a vehicle; of more, the highest are dropped, which bind least. */
export const ADVICES: i32 = 6;
