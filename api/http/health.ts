import { access, constants, statfs } from 'node:fs/promises';
import type { Health } from '../types.ts';

type Status = 'ok' | 'starting' | 'failed';
export type Check = () => Promise<{ status: Status; detail: string }> | { status: Status; detail: string };

const CHECK_TIMEOUT_MS = 5000;
/** With less room than this the database and the recordings are about to fail. */
const DISK_FREE_MIN_MEBIBYTES = 200;

/**
 * Carries out every check side by side and says how each went and how long it took. One that throws, or does not answer
 * within 5 s, failed.
 */
export async function examine(
  checks: Readonly<Record<string, Check>>,
  version: string,
  startedAtMs: number,
): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await carryOut(check)] as const),
  );
  const statuses = results.map(([, result]) => result.status);
  return {
    status: statuses.includes('failed') ? 'degraded' : statuses.includes('starting') ? 'starting' : 'ok',
    version,
    uptimeSeconds: Math.round((Date.now() - startedAtMs) / 1000),
    checks: Object.fromEntries(results),
  };
}

async function carryOut(check: Check): Promise<Health['checks'][string]> {
  const checkedAt = new Date().toISOString();
  const begin = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ status: Status; detail: string }>((resolve) => {
    timer = setTimeout(
      () => resolve({ status: 'failed', detail: `no answer within ${CHECK_TIMEOUT_MS / 1000} s` }),
      CHECK_TIMEOUT_MS,
    );
  });
  let result: { status: Status; detail: string };
  try {
    result = await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    result = { status: 'failed', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
  return { ...result, checkedAt, milliseconds: Math.round((performance.now() - begin) * 10) / 10 };
}

/** Whether the directory can be written and its disk has room. */
export async function checkDisk(directory: string): Promise<{ status: Status; detail: string }> {
  await access(directory, constants.R_OK | constants.W_OK);
  const { bavail, bsize } = await statfs(directory);
  const free = Math.floor((bavail * bsize) / 1_048_576);
  const detail = `${free} MiB free for ${directory}`;
  return free < DISK_FREE_MIN_MEBIBYTES
    ? { status: 'failed', detail: `${detail}; at least ${DISK_FREE_MIN_MEBIBYTES} are needed` }
    : { status: 'ok', detail };
}
