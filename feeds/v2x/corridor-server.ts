/** A connected-corridor service of one's own, for tests and to try the collector with: it speaks what the real one does. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CorridorServerOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Life of a token; default 300. */
  readonly tokenSeconds?: number;
  /** What is answered at a path now. */
  snapshot(path: string): unknown;
}

export interface CorridorServer {
  readonly url: string;
  /** Requests so far, as `METHOD path status`. */
  readonly log: string[];
  /** Answers the next so many requests with this status instead. */
  failNext(times: number, status: number, retryAfterSeconds?: number): void;
  /** Takes back all tokens. */
  revoke(): void;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 10_000) throw new Error('too long');
  }
  return text;
}

export async function startCorridorServer(options: CorridorServerOptions): Promise<CorridorServer> {
  const tokens = new Map<string, number>();
  const log: string[] = [];
  let failing = { times: 0, status: 500, retryAfter: undefined as number | undefined };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, value: unknown, headers: Record<string, string> = {}) => {
      log.push(`${request.method} ${url.pathname} ${status}`);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    if (failing.times > 0) {
      failing.times--;
      const { retryAfter } = failing;
      answer(failing.status, { error: 'failing' }, retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` });
      return;
    }
    if (url.pathname === '/api/auth/client' && request.method === 'POST') {
      const form = new URLSearchParams(await bodyOf(request).catch(() => ''));
      if (form.get('client_id') !== options.clientId || form.get('client_secret') !== options.clientSecret)
        return answer(401, { error: 'invalid_client' });
      const token = randomUUID();
      const seconds = options.tokenSeconds ?? 300;
      tokens.set(token, Date.now() + seconds * 1000);
      return answer(200, { access_token: token, token_type: 'bearer', expires_in: seconds });
    }
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!((tokens.get(token) ?? 0) > Date.now())) return answer(401, { error: 'invalid_token' });
    answer(200, options.snapshot(url.pathname));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    failNext(times, status, retryAfterSeconds) {
      failing = { times, status, retryAfter: retryAfterSeconds };
    },
    revoke: () => tokens.clear(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
