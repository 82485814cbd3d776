/**
 * `npx tsx scripts/schema-table.ts`: writes docs/SCHEMA.md, the table that says where every table, column, index, view and
 * function of the seed documents is and what tests it. With `--check` it only compares. `readSeeds` finds what the
 * documents name; `api/database/schema-map.ts` is the committed list, so that the check works without the documents too.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { hereOf, SEED_ITEMS, testOf } from '../api/database/schema-map.ts';

export const SCHEMA_FILE = fileURLToPath(new URL('../docs/SCHEMA.md', import.meta.url));

/** Names in the documents' samples that stand for tables. */
const ALIASES: Record<string, string> = {
  ed: 'edge_devices',
  l: 'lanes',
  j: 'junctions',
  lcd: 'lane_cycle_data',
  tc: 'traffic_cycles',
  moh: 'manual_override_history',
  u: 'users',
  uja: 'user_junction_access',
};
/** Models of the documents whose fields are columns. */
const MODELS: Record<string, string> = {
  UserCreate: 'users',
  UserResponse: 'users',
  JunctionResponse: 'junctions',
  Intersection: 'intersections',
  SafetyIndexRealtime: 'safety_indices_realtime',
};
const NO_COLUMN = /^(PRIMARY|UNIQUE|CHECK|CONSTRAINT|FOREIGN|EXCLUDE)$/i;

/**
 * What the seed documents in `directory` (000-004) name: `table t`, `column t.c`, `index i`, `view v`, `function f`, ... as
 * keys, with the numbers of the documents.
 */
export function readSeeds(directory: string): Map<string, Set<string>> {
  const items = new Map<string, Set<string>>();
  for (const file of readdirSync(directory).sort()) {
    const seed = /^(00[0-4])_/.exec(file)?.[1];
    if (seed === undefined) continue;
    const text = readFileSync(join(directory, file), 'utf8');
    const add = (item: string): void => {
      const seeds = items.get(item) ?? new Set();
      items.set(item, seeds.add(seed));
    };
    readStatements(text, add);
    readLists(text, add);
    readModels(text, add);
    if (seed === '000' || seed === '001') readSamples(text, add);
    if (seed === '004') readJson(text, add);
  }
  return items;
}

const INTRODUCTION = `
The migrations in \`api/database/migrations\` make it, on PGlite and on PostgreSQL 15 or later with PostGIS; their comments
say why. No superuser is needed but for the extension.

## What differs from the documents

- **One junction, one row.** \`intersections\` is a view of \`junctions\` with the documents' columns; it can be inserted into,
  updated and deleted from, but \`ON CONFLICT\` does not work on views: upsert \`junctions\`. Its \`id\` is the J2735 number where
  that is free, and above 65535 where another region has it; the safety tables say the same number in \`intersection_id\` and
  the junction's UUID in \`junction_id\`. Either is enough on insert. Deleting a junction that has history is refused:
  set \`retired_at\`.
- **No data is not 0.** \`combined_index\` and the means are NULL where nothing could be scored, with \`score_status\`.
- \`lane_cycle_data\` carries \`cycle_start_time\`, as a partitioned table must: where it is joined with \`traffic_cycles\`, the
  column needs its table's name (\`tc.cycle_start_time\`), and inserts have to give it.
- EPCs are stored as \`hmac-sha256\` of the tag under the installation's key, in hex, unless the operator turns that off: raw SQL
  compares with the hash, the API hashes what it is asked for. \`COUNT(DISTINCT unnest(epc_ids))\` is written with a lateral:
  \`count(DISTINCT epc) ... CROSS JOIN LATERAL unnest(epc_ids) epc\`.
- \`mv_junction_stats\` counts a cycle once, not once an approach, and cycles of streets only.
- \`idx_sir_latest\` is partial by \`score_status\`: no index can be partial by \`NOW()\`. The unique indexes
  \`idx_sir_intersection_time\`, \`idx_sih_intersection_hour\` and \`idx_sid_intersection_date\` are what \`ON CONFLICT\` finds.

## What nothing fills yet

The columns are there for clients and for those who write them by SQL; this program leaves them as they are.

| column | why |
|---|---|
| \`lane_cycle_data.vehicle_type\` | readers of tags and loops tell no class |
| \`junction_daily_stats.device_uptime_percent\` | only the last heartbeat of a device is kept, not each; monthly reports say NULL |
| \`edge_devices.ip_address\`, \`mqtt_messages.qos\` (always 1) | the messages do not say |
| \`emergency_events.metadata\` | nothing more is known |
| \`users\`, \`user_junction_access\`, \`manual_override_history\` | their rules, rights and \`find_login\` are here; no route writes them |

## Partitions and what grows old

\`traffic_cycles\`, \`lane_cycle_data\` and \`safety_indices_hourly\` by month, \`safety_indices_realtime\` by day, in UTC, each with a
default partition, so that no row is refused for its time.

| function | does |
|---|---|
| \`create_cycle_partitions(months_ahead)\`, \`create_safety_partitions(days_ahead, months_ahead)\` | makes partitions ahead; rows of their span in the default partition move into them |
| \`create_realtime_partition(date)\` | the same for one day |
| \`partition_default_rows()\` | gives months with cycles in the default partition their own |
| \`drop_old_realtime_partitions()\`, \`drop_old_partitions(table, before)\` | drops minutes or hours by the bounds of their partitions, and old rows of the default one |
| \`archive_old_logs(before)\`, \`delete_old_messages(before)\`, \`expire_epcs(before)\`, \`delete_old_street_decisions(before)\`, \`delete_run(run)\` | retention; nothing else deletes history |
| \`refresh_junction_stats()\`, \`refresh_current_safety_status()\` | refresh the materialized views, concurrently |
| \`record_schema_changes()\` | writes changes made by hand to \`schema_audit_log\` where no event trigger could be made; runs at every start |

History (cycles, overrides, logs, messages, data quality, conflicts, hard braking, the audit log) is neither deleted nor truncated, and updated only
in what the triggers of \`0007_guards\` name, by whomever. The owner of the tables can take the triggers away, as owners can:
let nothing but migrations log in as owner.

## Roles

| role | may |
|---|---|
| \`api_user\` | what the API does for a user: rows of the junctions that the user was given; operators change mode and status, and override |
| \`job_role\` | ingestion and jobs: all rows, no deletion of history but by the functions above |
| \`reporting_user\` | reads all but passwords, keys and raw messages |

None can log in. They are made by the migrations where the owner may create roles; otherwise \`SELECT install_roles();\` as the
owner answers the statements to run as one who may:

\`\`\`sql
CREATE ROLE api_user NOLOGIN; CREATE ROLE job_role NOLOGIN; CREATE ROLE reporting_user NOLOGIN;
-- then, as the owner of the tables:
SELECT install_roles();
-- and a login for each service (STORE.md):
CREATE ROLE flextraff_api LOGIN NOINHERIT PASSWORD '...' IN ROLE api_user;
\`\`\`

For whom \`api_user\` acts stands in \`app.user_id\`, believed only with a proof in \`app.user_proof\` that the holder of the access key
makes (\`api/database/access.ts\`, or \`access_proof(user_id)\` as owner). \`app.is_admin\` of the documents is not read: whether a
user is admin stands in \`users\`. \`find_login(name)\`, which tells a password's hash before there is a user, asks for a proof of its own
(\`app.login_proof\`; \`Roles.findLogin\` brings it). Owners and superusers pass row-level security, so that every transaction of the store, on PGlite too,
begins with \`SET LOCAL ROLE\`; \`api/database/roles.ts\` does it, and STORE.md says against what it holds.
`;

type Add = (item: string) => void;

function readStatements(text: string, add: Add): void {
  for (const [, table, body] of text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(\n([\s\S]*?)\n\s*\)/g)) {
    add(`table ${table}`);
    for (const line of (body as string).split('\n')) {
      const column = /^\s+(\w+) [A-Z]/.exec(line)?.[1];
      if (column !== undefined && !NO_COLUMN.test(column)) add(`column ${table}.${column}`);
    }
  }
  for (const [, materialized, view, body] of text.matchAll(
    /CREATE (MATERIALIZED )?VIEW (\w+) AS\s+SELECT([\s\S]*?)\n\s*FROM/g,
  )) {
    add(`${materialized === undefined ? '' : 'materialized '}view ${view}`);
    for (const line of (body as string).replace(/DISTINCT ON \(\w+\)/, '').split('\n')) {
      const column = / AS (\w+),?$/i.exec(line)?.[1] ?? /^\s*(\w+),?$/.exec(line)?.[1];
      if (column !== undefined) add(`column ${view}.${column}`);
    }
  }
  for (const [, index, table, columns] of text.matchAll(/\b(idx_\w+)\s+ON (\w+)\s*(?:USING \w+ )?\(([^)]*)\)/g)) {
    if (index === 'idx_custom') continue;
    add(`index ${index}`);
    add(`table ${table}`);
    for (const column of (columns as string).split(',')) add(`column ${table}.${column.trim().split(' ')[0]}`);
  }
  for (const [, table, columns] of text.matchAll(/CREATE INDEX ON (\w+) \(([^)]+)\)/g)) {
    add(`index ${table}_${(columns as string).replace(/, /g, '_')}_idx`);
  }
  for (const [, name] of text.matchAll(/CREATE OR REPLACE FUNCTION (\w+)/g)) add(`function ${name}`);
  for (const [, name] of text.matchAll(/CREATE TRIGGER (\w+)/g)) add(`trigger ${name}`);
  for (const [, name] of text.matchAll(/CREATE POLICY (\w+) ON/g)) add(`policy ${name}`);
  for (const [, name] of text.matchAll(/CREATE ROLE (\w+)/g)) add(`role ${name}`);
  for (const [, name] of text.matchAll(/CREATE EXTENSION IF NOT EXISTS (\w+)/g)) add(`extension ${name}`);
  for (const [, table, columns] of text.matchAll(/INSERT INTO (\w+)\s*\(([\w\s,.]+)\)/g)) {
    for (const column of (columns as string).split(',').map((name) => name.trim())) {
      if (/^\w+$/.test(column)) add(`column ${table}.${column}`);
    }
  }
}

function readLists(text: string, add: Add): void {
  for (const [, name] of text.matchAll(/^\d+\. \*\*([a-z]\w+)\*\* - /gm)) add(`table ${name}`);
  for (const [, name] of text.matchAll(/^- \*\*(v_\w+)\*\* - /gm)) add(`view ${name}`);
  for (const [, table, columns] of text.matchAll(/^\d+\. \*\*([a-z]\w+)\*\*.*\n\s+- Columns: (.*)$/gm)) {
    add(`table ${table}`);
    for (const part of (columns as string).replace(/\([^)]*\)/g, '').split(',')) add(`column ${table}.${part.trim()}`);
  }
  for (const [, table, columns] of text.matchAll(/^- `(\w+)\((\w+(?:, \w+)*)\)`$/gm)) {
    for (const column of (columns as string).split(', ')) add(`index on ${table}(${column})`);
  }
  for (const [, column, table] of text.matchAll(/Add `(\w+)` to (\w+)/g)) add(`column ${table}.${column}`);
  for (const [, table] of text.matchAll(/Add `(\w+)` table/g)) add(`table ${table}`);
  for (const [, column] of text.matchAll(/Add `(\w+)` flag/g)) add(`column lane_cycle_data.${column}`);
}

function readModels(text: string, add: Add): void {
  for (const [, model, body] of text.matchAll(/^class (\w+)\(BaseModel\):\n((?: {4}.*\n)+)/gm)) {
    const table = MODELS[model as string];
    if (table === undefined) continue;
    for (const [, field] of (body as string).matchAll(/^ {4}(\w+): /gm)) {
      if (field !== 'password') add(`column ${table}.${field}`);
    }
  }
}

/** Columns in the samples, by the table's name or its alias. */
function readSamples(text: string, add: Add): void {
  for (const [, alias, column] of text.matchAll(/(?<![\w.])([a-z]{1,3})\.([a-z]\w+)\b(?!\()/g)) {
    const table = ALIASES[alias as string];
    if (table !== undefined) add(`column ${table}.${column}`);
  }
  for (const [, name] of text.matchAll(/\b(mv_\w+)\b/g)) add(`materialized view ${name}`);
  for (const [, table, column] of text.matchAll(/`(\w+)\.(\w+)`/g))
    if (column !== 'py') add(`column ${table}.${column}`);
  for (const [, table, column] of text.matchAll(/(?:DELETE FROM|FROM) (\w+)\s+WHERE (\w+) [<>=]/g))
    add(`column ${table}.${column}`);
  for (const [statement] of text.matchAll(/SELECT\b[^;`]*;/g)) {
    const table = /\bFROM ([a-z]\w+) (?:[a-z]+)\b/.exec(statement)?.[1];
    for (const [, column] of statement.matchAll(/(?:AVG|DATE)\((\w+)\)/g))
      if (table !== undefined) add(`column ${table}.${column}`);
  }
  for (const [, table, column] of text.matchAll(/UPDATE (\w+)\s+SET (\w+) =/g)) add(`column ${table}.${column}`);
}

/** The body that the analytics backend takes in. */
function readJson(text: string, add: Add): void {
  const body = JSON.parse(/```json\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '{}') as {
    signals: object[];
    metrics: object;
  };
  for (const key of Object.keys(body)) if (!['signals', 'metrics'].includes(key)) add(`field ${key}`);
  for (const key of Object.keys(body.signals[0] as object)) add(`field signals.${key}`);
  for (const key of Object.keys(body.metrics)) add(`field metrics.${key}`);
}

/** The text of docs/SCHEMA.md. */
export function schemaPage(): string {
  const lines = [
    '# The schema',
    '',
    '<!-- Made by scripts/schema-table.ts from api/database/schema-map.ts: change these, then run `npx tsx scripts/schema-table.ts`. -->',
    '',
    INTRODUCTION.trim(),
    '',
    '## Where everything is',
    '',
    'Everything that the seed documents (000 to 004) name, where it is, and the tests that try it beside the one that looks',
    'for every row of this table in the database. Tests are in `api/database/testing/schema/`, run by',
    '`api/database/schema.test.ts` on every kind of database; of their full names the last parts are given.',
    '',
    '| seed | what it names | where it is here | tested by |',
    '|---|---|---|---|',
  ];
  for (const [item, seeds] of Object.entries(SEED_ITEMS)) {
    const { here, note } = hereOf(item);
    const where = here === item ? 'same name' : here === null ? '' : here;
    lines.push(`| ${seeds} | ${item} | ${[where, note].filter(Boolean).join('; ')} | ${testOf(item)} |`);
  }
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv[2] === '--items') {
    const shared = process.env.FLEXTRAFF_SHARED ?? '../shared';
    for (const [item, seeds] of readSeeds(join(shared, 'seeds')))
      console.log(`  '${item}': '${[...seeds].join(' ')}',`);
  } else if (process.argv[2] === '--check') {
    if (!existsSync(SCHEMA_FILE) || readFileSync(SCHEMA_FILE, 'utf8') !== schemaPage()) {
      console.error('docs/SCHEMA.md is not what its generator makes: run npx tsx scripts/schema-table.ts');
      process.exitCode = 1;
    }
  } else {
    writeFileSync(SCHEMA_FILE, schemaPage());
  }
}
