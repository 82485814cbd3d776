/** One world with its stages, its plan and its four numbers. */
import { useMemo, useRef } from 'react';
import type { RunDetail } from '../../api/types.ts';
import { useApp, usePage } from '../frame/context.ts';
import type { PackedFrame } from '../playback/interpolate.ts';
import { usePosition } from '../playback/player.ts';
import { ConflictLayer } from '../safety/ConflictLayer.tsx';
import { decisionAt, PlanBar } from '../stages/PlanBar.tsx';
import { StageStrip } from '../stages/StageStrip.tsx';
import { title } from '../words/looks.ts';
import { momentWords } from '../words/moment.ts';
import { clockAt } from '../words/time.ts';
import type { Ground } from '../world/ground.ts';
import { World, type WorldHandle } from '../world/World.tsx';
import { Counters } from './Counters.tsx';

interface Props {
  readonly run: RunDetail;
  readonly index: number;
  readonly ground: Ground;
  readonly frames: readonly (PackedFrame | undefined)[];
  readonly fullQueue: number;
  readonly junction: number;
}

export function WorldCard({ run, index, ground, frames, fullQueue, junction }: Props) {
  const { session, camera, theme, trueColours } = usePage();
  const { player } = session;
  const { second, lastSecond } = usePosition(player);
  const decisions = useApp((state) => state.decisions);
  const world = useRef<WorldHandle>(null);
  const variant = run.variants[index]!;
  const conflicts = useApp((state) => state.conflicts);
  const shown = useApp((state) => state.shownNearMisses);
  const chosen = useApp((state) => state.nearMiss);
  const drawnConflicts = useMemo(
    () => conflicts.filter((one) => one.variant === variant.name && (shown === 'all' || one.severity === 'serious')),
    [conflicts, shown, variant.name],
  );
  const replay = useMemo(() => session.replay.bind(session), [session]);
  const frame = frames[index];
  const drawn = run.drawing.junctions[junction];
  const clock = clockAt(run.startsAt, run.timeZone, second);
  const picture = `${title(variant.name)} (${variant.strategy}), ${run.scenarioTitle}, seed ${run.seed}, simulated ${clock}`;
  return (
    <article className="card world-card" data-variant-index={index} aria-label={`World ${variant.name}`}>
      <header className="card-head">
        <h2>
          <span className="variant-mark" aria-hidden="true" />
          {title(variant.name)}
        </h2>
        <span className="card-says">{variant.strategy}</span>
        <span className="card-tools">
          <button
            type="button"
            className="small"
            aria-label={`Save a picture of ${variant.name}`}
            onClick={() =>
              void world.current?.savePicture(picture, `${run.scenario}-seed${run.seed}-${variant.name}-${second}s.png`)
            }
          >
            PNG
          </button>
        </span>
      </header>
      <World
        ref={world}
        player={player}
        camera={camera}
        drawing={run.drawing}
        ground={ground}
        variant={variant.name}
        theme={theme}
        trueColours={trueColours}
        fullQueue={fullQueue}
        description={momentWords(variant.name, run.drawing, frame)}
        overlay={(view, size) => (
          <ConflictLayer
            conflicts={drawnConflicts}
            second={second}
            chosen={chosen}
            view={view}
            size={size}
            theme={theme}
            replay={replay}
          />
        )}
      />
      {drawn && (
        <div className="stages">
          <StageStrip
            junction={junction}
            stages={drawn.stages}
            history={player.histories.get(variant.name)}
            second={second}
            lastSecond={lastSecond}
            growing={run.status === 'running'}
            variantIndex={index}
          />
        </div>
      )}
      <Counters
        variant={variant.name}
        counters={frame?.counters}
        reference={index === 0 ? undefined : frames[0]?.counters}
        referenceName={run.variants[0]!.name}
      />
      {drawn && (
        <PlanBar
          decision={decisionAt(decisions, variant.name, drawn.id, second)}
          strategy={variant.strategy}
          startsAt={run.startsAt}
          timeZone={run.timeZone}
          variantIndex={index}
        />
      )}
    </article>
  );
}
