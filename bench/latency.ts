/**
 * From a junction's frame to its published plan or stage request, as the junction sees it: 1,000 lamp devices and readers at
 * 1 Hz in one process, a broker in another, `flextraff controller` in a third. Mosquitto where it is installed, else the
 * embedded broker. Times include both ways through the broker and all three processes' waiting for two cores.
 *
 *   npm run build && npm run bench:latency [-- --strategies atcs,horizon --junctions 1000 --horizon-junctions 100
 *     --seconds 30 --plan-seconds 90 --warm-up 15 --frames spread|burst --detection loops|full
 *     --profile FOLDER]
 *
 * Strategies that answer once a cycle are watched for `--plan-seconds`, so that each junction is answered at least once.
 * Prints a table: median, 95th and 99th percentile and worst, ms; frames that were missed because the one before was still
 * decided on; cores that the controller and the street used, and the controller's largest memory. `own`: the 99th percentile
 * from a frame in the controller to its answer out of it, in the second in which it was highest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { STRATEGIES } from '../controller/strategies/index.ts';
import { startBroker } from '../feeds/broker.ts';
import { findMosquitto, startMosquitto } from '../feeds/testing/mosquitto.ts';

const { values } = parseArgs({
  options: {
    strategies: { type: 'string', default: STRATEGIES.map(({ name }) => name).join(',') },
    junctions: { type: 'string', default: '1000' },
    'horizon-junctions': { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30' },
    'plan-seconds': { type: 'string', default: '90' },
    'warm-up': { type: 'string', default: '15' },
    frames: { type: 'string', default: 'spread' },
    threads: { type: 'string', default: '2' },
    scenario: { type: 'string', default: 'hangzhou-kn-hz' },
    /** `full`: every vehicle tells by radio where it is; else there are loops. */
    detection: { type: 'string', default: 'loops' },
    /** A folder for CPU profiles of the controller's threads. */
    profile: { type: 'string' },
  },
});

/** These answer with a plan, once a cycle. */
const PLANNING = ['fixed-time', 'webster', 'atcs', 'atcs-v2'];
/** With its own cycle, 140 s and more, it is refused where 120 s are the longest. */
const PARAMETERS: Readonly<Record<string, string>> = { 'atcs-v2': ',baseGreenSeconds=80,capGreenSeconds=80' };

const root = fileURLToPath(new URL('..', import.meta.url));
const program = findMosquitto();
const broker = program === null ? await startBroker({ port: 0 }) : await startMosquitto(program);

interface Measured {
  readonly frames: number;
  readonly answers: number;
  readonly unknown: number;
  readonly faults: number;
  readonly cpuShare: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

interface Status {
  readonly rssMebibytes: number;
  readonly cpuSeconds: number;
  readonly missed: number;
  readonly vetoed: number;
  readonly refused: number;
  readonly work?: number | null;
  readonly latencyMs: { readonly p99: number } | null;
}

function lines(child: ChildProcess, onLine: (line: Record<string, unknown>) => void): void {
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line.startsWith('{')) onLine(JSON.parse(line));
  });
}

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()));

async function measure(
  strategy: string,
  count: number,
  seconds: string,
): Promise<{ measured: Measured; statuses: Status[] }> {
  const prefix = `flextraff-sim/latency/${strategy}`;
  const { frames, scenario, detection } = values;
  const args = [broker.url, prefix, String(count), seconds, values['warm-up'], frames, scenario, detection];
  const street = spawn(process.execPath, ['--import', 'tsx', 'bench/latency/street.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = new Promise<void>((resolve) => lines(street, (line) => 'ready' in line && resolve()));
  let measured: Measured | null = null;
  lines(street, (line) => {
    if ('frames' in line) measured = line as unknown as Measured;
  });
  const streetEnded = ended(street);
  await ready;
  const controller = spawn(
    process.execPath,
    [
      ...(values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile]),
      'dist/cli.js',
      'controller',
      ...['--broker', broker.url, '--prefix', prefix, '--strategy', `${strategy}${PARAMETERS[strategy] ?? ''}`],
      ...['--threads', values.threads, '--status-seconds', '1', '--record', `data/bench-decisions/${strategy}`],
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, DATABASE_URL: '', LOG_LEVEL: 'error' } },
  );
  const statuses: Status[] = [];
  lines(controller, (line) => {
    if (line.event === 'status') statuses.push(line as unknown as Status);
  });
  const controllerEnded = ended(controller);
  await streetEnded;
  controller.kill('SIGTERM');
  await controllerEnded;
  if (measured === null) throw new Error(`${strategy}: the street ended without a result.`);
  return { measured, statuses };
}

const shown = (value: number | null): string => (value === null ? '-' : value.toFixed(1)).padStart(8);
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, ${program === null ? 'embedded broker' : 'Mosquitto'}, ` +
    `frames ${values.frames}, ${values.detection}, after ${values['warm-up']} s, ${values.threads} threads, ${values.scenario}`,
);
console.log(
  'strategy      junctions seconds  answers     p50      p95      p99    worst      own   missed  cores street  MiB   asked: p99',
);
let failed = false;
for (const strategy of values.strategies.split(',')) {
  const isHorizon = strategy === 'horizon';
  const count = Number(isHorizon ? values['horizon-junctions'] : values.junctions);
  const seconds = PLANNING.includes(strategy) ? values['plan-seconds'] : values.seconds;
  const { measured, statuses } = await measure(strategy, count, seconds);
  const asked = isHorizon ? 250 : 50;
  const { answers, p50, p95, p99, max, cpuShare } = measured;
  const rss = Math.max(0, ...statuses.map((status) => status.rssMebibytes));
  const from = statuses[Math.min(Number(values['warm-up']), statuses.length - 1)];
  const to = statuses.at(-1);
  const cores =
    from && to ? (to.cpuSeconds - from.cpuSeconds) / Math.max(1, statuses.length - 1 - Number(values['warm-up'])) : 0;
  const missed = from && to ? to.missed - from.missed : 0;
  const since = statuses.slice(Number(values['warm-up']));
  const own = Math.max(0, ...since.map(({ latencyMs }) => latencyMs?.p99 ?? 0));
  if (p99 === null || p99 > asked || rss > 512) failed = true;
  console.log(
    `${strategy.padEnd(13)} ${String(count).padStart(9)} ${seconds.padStart(7)} ${String(answers).padStart(8)} ${shown(p50)} ${shown(p95)} ${shown(p99)} ${shown(max)} ${shown(own)} ` +
      `${String(missed).padStart(8)} ${cores.toFixed(2).padStart(6)} ${cpuShare.toFixed(2).padStart(6)} ${String(rss).padStart(4)}   ${asked} ms, 512 MiB` +
      `${measured.faults > 0 ? `; ${measured.faults} FAULTS` : ''}${to?.work == null ? '' : `; work ${to.work}`}`,
  );
}
await broker.close();
process.exit(failed ? 1 : 0);
