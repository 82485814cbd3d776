/** The safety monitors of a simulated run: one a variant, where its scenario's vehicles or people broadcast. */
import type { Link } from '../../feeds/link.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { type MonitoredJunction, SafetyMonitor } from './monitor.ts';
import type { SafetyPool } from './pool.ts';
import type { SafetyEvent } from './results.ts';

const KINDS = ['bsm', 'psm', 'spat', 'map'] as const;

export function monitoredJunctions(scenario: Scenario): MonitoredJunction[] {
  return scenario.junctions.map(({ id, name, latitude, longitude, centre }) => ({
    junctionId: id,
    name,
    latitude,
    longitude,
    x: centre.x,
    y: centre.y,
  }));
}

export interface RunMonitorOptions {
  readonly scenario: Scenario;
  readonly variant: string;
  /** Below which the variant's roadside units send. */
  readonly prefix: string;
  readonly link: Link;
  readonly pool: SafetyPool | null;
  /** The link hands over the very objects that the street made. */
  readonly own: boolean;
  onEvent?(event: SafetyEvent): void;
}

/** Opens a monitor and subscribes it; `close` ends the subscription. */
export async function openRunMonitor(
  options: RunMonitorOptions,
): Promise<{ monitor: SafetyMonitor; close(): Promise<void> }> {
  const { scenario, variant, prefix, link, pool, own, onEvent } = options;
  const monitor = await SafetyMonitor.open({
    variant,
    junctions: monitoredJunctions(scenario),
    startsAtMs: scenario.startsAtMs,
    penetration: scenario.v2x?.share ?? null,
    weather: scenario.weather ?? null,
    pool,
    own,
    ...(onEvent && { onEvent }),
  });
  const close = await link.subscribe(prefix, KINDS, ({ address, message, retained }) => {
    if (!retained) monitor.take(address.junctionId!, message);
  });
  return { monitor, close };
}
