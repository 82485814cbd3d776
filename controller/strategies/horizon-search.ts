/**
 * The search of `horizon`: a beam over plans of stages on a model of queues that are fluid, a second a step. A plan's cost
 * is the vehicles that wait, summed over time, the older ones weighing more, and what stops and changes of stage cost.
 */

export interface SearchLane {
  /** Vehicles at the line, and the seconds they have waited in all. */
  readonly queued: number;
  readonly waitedSeconds: number;
  /** Vehicles that arrive in each second from now. */
  readonly arrivals: Float64Array;
  /** Vehicles a second that arrive after those. */
  readonly rate: number;
  /** Vehicles a second while it discharges. */
  readonly perSecond: number;
  /** Seconds until its queue moves, on a green that has begun. */
  readonly startsInSeconds: number;
  /** What the wait of one of its users weighs. */
  readonly weight: number;
}

export interface SearchStage {
  readonly minGreenSeconds: number;
  readonly maxGreenSeconds: number;
  /** By lane: share of its discharge while this stage is green. */
  readonly serves: readonly number[];
}

export interface SearchProblem {
  readonly lanes: readonly SearchLane[];
  readonly stages: readonly SearchStage[];
  readonly betweenSeconds: readonly (readonly number[])[];
  /** Running stage, its green so far, seconds. */
  readonly stage: number;
  readonly greenSeconds: number;
  readonly horizonSeconds: number;
  /** Goes on by a rule for so long after the horizon. */
  readonly rolloutSeconds: number;
  readonly startUpSeconds: number;
  /** Of the yellow, used like green. */
  readonly amberSeconds: number;
  readonly beamWidth: number;
  /** A stop and a change of stage cost as much as so many vehicle-seconds. */
  readonly stopCost: number;
  readonly changeCost: number;
  /** How much a wait of 100 s adds to the weight of who waits. */
  readonly fairness: number;
  readonly foreseenSeconds: number;
  /** Lane-seconds that may be looked at. */
  readonly work: number;
}

export interface SearchResult {
  /** Stage to go to; the running one: stay. */
  readonly stage: number;
  /** By stage, of the best plan that begins by going there (or by staying): cost and vehicle-seconds waited; null: not looked at. */
  readonly options: readonly ({ readonly cost: number; readonly delaySeconds: number } | null)[];
  /** The best plan: stages and when each is asked for, seconds from now. */
  readonly plan: readonly { readonly stage: number; readonly inSeconds: number }[];
  /** What the best plan leaves waiting at the first moment from `foreseenSeconds` on; null: it ends before. */
  readonly foreseen: { readonly inSeconds: number; readonly queued: readonly number[] } | null;
  readonly work: number;
  /** As far as it looked. */
  readonly lookedSeconds: number;
}

interface Node {
  readonly time: number;
  readonly stage: number;
  /** Green so far. */
  readonly green: number;
  readonly queue: Float64Array;
  readonly waited: Float64Array;
  readonly startsIn: Float64Array;
  readonly cost: number;
  readonly delay: number;
  readonly rank: number;
  /** First stage asked for. */
  readonly first: number;
  readonly parent: Node | null;
  /** Order of making, so that ties have one outcome. */
  readonly order: number;
}

/** A plan may change stage in every second up to here, then in every other one. */
const FINE_SECONDS = 8;
const COARSE_STEP = 2;
/** A stage is worth going to for so much of a vehicle. */
const WORTH = 0.3;

export function searchPlans(problem: SearchProblem): SearchResult {
  const search = new Search(problem);
  return search.run();
}

class Search {
  private readonly problem: SearchProblem;
  private readonly lanes: readonly SearchLane[];
  private readonly usualBetween: number;
  private work = 0;
  private made = 0;
  // The node being worked out.
  private queue: Float64Array;
  private waited: Float64Array;
  private startsIn: Float64Array;
  private cost = 0;
  private delay = 0;

  constructor(problem: SearchProblem) {
    this.problem = problem;
    this.lanes = problem.lanes;
    this.usualBetween = Math.min(...problem.betweenSeconds.flat());
    this.queue = new Float64Array(problem.lanes.length);
    this.waited = new Float64Array(problem.lanes.length);
    this.startsIn = new Float64Array(problem.lanes.length);
  }

  run(): SearchResult {
    const { problem, lanes } = this;
    const { stages, horizonSeconds } = problem;
    const buckets: Node[][] = Array.from({ length: horizonSeconds + 1 }, () => []);
    this.queue = Float64Array.from(lanes, (lane) => lane.queued);
    this.waited = Float64Array.from(lanes, (lane) => lane.waitedSeconds);
    this.startsIn = Float64Array.from(lanes, (lane) => lane.startsInSeconds);
    const root = this.finish(0, problem.stage, problem.greenSeconds, -1, null);
    buckets[0]!.push(root);
    const leaves: Node[] = [];
    let looked = horizonSeconds;
    for (let b = 0; b < buckets.length; b++) {
      const chosen = this.choose(buckets[b]!);
      if (b === buckets.length - 1 || this.work > problem.work) {
        if (b < buckets.length - 1) looked = Math.min(looked, b);
        leaves.push(...chosen);
        continue;
      }
      for (const node of chosen) this.expand(node, buckets, leaves);
    }
    let best: Node | null = null;
    let bestCost = Number.POSITIVE_INFINITY;
    const options: ({ cost: number; delaySeconds: number } | null)[] = stages.map(() => null);
    for (const leaf of leaves) {
      const { cost, delay } = this.clear(leaf);
      const known = options[leaf.first];
      if (known === null || known === undefined || cost < known.cost)
        options[leaf.first] = { cost, delaySeconds: delay };
      if (cost < bestCost) {
        bestCost = cost;
        best = leaf;
      }
    }
    const plan: { stage: number; inSeconds: number }[] = [];
    let foreseen: SearchResult['foreseen'] = null;
    for (let node = best; node !== null; node = node.parent) {
      const { parent, time, queue } = node;
      if (time >= problem.foreseenSeconds) foreseen = { inSeconds: time, queued: [...queue] };
      if (parent !== null && parent.stage !== node.stage) plan.unshift({ stage: node.stage, inSeconds: parent.time });
    }
    return { stage: best?.first ?? problem.stage, options, plan, foreseen, work: this.work, lookedSeconds: looked };
  }

  /** The best of a bucket, of no stage more than half, and the best of every stage and of every first step. */
  private choose(bucket: Node[]): Node[] {
    const { beamWidth, stages } = this.problem;
    if (bucket.length <= 1) return bucket;
    bucket.sort((a, b) => a.rank - b.rank || a.order - b.order);
    const chosen: Node[] = [];
    const ofStage = stages.map(() => 0);
    const ofFirst = stages.map(() => 0);
    for (const node of bucket) {
      const full = chosen.length >= beamWidth || ofStage[node.stage]! >= Math.max(1, beamWidth / 2);
      const absent = ofStage[node.stage] === 0 || (node.first >= 0 && ofFirst[node.first] === 0);
      if (full && !(absent && chosen.length < 3 * beamWidth)) continue;
      chosen.push(node);
      ofStage[node.stage]!++;
      if (node.first >= 0) ofFirst[node.first]!++;
    }
    return chosen;
  }

  private expand(node: Node, buckets: Node[][], leaves: Node[]): void {
    const { stages, betweenSeconds, changeCost, amberSeconds, horizonSeconds } = this.problem;
    const own = stages[node.stage]!;
    const first = (stage: number): number => (node.first < 0 ? stage : node.first);
    const put = (next: Node): void => {
      if (next.time < buckets.length) buckets[next.time]!.push(next);
      else leaves.push(next);
    };
    const fine = node.time < FINE_SECONDS || node.time % COARSE_STEP !== 0;
    const step = fine || node.time + COARSE_STEP > horizonSeconds ? 1 : COARSE_STEP;
    const mayStay = node.green + step <= own.maxGreenSeconds;
    const mayGo = node.time < FINE_SECONDS || !fine || !mayStay;
    let went = false;
    if (mayGo && node.green >= own.minGreenSeconds) {
      for (let to = 0; to < stages.length; to++) {
        if (to === node.stage || (mayStay && !this.isWorthGoing(node, to))) continue;
        const between = betweenSeconds[node.stage]![to]!;
        const seconds = Math.ceil(between) + Math.ceil(stages[to]!.minGreenSeconds);
        this.load(node);
        const used = Math.min(Math.round(amberSeconds), Math.ceil(between));
        this.pass(node.time, used, node.stage, node.stage);
        this.pass(node.time + used, Math.ceil(between) - used, node.stage, to);
        this.open(node.stage, to);
        this.pass(node.time + Math.ceil(between), seconds - Math.ceil(between), to, to);
        this.cost += changeCost;
        put(this.finish(node.time + seconds, to, seconds - Math.ceil(between), first(to), node));
        went = true;
      }
    }
    if (mayStay || !went) {
      this.load(node);
      this.pass(node.time, step, node.stage, node.stage);
      put(this.finish(node.time + step, node.stage, node.green + step, first(node.stage), node));
    }
  }

  /** Whether there is somebody, by the time the stage would be green, whom it serves better than the running one. */
  private isWorthGoing(node: Node, to: number): boolean {
    const { stages, betweenSeconds } = this.problem;
    const until = node.time + betweenSeconds[node.stage]![to]! + stages[to]!.minGreenSeconds + 3;
    let somebody = 0;
    for (let l = 0; l < this.lanes.length; l++) {
      if (stages[to]!.serves[l]! <= stages[node.stage]!.serves[l]!) continue;
      somebody += node.queue[l]!;
      const { arrivals } = this.lanes[l]!;
      for (let k = node.time; k < until && k < arrivals.length; k++) somebody += arrivals[k]!;
      if (somebody >= WORTH) return true;
    }
    return false;
  }

  private load(node: Node): void {
    this.queue = node.queue.slice();
    this.waited = node.waited.slice();
    this.startsIn = node.startsIn.slice();
    this.cost = node.cost;
    this.delay = node.delay;
  }

  /** Lanes that get green now: a queue takes a while to start. */
  private open(from: number, to: number): void {
    const { stages, startUpSeconds } = this.problem;
    for (let l = 0; l < this.lanes.length; l++) {
      const before = stages[from]!.serves[l]!;
      if (before === 0 && stages[to]!.serves[l]! > 0) this.startsIn[l] = this.queue[l]! > 0.2 ? startUpSeconds : 0;
    }
  }

  /** So many seconds in which lanes discharge that are green in both stages. */
  private pass(from: number, seconds: number, stage: number, next: number): void {
    const { stages, stopCost, fairness } = this.problem;
    const { queue, waited, startsIn, lanes } = this;
    this.work += lanes.length * seconds;
    for (let l = 0; l < lanes.length; l++) {
      const { arrivals, perSecond, weight } = lanes[l]!;
      const serves = Math.min(stages[stage]!.serves[l]!, stages[next]!.serves[l]!);
      const discharge = perSecond * serves;
      let q = queue[l]!;
      let w = waited[l]!;
      let starts = startsIn[l]!;
      let cost = 0;
      let delay = 0;
      for (let k = from; k < from + seconds; k++) {
        const comes = k < arrivals.length ? arrivals[k]! : 0;
        let may = 0;
        if (discharge > 0) {
          if (starts >= 1) starts -= 1;
          else {
            may = discharge * (1 - starts);
            starts = 0;
          }
        }
        if (q + comes === 0) continue;
        const leaves = Math.min(q + comes, may);
        const stays = q + comes - leaves;
        // Who comes upon a queue or a red light stops.
        const stopped = Math.min(comes, stays);
        if (stopped > 0) cost += stopCost * stopped;
        w = stays <= 0 ? 0 : q > 0 ? (w + q) * Math.min(1, stays / q) : 0;
        const mean = (q + stays) / 2;
        delay += mean;
        cost += mean + (fairness * w) / 100;
        q = stays;
      }
      queue[l] = q;
      waited[l] = w;
      startsIn[l] = starts;
      this.cost += weight * cost;
      this.delay += weight * delay;
    }
  }

  private finish(time: number, stage: number, green: number, first: number, parent: Node | null): Node {
    const { queue, waited, startsIn, cost, delay } = this;
    const rank = cost + this.remaining(stage);
    return { time, stage, green, queue, waited, startsIn, cost, delay, rank, first, parent, order: this.made++ };
  }

  /** What is left, if every lane could begin to clear at once (those that are red after a change). */
  private remaining(stage: number): number {
    const { stages, startUpSeconds } = this.problem;
    let cost = 0;
    for (let l = 0; l < this.lanes.length; l++) {
      const { perSecond, weight } = this.lanes[l]!;
      const q = this.queue[l]!;
      if (q <= 0) continue;
      const green = stages[stage]!.serves[l]! > 0;
      const waits = green ? this.startsIn[l]! : this.usualBetween + startUpSeconds;
      cost += weight * q * (waits + q / (2 * perSecond));
    }
    return cost;
  }

  /**
   * Goes on from a leaf for `rolloutSeconds`, with arrivals at their rates: stage after stage the one that serves most
   * weight a second, until its longest queue is gone. What is left then waits as long as such queues do.
   */
  private clear(leaf: Node): { cost: number; delay: number } {
    const { stages, betweenSeconds, startUpSeconds, fairness, changeCost, horizonSeconds, rolloutSeconds } =
      this.problem;
    const { lanes } = this;
    this.load(leaf);
    if (leaf.time < horizonSeconds) this.pass(leaf.time, horizonSeconds - leaf.time, leaf.stage, leaf.stage);
    const { queue, waited } = this;
    let { cost, delay } = this;
    let stage = leaf.stage;
    let now = Math.max(leaf.time, horizonSeconds);
    const end = horizonSeconds + rolloutSeconds;
    const wait = waited.map((w, l) => (queue[l]! > 0.05 ? w / queue[l]! : 0));
    while (now < end) {
      let bestStage = -1;
      let bestRate = 0;
      let bestSeconds = 0;
      for (let to = 0; to < stages.length; to++) {
        const lost = to === stage ? 0 : betweenSeconds[stage]![to]! + startUpSeconds;
        let mass = 0;
        let longest = to === stage ? 0 : stages[to]!.minGreenSeconds - startUpSeconds;
        for (let l = 0; l < lanes.length; l++) {
          const { perSecond, rate, weight } = lanes[l]!;
          const serves = stages[to]!.serves[l]!;
          if (serves === 0) continue;
          const q = queue[l]! + rate * lost;
          if (q < 0.3) continue;
          mass += weight * q * (1 + (fairness * wait[l]!) / 100);
          longest = Math.max(
            longest,
            Math.min(stages[to]!.maxGreenSeconds, q / Math.max(0.05, perSecond * serves - rate)),
          );
        }
        if (mass > 0 && mass / (lost + longest) > bestRate) {
          bestRate = mass / (lost + longest);
          bestStage = to;
          bestSeconds = lost + longest;
        }
      }
      if (bestStage < 0) {
        bestStage = stage;
        bestSeconds = 5;
      }
      const seconds = Math.max(1, Math.min(bestSeconds, end - now));
      const lost = bestStage === stage ? 0 : Math.min(seconds, betweenSeconds[stage]![bestStage]! + startUpSeconds);
      if (bestStage !== stage) cost += changeCost;
      for (let l = 0; l < lanes.length; l++) {
        const { perSecond, rate, weight } = lanes[l]!;
        const serves = stages[bestStage]!.serves[l]!;
        const q = queue[l]!;
        let waits: number;
        if (serves === 0) {
          waits = (q + (rate * seconds) / 2) * seconds;
          queue[l] = q + rate * seconds;
          wait[l]! += seconds;
        } else {
          const atStart = q + rate * lost;
          const net = perSecond * serves - rate;
          const takes = net > 0 ? Math.min(seconds - lost, atStart / net) : seconds - lost;
          const after = Math.max(0, atStart - net * takes);
          waits = ((q + atStart) / 2) * lost + ((atStart + after) / 2) * takes + after * (seconds - lost - takes);
          queue[l] = after;
          if (after < 0.05) wait[l] = 0;
        }
        delay += weight * waits;
        cost += weight * waits * (1 + (fairness * wait[l]!) / 100);
      }
      now += seconds;
      stage = bestStage;
    }
    for (let l = 0; l < lanes.length; l++) {
      const { perSecond, weight } = lanes[l]!;
      const q = queue[l]!;
      const waits = q * ((stages[stage]!.serves[l]! > 0 ? 0 : this.usualBetween + 10) + q / (2 * perSecond));
      delay += weight * waits;
      cost += weight * waits * (1 + (fairness * wait[l]!) / 100);
    }
    return { cost, delay };
  }
}
