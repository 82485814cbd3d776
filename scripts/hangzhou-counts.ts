/**
 * Works out the demand of `scenarios/hangzhou-kn-hz.yaml` from the recorded vehicles: how many of each movement set off
 * in each 5 minutes. The counts are facts and ship; the recording stays out of the repository.
 *
 *   npx tsx scripts/hangzhou-counts.ts           writes the counts into the scenario and prints them
 *   npx tsx scripts/hangzhou-counts.ts --check   only compares; exit code 1 where they differ
 *
 * The recording is looked for in $FLEXTRAFF_SHARED/data (default ../shared/data).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PERIOD_SECONDS = 300;
const DURATION_SECONDS = 3600;
const BEGIN = '    # Counts, begin: written by scripts/hangzhou-counts.ts';
const END = '    # Counts, end';

export const scenarioFile = fileURLToPath(new URL('../scenarios/hangzhou-kn-hz.yaml', import.meta.url));

/** Folder of the recording; it may not exist. */
export function recordingFolder(): string {
  const shared = process.env.FLEXTRAFF_SHARED ?? '../shared';
  return resolve(join(shared, 'data/cityflow/hangzhou-1x1-kn-hz_18041607'));
}

export interface MovementCounts {
  readonly approach: 'N' | 'S' | 'E' | 'W';
  readonly movement: 'left' | 'straight';
  /** Vehicles per period of 5 minutes, by departure. */
  readonly vehicles: readonly number[];
}

interface Point {
  x: number;
  y: number;
}
interface Roadnet {
  intersections: {
    id: string;
    virtual: boolean;
    roadLinks: { type: string; startRoad: string; endRoad: string }[];
  }[];
  roads: { id: string; points: Point[] }[];
}
interface Flow {
  route: string[];
  startTime: number;
  endTime: number;
}

/** The arm that a road comes in by, from where it begins. */
function armOf(road: Roadnet['roads'][number]): MovementCounts['approach'] {
  const [start, end] = [road.points[0]!, road.points.at(-1)!];
  const [x, y] = [start.x - end.x, start.y - end.y];
  if (Math.abs(x) > Math.abs(y)) return x > 0 ? 'E' : 'W';
  return y > 0 ? 'N' : 'S';
}

/** Counts by movement, in the order N, S, E, W, left before straight. Throws where the recording has a movement that the scenario lacks. */
export function countMovements(folder: string): MovementCounts[] {
  const roadnet = JSON.parse(readFileSync(join(folder, 'roadnet.json'), 'utf8')) as Roadnet;
  const flows = JSON.parse(readFileSync(join(folder, 'flow.json'), 'utf8')) as Flow[];
  const links = roadnet.intersections.filter((each) => !each.virtual).flatMap((each) => each.roadLinks);
  const counts = new Map<string, number[]>();
  for (const flow of flows) {
    const link = links.find((each) => each.startRoad === flow.route[0] && each.endRoad === flow.route[1]);
    const road = roadnet.roads.find((each) => each.id === flow.route[0]);
    if (!link || !road || flow.route.length !== 2)
      throw new Error(`route ${flow.route.join(' ')} does not cross the junction`);
    if (flow.startTime !== flow.endTime)
      throw new Error(`a flow from ${flow.startTime} to ${flow.endTime} s; expected single vehicles`);
    if (flow.startTime >= DURATION_SECONDS) continue;
    const key = `${armOf(road)} ${link.type.replace(/^(turn|go)_/, '')}`;
    const vehicles = counts.get(key) ?? new Array<number>(DURATION_SECONDS / PERIOD_SECONDS).fill(0);
    vehicles[Math.floor(flow.startTime / PERIOD_SECONDS)]! += 1;
    counts.set(key, vehicles);
  }
  const known: MovementCounts[] = [];
  for (const approach of ['N', 'S', 'E', 'W'] as const) {
    for (const movement of ['left', 'straight'] as const) {
      const vehicles = counts.get(`${approach} ${movement}`);
      if (vehicles) known.push({ approach, movement, vehicles });
      counts.delete(`${approach} ${movement}`);
    }
  }
  if (counts.size > 0) throw new Error(`movements that the scenario lacks: ${[...counts.keys()].join(', ')}`);
  return known;
}

/** The scenario's text with its counts replaced. Throws where the marks are missing. */
export function withCounts(text: string, counts: readonly MovementCounts[]): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${scenarioFile} lacks the lines\n${BEGIN}\n${END}`);
  const lines = counts.map(
    ({ approach, movement, vehicles }) =>
      `    - { approach: ${approach}, movement: ${movement}, vehicles: [${vehicles.join(', ')}] }\n`,
  );
  return `${text.slice(0, begin)}${BEGIN}\n${lines.join('')}${text.slice(end)}`;
}

function main(): void {
  const folder = recordingFolder();
  if (!existsSync(folder)) {
    console.error(`The recording is not in ${folder}. Set FLEXTRAFF_SHARED to the folder that holds data/.`);
    process.exit(2);
  }
  const counts = countMovements(folder);
  const before = readFileSync(scenarioFile, 'utf8');
  const after = withCounts(before, counts);
  for (const { approach, movement, vehicles } of counts) {
    const sum = vehicles.reduce((total, count) => total + count, 0);
    console.log(`${approach} ${movement.padEnd(9)}${String(sum).padStart(4)}  ${vehicles.join(' ')}`);
  }
  if (process.argv.includes('--check')) {
    if (after !== before) console.error(`${scenarioFile} differs from the recording; run this without --check.`);
    process.exitCode = after === before ? 0 : 1;
  } else if (after !== before) {
    writeFileSync(scenarioFile, after);
    console.log(`Written into ${scenarioFile}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
