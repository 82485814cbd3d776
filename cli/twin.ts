/** `flextraff twin`: broker, store, twin, API and page in one process, and a run to look at. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { UsedBroker } from './broker.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { openLog } from './log.ts';
import { backupSettings } from './backup-settings.ts';
import { loadSettings } from './settings.ts';
import { openStreetSafety } from './street-safety.ts';
import { parseV2x } from './v2x-option.ts';

export interface TwinCommandOptions {
  readonly port?: number;
  readonly seed?: number;
  readonly pace?: 'max' | number;
  readonly broker?: string;
  readonly data?: string;
  readonly v2x?: string | true;
  readonly version: string;
}

/** What takes longer to stop than this is left behind, ms. */
const STOP_TIMEOUT_MS = 10_000;

/** Where the build put the page, seen from the sources and from the compiled files alike. */
function pageDirectory(): string {
  const folder = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? '../dist/twin-ui' : '../twin-ui', import.meta.url),
  );
  if (!existsSync(folder)) throw new Error(`The page is not built: ${folder} is missing. Run \`npm run build\`.`);
  return folder;
}

type AlertHandler = (level: 'info' | 'warning' | 'error', message: string) => void;

interface Opened {
  close(): Promise<unknown>;
}

/** Closes in the reverse order of opening; an error of one does not keep the others open. */
async function closeAll(opened: readonly Opened[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const part of [...opened].reverse()) await part.close().catch((error: unknown) => errors.push(error));
  return errors;
}

/** Runs until a signal ends it. Throws Refusal, SettingsError, ScenarioError, SourceError, StoreError or TwinError. */
export async function twin(scenario: string, options: TwinCommandOptions): Promise<void> {
  if (options.data === '') throw new Refusal('--data names no folder.');
  const settings = loadSettings(options.data);
  const interrupt = onInterrupt();
  const page = pageDirectory();
  const [{ openSource }, { scenarioFiles }, { createTwin }, { openStore }, { startServer }, { openBroker }] =
    await Promise.all([
      import('../runs/source.ts'),
      import('../scenarios/list.ts'),
      import('../runs/twin.ts'),
      import('../api/database/store.ts'),
      import('../api/server.ts'),
      import('./broker.ts'),
    ]);

  const directories = settings.scenariosFolder === undefined ? [] : [settings.scenariosFolder];
  const v2x = parseV2x(options.v2x);
  const source = await openSource(scenario, { directories, ...(v2x && { v2x }) });
  const listed = [...(await scenarioFiles(directories)).values()].includes(source.path);
  const dataDirectory = settings.dataFolder;
  const logger = openLog(settings.logLevel);

  const opened: Opened[] = [];
  let broker: UsedBroker;
  let url: string;
  let begin: () => Promise<unknown>;
  try {
    // the store is open before the twin can tell of its alerts
    let tell: AlertHandler = (level, message) => waitingAlerts.push([level, message]);
    const waitingAlerts: Parameters<AlertHandler>[] = [];
    const store = openStore({
      databaseUrl: settings.databaseUrl,
      roleUrls: settings.databaseRoleUrls,
      poolMax: settings.databasePool,
      archive: settings.archive,
      dataDirectory,
      epcKey: settings.epcKey,
      spoolMaxMebibytes: settings.spoolMaxMebibytes,
      logger,
      onAlert: (level, message) => tell(level, message),
    });
    opened.push(store);
    broker = await openBroker(options.broker, settings);
    opened.push(broker);
    // a server answers at once or is not there; the embedded database may take its time
    if (settings.databaseUrl !== undefined) await store.ready;
    const twin = await createTwin({
      store,
      broker: broker.url,
      dataDirectory,
      scenariosDirectories: directories,
      scenarioFiles: listed ? [] : [source.path],
      ...(v2x && { v2x: { file: source.path, settings: v2x } }),
      threads: settings.threads,
      logger,
    });
    opened.push(twin);
    tell = (level, message) => twin.alert(level, message);
    const jobs = settings.jobs
      ? (await import('../api/jobs/start.ts')).startJobs({
          store,
          databaseUrl: settings.databaseUrl ?? null,
          backup: backupSettings(settings),
          onAlert: (level, message) => twin.alert(level, message),
        })
      : null;
    if (jobs !== null) opened.push(jobs);
    const safety = await openStreetSafety(store, broker.url, { ...settings, dataDirectory }, (message) =>
      twin.alert('warning', message),
    );
    opened.push(safety);
    for (const alert of waitingAlerts) tell(...alert);
    const server = await startServer({
      twin,
      store,
      safety: safety.live,
      host: settings.host,
      port: options.port ?? settings.port,
      allowedHosts: settings.allowedHosts,
      brokerStatus: broker.status,
      version: options.version,
      pageDirectory: page,
      checks: {
        workers: () => twin.workers(),
        ...(store.archive === null ? {} : { archive: () => store.archive!.health() }),
        ...(jobs === null ? {} : { jobs: () => jobs.health() }),
      },
      logger,
    });
    opened.push(server);
    safety.onEvents((events) => server.tellSafety(events));
    url = server.url;
    begin = () =>
      twin.start({ scenario: source.name, seed: options.seed ?? source.seeds[0] ?? 0, pace: options.pace ?? 'max' });
  } catch (error) {
    const late = new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS));
    await Promise.race([closeAll(opened), late]);
    throw error;
  }

  process.stdout.write(
    [
      `FlexTraff Twin ${options.version}: open ${url}`,
      `  plays     ${source.title} (${source.variants.map((variant) => variant.name).join(' and ')})`,
      `  messages  ${broker.embedded ? `${broker.url}, the embedded broker` : new URL(broker.url).host}`,
      `  kept in   ${dataDirectory}, ${settings.databaseUrl === undefined ? 'embedded database' : `database at ${new URL(settings.databaseUrl).host}`}`,
      'Ctrl-C stops it.\n',
    ].join('\n'),
  );
  await begin().catch((error: Error) =>
    logger.error({}, `The run of ${scenario} could not be started: ${error.message}`),
  );

  if (!interrupt.signal.aborted) await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve));
  process.stderr.write('Stopping; again to end at once.\n');
  const late = setTimeout(() => {
    process.stderr.write(
      `Not everything stopped within ${STOP_TIMEOUT_MS / 1000} s; ending. What was acknowledged is kept.\n`,
    );
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  const errors = await closeAll(opened);
  clearTimeout(late);
  for (const error of errors) process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(errors.length > 0 ? 1 : 0);
}
