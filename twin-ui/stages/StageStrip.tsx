/** Stages of a junction around the playhead as a Gantt strip: what it showed, what it shows, what comes. */
import type { Drawing } from '../../runs/types.ts';
import { STRIP_AHEAD_SECONDS, STRIP_BACK_SECONDS } from '../playback/player.ts';
import { type StageHistory, type StageSegment, stageSegments, TRANSITION } from './strip.ts';

const WINDOW_SECONDS = STRIP_BACK_SECONDS + STRIP_AHEAD_SECONDS;

interface Props {
  readonly junction: number;
  readonly stages: Drawing['junctions'][number]['stages'];
  readonly history: StageHistory | undefined;
  readonly second: number;
  readonly lastSecond: number;
  /** Whether the simulation goes on. */
  readonly growing: boolean;
  readonly variantIndex: number;
}

export function StageStrip({ junction, stages, history, second, lastSecond, growing, variantIndex }: Props) {
  const from = second - STRIP_BACK_SECONDS;
  const share = (at: number): string => `${(Math.min(Math.max(at - from, 0), WINDOW_SECONDS) / WINDOW_SECONDS) * 100}%`;
  const width = (a: number, b: number): string =>
    `${((Math.min(b, from + WINDOW_SECONDS) - Math.max(a, from)) / WINDOW_SECONDS) * 100}%`;
  const segments = history ? stageSegments(history, junction, from, from + WINDOW_SECONDS) : [];
  const unknownFrom = Math.min(lastSecond + 1, from + WINDOW_SECONDS);
  return (
    <figure className="strip" data-variant-index={variantIndex} aria-label={describe(segments, stages, second)}>
      <div className="strip-track">
        {segments.map((segment) => (
          <div
            key={segment.from}
            className={segment.stage === TRANSITION ? 'strip-stage transition' : 'strip-stage'}
            data-shade={segment.stage % 4}
            style={{ left: share(segment.from), width: width(segment.from, segment.to) }}
            title={titleOf(segment, stages)}
          >
            <div className="strip-bar">
              <div className="strip-green" style={{ width: greenWidth(segment, from) }}>
                {secondsOf(segment)}
              </div>
            </div>
            <div className="strip-name">{nameOf(segment, stages)}</div>
          </div>
        ))}
        {unknownFrom < from + WINDOW_SECONDS && (
          <div className="strip-unknown" style={{ left: share(unknownFrom), right: 0 }}>
            <span>{growing ? 'not simulated yet' : 'end of the recording'}</span>
          </div>
        )}
        <div className="strip-now" style={{ left: share(second) }} />
      </div>
      <figcaption className="strip-axis">
        <span>{STRIP_BACK_SECONDS} s ago</span>
        <span>now</span>
        <span>in {STRIP_AHEAD_SECONDS} s</span>
      </figcaption>
    </figure>
  );
}

function greenWidth(segment: StageSegment, windowFrom: number): string {
  const shownFrom = Math.max(segment.from, windowFrom);
  const shownTo = Math.min(segment.to, windowFrom + WINDOW_SECONDS);
  const green = Math.min(segment.greenUntil, shownTo) - shownFrom;
  return `${Math.max(0, (green / Math.max(1, shownTo - shownFrom)) * 100)}%`;
}

const nameOf = (segment: StageSegment, stages: Props['stages']): string =>
  segment.stage === TRANSITION ? 'changing' : (stages[segment.stage]?.id ?? `stage ${segment.stage + 1}`);

function secondsOf(segment: StageSegment): string {
  return segment.complete && segment.greenUntil > segment.from ? `${segment.greenUntil - segment.from} s` : '';
}

function titleOf(segment: StageSegment, stages: Props['stages']): string {
  const green = segment.greenUntil - segment.from;
  const least = segment.complete ? '' : 'at least ';
  return `${nameOf(segment, stages)}: ${least}${green} s green, ${segment.to - segment.greenUntil} s intergreen`;
}

function describe(segments: readonly StageSegment[], stages: Props['stages'], second: number): string {
  const now = segments.find((segment) => segment.from <= second && second < segment.to);
  if (!now) return 'Stages: nothing seen at this moment.';
  const next = segments.find((segment) => segment.from >= now.to);
  const then = next ? ` Then ${nameOf(next, stages)} in ${now.to - second} s.` : '';
  return `Stages: ${nameOf(now, stages)} since ${second - now.from} s.${then}`;
}
