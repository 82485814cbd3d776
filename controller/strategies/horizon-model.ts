/**
 * The model of `horizon`: lanes as first-in, first-out queues of single vehicles that leave at a headway while their group is
 * green. Where it is only permitted one of each lane waits for its gap inside the junction, and those behind it who give way
 * too at the line. Seconds from now.
 */

/** Vehicles of a lane that are known or assumed, the first at the line first. */
export interface ModelLane {
  /** Groups that its traffic obeys, indices. */
  readonly groups: readonly number[];
  readonly count: number;
  /** When each would reach the line if nothing held it up, at least 0. */
  readonly free: Float64Array;
  /** What a second of its delay costs. */
  readonly weight: Float64Array;
  /** How fast that grows: half of it a second. */
  readonly growth: Float64Array;
  /** What it costs that it has to stop. */
  readonly stop: Float64Array;
  /** After so many seconds of delay it is late; from then on a second costs `lateWeight` more. */
  readonly late: Float64Array;
  readonly lateWeight: Float64Array;
  /** How much of a vehicle it is: so many headways. */
  readonly mass: Float64Array;
  /** Group that each obeys; -1: unknown, it goes when the whole lane may. */
  readonly group: Int32Array;
  /** When the last one left, 0 or before. */
  readonly lastSeconds: number;
  /** Seconds between two that leave from a queue. */
  readonly headwaySeconds: number;
  /** The same for those of unknown group where some of the lane's groups have to give way. */
  readonly yieldSeconds: number;
}

export interface ModelStage {
  readonly minGreenSeconds: number;
  readonly maxGreenSeconds: number;
  /** By group: 1 where green. */
  readonly green: Uint8Array;
}

export interface ModelTimes {
  /** A queue starts so long after its green does. */
  readonly startUpSeconds: number;
  /** A permitted vehicle goes where no other comes so soon after it, or a second before it. */
  readonly gapSeconds: number;
}

/** What is green in a stage, or while one stage becomes another: only what is green in both, at the weaker right. */
export interface View {
  readonly green: Uint8Array;
  /** 1 where it gives way to another that is green. */
  readonly permitted: Uint8Array;
  /** Lanes that may discharge, those that give way after the others. */
  readonly order: readonly number[];
  /** By lane: all of its groups are green. */
  readonly whole: Uint8Array;
  /** By lane: some of its groups give way. */
  readonly gives: Uint8Array;
  /** By lane: others give way to it. */
  readonly isFoe: Uint8Array;
  /** By group: lanes with a group that it gives way to. */
  readonly foeLanes: readonly (readonly number[])[];
}

/** Where a plan has led to. */
export interface State {
  /** By lane: first vehicle that has not left. */
  readonly next: Int32Array;
  /** By lane: when the last one left. */
  readonly last: Float64Array;
  /** By group: since when it is green. */
  readonly open: Float64Array;
  /**
   * By lane: from when on the next one that gives way may drive into the junction; Infinity: vehicle `waiting` waits for its
   * gap there, -1: one that nobody sees, on the way of the lane's first.
   */
  readonly inside: Float64Array;
  readonly waiting: Int32Array;
  cost: number;
  delay: number;
}

const NEVER = Number.POSITIVE_INFINITY;
/** Who gives way lets pass whoever came so shortly before, seconds. */
const BEFORE_SECONDS = 1;
/** One that waits inside the junction leaves so long after its green has ended, seconds. */
const CLEARS_SECONDS = 1.5;
/** A delay below this is no stop, seconds; from the second on it is a whole one. */
const NO_STOP_SECONDS = 0.5;
const WHOLE_STOP_SECONDS = 3;
const MOST_FOES = 64;
/** So many at the head of a lane decide which stages are of use. */
const NEAR_VEHICLES = 6;

interface Foes {
  readonly times: Float64Array;
  readonly groups: Int32Array;
}

/** What so many seconds of delay of vehicle `p` cost. */
function costOf({ weight, growth, late, lateWeight }: ModelLane, p: number, delay: number): number {
  const cost = (weight[p]! + growth[p]! * delay) * delay;
  return delay > late[p]! ? cost + lateWeight[p]! * (delay - late[p]!) : cost;
}

/** One model is searched at a time: what one writes here nobody else reads. */
const scratch: Foes[] = [];

export class Model {
  readonly lanes: readonly ModelLane[];
  readonly stages: readonly ModelStage[];
  readonly groups: number;
  /** Lane-steps looked at. */
  work = 0;
  private readonly times: ModelTimes;
  private readonly yields: readonly (readonly number[])[];
  private readonly views: (View | undefined)[];
  /** Departures of lanes that others give way to, in the interval being worked out and a bit beyond. */
  private readonly foes: readonly Foes[];
  private readonly foeCount: Int32Array;
  /** Groups as bits: green, and green without giving way, by stage. */
  private readonly words: number;
  private readonly masks: readonly { readonly green: Int32Array; readonly secure: Int32Array }[];
  private readonly need: Int32Array;
  private readonly worth: number[] = [];
  /** By lane, by vehicle: the mass of those before it. */
  private readonly massBefore: Float64Array[];

  /** `yields[g]`: groups that g gives way to. Views are worked out once and kept in `views`, which belongs to the stages. */
  constructor(
    lanes: readonly ModelLane[],
    stages: readonly ModelStage[],
    groups: number,
    yields: readonly (readonly number[])[],
    times: ModelTimes,
    views: (View | undefined)[],
  ) {
    this.lanes = lanes;
    this.stages = stages;
    this.groups = groups;
    this.yields = yields;
    this.times = times;
    this.views = views;
    while (scratch.length < lanes.length) {
      scratch.push({ times: new Float64Array(MOST_FOES), groups: new Int32Array(MOST_FOES) });
    }
    this.foes = scratch;
    this.foeCount = new Int32Array(lanes.length);
    this.words = (groups + 31) >> 5;
    this.need = new Int32Array(this.words);
    this.masks = stages.map((_, stage) => this.masksOf(stage));
    this.massBefore = lanes.map(({ count, mass }) => {
      const before = new Float64Array(count + 1);
      for (let i = 0; i < count; i++) before[i + 1] = before[i]! + mass[i]!;
      return before;
    });
  }

  emptyState(): State {
    return {
      next: new Int32Array(this.lanes.length),
      last: new Float64Array(this.lanes.length),
      open: new Float64Array(this.groups),
      inside: new Float64Array(this.lanes.length),
      waiting: new Int32Array(this.lanes.length),
      cost: 0,
      delay: 0,
    };
  }

  /** By lane: how many vehicles have left, each by its mass. */
  gone(state: State): number[] {
    return this.massBefore.map((before, l) => before[state.next[l]!]!);
  }

  /** `from` and `to` the same: the stage itself. */
  view(from: number, to: number): View {
    const key = from * this.stages.length + to;
    let view = this.views[key];
    if (view === undefined) {
      view = this.makeView(from, to);
      this.views[key] = view;
    }
    return view;
  }

  private masksOf(stage: number): { green: Int32Array; secure: Int32Array } {
    const { green, permitted } = this.view(stage, stage);
    const masks = { green: new Int32Array(this.words), secure: new Int32Array(this.words) };
    for (let g = 0; g < this.groups; g++) {
      if (!green[g]) continue;
      masks.green[g >> 5]! |= 1 << (g & 31);
      if (!permitted[g]) masks.secure[g >> 5]! |= 1 << (g & 31);
    }
    return masks;
  }

  private makeView(from: number, to: number): View {
    const { groups, yields, lanes } = this;
    const [a, b] = [this.stages[from]!.green, this.stages[to]!.green];
    const green = Uint8Array.from(a, (lit, g) => lit & b[g]!);
    const permitted = new Uint8Array(groups);
    for (let g = 0; g < groups; g++) {
      if (green[g]) permitted[g] = yields[g]!.some((foe) => a[foe] || b[foe]) ? 1 : 0;
    }
    const foeLanes = yields.map((foes, g) =>
      permitted[g] ? [...lanes.keys()].filter((l) => lanes[l]!.groups.some((f) => green[f] && foes.includes(f))) : [],
    );
    const isFoe = new Uint8Array(lanes.length);
    for (const list of foeLanes) for (const l of list) isFoe[l] = 1;
    const serving = [...lanes.keys()].filter((l) => lanes[l]!.groups.some((g) => green[g]));
    const gives = (l: number): boolean => lanes[l]!.groups.some((g) => permitted[g]);
    return {
      green,
      permitted,
      order: [...serving.filter((l) => !gives(l)), ...serving.filter(gives)],
      whole: Uint8Array.from(lanes, ({ groups: own }) => (own.length > 0 && own.every((g) => green[g]) ? 1 : 0)),
      gives: Uint8Array.from(lanes, (_, l) => (gives(l) ? 1 : 0)),
      isFoe,
      foeLanes,
    };
  }

  /** Lets go who may in [from, until). */
  serve(state: State, view: View, from: number, until: number): void {
    const { lanes } = this;
    const { order, isFoe } = view;
    this.work += order.length;
    for (let k = 0; k < order.length; k++) {
      const l = order[k]!;
      const lane = lanes[l]!;
      let p = state.next[l]!;
      if (isFoe[l]) this.foeCount[l] = 0;
      const { count, mass, headwaySeconds } = lane;
      if (p >= count && state.inside[l] !== NEVER) continue;
      if (state.inside[l] === NEVER) this.letOut(state, view, l, from, until);
      let last = state.last[l]!;
      while (p < count) {
        const d = this.departure(state, view, l, p, last, until);
        if (d >= until) break;
        const own = lane.group[p]!;
        this.leaves(state, lane, p, d);
        if (isFoe[l]) this.noteFoe(l, d, own);
        if (own >= 0 && view.permitted[own]) {
          state.waiting[l] = p;
          this.letOut(state, view, l, d, until);
        }
        last = d + headwaySeconds * (mass[p]! - 1);
        p++;
      }
      if (isFoe[l]) this.foresee(state, view, l, p, last, until + this.times.gapSeconds);
      state.next[l] = p;
      state.last[l] = last;
    }
  }

  /** What it costs that vehicle `p` crosses the line at `d`. */
  private leaves(state: State, lane: ModelLane, p: number, d: number): void {
    const delay = d - lane.free[p]!;
    if (delay <= 0) return;
    state.cost += costOf(lane, p, delay);
    state.delay += lane.mass[p]! * delay;
    if (delay > NO_STOP_SECONDS)
      state.cost += lane.stop[p]! * (delay < WHOLE_STOP_SECONDS ? delay / WHOLE_STOP_SECONDS : 1);
  }

  /** Who waits inside the junction from `from` on goes where there is a gap before `until`; else it still waits then. */
  private letOut(state: State, view: View, l: number, from: number, until: number): void {
    const own = this.groupInside(state, l);
    const at = view.permitted[own] ? this.givesWay(view, own, from, until) : from;
    this.waits(state, l, from, at < until ? at : until);
    state.inside[l] = at < until ? at : NEVER;
  }

  private groupInside(state: State, l: number): number {
    return this.lanes[l]!.group[Math.max(0, state.waiting[l]!)]!;
  }

  private waits(state: State, l: number, from: number, until: number): void {
    const lane = this.lanes[l]!;
    const p = state.waiting[l]!;
    if (p < 0) return;
    const before = Math.max(0, from - lane.free[p]!);
    const after = Math.max(0, until - lane.free[p]!);
    state.cost += costOf(lane, p, after) - costOf(lane, p, before);
    state.delay += lane.mass[p]! * (after - before);
  }

  /** When vehicle `p` of lane `l` crosses the line; `until` or later: not before that. */
  private departure(state: State, view: View, l: number, p: number, last: number, until: number): number {
    const { free, group, groups, headwaySeconds, yieldSeconds } = this.lanes[l]!;
    const own = group[p]!;
    const headway = own < 0 && view.gives[l] ? yieldSeconds : headwaySeconds;
    let open: number;
    if (own >= 0) {
      if (!view.green[own]) return NEVER;
      open = state.open[own]!;
    } else {
      if (!view.whole[l]) return NEVER;
      open = 0 - NEVER;
      for (const g of groups) if (state.open[g]! > open) open = state.open[g]!;
    }
    let d = free[p]!;
    if (last + headway > d) d = last + headway;
    if (open + this.times.startUpSeconds > d) d = open + this.times.startUpSeconds;
    if (own >= 0 && view.permitted[own] && d < until && state.inside[l]! > d) return state.inside[l]!;
    return d;
  }

  private noteFoe(l: number, d: number, group: number): void {
    const at = this.foeCount[l]!;
    if (at >= MOST_FOES) return;
    this.foes[l]!.times[at] = d;
    this.foes[l]!.groups[at] = group;
    this.foeCount[l] = at + 1;
  }

  /** Who leaves next if the green goes on. */
  private foresee(state: State, view: View, l: number, first: number, from: number, until: number): void {
    const { count, mass, headwaySeconds, group } = this.lanes[l]!;
    let last = from;
    for (let p = first; p < count; p++) {
      const d = this.departure(state, view, l, p, last, NEVER);
      if (d >= until) return;
      this.noteFoe(l, d, group[p]!);
      last = d + headwaySeconds * (mass[p]! - 1);
    }
  }

  /** The first moment from `d` on at which nobody comes whom `group` gives way to. */
  private givesWay(view: View, group: number, d: number, until: number): number {
    const foes = view.foeLanes[group]!;
    const to = this.yields[group]!;
    const { gapSeconds } = this.times;
    let at = d;
    for (let again = true; again && at < until; ) {
      again = false;
      for (const l of foes) {
        const { times, groups } = this.foes[l]!;
        for (let k = 0; k < this.foeCount[l]!; k++) {
          const foe = times[k]!;
          if (foe < at - BEFORE_SECONDS || foe > at + gapSeconds) continue;
          if (groups[k]! >= 0 && !to.includes(groups[k]!)) continue;
          at = foe + BEFORE_SECONDS + 1e-6;
          again = true;
        }
      }
    }
    return at;
  }

  /** Who waits inside the junction leaves when its green ends. */
  clear(state: State, from: number, to: number, now: number): void {
    const staying = this.view(from, to);
    for (const l of this.view(from, from).order) {
      if (state.inside[l] !== NEVER || staying.green[this.groupInside(state, l)]) continue;
      this.waits(state, l, now, now + CLEARS_SECONDS);
      state.inside[l] = now + CLEARS_SECONDS;
    }
  }

  /** Groups that become green, and those that no longer are. */
  change(state: State, from: number, to: number, openAt: number): void {
    const [before, after] = [this.stages[from]!.green, this.stages[to]!.green];
    for (let g = 0; g < this.groups; g++) {
      if (after[g] && !before[g]) state.open[g] = openAt;
      else if (!after[g]) state.open[g] = NEVER;
    }
  }

  /**
   * Stages worth going to: those that let somebody go who is due before `until` and has no protected green as it is; of
   * two, one of which does all for those vehicles that the other does, that one only. The list is valid until the next call.
   */
  worthGoing(state: State, from: number, until: number): readonly number[] {
    const { words, need, lanes, stages } = this;
    need.fill(0);
    for (let l = 0; l < lanes.length; l++) {
      const { count, free, group, groups } = lanes[l]!;
      const first = state.next[l]!;
      for (let p = first; p < count && p < first + NEAR_VEHICLES && free[p]! < until; p++) {
        const own = group[p]!;
        if (own >= 0) need[own >> 5]! |= 1 << (own & 31);
        else for (const g of groups) need[g >> 5]! |= 1 << (g & 31);
      }
    }
    const here = this.masks[from]!;
    const { worth } = this;
    worth.length = 0;
    for (let to = 0; to < stages.length; to++) {
      if (to === from) continue;
      const there = this.masks[to]!;
      let gains = 0;
      for (let w = 0; w < words; w++) gains |= need[w]! & there.green[w]! & ~here.secure[w]!;
      if (gains === 0) continue;
      let isLess = false;
      for (let other = 0; other < stages.length && !isLess; other++) {
        if (other !== to && other !== from) isLess = this.doesNoMore(to, other);
      }
      if (!isLess) worth.push(to);
    }
    return worth;
  }

  /** Whether stage `a` does nothing that `b` does not do as well for those who are meant; of two alike the first counts. */
  private doesNoMore(a: number, b: number): boolean {
    const { need, words, stages } = this;
    // What binds for longer is no substitute.
    if (stages[b]!.minGreenSeconds > stages[a]!.minGreenSeconds) return false;
    const [x, y] = [this.masks[a]!, this.masks[b]!];
    let more = 0;
    for (let w = 0; w < words; w++) {
      const lit = need[w]! & x.green[w]!;
      const secure = need[w]! & x.secure[w]!;
      if ((lit & ~y.green[w]!) !== 0 || (secure & ~y.secure[w]!) !== 0) return false;
      more |= (need[w]! & y.green[w]! & ~lit) | (need[w]! & y.secure[w]! & ~secure);
    }
    return more !== 0 || b < a;
  }

  /** What is left, if every lane could begin to clear at `now`, those whose head is red after `red` seconds. */
  remaining(state: State, stage: number, now: number, red: number): number {
    const { lanes, times } = this;
    const view = this.view(stage, stage);
    let cost = 0;
    for (let l = 0; l < lanes.length; l++) {
      const lane = lanes[l]!;
      const { count, free, group, headwaySeconds } = lane;
      const p = state.next[l]!;
      if (p >= count) continue;
      const own = group[p]!;
      const lit = own < 0 ? view.whole[l] : view.green[own];
      let begin = now + red + times.startUpSeconds;
      if (lit) {
        begin = Math.max(now, state.last[l]! + headwaySeconds);
        if (own >= 0) begin = Math.max(begin, state.open[own]! + times.startUpSeconds);
      }
      const before = this.massBefore[l]!;
      const base = begin - headwaySeconds * before[p]!;
      for (let q = p; q < count; q++) {
        const delay = base + headwaySeconds * before[q]! - free[q]!;
        if (delay <= 0) {
          if (free[q]! > now) break;
          continue;
        }
        cost += costOf(lane, q, delay);
      }
    }
    return cost;
  }
}
