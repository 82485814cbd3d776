/**
 * What junctions foresee, handed to their neighbours: whoever leaves one comes to the next, and a road that is full takes
 * nobody. What was told in one frame is used from the next on, so that the order of decisions does not matter.
 */
import type { Feeder, JunctionConfiguration } from '../junction/types.ts';
import type { NeighboursPicture, Outlook } from './types.ts';

/** What was foreseen longer ago is not used, ms. */
const FRESH_MS = 15_000;
/** A gap at the stop line runs back through a standing queue at this speed, m/s. */
const BACKWARD_METRES_PER_SECOND = 5;

interface Links {
  /** From where its traffic comes. */
  readonly feeders: readonly Feeder[];
  /** Where its traffic goes: the junction there, its feeder that means this one. */
  readonly exits: readonly { readonly junctionId: string; readonly feeder: Feeder }[];
}

export class Neighbours {
  private readonly links = new Map<string, Links>();
  private readonly told = new Map<string, Outlook>();

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

  tell(junctionId: string, outlook: Outlook): void {
    this.told.set(junctionId, outlook);
  }

  /** What a junction's neighbours told that still holds at `nowMs`; undefined: it has none. */
  picture(junctionId: string, nowMs: number): NeighboursPicture | undefined {
    const links = this.links.get(junctionId);
    if (links === undefined) return undefined;
    return {
      coming: links.feeders.flatMap((feeder) => this.comingFrom(feeder, nowMs)),
      exits: links.exits.flatMap(({ junctionId: other, feeder }) => this.exitTo(other, feeder, nowMs)),
    };
  }

  private fresh(junctionId: string, nowMs: number): Outlook | undefined {
    const outlook = this.told.get(junctionId);
    const age = outlook === undefined ? Number.POSITIVE_INFINITY : nowMs - outlook.atMs;
    return age >= 0 && age <= FRESH_MS ? outlook : undefined;
  }

  private comingFrom(feeder: Feeder, nowMs: number): NeighboursPicture['coming'] {
    const outlook = this.fresh(feeder.junctionId, nowMs);
    if (outlook === undefined) return [];
    const ago = (nowMs - outlook.atMs) / 1000;
    return outlook.leaving.flatMap(({ group, inSeconds, mass }) => {
      // who has left by now is seen on the road
      const own = inSeconds > ago ? feeder.groups.find(({ id }) => id === group) : undefined;
      if (own === undefined) return [];
      return [{ approach: feeder.approach, inSeconds: inSeconds - ago + feeder.seconds, mass: mass * own.share }];
    });
  }

  private exitTo(junctionId: string, feeder: Feeder, nowMs: number): NeighboursPicture['exits'] {
    const outlook = this.fresh(junctionId, nowMs);
    const room = outlook?.room[feeder.approach];
    if (outlook === undefined || room === undefined) return [];
    const ago = (nowMs - outlook.atMs) / 1000;
    const back = feeder.metres / BACKWARD_METRES_PER_SECOND;
    const leaves = outlook.leaving
      .filter(({ approach, inSeconds }) => approach === feeder.approach && inSeconds > ago)
      .map(({ inSeconds }) => inSeconds - ago + back);
    return [{ groups: feeder.groups.map(({ id }) => id), room, frees: leaves.sort((a, b) => a - b) }];
  }
}
