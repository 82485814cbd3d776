/** How `horizon` coordinates: what it takes from its neighbours' outlooks, and what it tells them. */
import type { JunctionConfiguration } from '../../junction/types.ts';
import { byStream, limitsOf, type ReportedMemory } from '../estimation/reported.ts';
import type { Ground } from '../estimation/streams.ts';
import type { LaneTraffic } from '../estimation/vehicles.ts';
import type { FromNeighbour, Observation, Outlook } from '../types.ts';
import type { Departure } from './horizon-beam.ts';
import type { Coming } from './horizon-lanes.ts';
import type { ModelLane } from './horizon-model.ts';

/** A vehicle that stands takes so much of a lane, metres. */
const STANDING_METRES = 7.5;
const FED_SECONDS = 100;
/** A road is watched to its other end where it is no longer than the radio's range and this, metres. */
const SLACK_METRES = 20;
/** Less of a vehicle is not worth telling of. */
const LEAST_MASS = 0.05;
/** A place that nobody is known to free is free so long after the horizon, seconds. */
const LATER_SECONDS = 60;
/** What was counted in a frame is told in the next, and used in the one after it, frames. */
const TOLD_FRAMES = 2;

/** By approach: vehicles a second that neighbours send, as they counted them. */
export type Fed = readonly number[];

/** Takes in a frame. */
export function observeFed(configuration: JunctionConfiguration, before: Fed | null, observation: Observation): Fed {
  const { elapsedSeconds, neighbours } = observation;
  const old = before ?? configuration.approaches.map(() => 0);
  if (neighbours === undefined || elapsedSeconds <= 0) return old;
  const gain = Math.min(1, elapsedSeconds / FED_SECONDS);
  return configuration.approaches.map(({ name }, a) => {
    const seconds = configuration.feeders?.find(({ approach }) => approach === name)?.seconds ?? 0;
    const newest = seconds - TOLD_FRAMES * elapsedSeconds;
    const left = neighbours.coming
      .filter(({ approach, inSeconds, hasLeft }) => hasLeft && approach === name && inSeconds > newest)
      .reduce((sum, { mass }) => sum + mass, 0);
    return old[a]! + (left / elapsedSeconds - old[a]!) * gain;
  });
}

/** How far a junction sees along the roads to its lines. */
export interface Sight {
  /** What radios tell, where everybody reports; null: detectors. */
  readonly reported: ReportedMemory | null;
  readonly radioMetres: number;
}

/**
 * Who comes from neighbours and is not in sight: those who have not left, and those on the road before the radio's range or
 * the upstream detector. Who is heard inside the junction behind is in sight.
 */
export function outOfSight(
  configuration: JunctionConfiguration,
  ground: Ground,
  { neighbours, vehicles = [] }: Observation,
  { reported, radioMetres }: Sight,
): FromNeighbour[] {
  const coming = neighbours?.coming ?? [];
  if (coming.length === 0) return [];
  const limits = limitsOf(configuration, ground);
  const heard = reported === null ? null : byStream(ground, vehicles);
  const seen = new Map<string, { readonly seconds: number; inside: number }>();
  for (const { approach, metres } of configuration.feeders ?? []) {
    const a = configuration.approaches.findIndex(({ name }) => name === approach);
    const own = ground.streams.flatMap((stream, i) => (stream.approach === a ? [i] : []));
    if (own.length === 0) continue;
    const section = ground.sections[ground.streams[own[0]!]!.section]!;
    const reach = heard === null ? (section.metres ?? 0) : Math.min(radioMetres, metres);
    const inside = own.flatMap((i) => heard?.[i] ?? []).filter((one) => one.metres > metres).length;
    seen.set(approach, { seconds: reach / limits[own[0]!]!, inside });
  }
  // those who left last are nearest to the junction behind
  const order = [...coming].sort((a, b) => b.inSeconds - a.inSeconds);
  return order.flatMap((one): FromNeighbour[] => {
    const known = seen.get(one.approach);
    if (!one.hasLeft || known === undefined) return [one];
    if (one.inSeconds <= known.seconds) return [];
    const hidden = Math.min(one.mass, known.inside);
    known.inside -= hidden;
    return one.mass - hidden >= LEAST_MASS ? [{ ...one, mass: one.mass - hidden }] : [];
  });
}

/** What neighbours tell, by stream. */
export interface FromNeighbours {
  /** Who comes from them, spread over the lanes as vehicles use them. */
  readonly coming: readonly (readonly Coming[])[];
  /** Until when that is told, seconds from now, and which share of the arrivals it is. */
  readonly toldSeconds: readonly number[];
  readonly fedShare: readonly number[];
}

export function comingTo(
  configuration: JunctionConfiguration,
  ground: Ground,
  fed: Fed,
  perSecond: readonly number[],
  unseen: readonly FromNeighbour[],
  { neighbours }: Observation,
): FromNeighbours {
  const rates = configuration.approaches.map(() => 0);
  const lanes = configuration.approaches.map(() => 0);
  ground.streams.forEach(({ approach }, i) => {
    rates[approach]! += perSecond[i]!;
    lanes[approach]!++;
  });
  const coming = ground.streams.map(({ approach }, i): Coming[] => {
    const share = rates[approach]! > 0 ? perSecond[i]! / rates[approach]! : 1 / lanes[approach]!;
    const { name } = configuration.approaches[approach]!;
    return unseen.flatMap((one) =>
      one.approach === name && one.mass * share >= LEAST_MASS
        ? [{ inSeconds: one.inSeconds, mass: one.mass * share }]
        : [],
    );
  });
  const fedShare = ground.streams.map(({ approach }) =>
    rates[approach]! > 0 ? Math.min(1, fed[approach]! / rates[approach]!) : 0,
  );
  const toldSeconds = ground.streams.map(({ approach }) => {
    const { name } = configuration.approaches[approach]!;
    return Math.max(0, ...(neighbours?.told ?? []).flatMap((one) => (one.approach === name ? [one.untilSeconds] : [])));
  });
  return { coming, toldSeconds, fedShare };
}

/** Who would find the road behind the junction full may not leave before there is room. Changes the lanes. */
export function holdBack(
  lanes: readonly ModelLane[],
  configuration: JunctionConfiguration,
  { neighbours }: Observation,
  horizonSeconds: number,
): void {
  for (const { groups, room, frees } of neighbours?.exits ?? []) {
    const leading = groups.map((id) => configuration.signalGroups.findIndex((group) => group.id === id));
    const going = lanes
      .flatMap((lane) =>
        Array.from({ length: lane.count }, (_, p) => p)
          .filter((p) => leading.includes(lane.group[p]!))
          .map((p) => ({ lane, p })),
      )
      .sort((a, b) => a.lane.free[a.p]! - b.lane.free[b.p]!);
    let taken = 0;
    for (const { lane, p } of going) {
      taken += lane.mass[p]!;
      if (taken <= room) continue;
      const opens = frees[Math.ceil(taken - room) - 1] ?? horizonSeconds + LATER_SECONDS;
      lane.free[p] = Math.max(lane.free[p]!, opens);
    }
  }
}

/** Who was counted over the lines, by the groups that were not red there. */
function leftOf(
  ground: Ground,
  passed: readonly number[],
  reported: ReportedMemory | null,
  { lamps }: Observation,
): Outlook['left'] {
  return ground.streams.flatMap(({ groupIds }, i) => {
    if (passed[i]! <= 0) return [];
    const open = groupIds.filter((id) => lamps.byGroup[id] !== 'red');
    const groups = open.length > 0 ? open : groupIds;
    const wanted = groups.map((id) => reported?.wanted[i]?.[groupIds.indexOf(id)] ?? 0);
    const all = wanted.reduce((sum, value) => sum + value, 0);
    return groups.map((group, k) => ({
      group,
      mass: Math.round(1000 * passed[i]! * (all > 0 ? wanted[k]! / all : 1 / groups.length)) / 1000,
    }));
  });
}

export interface Told {
  /** By stream: vehicles counted over its line since the last frame. */
  readonly passed: readonly number[];
  /** Who leaves when by the plan; null: it was not made anew. */
  readonly departures: readonly Departure[] | null;
  /** What detectors tell; null: every vehicle reports. */
  readonly traffic: readonly LaneTraffic[] | null;
}

/** What the neighbours are told. */
export function outlookOf(
  configuration: JunctionConfiguration,
  ground: Ground,
  { passed, departures, traffic }: Told,
  observation: Observation,
  sight: Sight,
): Outlook {
  const leaving = departures?.flatMap(({ lane, group, inSeconds, mass }) => {
    const stream = ground.streams[lane];
    if (stream === undefined) return [];
    const { name } = configuration.approaches[stream.approach]!;
    const seconds = Math.round(inSeconds * 10) / 10;
    const groups = group >= 0 ? [configuration.signalGroups[group]!.id] : stream.groupIds;
    return groups.map((id) => ({ approach: name, group: id, inSeconds: seconds, mass: mass / groups.length }));
  });
  return {
    atMs: observation.nowMs,
    left: leftOf(ground, passed, sight.reported, observation),
    ...(leaving && { leaving }),
    room: roomOf(configuration, ground, traffic, observation, sight),
  };
}

/** By approach that a neighbour feeds: vehicles that its road still takes, where that is known. */
function roomOf(
  configuration: JunctionConfiguration,
  ground: Ground,
  traffic: readonly LaneTraffic[] | null,
  observation: Observation,
  sight: Sight,
): Outlook['room'] {
  const room: Record<string, number> = {};
  const { feeders = [], approaches } = configuration;
  if (feeders.length === 0) return room;
  const heard = sight.reported === null ? null : byStream(ground, observation.vehicles ?? []);
  const unseen = outOfSight(configuration, ground, observation, sight);
  for (const { approach, metres, lanes } of feeders) {
    const places = Math.floor((metres * lanes) / STANDING_METRES);
    const a = approaches.findIndex(({ name }) => name === approach);
    let present = unseen
      .filter((one) => one.hasLeft && one.approach === approach)
      .reduce((sum, { mass }) => sum + mass, 0);
    let isKnown = false;
    ground.streams.forEach((stream, i) => {
      if (stream.approach !== a) return;
      if (heard !== null) {
        isKnown = metres <= sight.radioMetres + SLACK_METRES;
        present += heard[i]!.length;
      } else if (traffic !== null) {
        // from detectors further on it shows only when the queue reaches back over them
        const reach = ground.sections[stream.section]!.metres ?? 0;
        isKnown ||= metres <= reach + SLACK_METRES || traffic[i]!.beyond > 0;
        present += traffic[i]!.queued + traffic[i]!.coming;
      }
    });
    if (isKnown) room[approach] = Math.max(0, Math.floor(places - present));
  }
  return room;
}
