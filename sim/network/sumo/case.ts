/** A SUMO case: its parsed files, and what they make of a seed. */
import type { SumoConfig } from './config.ts';
import { sumoDemand, type SumoDemand } from './demand.ts';
import type { SumoNet } from './net-types.ts';
import { type SumoWorld, sumoNetwork } from './network.ts';
import type { SumoNotice } from './notices.ts';
import type { SumoRoutes } from './route-types.ts';

export interface SumoCase {
  readonly name: string;
  readonly net: SumoNet;
  /** In the order in which SUMO would read them. */
  readonly routes: readonly SumoRoutes[];
  /** On the files' clock. */
  readonly beginSeconds: number;
  readonly stepSeconds: number;
  readonly ballistic: boolean;
  /** Of the configuration file; those of net and routes are with them. */
  readonly notices: readonly SumoNotice[];
}

export interface DrawnSumo {
  readonly demand: SumoDemand;
  readonly world: SumoWorld;
}

/** The last seed drawn of a case: the worlds of a run share it. */
const drawn = new WeakMap<SumoCase, { seed: number; endSeconds: number; of: DrawnSumo }>();

/**
 * Vehicles and network of a seed, up to `endSeconds` on the files' clock. Throws InputFileError for routes that cannot be
 * driven and for too many vehicles.
 */
export function drawSumo(files: SumoCase, seed: number, endSeconds: number): DrawnSumo {
  const known = drawn.get(files);
  if (known?.seed === seed && known.endSeconds === endSeconds) return known.of;
  const { net, routes, beginSeconds, stepSeconds } = files;
  const demand = sumoDemand(net, routes, { beginSeconds, endSeconds, stepSeconds, seed });
  const of = { demand, world: sumoNetwork(net, demand) };
  drawn.set(files, { seed, endSeconds, of });
  return of;
}

/** Everything the files ask for that is not done, in the order configuration, network, routes. */
export function noticesOf(files: SumoCase): readonly SumoNotice[] {
  const all = [...files.notices, ...files.net.notices, ...files.routes.flatMap(({ notices }) => notices)];
  const merged = new Map<string, SumoNotice>();
  for (const notice of all) {
    const known = merged.get(notice.what);
    merged.set(notice.what, known === undefined ? notice : { ...known, count: known.count + notice.count });
  }
  return [...merged.values()];
}

/** What of a configuration a case takes over. */
export function timingOf(config: SumoConfig): Pick<SumoCase, 'beginSeconds' | 'stepSeconds' | 'ballistic' | 'notices'> {
  const { beginSeconds, stepSeconds, ballistic, notices } = config;
  return { beginSeconds, stepSeconds, ballistic, notices };
}
