/** The lead view: the same vehicles through every world, side by side. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { RunDetail } from '../../api/types.ts';
import { SeriesChart } from '../charts/SeriesChart.tsx';
import { useApp, usePage } from '../frame/context.ts';
import { usePosition } from '../playback/player.ts';
import { momentWords } from '../words/moment.ts';
import { clockAt } from '../words/time.ts';
import { firstView } from '../world/camera.ts';
import { prepareGround } from '../world/ground.ts';
import { SafetyCard } from '../safety/SafetyCard.tsx';
import { ApproachTable } from './ApproachTable.tsx';
import { FinalNumbers } from './FinalNumbers.tsx';
import { Legend } from './Legend.tsx';
import { Verdict } from './Verdict.tsx';
import { WorldCard } from './WorldCard.tsx';

export function CompareView({ run }: { run: RunDetail }) {
  const { session, camera, theme } = usePage();
  const { player } = session;
  const { second } = usePosition(player);
  const series = useApp((state) => state.series);
  const ground = useMemo(() => prepareGround(run.drawing), [run.drawing]);
  const [junction, setJunction] = useState(0);
  const frames = run.variants.map((variant) => player.frame(variant.name, second));
  const fullQueue = useFullQueue(
    run,
    frames.flatMap((frame) => frame?.counters.approachQueues ?? []),
  );

  useEffect(() => {
    camera.set(firstView(ground.drawing));
    setJunction(0);
  }, [camera, ground]);

  return (
    <div className="compare">
      <Verdict run={run} />
      <div className="view-line">
        <p className="view-says">Same vehicles, same moments: only the signals differ.</p>
        <Legend drawing={run.drawing} />
      </div>
      {run.drawing.junctions.length > 1 && (
        <label className="junction-choice">
          Stages of{' '}
          <select value={junction} onChange={(event) => setJunction(Number(event.target.value))}>
            {run.drawing.junctions.map((known, index) => (
              <option key={known.id} value={index}>
                {known.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="worlds">
        {run.variants.map((variant, index) => (
          <WorldCard
            key={`${run.id} ${variant.name}`}
            run={run}
            index={index}
            ground={ground}
            frames={frames}
            fullQueue={fullQueue}
            junction={junction}
          />
        ))}
      </div>
      <MomentText run={run} />
      <div className="charts">
        <SeriesChart
          run={run}
          series={series}
          quantity="delaySeconds"
          heading="Delay per vehicle"
          says="seconds lost by each vehicle due so far"
          unit="s"
          decimals={1}
          player={player}
          theme={theme}
        />
        <SeriesChart
          run={run}
          series={series}
          quantity="queued"
          heading="Queue"
          says="vehicles standing, all approaches"
          unit="vehicles"
          decimals={0}
          player={player}
          theme={theme}
        />
      </div>
      <SafetyCard run={run} />
      <ApproachTable run={run} frames={frames} />
      <FinalNumbers run={run} />
    </div>
  );
}

/** The longest queue of an approach seen so far in any world: it fills the bars. */
function useFullQueue(run: RunDetail, queues: readonly number[]): number {
  const longest = useRef({ run: run.id, queue: 10 });
  if (longest.current.run !== run.id) longest.current = { run: run.id, queue: 10 };
  longest.current.queue = Math.max(longest.current.queue, ...queues);
  return longest.current.queue;
}

/** Said to screen readers when the playhead is moved or paused, and now and then while it plays. */
const SAY_EVERY_MILLISECONDS = 15_000;

function MomentText({ run }: { run: RunDetail }) {
  const { player } = usePage().session;
  const { second, playing, ready } = usePosition(player);
  const said = useRef({ atMs: 0, text: '' });
  const clock = clockAt(run.startsAt, run.timeZone, second);
  const lines = run.variants.map(({ name }) => momentWords(name, run.drawing, player.frame(name, second)));
  const nowMs = performance.now();
  if (ready && (!playing || nowMs - said.current.atMs > SAY_EVERY_MILLISECONDS)) {
    said.current = { atMs: nowMs, text: `${clock}. ${lines.join(' ')}` };
  }
  return (
    <>
      <details className="moment">
        <summary>This moment in words</summary>
        <p>Simulated time {clock}.</p>
        <ul>
          {lines.map((line, index) => (
            <li key={run.variants[index]!.name}>{line}</li>
          ))}
        </ul>
      </details>
      <p className="sr-only" aria-live="polite">
        {said.current.text}
      </p>
    </>
  );
}
