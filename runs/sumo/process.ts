/** Starts SUMO, keeps what it says, and sees to it that it never outlives this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TraciClient } from './traci.ts';

/** SUMO cannot be used, or broke. */
export class SumoError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SumoError';
  }
}

/** Kept of what SUMO says, characters. */
const KEPT_CHARACTERS = 8000;
const CONNECT_SECONDS = 120;
const TELEPORT = 'Teleporting vehicle';

/**
 * A shell between: it ends SUMO as soon as the pipe to this process closes, whatever closed it (kill -9 too), and gives
 * on SUMO's exit code.
 */
const GUARD =
  'exec 3<&0; "$@" </dev/null 3<&- & p=$!; { cat <&3 >/dev/null; kill -9 $p; } >/dev/null 2>&1 & w=$!; exec 3<&-; wait $p; s=$?; kill $w 2>/dev/null; exit $s';

export interface SumoProcess {
  /** Resolves with the exit code when SUMO has ended, null when it was ended. */
  readonly ended: Promise<number | null>;
  /** What it wrote on standard error, its last part. */
  readonly said: () => string;
  /** Vehicles that it said to have taken out of the way. */
  readonly teleported: () => number;
  /** Ends it at once. */
  kill(): void;
}

/** The `sumo` command: environment variable SUMO_BINARY, else `sumo` of the path. */
export function sumoCommand(): string {
  return process.env.SUMO_BINARY ?? 'sumo';
}

/** Starts SUMO with `options`. Rejects with SumoError where there is none. */
export async function startSumo(options: readonly string[]): Promise<SumoProcess> {
  const command = sumoCommand();
  // In a group of its own: what ends the terminal's group must not end the guard before SUMO.
  const child: ChildProcess = spawn('/bin/sh', ['-c', GUARD, 'sh', command, ...options], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  let teleports = 0;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
    teleports += text.split(TELEPORT).length - 1;
  });
  child.stdin!.on('error', () => {});
  const kill = () => {
    child.stdin!.destroy();
  };
  process.once('exit', kill);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      process.off('exit', kill);
      child.stdin!.destroy();
      resolve(code);
    });
    child.once('error', () => resolve(127));
  });
  return { ended, said: () => said.trim(), teleported: () => teleports, kill };
}

/** Throws SumoError for an exit code other than 0. */
export function checkExit(code: number | null, sumo: SumoProcess): void {
  if (code === 0) return;
  const said = sumo.said();
  if (code === 127 || code === 126) {
    throw new SumoError(
      `SUMO cannot be started (${sumoCommand()}${said === '' ? '' : `: ${said}`}). Install it: apt install sumo, or name its program in SUMO_BINARY.`,
    );
  }
  throw new SumoError(`SUMO ended with code ${code ?? 'none'}${said === '' ? ' and said nothing' : `:\n${said}`}`);
}

/** Starts SUMO as a TraCI server and connects to it. */
export async function startTraci(options: readonly string[]): Promise<{ sumo: SumoProcess; traci: TraciClient }> {
  const port = await freePort();
  const sumo = await startSumo([...options, '--remote-port', String(port)]);
  let code: number | null | undefined;
  void sumo.ended.then((value) => {
    code = value;
  });
  const deadline = performance.now() + CONNECT_SECONDS * 1000;
  for (;;) {
    if (code !== undefined) {
      checkExit(code, sumo);
      throw new SumoError('SUMO ended before anybody connected.');
    }
    try {
      return { sumo, traci: await TraciClient.open(port) };
    } catch (error) {
      if (performance.now() > deadline) {
        sumo.kill();
        throw new SumoError(`SUMO does not listen after ${CONNECT_SECONDS} s: ${(error as Error).message}`);
      }
      await sleep(20);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
