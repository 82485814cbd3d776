/** What the street's safety relates its scores to. */
import type { LiveBasis } from '../../../runs/safety/live.ts';
import { WEATHER_HOLDS_MS } from '../../../runs/safety/weather.ts';
import type { DatabaseStore } from '../store.ts';
import { listCrashHistories } from './crashes.ts';
import { listConstants, versionsOf } from './safety-constants.ts';
import { listWeather } from './weather.ts';

/** Minutes and quarters of an hour are scored a little after they ended. */
const BACK_MS = 2 * WEATHER_HOLDS_MS;

/** What counts for the hours around `nowMs`. */
export const safetyBasis = (store: DatabaseStore, nowMs: number): Promise<LiveBasis> =>
  store.asRole('reporting_user', async (trx) => ({
    frozen: versionsOf(await listConstants(trx, nowMs - BACK_MS, nowMs + BACK_MS)),
    weather: await listWeather(trx, nowMs - BACK_MS, nowMs + BACK_MS),
    crashes: new Map((await listCrashHistories(trx)).map(({ junctionId, record }) => [junctionId, record])),
  }));
