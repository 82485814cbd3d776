/**
 * A worker thread with PostgreSQL in it (PGlite with PostGIS), listening on a socket for `pg`. What it is to do comes as
 * `workerData` and as messages; it says how it went.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { postgis } from '@electric-sql/pglite-postgis';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { reasonOf } from './errors.ts';
import { SYNCED_START_PARAMS, SyncedNodeFS, syncTree } from './synced-files.ts';
import { isExtendedMessage, withoutReadyForQuery } from './pglite-protocol.ts';
import { postgisBundle, templateUsable, unpackTemplate } from './template.ts';

export interface WorkerOrder {
  dataDirectory: string;
  /** Prepared archive that a new database is made from, where it is there and fits. */
  templateFile: string;
  /** Unix socket to listen on; null: `port` on the loopback interface (0: of the system's choice). */
  socketPath: string | null;
  port: number;
}

export type WorkerRequest = { kind: 'dump' } | { kind: 'stop' };

export type WorkerNews =
  | { kind: 'ready'; port: number | null }
  | { kind: 'failed'; message: string; hint: string | null }
  /** A gzipped tar of the data directory. */
  | { kind: 'dumped'; archive: Uint8Array };

/** Major version of the PostgreSQL inside the pinned PGlite; data directories of others cannot be opened. */
const POSTGRES_MAJOR = '18';

const order = workerData as WorkerOrder;
const port = parentPort;
if (port === null) throw new Error('pglite-worker is a worker thread of embedded.ts and does nothing by itself.');
const tell = (news: WorkerNews): void => port.postMessage(news);

function openPglite(dataDirectory: string): Promise<PGlite> {
  return PGlite.create({
    fs: new SyncedNodeFS(dataDirectory),
    extensions: { postgis: smallerPostgis() },
    // 16 MB of buffers in place of 128 saves 140 MB of memory; the operating system caches the files as well.
    startParams: [...SYNCED_START_PARAMS, '-c', 'shared_buffers=16MB', '-c', 'jit=off', '-c', 'timezone=UTC'],
  });
}

/** PostGIS, loaded from the prepared bundle where there is one. */
function smallerPostgis(): typeof postgis {
  const bundle = postgisBundle(order.templateFile);
  if (bundle === null) return postgis;
  return {
    ...postgis,
    setup: async (...given) => ({ ...(await postgis.setup(...given)), bundlePath: pathToFileURL(bundle) }),
  };
}

/** A new database is made elsewhere and put in place whole: a crash in between leaves nothing that looks like one. */
async function makeDatabase({ dataDirectory, templateFile }: WorkerOrder): Promise<void> {
  const draft = `${dataDirectory}.new`;
  rmSync(draft, { recursive: true, force: true });
  if (templateUsable(templateFile)) {
    unpackTemplate(templateFile, draft);
  } else {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    await (await openPglite(draft)).close();
  }
  rmSync(dataDirectory, { recursive: true, force: true });
  renameSync(draft, dataDirectory);
}

function repairProtocol(database: PGlite): void {
  const answer = database.execProtocolRawStream.bind(database);
  database.execProtocolRawStream = async (message, options) => {
    if (options.onRawData === undefined || !isExtendedMessage(message)) return answer(message, options);
    const filter = withoutReadyForQuery(options.onRawData);
    await answer(message, { ...options, onRawData: filter.send });
    filter.end();
  };
}

async function serve(): Promise<void> {
  const versionFile = join(order.dataDirectory, 'PG_VERSION');
  const isNew = !existsSync(versionFile);
  if (isNew) await makeDatabase(order);
  const version = readFileSync(versionFile, 'utf8').trim();
  if (version !== POSTGRES_MAJOR) {
    tell({
      kind: 'failed',
      message: `it was made by PostgreSQL ${version}, and this is ${POSTGRES_MAJOR}`,
      hint: 'Start the version that made it, or give this one another data directory with FLEXTRAFF_DATA.',
    });
    return;
  }
  const database = await openPglite(order.dataDirectory);
  repairProtocol(database);
  const server = new PGLiteSocketServer({
    db: database,
    // More than the one that is used: a connection that broke may linger while its successor comes.
    maxConnections: 4,
    ...(order.socketPath === null ? { host: '127.0.0.1', port: order.port } : { path: order.socketPath }),
  });
  await server.start();
  port?.on('message', async (request: WorkerRequest) => {
    if (request.kind === 'dump') {
      await database.exec('CHECKPOINT');
      const archive = await database.dumpDataDir('gzip');
      tell({ kind: 'dumped', archive: new Uint8Array(await archive.arrayBuffer()) });
      return;
    }
    await server.stop();
    await database.close();
    process.exit(0);
  });
  // What PostgreSQL did not write itself it does not sync either. Nobody has to wait for it.
  if (isNew) void syncTree(order.dataDirectory).catch((error) => console.error(reasonOf(error)));
  tell({ kind: 'ready', port: order.socketPath === null ? Number(server.getServerConn().split(':').at(-1)) : null });
}

try {
  await serve();
} catch (error) {
  tell({ kind: 'failed', message: reasonOf(error), hint: null });
}
