/**
 * From a BSM's publication to its conflict on the socket: 2,000 vehicles at 10 junctions broadcast ten times a second, in
 * frames, over a real broker; in the twin's process they are analysed on worker threads and told over Socket.IO. At each
 * junction one pair at a time closes in: a car that drives up to one that stands. `npm run bench:safety-latency [-- SECONDS]`.
 *
 * Counted is, for each pair, from the moment at which the frame was handed to the sender's MQTT client to the moment at
 * which a client of the socket had the encounter; the frame is the first in which the standing one is heard, at a TTC of 2 s or less.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import { io } from 'socket.io-client';
import { openRawThread } from '../api/archive/raw-thread.ts';
import { openGateway } from '../api/live/gateway.ts';
import { HostGuard } from '../api/http/guard.ts';
import { startBroker } from '../feeds/broker.ts';
import { openMqttLink } from '../feeds/mqtt-link.ts';
import { LiveSafety } from '../runs/safety/live.ts';
import { openSafetyPool } from '../runs/safety/pool.ts';
import type { SafetyEvent } from '../runs/types.ts';
import type { Twin } from '../runs/twin-types.ts';
import type { ShownPair } from './safety-latency/street.ts';
import { JUNCTIONS, junctionId, latitudeOf, VEHICLES } from './safety-latency/vehicles.ts';

const seconds = Number(process.argv[2] ?? 40);
const WARM_UP_SECONDS = 5;

const broker = await startBroker({ port: 0 });
const link = await openMqttLink({ url: broker.url, simulation: false });
const pool = openSafetyPool({ threads: 2 });
const http = createServer();
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
const port = (http.address() as AddressInfo).port;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const gateway = openGateway({
  server: http,
  twin: { on() {} } as unknown as Twin,
  guard: new HostGuard('127.0.0.1'),
  logger: quiet,
});
/** `-- SECONDS archive vehicles=200`: messages are archived as well, as the twin does where it has an archive. */
const folder = process.argv.includes('archive') ? mkdtempSync(join(tmpdir(), 'flextraff-latency-')) : null;
const archive =
  folder === null
    ? null
    : openRawThread({
        storage: { location: join(folder, 'archive') },
        directory: join(folder, 'spool'),
        maxBytes: 4e9,
        onAlert: (_, message) => process.stderr.write(`${message}\n`),
      });
const loop = monitorEventLoopDelay({ resolution: 5 });
const kept = { conflicts: 0, qualityIssues: 0 } as Record<string, number>;
const live = await LiveSafety.open({
  junctions: async () =>
    Array.from({ length: JUNCTIONS }, (_, j) => ({
      junctionId: junctionId(j),
      name: `junction ${j}`,
      latitude: latitudeOf(j),
      longitude: 8.4,
      x: 0,
      y: 0,
      intersectionId: null,
    })),
  link,
  pool,
  store: {
    writeRecords(kind, rows) {
      kept[kind] = (kept[kind] ?? 0) + rows.length;
    },
  },
  ...(archive !== null && { archiveText: (kind, text, from) => archive.add(kind, text, from) }),
  onEvents: (events) => gateway.tellSafety(events),
  onProblem: (message) => process.stderr.write(`${message}\n`),
});

const seen = new Map<string, number>();
const client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
client.on('street-safety', (events: SafetyEvent[]) => {
  const now = Date.now();
  for (const { started } of events)
    for (const { users } of started) {
      const pair = [...users].sort().join(' ');
      if (!seen.has(pair)) seen.set(pair, now);
    }
});
await new Promise<void>((resolve) => client.on('connect', () => resolve()));

const street = fork(
  fileURLToPath(new URL('./safety-latency/street.ts', import.meta.url)),
  [broker.url, String(seconds), `vehicles=${VEHICLES}`],
  {
    execArgv: ['--import', 'tsx'],
  },
);
const shown: ShownPair[] = [];
street.on('message', (pair: ShownPair) => shown.push(pair));
const began = process.cpuUsage();
loop.enable();
await new Promise<void>((resolve) => street.once('exit', () => resolve()));
await new Promise((resolve) => setTimeout(resolve, 500));
const used = process.cpuUsage(began);

const first = Math.min(...shown.map(({ publishedAtMs }) => publishedAtMs)) + WARM_UP_SECONDS * 1000;
const counted = shown.filter(({ publishedAtMs }) => publishedAtMs >= first);
const latencies = counted
  .flatMap(({ pair, publishedAtMs }) => (seen.has(pair) ? seen.get(pair)! - publishedAtMs : []))
  .sort((a, b) => a - b);
const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))];
const { junctions, rejected } = live.status();
const total = (of: (one: (typeof junctions)[number]) => number) => junctions.reduce((sum, one) => sum + of(one), 0);
process.stdout.write(
  [
    `${VEHICLES} vehicles, ${JUNCTIONS} junctions, ${seconds} s: ${total((one) => one.read)} messages read, ${total((one) => one.used)} used`,
    `not used: ${JSON.stringify([rejected, ...junctions.map((one) => one.rejected)].filter((one) => Object.keys(one).length > 0))}`,
    `pairs that closed in: ${counted.length}, on the socket: ${latencies.length}`,
    `publication to socket, ms: median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, worst ${latencies.at(-1)} (asked: p99 below 100)`,
    `event loop of the twin's main thread held up, ms: p99 ${(loop.percentile(99) / 1e6 - 5).toFixed(0)}, worst ${(loop.max / 1e6 - 5).toFixed(0)}${archive === null ? '' : ' (archive on)'}`,
    `CPU of twin's process: ${((used.user + used.system) / 1e6 / seconds).toFixed(2)} cores`,
    '',
  ].join('\n'),
);
client.close();
await live.close();
await gateway.close();
await link.close();
await pool.close();
await broker.close();
await archive?.close();
if (folder !== null) rmSync(folder, { recursive: true, force: true });
http.close();
process.exit(0);
