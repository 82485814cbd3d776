/** Detectors that fail, made from what detectors that are well say: the truth stays known. */
import type { DetectorReading, Observation } from '../types.ts';

export type Fault =
  /** Says nothing from a second on. */
  | { readonly kind: 'silent'; readonly id: string; readonly fromSecond: number }
  /** Covered for ever, counts nobody. */
  | { readonly kind: 'stuck on'; readonly id: string; readonly fromSecond: number }
  /** Never covered, counts nobody. */
  | { readonly kind: 'stuck off'; readonly id: string; readonly fromSecond: number }
  /** Counts each vehicle so many times: 2 doubled, 0.7 three in ten missed. */
  | { readonly kind: 'counts'; readonly id: string; readonly times: number }
  /** All detectors see tags only, and the share of vehicles that has one; they count and tell nothing of presence. */
  | { readonly kind: 'tags'; readonly share: number }
  /** Says something absurd once in so many seconds. */
  | { readonly kind: 'lies'; readonly id: string; readonly everySeconds: number };

/** One observation a second, as detectors with this fault would have made them. */
export function withFault(observations: readonly Observation[], fault: Fault): Observation[] {
  const made = faulty(fault);
  return observations.map((observation) => made(observation));
}

/** The same one after the other: what it is called with is a second later each time. */
export function faulty(fault: Fault): (observation: Observation) => Observation {
  const stuckAt = new Map<string, number>();
  let second = 0;
  return (observation) => {
    const detectors: Record<string, DetectorReading> = {};
    for (const [id, reading] of Object.entries(observation.detectors)) {
      const told = tell(id, reading, fault, second, stuckAt);
      if (told !== null) detectors[id] = told;
    }
    second++;
    return { ...observation, detectors };
  };
}

function tell(
  id: string,
  reading: DetectorReading,
  fault: Fault,
  second: number,
  stuckAt: Map<string, number>,
): DetectorReading | null {
  if (fault.kind === 'tags') return { count: Math.floor(reading.count * fault.share), occupancy: 0, presence: false };
  if (fault.id !== id) return reading;
  switch (fault.kind) {
    case 'counts':
      return { ...reading, count: Math.floor(reading.count * fault.times) };
    case 'lies':
      return second % fault.everySeconds === 0 ? { count: 1_000_000, occupancy: 1, presence: true } : reading;
    case 'silent':
      return second < fault.fromSecond ? reading : null;
    default: {
      if (second < fault.fromSecond) return reading;
      if (!stuckAt.has(id)) stuckAt.set(id, reading.count);
      const isOn = fault.kind === 'stuck on';
      return { count: stuckAt.get(id)!, occupancy: isOn ? 1 : 0, presence: isOn };
    }
  }
}
