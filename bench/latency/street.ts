/**
 * The street of `bench/latency.ts`, in a process of its own: so many lamp devices and readers at a broker, each with a frame
 * a second, and a stopwatch from a frame to the plan or stage request that answers it. Prints one JSON object and ends.
 *
 *   tsx bench/latency/street.ts BROKER PREFIX JUNCTIONS SECONDS WARM_UP_SECONDS spread|burst SCENARIO loops|full
 */
import { copyOfJunction } from '../../cli/devices.ts';
import { configurationToMessage, msOf, planToMessage, requestToMessage } from '../../feeds/codec.ts';
import { DeviceHost } from '../../feeds/kerb/device-host.ts';
import { MadeUpTraffic } from '../../feeds/kerb/made-up-traffic.ts';
import type { Link, Received } from '../../feeds/link.ts';
import { openMqttLink } from '../../feeds/mqtt-link.ts';
import { openSource } from '../../runs/source.ts';

const [url, prefix, junctions, seconds, warmUp, spread, scenario, detection] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const source = await openSource(scenario);
const bases = source.open({ seed: 0, variant: source.variants[0]!, prefix }).configurations;
const link = await openMqttLink({ url, simulation: true });

/** By junction, when each frame was handed to the link: by its own time, which plans and requests carry. */
const sent = new Map<string, Map<number, number>>();
const latencies: number[] = [];
let measuring = false;
let frames = 0;
let unknown = 0;

function answered({ address, message }: Received): void {
  const { kind } = address;
  if (!measuring || (kind !== 'green-time' && kind !== 'stage-request')) return;
  const at =
    kind === 'green-time'
      ? (message as { timestamp: string }).timestamp
      : (message as { not_before: string }).not_before;
  const own = sent.get(address.junctionId!)!;
  const began = own.get(msOf(at));
  if (began === undefined) unknown++;
  else latencies.push(performance.now() - began);
}

const watched: Link = {
  ...link,
  publish: (address, message) => link.publish(address, message),
  wants: () => true,
  events: link.events,
  close: () => link.close(),
  subscribe: (below, kinds, onMessage, ids) =>
    link.subscribe(
      below,
      kinds,
      (received) => {
        answered(received as Received);
        onMessage(received);
      },
      ids,
    ),
};

/**
 * This process stands for a thousand kerbs, each of which would have a processor of its own to read its first plan with: the
 * code that does it has run before the first that is timed.
 */
async function rehearse(): Promise<void> {
  const configuration = bases[0]!;
  const { junctionId, version, stages, localPlan } = configuration;
  const away = `${prefix}-rehearsal`;
  const host = new DeviceHost({ link, prefix: away, configuration, deviceId: 'rehearsal', boot: 'warm' });
  await host.start();
  for (let seq = 1; seq <= 2 * REHEARSED; seq += 2) {
    const nowMs = Date.now();
    const head = { junctionId, configurationVersion: version, validUntilMs: nowMs + 60_000, reason: 'Rehearsal' };
    const plan = {
      ...head,
      seq,
      planId: `rehearsal-${seq}`,
      validFromMs: nowMs,
      stages: localPlan,
      mode: 'automatic',
    } as const;
    await link.publish({ prefix: away, kind: 'green-time', junctionId }, planToMessage(plan, configuration));
    const request = { ...head, seq: seq + 1, stageId: stages[0]!.id, notBeforeMs: nowMs };
    await link.publish({ prefix: away, kind: 'stage-request', junctionId }, requestToMessage(request));
  }
  await host.close();
  await link.clearRetained(away);
}

const REHEARSED = 1000;
await rehearse();
const count = Number(junctions);
const hosts: DeviceHost[] = [];
const timers: NodeJS.Timeout[] = [];
for (let i = 0; i < count; i++) {
  const configuration = copyOfJunction(bases[i % bases.length]!, Math.floor(i / bases.length));
  const { junctionId } = configuration;
  sent.set(junctionId, new Map());
  await link.publish({ prefix, kind: 'configuration', junctionId }, configurationToMessage(configuration));
  const host = new DeviceHost({ link: watched, prefix, configuration, deviceId: `lamps-${junctionId}`, boot: 'warm' });
  await host.start();
  hosts.push(host);
}
process.stdout.write(`${JSON.stringify({ ready: count })}\n`);
const sharedSecondMs = performance.now();
hosts.forEach((host, i) => {
  const configuration = copyOfJunction(bases[i % bases.length]!, Math.floor(i / bases.length));
  const { junctionId } = configuration;
  const traffic = new MadeUpTraffic(configuration, `bench/${i}`, 400);
  const own = sent.get(junctionId)!;
  const frame = (): void => {
    traffic.second(host.device.lamps());
    const nowMs = Date.now();
    own.set(nowMs, performance.now());
    if (own.size > 20) own.delete(own.keys().next().value!);
    if (measuring) frames++;
    const told = detection === 'full' ? traffic.withRadio(nowMs) : traffic.detections(nowMs);
    void link.publish({ prefix, kind: 'detections', junctionId }, told);
  };
  const offsetMs = spread === 'burst' ? 0 : (1000 * i) / count;
  timers.push(
    setTimeout(
      () => {
        frame();
        timers.push(setInterval(frame, 1000));
      },
      Math.max(0, sharedSecondMs + offsetMs - performance.now()),
    ),
  );
});
await new Promise((resolve) => setTimeout(resolve, 1000 * Number(warmUp)));
measuring = true;
const began = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, 1000 * Number(seconds)));
measuring = false;
const cpu = process.cpuUsage(began);
for (const timer of timers) clearTimeout(timer);
latencies.sort((a, b) => a - b);
const at = (share: number): number | null =>
  latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? null;
const faults = hosts.filter((host) => host.report().fault !== null).length;
const cpuShare = (cpu.user + cpu.system) / 1e6 / Number(seconds);
process.stdout.write(
  `${JSON.stringify({ frames, answers: latencies.length, unknown, faults, cpuShare, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) })}\n`,
);
await Promise.all(hosts.map((host) => host.close().catch(() => {})));
await link.close();
process.exit(0);
