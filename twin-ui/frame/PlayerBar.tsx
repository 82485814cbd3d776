/** Play, step, speed and the scrubber over all that was simulated. */
import { useMemo } from 'react';
import type { RunDetail } from '../../api/types.ts';
import { SPEEDS } from '../playback/playhead.ts';
import { usePosition, type Position } from '../playback/player.ts';
import { keyOf, sentence } from '../safety/conflicts.ts';
import { count } from '../words/numbers.ts';
import { clockAt, duration } from '../words/time.ts';
import { useApp, usePage } from './context.ts';
import { queueProfile, timelineMarks } from './timeline.ts';

export function PlayerBar({ run }: { run: RunDetail }) {
  const { player } = usePage().session;
  const position = usePosition(player);
  const { playing, speed, following } = position;
  return (
    <section className="player" aria-label="Playback">
      <div className="player-buttons">
        <button
          type="button"
          className="icon"
          data-testid="step-back"
          onClick={() => player.step(-1)}
          aria-label="One second back ([)"
          title="One second back ([)"
        >
          <Glyph d="M4 3h2v10H4zM13 3v10L6.5 8z" />
        </button>
        <button
          type="button"
          className="icon play"
          data-testid="play"
          data-playing={playing}
          onClick={player.toggle}
          aria-label={playing ? 'Pause (space)' : 'Play (space)'}
          title={playing ? 'Pause (space)' : 'Play (space)'}
        >
          <Glyph d={playing ? 'M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z' : 'M4 2.2v11.6L13.5 8z'} />
        </button>
        <button
          type="button"
          className="icon"
          data-testid="step-forward"
          onClick={() => player.step(1)}
          aria-label="One second forward (])"
          title="One second forward (])"
        >
          <Glyph d="M10 3h2v10h-2zM3 3v10L9.5 8z" />
        </button>
        <label className="speed">
          <span className="sr-only">Speed</span>
          <select
            data-testid="speed"
            value={speed}
            onChange={(event) => player.setSpeed(Number(event.target.value))}
            title="Speed (, and .)"
          >
            {SPEEDS.map((known) => (
              <option key={known} value={known}>
                {known}×
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="small"
          onClick={player.toEdge}
          aria-pressed={following}
          title="To the newest moment (End)"
        >
          Newest
        </button>
      </div>
      <Scrubber run={run} position={position} />
      <p className="player-state" role="status">
        {stateWords(run, position)}
      </p>
    </section>
  );
}

const Glyph = ({ d }: { d: string }) => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <path d={d} fill="currentColor" />
  </svg>
);

function stateWords(run: RunDetail, position: Position): string {
  if (!run.replayable) return 'The frames of this run are no longer on disk; its numbers are below.';
  if (position.lastSecond < 0)
    return run.status === 'running' ? 'Waiting for the first frame…' : 'No frame was recorded.';
  if (!position.ready || position.state === 'loading') return 'Fetching frames…';
  if (position.state === 'edge') return position.following ? 'At the newest moment.' : 'Waiting for the simulation…';
  if (run.status === 'running') return `Simulated ahead: ${duration(position.lastSecond - position.second)}.`;
  if (position.second >= position.lastSecond)
    return run.status === 'finished' ? 'End of the run.' : `The run was ${run.status} here.`;
  return '';
}

function Scrubber({ run, position }: { run: RunDetail; position: Position }) {
  const { session } = usePage();
  const { player } = session;
  const series = useApp((state) => state.series);
  const decisions = useApp((state) => state.decisions);
  const alerts = useApp((state) => state.alerts);
  const profile = useMemo(() => queueProfile(series), [series]);
  const conflicts = useApp((state) => state.conflicts);
  const shownNearMisses = useApp((state) => state.shownNearMisses);
  const nearMisses = useMemo(
    () => (shownNearMisses === 'all' ? conflicts : conflicts.filter((one) => one.severity === 'serious')),
    [conflicts, shownNearMisses],
  );
  const marks = useMemo(() => timelineMarks(run, decisions, alerts), [run, decisions, alerts]);
  const last = Math.max(1, run.durationSeconds);
  const share = (second: number): string => `${(Math.min(second, last) / last) * 100}%`;
  const clock = clockAt(run.startsAt, run.timeZone, position.second);
  return (
    <div className="scrubber">
      <span className="scrubber-end">{clockAt(run.startsAt, run.timeZone, 0, false)}</span>
      <div className="scrubber-track">
        <svg className="scrubber-profile" viewBox={`0 0 ${last} 1`} preserveAspectRatio="none" aria-hidden="true">
          <title>Longest queue of any world</title>
          <path d={profile.path} />
        </svg>
        <div className="scrubber-rail" aria-hidden="true">
          <div className="scrubber-simulated" style={{ width: share(Math.max(0, position.lastSecond)) }} />
          <div className="scrubber-played" style={{ width: share(position.second) }} />
        </div>
        <input
          type="range"
          data-testid="scrubber"
          min={0}
          max={last}
          step={1}
          value={position.second}
          aria-label="Moment of the run"
          aria-valuetext={`${clock}, ${duration(position.second)} of ${duration(run.durationSeconds)}, simulated up to ${duration(Math.max(0, position.lastSecond))}`}
          onChange={(event) => player.seek(Number(event.target.value))}
        />
        <svg className="scrubber-conflicts" aria-hidden="true">
          {nearMisses.map((one) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the keys n and p and the list of near misses do the same
            <rect
              key={keyOf(one)}
              data-variant-index={run.variants.findIndex(({ name }) => name === one.variant)}
              x={share(one.criticalSecond)}
              y={one.variant === run.variants[0]!.name ? 0 : 7}
              width="3"
              height="6"
              onClick={() => session.replay(one)}
            >
              <title>{`${clockAt(run.startsAt, run.timeZone, one.criticalSecond)}, ${one.variant}: ${sentence(one)}`}</title>
            </rect>
          ))}
        </svg>
        {nearMisses.length > 0 && (
          <span className="sr-only">
            {count(nearMisses.length, 'near miss', 'near misses')} on the time line; n and p replay the next and the one
            before.
          </span>
        )}
        {marks.map((mark) => (
          <button
            key={`${mark.second} ${mark.words}`}
            type="button"
            className="scrubber-mark"
            style={{ left: share(mark.second) }}
            aria-label={`Go to ${clockAt(run.startsAt, run.timeZone, mark.second)}: ${mark.words}`}
            title={mark.words}
            onClick={() => player.seek(mark.second)}
          />
        ))}
        {marks.length > 0 && <span className="sr-only">{count(marks.length, 'mark')} on the time line.</span>}
      </div>
      <span className="scrubber-end">{clockAt(run.startsAt, run.timeZone, run.durationSeconds, false)}</span>
    </div>
  );
}
