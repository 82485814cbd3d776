/** Shares of stop-line passages and stops by light and signal group, and which are worth a look. */
import type { Light, StopLinePassage, StopLineStop } from './passages.ts';

/** Least passages of a group for a share to be reported. */
const MIN_PASSAGES = 10;
const RED_SHARE = 0.2;
const YELLOW_SHARE = 0.25;

export interface GroupReport {
  /** null: the lane has several groups and it is not known which applied. */
  readonly signalGroup: number | null;
  readonly passages: Readonly<Record<Light, number>>;
  readonly redShare: number;
  readonly yellowShare: number;
  /** What is worth a look, by jpo-conflictmonitor's thresholds: 20 % at red, 25 % at yellow, of 10 passages or more. */
  readonly report: readonly ('red' | 'yellow')[];
  readonly stops: number;
  /** Seconds that vehicles stood at the line while it was green. */
  readonly stoppedAtGreenSeconds: number;
}

const none = (): Record<Light, number> => ({ green: 0, yellow: 0, red: 0, dark: 0, unknown: 0 });

/** By signal group, in order. A passage at red of a lane that may turn on red is left out of the red ones. */
export function stopLineReport(passages: readonly StopLinePassage[], stops: readonly StopLineStop[]): GroupReport[] {
  const groups = new Map<number | null, { lights: Record<Light, number>; stops: number; green: number }>();
  const of = (group: number | null) => {
    let known = groups.get(group);
    if (known === undefined) {
      known = { lights: none(), stops: 0, green: 0 };
      groups.set(group, known);
    }
    return known;
  };
  for (const one of passages) {
    if (one.light === 'red' && one.turnsOnRed) continue;
    of(one.signalGroup).lights[one.light]++;
  }
  for (const one of stops) {
    const known = of(one.signalGroup);
    known.stops++;
    known.green += one.seconds.green;
  }
  return [...groups]
    .sort(([a], [b]) => (a ?? -1) - (b ?? -1))
    .map(([signalGroup, { lights, stops: n, green }]) => {
      const seen = lights.green + lights.yellow + lights.red;
      const redShare = seen > 0 ? lights.red / seen : 0;
      const yellowShare = seen > 0 ? lights.yellow / seen : 0;
      const report: ('red' | 'yellow')[] = [];
      if (seen >= MIN_PASSAGES && redShare >= RED_SHARE) report.push('red');
      if (seen >= MIN_PASSAGES && yellowShare >= YELLOW_SHARE) report.push('yellow');
      return { signalGroup, passages: lights, redShare, yellowShare, report, stops: n, stoppedAtGreenSeconds: green };
    });
}
