/** PostgreSQL's own tools, found and run. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { StoreError } from '../database/errors.ts';

export type Tool = 'pg_dump' | 'pg_restore' | 'pg_basebackup' | 'pg_archivecleanup' | 'pg_verifybackup';

/** Where Debian keeps the tools of each version. */
const VERSIONS = '/usr/lib/postgresql';

/** The path of a tool: of the newest version installed, else from PATH. Throws StoreError `tool_missing`. */
export function findTool(tool: Tool): string {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const versions = existsSync(VERSIONS)
    ? readdirSync(VERSIONS)
        .filter((name) => /^\d+$/.test(name))
        .sort((a, b) => Number(b) - Number(a))
        .map((name) => join(VERSIONS, name, 'bin'))
    : [];
  for (const folder of [...versions, ...(process.env.PATH ?? '').split(delimiter)]) {
    const path = join(folder, `${tool}${suffix}`);
    if (folder !== '' && existsSync(path)) return path;
  }
  throw new StoreError('tool_missing', `${tool} was not found on this machine.`, {
    status: 501,
    hint: "Install PostgreSQL's client tools of the server's version or a later one (Debian: apt install postgresql-client), or run this where they are.",
  });
}

/**
 * Runs a tool against the server of `databaseUrl` and answers what it printed. The password is in nobody's list of processes.
 * Throws StoreError `tool_failed` with the last lines of what it complained about.
 */
export function runTool(tool: Tool, databaseUrl: string | null, args: readonly string[]): Promise<string> {
  const path = findTool(tool);
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C' };
  const connection: string[] = [];
  if (databaseUrl !== null) {
    const url = new URL(databaseUrl);
    if (url.password !== '') env.PGPASSWORD = decodeURIComponent(url.password);
    url.password = '';
    connection.push(`--dbname=${url.href}`);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(path, [...connection, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaints = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      complaints = (complaints + chunk).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve(output);
      reject(
        new StoreError(
          'tool_failed',
          `${tool} ended with code ${code}: ${complaints.trim().split('\n').slice(-4).join(' ')}`,
          {
            hint: /server version mismatch/.test(complaints)
              ? "Install the client tools of the server's version or a later one."
              : 'See what it complains about; nothing was put in place.',
          },
        ),
      );
    });
  });
}
