/**
 * The lamps of a junction and the clocks that belong to each: what is lit, when its green ended, when its amber or walk
 * ends, how long it has waited. Knows what may be lit when; decides nothing.
 */
import { toMs } from './timing.ts';
import type { JunctionConfiguration, Lamp } from './types.ts';

const NEVER = Number.NEGATIVE_INFINITY;
const FOREVER = Number.POSITIVE_INFINITY;

export class LampBank {
  /** What is lit, by signal group; another array after each change. */
  shown: Lamp[];
  /** Something was lit anew since it was last set to false. */
  isNew = false;
  /** Per group: end of the present amber (pedestrians: of the clearance), and of the present walk. */
  readonly amberEndsMs: number[];
  readonly walkEndsMs: number[];
  /** Per group: when it was last green, and since when it has waited for green. */
  readonly greenEndedMs: number[];
  readonly waitsSinceMs: number[];
  private configuration: JunctionConfiguration;

  constructor(configuration: JunctionConfiguration, lamp: Lamp, nowMs: number) {
    const groups = configuration.signalGroups;
    this.configuration = configuration;
    this.shown = groups.map(() => lamp);
    this.amberEndsMs = groups.map(() => FOREVER);
    this.walkEndsMs = groups.map(() => FOREVER);
    this.greenEndedMs = groups.map(() => NEVER);
    this.waitsSinceMs = groups.map(() => nowMs);
  }

  /** A newer configuration of the same groups: ambers and clearances that are running last as long as it asks. */
  under(configuration: JunctionConfiguration): void {
    this.configuration = configuration;
    for (let g = 0; g < this.shown.length; g++) {
      if (this.shown[g] !== 'amber') continue;
      this.amberEndsMs[g] = Math.max(this.amberEndsMs[g]!, this.greenEndedMs[g]! + this.leastAmberMs(g));
    }
  }

  isPedestrian(group: number): boolean {
    return this.configuration.signalGroups[group]!.kind === 'pedestrian';
  }

  /** Yellow of a vehicle group, clearance of a pedestrian group, ms. */
  private leastAmberMs(group: number): number {
    const { signalGroups, yellowSeconds } = this.configuration;
    return toMs(this.isPedestrian(group) ? signalGroups[group]!.clearanceSeconds : yellowSeconds);
  }

  light(group: number, lamp: Lamp): void {
    if (this.shown[group] === lamp) return;
    if (!this.isNew) this.shown = [...this.shown];
    this.isNew = true;
    this.shown[group] = lamp;
  }

  lightAll(lamp: Lamp): void {
    for (let g = 0; g < this.shown.length; g++) this.light(g, lamp);
  }

  /** Ends a green: amber for at least what the configuration asks, then red. */
  endGreen(group: number, yellowMs: number, nowMs: number): void {
    const leastMs = this.leastAmberMs(group);
    const amberMs = this.isPedestrian(group) ? leastMs : Math.max(yellowMs, leastMs);
    this.greenEndedMs[group] = nowMs;
    this.waitsSinceMs[group] = nowMs;
    this.amberEndsMs[group] = nowMs + amberMs;
    this.light(group, amberMs > 0 ? 'amber' : 'red');
  }

  /** Every green ends now, without its amber: a fault. */
  interrupt(nowMs: number): void {
    for (let g = 0; g < this.shown.length; g++) if (this.shown[g] === 'green') this.greenEndedMs[g] = nowMs;
  }

  /** When everybody who had green has cleared the junction, whoever is next. */
  clearMs(): number {
    const { signalGroups, intergreenSeconds } = this.configuration;
    return signalGroups.reduce(
      (latest, { clearanceSeconds }, g) =>
        Math.max(latest, this.greenEndedMs[g]! + toMs(Math.max(clearanceSeconds, ...intergreenSeconds[g]!))),
      NEVER,
    );
  }

  /** Everybody waits from now on. */
  waitFrom(nowMs: number): void {
    this.waitsSinceMs.fill(nowMs);
  }

  /**
   * Earliest time at which the groups of `next` may be green if every other green ended at `nowMs`: not before the
   * intergreen of the stage, and each pair of conflicting groups not before that of the matrix.
   */
  earliestStartMs(next: readonly boolean[], intergreenMs: number, nowMs: number): number {
    const { conflicts, intergreenSeconds } = this.configuration;
    let startMs = nowMs + intergreenMs;
    for (let b = 0; b < this.shown.length; b++) {
      if (!next[b] || this.shown[b] === 'green') continue;
      // A clearance that runs is seen out before its group may walk again.
      if (this.shown[b] === 'amber') startMs = Math.max(startMs, this.amberEndsMs[b]!);
      for (let a = 0; a < this.shown.length; a++) {
        if (next[a] || !conflicts[a]![b]) continue;
        const endedMs = this.shown[a] === 'green' ? nowMs : this.greenEndedMs[a]!;
        startMs = Math.max(startMs, endedMs + toMs(intergreenSeconds[a]![b]!));
      }
    }
    return startMs;
  }

  /** Earliest end of green that has every clearance over by the end of an intergreen of that length. */
  walksClearMs(intergreenMs: number): number {
    const groups = this.configuration.signalGroups;
    let clearMs = NEVER;
    for (let g = 0; g < groups.length; g++) {
      if (!this.isPedestrian(g)) continue;
      let endsMs = NEVER;
      if (this.shown[g] === 'amber') endsMs = this.amberEndsMs[g]!;
      if (this.shown[g] === 'green' && this.walkEndsMs[g] !== FOREVER) {
        endsMs = this.walkEndsMs[g]! + toMs(groups[g]!.clearanceSeconds);
      }
      clearMs = Math.max(clearMs, endsMs - intergreenMs);
    }
    return clearMs;
  }
}
