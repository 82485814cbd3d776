import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { RequestHandler } from 'express';
import { HttpError } from './errors.ts';

/**
 * Keeps foreign pages out. A page elsewhere can point its own name at this machine (DNS rebinding) and then ask as if it
 * were at home: so a request must name a host that is ours, an address or an allowed name. And it can open a socket or
 * post from where it is: so where the browser says where a page comes from, that must be this host.
 */
export class HostGuard {
  #names: ReadonlySet<string>;

  /** `allowed`: further host names, without port. */
  constructor(listenHost: string, allowed: readonly string[] = []) {
    this.#names = new Set([
      'localhost',
      hostname().toLowerCase(),
      listenHost.toLowerCase(),
      ...allowed.map((name) => name.toLowerCase()),
    ]);
  }

  /** Null when the request may pass, else why not. */
  refusal(request: Pick<IncomingMessage, 'headers' | 'method'>, opensSocket = false): string | null {
    const host = nameOf(request.headers.host);
    if (host === null || !this.#isOurs(host)) {
      return `The host "${request.headers.host ?? ''}" is not one of this server's names.`;
    }
    const { origin } = request.headers;
    const changes = opensSocket || (request.method !== 'GET' && request.method !== 'HEAD');
    if (origin === undefined || !changes) return null;
    const from = URL.canParse(origin) ? nameOf(new URL(origin).host) : null;
    if (
      from === null ||
      !(from === host || from === 'localhost' || isLoopback(from) || (isIP(from) === 0 && this.#names.has(from)))
    ) {
      return `A page from "${origin}" may not do that here.`;
    }
    return null;
  }

  middleware(): RequestHandler {
    return (request, _response, next) => {
      const reason = this.refusal(request);
      if (reason === null) return next();
      throw new HttpError('host_not_allowed', 403, reason, { hint: 'Add the name to ALLOWED_HOSTS if it is yours.' });
    };
  }

  #isOurs(name: string): boolean {
    return isIP(name) !== 0 || this.#names.has(name) || name.endsWith('.localhost');
  }
}

/** Host name or address of a Host header, lower case, without port and brackets. */
function nameOf(host: string | undefined): string | null {
  if (host === undefined) return null;
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(host);
  return match === null ? null : ((match[1] ?? match[2]) as string).toLowerCase().replace(/\.$/, '');
}

function isLoopback(name: string): boolean {
  return name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}
