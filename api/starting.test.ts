import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseStore, openStore } from './database/store.ts';
import type { RunningServer } from './server.ts';
import { serveStore } from './testing.ts';

const directory = mkdtempSync(join(tmpdir(), 'flextraff-starting-'));
let store: DatabaseStore;
let server: RunningServer;
beforeAll(async () => {
  store = openStore({ dataDirectory: join(directory, 'data') });
  server = await serveStore(store, directory);
});
afterAll(async () => {
  await server.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('starting and stopping', () => {
  it('names the port that is in use, and the setting', async () => {
    await expect(serveStore(store, directory, { port: server.port })).rejects.toMatchObject({
      code: 'port_in_use',
      field: 'PORT',
      message: expect.stringContaining(String(server.port)),
    });
  });

  it('names an address that is not this machine\u2019s', async () => {
    await expect(serveStore(store, directory, { host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'address_unusable',
      field: 'HOST',
    });
  });

  it('ends with sockets and idle connections open', async () => {
    const other = await serveStore(store, directory);
    await (await fetch(`http://127.0.0.1:${other.port}/api/v1/scenarios`)).json();
    const socket = io(`http://127.0.0.1:${other.port}`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    await other.close();
    await gone;
    await other.close();
    await expect(fetch(`http://127.0.0.1:${other.port}/`)).rejects.toThrow();
  });
});
