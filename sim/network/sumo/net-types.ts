/** A SUMO network as its file has it: indices instead of names, texts checked. Metres, seconds. */
import type { SumoNotice } from './notices.ts';

export interface SumoLane {
  readonly id: string;
  /** Index into `edges`. */
  readonly edge: number;
  /** Within the edge; 0 is the rightmost (the leftmost where traffic keeps left). */
  readonly index: number;
  /** Speed limit, m/s. */
  readonly speed: number;
  /** The file's `length`, which need not be that of the shape. */
  readonly length: number;
  readonly width: number;
  /** x y x y ... */
  readonly shape: Float64Array;
  /** Bits of the vehicle classes that may use it. */
  readonly permissions: number;
  readonly line: number;
}

export type EdgeFunction = 'normal' | 'internal' | 'connector' | 'crossing' | 'walkingarea';

export interface SumoEdge {
  readonly id: string;
  readonly function: EdgeFunction;
  /** Junction ids; empty where the file gives none (internal edges). */
  readonly from: string;
  readonly to: string;
  readonly priority: number;
  /** Indices into `lanes`, in the order of their index. */
  readonly lanes: readonly number[];
  readonly line: number;
}

export interface SumoConnection {
  /** Indices into `lanes`. */
  readonly fromLane: number;
  readonly toLane: number;
  /** Internal lane it leads through first, -1 for none. */
  readonly via: number;
  /** s straight, l left, r right, L and R partly, t turn, T turn (left-handed), i invalid. */
  readonly dir: string;
  /** The link's state without a signal: M major, m minor, = equal, s stop, w all-way stop, Z zipper, and so on. */
  readonly state: string;
  readonly tl: string | null;
  /** Character of the signal's state; -1 where no signal governs it. */
  readonly linkIndex: number;
  readonly pass: boolean;
  readonly uncontrolled: boolean;
  /** Whether it may be entered only if the space beyond suffices. */
  readonly keepClear: boolean;
  /** Metres along the internal lane where it waits, NaN for the file's default. */
  readonly contPos: number;
  readonly permissions: number;
  readonly line: number;
}

/** Right of way of one link of a junction. */
export interface SumoRequest {
  /** Links (request indices of the same junction) it must yield to. */
  readonly yieldsTo: readonly number[];
  /** Links it conflicts with. */
  readonly foes: readonly number[];
  /** Whether it may wait inside the junction. */
  readonly cont: boolean;
}

export interface SumoJunction {
  readonly id: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly shape: Float64Array;
  /** Indices into `lanes`. */
  readonly incomingLanes: readonly number[];
  readonly internalLanes: readonly number[];
  /** By request index; empty where the file has none. */
  readonly requests: readonly SumoRequest[];
  readonly line: number;
}

export interface SumoPhase {
  readonly durationSeconds: number;
  /** One character a link index: r y g G s u o O. */
  readonly state: string;
  /** The duration where the file has none. */
  readonly minSeconds: number;
  readonly maxSeconds: number;
  /** Indices of the phases that may come next; empty for the one that follows in the file. */
  readonly next: readonly number[];
  readonly name: string;
}

export interface SumoProgram {
  readonly signal: string;
  readonly programId: string;
  /** static, actuated, delay_based, NEMA. */
  readonly type: string;
  readonly offsetSeconds: number;
  readonly phases: readonly SumoPhase[];
  readonly parameters: Readonly<Record<string, string>>;
  /** Name of what it has of expressions that decide when phases end (condition, earlyTarget and so on); absent for none. */
  readonly expressions?: string;
  readonly where: string;
}

export interface SumoLocation {
  readonly netOffset: readonly [number, number];
  /** west, south, east, north: metres, and as in the source of the network. */
  readonly convBoundary: readonly number[];
  readonly origBoundary: readonly number[];
  /** proj's definition; `!` for none. */
  readonly projection: string;
}

export interface SumoNet {
  readonly file: string;
  readonly lefthand: boolean;
  readonly location: SumoLocation;
  readonly edges: readonly SumoEdge[];
  readonly lanes: readonly SumoLane[];
  readonly connections: readonly SumoConnection[];
  readonly junctions: readonly SumoJunction[];
  /** Programs of each signal in the order of the file; the last is the active one. */
  readonly programs: ReadonlyMap<string, readonly SumoProgram[]>;
  readonly edgeIndex: ReadonlyMap<string, number>;
  readonly laneIndex: ReadonlyMap<string, number>;
  readonly junctionIndex: ReadonlyMap<string, number>;
  /** Connections that leave each lane, as indices into `connections`, in the order of the file. */
  readonly connectionsOf: readonly (readonly number[])[];
  readonly notices: readonly SumoNotice[];
}
