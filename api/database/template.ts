/**
 * What is prepared when the package is built, so that a start is quick:
 *
 * - the template, a gzipped tar of a PGlite data directory with PostGIS and all migrations: a first start unpacks it
 *   instead of building a database (2 s instead of 10);
 * - PostGIS without raster, topology and geocoder, which nothing here uses and PGlite would load at every start: saves
 *   300 MB of memory and a second.
 *
 * Both are used only if they were made with the very versions installed; without them everything works, slower.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { migrationsDigest } from './migrate.ts';
import { filterTar, readTar } from './tar.ts';

export interface TemplateVersion {
  pglite: string;
  postgis: string;
  migrations: string;
}

/** `dist/pglite-template.tar.gz`, seen from the sources and from the compiled files alike. */
export const TEMPLATE_FILE = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/pglite-template.tar.gz' : '../../pglite-template.tar.gz',
    import.meta.url,
  ),
);

const PGLITE = '@electric-sql/pglite';
const POSTGIS = '@electric-sql/pglite-postgis';
/** The library, projections, and what CREATE EXTENSION postgis reads. */
const POSTGIS_NEEDED =
  /^(lib\/postgresql\/postgis-3\.so|share\/proj\/.*|share\/postgresql\/extension\/postgis(\.control|--[\d.]+\.sql))$/;

/** What a template must have been made with to be used. */
export function templateVersion(): TemplateVersion {
  return { pglite: packageOf(PGLITE).version, postgis: packageOf(POSTGIS).version, migrations: migrationsDigest() };
}

const versionFile = (file: string): string => `${file}.json`;
const bundleFile = (templateFile: string): string => join(dirname(resolve(templateFile)), 'pglite-postgis.tar.gz');

/** Whether `file` is there and was made with this version of everything. */
export function templateUsable(file: string): boolean {
  return madeWith(file, templateVersion());
}

/** The smaller PostGIS beside the template; null where there is none that fits. */
export function postgisBundle(templateFile: string): string | null {
  const file = bundleFile(templateFile);
  return madeWith(file, { postgis: packageOf(POSTGIS).version }) ? file : null;
}

/** Writes the template and the smaller PostGIS beside it. */
export function writeTemplate(file: string, archive: Uint8Array): void {
  writeWhole(file, archive, templateVersion());
  const { directory, version } = packageOf(POSTGIS);
  const full = gunzipSync(readFileSync(join(directory, 'dist', 'postgis.tar.gz')));
  const needed = filterTar(full, (entry) => POSTGIS_NEEDED.test(entry.name));
  writeWhole(bundleFile(file), gzipSync(needed), { postgis: version });
}

/**
 * Unpacks a gzipped tar of files and directories into `directory`, which is made. Throws on anything else in it, on a
 * broken archive, and on names that lead out of the directory.
 */
export function unpackTemplate(file: string, directory: string): void {
  const root = resolve(directory);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const { name, type, data } of readTar(gunzipSync(readFileSync(file)))) {
    const path = resolve(root, `.${sep}${name}`);
    if (path !== root && !path.startsWith(root + sep)) {
      throw new Error(`${file}: the entry ${name} leads out of the directory.`);
    }
    if (type === 'other') throw new Error(`${file}: the entry ${name} is neither a file nor a directory.`);
    mkdirSync(type === 'directory' ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (type === 'file') writeFileSync(path, data, { mode: 0o600 });
  }
  if (!existsSync(join(root, 'PG_VERSION'))) throw new Error(`${file} holds no database.`);
}

/** A crash leaves either none or a whole one: the version, without which it is not used, is written last. */
function writeWhole(file: string, archive: Uint8Array, version: object): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  rmSync(versionFile(file), { force: true });
  writeFileSync(`${file}.part`, archive);
  renameSync(`${file}.part`, file);
  writeFileSync(versionFile(file), `${JSON.stringify(version)}\n`);
}

function madeWith(file: string, version: object): boolean {
  try {
    return existsSync(file) && readFileSync(versionFile(file), 'utf8').trim() === JSON.stringify(version);
  } catch {
    return false;
  }
}

function packageOf(name: string): { directory: string; version: string } {
  let directory = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    const file = join(directory, 'package.json');
    if (existsSync(file)) {
      const content = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (content.name === name && content.version !== undefined) return { directory, version: content.version };
    }
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`The package.json of ${name} was not found.`);
    directory = parent;
  }
}
