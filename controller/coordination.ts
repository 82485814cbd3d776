/**
 * What junctions see and foresee, handed to their neighbours: whoever leaves one comes to the next, and a road that is full
 * takes nobody. What was told in one frame is used from the next on, so that the order of decisions does not matter.
 */
import type { Feeder, JunctionConfiguration } from '../junction/types.ts';
import type { FromNeighbour, NeighboursPicture, Outlook } from './types.ts';

/** Of who has told nothing for so long nothing is used, ms. */
const FRESH_MS = 15_000;
/** Who is foreseen to leave later than this is not counted on, seconds: plans change each second. */
const FORESEEN_SECONDS = 15;
/** Who left longer ago is nowhere any more, ms: he has arrived, or stands where the next junction sees him. */
const UNDER_WAY_MS = 120_000;
/** Counted in the last second: that long ago in the mean. */
const COUNTED_SECONDS = 0.5;

interface Links {
  /** From where its traffic comes. */
  readonly feeders: readonly Feeder[];
  /** Where its traffic goes: the junction there, its feeder that means this one. */
  readonly exits: readonly { readonly junctionId: string; readonly feeder: Feeder }[];
}

interface Told {
  readonly atMs: number;
  readonly room: Outlook['room'];
  readonly leaving: NonNullable<Outlook['leaving']>;
  readonly leavingMs: number;
  readonly left: readonly { readonly atMs: number; readonly group: string; readonly mass: number }[];
}

export class Neighbours {
  private readonly links = new Map<string, Links>();
  private readonly told = new Map<string, Told>();

  constructor(configurations: readonly JunctionConfiguration[]) {
    const known = new Set(configurations.map(({ junctionId }) => junctionId));
    const exitsOf = new Map<string, Links['exits'][number][]>();
    for (const { junctionId, feeders = [] } of configurations) {
      for (const feeder of feeders) {
        const exits = exitsOf.get(feeder.junctionId) ?? [];
        exitsOf.set(feeder.junctionId, exits);
        exits.push({ junctionId, feeder });
      }
    }
    for (const { junctionId, feeders = [] } of configurations) {
      const exits = exitsOf.get(junctionId) ?? [];
      const here = feeders.filter((feeder) => known.has(feeder.junctionId));
      if (here.length > 0 || exits.length > 0) this.links.set(junctionId, { feeders: here, exits });
    }
  }

  tell(junctionId: string, { atMs, left, leaving, room }: Outlook): void {
    const before = this.told.get(junctionId);
    const kept = (before?.left ?? []).filter((one) => atMs - one.atMs <= UNDER_WAY_MS);
    this.told.set(junctionId, {
      atMs,
      room,
      leaving: leaving ?? before?.leaving ?? [],
      leavingMs: leaving === undefined ? (before?.leavingMs ?? atMs) : atMs,
      left: [...kept, ...left.map((one) => ({ atMs, ...one }))],
    });
  }

  /** What a junction's neighbours told that still holds at `nowMs`; undefined: it has none. */
  picture(junctionId: string, nowMs: number): NeighboursPicture | undefined {
    const links = this.links.get(junctionId);
    if (links === undefined) return undefined;
    return {
      coming: links.feeders.flatMap((feeder) => this.comingFrom(feeder, nowMs)),
      told: links.feeders.flatMap(({ junctionId: other, approach, seconds }) =>
        this.fresh(other, nowMs) === undefined ? [] : [{ approach, untilSeconds: seconds + FORESEEN_SECONDS }],
      ),
      exits: links.exits.flatMap(({ junctionId: other, feeder }) => this.exitTo(junctionId, other, feeder, nowMs)),
    };
  }

  private fresh(junctionId: string, nowMs: number): Told | undefined {
    const told = this.told.get(junctionId);
    const age = told === undefined ? Number.POSITIVE_INFINITY : nowMs - told.atMs;
    return age >= 0 && age <= FRESH_MS ? told : undefined;
  }

  private comingFrom(feeder: Feeder, nowMs: number): FromNeighbour[] {
    const told = this.fresh(feeder.junctionId, nowMs);
    if (told === undefined) return [];
    const { approach, seconds } = feeder;
    const shareOf = (group: string | null): number => feeder.groups.find(({ id }) => id === group)?.share ?? 0;
    const underWay = told.left.flatMap(({ atMs, group, mass }): FromNeighbour[] => {
      const inSeconds = seconds - (nowMs - atMs) / 1000 - COUNTED_SECONDS;
      const share = shareOf(group);
      return share > 0 && inSeconds > 0 ? [{ approach, inSeconds, mass: mass * share, hasLeft: true }] : [];
    });
    const ago = (nowMs - told.leavingMs) / 1000;
    const foreseen = told.leaving.flatMap(({ group, inSeconds, mass }): FromNeighbour[] => {
      const share = shareOf(group);
      if (share <= 0 || inSeconds <= ago || inSeconds > ago + FORESEEN_SECONDS) return [];
      return [{ approach, inSeconds: inSeconds - ago + seconds, mass: mass * share, hasLeft: false }];
    });
    return [...underWay, ...foreseen];
  }

  private exitTo(own: string, junctionId: string, feeder: Feeder, nowMs: number): NeighboursPicture['exits'] {
    const told = this.fresh(junctionId, nowMs);
    const { approach, groups } = feeder;
    const there = told?.room[approach];
    if (told === undefined || there === undefined) return [];
    // who has left since is on that road, too
    const since = (this.told.get(own)?.left ?? [])
      .filter(({ atMs }) => atMs >= told.atMs)
      .reduce((sum, { group, mass }) => sum + mass * (groups.find(({ id }) => id === group)?.share ?? 0), 0);
    const ago = (nowMs - told.leavingMs) / 1000;
    const frees = told.leaving
      .filter((one) => one.approach === approach && one.inSeconds > ago)
      .map(({ inSeconds }) => inSeconds - ago);
    return [
      { groups: groups.map(({ id }) => id), room: Math.max(0, there - since), frees: frees.sort((a, b) => a - b) },
    ];
  }
}
