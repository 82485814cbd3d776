/** What `flextraff safety` prints for people. */
import type { SafetyResult } from './safety.ts';
import { align } from './table.ts';

const MOST_ROWS = 40;

const fixed = (value: number | undefined, digits: number): string =>
  value === undefined ? '-' : value.toFixed(digits);

/** Ids come from strangers: no control characters, and no longer than a column. */
export const plainId = (id: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  const text = id.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, '?');
  return text.length > 24 ? `${text.slice(0, 21)}...` : text;
};

export function safetyText(result: SafetyResult): string {
  const { messages, encounters, index } = result;
  const types = Object.entries(result.usersByType)
    .filter(([, n]) => n > 0)
    .map(([type, n]) => `${type} ${n}`);
  const lines = [
    `${result.source}: ${result.users} road users (${types.join(', ') || 'none'}), ${messages.read} messages, ${messages.used} used`,
  ];
  for (const [reason, n] of Object.entries(messages.rejected)) {
    const example = result.notUsed.find((one) => one.reason === reason);
    lines.push(`  not used, ${reason}: ${n}${example ? ` (first: ${plainWhere(example)})` : ''}`);
  }
  const serious = encounters.filter((one) => one.severity === 'serious').length;
  const braking = result.hardBraking.length;
  lines.push('', `${encounters.length} encounters, ${serious} serious; ${braking} times hard braking`, '');
  if (encounters.length > 0) {
    const rows = [
      [
        'at (s)',
        'first',
        'second',
        'type',
        'TTC (s)',
        'PET (s)',
        'DRAC (m/s2)',
        'delta-V (m/s)',
        'severity',
        'signals',
      ],
    ];
    const worst = (one: (typeof encounters)[number]) => Math.min(one.minTtcSeconds ?? 99, one.petSeconds ?? 99);
    const shown =
      encounters.length <= MOST_ROWS
        ? encounters
        : [...encounters].sort((p, q) => worst(p) - worst(q) || p.startSeconds - q.startSeconds).slice(0, MOST_ROWS);
    for (const one of shown)
      rows.push([
        fixed(one.criticalSeconds, 1),
        ...one.users.map((id, i) => `${one.userTypes[i]} ${plainId(id)}`),
        one.type,
        fixed(one.minTtcSeconds, 2),
        fixed(one.petSeconds, 2),
        fixed(one.dracMetresPerSecond2, 1),
        fixed(one.deltaVMetresPerSecond, 1),
        one.severity,
        one.signalStates.some((state) => state !== null)
          ? one.signalStates.map((state) => state ?? '?').join(' / ')
          : '-',
      ]);
    lines.push(...align(rows));
    if (shown.length < encounters.length)
      lines.push(`(the ${shown.length} most critical; --json, --csv, --geojson and --parquet have all)`);
    lines.push('');
  }
  lines.push(...checkLines(result), '');
  const rows = [
    ['minute from (s)', 'vehicles', 'VRU index', 'vehicle index', 'combined', 'interval', 'band', 'quality'],
  ];
  for (const minute of index.minutes.slice(0, MOST_ROWS))
    rows.push(
      minute.scored
        ? [
            fixed(minute.startSeconds, 0),
            String(minute.exposureVehicles),
            fixed(minute.index.vru, 1),
            fixed(minute.index.vehicle, 1),
            fixed(minute.index.combined, 1),
            `${fixed(minute.combinedInterval.low, 0)}-${fixed(minute.combinedInterval.high, 0)}`,
            minute.band,
            fixed(minute.quality.score, 2),
          ]
        : [fixed(minute.startSeconds, 0), '', '', '', 'not scored', minute.reason, '', fixed(minute.quality.score, 2)],
    );
  lines.push(...align(rows));
  if (index.minutes.length > MOST_ROWS) lines.push(`(the first ${MOST_ROWS} minutes of ${index.minutes.length})`);
  const { crashEstimate: crash } = index;
  if (crash !== null)
    lines.push(
      `Experimental: ${crash.crashesPerHour.toPrecision(2)} crashes an hour (95 %: ${crash.interval.low.toPrecision(2)} to ${crash.interval.high.toPrecision(2)}) by extreme values of ${crash.exceedances} PETs below ${crash.thresholdSeconds} s in ${crash.hours.toFixed(2)} h; so short a time proves nothing.`,
    );
  else if (index.hoursObserved > 0)
    lines.push('Experimental estimate of crashes: none, fewer than 30 PETs of 5 s or less. That is not "no crashes".');
  if (index.constants !== null && index.constantsOf === 'this source')
    lines.push("The index relates each minute to the riskiest of this source; --constants relates it to others'.");
  return lines.join('\n');
}

function checkLines({ checks }: SafetyResult): string[] {
  const lines: string[] = [];
  const faults = Object.entries(checks.messageFaults);
  if (faults.length > 0) lines.push(`messages at fault: ${faults.map(([check, n]) => `${check} ${n}`).join(', ')}`);
  for (const { subject, check, detail, seconds } of checks.faults.slice(0, 8))
    lines.push(`  ${seconds} s  ${check}: ${subject}: ${detail}`);
  if (checks.passages.length > 0) {
    const of = (light: string) => checks.passages.filter((one) => one.light === light).length;
    lines.push(
      `${checks.passages.length} stop-line passages: ${of('green')} at green, ${of('yellow')} at yellow, ${of('red')} at red, ${of('dark') + of('unknown')} unknown`,
    );
    for (const one of checks.passages)
      if (one.light === 'red')
        lines.push(
          `  ${one.seconds} s  ${plainId(one.user)} at red${one.secondsIntoState === null ? '' : ` (${one.secondsIntoState.toFixed(1)} s)`}, lane ${one.lane}, ${one.speedMetresPerSecond.toFixed(1)} m/s${one.turnsOnRed ? ', may turn on red' : ''}`,
        );
  }
  for (const one of checks.connectionsNotInMap)
    lines.push(
      `  ${one.seconds} s  ${plainId(one.user)} from lane ${one.lane} to ${one.egressLane}, which MAP does not connect`,
    );
  for (const one of checks.wrongWay)
    lines.push(`  ${one.seconds} s  ${plainId(one.user)} drove lane ${one.lane} the wrong way`);
  return lines.slice(0, 40);
}

const plainWhere = ({ where, detail }: { where: string; detail: string }): string =>
  detail === '' ? where : `${where}: ${detail.slice(0, 120)}`;
