/** Safety of real junctions in the twin's process: hears the broker's live V2X topics, and says nothing there. */
import { join } from 'node:path';
import type { DatabaseStore } from '../api/database/store.ts';
import type { RawThread } from '../api/archive/raw-thread.ts';
import type { Settings } from '../config.ts';
import type { SafetyEvent } from '../runs/types.ts';
import type { SafetyPool } from '../runs/safety/pool.ts';
import type { LiveSafety } from '../runs/safety/live.ts';

export interface StreetSafety {
  readonly live: LiveSafety;
  onEvents(handler: (events: SafetyEvent[]) => void): void;
  close(): Promise<void>;
}

/** J2735 ids end here; above are numbers of our own. */
const J2735_ID_MAX = 65_535;

export async function openStreetSafety(
  store: DatabaseStore,
  broker: string,
  settings: Pick<Settings, 'threads' | 'archive' | 'spoolMaxMebibytes'> & { readonly dataDirectory: string },
  onProblem: (message: string) => void,
): Promise<StreetSafety> {
  const [{ LiveSafety }, { openSafetyPool }, { openMqttLink }] = await Promise.all([
    import('../runs/safety/live.ts'),
    import('../runs/safety/pool.ts'),
    import('../feeds/mqtt-link.ts'),
  ]);
  let tell: (events: SafetyEvent[]) => void = () => {};
  const link = await openMqttLink({ url: broker, simulation: false, hearOnly: true });
  // threads begin with the first junction that is heard: most twins have no street
  let opened: SafetyPool | null = null;
  const most = Math.max(1, Math.min(settings.threads, 4));
  const archived = settings.archive === 'off' ? null : await openRawMessages(settings, settings.archive, onProblem);
  const pool: SafetyPool = {
    threads: most,
    open(junction, setup) {
      opened ??= openSafetyPool({ threads: most });
      return opened.open(junction, setup);
    },
    push: (junction, batch) => opened!.push(junction, batch),
    closeJunction: (junction) => opened!.closeJunction(junction),
    close: async () => opened?.close(),
  };
  const live = await LiveSafety.open({
    async junctions() {
      // the embedded database may still be starting: asked again with the next message
      if ((await store.health()).status !== 'ok') return [];
      return (await store.junctions()).map((junction) => ({
        junctionId: junction.junctionId,
        name: junction.name,
        latitude: junction.latitude,
        longitude: junction.longitude,
        x: 0,
        y: 0,
        intersectionId: junction.intersectionId <= J2735_ID_MAX ? junction.intersectionId : null,
      }));
    },
    link,
    pool,
    store,
    keepsMessages: store.archive !== null,
    ...(archived !== null && { archiveText: (kind, text, from) => archived.add(kind, text, from) }),
    async basis() {
      const { safetyBasis } = await import('../api/database/repositories/safety-basis.ts');
      if ((await store.health()).status !== 'ok') throw new Error('the database is not there yet');
      return safetyBasis(store, Date.now());
    },
    onEvents: (events) => tell(events),
    onProblem,
  });
  return {
    live,
    onEvents(handler) {
      tell = handler;
    },
    async close() {
      await live.close();
      await link.close();
      await archived?.close();
      await pool.close();
    },
  };
}

/** Opened with the first message: most twins hear of no street. */
async function openRawMessages(
  settings: Pick<Settings, 'spoolMaxMebibytes'> & { readonly dataDirectory: string },
  storage: Exclude<Settings['archive'], 'off'>,
  onProblem: (message: string) => void,
): Promise<Pick<RawThread, 'add' | 'close'>> {
  const { openRawThread } = await import('../api/archive/raw-thread.ts');
  let opened: RawThread | null = null;
  return {
    add(of, text, from) {
      opened ??= openRawThread({
        storage,
        directory: join(settings.dataDirectory, 'archive-spool-v2x'),
        maxBytes: settings.spoolMaxMebibytes * 1_048_576,
        onAlert: (_, message) => onProblem(message),
      });
      opened.add(of, text, from);
    },
    close: async () => opened?.close(),
  };
}
