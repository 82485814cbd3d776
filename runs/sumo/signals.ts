/**
 * The signals of a SUMO network as junctions of ours: groups, conflicts, stages, intergreens, detectors. A signal group is
 * what one character of a signal's state governs.
 */
import { v5 } from 'uuid';
import {
  chooseSets,
  isSameSet as same,
  isWithin,
  MOST_CHOSEN_SETS,
  maximalSets,
  withoutWalks,
} from '../../junction/conflict-free.ts';
import type {
  Feeder,
  JunctionConfiguration,
  JunctionDetector,
  Lamp,
  PlanStage,
  SignalGroup,
  Stage,
} from '../../junction/types.ts';
import type { SumoConnection, SumoNet, SumoPhase, SumoProgram } from '../../sim/network/sumo/net-types.ts';

/** Of a name: the signals of SUMO networks. */
const NAMESPACE = '3f7b8a52-5a0e-5d53-9c8e-1d5b2f7e6a10';
/** Where the programme of a net has none. */
const USUAL_YELLOW_SECONDS = 3;
const USUAL_ALL_RED_SECONDS = 2;
const MIN_GREEN_SECONDS = 5;
const MAX_GREEN_SECONDS = 180;
const MIN_CYCLE_SECONDS = 10;
const MAX_CYCLE_SECONDS = 150;
const LEAST_MAX_WAIT_SECONDS = 300;
/** Speed of pedestrians who clear a crossing, m/s, and the buffer after them, s (MUTCD 4E.06). */
const WALK_METRES_PER_SECOND = 1.07;
const WALK_BUFFER_SECONDS = 3;
/** The upstream detector, metres before the stop line. */
const UPSTREAM_METRES = 100;

/** `net`: the stages of the net's own programme. `all`: the best of all maximal sets of compatible groups. */
export type StageSet = 'net' | 'all';

/** A lane that ends at the signal. */
export interface SignalLane {
  /** Index into the net's lanes. */
  readonly lane: number;
  readonly laneId: string;
  readonly edge: number;
  /** Ids of its detectors. */
  readonly stopLine: string;
  readonly upstream: string;
  readonly upstreamMetres: number;
  /** Groups by the edge that their links lead to; indices. */
  readonly groupsTo: ReadonlyMap<number, readonly number[]>;
  readonly groups: readonly number[];
}

export interface SumoSignal {
  readonly id: string;
  readonly configuration: JunctionConfiguration;
  readonly lanes: readonly SignalLane[];
  /** State of the signal, one character a link, for the lamps of the configuration's groups. */
  readonly stateOf: (lamps: readonly Lamp[]) => string;
}

/** A signal that is left to its own programme. */
export interface LeftAlone {
  readonly id: string;
  readonly why: string;
}

/** All signals that can be controlled, in the order of the file, and those that cannot. */
export function signalsOf(
  net: SumoNet,
  scenario: string,
  stages: StageSet,
): { signals: SumoSignal[]; leftAlone: LeftAlone[] } {
  const requests = requestsOf(net);
  const bySignal = new Map<string, number[]>();
  net.connections.forEach(({ tl }, c) => {
    if (tl === null) return;
    const own = bySignal.get(tl);
    if (own === undefined) bySignal.set(tl, [c]);
    else own.push(c);
  });
  const signals: SumoSignal[] = [];
  const leftAlone: LeftAlone[] = [];
  for (const [id, programs] of net.programs) {
    const connections = bySignal.get(id);
    if (connections === undefined) continue;
    const made = signalOf(net, scenario, programs.at(-1)!, connections, requests, stages, signals.length);
    if (typeof made === 'string') leftAlone.push({ id, why: made });
    else signals.push(made);
  }
  return { signals: signals.map((signal) => withFeeders(net, signal, signals)), leftAlone };
}

/** From a stop line through the junction and up to speed, beyond the drive at the limit, seconds. */
const CROSSING_SECONDS = 2;

/** With the signals whose links lead onto its edges. */
function withFeeders(net: SumoNet, signal: SumoSignal, signals: readonly SumoSignal[]): SumoSignal {
  const edges = [...new Set(signal.lanes.map(({ edge }) => edge))];
  const feeders = edges.flatMap((edge) =>
    signals.flatMap((other): Feeder[] => {
      const leading = new Set(other.lanes.flatMap(({ groupsTo }) => groupsTo.get(edge) ?? []));
      if (leading.size === 0) return [];
      const { id, lanes } = net.edges[edge]!;
      const { length, speed } = net.lanes[lanes[0]!]!;
      const { junctionId, signalGroups } = other.configuration;
      return [
        {
          approach: id,
          junctionId,
          groups: [...leading].sort((a, b) => a - b).map((group) => ({ id: signalGroups[group]!.id, share: 1 })),
          metres: length,
          lanes: lanes.length,
          seconds: length / speed + CROSSING_SECONDS,
        },
      ];
    }),
  );
  return feeders.length === 0 ? signal : { ...signal, configuration: { ...signal.configuration, feeders } };
}

interface Request {
  readonly junction: number;
  readonly index: number;
}

/** Right of way of each connection: its junction and its index there; index -1 for none. */
function requestsOf(net: SumoNet): Request[] {
  const found: Request[] = net.connections.map(() => ({ junction: -1, index: -1 }));
  net.junctions.forEach((junction, j) => {
    if (junction.type === 'internal') return;
    const byInternal = new Map(junction.internalLanes.map((lane, index) => [lane, index]));
    let next = 0;
    for (const lane of junction.incomingLanes) {
      if (net.edges[net.lanes[lane]!.edge]!.function !== 'normal') continue;
      for (const c of net.connectionsOf[lane]!) {
        found[c] = { junction: j, index: byInternal.get(lastInternal(net, net.connections[c]!)) ?? next };
        next++;
      }
    }
    // Crossings come after the links of vehicles, in the order of their edges.
    const crossings = net.edges.filter(
      ({ id, function: kind }) => kind === 'crossing' && id.startsWith(`:${junction.id}_c`),
    );
    crossings.forEach(({ lanes }, k) => {
      net.connections.forEach(({ toLane, tl }, c) => {
        if (tl !== null && lanes.includes(toLane)) found[c] = { junction: j, index: next + k };
      });
    });
  });
  return found;
}

function lastInternal(net: SumoNet, connection: SumoConnection): number {
  let lane = connection.via;
  for (let hops = 0; lane >= 0 && hops < 8; hops++) {
    const next = net.connectionsOf[lane]!.map((c) => net.connections[c]!.via).find((via) => via >= 0);
    if (next === undefined) return lane;
    lane = next;
  }
  return lane;
}

function signalOf(
  net: SumoNet,
  scenario: string,
  program: SumoProgram,
  connections: readonly number[],
  requests: readonly Request[],
  stageSet: StageSet,
  index: number,
): SumoSignal | string {
  const phases = program.phases;
  const length = phases[0]!.state.length;
  const isGreen = (phase: SumoPhase, character: number): boolean => 'Gg'.includes(phase.state[character]!);
  const characters = [...new Set(connections.map((c) => net.connections[c]!.linkIndex))]
    .filter((character) => phases.some((phase) => isGreen(phase, character)))
    .sort((a, b) => a - b);
  if (characters.length > 254) return `it has ${characters.length} links; at most 254 are controlled`;
  const groupOf = new Int32Array(length).fill(-1);
  characters.forEach((character, group) => {
    groupOf[character] = group;
  });
  const links = characters.map((character) => connections.filter((c) => net.connections[c]!.linkIndex === character));
  const greenOf = (phase: SumoPhase): number[] =>
    characters.flatMap((character, group) => (isGreen(phase, character) ? [group] : []));
  const together = characters.map((a) => characters.map((b) => phases.some((p) => isGreen(p, a) && isGreen(p, b))));
  const relation = (kind: 'foes' | 'yieldsTo', a: number, b: number): boolean =>
    links[a]!.some((x) =>
      links[b]!.some((y) => {
        const [from, to] = [requests[x]!, requests[y]!];
        if (from.index < 0 || to.index < 0 || from.junction !== to.junction) return false;
        return net.junctions[from.junction]!.requests[from.index]?.[kind].includes(to.index) ?? false;
      }),
    );
  const all = characters.map((_, group) => group);
  const foes = all.map((a) => all.map((b) => a !== b && (relation('foes', a, b) || relation('foes', b, a))));
  const conflicts = all.map((a) => all.map((b) => foes[a]![b]! && !together[a]![b]!));
  const yields = all.map((a) => all.map((b) => foes[a]![b]! && !conflicts[a]![b]! && relation('yieldsTo', a, b)));

  const timing = timingOf(phases);
  const given: { set: number[]; seconds: number }[] = [];
  phases.forEach((phase, k) => {
    if (!isStage(phases, k)) return;
    const set = greenOf(phase);
    const before = given.at(-1);
    if (before !== undefined && same(before.set, set)) before.seconds += phase.durationSeconds;
    else given.push({ set, seconds: phase.durationSeconds });
  });
  if (given.length > 1 && same(given[0]!.set, given.at(-1)!.set)) {
    given[0]!.seconds += given.at(-1)!.seconds;
    given.pop();
  }
  if (given.length < 2) return 'its programme has only one stage';

  const lanes = lanesOf(net, connections, groupOf);
  const distinct = given
    .map(({ set }) => set)
    .filter((set, k, list) => list.findIndex((other) => same(other, set)) === k);
  const usable = distinct.filter((set) => set.every((a) => set.every((b) => !conflicts[a]![b])));
  const sets =
    stageSet === 'net'
      ? usable
      : chooseSets(
          maximalSets(characters.length, (a, b) => !conflicts[a]![b]),
          usable,
          lanes.map(({ groups }) => groups),
          characters.length,
          MOST_CHOSEN_SETS,
          (a, b) => yields[a]![b]!,
        );
  const isWalk = (group: number): boolean =>
    net.edges[net.lanes[net.connections[links[group]![0]!]!.fromLane]!.edge]!.function !== 'normal';
  if (stageSet === 'all') sets.push(...withoutWalks(sets, isWalk));
  const names = namesOf(net, links);
  const groups = names.map((id, group): SignalGroup => {
    const first = net.connections[links[group]![0]!]!;
    const from = net.edges[net.lanes[first.fromLane]!.edge]!;
    if (from.function === 'normal')
      return { id, number: group + 1, kind: 'vehicle', approaches: [from.id], clearanceSeconds: 0 };
    const metres = net.lanes[first.toLane]!.length;
    const seconds = Math.ceil(metres / WALK_METRES_PER_SECOND) + WALK_BUFFER_SECONDS;
    return { id, number: group + 1, kind: 'pedestrian', approaches: [], clearanceSeconds: seconds };
  });
  const intergreen = timing.yellow + timing.allRed;
  const clearance = (set: readonly number[]): number =>
    set.reduce((most, group) => Math.max(most, groups[group]!.clearanceSeconds), 0);
  const stages = sets.map((set, k): Stage => {
    const walk = set.some((group) => groups[group]!.kind === 'pedestrian') ? 4 + clearance(set) - intergreen : 0;
    const minGreenSeconds = Math.max(MIN_GREEN_SECONDS, walk);
    return {
      id: `s${k + 1}`,
      groups: set.map((group) => names[group]!),
      minGreenSeconds,
      maxGreenSeconds: Math.max(MAX_GREEN_SECONDS, minGreenSeconds),
    };
  });
  const localPlan: PlanStage[] = [];
  for (const { set, seconds } of given) {
    const exact = sets.findIndex((candidate) => same(candidate, set));
    const covering = exact >= 0 ? exact : sets.findIndex((candidate) => isWithin(set, candidate));
    if (covering < 0) continue;
    const stage = stages[covering]!;
    if (localPlan.at(-1)?.stageId === stage.id) continue;
    localPlan.push({
      stageId: stage.id,
      greenSeconds: Math.min(stage.maxGreenSeconds, Math.max(stage.minGreenSeconds, Math.round(seconds))),
      yellowSeconds: timing.yellow,
      allRedSeconds: timing.allRed,
    });
  }
  for (const group of all) {
    if (localPlan.some(({ stageId }) => stages.find(({ id }) => id === stageId)!.groups.includes(names[group]!)))
      continue;
    const stage = stages.find(({ groups: own }) => own.includes(names[group]!))!;
    localPlan.push({
      stageId: stage.id,
      greenSeconds: stage.minGreenSeconds,
      yellowSeconds: timing.yellow,
      allRedSeconds: timing.allRed,
    });
  }
  while (localPlan.length > 1 && localPlan[0]!.stageId === localPlan.at(-1)!.stageId) localPlan.pop();
  const cycle = localPlan.reduce((sum, { greenSeconds }) => sum + greenSeconds + intergreen, 0);
  const maxCycleSeconds = Math.max(MAX_CYCLE_SECONDS, Math.ceil(cycle) + 30);
  const approaches = [...new Set(lanes.map(({ edge }) => net.edges[edge]!.id))];
  const configuration: JunctionConfiguration = {
    junctionId: v5(`${scenario}/${program.signal}`, NAMESPACE),
    name: program.signal,
    intersectionId: 65_536 + index,
    version: 1,
    approaches: approaches.map((name) => ({ id: v5(`${scenario}/${program.signal}/${name}`, NAMESPACE), name })),
    signalGroups: groups,
    stages,
    conflicts,
    intergreenSeconds: conflicts.map((row, a) =>
      row.map((conflict) =>
        !conflict ? 0 : groups[a]!.kind === 'pedestrian' ? groups[a]!.clearanceSeconds : intergreen,
      ),
    ),
    yellowSeconds: timing.yellow,
    allRedSeconds: timing.allRed,
    minCycleSeconds: MIN_CYCLE_SECONDS,
    maxCycleSeconds,
    maxWaitSeconds: Math.max(LEAST_MAX_WAIT_SECONDS, 2 * maxCycleSeconds),
    localPlan,
    yields,
    detectors: lanes.flatMap((lane) => detectorsOf(net, lane, names)),
  };
  return { id: program.signal, configuration, lanes, stateOf: renderer(restsOf(phases), groupOf, yields) };
}

/** A phase that is no transition: no yellow, some green, and not merely what is left of its neighbours' greens for a moment. */
function isStage(phases: readonly SumoPhase[], k: number): boolean {
  const { state, durationSeconds } = phases[k]!;
  if (/[yu]/.test(state) || !/[Gg]/.test(state)) return false;
  if (durationSeconds > 4) return true;
  const before = phases[(k + phases.length - 1) % phases.length]!.state;
  return !/[yu]/.test(before) || [...state].some((c, i) => 'Gg'.includes(c) && !'Gg'.includes(before[i]!));
}

/** Yellow and all-red of a programme, seconds; the usual ones where it has no yellow. */
function timingOf(phases: readonly SumoPhase[]): { yellow: number; allRed: number } {
  let yellow = 0;
  let allRed = 0;
  phases.forEach(({ state, durationSeconds }, k) => {
    if (state.includes('y')) {
      yellow = Math.max(yellow, durationSeconds);
      let j = (k + 1) % phases.length;
      let red = 0;
      for (let n = 0; n < phases.length && !phases[j]!.state.includes('y') && !isStage(phases, j); n++) {
        red += phases[j]!.durationSeconds;
        j = (j + 1) % phases.length;
      }
      allRed = Math.max(allRed, red);
    }
  });
  return yellow > 0 ? { yellow, allRed } : { yellow: USUAL_YELLOW_SECONDS, allRed: USUAL_ALL_RED_SECONDS };
}

function lanesOf(net: SumoNet, connections: readonly number[], groupOf: Int32Array): SignalLane[] {
  const byLane = new Map<number, Map<number, number[]>>();
  for (const c of connections) {
    const { fromLane, toLane, linkIndex } = net.connections[c]!;
    if (net.edges[net.lanes[fromLane]!.edge]!.function !== 'normal' || groupOf[linkIndex]! < 0) continue;
    let own = byLane.get(fromLane);
    if (own === undefined) {
      own = new Map();
      byLane.set(fromLane, own);
    }
    const to = net.lanes[toLane]!.edge;
    const list = own.get(to) ?? [];
    if (!list.includes(groupOf[linkIndex]!)) list.push(groupOf[linkIndex]!);
    own.set(to, list);
  }
  return [...byLane]
    .sort(([a], [b]) => a - b)
    .map(([lane, groupsTo]): SignalLane => {
      const { id, edge, index, length } = net.lanes[lane]!;
      const { id: approach, lanes } = net.edges[edge]!;
      const fromCentre = lanes.length - 1 - index;
      return {
        lane,
        laneId: id,
        edge,
        stopLine: `${approach}:stopline:${fromCentre}`,
        upstream: `${approach}:upstream:${fromCentre}`,
        upstreamMetres: Math.min(UPSTREAM_METRES, Math.max(1, length - 1)),
        groupsTo,
        groups: [...new Set([...groupsTo.values()].flat())].sort((a, b) => a - b),
      };
    });
}

function detectorsOf(net: SumoNet, lane: SignalLane, names: readonly string[]): JunctionDetector[] {
  const { edge, index, speed } = net.lanes[lane.lane]!;
  const { id: approach, lanes } = net.edges[edge]!;
  const both = {
    approach,
    lane: lanes.length - 1 - index,
    groups: lane.groups.map((group) => names[group]!),
    limitMetresPerSecond: speed,
  };
  return [
    { id: lane.stopLine, position: 'stopline', metresBeforeLine: 0, ...both },
    { id: lane.upstream, position: 'upstream', metresBeforeLine: lane.upstreamMetres, ...both },
  ];
}

/** `{edge}>{edge}`, with the lane where several lanes lead there. */
function namesOf(net: SumoNet, links: readonly (readonly number[])[]): string[] {
  const plain = links.map(([c]) => {
    const { fromLane, toLane } = net.connections[c!]!;
    return `${net.edges[net.lanes[fromLane]!.edge]!.id}>${net.edges[net.lanes[toLane]!.edge]!.id}`;
  });
  return plain.map((name, k) => {
    if (plain.filter((other) => other === name).length === 1) return name;
    return `${name}:${net.connections[links[k]![0]!]!.linkIndex}`;
  });
}

/**
 * What each link shows without green and yellow: `s`, right turn on red after a stop, where the programme shows nothing
 * else; `o` and `O`, ungoverned, of links that have nothing else at all; else `r`.
 */
function restsOf(phases: readonly SumoPhase[]): string[] {
  return Array.from(phases[0]!.state, (_, link) => {
    const shown = new Set(phases.map(({ state }) => state[link]!));
    if (shown.size === 1 && (shown.has('o') || shown.has('O'))) return phases[0]!.state[link]!;
    return shown.has('s') && !shown.has('r') ? 's' : 'r';
  });
}

/** Green is `g` where a group yields to one that is green or amber, else `G`; amber `y`, red and unlit as it rests, flash `o`. */
function renderer(
  rests: readonly string[],
  groupOf: Int32Array,
  yields: readonly (readonly boolean[])[],
): (lamps: readonly Lamp[]) => string {
  const yieldsTo = yields.map((row) => row.flatMap((does, other) => (does ? [other] : [])));
  return (lamps) => {
    let state = '';
    for (let character = 0; character < rests.length; character++) {
      const group = groupOf[character]!;
      const lamp = group < 0 ? 'red' : lamps[group]!;
      if (lamp === 'green') {
        state += yieldsTo[group]!.some((other) => lamps[other] === 'green' || lamps[other] === 'amber') ? 'g' : 'G';
      } else state += lamp === 'amber' ? 'y' : lamp === 'flash' ? 'o' : rests[character]!;
    }
    return state;
  };
}
