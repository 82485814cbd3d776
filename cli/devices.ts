/**
 * `flextraff devices`: lamp devices and readers of made-up traffic at a broker, the same code that a Pi runs, for trying a
 * controller without a street. Below `flextraff-sim/` only.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { v5 } from 'uuid';
import { DeviceHost } from '../feeds/kerb/device-host.ts';
import { MadeUpTraffic } from '../feeds/kerb/made-up-traffic.ts';
import { snapshotFile } from '../feeds/kerb/snapshot-file.ts';
import { configurationToMessage, isoOf } from '../feeds/codec.ts';
import { openMqttLink } from '../feeds/mqtt-link.ts';
import { isSimulationPrefix } from '../feeds/topics.ts';
import { LampMonitor } from '../junction/monitor.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import { openSource } from '../runs/source.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { openLog } from './log.ts';
import { loadSettings } from './settings.ts';

export interface DevicesCommandOptions {
  readonly broker?: string;
  readonly prefix: string;
  readonly count: number;
  readonly vehicles: number;
  readonly seed: number;
  readonly rfid?: boolean;
  readonly boot: 'cold' | 'warm';
  readonly state?: string;
  readonly reset?: boolean;
  readonly lampLog?: string;
}

/** The junction itself for n = 0, else a copy with ids of its own. */
export function copyOfJunction(configuration: JunctionConfiguration, n: number): JunctionConfiguration {
  if (n === 0) return configuration;
  const junctionId = v5(String(n), configuration.junctionId);
  return {
    ...configuration,
    junctionId,
    name: `${configuration.name} ${n + 1}`,
    intersectionId: configuration.intersectionId + n,
    approaches: configuration.approaches.map((approach) => ({ ...approach, id: v5(approach.name, junctionId) })),
  };
}

/** Runs until a signal ends it. */
export async function devices(scenario: string, options: DevicesCommandOptions): Promise<void> {
  const settings = loadSettings();
  const interrupt = onInterrupt();
  const url = options.broker ?? settings.brokerUrl;
  if (url === undefined)
    throw new Refusal('flextraff devices needs a broker: --broker mqtt://HOST:1883, or FLEXTRAFF_BROKER.');
  const { prefix } = options;
  if (!isSimulationPrefix(prefix))
    throw new Refusal(`--prefix ${prefix}: simulated devices speak below flextraff-sim/RUN/VARIANT only.`);
  if (options.reset === true && options.state === undefined)
    throw new Refusal('--reset clears the faults that are kept in the folder of --state; give that too.');
  const source = await openSource(scenario);
  const variant = source.variants[0]!;
  const bases = source.open({ seed: 0, variant, prefix }).configurations;
  if (bases.length === 0) throw new Refusal(`${scenario} has no junction with lamps of its own.`);
  const configurations = Array.from({ length: options.count }, (_, i) =>
    copyOfJunction(bases[i % bases.length]!, Math.floor(i / bases.length)),
  );
  const logger = openLog(settings.logLevel);
  const link = await openMqttLink({ url, simulation: true });
  link.events.onRejected(({ topic, reason }) =>
    logger.warn({ topic }, `a message of ${topic} was not used: ${reason}`),
  );
  const lampLog = options.lampLog === undefined ? null : openSync(options.lampLog, 'a');
  let illegal = 0;
  const timers: NodeJS.Timeout[] = [];
  const hosts: DeviceHost[] = [];
  try {
    for (const [i, configuration] of configurations.entries()) {
      const { junctionId, name } = configuration;
      // Sees what is lit and when, by the wall clock, and shares nothing with the device.
      let monitor: LampMonitor | null = null;
      const host = new DeviceHost({
        link,
        prefix,
        configuration,
        deviceId: `lamps-${junctionId}`,
        boot: options.boot,
        ...(options.state === undefined ? {} : { store: snapshotFile(join(options.state, `${junctionId}.json`)) }),
        onProblem: (message) => logger.warn({ junctionId }, `${name}: ${message}`),
        onLamps: (lamps, wallMs) => {
          if (lampLog !== null)
            writeSync(
              lampLog,
              `${JSON.stringify({ at: isoOf(wallMs), steadyMs: performance.now(), junctionId, lamps })}\n`,
            );
          const flashes = lamps.includes('flash');
          const wrong = flashes ? null : (monitor?.see(lamps, performance.now()) ?? null);
          if (flashes || monitor === null) monitor = new LampMonitor(configuration, lamps, performance.now());
          if (wrong === null) return;
          illegal++;
          logger.error({ junctionId }, `${name}: ${wrong}`);
        },
      });
      if (options.reset === true) host.reset();
      hosts.push(host);
      await link.publish({ prefix, kind: 'configuration', junctionId }, configurationToMessage(configuration));
      await host.start();
      timers.push(readers(host, configuration, i));
    }
    process.stdout.write(`${JSON.stringify({ event: 'started', prefix, junctions: hosts.length })}\n`);
    if (!interrupt.signal.aborted) await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve));
  } finally {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(hosts.map((host) => host.close().catch(() => {})));
    await link.close();
    if (lampLog !== null) closeSync(lampLog);
    interrupt.release();
  }
  const faults = hosts.filter((host) => host.report().fault !== null).length;
  process.stdout.write(`${JSON.stringify({ event: 'ended', junctions: hosts.length, illegal, faults })}\n`);
  if (illegal > 0 || faults > 0)
    throw new Error(`${illegal} illegal changes of lamps, ${faults} devices with a fault.`);

  function readers(host: DeviceHost, configuration: JunctionConfiguration, i: number): NodeJS.Timeout {
    const traffic = new MadeUpTraffic(configuration, `${options.seed}/${i}`, options.vehicles);
    const { junctionId } = configuration;
    let second = 0;
    return setInterval(() => {
      traffic.second(host.device.lamps());
      second++;
      const nowMs = Date.now();
      const problem = (error: Error): void => logger.warn({ junctionId }, error.message);
      if (options.rfid !== true) {
        link.publish({ prefix, kind: 'detections', junctionId }, traffic.detections(nowMs)).catch(problem);
      } else if (second % 10 === 0) {
        for (const message of traffic.carCounts(nowMs))
          link.publish({ prefix, kind: 'car-counts', junctionId, laneId: message.lane_id }, message).catch(problem);
      }
    }, 1000);
  }
}
