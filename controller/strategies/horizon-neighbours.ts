/** How `horizon` coordinates: what it takes from its neighbours' outlooks, and what it tells them. */
import type { JunctionConfiguration } from '../../junction/types.ts';
import { byStream, type ReportedMemory } from '../estimation/reported.ts';
import type { Ground } from '../estimation/streams.ts';
import type { LaneTraffic } from '../estimation/vehicles.ts';
import type { Observation, Outlook } from '../types.ts';
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

/** By approach: vehicles a second that neighbours send, as they foresaw it. */
export type Fed = readonly number[];

/** Takes in a frame. */
export function observeFed(configuration: JunctionConfiguration, before: Fed | null, observation: Observation): Fed {
  const { elapsedSeconds, neighbours } = observation;
  const old = before ?? configuration.approaches.map(() => 0);
  if (neighbours === undefined || elapsedSeconds <= 0) return old;
  const gain = Math.min(1, elapsedSeconds / FED_SECONDS);
  return configuration.approaches.map(({ name }, a) => {
    const seconds = configuration.feeders?.find(({ approach }) => approach === name)?.seconds ?? 0;
    const leaves = neighbours.coming
      .filter(({ approach, inSeconds }) => approach === name && inSeconds <= seconds + elapsedSeconds)
      .reduce((sum, { mass }) => sum + mass, 0);
    return old[a]! + (leaves / elapsedSeconds - old[a]!) * gain;
  });
}

/** By stream: who comes from neighbours, spread over the lanes as vehicles use them, and which share of the arrivals that is. */
export function comingTo(
  configuration: JunctionConfiguration,
  ground: Ground,
  fed: Fed,
  perSecond: readonly number[],
  { neighbours }: Observation,
): { coming: Coming[][]; fedShare: number[] } {
  const rates = configuration.approaches.map(() => 0);
  const lanes = configuration.approaches.map(() => 0);
  ground.streams.forEach(({ approach }, i) => {
    rates[approach]! += perSecond[i]!;
    lanes[approach]!++;
  });
  const coming = ground.streams.map(({ approach }, i): Coming[] => {
    const share = rates[approach]! > 0 ? perSecond[i]! / rates[approach]! : 1 / lanes[approach]!;
    const { name } = configuration.approaches[approach]!;
    return (neighbours?.coming ?? []).flatMap((one) =>
      one.approach === name && one.mass * share >= LEAST_MASS
        ? [{ inSeconds: one.inSeconds, mass: one.mass * share }]
        : [],
    );
  });
  const fedShare = ground.streams.map(({ approach }) =>
    rates[approach]! > 0 ? Math.min(1, fed[approach]! / rates[approach]!) : 0,
  );
  return { coming, fedShare };
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
      const opens = frees[Math.floor(taken - room)] ?? horizonSeconds + LATER_SECONDS;
      lane.free[p] = Math.max(lane.free[p]!, opens);
    }
  }
}

/** What the best plan means for the neighbours; undefined: there are none. */
export function outlookOf(
  configuration: JunctionConfiguration,
  ground: Ground,
  departures: readonly Departure[],
  room: Outlook['room'],
  { nowMs, neighbours }: Observation,
): Outlook | undefined {
  if (neighbours === undefined) return undefined;
  const leaving = departures.flatMap(({ lane, group, inSeconds, mass }) => {
    const stream = ground.streams[lane];
    if (stream === undefined) return [];
    const { name } = configuration.approaches[stream.approach]!;
    const seconds = Math.round(inSeconds * 10) / 10;
    const groups = group >= 0 ? [configuration.signalGroups[group]!.id] : stream.groupIds;
    return groups.map((id) => ({ approach: name, group: id, inSeconds: seconds, mass: mass / groups.length }));
  });
  return { atMs: nowMs, leaving, room };
}

/** By approach that a neighbour feeds: vehicles that its road still takes, where that is known. */
export function roomOf(
  configuration: JunctionConfiguration,
  ground: Ground,
  traffic: readonly LaneTraffic[] | null,
  reported: ReportedMemory | null,
  observation: Observation,
  radioMetres: number,
): Outlook['room'] {
  const room: Record<string, number> = {};
  const seesAll = reported !== null && observation.reportingShare === 1;
  const heard = seesAll ? byStream(ground, observation.vehicles ?? []) : null;
  for (const { approach, metres, lanes } of configuration.feeders ?? []) {
    const places = Math.floor((metres * lanes) / STANDING_METRES);
    const a = configuration.approaches.findIndex(({ name }) => name === approach);
    let present = 0;
    let isKnown = false;
    ground.streams.forEach((stream, i) => {
      if (stream.approach !== a) return;
      if (heard !== null) {
        isKnown = metres <= radioMetres + SLACK_METRES;
        present += heard[i]!.length;
      } else if (traffic !== null) {
        // detectors tell of the queue only; whether it fills the road shows when it reaches back over them
        isKnown ||= traffic[i]!.beyond > 0;
        present += traffic[i]!.queued + traffic[i]!.coming;
      }
    });
    if (isKnown) room[approach] = Math.max(0, Math.floor(places - present));
  }
  return room;
}
