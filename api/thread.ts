/** Threads of this program, from the sources as from the compiled files. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts the module `./NAME` beside the file whose `import.meta.url` is `base`. From the sources it is TypeScript, and the thread
 * registers tsx for itself: `execArgv` does not reach a thread's entry.
 */
export function startThread(base: string, name: string, workerData: unknown): Worker {
  const extension = extname(new URL(base).pathname);
  const entry = new URL(`./${name}${extension}`, base);
  if (extension !== '.ts') return new Worker(entry, { workerData, name, execArgv: [] });
  const tsx = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs'),
  ).href;
  const code = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(code, { eval: true, workerData, name, execArgv: [] });
}
