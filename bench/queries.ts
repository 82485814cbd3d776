/**
 * `npm run bench:queries`: what is asked of safety indices, on a server with 1,000 junctions, 48 hours of minutes, 90 days of
 * hours and two years of days (003), in a database made for it and dropped afterwards. Needs DATABASE_URL of a superuser.
 *
 * Each query goes the way that requests go: a transaction of reporting_user, rows turned into objects. Plans are read: they
 * may scan the partitions that the span needs, by index. The same is asked of Parquet files alone, by DuckDB: minutes of seven
 * days in the archive's layout (a file a day, by junction and time), and, in Parquet's favour, files of hours for longer spans.
 *
 * Exit code 1 where a plan or a bound does not hold. `-- --small` is a tenth of everything, to try it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Knex } from 'knex';
import { literal, queryParquet } from '../api/archive/parquet.ts';
import { openDatabase } from '../api/database/connect.ts';
import {
  type Aggregation,
  currentIndices,
  historyQuery,
  safetyHistory,
} from '../api/database/repositories/safety-history.ts';
import {
  AREA_SQL,
  areaText,
  junctionsAlong,
  junctionsWithin,
  NEARBY_SQL,
  nearbyJunctions,
  ROUTE_SQL,
  routeText,
} from '../api/database/repositories/safety-places.ts';
import { makeServerDatabase, serverUrl } from '../api/database/testing/server-database.ts';
import { align } from '../cli/table.ts';

const { values } = parseArgs({
  options: { small: { type: 'boolean', default: false }, repeat: { type: 'string', default: '200' } },
});
const JUNCTIONS = values.small ? 100 : 1000;
const REPEAT = Number(values.repeat);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const now = Math.floor(Date.now() / MINUTE) * MINUTE;
const iso = (ms: number): string => new Date(ms).toISOString();

if (serverUrl === '') {
  process.stderr.write('DATABASE_URL is not set: there is no server to measure.\n');
  process.exit(2);
}

/** Fixed, so that two runs ask the same. */
let state = 12_345;
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) % below;
};

interface Row {
  query: string;
  rows: number;
  median: number;
  p95: number;
  worst: number;
  bound: number | null;
  plan: string;
}
const measured: Row[] = [];
const problems: string[] = [];

async function measure(
  query: string,
  bound: number | null,
  repeat: number,
  ask: (n: number) => Promise<number>,
  plan = '',
): Promise<void> {
  let rows = 0;
  for (let n = 0; n < 3; n++) rows = await ask(n);
  const times: number[] = [];
  for (let n = 0; n < repeat; n++) {
    const begin = performance.now();
    rows = await ask(n);
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
  measured.push({ query, rows, median: at(0.5), p95: at(0.95), worst: times.at(-1) as number, bound, plan });
  if (bound !== null && at(0.95) >= bound)
    problems.push(`${query}: p95 ${at(0.95).toFixed(1)} ms; asked below ${bound} ms`);
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

/** Relations that a plan scans, each with how. Problems: a table of indices scanned whole, or more partitions than the span has. */
async function readPlan(
  trx: Knex,
  name: string,
  sql: string,
  bindings: readonly Knex.RawBinding[] | Record<string, unknown>,
  partitionsMax: number,
): Promise<string> {
  // Twice: the first finds nothing in caches.
  await trx.raw(sql, bindings as Knex.RawBinding[]);
  const { rows } = await trx.raw(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, bindings as Knex.RawBinding[]);
  const scanned = new Map<string, string>();
  const walk = (node: PlanNode): void => {
    if (node['Relation Name'] !== undefined) scanned.set(node['Relation Name'], node['Node Type']);
    for (const below of node.Plans ?? []) walk(below);
  };
  const [plan] = (rows[0] as { 'QUERY PLAN': { Plan: PlanNode; 'Planning Time': number; 'Execution Time': number }[] })[
    'QUERY PLAN'
  ];
  walk(plan?.Plan as PlanNode);
  const inServer = (plan?.['Planning Time'] ?? 0) + (plan?.['Execution Time'] ?? 0);
  const ours = [...scanned].filter(([relation]) => relation.startsWith('safety_indices'));
  // The default partition has to be looked into as well; it is empty, and scanned for nothing.
  const own = ours.filter(([relation]) => !relation.endsWith('_default'));
  for (const [relation, how] of own)
    if (!/Index|Bitmap/.test(how)) problems.push(`${name}: ${relation} is read by ${how}`);
  if (own.length > partitionsMax)
    problems.push(`${name}: ${own.length} partitions are read; ${partitionsMax} at most hold the span`);
  return [...new Set([...scanned].filter(([relation]) => !relation.endsWith('_default')).map(([, how]) => how))]
    .concat(own.length > 0 ? [`${own.length} of ${relationCount(own[0]?.[0] ?? '')}`] : [])
    .concat(`${inServer.toFixed(2)} ms in the server`)
    .join(', ');
}
const counts = new Map<string, number>();
const relationCount = (relation: string): number => counts.get(relation.replace(/_\d+$/, '')) ?? 1;

const made = await makeServerDatabase();
const folder = mkdtempSync(join(tmpdir(), 'flextraff-bench-queries-'));
try {
  const database = await openDatabase({ databaseUrl: made.url, dataDirectory: folder });
  try {
    const owner = database.unhurried.owner;
    const begin = performance.now();
    await generate(owner);
    const sizes = (
      await owner.raw(
        `SELECT 'minutes' AS name, count(*) AS n FROM safety_indices_realtime UNION ALL SELECT 'hours', count(*) FROM safety_indices_hourly
         UNION ALL SELECT 'days', count(*) FROM safety_indices_daily`,
      )
    ).rows as { name: string; n: string }[];
    for (const table of ['safety_indices_realtime', 'safety_indices_hourly'])
      counts.set(
        table,
        Number((await owner.raw('SELECT count(*) AS n FROM partition_bounds(?::regclass)', [table])).rows[0].n),
      );
    const bytes = Number((await owner.raw('SELECT pg_database_size(current_database()) AS n')).rows[0].n);
    process.stdout.write(
      `${cpus()[0]?.model.trim()} (${cpus().length}), ${(await owner.raw('SELECT version()')).rows[0].version.split(' on ')[0]}; ` +
        `${JUNCTIONS} junctions, ${sizes.map(({ name, n }) => `${Number(n).toLocaleString('en-GB')} ${name}`).join(', ')}, ` +
        `${Math.round(bytes / 1_048_576)} MiB, made in ${Math.round((performance.now() - begin) / 1000)} s; ${REPEAT} times each, in order, one client\n\n`,
    );
    const as = <T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> =>
      database.roles.transaction('reporting_user', work);
    const history = async (
      label: string,
      days: number,
      aggregation: Aggregation,
      bound: number | null,
      partitions: number,
    ) => {
      const from = now - days * DAY;
      const { sql, bindings } = historyQuery(aggregation, 1000, from, now);
      const plan = await as((trx) => readPlan(trx, label, sql, bindings, partitions));
      await measure(
        label,
        bound,
        REPEAT,
        async () => (await as((trx) => safetyHistory(trx, aggregation, 1000 + random(JUNCTIONS), from, now))).length,
        plan,
      );
    };
    await history('history of 48 hours, by minute', 2, 'minute', null, 3);
    await history('history of 7 days, by hour', 7, 'hour', 50, 2);
    await history('history of 30 days, by hour', 30, 'hour', 100, 3);
    await history('history of 90 days, by hour', 90, 'hour', 200, 5);
    await history('history of 90 days, by day', 90, 'day', 200, 1);
    await history('history of 2 years, by day', 730, 'day', null, 1);
    await measure(
      'current index of all junctions',
      100,
      Math.min(REPEAT, 60),
      async () => (await as((trx) => currentIndices(trx, now))).length,
    );
    const point = () => ({ lat: 18.8 + random(4000) / 10_000, lon: 72.7 + random(4000) / 10_000 });
    const spatial = async (
      name: string,
      sql: string,
      bindings: Record<string, unknown>,
      ask: () => Promise<unknown[]>,
    ) => {
      const plan = await as((trx) => readPlan(trx, name, sql, bindings, 1));
      await measure(name, 50, REPEAT, async () => (await ask()).length, plan);
    };
    await spatial('junctions within 5 km', NEARBY_SQL, { ...point(), radius: 5000 }, () =>
      as((trx) => nearbyJunctions(trx, point(), 5000)),
    );
    await spatial('junctions within 500 m', NEARBY_SQL, { ...point(), radius: 500 }, () =>
      as((trx) => nearbyJunctions(trx, point(), 500)),
    );
    const route = Array.from({ length: 20 }, (_, n) => ({
      lat: 18.85 + n * 0.015,
      lon: 72.75 + n * 0.014 + (n % 3) * 0.01,
    }));
    await spatial('junctions along 20 waypoints, 500 m', ROUTE_SQL, { route: routeText(route), buffer: 500 }, () =>
      as((trx) => junctionsAlong(trx, route, 500)),
    );
    const ring = Array.from({ length: 12 }, (_, n) => {
      const [x, y] = [Math.cos((n * Math.PI) / 6), Math.sin((n * Math.PI) / 6)];
      return { lat: 19 + 0.08 * y, lon: 72.9 + 0.08 * x };
    });
    await spatial('junctions within 12 corners', AREA_SQL, { area: areaText(ring) }, () =>
      as((trx) => junctionsWithin(trx, ring)),
    );
    await fromParquet();
  } finally {
    await database.close();
  }
} finally {
  await made.drop();
  rmSync(folder, { recursive: true, force: true });
}

const ms = (value: number): string => value.toFixed(1);
process.stdout.write(
  `${align([
    ['query', 'rows', 'median ms', 'p95', 'worst', 'asked', 'read by'],
    ...measured.map((row) => [
      row.query,
      String(row.rows),
      ms(row.median),
      ms(row.p95),
      ms(row.worst),
      row.bound === null ? '-' : `< ${row.bound}`,
      row.plan,
    ]),
  ]).join('\n')}\n\n`,
);
for (const [asked, alone] of [
  ['history of 7 days, by hour', 'Parquet: 7 days, by hour, from minutes'],
  ['history of 30 days, by hour', 'Parquet: 30 days, from hours'],
  ['history of 90 days, by hour', 'Parquet: 90 days, from hours'],
  ['current index of all junctions', 'Parquet: current index, today’s minutes'],
]) {
  const [ours, theirs] = [asked, alone].map((name) => measured.find((row) => row.query === name)?.median ?? Number.NaN);
  process.stdout.write(
    `${asked}: ${((theirs as number) / (ours as number)).toFixed(1)} times faster than from Parquet\n`,
  );
}
for (const problem of problems) process.stdout.write(`PROBLEM ${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** Made by the server, unlogged by nobody: the rows go the usual way into the partitions, without the triggers. */
async function generate(owner: Knex): Promise<void> {
  await owner.raw(
    `INSERT INTO junctions (junction_id, junction_name, intersection_id, region, latitude, longitude)
     SELECT gen_random_uuid(), 'Junction ' || n, 1000 + n, 0, 18.8 + (n * 7919 % 4000) / 10000.0, 72.7 + (n * 104729 % 4000) / 10000.0
     FROM generate_series(0, ? - 1) n`,
    [JUNCTIONS],
  );
  for (let days = 0; days <= 2; days++)
    await owner.raw('SELECT create_realtime_partition(?::date)', [iso(now - days * DAY).slice(0, 10)]);
  for (let days = 0; days <= 100; days += 10)
    await owner.raw("SELECT create_month_partition('safety_indices_hourly', ?)", [iso(now - days * DAY)]);
  // Random walks would compress better than indices do.
  const value = '(30 + 25 * sin(n / 200.0 + j.intersection_number) + random() * 20)';
  await owner.raw(
    `INSERT INTO safety_indices_realtime (intersection_id, junction_id, timestamp, combined_index, combined_index_eb, vru_index, vru_index_eb,
       vehicle_index, vehicle_index_eb, traffic_volume, hour_of_day, day_of_week)
     SELECT j.intersection_number, j.junction_id, t, v, v, v, v, v, v, (n % 60), EXTRACT(hour FROM t)::int, (EXTRACT(isodow FROM t) - 1)::int
     FROM generate_series(0, 48 * 60 - 1) n CROSS JOIN junctions j,
       LATERAL (SELECT ?::timestamptz - make_interval(mins => n) AS t, ${value} AS v) made`,
    [iso(now)],
  );
  await owner.raw(
    `INSERT INTO safety_indices_hourly (intersection_id, junction_id, hour_timestamp, avg_si, min_si, max_si, std_si, total_volume, avg_volume, data_quality_score, sample_count, minute_count)
     SELECT j.intersection_number, j.junction_id, date_trunc('hour', ?::timestamptz, 'UTC') - make_interval(hours => n), v, v / 2, LEAST(v * 1.5, 100), 5, 900, 15, 1, 60, 60
     FROM generate_series(1, 90 * 24) n CROSS JOIN junctions j, LATERAL (SELECT ${value} AS v) made`,
    [iso(now)],
  );
  await owner.raw(
    `INSERT INTO safety_indices_daily (intersection_id, junction_id, date, avg_si, min_si, max_si, std_si, total_volume, avg_volume, sample_count)
     SELECT j.intersection_number, j.junction_id, ?::date - n, v, v / 2, LEAST(v * 1.5, 100), 5, 21600, 15, 1440
     FROM generate_series(1, 730) n CROSS JOIN junctions j, LATERAL (SELECT ${value} AS v) made`,
    [iso(now)],
  );
  for (const table of ['junctions', 'safety_indices_realtime', 'safety_indices_hourly', 'safety_indices_daily'])
    await owner.raw(`VACUUM (ANALYZE) ${table}`);
}

async function fromParquet(): Promise<void> {
  const minutes = (days: number): string => join(folder, `minutes-${days}.parquet`);
  const hours = (days: number): string => join(folder, `hours-${days}.parquet`);
  mkdirSync(folder, { recursive: true });
  const midnight = Math.floor(now / DAY) * DAY;
  // What is read does not become cheaper with values that repeat: they do not.
  const write = (path: string, fromMs: number, steps: number, step: string, columns: string) =>
    queryParquet(
      `COPY (SELECT 'junction-' || j AS junction_id, epoch_ms(${fromMs}) + n * INTERVAL ${step} AS timestamp, ${columns}
         FROM range(${JUNCTIONS}) js(j), range(${steps}) ns(n) ORDER BY 1, 2) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  for (let day = 0; day < 7; day++)
    await write(
      minutes(day),
      midnight - day * DAY,
      1440,
      '1 MINUTE',
      'random() * 100 AS combined_index_eb, random() * 100 AS combined_index, random() * 100 AS vru_index, random() * 100 AS vehicle_index, (n % 60)::INTEGER AS traffic_volume',
    );
  for (let day = 0; day < 90; day++)
    await write(
      hours(day),
      midnight - day * DAY,
      24,
      '1 HOUR',
      'random() * 100 AS avg_si, random() * 100 AS min_si, random() * 100 AS max_si, 5.0 AS std_si, 900 AS total_volume',
    );
  const list = (file: (day: number) => string, days: number): string =>
    `read_parquet([${Array.from({ length: days }, (_, day) => literal(file(day))).join(', ')}])`;
  const one = (): string => literal(`junction-${random(JUNCTIONS)}`);
  const repeat = Math.min(REPEAT, 30);
  await measure(
    'Parquet: 7 days, by hour, from minutes',
    null,
    repeat,
    async () =>
      (
        await queryParquet(
          `SELECT date_trunc('hour', timestamp) AS at, avg(combined_index_eb) AS si, min(combined_index_eb) AS min_si, max(combined_index_eb) AS max_si,
           stddev_samp(combined_index_eb) AS std_si, sum(traffic_volume) AS volume FROM ${list(minutes, 7)} WHERE junction_id = ${one()} GROUP BY 1 ORDER BY 1`,
        )
      ).length,
  );
  for (const days of [30, 90])
    await measure(
      `Parquet: ${days} days, from hours`,
      null,
      repeat,
      async () =>
        (await queryParquet(`SELECT * FROM ${list(hours, days)} WHERE junction_id = ${one()} ORDER BY timestamp`))
          .length,
    );
  await measure(
    'Parquet: current index, today’s minutes',
    null,
    repeat,
    async () =>
      (
        await queryParquet(
          `SELECT junction_id, max(timestamp) AS at, arg_max(combined_index_eb, timestamp) AS si FROM ${list(minutes, 1)} GROUP BY 1 ORDER BY 1`,
        )
      ).length,
  );
}
