/**
 * Actuated programs: a green lasts until no loop that prolongs it was passed within its gap, between the phase's least
 * and greatest green. Where several phases may come next, the one goes whose loops ask most. As in SUMO 1.15.
 */
import { type Actuation, actuationOf, isGreenPhase } from '../network/sumo/actuated.ts';
import type { SumoNet, SumoProgram } from '../network/sumo/net-types.ts';
import type { SumoWorld } from '../network/sumo/network.ts';
import { createLoop, type Loop, noteChanges, noteMoves, secondsSince } from './loops.ts';
import type { Traffic } from './traffic.ts';

/** Weight of a loop whose green could go on. */
const CURRENT_WEIGHT = 10;
/** A loop lies at most so many lanes and links before its own. */
const MOST_SEGMENTS_BEFORE = 20;
/** Programs look again no sooner than after a second. */
const LEAST_SECONDS = 1;

interface ActuatedLoop extends Loop {
  readonly maxGapSeconds: number;
  readonly serves: readonly boolean[];
  /** When a phase that it prolongs began last; kept where phases have several successors. */
  greenAt: number;
}

/** Whole milliseconds, as SUMO counts. */
const inMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

export class ActuatedSignal {
  readonly #program: SumoProgram;
  readonly #actuation: Actuation;
  readonly #loops: readonly ActuatedLoop[];
  /** By phase, when it began last. */
  readonly #began: Float64Array;
  readonly #linkGreen: Float64Array;
  #lookedAt = 0;
  phase: number;

  /** `phase`: what it shows at the begin. Times count from there, `beginSeconds` on the files' clock. */
  constructor(net: SumoNet, world: SumoWorld, program: SumoProgram, phase: number, beginSeconds: number) {
    this.#program = program;
    this.#actuation = actuationOf(net, program);
    this.#loops = this.#actuation.loops.map(({ lane, metresBefore, maxGapSeconds, serves }) => {
      const { edge, index } = net.lanes[lane]!;
      const place = placed(world, world.firstLaneOfEdge[edge]! + index, metresBefore);
      return { ...createLoop(place.segment, place.position), maxGapSeconds, serves, greenAt: -beginSeconds };
    });
    this.#began = new Float64Array(program.phases.length);
    this.#linkGreen = new Float64Array(program.phases[0]!.state.length);
    this.#lookedAt = -beginSeconds;
    this.phase = phase;
  }

  noteMoves(t: Traffic, now: number): void {
    for (const loop of this.#loops) noteMoves(t, loop, now);
  }

  noteChanges(t: Traffic, now: number): void {
    for (const loop of this.#loops) noteChanges(t, loop, now);
  }

  /** Decides at `now` what to show, and says after how many seconds to look again. */
  look(now: number): number {
    const { phases } = this.#program;
    this.#countLinkGreens(now);
    const before = this.phase;
    const { next } = phases[before]!;
    const hasChoice = next.length > 1;
    if (!hasChoice) {
      const gap = this.#gap(now);
      if (gap < Number.POSITIVE_INFINITY) return this.#prolonged(now, gap);
    }
    const chosen = hasChoice ? this.#choose(now, next) : (next[0] ?? (before + 1) % phases.length);
    const held = this.#linkSecondsHeld(this.#targetOf(chosen));
    if (held > 0) return hasChoice ? LEAST_SECONDS : held;
    this.phase = chosen;
    if (chosen !== before) this.#began[chosen] = now;
    if (hasChoice && isGreenPhase(phases[chosen]!)) {
      for (const loop of this.#loops) if (loop.serves[chosen]!) loop.greenAt = now;
    }
    return Math.max(LEAST_SECONDS, inMilliseconds(phases[chosen]!.minSeconds - this.#shownFor(now)));
  }

  #shownFor(now: number): number {
    return inMilliseconds(now - this.#began[this.phase]!);
  }

  /** The least gap of the phase's loops that is still short enough; infinity where the phase is over. */
  #gap(now: number): number {
    const { phase } = this;
    let least = Number.POSITIVE_INFINITY;
    if (!isGreenPhase(this.#program.phases[phase]!) || !this.#mayGoOn(now)) return least;
    for (const loop of this.#loops) {
      if (!loop.serves[phase]!) continue;
      const gap = secondsSince(loop, now);
      if (gap < loop.maxGapSeconds && gap < least) least = gap;
    }
    return least;
  }

  /** Seconds until the last one who was detected has passed: whole seconds of green, within the bounds of the phase. */
  #prolonged(now: number, gap: number): number {
    const { minSeconds, maxSeconds } = this.#program.phases[this.phase]!;
    const shown = this.#shownFor(now);
    const wanted = Math.max(minSeconds - shown, this.#actuation.detectorGapSeconds - gap, 0.001);
    const until = inMilliseconds(Math.floor((wanted + 1e-9) * 1000) / 1000 + shown);
    return inMilliseconds(Math.min(Math.ceil(until) - shown, maxSeconds - shown));
  }

  #mayGoOn(now: number): boolean {
    const { linkMaxSeconds } = this.#actuation;
    return (
      this.#shownFor(now) < this.#program.phases[this.phase]!.maxSeconds &&
      !linkMaxSeconds?.some((most, link) => this.#linkGreen[link]! >= most)
    );
  }

  #choose(now: number, candidates: readonly number[]): number {
    let chosen = candidates[0]!;
    let most = 0;
    const goesOn = this.#mayGoOn(now);
    const own = goesOn ? this.#weight(this.phase, now, goesOn) : 0;
    if (own > most) {
      chosen = this.phase;
      most = own;
    }
    for (const candidate of candidates) {
      const target = this.#targetOf(candidate);
      const weight = this.#weight(target, now, goesOn);
      if (weight > most && this.#mayTurnGreen(target)) {
        chosen = candidate;
        most = weight;
      }
    }
    // nobody is left waiting whose green is not among the candidates
    return this.#loops.some((loop) => this.#loopWeight(loop, now, goesOn) > most) ? candidates[0]! : chosen;
  }

  #weight(phase: number, now: number, goesOn: boolean): number {
    let weight = 0;
    for (const loop of this.#loops) if (loop.serves[phase]!) weight += this.#loopWeight(loop, now, goesOn);
    return weight;
  }

  #loopWeight(loop: ActuatedLoop, now: number, goesOn: boolean): number {
    const gap = secondsSince(loop, now);
    if (gap >= loop.maxGapSeconds && loop.greenAt >= now - gap) return 0;
    const inactive = now - loop.greenAt;
    if (inactive > this.#actuation.inactiveSeconds) return Math.floor(inactive);
    if (loop.serves[this.phase]!) return goesOn ? CURRENT_WEIGHT : 0;
    return 1;
  }

  /** The green to which a phase leads. */
  #targetOf(phase: number): number {
    const { phases } = this.#program;
    let target = phase;
    for (let k = 0; k < phases.length && !isGreenPhase(phases[target]!); k++) {
      target = phases[target]!.next[0] ?? (target + 1) % phases.length;
    }
    return isGreenPhase(phases[target]!) ? target : 0;
  }

  #countLinkGreens(now: number): void {
    const { state } = this.#program.phases[this.phase]!;
    const seconds = now - this.#lookedAt;
    this.#lookedAt = now;
    for (let link = 0; link < this.#linkGreen.length; link++) {
      this.#linkGreen[link] = 'gG'.includes(state[link]!) ? this.#linkGreen[link]! + seconds : 0;
    }
  }

  /** Seconds for which some link must stay green that would not be in `target`. */
  #linkSecondsHeld(target: number): number {
    const { linkMinSeconds } = this.#actuation;
    if (linkMinSeconds === undefined || target === this.phase) return 0;
    const { phases } = this.#program;
    let held = 0;
    linkMinSeconds.forEach((least, link) => {
      const closes = 'gG'.includes(phases[this.phase]!.state[link]!) && !'gG'.includes(phases[target]!.state[link]!);
      if (closes && least - this.#linkGreen[link]! > held) held = least - this.#linkGreen[link]!;
    });
    return held;
  }

  #mayTurnGreen(target: number): boolean {
    const { state } = this.#program.phases[target]!;
    return !this.#actuation.linkMaxSeconds?.some(
      (most, link) => this.#linkGreen[link]! >= most && 'gG'.includes(state[link]!),
    );
  }
}

/** Where a loop lies that is `metresBefore` the end of a lane: on it, or before it as far as one way leads there. */
function placed(world: SumoWorld, lane: number, metresBefore: number): { segment: number; position: number } {
  const { length, laneCount, linkCount, linkStart, linkEnd } = world.network;
  let segment = lane;
  let position = length[lane]! - metresBefore;
  for (let k = 0; position < 0; k++) {
    if (k === MOST_SEGMENTS_BEFORE) return { segment, position: 0 };
    let before = -1;
    if (segment >= laneCount) before = linkStart[segment]!;
    else {
      for (let link = laneCount; link < laneCount + linkCount; link++) {
        if (linkEnd[link] !== segment) continue;
        if (before >= 0) return { segment, position: 0 };
        before = link;
      }
    }
    if (before < 0) return { segment, position: 0 };
    segment = before;
    position += length[segment]!;
  }
  return { segment, position };
}
