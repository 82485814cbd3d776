/**
 * Lines of which nothing is told, by the detector upstream: who passes it is at the line a way later, waits there, and leaves
 * as queues do. Of several lanes a silent one has who is not counted over the others. What is remembered is JSON.
 */
import { type Ground, upstreamReading } from '../estimation/streams.ts';
import type { Observation } from '../types.ts';

/** Of one line that is silent. */
export interface UnseenLine {
  /** Index of its stream. */
  readonly stream: number;
  /** Vehicles that should wait at it, parts of one by the share that uses its lanes. */
  readonly waiting: number;
  readonly greenSeconds: number;
  /** When it last had green, or fell silent, ms. */
  readonly servedMs: number;
}

interface UnseenSection {
  readonly section: number;
  /** Cumulative counts last read. */
  readonly inCount: number;
  readonly outCount: number;
  /** Vehicles in, and over the lines that are heard, since one of its lines fell silent. */
  readonly entered: number;
  readonly left: number;
  /** When those on the way will be at the line, ms. */
  readonly dueMs: readonly number[];
}

export interface UnseenMemory {
  readonly lines: readonly UnseenLine[];
  readonly sections: readonly UnseenSection[];
}

/** Where nobody says how long the way is, seconds. */
const USUAL_SECONDS = 9;
/** Until it was seen, all lanes are taken to be used alike, as if so many vehicles had shown it. */
const PRIOR_VEHICLES = 10;
const START_SECONDS = 2;
/** Between two that leave: rather more than less, as nobody sees who is left. */
const HEADWAY_SECONDS = 2.4;
/** So many waiting are somebody; and after so long somebody is there, whatever was reckoned, seconds. */
const SOMEBODY = 0.5;
const RECALL_SECONDS = 120;
const MOST_ON_THE_WAY = 200;

/** Takes in a frame; null where every line is heard, or none of the silent ones has a detector upstream. */
export function observeUnseen(
  ground: Ground,
  before: UnseenMemory | null,
  { nowMs, elapsedSeconds, detectors, lamps }: Observation,
): UnseenMemory | null {
  const lines: UnseenLine[] = [];
  const sections: UnseenSection[] = [];
  ground.sections.forEach((section, s) => {
    const silent = section.streams.filter((i) => detectors[ground.streams[i]!.id] === undefined);
    const up = silent.length === 0 ? undefined : upstreamReading(section, detectors);
    if (up === undefined) return;
    const heard = section.streams.filter((i) => !silent.includes(i));
    const outCount = heard.reduce((sum, i) => sum + detectors[ground.streams[i]!.id]!.count, 0);
    const was = before?.sections.find((one) => one.section === s);
    const came = was === undefined ? 0 : Math.max(0, up.count - was.inCount);
    const entered = (was?.entered ?? 0) + came;
    const left = (was?.left ?? 0) + (was === undefined ? 0 : Math.max(0, outCount - was.outCount));
    const wayMs = 1000 * (section.travelSeconds ?? USUAL_SECONDS);
    const onWay = [...(was?.dueMs ?? []), ...new Array<number>(Math.min(came, MOST_ON_THE_WAY)).fill(nowMs + wayMs)];
    const dueMs = onWay.filter((ms) => ms > nowMs);
    sections.push({ section: s, inCount: up.count, outCount, entered, left, dueMs });
    const arrived = onWay.length - dueMs.length;
    const share = shareOf(silent.length / section.streams.length, entered, left + dueMs.length) / silent.length;
    for (const i of silent) {
      const line = before?.lines.find(({ stream }) => stream === i);
      const { groupIds, lanes } = ground.streams[i]!;
      const isGreen = groupIds.every((group) => lamps.byGroup[group] === 'green');
      const greenSeconds = isGreen ? (line?.greenSeconds ?? 0) + elapsedSeconds : 0;
      const leaves = greenSeconds > START_SECONDS ? (lanes * elapsedSeconds) / HEADWAY_SECONDS : 0;
      const waiting = Math.max(0, (line?.waiting ?? 0) + arrived * share - leaves);
      const servedMs = isGreen || line === undefined ? nowMs : line.servedMs;
      lines.push({ stream: i, waiting, greenSeconds, servedMs });
    }
  });
  return lines.length === 0 ? null : { lines, sections };
}

/** Share of a road's vehicles that silent lines have; `prior`: by their number. */
function shareOf(prior: number, entered: number, accounted: number): number {
  const silent = Math.max(0, entered - accounted);
  return Math.min(1, (PRIOR_VEHICLES * prior + silent) / (PRIOR_VEHICLES + Math.max(entered, 1)));
}

/** Whether somebody waits at a silent line; null: nothing tells. */
export function isSomebodyAt(memory: UnseenMemory | null, stream: number, nowMs: number): boolean | null {
  const line = memory?.lines.find((one) => one.stream === stream);
  if (line === undefined) return null;
  return line.waiting >= SOMEBODY || nowMs - line.servedMs > 1000 * RECALL_SECONDS;
}
