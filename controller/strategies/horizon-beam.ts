/**
 * The search of `horizon`: a beam over plans of stages, in steps of time, on a model of single vehicles. A plan costs the
 * delay of its vehicles, the older ones weighing more, and what stops and changes of stage cost; the best leaves are
 * finished by a rule until everybody is gone. Counts its work, so that it is the same on any machine.
 */
import type { Model, State } from './horizon-model.ts';

export interface BeamProblem {
  readonly model: Model;
  readonly betweenSeconds: readonly (readonly number[])[];
  /** Running stage, and its green so far, seconds. */
  readonly stage: number;
  readonly greenSeconds: number;
  /** By group: since when it is green, 0 or before; Infinity where it is not. */
  readonly open: Float64Array;
  /** By lane: somebody waits inside the junction who is none of its vehicles any more. */
  readonly takenInside?: readonly boolean[];
  readonly horizonSeconds: number;
  readonly stepSeconds: number;
  readonly beamWidth: number;
  readonly startUpSeconds: number;
  /** A change of stage costs as much as so many vehicle-seconds. */
  readonly changeCost: number;
  readonly foreseenSeconds: number;
  /** Whether the departures of the best plan are asked for. */
  readonly tellsDepartures?: boolean;
  /** Lane-steps that may be looked at. */
  readonly work: number;
}

export interface BeamOption {
  readonly cost: number;
  readonly delaySeconds: number;
}

export interface BeamResult {
  /** Stage to go to; the running one: stay. */
  readonly stage: number;
  /** By stage: the best plan found that begins by going there, or by staying; null: not looked at. */
  readonly options: readonly (BeamOption | null)[];
  /** Stages of the best plan, and when each is asked for, seconds from now. */
  readonly plan: readonly { readonly stage: number; readonly inSeconds: number }[];
  /** Vehicles that the best plan has let go by lane (sums of their masses), at the first moment from `foreseenSeconds` on; null: it ends before. */
  readonly foreseen: { readonly inSeconds: number; readonly gone: readonly number[] } | null;
  /** Who leaves when by the best plan, where asked for, by lane. */
  readonly departures: readonly Departure[];
  readonly work: number;
  readonly lookedSeconds: number;
}

export interface Departure {
  readonly lane: number;
  /** -1: unknown. */
  readonly group: number;
  readonly inSeconds: number;
  readonly mass: number;
}

interface Node {
  time: number;
  stage: number;
  /** When its green began. */
  since: number;
  rank: number;
  /** First stage asked for; -1: none yet. */
  first: number;
  parent: Node | null;
  order: number;
  state: State;
}

/** A stage is worth going to for who is due so soon after its least green, seconds. */
const SOON_SECONDS = 3;
/** The rule that finishes a leaf. */
const MOST_FINISHING_STAGES = 80;
const FINISH_SOON_SECONDS = 4;

/** States of earlier searches, by size: to be used again. */
const pools = new Map<string, State[]>();

export function searchBeam(problem: BeamProblem): BeamResult {
  return new Beam(problem).run();
}

class Beam {
  private readonly problem: BeamProblem;
  private readonly model: Model;
  /** Least seconds from green to green, and with the least green after it. */
  private readonly red: number;
  private readonly usual: number;
  private made = 0;
  /** What may be done now, each with the state to which it leads. */
  private readonly firstSteps: Node[] = [];
  private readonly free: State[];
  private readonly used: State[] = [];

  constructor(problem: BeamProblem) {
    this.problem = problem;
    this.model = problem.model;
    const key = `${this.model.lanes.length} ${this.model.groups}`;
    this.free = pools.get(key) ?? [];
    pools.set(key, this.free);
    let least = Number.POSITIVE_INFINITY;
    for (const row of problem.betweenSeconds) for (const seconds of row) least = Math.min(least, seconds);
    this.red = least;
    this.usual = least + Math.min(...this.model.stages.map(({ minGreenSeconds }) => minGreenSeconds));
  }

  run(): BeamResult {
    const { problem, model } = this;
    const { stepSeconds, horizonSeconds } = problem;
    const last = Math.ceil(horizonSeconds / stepSeconds);
    const buckets: Node[][] = Array.from({ length: last + 1 }, () => []);
    const start = this.take();
    start.next.fill(0);
    for (let l = 0; l < model.lanes.length; l++) start.last[l] = model.lanes[l]!.lastSeconds;
    start.open.set(problem.open);
    for (let l = 0; l < model.lanes.length; l++)
      start.inside[l] = problem.takenInside?.[l] ? Number.POSITIVE_INFINITY : 0;
    start.waiting.fill(-1);
    start.cost = 0;
    start.delay = 0;
    const root = this.node(0, problem.stage, -problem.greenSeconds, -1, null, start);
    buckets[0]!.push(root);
    let leaves: Node[] = [];
    let looked = horizonSeconds;
    for (let b = 0; b <= last; b++) {
      const bucket = buckets[b]!;
      if (bucket.length === 0) continue;
      if (b === last) {
        leaves.push(...bucket);
        break;
      }
      const chosen = this.choose(bucket, problem.beamWidth);
      if (model.work > problem.work && b > 0) {
        looked = Math.min(looked, b * stepSeconds);
        leaves.push(...chosen);
        continue;
      }
      for (const node of chosen) this.expand(node, buckets, last);
    }
    leaves = this.choose(leaves, 2 * problem.beamWidth);
    const options: (BeamOption | null)[] = model.stages.map(() => null);
    let best = root;
    let bestCost = Number.POSITIVE_INFINITY;
    const judge = (leaf: Node): void => {
      const { cost, delay } = this.finish(leaf);
      const known = options[leaf.first] ?? null;
      if (known === null || cost < known.cost) options[leaf.first] = { cost, delaySeconds: delay };
      if (cost < bestCost) {
        bestCost = cost;
        best = leaf;
      }
    };
    for (const leaf of leaves) judge(leaf);
    // Of a first step whose plans all fell behind the rule tells what it would have cost.
    for (const step of this.firstSteps) if (options[step.first] === null) judge(step);
    const plan: { stage: number; inSeconds: number }[] = [];
    let foreseen: BeamResult['foreseen'] = null;
    for (let node: Node | null = best; node !== null; node = node.parent) {
      if (node.time >= problem.foreseenSeconds) foreseen = { inSeconds: node.time, gone: model.gone(node.state) };
      if (node.parent !== null && node.parent.stage !== node.stage)
        plan.unshift({ stage: node.stage, inSeconds: node.parent.time });
    }
    const departures = problem.tellsDepartures === true ? this.departures(best) : [];
    this.free.push(...this.used);
    return {
      stage: best.first < 0 ? problem.stage : best.first,
      options,
      plan,
      foreseen,
      departures,
      work: model.work,
      lookedSeconds: looked,
    };
  }

  private take(): State {
    const state = this.free.pop() ?? this.model.emptyState();
    this.used.push(state);
    return state;
  }

  private copy(from: State): State {
    const state = this.take();
    state.next.set(from.next);
    state.last.set(from.last);
    state.open.set(from.open);
    state.inside.set(from.inside);
    state.waiting.set(from.waiting);
    state.cost = from.cost;
    state.delay = from.delay;
    return state;
  }

  private node(time: number, stage: number, since: number, first: number, parent: Node | null, state: State): Node {
    const rank = state.cost + this.model.remaining(state, stage, time, this.red);
    return { time, stage, since, rank, first, parent, order: this.made++, state };
  }

  /** Who leaves on the way to a node: within each of its steps as closely behind each other as the headway allows. */
  private departures(leaf: Node): Departure[] {
    const { lanes } = this.model;
    const all: Departure[] = [];
    for (let node = leaf; node.parent !== null; node = node.parent) {
      const before = node.parent;
      for (let l = 0; l < lanes.length; l++) {
        const { group, mass, free, headwaySeconds } = lanes[l]!;
        const [from, to] = [before.state.next[l]!, node.state.next[l]!];
        for (let p = from; p < to; p++) {
          const back = node.state.last[l]! - headwaySeconds * (to - 1 - p);
          const inSeconds = Math.min(node.time, Math.max(before.time, free[p]!, back));
          all.push({ lane: l, group: group[p]!, inSeconds, mass: mass[p]! });
        }
      }
    }
    return all.sort((a, b) => a.inSeconds - b.inSeconds || a.lane - b.lane);
  }

  /** The best of a bucket, the best first. */
  private choose(bucket: Node[], width: number): Node[] {
    return bucket.sort((a, b) => a.rank - b.rank || a.order - b.order).slice(0, width);
  }

  private expand(node: Node, buckets: Node[][], last: number): void {
    const { model, problem } = this;
    const { betweenSeconds, stepSeconds, changeCost } = problem;
    const { stage, time, since, state, first } = node;
    const own = model.stages[stage]!;
    const put = (next: Node): void => {
      if (first < 0) this.firstSteps.push(next);
      buckets[Math.min(last, Math.floor(next.time / stepSeconds + 1e-9))]!.push(next);
    };
    const mayStay = time - since + stepSeconds <= own.maxGreenSeconds;
    let went = false;
    if (time - since >= own.minGreenSeconds) {
      const worth = model.worthGoing(state, stage, time + this.usual + SOON_SECONDS);
      const targets = worth.length > 0 || mayStay ? worth : model.stages.keys();
      for (const to of targets) {
        if (to === stage) continue;
        const opensAt = time + betweenSeconds[stage]![to]!;
        const end = opensAt + model.stages[to]!.minGreenSeconds;
        const next = this.copy(state);
        model.clear(next, stage, to, time);
        model.serve(next, model.view(stage, to), time, opensAt);
        model.change(next, stage, to, opensAt);
        model.serve(next, model.view(to, to), opensAt, end);
        next.cost += changeCost;
        put(this.node(end, to, opensAt, first < 0 ? to : first, node, next));
        went = true;
      }
    }
    if (mayStay || !went) {
      const next = this.copy(state);
      model.serve(next, model.view(stage, stage), time, time + stepSeconds);
      put(this.node(time + stepSeconds, stage, since, first < 0 ? stage : first, node, next));
    }
  }

  /** Goes on from a leaf, stage after stage the one that clears most weight a second, until everybody has left. */
  private finish(leaf: Node): { cost: number; delay: number } {
    const { model, problem } = this;
    const state = this.copy(leaf.state);
    let { time: now, stage } = leaf;
    for (let n = 0; n < MOST_FINISHING_STAGES; n++) {
      let best = -1;
      let bestRate = 0;
      let bestEnd = 0;
      let anybody = false;
      for (let to = 0; to < model.stages.length; to++) {
        const opensAt = to === stage ? now : now + problem.betweenSeconds[stage]![to]!;
        const found = this.clearable(state, to, opensAt, to === stage ? 0 : problem.startUpSeconds);
        anybody ||= found.anybody;
        if (found.weight <= 0) continue;
        const least = to === stage ? 0 : model.stages[to]!.minGreenSeconds;
        const end = opensAt + Math.max(least, found.seconds);
        const rate = found.weight / (end - now);
        if (rate > bestRate) {
          bestRate = rate;
          best = to;
          bestEnd = end;
        }
      }
      if (best < 0) {
        if (!anybody) break;
        model.serve(state, model.view(stage, stage), now, now + FINISH_SOON_SECONDS);
        now += FINISH_SOON_SECONDS;
        continue;
      }
      if (best === stage) model.serve(state, model.view(stage, stage), now, bestEnd);
      else {
        const opensAt = now + problem.betweenSeconds[stage]![best]!;
        model.clear(state, stage, best, now);
        model.serve(state, model.view(stage, best), now, opensAt);
        model.change(state, stage, best, opensAt);
        model.serve(state, model.view(best, best), opensAt, bestEnd);
        state.cost += problem.changeCost;
        stage = best;
      }
      now = bestEnd;
    }
    // Who is still there after so many stages waits as if every lane could clear at once.
    const cost = state.cost + model.remaining(state, stage, now, this.red);
    return { cost, delay: state.delay };
  }

  /** Weight that a stage would let go until its longest queue is gone, and the seconds which that takes. */
  private clearable(
    state: State,
    stage: number,
    opensAt: number,
    startUp: number,
  ): { weight: number; seconds: number; anybody: boolean } {
    const { model } = this;
    const view = model.view(stage, stage);
    let weight = 0;
    let seconds = 0;
    let anybody = false;
    for (const l of view.order) {
      const lane = model.lanes[l]!;
      let p = state.next[l]!;
      if (p >= lane.count) continue;
      anybody = true;
      let at = Math.max(opensAt + startUp, state.last[l]! + lane.headwaySeconds);
      const begin = opensAt;
      for (; p < lane.count; p++) {
        const own = lane.group[p]!;
        if (own < 0 ? !view.whole[l] : !view.green[own]) break;
        if (lane.free[p]! > at + FINISH_SOON_SECONDS) break;
        at = Math.max(at, lane.free[p]!);
        weight += own >= 0 && view.permitted[own] ? 0.5 * lane.weight[p]! : lane.weight[p]!;
        at += lane.headwaySeconds * lane.mass[p]!;
      }
      seconds = Math.max(seconds, at - begin);
    }
    return { weight, seconds, anybody };
  }
}
