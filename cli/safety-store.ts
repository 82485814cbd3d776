/** What the street's safety rests on, in the store: constants of the index, crash histories, weather. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ComputeReport } from '../api/archive/constants.ts';
import type { ConstantsRow } from '../api/database/repositories/safety-constants.ts';
import type { DatabaseStore } from '../api/database/store.ts';
import type { CrashHistoryRow } from '../runs/safety/crash-file.ts';
import { TableFileError } from '../runs/safety/table-file.ts';
import type { WeatherObservation } from '../runs/safety/weather.ts';
import { Refusal } from './failure.ts';
import { readFrozen } from './safety-constants-file.ts';
import { withStore } from './store-tool.ts';
import { align } from './table.ts';

const DAY_MS = 86_400_000;
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const instant = (ms: number | null): string => (ms === null ? 'further notice' : new Date(ms).toISOString());

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`${path} cannot be read: ${error.code ?? error.message}. Check the path.`);
  });
}

/** What a reader of files throws, as a refusal. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof TableFileError ? new Refusal(error.message) : error;
  }
}

/** So that the database need not refuse rows one by one. Throws Refusal. */
async function requireJunctions(store: DatabaseStore, ids: Iterable<string | null>): Promise<void> {
  const known = new Set((await store.junctions()).map(({ junctionId }) => junctionId));
  const strange = [...new Set(ids)].filter((id): id is string => id !== null && !known.has(id));
  if (strange.length > 0)
    throw new Refusal(
      `The store has no junction ${strange.slice(0, 5).join(', ')}. GET /api/v1/junctions lists those there are; nothing was taken.`,
    );
}

// Constants

export interface ComputeCommandOptions {
  readonly from?: string;
  readonly to?: string;
  readonly validFrom?: string;
  readonly validDays?: number;
  readonly leastMinutes?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `flextraff safety constants compute`. Exit code 1 where too little was observed. */
export async function computeConstantsCommand(options: ComputeCommandOptions): Promise<void> {
  const nowMs = Date.now();
  const validFromMs = options.validFrom === undefined ? nowMs : Date.parse(`${options.validFrom}T00:00:00Z`);
  const range = { from: options.from ?? day(nowMs - 30 * DAY_MS), to: options.to ?? day(nowMs) };
  if (range.from > range.to) throw new Refusal(`--from ${range.from} is after --to ${range.to}.`);
  const report = await withStore(async (store, archive) => {
    const { computeConstants } = await import('../api/archive/constants.ts');
    return computeConstants(store, archive, {
      ...range,
      validFromMs,
      validUntilMs: options.validDays === undefined ? null : validFromMs + options.validDays * DAY_MS,
      ...(options.leastMinutes !== undefined && { leastMinutes: options.leastMinutes }),
      keep: options.dryRun !== true,
    });
  }).catch(refuseOverlap);
  if (options.json === true) print({ ...range, kept: report.frozen !== null && options.dryRun !== true, ...report });
  else process.stdout.write(`${computedText(report, range, options.dryRun === true)}\n`);
  if (report.frozen === null) process.exitCode = 1;
}

function refuseOverlap(error: Error & { code?: string; hint?: string }): never {
  throw error.code === 'constants_overlap' ? new Refusal(`${error.message} ${error.hint ?? ''}`) : error;
}

function computedText(report: ComputeReport, { from, to }: { from: string; to: string }, isDry: boolean): string {
  const { frozen, history, junctions, leastMinutes } = report;
  const seen = `${history.minutes} usable minutes and ${history.quarterHours} quarters of an hour of ${junctions} street junctions, ${from} to ${to}; ${history.leftOut} left out, in which too little was heard`;
  if (frozen === null)
    return `No constants: ${seen}. At least ${leastMinutes} minutes are asked for; wait, or give an earlier --from.`;
  const { minute } = frozen;
  return `Version ${minute.version}, of ${seen}.\n${constantsLine(minute)}\n${isDry ? 'Not kept (--dry-run).' : `Holds from ${instant(minute.validFromMs)} until ${instant(minute.validUntilMs)}.`}`;
}

const constantsLine = (one: ConstantsRow['constants']): string =>
  `  of ${one.intervalSeconds} s: VRU conflicts ${one.vruConflictMax}, vehicle conflicts ${one.vehicleConflictMax}, volume ${one.volumeMax}, spread ${one.speedSpreadMaxMetresPerSecond.toFixed(2)} m/s, hard braking ${one.hardBrakingMax}, reference speed ${one.referenceSpeedMetresPerSecond.toFixed(2)} m/s`;

/** `flextraff safety constants list`. */
export async function listConstantsCommand({ json }: { json?: boolean }): Promise<void> {
  const { listConstants } = await import('../api/database/repositories/safety-constants.ts');
  const farMs = Date.UTC(9999, 0, 1);
  const rows = await withStore((store) => store.asRole('reporting_user', (trx) => listConstants(trx, 0, farMs)), {
    needsArchive: false,
  });
  if (json === true) {
    print({ constants: rows });
    return;
  }
  if (rows.length === 0) {
    process.stdout.write(
      'There are no constants: minutes of streets are not scored. `flextraff safety constants compute` makes some.\n',
    );
    return;
  }
  const nowMs = Date.now();
  const lines = rows.map(({ id, constants, history }) => [
    String(id),
    String(constants.version),
    String(constants.intervalSeconds),
    instant(constants.validFromMs),
    instant(constants.validUntilMs),
    constants.validFromMs <= nowMs && (constants.validUntilMs === null || nowMs < constants.validUntilMs)
      ? 'in force'
      : '',
    history == null ? 'given' : `${history.from} to ${history.to}`,
  ]);
  process.stdout.write(`${align([['row', 'version', 'seconds', 'from', 'until', '', 'of'], ...lines]).join('\n')}\n`);
}

/** `flextraff safety constants import FILE`: what `--save-constants` wrote, as a new version. */
export async function importConstantsCommand(
  path: string,
  options: { validFrom?: string; validDays?: number; json?: boolean },
): Promise<void> {
  const given = await readFrozen(path);
  const validFromMs = options.validFrom === undefined ? Date.now() : Date.parse(`${options.validFrom}T00:00:00Z`);
  const validUntilMs = options.validDays === undefined ? null : validFromMs + options.validDays * DAY_MS;
  const version = await withStore(
    async (store) => {
      const { insertConstants, nextVersion } = await import('../api/database/repositories/safety-constants.ts');
      return store.asJob(async (trx) => {
        const next = await nextVersion(trx);
        const held = { version: next, validFromMs, validUntilMs };
        const frozen = {
          ...given,
          minute: { ...given.minute, ...held },
          quarterHour: { ...given.quarterHour, ...held },
        };
        await insertConstants(trx, frozen, null);
        return next;
      });
    },
    { needsArchive: false },
  ).catch(refuseOverlap);
  if (options.json === true) print({ version });
  else process.stdout.write(`Version ${version} holds from ${instant(validFromMs)} until ${instant(validUntilMs)}.\n`);
}

// Crash histories

/** `flextraff safety crashes FILE`. */
export async function crashesCommand(path: string, options: { twin?: string; json?: boolean }): Promise<void> {
  const { readCrashFile } = await import('../runs/safety/crash-file.ts');
  const text = await readText(path);
  const rows = refusing(() => readCrashFile(text, path));
  if (options.twin !== undefined) await postCrashes(options.twin, rows, path);
  else await keepCrashes(rows, path);
  if (options.json === true) print({ junctions: rows.length });
  else
    process.stdout.write(
      `Crash histories of ${rows.length} ${rows.length === 1 ? 'junction' : 'junctions'} kept. Their real-time index (RT-SI) is computed from the next quarter of an hour on.\n`,
    );
}

const keepCrashes = (rows: readonly CrashHistoryRow[], path: string): Promise<void> =>
  withStore(
    async (store) => {
      const { putCrashHistories } = await import('../api/database/repositories/crashes.ts');
      await requireJunctions(
        store,
        rows.map(({ junctionId }) => junctionId),
      );
      await store.asJob((trx) => putCrashHistories(trx, rows, basename(path)));
    },
    { needsArchive: false },
  );

async function postCrashes(twin: string, rows: readonly CrashHistoryRow[], path: string): Promise<void> {
  const { crashHistoryFields } = await import('../runs/safety/crash-file.ts');
  await postTo(
    twin,
    `/api/v1/safety/crashes?source=${encodeURIComponent(basename(path))}`,
    rows.map(crashHistoryFields),
  );
}

// Weather

/** `flextraff weather FILE`. */
export async function weatherCommand(
  path: string,
  options: { twin?: string; source?: string; json?: boolean },
): Promise<void> {
  const { readWeatherFile } = await import('../runs/safety/weather-file.ts');
  const text = await readText(path);
  const observations = refusing(() => readWeatherFile(text, path));
  const source = options.source ?? basename(path).slice(0, 50);
  if (options.twin === undefined) await keepWeather(observations, source);
  else await postWeather(options.twin, observations, source);
  const [first] = observations;
  const last = observations.at(-1)!;
  if (options.json === true)
    print({ observations: observations.length, from: instant(first!.atMs), to: instant(last.atMs) });
  else
    process.stdout.write(
      `${observations.length} ${observations.length === 1 ? 'observation' : 'observations'} taken, ${instant(first!.atMs)} to ${instant(last.atMs)}.\n`,
    );
}

const keepWeather = (observations: readonly WeatherObservation[], source: string): Promise<void> =>
  withStore(
    async (store) => {
      const { weatherRecord } = await import('../runs/safety/keeper.ts');
      await requireJunctions(
        store,
        observations.map(({ junctionId }) => junctionId),
      );
      store.writeRecords(
        'weather',
        observations.map(({ weather, junctionId, atMs }) => weatherRecord(weather, junctionId, atMs, source)),
      );
      await store.flush();
    },
    { needsArchive: false },
  );

/** Observations in a request: below the twin's limits. */
const AT_ONCE = 500;

async function postWeather(twin: string, observations: readonly WeatherObservation[], source: string): Promise<void> {
  for (let first = 0; first < observations.length; first += AT_ONCE) {
    const body = observations.slice(first, first + AT_ONCE).map(({ atMs, junctionId, weather }) => ({
      timestamp: new Date(atMs).toISOString(),
      ...(junctionId !== null && { junction_id: junctionId }),
      precipitation_mm: weather.rainMillimetres,
      visibility_m: weather.visibilityMetres,
      wind_speed_ms: weather.windMetresPerSecond,
      temperature_c: weather.temperatureCelsius,
      source,
    }));
    await postTo(twin, '/api/v1/weather', body, first === 0 ? '' : ` after ${first} observations were taken`);
  }
}

/** Throws where the twin is away, or refuses: `after` says what it took before. */
async function postTo(twin: string, path: string, body: unknown, after = ''): Promise<void> {
  const response = await fetch(new URL(path, twin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((error: Error & { cause?: Error }) => {
    throw new Error(`The twin at ${twin} cannot be reached${after}: ${error.cause?.message ?? error.message}.`);
  });
  if (!response.ok)
    throw new Error(`The twin at ${twin} answers ${response.status}${after}: ${(await response.text()).slice(0, 300)}`);
}
