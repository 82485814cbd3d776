import type { LiveSafety } from '../../runs/safety/live.ts';
import type { Twin } from '../../runs/twin-types.ts';
import type { DatabaseStore } from '../database/store.ts';
import type { Check } from './health.ts';

export type BrokerStatus = { status: 'ok' | 'starting' | 'failed'; detail: string };

/** What the routes work with. */
export interface ApiContext {
  twin: Twin;
  store: DatabaseStore;
  /** Takes V2X messages of streets; absent: nobody does. */
  safety?: LiveSafety | undefined;
  brokerStatus: () => BrokerStatus | Promise<BrokerStatus>;
  version: string;
  startedAtMs: number;
  /** Checks of GET /health besides its own, e.g. of the worker threads. */
  checks: Readonly<Record<string, Check>>;
}
