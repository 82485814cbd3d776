import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LiveSafety } from '../runs/safety/live.ts';
import type { SafetyEvent } from '../runs/types.ts';
import { TwinError, type Twin } from '../runs/twin-types.ts';
import type { DatabaseStore } from './database/store.ts';
import { type ApiLogger, makeApp } from './http/app.ts';
import type { BrokerStatus } from './http/context.ts';
import { HostGuard } from './http/guard.ts';
import type { Check } from './http/health.ts';
import { openGateway } from './live/gateway.ts';

/** Requests under way at the end get this long. */
const CLOSE_GRACE_MS = 2000;

export interface ServerOptions {
  twin: Twin;
  store: DatabaseStore;
  /** Takes V2X messages of streets; absent: nobody does. */
  safety?: LiveSafety;
  /** Address to listen on, e.g. 127.0.0.1 or 0.0.0.0. */
  host: string;
  /** 0: any free one. */
  port: number;
  brokerStatus: () => BrokerStatus | Promise<BrokerStatus>;
  version: string;
  /** Where Vite put the page: index.html and assets/. */
  pageDirectory: string;
  logger: ApiLogger;
  /** Further host names under which browsers may ask. */
  allowedHosts?: readonly string[];
  /** Checks of GET /health besides its own. */
  checks?: Readonly<Record<string, Check>>;
  requestsPerMinute?: number;
}

export interface RunningServer {
  /** Tells every socket what safety found on streets. */
  tellSafety(events: SafetyEvent[]): void;
  /** Address to open, e.g. http://localhost:8080 */
  readonly url: string;
  readonly port: number;
  /** Stops listening, ends sockets and idle connections, gives requests under way 2 s. Leaves twin and store as they are. */
  close(): Promise<void>;
}

/** Serves API, page and socket. Throws TwinError `port_in_use`, `port_forbidden` or `address_unusable`, naming the setting to change. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, twin, logger } = options;
  const guard = new HostGuard(host, options.allowedHosts);
  const app = makeApp({ ...options, guard, startedAtMs: Date.now(), checks: options.checks ?? {} });
  const server = createServer({ noDelay: true }, app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve());
  });
  const gateway = openGateway({ server, twin, guard, logger });
  const actual = (server.address() as AddressInfo).port;
  logger.info({ host, port: actual }, 'listening');
  let closing: Promise<void> | null = null;
  return {
    url: `http://${shownHost(host)}:${actual}`,
    port: actual,
    tellSafety: (events) => gateway.tellSafety(events),
    close() {
      closing ??= (async () => {
        const ended = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeIdleConnections();
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
        await gateway.close();
        await ended;
        clearTimeout(timer);
      })();
      return closing;
    },
  };
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '127.0.0.1' || host === '::1') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): TwinError {
  if (error.code === 'EADDRINUSE') {
    return new TwinError('port_in_use', 409, `Port ${port} on ${host} is in use by another program.`, {
      field: 'PORT',
      hint: `Stop that program, or choose another port: PORT=${port + 1} npm start`,
    });
  }
  if (error.code === 'EACCES') {
    return new TwinError('port_forbidden', 403, `Port ${port} may not be used by this user.`, {
      field: 'PORT',
      hint: 'Choose a port above 1023 with PORT.',
    });
  }
  return new TwinError(
    'address_unusable',
    400,
    `The address ${host}:${port} cannot be listened on: ${error.message}.`,
    {
      field: 'HOST',
      hint: 'Choose an address of this machine with HOST, e.g. 127.0.0.1.',
    },
  );
}
