/** The safety monitors of a simulated run: one a variant, where its vehicles or people broadcast. */
import type { Weather } from '../../controller/safety/index-formulas.ts';
import type { Link } from '../../feeds/link.ts';
import type { RoadsideUnit } from '../../sim/v2x/units.ts';
import { type MonitoredJunction, SafetyMonitor } from './monitor.ts';
import type { SafetyPool } from './pool.ts';
import type { SafetyEvent } from './results.ts';

export const V2X_KINDS = ['bsm', 'psm', 'spat', 'map'] as const;

function monitored({ junctionId, name, latitude, longitude, x, y, isOnEarth }: RoadsideUnit): MonitoredJunction {
  return { junctionId, name, latitude, longitude, x, y, ...(!isOnEarth && { isOnEarth }) };
}

export interface RunMonitorOptions {
  readonly units: readonly RoadsideUnit[];
  readonly startsAtMs: number;
  readonly variant: string;
  /** Share of vehicles that broadcast, 0-1. */
  readonly penetration: number | null;
  readonly weather: Weather | null;
  readonly pool: SafetyPool | null;
  /** What it takes are the very objects that the street made. */
  readonly own: boolean;
  onEvent?(event: SafetyEvent): void;
}

/** A monitor that is handed everything by whoever opened it. */
export function openRunMonitor(options: RunMonitorOptions): Promise<SafetyMonitor> {
  const { units, onEvent, ...rest } = options;
  return SafetyMonitor.open({ ...rest, junctions: units.map(monitored), ...(onEvent && { onEvent }) });
}

/** Has `monitor` hear what roadside units send below `prefix`. @returns what ends it. */
export function hears(monitor: SafetyMonitor, link: Link, prefix: string): Promise<() => Promise<void>> {
  return link.subscribe(prefix, V2X_KINDS, ({ address, message, retained }) => {
    if (!retained) monitor.take(address.junctionId!, message);
  });
}
