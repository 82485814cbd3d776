/** Emergency vehicles that a junction hears, from the first word to the last. */
import type { Detections } from '../feeds/messages.ts';

export interface Emergency {
  /** Name of the approach. */
  readonly approach: string;
  readonly detectedAtMs: number;
  /** When it was no longer heard: past the line; null: it still is. */
  clearedAtMs: number | null;
  /** Whether the junction was in the mode `emergency` meanwhile. */
  wasOverridden: boolean;
}

/** Of one junction. */
export class Emergencies {
  readonly #present = new Map<string, Emergency>();

  /** Takes what is heard at a time; answers those who came and those who are gone since. */
  heard(requests: Detections['priority'], atMs: number, isOverridden: boolean): Emergency[] {
    const asking = (requests ?? []).filter(({ kind }) => kind === 'emergency');
    const ids = new Set(asking.map(({ id }) => id));
    const changed: Emergency[] = [];
    for (const [id, emergency] of this.#present) {
      emergency.wasOverridden ||= isOverridden;
      if (ids.has(id)) continue;
      emergency.clearedAtMs = atMs;
      this.#present.delete(id);
      changed.push(emergency);
    }
    for (const { id, approach } of asking) {
      if (this.#present.has(id)) continue;
      const emergency: Emergency = { approach, detectedAtMs: atMs, clearedAtMs: null, wasOverridden: isOverridden };
      this.#present.set(id, emergency);
      changed.push(emergency);
    }
    return changed;
  }

  isOn(approach: string): boolean {
    return [...this.#present.values()].some((emergency) => emergency.approach === approach);
  }
}
