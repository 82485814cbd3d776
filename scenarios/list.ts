/** Where scenario files are: those that ship, and the user's own folders. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the scenarios that ship: beside this module, in the sources and in `dist` alike. */
export const SHIPPED_SCENARIOS: string = dirname(fileURLToPath(import.meta.url));

/**
 * Scenario files (absolute) by name, the file name without ending; of the same name the first folder's counts, those
 * that ship come last. Folders that do not exist have none. Nothing is read: a file may have mistakes.
 */
export async function scenarioFiles(directories: readonly string[] = []): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const folder of [...directories, SHIPPED_SCENARIOS]) {
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names.sort()) {
      if (!/\.ya?ml$/.test(name)) continue;
      const key = basename(name, extname(name));
      if (!files.has(key)) files.set(key, resolve(folder, name));
    }
  }
  return files;
}
