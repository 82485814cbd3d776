/** The difference in a sentence, first thing on the page. */
import type { RunDetail } from '../../api/types.ts';
import { useApp, usePage } from '../frame/context.ts';
import { type Player, usePosition } from '../playback/player.ts';
import { clockAt } from '../words/time.ts';
import { type VariantMoment, type Verdict as VerdictWords, verdicts } from '../words/verdict.ts';

const SIGNS = { better: '✓', worse: '✕', same: '≈', open: '…', risk: '⚠' };

export function Verdict({ run }: { run: RunDetail }) {
  const words = useVerdicts(run);
  return (
    <section className="verdict" data-testid="verdict" data-tone={words[0]?.tone ?? 'open'} aria-label="Verdict">
      {words.length === 0 && <p>One world only: there is nothing to compare it with.</p>}
      {words.map((verdict, index) => (
        <p key={run.variants[index + 1]?.name ?? index}>
          <span className="verdict-sign" data-tone={verdict.tone} aria-hidden="true">
            {SIGNS[verdict.tone]}
          </span>
          {verdict.parts.map(({ text, emphasis }) =>
            emphasis ? (
              <strong key={text} data-tone={emphasis}>
                {text}
              </strong>
            ) : (
              <span key={text}>{text}</span>
            ),
          )}
        </p>
      ))}
    </section>
  );
}

function useVerdicts(run: RunDetail): VerdictWords[] {
  const { player } = usePage().session;
  const { second, lastSecond } = usePosition(player);
  const comparison = useApp((state) => state.comparison);
  const clock = clockAt(run.startsAt, run.timeZone, second);
  const moments = momentsAt(run, player, second);
  const final = run.status === 'finished' ? finalMoments(run) : null;
  if (final) {
    const upTo = moments && second < lastSecond ? { clock, variants: moments.variants } : undefined;
    return verdicts({ ...final, scope: { kind: 'final', upTo }, comparison });
  }
  if (!moments) {
    return [
      { tone: 'open', parts: [{ text: lastSecond < 0 ? 'The simulation is starting.' : 'Fetching this moment…' }] },
    ];
  }
  return verdicts({ ...moments, scope: { kind: 'moment', clock }, comparison });
}

interface Moments {
  readonly vehicles: number;
  readonly variants: VariantMoment[];
}

/** null where the frames of that second are not all here. */
function momentsAt(run: RunDetail, player: Player, second: number): Moments | null {
  const variants: VariantMoment[] = [];
  let vehicles = 0;
  for (const { name } of run.variants) {
    const counters = player.frame(name, second)?.counters;
    if (!counters) return null;
    if (variants.length === 0) vehicles = counters.demanded;
    variants.push({ name, delaySeconds: counters.delaySeconds, stopsPerVehicle: counters.stopsPerVehicle });
  }
  return { vehicles, variants };
}

/** null where the result is not here, or has no delay. */
function finalMoments(run: RunDetail): Moments | null {
  const variants: VariantMoment[] = [];
  let vehicles = 0;
  for (const { name } of run.variants) {
    const found = run.result?.variants[name];
    if (found?.delaySeconds.mean === undefined) return null;
    if (variants.length === 0) vehicles = found.vehicles.demanded;
    const { delaySeconds, stopsPerVehicle = 0, safety } = found;
    variants.push({ name, delaySeconds: delaySeconds.mean!, stopsPerVehicle, safety });
  }
  return { vehicles, variants };
}
