/** `flextraff safety`: a recording of movements or messages through the encounter engine, and what came out. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, constants as modes, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Encounter } from '../controller/safety/encounter-types.ts';
import type { Weather } from '../controller/safety/index-formulas.ts';
import type { AnalysisOutput } from '../controller/safety/analysis.ts';
import { type CrashEstimate, crashEstimate } from '../controller/safety/extreme-value.ts';
import { stopLineReport } from '../controller/safety/passage-report.ts';
import { localFrame } from '../feeds/v2x/local-frame.ts';
import { envelope } from '../feeds/v2x/read.ts';
import { type FrozenVersions, freeze, indexOf, type SourceIndex } from '../runs/safety/index.ts';
import { analyseSource } from '../runs/safety/source.ts';
import type { SourceReport } from '../runs/safety/types.ts';
import { Refusal } from './failure.ts';
import { readFrozen, readJson } from './safety-constants-file.ts';
import { conflictRows, conflictsCsv, conflictsGeoJson, writeConflictsParquet } from './safety-files.ts';
import { safetyText } from './safety-table.ts';

export interface SafetyCommandOptions {
  readonly types?: string;
  readonly origin?: string;
  readonly intersection?: string;
  readonly penetration?: string;
  readonly constants?: string;
  readonly saveConstants?: string;
  readonly weather?: string;
  readonly csv?: string;
  readonly geojson?: string;
  readonly parquet?: string;
  readonly messages?: string;
  readonly json?: boolean;
}

const tell = (text: string) => process.stderr.write(`${text}\n`);

/** What `--json` prints. */
export interface SafetyResult {
  readonly source: string;
  readonly kind: SourceReport['kind'];
  /** What seconds are counted from, ISO 8601; null: the simulation's own 0. */
  readonly startsAt: string | null;
  readonly users: number;
  readonly usersByType: Readonly<Record<string, number>>;
  readonly relinkedIds: number;
  /** Share of road users in the source, 0-1; null: not known. */
  readonly penetration: number | null;
  readonly messages: {
    readonly read: number;
    readonly used: number;
    readonly rejected: Readonly<Record<string, number>>;
  };
  readonly notUsed: SourceReport['tally']['problems'];
  readonly encounters: readonly EncounterJson[];
  readonly hardBraking: readonly { user: string; type: string; seconds: number; peakMetresPerSecond2: number }[];
  readonly checks: ReturnType<typeof checksJson>;
  readonly index: ReturnType<typeof indexJson>;
  readonly notes: readonly string[];
}

const round = (value: number, digits = 3): number => {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
};

const bounds = (of: { readonly low: number; readonly high: number } | undefined) =>
  of && { low: round(of.low), high: round(of.high) };

/** An encounter in seconds from the source's zero. What is not known is absent. */
export function encounterJson(one: Encounter, zeroMs: number) {
  const second = (ms: number) => round((ms - zeroMs) / 1000);
  return {
    users: one.users,
    userTypes: one.userTypes,
    type: one.type,
    withVru: one.withVru,
    startSeconds: second(one.startMs),
    endSeconds: second(one.endMs),
    criticalSeconds: second(one.criticalMs),
    x: round(one.x, 2),
    y: round(one.y, 2),
    angleDegrees: round(one.angleDegrees, 1),
    minTtcSeconds: one.minTtcSeconds === undefined ? undefined : round(one.minTtcSeconds),
    ttcBoundsSeconds: bounds(one.ttcBoundsSeconds),
    petSeconds: one.petSeconds === undefined ? undefined : round(one.petSeconds),
    petBoundsSeconds: bounds(one.petBoundsSeconds),
    dracMetresPerSecond2: one.dracMetresPerSecond2 === undefined ? undefined : round(one.dracMetresPerSecond2),
    mdracMetresPerSecond2: one.mdracMetresPerSecond2 === undefined ? undefined : round(one.mdracMetresPerSecond2),
    withinReactionTime: one.withinReactionTime,
    deltaVMetresPerSecond: round(one.deltaVMetresPerSecond),
    speedsMetresPerSecond: one.speedsMetresPerSecond.map((speed) => round(speed)),
    severity: one.severity,
    hardBraking: one.hardBraking,
    outlinesTouched: one.outlinesTouched,
    signalStates: one.signalStates,
    lanes: one.lanes,
  };
}
export type EncounterJson = ReturnType<typeof encounterJson>;

/** Hours of the minutes in which anything was heard. */
const hoursObserved = (index: SourceIndex): number =>
  index.minutes.reduce((sum, { interval }) => sum + interval.observed.secondsHeard, 0) / 3600;

/** Experimental. null: too few conflicts to say anything, which is not "no crashes". */
function crashes(encounters: readonly Encounter[], hours: number): CrashEstimate | null {
  const pets = encounters.flatMap((one) => (one.petSeconds === undefined || one.outlinesTouched ? [] : one.petSeconds));
  return hours > 0 ? crashEstimate(pets, hours) : null;
}

function indexJson(index: SourceIndex, encounters: readonly Encounter[], zeroMs: number, given: string | undefined) {
  const rows = (intervals: SourceIndex['minutes']) =>
    intervals.map(({ interval, score }) => ({
      startSeconds: round((interval.startMs - zeroMs) / 1000),
      features: interval.features,
      vrus: interval.vrus,
      observed: interval.observed,
      ...score,
    }));
  return {
    constants: index.constants,
    constantsOf: index.ownConstants ? 'this source' : given === 'stored' ? 'the store' : 'the file given',
    minutes: rows(index.minutes),
    quarterHours: rows(index.quarterHours),
    hoursObserved: round(hoursObserved(index), 4),
    crashEstimate: crashes(encounters, hoursObserved(index)),
  };
}

/** What is said of the messages, and of what vehicles do at stop lines where a MAP is known. */
function checksJson(out: AnalysisOutput, faultCounts: Readonly<Record<string, number>>, zeroMs: number) {
  const timed = <T extends { readonly timeMs: number }>({ timeMs, ...rest }: T) => ({
    seconds: round((timeMs - zeroMs) / 1000),
    ...rest,
  });
  return {
    messageFaults: faultCounts,
    faults: out.faults.slice(0, MOST_FAULTS).map(timed),
    stopLines: stopLineReport(out.passages, out.stops),
    passages: out.passages.map(timed),
    stops: out.stops.map(timed),
    connectionsNotInMap: out.unmapped.map(timed),
    wrongWay: out.wrongWay.map(timed),
  };
}

/** Faults that are printed one by one; all are in the counts. */
const MOST_FAULTS = 200;

const weatherSchema = z.strictObject({
  rainMillimetres: z.number().min(0).max(500),
  visibilityMetres: z.number().min(0).max(100_000),
  windMetresPerSecond: z.number().min(0).max(150),
  temperatureCelsius: z.number().min(-90).max(70),
});
/** One weather for all of it, or each from a second of the source on. */
const weatherFileSchema = z.union([weatherSchema, z.array(weatherSchema.extend({ fromSeconds: z.number() })).min(1)]);
const WEATHER_EXPECTED =
  '{rainMillimetres, visibilityMetres, windMetresPerSecond, temperatureCelsius}, or a list of these with fromSeconds each';

/** The weather of the interval that begins at `seconds`: that from the latest entry on; null: none is that early. */
function weatherAt(weather: z.output<typeof weatherFileSchema> | null, seconds: number): Weather | null {
  if (weather === null || !Array.isArray(weather)) return weather;
  const before = weather.filter((one) => one.fromSeconds <= seconds);
  return before.reduce<(typeof before)[number] | null>(
    (latest, one) => (latest === null || one.fromSeconds >= latest.fromSeconds ? one : latest),
    null,
  );
}

const share = z.number().min(0).max(1);

function numbers(text: string, option: string, count: number, example: string): number[] {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (parts.length !== count || !parts.every(Number.isFinite))
    throw new Refusal(`${option} is ${text}; it must be like ${example}.`);
  return parts;
}

/** Before the work, so that it is not done for a result with no place to go. */
async function checkOutputs(options: SafetyCommandOptions): Promise<void> {
  const { csv, geojson, parquet, saveConstants, messages } = options;
  const all = { csv, geojson, parquet, 'save-constants': saveConstants, messages };
  for (const [name, path] of Object.entries(all)) {
    if (path === undefined) continue;
    try {
      await access(dirname(path), modes.W_OK);
    } catch {
      throw new Refusal(
        `--${name} ${path}: its folder is not there or may not be written to. Make it, or choose another.`,
      );
    }
  }
}

/** A file, or `stored`: every version that the store has, each for its time. Throws Refusal. */
async function constantsOf(where: string): Promise<FrozenVersions> {
  if (where !== 'stored') return readFrozen(where);
  const [{ withStore }, { listConstants, versionsOf }] = await Promise.all([
    import('./store-tool.ts'),
    import('../api/database/repositories/safety-constants.ts'),
  ]);
  const everMs = Date.UTC(9999, 0, 1);
  const rows = await withStore((store) => store.asRole('reporting_user', (trx) => listConstants(trx, 0, everMs)), {
    needsArchive: false,
  });
  if (rows.length === 0)
    throw new Refusal('--constants stored: the store has none. `flextraff safety constants compute` makes some.');
  return versionsOf(rows);
}

/** By moment, and second 0 of the source. CSV and JSON with timestamps are of the calendar, JSON with `fromSeconds` of the source. */
async function weatherOf(path: string): Promise<(atMs: number, zeroMs: number) => Weather | null> {
  if (/\.csv$/i.test(path)) {
    const { readWeatherFile } = await import('../runs/safety/weather-file.ts');
    const { weatherAt: observedAt } = await import('../runs/safety/weather.ts');
    const text = await readFile(path, 'utf8').catch((error: Error) => {
      throw new Refusal(`--weather: ${error.message}.`);
    });
    try {
      const observations = readWeatherFile(text, path);
      return (atMs) => observedAt(observations, atMs);
    } catch (error) {
      throw new Refusal((error as Error).message);
    }
  }
  const weather = await readJson(path, weatherFileSchema, WEATHER_EXPECTED);
  return (atMs, zeroMs) => weatherAt(weather, (atMs - zeroMs) / 1000);
}

/** Throws Refusal and SafetySourceError for input that is refused. */
export async function safety(source: string, options: SafetyCommandOptions): Promise<void> {
  const origin = options.origin === undefined ? undefined : numbers(options.origin, '--origin', 2, '49.0053,8.4374');
  const [intersectionId] =
    options.intersection === undefined ? [] : numbers(options.intersection, '--intersection', 1, '12101');
  const [penetration] =
    options.penetration === undefined ? [] : numbers(options.penetration, '--penetration', 1, '0.3');
  if (penetration !== undefined && !share.safeParse(penetration).success)
    throw new Refusal(`--penetration is ${penetration}; it must be from 0 to 1.`);
  const frozen = options.constants === undefined ? undefined : await constantsOf(options.constants);
  const weather = options.weather === undefined ? null : await weatherOf(options.weather);
  await checkOutputs(options);
  let frame: ReturnType<typeof localFrame> | undefined;
  try {
    frame = origin === undefined ? undefined : localFrame(origin[0]!, origin[1]!);
  } catch (error) {
    throw new Refusal(`--origin: ${(error as Error).message}`);
  }

  const messageFile = options.messages === undefined ? null : createWriteStream(options.messages);
  let messagesWritten = 0;
  const { report, analysis } = await analyseSource(source, {
    ...(options.types !== undefined && { typesPath: options.types }),
    analysis: {
      ...(frame !== undefined && { frame }),
      ...(intersectionId !== undefined && { intersectionId }),
      ...(penetration !== undefined && { penetration }),
    },
    ...(messageFile !== null && {
      onMessage: (message) => {
        messagesWritten++;
        const by = message.kind === 'bsm' || message.kind === 'psm' ? 'OBU' : 'RSU';
        messageFile.write(`${JSON.stringify(envelope(message, by))}\n`);
      },
    }),
  });
  if (messageFile !== null) {
    messageFile.end();
    await once(messageFile, 'finish');
    if (messagesWritten === 0)
      throw new Refusal(`--messages: ${source} holds no tracks that could become messages; it is for recordings.`);
  }
  const out = analysis.take();
  const encounters = [...out.encounters].sort(
    (p, q) => p.startMs - q.startMs || (p.users.join(' ') < q.users.join(' ') ? -1 : 1),
  );
  const index = indexOf(out.minutes, out.quarterHours, {
    ...(frozen !== undefined && { frozen }),
    weatherAt: (atMs) => (weather === null ? null : weather(atMs, report.zeroMs)),
  });
  const { tally, zeroMs } = report;
  const { usersByType, relinked } = analysis.engine;
  const result: SafetyResult = {
    source,
    kind: report.kind,
    startsAt: report.dated ? new Date(zeroMs).toISOString() : null,
    users: Object.values(usersByType).reduce((sum, n) => sum + n, 0),
    usersByType,
    relinkedIds: relinked,
    penetration: report.penetration,
    messages: { read: tally.read, used: tally.used, rejected: tally.rejected },
    notUsed: tally.problems,
    encounters: encounters.map((one) => encounterJson(one, zeroMs)),
    hardBraking: out.hardBraking.map(({ user, type, timeMs, peakMetresPerSecond2 }) => ({
      user,
      type,
      seconds: round((timeMs - zeroMs) / 1000),
      peakMetresPerSecond2: round(peakMetresPerSecond2),
    })),
    checks: checksJson(out, analysis.faultCounts, zeroMs),
    index: indexJson(index, encounters, zeroMs, options.constants),
    notes: report.notes,
  };

  if (options.geojson !== undefined && report.frame === null)
    throw new Refusal(`--geojson: ${source} says nowhere where on Earth it is; give --origin LAT,LON of its 0,0.`);
  const written: string[] = [];
  const rows = conflictRows(encounters, report);
  if (options.csv !== undefined) {
    await writeFile(options.csv, conflictsCsv(rows));
    written.push(options.csv);
  }
  if (options.geojson !== undefined) {
    await writeFile(options.geojson, `${JSON.stringify(conflictsGeoJson(rows))}\n`);
    written.push(options.geojson);
  }
  if (options.parquet !== undefined) {
    await writeConflictsParquet(options.parquet, rows);
    written.push(options.parquet);
  }
  if (options.saveConstants !== undefined) {
    const constants = index.minutes.some(({ score }) => score.scored) ? freeze(index) : null;
    if (constants === null)
      throw new Refusal(
        `--save-constants: no minute of ${source} was seen well enough for a score, so that there is nothing to freeze.`,
      );
    await writeFile(options.saveConstants, `${JSON.stringify(constants, null, 2)}\n`);
    written.push(options.saveConstants);
  }
  for (const note of report.notes) tell(note);
  if (options.messages !== undefined) written.push(options.messages);
  for (const path of written) tell(`wrote ${path}`);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${safetyText(result)}\n`);
}
