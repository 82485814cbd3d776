/**
 * What lies where in the core's memory: where each array begins is written at memory[4 * its number]; fields of records
 * by bytes. `driving.ts` reads these numbers from the compiled core and lays the arrays out.
 */

export const VEHICLES: i32 = 0;
export const SEGMENTS: i32 = 1;
export const POSITION: i32 = 2;
export const SPEED: i32 = 3;
export const ACCELERATION: i32 = 4;
export const SEGMENT: i32 = 5;
export const TIME_LOSS: i32 = 6;
export const WAITING: i32 = 7;
export const ARRIVED_AT: i32 = 8;
export const STOPS: i32 = 9;
export const ACTIVE: i32 = 10;
export const ARRIVALS: i32 = 11;
export const ORDER: i32 = 12;
export const MOVERS: i32 = 13;
export const TAKEN: i32 = 14;
export const LENGTH: i32 = 15;
export const WATCHED: i32 = 16;
export const CONT: i32 = 17;
export const STATE: i32 = 18;
export const CONFLICT_FIRST: i32 = 19;
export const PART_LENGTH: i32 = 20;
export const RADIUS: i32 = 21;
export const GROUP_STATE: i32 = 22;
export const FOE: i32 = 23;
export const FOE_YIELDS: i32 = 24;
export const FOE_MERGES: i32 = 25;
export const INSIDE_FOE: i32 = 26;
export const INSIDE_MERGES: i32 = 27;
export const FIRST_INTO: i32 = 28;
export const LINKS_INTO: i32 = 29;
export const ROAD: i32 = 30;
export const ROADS: i32 = 31;
export const TYPES: i32 = 32;
export const ENTRIES: i32 = 33;
export const CONFLICTS: i32 = 34;
export const DEADLOCKED: i32 = 35;
export const ITEMS: i32 = 36;
/** Room for that many numbers; the vehicles begin after them, at a place that is known beforehand. */
export const ARRAYS: i32 = 64;
export const VEHICLES_BEGIN: i32 = 256;

/** A vehicle. The first fields of each kind are what others need to know of it. */
export const VEHICLE_BYTES: i32 = 256;
export const VEHICLE_POSITION: i32 = 0;
export const VEHICLE_SPEED: i32 = 8;
export const VEHICLE_ACCELERATION: i32 = 16;
export const VEHICLE_TYPE: i32 = 24;
export const VEHICLE_SEGMENT: i32 = 28;
export const VEHICLE_AHEAD: i32 = 32;
export const VEHICLE_BEHIND: i32 = 36;
export const VEHICLE_ENTRY: i32 = 40;
export const VEHICLE_ITEMS_FROM: i32 = 44;
export const VEHICLE_ITEMS_TO: i32 = 48;
export const VEHICLE_WISH: i32 = 52;
export const VEHICLE_CLAIM_INSIDE: i32 = 56;
export const VEHICLE_CLAIM_EXIT: i32 = 57;
export const VEHICLE_HAS_TO_WAIT: i32 = 58;
export const VEHICLE_WAITS_FAR: i32 = 59;
export const VEHICLE_DONT_BRAKE: i32 = 60;
export const VEHICLE_ADVICE_COUNT: i32 = 61;
export const VEHICLE_WAYS: i32 = 62;
export const VEHICLE_SPEED_FACTOR: i32 = 64;
export const VEHICLE_LIMIT: i32 = 72;
export const VEHICLE_OPEN: i32 = 80;
export const VEHICLE_NEXT_SPEED: i32 = 88;
export const VEHICLE_REMEMBERED: i32 = 96;
export const VEHICLE_SPEED_GAIN: i32 = 104;
export const VEHICLE_RESERVED: i32 = 112;
export const VEHICLE_KEEP_RIGHT: i32 = 120;
export const VEHICLE_ODOMETER: i32 = 128;
export const VEHICLE_STANDING: i32 = 136;
export const VEHICLE_LEFT_SPACE: i32 = 144;
export const VEHICLE_TAKEN_OWN: i32 = 152;
export const VEHICLE_TAKEN_RIGHT: i32 = 160;
export const VEHICLE_TAKEN_LEFT: i32 = 168;
export const VEHICLE_ARRIVAL_PLACE: i32 = 176;
export const VEHICLE_KEY: i32 = 184;
export const VEHICLE_CONFLICT_ENTERED: i32 = 188;
export const VEHICLE_ADVICE: i32 = 192;
export const VEHICLE_ENTERED: i32 = 240;
export const VEHICLE_ENTERED_FIRST: i32 = 244;

/** A lane, or a link between lanes. */
export const SEGMENT_BYTES: i32 = 128;
export const SEGMENT_LENGTH: i32 = 0;
export const SEGMENT_SPEED_LIMIT: i32 = 8;
export const SEGMENT_FIRST: i32 = 16;
export const SEGMENT_LAST: i32 = 20;
export const SEGMENT_ON_SEGMENT: i32 = 24;
export const SEGMENT_LEAVER: i32 = 28;
export const SEGMENT_LEAVER_ODOMETER: i32 = 32;
export const SEGMENT_WAIT_AT: i32 = 40;
export const SEGMENT_LINK_START: i32 = 48;
export const SEGMENT_LINK_END: i32 = 52;
export const SEGMENT_LEAD: i32 = 56;
export const SEGMENT_CURSOR: i32 = 60;
export const SEGMENT_FIRST_BLOCKED: i32 = 64;
export const SEGMENT_LAST_BLOCKED: i32 = 68;
export const SEGMENT_JAM: i32 = 72;
export const SEGMENT_LINK_GROUP: i32 = 80;
export const SEGMENT_FOE_FIRST: i32 = 84;
export const SEGMENT_FOE_END: i32 = 88;
export const SEGMENT_INSIDE_FIRST: i32 = 92;
export const SEGMENT_INSIDE_END: i32 = 96;
export const SEGMENT_ITEM_HEAD: i32 = 100;
export const SEGMENT_INSIDE_HEAD: i32 = 104;
export const SEGMENT_PASS: i32 = 108;
export const SEGMENT_OWN_STATE: i32 = 109;
export const SEGMENT_KEEPS_CLEAR: i32 = 110;
export const SEGMENT_ALONE: i32 = 111;
export const SEGMENT_PRECEDENCE: i32 = 112;
export const SEGMENT_LEADS_ON: i32 = 113;

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
/** Bits of where one may go from there: nowhere, as the route ends; to the right; to the left. */
export const ENTRY_WAYS: i32 = 24;
export const ENDS: u8 = 1;
export const MAY_RIGHT: u8 = 2;
export const MAY_LEFT: u8 = 4;

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
