/** What a junction's lamps show, as SPaT. */
import type { EventState } from '../../feeds/v2x/enums.ts';
import type { SignalMessage, Timing } from '../../feeds/v2x/messages.ts';
import type { JunctionConfiguration } from '../../junction/types.ts';
import { intersectionKey } from './map.ts';

const HOUR_MS = 3_600_000;

/** J2735's word for a lamp. Whoever gives way to another green moves by permission, not protected. */
function stateOf(letter: string, isPermissive: boolean): EventState {
  switch (letter) {
    case 'g':
      return isPermissive ? 'permissive-Movement-Allowed' : 'protected-Movement-Allowed';
    case 'a':
      return isPermissive ? 'permissive-clearance' : 'protected-clearance';
    case 'u':
      return 'pre-Movement';
    case 'f':
      return 'caution-Conflicting-Traffic';
    case 'd':
      return 'dark';
    default:
      return 'stop-And-Remain';
  }
}

/** What SPaT says of a junction besides what its lamps show. */
export interface SignalFace {
  readonly name: string;
  readonly intersectionId: number;
  readonly revision: number;
  /** In the order of the lamps' letters. */
  readonly groups: readonly { readonly number: number; readonly isVehicle: boolean; readonly isPermissive: boolean }[];
  /** Groups (indices) that each stage shows green. */
  readonly stages: readonly ReadonlySet<number>[];
  /** null: of no one length. */
  readonly yellowSeconds: number | null;
}

export function faceOf(configuration: JunctionConfiguration): SignalFace {
  const { name, intersectionId, version, signalGroups, yields, stages, yellowSeconds } = configuration;
  return {
    name,
    intersectionId,
    revision: version % 128,
    groups: signalGroups.map(({ number, kind }, g) => ({
      number,
      isVehicle: kind === 'vehicle',
      isPermissive: yields?.[g]?.includes(true) ?? false,
    })),
    stages: stages.map(({ groups }) => new Set(groups.map((id) => signalGroups.findIndex((group) => group.id === id)))),
    yellowSeconds,
  };
}

export class SignalBroadcast {
  readonly #face: SignalFace;
  /** Lamps last seen, and since when each shows what it shows, ms; NaN: since before. */
  #letters = '';
  readonly #since: Float64Array;

  constructor(face: SignalFace) {
    this.#face = face;
    this.#since = new Float64Array(face.groups.length).fill(Number.NaN);
  }

  /** Notes what the lamps show from `atMs` on: one letter a group, as frames have it. */
  look(letters: string, atMs: number): void {
    if (letters === this.#letters) return;
    for (let g = 0; g < letters.length; g++)
      if (letters[g] !== this.#letters[g]) this.#since[g] = this.#letters === '' ? Number.NaN : atMs;
    this.#letters = letters;
  }

  /** @param stageEndsMs when the running stage ends; null: unknown. */
  message(atMs: number, stage: number, stageEndsMs: number | null): SignalMessage {
    const face = this.#face;
    const yearMs = Date.UTC(new Date(atMs).getUTCFullYear(), 0, 1);
    const mark = (ms: number) => Math.round((ms % HOUR_MS) / 100) / 10;
    return {
      kind: 'spat',
      receivedAtMs: atMs,
      via: null,
      intersections: [
        {
          name: face.name.slice(0, 63),
          key: intersectionKey(face.intersectionId),
          revision: face.revision,
          statusBits: 0,
          minuteOfYear: Math.floor((atMs - yearMs) / 60_000),
          secondMarkMs: atMs % 60_000,
          measuredAtMs: atMs,
          movements: face.groups.map((group, g) => {
            const letter = this.#letters[g] ?? 'd';
            const end = this.#endOf(g, letter, stage, stageEndsMs);
            const timing: Timing =
              end === null || end < atMs
                ? { minEndSeconds: null }
                : { minEndSeconds: mark(end), ...(letter === 'a' && { maxEndSeconds: mark(end) }) };
            return {
              signalGroup: group.number,
              events: [{ state: stateOf(letter, group.isPermissive), timing, rest: {} }],
              rest: {},
            };
          }),
          rest: {},
        },
      ],
      rest: {},
    };
  }

  /** Earliest end of what a group shows, where that is known. */
  #endOf(g: number, letter: string, stage: number, stageEndsMs: number | null): number | null {
    const { groups, stages, yellowSeconds } = this.#face;
    const inStage = stages[stage]?.has(g);
    // a red group of another stage stays red at least as long as that stage runs
    if (letter === 'g' ? inStage === true : letter === 'r' && inStage === false) return stageEndsMs;
    if (letter !== 'a' || !groups[g]!.isVehicle || yellowSeconds === null || Number.isNaN(this.#since[g]!)) return null;
    return this.#since[g]! + Math.round(yellowSeconds * 1000);
  }
}
