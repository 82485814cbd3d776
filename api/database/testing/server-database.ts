import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import knexFactory from 'knex';

/** The server to test against; empty: there is none. */
export const serverUrl = process.env.DATABASE_URL ?? '';

/** A database of its own on the server of DATABASE_URL, whose role may create databases. */
export async function makeServerDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `flextraff_test_${randomBytes(6).toString('hex')}`;
  const admin = knexFactory({ client: 'pg', connection: serverUrl, pool: { min: 0, max: 1 } });
  await admin.raw(`CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      await admin.raw(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.destroy();
    },
  };
}

/** Stands between the store and a server, and can go away and come back, connections and all. */
export class Wire {
  #target: URL;
  #server: Server | null = null;
  #sockets = new Set<Socket>();
  #port = 0;

  constructor(databaseUrl: string) {
    this.#target = new URL(databaseUrl);
  }

  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.href;
  }

  async up(): Promise<void> {
    const server = createServer((socket) => {
      const onward = connect(Number(this.#target.port || 5432), this.#target.hostname);
      for (const side of [socket, onward]) {
        this.#sockets.add(side);
        side.on('error', () => side.destroy());
        side.on('close', () => {
          this.#sockets.delete(side);
          socket.destroy();
          onward.destroy();
        });
      }
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', () => resolve()));
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  async down(): Promise<void> {
    const ended = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await ended;
  }
}
