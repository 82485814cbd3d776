/**
 * Watches the lamps and nothing else: knows no plans, no stages, no timers of the device. What it finds wrong is a fault
 * that the device latches to flash. Shares no code with what drives the lamps.
 */
import type { JunctionConfiguration, Lamp } from './types.ts';

const NEVER = Number.NEGATIVE_INFINITY;

export class LampMonitor {
  private readonly configuration: JunctionConfiguration;
  /** Per group: when its green last ended, and when its present lamp began. */
  private readonly greenEndedAt: number[];
  private readonly sinceMs: number[];
  private shown: readonly Lamp[];

  /** Nothing is known of the time before `nowMs`: greens from then on are judged against what is seen from then on. */
  constructor(configuration: JunctionConfiguration, shown: readonly Lamp[], nowMs: number) {
    this.configuration = configuration;
    this.greenEndedAt = configuration.signalGroups.map(() => NEVER);
    this.sinceMs = configuration.signalGroups.map(() => nowMs);
    this.shown = [...shown];
  }

  /** The same watch under a newer configuration of the same groups: what was seen counts on. */
  under(configuration: JunctionConfiguration): LampMonitor {
    const monitor = new LampMonitor(configuration, this.shown, 0);
    for (let i = 0; i < this.shown.length; i++) {
      monitor.greenEndedAt[i] = this.greenEndedAt[i]!;
      monitor.sinceMs[i] = this.sinceMs[i]!;
    }
    return monitor;
  }

  /**
   * Call at each change, before the lamps are lit. Times never go back. Answers what is wrong, in words with numbers, or
   * null: conflicting greens, a green that starts too soon after a conflicting one, a green without yellow or with a
   * short one (pedestrians: without their clearance).
   */
  see(lamps: readonly Lamp[], nowMs: number): string | null {
    const { signalGroups, conflicts, intergreenSeconds, yellowSeconds } = this.configuration;
    if (lamps.length !== signalGroups.length) return `${lamps.length} lamps for ${signalGroups.length} signal groups`;
    const before = this.shown;
    for (let i = 0; i < lamps.length; i++) {
      if (lamps[i] === before[i]) continue;
      const group = signalGroups[i]!;
      const lastedMs = nowMs - this.sinceMs[i]!;
      const needed = group.kind === 'pedestrian' ? group.clearanceSeconds : yellowSeconds;
      if (before[i] === 'green') {
        this.greenEndedAt[i] = nowMs;
        if (lamps[i] !== 'amber' && needed > 0)
          return `${group.id} went from green to ${lamps[i]} without ${needed} s amber`;
      }
      if (before[i] === 'amber' && lastedMs < Math.round(needed * 1000)) {
        return `${group.id} amber lasted ${lastedMs / 1000} s; at least ${needed} s`;
      }
      this.sinceMs[i] = nowMs;
    }
    this.shown = [...lamps];
    for (let i = 0; i < lamps.length; i++) {
      for (let j = 0; j < lamps.length; j++) {
        if (lamps[j] !== 'green' || !conflicts[i]![j]) continue;
        if (lamps[i] === 'green')
          return `${signalGroups[i]!.id} and ${signalGroups[j]!.id} conflict and are both green`;
        if (before[j] === 'green') continue;
        const gapMs = nowMs - this.greenEndedAt[i]!;
        if (gapMs < Math.round(intergreenSeconds[i]![j]! * 1000)) {
          return `${signalGroups[j]!.id} green ${gapMs / 1000} s after ${signalGroups[i]!.id}; at least ${intergreenSeconds[i]![j]} s`;
        }
      }
    }
    return null;
  }
}
