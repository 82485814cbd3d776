/** The difference in a sentence, no stronger than the numbers are. */
import type { Comparison, PairedDifference } from '../../runs/twin-types.ts';
import type { VariantResult } from '../../runs/types.ts';
import { safetyDifference } from '../safety/safety-words.ts';
import { count, fixed } from './numbers.ts';

export interface VariantMoment {
  readonly name: string;
  /** Mean delay per vehicle due so far, seconds. */
  readonly delaySeconds: number;
  readonly stopsPerVehicle: number;
  /** Of the whole run; absent before its end, and where nobody broadcasts. */
  readonly safety?: VariantResult['safety'];
}

export interface VerdictInput {
  /** First is the reference. */
  readonly variants: readonly VariantMoment[];
  /** Vehicles due in each world so far. */
  readonly vehicles: number;
  /** `moment`: up to the playhead of a run; `final`: the whole of a finished run, and what it was up to the playhead. */
  readonly scope:
    | { readonly kind: 'moment'; readonly clock: string }
    | {
        readonly kind: 'final';
        readonly upTo?: { readonly clock: string; readonly variants: readonly VariantMoment[] };
      };
  /** Over the seeds of this scenario that have finished; null where there are none. */
  readonly comparison: Comparison | null;
}

/** `risk`: it saves delay and is less safe. */
export type Tone = 'better' | 'worse' | 'same' | 'open' | 'risk';

export interface Verdict {
  readonly tone: Tone;
  readonly parts: readonly { readonly text: string; readonly emphasis?: Tone }[];
}

/** Less than this shows as 0.0 seconds. */
const LEAST_SECONDS = 0.05;
const LEAST_STOPS = 0.005;

/** One verdict for each variant after the reference. */
export function verdicts(input: VerdictInput): Verdict[] {
  const [reference, ...others] = input.variants;
  if (!reference) return [];
  if (input.vehicles === 0)
    return [{ tone: 'open', parts: [{ text: 'No vehicle has come yet: both worlds are still empty.' }] }];
  return others.map((other) => verdict(reference, other, input));
}

/** The sentence as plain text. */
export function verdictText(verdict: Verdict): string {
  return verdict.parts.map((part) => part.text).join('');
}

function verdict(reference: VariantMoment, other: VariantMoment, input: VerdictInput): Verdict {
  const saved = reference.delaySeconds - other.delaySeconds;
  const paired =
    input.comparison && input.comparison.baseline === reference.name && input.comparison.adaptive === other.name
      ? input.comparison
      : null;
  const open = paired !== null && includesZero(paired.delaySeconds);
  const tone: Tone = Math.abs(saved) < LEAST_SECONDS || open ? 'same' : saved > 0 ? 'better' : 'worse';
  const same = `With the same ${count(input.vehicles, 'vehicle')}`;
  const when = input.scope.kind === 'moment' ? ` up to ${input.scope.clock}` : '';
  const safety = safetyDifference(reference.safety, other.safety, {
    index: paired?.safetyIndex,
    serious: paired?.seriousConflicts,
    withPeople: paired?.conflictsWithPeople,
  });
  const risk = tone === 'better' && safety?.tone === 'worse';
  return {
    tone: risk ? 'risk' : tone,
    parts: [
      { text: `${same}${when}, ` },
      { text: headline(other.name, saved, reference, open), emphasis: tone },
      { text: ` (${bothDelays(reference.delaySeconds, other.delaySeconds)})` },
      { text: stopsClause(reference.stopsPerVehicle - other.stopsPerVehicle, saved) + '. ' },
      ...safetyParts(other.name, safety, tone),
      { text: overSeeds(paired, input.scope.kind) + upToPlayhead(reference, other, input.scope) },
    ],
  };
}

/** Safety where it differs; a plan that buys delay with risk is told so. */
function safetyParts(name: string, safety: ReturnType<typeof safetyDifference>, delay: Tone): Verdict['parts'] {
  if (safety === null || safety.tone === 'same') return [];
  if (safety.tone === 'better') return [{ text: 'It is safer: ', emphasis: 'better' }, { text: `${safety.text}. ` }];
  const buys = delay === 'better' ? `But ${name} buys this with risk: ` : `And ${name} is less safe: `;
  return [{ text: buys, emphasis: 'worse' }, { text: `${safety.text}. ` }];
}

function bothDelays(before: number, after: number): string {
  const [from, to] = [fixed(before, 1), fixed(after, 1)];
  return from === to ? `${to} s` : `${to} s instead of ${from} s`;
}

function headline(name: string, saved: number, reference: VariantMoment, open: boolean): string {
  if (Math.abs(saved) < LEAST_SECONDS) return `${name} has the same delay as ${reference.name}`;
  if (open)
    return `${name}'s delay is ${fixed(Math.abs(saved), 1)} s ${saved > 0 ? 'lower' : 'higher'} per vehicle in this run`;
  return `${name} ${saved > 0 ? 'saves' : 'costs'} ${fixed(Math.abs(saved), 1)} s of delay per vehicle`;
}

function stopsClause(saved: number, delaySaved: number): string {
  if (Math.abs(saved) < LEAST_STOPS) return ', with as many stops';
  const agrees = saved > 0 === delaySaved > 0;
  const stops = `${fixed(Math.abs(saved), 2)} ${saved > 0 ? 'fewer' : 'more'} stops each`;
  return `${agrees ? ', with' : ', but with'} ${stops}`;
}

/** True where the interval holds zero, so that the sign of the difference is not known. */
export function includesZero(difference: PairedDifference): boolean {
  const { low, high } = difference;
  return low !== undefined && high !== undefined && low <= 0 && high >= 0;
}

function upToPlayhead(reference: VariantMoment, other: VariantMoment, scope: VerdictInput['scope']): string {
  if (scope.kind !== 'final' || !scope.upTo) return '';
  const { clock, variants } = scope.upTo;
  const before = variants.find((variant) => variant.name === reference.name);
  const after = variants.find((variant) => variant.name === other.name);
  if (!before || !after) return '';
  const saved = before.delaySeconds - after.delaySeconds;
  if (Math.abs(saved) < LEAST_SECONDS) return ` Up to ${clock}: no difference.`;
  return ` Up to ${clock} it ${saved > 0 ? 'saved' : 'cost'} ${fixed(Math.abs(saved), 1)} s.`;
}

function overSeeds(paired: Comparison | null, scope: 'moment' | 'final'): string {
  const difference = paired?.delaySeconds;
  if (!difference || difference.n < 2 || difference.low === undefined || difference.high === undefined) {
    return scope === 'final'
      ? 'One seed is one draw: runs with other seeds give an interval.'
      : 'This run so far, one seed.';
  }
  const over = `Over ${difference.n} finished seeds`;
  if (includesZero(difference)) {
    return `${over} the difference is not distinguishable from none (95 % interval ${fixed(difference.low, 1)} to ${fixed(difference.high, 1)} s).`;
  }
  const saves = difference.mean < 0;
  const [least, most] = saves ? [-difference.high, -difference.low] : [difference.low, difference.high];
  return `${over} it ${saves ? 'saves' : 'costs'} ${fixed(Math.abs(difference.mean), 1)} s (95 % interval ${fixed(least, 1)} to ${fixed(most, 1)}).`;
}
