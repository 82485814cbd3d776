/**
 * Every setting that comes from the environment (or from a file `.env` in the working folder), checked at the start.
 * `.env.example` explains each; a test keeps the two in step.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most))
    .describe(`a whole number from ${least} to ${most}`);

const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (text) =>
        URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)) && new URL(text).hostname !== '',
    )
    .describe(
      `an address that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')} and names a host`,
    );

const ARCHIVE_BUCKET = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?$/;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** One entry a variable; the description completes the sentence "NAME is ...; allowed is ...". */
export const ENVIRONMENT = {
  PORT: wholeNumber(0, 65_535).optional(),
  HOST: z
    .string()
    .min(1)
    .max(253)
    .describe('a host name or address to listen on, such as 127.0.0.1 or 0.0.0.0')
    .optional(),
  ALLOWED_HOSTS: z
    .string()
    .regex(/^[A-Za-z0-9.:_[\]-]+(\s*,\s*[A-Za-z0-9.:_[\]-]+)*$/)
    .transform((text) => text.split(',').map((host) => host.trim().toLowerCase()))
    .describe('host names separated by commas, without http://')
    .optional(),
  LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .describe(`one of ${LOG_LEVELS.join(', ')}`)
    .optional(),
  DATABASE_URL: url('postgres', 'postgresql').optional(),
  DATABASE_API_URL: url('postgres', 'postgresql').optional(),
  DATABASE_JOB_URL: url('postgres', 'postgresql').optional(),
  DATABASE_REPORTING_URL: url('postgres', 'postgresql').optional(),
  FLEXTRAFF_DATABASE_POOL: wholeNumber(1, 100).optional(),
  FLEXTRAFF_DATA: z.string().min(1).describe('the path of a folder').optional(),
  FLEXTRAFF_BROKER: url('mqtt', 'mqtts').optional(),
  FLEXTRAFF_MQTT_PORT: wholeNumber(0, 65_535).optional(),
  FLEXTRAFF_THREADS: wholeNumber(1, 64).optional(),
  FLEXTRAFF_SCENARIOS: z.string().min(1).describe('the path of a folder').optional(),
  FLEXTRAFF_EPC_KEY: z.string().min(32).max(256).describe('32 to 256 characters').optional(),
  FLEXTRAFF_SPOOL_MAX_MIB: wholeNumber(1, 1_048_576).optional(),
  FLEXTRAFF_ARCHIVE: z
    .string()
    .min(1)
    .refine((text) => text === 'off' || !/^[a-z][a-z0-9+.-]+:\/\//i.test(text) || ARCHIVE_BUCKET.test(text))
    .describe('the path of a folder, s3://bucket/prefix, or off')
    .optional(),
  FLEXTRAFF_ARCHIVE_ENDPOINT: url('http', 'https').optional(),
  FLEXTRAFF_ARCHIVE_REGION: z
    .string()
    .regex(/^[a-z0-9-]{2,40}$/)
    .describe('a region such as eu-central-1')
    .optional(),
  FLEXTRAFF_JOBS: z.enum(['on', 'off']).describe('on or off').optional(),
  FLEXTRAFF_BACKUP: z.string().min(1).describe('the path of a folder, or off').optional(),
  FLEXTRAFF_WAL: z.string().min(1).describe('the path of a folder').optional(),
} as const;

/** Read by the tests and by the page's development server alone; a program that runs ignores them. */
export const TEST_ENVIRONMENT = [
  'FLEXTRAFF_SHARED',
  'FLEXTRAFF_TEST_BROKER',
  'CHROMIUM',
  'FLEXTRAFF_API',
  'SUMO_BINARY',
] as const;

export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Further host names under which a browser may ask; lower case. */
  readonly allowedHosts: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** PostgreSQL server; undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Logins of their own for the database's roles; undefined: that of `databaseUrl`. */
  readonly databaseRoleUrls: {
    readonly api_user: string | undefined;
    readonly job_role: string | undefined;
    readonly reporting_user: string | undefined;
  };
  /** Connections to the server for each login. */
  readonly databasePool: number;
  /** Absolute path of the folder in which everything is kept. */
  readonly dataFolder: string;
  /** MQTT broker to use; undefined: the embedded one. */
  readonly brokerUrl: string | undefined;
  /** Port of the embedded broker on 127.0.0.1; 0: any free one. */
  readonly mqttPort: number;
  /** Worker threads that decide. */
  readonly threads: number;
  /** Absolute path of a folder with scenarios of one's own, beside those that ship. */
  readonly scenariosFolder: string | undefined;
  /** Key under which RFID tag numbers are hashed before they are stored; undefined: one kept in the data folder. */
  readonly epcKey: string | undefined;
  readonly spoolMaxMebibytes: number;
  /** Where indices and messages are archived as Parquet; `off`: nowhere. A folder's path is absolute. */
  readonly archive:
    | { readonly location: string; readonly endpoint: string | undefined; readonly region: string }
    | 'off';
  /** Whether this process takes part in the scheduled jobs. */
  readonly jobs: boolean;
  /** Absolute path of the folder of backups; null: none are made by schedule. */
  readonly backupFolder: string | null;
  /** Absolute path of the folder in which the server archives its log, seen from here; null: it does not. */
  readonly walFolder: string | null;
}

/** Settings that cannot be used: one line a mistake, each with the name, the value, what is allowed and what to do. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

const SECRET = /KEY|DATABASE_\w*URL|BROKER|ENDPOINT/;

/**
 * Checks an environment and fills in the defaults. An empty value counts as not set. Throws `SettingsError` with every
 * mistake. Secrets never appear in its messages.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const read = <K extends keyof typeof ENVIRONMENT>(name: K): z.output<(typeof ENVIRONMENT)[K]> => {
    const text = environment[name];
    const schema: z.ZodType = ENVIRONMENT[name];
    const parsed = schema.safeParse(text === '' ? undefined : text);
    if (parsed.success) return parsed.data as z.output<(typeof ENVIRONMENT)[K]>;
    const inner = ENVIRONMENT[name].unwrap();
    const shown = SECRET.test(name) ? 'not usable' : JSON.stringify(text);
    problems.push(
      `${name} is ${shown}; allowed is ${inner.description}. Change it in the environment or in .env (see .env.example).`,
    );
    return undefined as z.output<(typeof ENVIRONMENT)[K]>;
  };
  const folder = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  const archiveOf = (dataFolder: string): Settings['archive'] => {
    const location = read('FLEXTRAFF_ARCHIVE') ?? join(dataFolder, 'archive');
    const endpoint = read('FLEXTRAFF_ARCHIVE_ENDPOINT');
    const region = read('FLEXTRAFF_ARCHIVE_REGION') ?? 'us-east-1';
    if (location === 'off') return 'off';
    return { location: location.startsWith('s3://') ? location : resolve(location), endpoint, region };
  };
  const backupOf = (dataFolder: string): string | null => {
    const path = read('FLEXTRAFF_BACKUP') ?? join(dataFolder, 'backups');
    return path === 'off' ? null : resolve(path);
  };
  const settings: Settings = {
    port: read('PORT') ?? 8080,
    host: read('HOST') ?? '127.0.0.1',
    allowedHosts: read('ALLOWED_HOSTS') ?? [],
    logLevel: read('LOG_LEVEL') ?? 'warn',
    databaseUrl: read('DATABASE_URL'),
    databaseRoleUrls: {
      api_user: read('DATABASE_API_URL'),
      job_role: read('DATABASE_JOB_URL'),
      reporting_user: read('DATABASE_REPORTING_URL'),
    },
    databasePool: read('FLEXTRAFF_DATABASE_POOL') ?? 4,
    dataFolder: resolve(read('FLEXTRAFF_DATA') ?? 'data'),
    brokerUrl: read('FLEXTRAFF_BROKER'),
    mqttPort: read('FLEXTRAFF_MQTT_PORT') ?? 0,
    threads: read('FLEXTRAFF_THREADS') ?? Math.min(4, availableParallelism()),
    scenariosFolder: folder(read('FLEXTRAFF_SCENARIOS')),
    epcKey: read('FLEXTRAFF_EPC_KEY'),
    spoolMaxMebibytes: read('FLEXTRAFF_SPOOL_MAX_MIB') ?? 1024,
    archive: archiveOf(resolve(environment.FLEXTRAFF_DATA || 'data')),
    jobs: read('FLEXTRAFF_JOBS') !== 'off',
    backupFolder: backupOf(resolve(environment.FLEXTRAFF_DATA || 'data')),
    walFolder: folder(read('FLEXTRAFF_WAL')) ?? null,
  };
  const known = new Set<string>([...Object.keys(ENVIRONMENT), ...TEST_ENVIRONMENT]);
  for (const name of Object.keys(environment)) {
    if (name.startsWith('FLEXTRAFF_') && !known.has(name))
      problems.push(
        `${name} is not a setting of this program; those are ${[...known].join(', ')}. Remove it, or correct its name.`,
      );
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}
