/**
 * What a CityFlow intersection is to strategies: a signal group is a road link, a stage a phase of its light plan that
 * lets go more than always goes. CityFlow knows no yellow: 3 s and 2 s of all-red lie between stages, in which nothing
 * that closes goes, as the published comparisons have 5 s between actions.
 */
import type { DetectorPlace, Network } from '../core.ts';
import type { LightProgram } from '../traffic/program.ts';
import { type Configured, configured, peerId, type SignalDraft } from './plan-configuration.ts';

const YELLOW_SECONDS = 3;
const ALL_RED_SECONDS = 2;
const MIN_GREEN_SECONDS = 5;
const MAX_GREEN_SECONDS = 90;
const UPSTREAM_METRES = 100;
const TURNS = ['', 'right', 'left', 'straight'];

export interface CityFlowStages {
  /** Group of the junction (index of the road link) of each signal group of the configuration. */
  readonly groups: readonly number[];
  readonly groupIds: readonly string[];
  readonly stages: readonly { readonly id: string; readonly groups: readonly number[] }[];
  /** Per phase of the light plan the stage that it shows, -1 for none. */
  readonly stageOfPhase: Int32Array;
  /** By group of the configuration: whether a stage lets it go together with one that goes first where the two meet. */
  readonly isPermissive: readonly boolean[];
  readonly configured: Configured;
}

/** Stages and configuration of each junction. `crosses`: pairs of links (segments) whose centre lines meet. */
export function cityFlowStages(
  network: Network,
  programs: readonly LightProgram[],
  scenario: string,
): CityFlowStages[] {
  return network.junctions.map((junction, j) => stagesOf(network, programs[j]!, scenario, junction.name, j));
}

function stagesOf(network: Network, program: LightProgram, scenario: string, name: string, junction: number) {
  const { firstGroup, groupCount, phases } = program;
  const green = phases.map(({ greenGroups }) =>
    Array.from({ length: groupCount }, (_, g) => greenGroups.includes(firstGroup + g)),
  );
  const lasting = green.filter((_, p) => phases[p]!.seconds > 0);
  const groups = Array.from({ length: groupCount }, (_, g) => g).filter((g) => lasting.some((shown) => shown[g]));
  const always = groups.filter((g) => lasting.every((shown) => shown[g]));
  const links = linksOf(network, firstGroup, groupCount);
  const ids = idsOf(network, links);
  const stageOfPhase = new Int32Array(phases.length).fill(-1);
  const stages: { id: string; groups: number[]; seconds: number }[] = [];
  const plan: { stage: number; seconds: number }[] = [];
  phases.forEach(({ seconds }, p) => {
    const own = groups.flatMap((g, k) => (green[p]![g] ? [k] : []));
    if (seconds <= 0 || own.length === 0) return;
    if (own.length === always.length && groups.length > always.length) return;
    let stage = stages.findIndex((known) => known.groups.join(' ') === own.join(' '));
    if (stage < 0) {
      stage = stages.length;
      stages.push({ id: `phase-${p}`, groups: own, seconds });
    }
    stageOfPhase[p] = stage;
    if (plan.at(-1)?.stage === stage) plan.at(-1)!.seconds += seconds;
    else plan.push({ stage, seconds });
  });
  if (plan.length > 1 && plan[0]!.stage === plan.at(-1)!.stage) plan[0]!.seconds += plan.pop()!.seconds;
  const conflicts = groups.map((a) =>
    groups.map((b) => a !== b && !lasting.some((shown) => shown[a] && shown[b]) && meet(network, links[a]!, links[b]!)),
  );
  const approaches = network.approaches.filter((approach) => approach.junction === junction);
  const longest = stages.map(({ seconds }, s) =>
    plan.reduce((most, entry) => (entry.stage === s ? Math.max(most, entry.seconds) : most), seconds),
  );
  const draft: SignalDraft = {
    scenario,
    name,
    approaches: approaches.map((approach) => ({
      name: approach.name,
      lanes: approach.lanes.map((lane) =>
        groups.flatMap((g, k) => (links[g]!.some((link) => network.linkStart[link] === lane) ? [k] : [])),
      ),
      upstreamMetres: Math.min(UPSTREAM_METRES, network.length[approach.lanes[0]!]!),
      limitMetresPerSecond: network.speedLimit[approach.lanes[0]!]!,
    })),
    groups: groups.map((g) => ({
      id: ids[g]!,
      approaches: approaches
        .filter(({ lanes }) => links[g]!.some((link) => lanes.includes(network.linkStart[link]!)))
        .map((approach) => approach.name),
    })),
    stages: stages.map(({ id, groups: own, seconds }, s) => ({
      id,
      groups: own,
      minGreenSeconds: Math.max(1, Math.min(MIN_GREEN_SECONDS, seconds)),
      maxGreenSeconds: Math.max(MAX_GREEN_SECONDS, longest[s]!),
    })),
    plan: plan.map(({ stage, seconds }) => ({
      stage,
      greenSeconds: seconds,
      yellowSeconds: YELLOW_SECONDS,
      allRedSeconds: ALL_RED_SECONDS,
    })),
    conflicts,
    intergreenSeconds: conflicts.map((row) => row.map((conflict) => (conflict ? YELLOW_SECONDS + ALL_RED_SECONDS : 0))),
    yellowSeconds: YELLOW_SECONDS,
    allRedSeconds: ALL_RED_SECONDS,
  };
  return {
    groups,
    groupIds: groups.map((g) => ids[g]!),
    stages: stages.map(({ id, groups: own }) => ({ id, groups: own })),
    stageOfPhase,
    isPermissive: groups.map((_, a) =>
      stages.some(
        ({ groups: own }) =>
          own.includes(a) &&
          own.some((b) => goesAfter(network, links[a]!, links[b]!) && meet(network, links[a]!, links[b]!)),
      ),
    ),
    configured: configured(draft),
  };
}

/** Links (segments) of each group of a junction. */
function linksOf(network: Network, firstGroup: number, groupCount: number): number[][] {
  const links: number[][] = Array.from({ length: groupCount }, () => []);
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    const group = network.linkGroup[link]! - firstGroup;
    if (group >= 0 && group < groupCount) links[group]!.push(link);
  }
  return links;
}

/** `{road}-{turn}`, with a number where a road has several road links of a turn. */
function idsOf(network: Network, links: readonly (readonly number[])[]): string[] {
  const taken = new Set<string>();
  return links.map((own, g) => {
    const link = own[0];
    const approach = link === undefined ? undefined : network.approaches[network.approachOf[network.linkStart[link]!]!];
    const turn = link === undefined ? '' : TURNS[network.tables!.precedence[link]!];
    const base = approach === undefined ? `road-link-${g}` : `${approach.name}-${turn}`;
    let id = base;
    for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
    taken.add(id);
    return id;
  });
}

/** Whether links of one group have a lower precedence than those of the other. */
function goesAfter(network: Network, own: readonly number[], other: readonly number[]): boolean {
  const { precedence } = network.tables!;
  return own.length > 0 && other.length > 0 && precedence[own[0]!]! < precedence[other[0]!]!;
}

/** Whether links of two groups cross or lead into one lane. Links from one road part, and do not conflict. */
function meet(network: Network, own: readonly number[], other: readonly number[]): boolean {
  const { crossFirst, crossFoe, road } = network.tables!;
  return own.some((a) => {
    for (const b of other) {
      if (road[network.linkStart[a]!] === road[network.linkStart[b]!]) continue;
      if (network.linkEnd[a] === network.linkEnd[b]) return true;
      for (let c = crossFirst[a]!; c < crossFirst[a + 1]!; c++) if (crossFoe[c] === b) return true;
    }
    return false;
  });
}

/** The network with ids that the wire carries, and, where `steered`, with configurations and detectors. */
export function withConfigurations(
  network: Network,
  signals: readonly { readonly configured: Configured }[],
  scenario: string,
  steered: boolean,
  upstreamMetres: number = UPSTREAM_METRES,
): Network {
  const junctions = network.junctions.map((junction, j) => ({
    ...junction,
    id: peerId(scenario, junction.name),
    configuration: steered ? signals[j]!.configured.configuration : null,
  }));
  const approaches = network.approaches.map((approach) => ({
    ...approach,
    id: peerId(scenario, junctions[approach.junction]!.name, approach.name),
  }));
  const detectors = approaches.flatMap(({ junction, lanes }, approach): DetectorPlace[] => {
    if (junctions[junction]!.configuration === null) return [];
    return lanes.flatMap((segment): DetectorPlace[] => {
      const length = network.length[segment]!;
      const upstream = Math.max(LEAST_FROM_BEGIN_METRES, length - upstreamMetres);
      return [
        { approach, segment, position: length, kind: 'stopline' },
        { approach, segment, position: upstream, kind: 'upstream' },
      ];
    });
  });
  return { ...network, junctions, approaches, detectors };
}

/** An upstream detector lies no nearer to the begin of its lane, m. */
const LEAST_FROM_BEGIN_METRES = 0.1;
