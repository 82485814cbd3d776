/**
 * What a SUMO signal is to strategies: the configuration made from its `<tlLogic>` and from the right of way of its
 * junctions. A signal group is a link index; a stage, what a phase without yellow shows green, and every largest set of
 * links that may be green together; conflicts are the foes of the `<request>`s less the pairs that the program itself
 * shows green together, which is where the file permits links to yield.
 */
import { maximalSets, scoreOfSet } from '../../../junction/conflict-free.ts';
import { type Configured, configured, type SignalDraft } from '../plan-configuration.ts';
import type { SumoNet, SumoProgram } from './net-types.ts';
import { requestsOfLinks } from './network.ts';

/** Where a net shows no yellow. */
const USUAL_YELLOW_SECONDS = 3;
const USUAL_ALL_RED_SECONDS = 2;
/** SUMO's own bounds of green where a phase has none. */
const USUAL_MIN_GREEN_SECONDS = 5;
const USUAL_MAX_GREEN_SECONDS = 90;
/** Sets of links beyond the program's own that become stages. */
const MOST_FURTHER_STAGES = 16;
/** An upstream detector lies this far before the stop line; on a shorter approach at its begin. */
export const SUMO_UPSTREAM_METRES = 100;

export interface SumoStages {
  /** Link index of each signal group. */
  readonly linkIndices: readonly number[];
  /** Per phase of the active program, the stage that it shows; -1 between stages. */
  readonly stageOfPhase: Int32Array;
  readonly stages: readonly { readonly id: string; readonly groups: readonly number[] }[];
  /** `yieldsTo[g]`: groups that g lets go first where both are green. */
  readonly yieldsTo: readonly (readonly number[])[];
  readonly configured: Configured;
}

interface Links {
  readonly indices: readonly number[];
  /** By group: edges (indices) from which its links lead. */
  readonly edges: readonly (readonly number[])[];
  readonly foes: readonly (readonly boolean[])[];
  readonly yieldsTo: readonly (readonly number[])[];
}

/**
 * The stages of a signal under its active program, and its configuration or why it has none. `scenario`, the name of the
 * case, enters the ids. Extra stages: `all` (default) or none (`program`).
 */
export function sumoStages(
  net: SumoNet,
  signal: string,
  scenario: string,
  which: 'all' | 'program' = 'all',
): SumoStages {
  const program = net.programs.get(signal)!.at(-1)!;
  const links = linksOf(net, signal, program);
  const { indices } = links;
  const greens = program.phases.map(({ state }) => indices.map((index) => 'gG'.includes(state[index]!)));
  const isYellow = program.phases.map(({ state }) => indices.some((index) => 'yu'.includes(state[index]!)));
  const together = indices.map((_, i) => indices.map((__, j) => greens.some((green) => green[i] && green[j])));
  const conflicts = indices.map((_, i) => indices.map((__, j) => i !== j && links.foes[i]![j]! && !together[i]![j]!));
  const { stages, stageOfPhase } = stagesOf(program, greens, isYellow);
  const bounds = stages.map(({ phases }) => boundsOf(program, phases));
  const further = which === 'all' ? furtherStages(stages, conflicts, links, net, signal) : [];
  const least = Math.min(...bounds.map(({ min }) => min));
  const most = Math.max(...bounds.map(({ max }) => max));
  const all = [
    ...stages.map(({ id, groups }, s) => ({
      id,
      groups,
      minGreenSeconds: bounds[s]!.min,
      maxGreenSeconds: bounds[s]!.max,
    })),
    ...further.map((groups, k) => ({
      id: `set-${k + 1}`,
      groups,
      minGreenSeconds: least,
      maxGreenSeconds: most,
    })),
  ];
  const times = intergreensOf(program, stageOfPhase, greens, conflicts);
  const draft: SignalDraft = {
    scenario,
    name: signal,
    approaches: approachesOf(net, signal, indices),
    groups: indices.map((index, g) => ({
      id: String(index),
      approaches: links.edges[g]!.map((edge) => net.edges[edge]!.id),
    })),
    stages: all,
    plan: planOf(program, stageOfPhase, times),
    conflicts,
    yieldsTo: links.yieldsTo,
    ...times,
  };
  return {
    linkIndices: indices,
    stageOfPhase,
    stages: all.map(({ id, groups }) => ({ id, groups })),
    yieldsTo: links.yieldsTo,
    configured: indices.length === 0 ? { configuration: null, reason: 'it shows green to nobody' } : configured(draft),
  };
}

const connectionsKnown = new WeakMap<SumoNet, ReadonlyMap<string, readonly number[]>>();

/** Connections from normal edges that a signal governs, in the order of the file. */
function connectionsOfSignal(net: SumoNet, signal: string): readonly number[] {
  let known = connectionsKnown.get(net);
  if (known === undefined) {
    const bySignal = new Map<string, number[]>();
    net.connections.forEach(({ tl, fromLane }, c) => {
      if (tl === null || net.edges[net.lanes[fromLane]!.edge]!.function !== 'normal') return;
      const list = bySignal.get(tl);
      if (list === undefined) bySignal.set(tl, [c]);
      else list.push(c);
    });
    known = bySignal;
    connectionsKnown.set(net, known);
  }
  return known.get(signal) ?? [];
}

/** Link indices that govern lanes of normal edges and are green in some phase. */
function linksOf(net: SumoNet, signal: string, program: SumoProgram): Links {
  const byIndex = new Map<number, number[]>();
  for (const c of connectionsOfSignal(net, signal)) {
    const { linkIndex } = net.connections[c]!;
    byIndex.set(linkIndex, [...(byIndex.get(linkIndex) ?? []), c]);
  }
  const indices = [...byIndex.keys()]
    .filter((index) => program.phases.some(({ state }) => 'gG'.includes(state[index]!)))
    .sort((a, b) => a - b);
  const requests = requestsOfLinks(net);
  const groupOfRequest = new Map<string, number>();
  indices.forEach((index, g) => {
    for (const c of byIndex.get(index)!) groupOfRequest.set(`${requests[c]!.junction}/${requests[c]!.request}`, g);
  });
  const foes = indices.map(() => indices.map(() => false));
  const yieldsTo = indices.map(() => new Set<number>());
  indices.forEach((index, g) => {
    for (const c of byIndex.get(index)!) {
      const { junction, request } = requests[c]!;
      const given = junction < 0 ? undefined : net.junctions[junction]!.requests[request];
      if (given === undefined) {
        // Nothing says with whom it conflicts: with all that the program keeps it apart from.
        indices.forEach((_, other) => {
          if (other === g) return;
          foes[g]![other] = true;
          foes[other]![g] = true;
        });
        continue;
      }
      for (const foe of given.foes) {
        const other = groupOfRequest.get(`${junction}/${foe}`);
        if (other === undefined || other === g) continue;
        foes[g]![other] = true;
        foes[other]![g] = true;
        if (given.yieldsTo.includes(foe)) yieldsTo[g]!.add(other);
      }
    }
  });
  return {
    indices,
    edges: indices.map((index) => [
      ...new Set(byIndex.get(index)!.map((c) => net.lanes[net.connections[c]!.fromLane]!.edge)),
    ]),
    foes,
    yieldsTo: yieldsTo.map((set) => [...set].sort((a, b) => a - b)),
  };
}

/** As the builder of the network has them: edges from which links of the signal lead, in the order of the connections. */
function approachesOf(net: SumoNet, signal: string, indices: readonly number[]): SignalDraft['approaches'] {
  const edges: number[] = [];
  const groupsOfLane = new Map<number, Set<number>>();
  for (const c of connectionsOfSignal(net, signal)) {
    const { fromLane, linkIndex } = net.connections[c]!;
    const { edge } = net.lanes[fromLane]!;
    if (!edges.includes(edge)) edges.push(edge);
    const group = indices.indexOf(linkIndex);
    if (group < 0) continue;
    groupsOfLane.set(fromLane, (groupsOfLane.get(fromLane) ?? new Set()).add(group));
  }
  return edges.map((edge) => ({
    name: net.edges[edge]!.id,
    lanes: net.edges[edge]!.lanes.map((lane) => [...(groupsOfLane.get(lane) ?? [])].sort((a, b) => a - b)),
    upstreamMetres: Math.min(SUMO_UPSTREAM_METRES, net.lanes[net.edges[edge]!.lanes[0]!]!.length),
    limitMetresPerSecond: net.lanes[net.edges[edge]!.lanes[0]!]!.speed,
  }));
}

interface OwnStage {
  readonly id: string;
  readonly groups: readonly number[];
  readonly phases: readonly number[];
}

/** A phase that only keeps green what is green before and after it is a clearance, if it is no longer, s. */
const LONGEST_CLEARANCE_SECONDS = 10;

/** Phases that show green and no yellow, but no clearances; a phase with yellow too where it alone shows a link green. */
function stagesOf(
  program: SumoProgram,
  greens: readonly (readonly boolean[])[],
  isYellow: readonly boolean[],
): { stages: OwnStage[]; stageOfPhase: Int32Array } {
  const groupCount = greens[0]?.length ?? 0;
  const served = new Array<boolean>(groupCount).fill(false);
  const count = program.phases.length;
  const mayBe = program.phases.map(
    ({ durationSeconds }, p) => durationSeconds > 0 && !isYellow[p] && greens[p]!.includes(true),
  );
  const isWithin = (p: number, other: number) => greens[p]!.every((green, g) => !green || greens[other]![g]);
  const isStage = mayBe.map((may, p) => {
    if (!may || program.phases[p]!.durationSeconds > LONGEST_CLEARANCE_SECONDS) return may;
    let before = (p + count - 1) % count;
    while (before !== p && !mayBe[before]) before = (before + count - 1) % count;
    const after = (p + 1) % count;
    const isLess = !isWithin(before, p) && !isWithin(after, p);
    return !(mayBe[after] && isLess && isWithin(p, before) && isWithin(p, after));
  });
  const serve = (p: number) =>
    greens[p]!.forEach((green, g) => {
      if (green) served[g] = true;
    });
  isStage.forEach((is, p) => {
    if (is) serve(p);
  });
  greens.forEach((green, p) => {
    if (isStage[p] || program.phases[p]!.durationSeconds <= 0) return;
    if (!green.some((shown, g) => shown && !served[g])) return;
    isStage[p] = true;
    serve(p);
  });
  const stageOfPhase = new Int32Array(program.phases.length).fill(-1);
  const stages: { id: string; groups: number[]; phases: number[] }[] = [];
  const byKey = new Map<string, number>();
  isStage.forEach((is, p) => {
    if (!is) return;
    const groups = greens[p]!.flatMap((green, g) => (green ? [g] : []));
    const key = groups.join(' ');
    let stage = byKey.get(key);
    if (stage === undefined) {
      stage = stages.length;
      byKey.set(key, stage);
      stages.push({ id: `phase-${p}`, groups, phases: [] });
    }
    stages[stage]!.phases.push(p);
    stageOfPhase[p] = stage;
  });
  return { stages, stageOfPhase };
}

function boundsOf(program: SumoProgram, phases: readonly number[]): { min: number; max: number } {
  const own = phases.map((p) => program.phases[p]!);
  const shortest = Math.min(...own.map((phase) => phase.durationSeconds));
  const given = Math.min(...own.map((phase) => phase.minSeconds));
  const longest = own.reduce((sum, phase) => sum + phase.durationSeconds, 0);
  const most = Math.max(...own.map((phase) => phase.maxSeconds));
  const min = given < shortest ? given : Math.min(USUAL_MIN_GREEN_SECONDS, shortest);
  const usual = most > Math.max(...own.map((phase) => phase.durationSeconds)) ? most : USUAL_MAX_GREEN_SECONDS;
  return { min: Math.max(1, min), max: Math.max(usual, longest, min, 1) };
}

interface Intergreens {
  readonly yellowSeconds: number;
  readonly allRedSeconds: number;
  readonly intergreenSeconds: number[][];
  /** After each phase that is a stage: yellow and red until the next one. */
  readonly after: ReadonlyMap<number, { yellow: number; red: number }>;
}

/** The net's own times between greens: a pair's as the program shows it, else the longest of the program. */
function intergreensOf(
  program: SumoProgram,
  stageOfPhase: Int32Array,
  greens: readonly (readonly boolean[])[],
  conflicts: readonly (readonly boolean[])[],
): Intergreens {
  const count = program.phases.length;
  const after = new Map<number, { yellow: number; red: number }>();
  const closing: { yellow: number; red: number }[] = [];
  const seen: { from: number; to: number; seconds: number }[] = [];
  for (let p = 0; p < count; p++) {
    if (stageOfPhase[p]! < 0) continue;
    let yellow = 0;
    let red = 0;
    let next = (p + 1) % count;
    for (; stageOfPhase[next]! < 0; next = (next + 1) % count) {
      const { state, durationSeconds } = program.phases[next]!;
      if (state.includes('y')) yellow += durationSeconds;
      else red += durationSeconds;
    }
    after.set(p, { yellow, red });
    const closes = greens[p]!.some((green, g) => green && !greens[next]![g]);
    if (next !== p && closes) closing.push({ yellow, red });
    seen.push({ from: p, to: next, seconds: yellow + red });
  }
  const hasYellow = closing.some(({ yellow }) => yellow > 0);
  if (!hasYellow)
    for (const p of after.keys()) after.set(p, { yellow: USUAL_YELLOW_SECONDS, red: USUAL_ALL_RED_SECONDS });
  const shown = hasYellow ? closing.filter(({ yellow }) => yellow > 0) : [];
  const yellowSeconds = hasYellow ? Math.min(...shown.map(({ yellow }) => yellow)) : USUAL_YELLOW_SECONDS;
  const allRedSeconds = hasYellow ? Math.min(...shown.map(({ red }) => red)) : USUAL_ALL_RED_SECONDS;
  const longest = hasYellow
    ? Math.max(...shown.map(({ yellow, red }) => yellow + red))
    : USUAL_YELLOW_SECONDS + USUAL_ALL_RED_SECONDS;
  const intergreenSeconds = conflicts.map((row, i) =>
    row.map((conflict, j) => {
      if (!conflict) return 0;
      let own = Number.POSITIVE_INFINITY;
      for (const { from, to, seconds } of hasYellow ? seen : []) {
        const changes = greens[from]![i] && !greens[to]![i] && greens[to]![j] && !greens[from]![j];
        if (changes && seconds > 0 && seconds < own) own = seconds;
      }
      return Number.isFinite(own) ? own : longest;
    }),
  );
  return { yellowSeconds, allRedSeconds, intergreenSeconds, after };
}

function planOf(program: SumoProgram, stageOfPhase: Int32Array, times: Intergreens): SignalDraft['plan'] {
  const plan: { stage: number; greenSeconds: number; yellowSeconds: number; allRedSeconds: number }[] = [];
  program.phases.forEach(({ durationSeconds }, p) => {
    const stage = stageOfPhase[p]!;
    if (stage < 0) return;
    const { yellow, red } = times.after.get(p)!;
    const entry = {
      stage,
      greenSeconds: durationSeconds,
      yellowSeconds: Math.max(yellow, times.yellowSeconds),
      allRedSeconds: Math.max(red, times.allRedSeconds),
    };
    const before = plan.at(-1);
    // The same links in the next phase too: one green.
    if (before?.stage === stage)
      plan[plan.length - 1] = { ...entry, greenSeconds: before.greenSeconds + durationSeconds };
    else plan.push(entry);
  });
  if (plan.length > 1 && plan[0]!.stage === plan.at(-1)!.stage) {
    const last = plan.pop()!;
    plan[0] = { ...plan[0]!, greenSeconds: plan[0]!.greenSeconds + last.greenSeconds };
  }
  return plan;
}

/**
 * Largest sets of links that may be green together and that no stage of the program has, best first: by lanes that are
 * served whole, and 0.3 for lanes served in part.
 */
function furtherStages(
  stages: readonly OwnStage[],
  conflicts: readonly (readonly boolean[])[],
  links: Links,
  net: SumoNet,
  signal: string,
): number[][] {
  const lanes = new Map<number, Set<number>>();
  for (const c of connectionsOfSignal(net, signal)) {
    const { fromLane, linkIndex } = net.connections[c]!;
    const group = links.indices.indexOf(linkIndex);
    if (group < 0) continue;
    lanes.set(fromLane, (lanes.get(fromLane) ?? new Set()).add(group));
  }
  const opened = [...lanes.values()].map((groups) => [...groups]);
  const own = new Set(stages.map(({ groups }) => groups.join(' ')));
  return maximalSets(conflicts.length, (a, b) => !conflicts[a]![b])
    .filter((set) => !own.has(set.join(' ')))
    .map((set) => ({ set, score: scoreOfSet(set, opened) }))
    .sort((a, b) => b.score - a.score || (a.set.join(' ') < b.set.join(' ') ? -1 : 1))
    .slice(0, MOST_FURTHER_STAGES)
    .map(({ set }) => set);
}

/**
 * What SUMO is to show for lamps of the groups, as a state of `linkCount` characters: a green link is `g` where a link to
 * which it yields is green or yellow too, else `G`. Links that belong to no group stay red.
 */
export function sumoStateOf(stages: SumoStages, lamps: ArrayLike<number>, linkCount: number): string {
  const codes = new Uint8Array(linkCount).fill(114);
  writeSumoState(stages, lamps, codes, 0);
  return String.fromCharCode(...codes);
}

/** The same into `codes` from `at` on, as character codes. Lamps: 0 red, 1 green, 2 yellow. */
export function writeSumoState(stages: SumoStages, lamps: ArrayLike<number>, codes: Uint8Array, at: number): void {
  const { linkIndices, yieldsTo } = stages;
  for (let g = 0; g < linkIndices.length; g++) {
    let code = 114;
    if (lamps[g] === 2) code = 121;
    else if (lamps[g] === 1) {
      code = 71;
      for (const foe of yieldsTo[g]!) if (lamps[foe] !== 0) code = 103;
    }
    codes[at + linkIndices[g]!] = code;
  }
}
