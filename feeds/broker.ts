/**
 * The embedded MQTT 3.1.1 broker (aedes). On the loopback interface unless told otherwise, because anybody who reaches
 * it may publish.
 */
import net from 'node:net';
import { Aedes } from 'aedes';

export interface BrokerOptions {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** Seconds a subscriber may leave its socket unread before it is disconnected, so that it cannot hold up the others; 30 by default. */
  readonly drainTimeoutSeconds?: number;
}

export interface BrokerStatus {
  readonly url: string;
  readonly clients: number;
  /** Messages published by clients since the start. */
  readonly published: number;
  /** Clients that were disconnected for a protocol error. */
  readonly clientErrors: number;
  readonly lastClientError: string | null;
}

export interface Broker {
  readonly host: string;
  /** The port listened on, also where 0 was asked for. */
  readonly port: number;
  readonly url: string;
  status(): BrokerStatus;
  /** Disconnects everybody and frees the port. */
  close(): Promise<void>;
}

/** What the operating system said, and what to do about it. */
function listenProblem(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `The MQTT broker cannot listen on ${where}: the port is in use by another program. ` +
          'Stop that program, choose another port, or use its broker with --broker.',
        { cause: error },
      );
    case 'EACCES':
      return new Error(
        `The MQTT broker may not listen on ${where}: ports below 1024 need rights. Choose a higher port.`,
        {
          cause: error,
        },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(
        `The MQTT broker cannot listen on ${where}: this machine has no such address. Use 127.0.0.1 or 0.0.0.0.`,
        {
          cause: error,
        },
      );
    default:
      return new Error(`The MQTT broker cannot listen on ${where}: ${error.message}`, { cause: error });
  }
}

/** Starts the broker; resolves when it listens. Rejects with a message that says what to do. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const host = options.host ?? '127.0.0.1';
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    throw new Error(`The MQTT broker's port is ${options.port}; a whole number from 0 (any free port) to 65535.`);
  }
  const aedes = await Aedes.createBroker({
    drainTimeout: 1000 * (options.drainTimeoutSeconds ?? 30),
    connectTimeout: 10_000,
    maxClientsIdLength: 200,
  });
  let published = 0;
  let clientErrors = 0;
  let lastClientError: string | null = null;
  const noteError = (client: { id?: string } | null, error: Error) => {
    clientErrors++;
    lastClientError = `${client?.id || 'a client before it gave its name'}: ${error.message}`;
  };
  aedes.on('publish', (_packet, client) => {
    if (client) published++;
  });
  aedes.on('clientError', noteError);
  aedes.on('connectionError', noteError);

  const server = net.createServer({ noDelay: true }, (socket) => {
    aedes.handle(socket);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenProblem(error, host, options.port)));
      server.listen(options.port, host, resolve);
    });
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(resolve));
    throw error;
  }
  server.on('error', (error) => noteError(null, error));

  const { port } = server.address() as net.AddressInfo;
  const url = `mqtt://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
  let closing: Promise<void> | null = null;
  return {
    host,
    port,
    url,
    status: () => ({ url, clients: aedes.connectedClients, published, clientErrors, lastClientError }),
    close() {
      closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        aedes.close();
      });
      return closing;
    },
  };
}
