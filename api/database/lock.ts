import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './errors.ts';

interface Owner {
  pid: number;
  /** Ticks since boot at which the process began (Linux), so that a reused pid is not taken for the owner. */
  startTime: string | null;
  since: string;
}

/**
 * Takes the data directory for this process; answers a function that gives it back. A lock whose process is gone
 * (kill -9, power loss) is taken over. Throws StoreError `data_directory_in_use`, naming the process, if it lives.
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'lock');
  const mine: Owner = { pid: process.pid, startTime: startTimeOf(process.pid), since: new Date().toISOString() };
  // Linked into place complete, so that nobody reads half a lock.
  const draft = `${path}.${process.pid}.${Math.floor(performance.now() * 1000)}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(file, JSON.stringify(mine));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(draft, path);
        return () => release(path, mine);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = readOwner(path);
      if (owner !== null && isAlive(owner)) {
        throw new StoreError(
          'data_directory_in_use',
          `The data directory ${directory} is in use by process ${owner.pid} since ${owner.since}.`,
          { status: 409, hint: 'Stop that process, or give this one another directory with FLEXTRAFF_DATA.' },
        );
      }
      setStaleAside(path, draft);
    }
    throw new StoreError('data_directory_in_use', `The lock ${path} is being taken by another process.`, {
      status: 409,
      hint: 'Start again in a moment, or give this process another directory with FLEXTRAFF_DATA.',
    });
  } finally {
    unlinkSync(draft);
  }
}

/** Two processes may find the same stale lock: what was taken away is looked at again, and a living owner's put back. */
function setStaleAside(path: string, draft: string): void {
  const aside = `${draft}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = readOwner(aside);
  if (owner !== null && isAlive(owner)) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  unlinkSync(aside);
}

function release(path: string, mine: Owner): void {
  const owner = readOwner(path);
  if (owner?.pid === mine.pid && owner.since === mine.since) rmSync(path, { force: true });
}

function readOwner(path: string): Owner | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>;
    if (typeof value.pid !== 'number' || typeof value.since !== 'string') return null;
    return {
      pid: value.pid,
      startTime: typeof value.startTime === 'string' ? value.startTime : null,
      since: value.since,
    };
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startTimeOf(owner.pid);
  return now === null || owner.startTime === null || now === owner.startTime;
}

/** Field 22 of /proc/{pid}/stat with the boot's id; null where there is no /proc. A zombie counts as gone. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return 'gone';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${fields[19]}`;
  } catch {
    return null;
  }
}
