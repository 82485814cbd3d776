/** The built program, as a user starts it: in a process of its own, with an environment of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const CLI = join(ROOT, 'dist/cli.js');

/** This process's environment without what would make a twin differ from a newcomer's. */
export function cleanEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const ours = /^(FLEXTRAFF_.*|DATABASE_URL|PORT|HOST|ALLOWED_HOSTS|LOG_LEVEL|NODE_OPTIONS|VITEST.*|NODE_ENV|TEST)$/;
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => !ours.test(entry[0]) && entry[1] !== undefined,
  );
  return { ...Object.fromEntries(kept), ...more };
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function flextraff(args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      env: cleanEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export interface RunningTwin {
  readonly url: string;
  readonly pid: number;
  /** Address of the embedded broker, where it has one. */
  readonly brokerUrl: string | null;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Sends a signal; resolves with the exit code, or null where the signal ended it. */
  end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

const running = new Set<ChildProcess>();

/** Starts `flextraff twin` on a free port; resolves once it has printed its address. */
export function startTwin(args: readonly string[], environment: Record<string, string>): Promise<RunningTwin> {
  const child = spawn(process.execPath, [CLI, 'twin', ...args], {
    cwd: ROOT,
    env: cleanEnvironment({ PORT: '0', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return new Promise((resolve, reject) => {
    const look = (chunk: string) => {
      output += chunk;
      const url = /http:\/\/localhost:\d+/.exec(output)?.[0];
      if (url === undefined || !output.includes('Ctrl-C')) return;
      resolve({
        url,
        pid: child.pid!,
        brokerUrl: /mqtt:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? null,
        output: () => output,
        end(signal) {
          child.kill(signal);
          return ended;
        },
      });
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    child.on('error', reject);
    void ended.then((code) => {
      running.delete(child);
      reject(new Error(`flextraff twin ended with ${code}:\n${output}`));
    });
  });
}

/** Ends what a failed test left running. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      return gone;
    }),
  );
}

/** Path of a program, or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Asks until the answer is neither null nor false. The test's own time limit ends it. */
export async function until<T>(
  ask: () => Promise<T | null | false | undefined> | T | null | false | undefined,
  everyMs = 100,
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false && answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
