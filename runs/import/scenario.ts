/** Puts a scenario together from a peer's files, and says what it approximated. */
import { stringify } from 'yaml';
import { parseScenario } from '../../scenarios/load.ts';
import type { ScenarioIssue } from '../../scenarios/types.ts';
import { networkFromScenario } from '../../sim/network/scenario.ts';
import { type ImportArm, type ImportJunction, junctionsOf, NotRepresentable, roadsOf } from './ground.ts';
import { type ImportModel, ImportNotes } from './model.ts';
import { signalsOf } from './signals.ts';
import { approachMetres, cutFeeds, type Feeds, feedsOf, isFed, lengthOf, type Pass, passesOf } from './ways.ts';

const PERIOD_SECONDS = 300;
const KILOMETRES_PER_HOUR = 3.6;
const UPSTREAM_METRES = 100;

export interface Imported {
  readonly yaml: string;
  readonly notes: readonly string[];
  readonly junctions: number;
  readonly vehicles: number;
  /** Of the scenario as written: empty where it loads. */
  readonly issues: readonly ScenarioIssue[];
}

/**
 * Throws NotRepresentable where there is no junction or one that no scenario can have. Turns that yield are listed as
 * permitted; where the scenario does not load that way, they get stages of their own. Roads between junctions make one
 * network, unless vehicles that turn by shares could drive in circles in it.
 */
export function importScenario(model: ImportModel, fileName: string, isInnerFirst: boolean): Imported {
  let best: Imported | null = null;
  for (const roads of ['joined', 'cut'] as const) {
    for (const turns of ['permitted', 'protected'] as const) {
      const imported = importWith(model, fileName, isInnerFirst, turns, roads);
      if (imported.issues.length === 0) return imported;
      if (best === null || imported.issues.length < best.issues.length) best = imported;
    }
  }
  return best!;
}

function importWith(
  model: ImportModel,
  fileName: string,
  isInnerFirst: boolean,
  turns: 'permitted' | 'protected',
  between: 'joined' | 'cut',
): Imported {
  const notes = new ImportNotes();
  const roads = roadsOf(model.network, isInnerFirst);
  const junctions = junctionsOf(model, roads, notes);
  if (junctions.length === 0) {
    const why = notes.list();
    throw new NotRepresentable(
      `there is no signalised junction to import${why.length > 0 ? `: ${why.join('; ')}` : ''}`,
    );
  }
  const passes = passesOf(model, junctions);
  const joined = feedsOf(model, junctions, notes);
  if (between === 'cut' && joined.size > 0) {
    notes.add(
      'roads between junctions are cut, for vehicles that turn by shares would drive in circles: they enter anew at each junction, at the time of free flow',
      `${joined.size} roads`,
    );
  }
  const feeds = between === 'cut' ? new Map() : cutFeeds(model, passes, joined, notes);
  const traffic = trafficOf(model, passes, feeds, notes);
  const { passageSeconds } = model;
  if (passageSeconds !== undefined)
    notes.add(
      'actuated programs become the strategy actuated, with the least and greatest greens and the gaps of the file',
      model.name,
    );
  const document = {
    version: 1,
    title: model.name.slice(0, 120),
    description: `Imported from ${model.origin}. Ground plans are drawn anew from bearings, lanes and lengths; vehicles are counted by movement and ${PERIOD_SECONDS} s.`,
    drivingSide: model.isLefthand ? 'left' : 'right',
    startsAt: new Date(model.startsAtMs).toISOString().replace('.000Z', 'Z'),
    durationSeconds: model.durationSeconds,
    vehicleClasses: classesOf(model),
    junctions: junctions.map((junction) => junctionFile(model, junctions, junction, feeds, traffic, turns, notes)),
    demand: { arrivals: 'recorded', periodSeconds: PERIOD_SECONDS, flows: traffic.flows },
    variants: [
      passageSeconds === undefined
        ? { name: 'baseline', strategy: 'fixed-time' }
        : {
            name: 'baseline',
            strategy: 'actuated',
            parameters: { passageSeconds: Math.min(20, Math.max(0.5, passageSeconds)) },
          },
      { name: 'adaptive', strategy: 'horizon' },
    ],
  };
  const told = [...notes.list(), ...APPROXIMATED];
  const head = [`Imported from ${model.origin}. What was approximated:`, ...told.map((note) => `  ${note}`)];
  const comment = head.map((line) => `# ${line.replace(/[\r\n]+/g, ' ')}`).join('\n');
  const yaml = `${comment}\n${stringify(document, { lineWidth: 120, aliasDuplicateObjects: false })}`;
  const { issues } = read(yaml, fileName);
  return { yaml, notes: told, junctions: junctions.length, vehicles: traffic.vehicles, issues };
}

/** What is wrong with the text, the network that it makes included. */
function read(yaml: string, fileName: string): { readonly issues: readonly ScenarioIssue[] } {
  const { scenario, issues } = parseScenario(yaml, fileName);
  if (scenario === undefined) return { issues };
  try {
    networkFromScenario(scenario);
    return { issues: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const hint = 'Correct the scenario.';
    return { issues: [{ file: fileName, line: 1, column: 1, path: '', message: error.message, hint }] };
  }
}

/** What holds of every import. */
const APPROXIMATED = [
  'ground plans are drawn anew: straight roads that meet in one point, exit lanes by the rules of scenarios',
  `the moment of each vehicle within its ${PERIOD_SECONDS} s is drawn at random, and so is where it turns behind the first junction`,
  'vehicles drive by IDM, as in every scenario, and change no lanes within a road',
];

interface TrafficFile {
  readonly flows: readonly {
    readonly junction: string;
    readonly approach: string;
    readonly movement: string;
    readonly vehicles: number[];
  }[];
  /** By `{junction}/{arm}`: vehicles by movement that come from the junction before. */
  readonly turns: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly vehicles: number;
}

function trafficOf(
  model: ImportModel,
  passes: readonly (readonly Pass[])[],
  feeds: Feeds,
  notes: ImportNotes,
): TrafficFile {
  const { demand, durationSeconds, network } = model;
  const periods = Math.ceil(durationSeconds / PERIOD_SECONDS);
  const flows = new Map<string, { junction: string; approach: string; movement: string; vehicles: number[] }>();
  const turns = new Map<string, Map<string, number>>();
  let vehicles = 0;
  for (let v = 0; v < demand.count; v++) {
    const own = passes[demand.route[v]!]!;
    if (own.length === 0) {
      notes.add('vehicles that pass no signal left out', network.routes[demand.route[v]!]!.name);
      continue;
    }
    own.forEach((pass, k) => {
      const key = `${pass.junction.name}/${pass.movement.from.name}`;
      if (isFed(own[k - 1], pass, feeds)) {
        const counts = turns.get(key) ?? new Map<string, number>();
        counts.set(pass.movement.name, (counts.get(pass.movement.name) ?? 0) + 1);
        turns.set(key, counts);
        return;
      }
      if (feeds.has(key)) {
        notes.add('vehicles that enter on a road between two junctions left out', key);
        return;
      }
      const at = demand.departSeconds[v]! + (k === 0 ? 0 : pass.seconds);
      if (at >= durationSeconds) return;
      const flowKey = `${key}/${pass.movement.name}`;
      let flow = flows.get(flowKey);
      if (flow === undefined) {
        flow = {
          junction: pass.junction.name,
          approach: pass.movement.from.name,
          movement: pass.movement.name,
          vehicles: new Array<number>(periods).fill(0),
        };
        flows.set(flowKey, flow);
      }
      flow.vehicles[Math.floor(at / PERIOD_SECONDS)]!++;
      if (k === 0) vehicles++;
    });
  }
  if (vehicles === 0) throw new NotRepresentable('no vehicle passes a signal');
  return { flows: [...flows.values()], turns, vehicles };
}

function junctionFile(
  model: ImportModel,
  junctions: readonly ImportJunction[],
  junction: ImportJunction,
  feeds: Feeds,
  traffic: TrafficFile,
  turns: 'permitted' | 'protected',
  notes: ImportNotes,
) {
  const { latitude, longitude } = model.place(junction.x, junction.y);
  const original = model.network.junctions[junction.index]!.name;
  const leadsOn = new Set([...feeds.values()].flatMap((feed) => (feed.junction === junction ? [feed.arm.name] : [])));
  const approaches = junction.arms.map((arm) => approachFile(model, junctions, junction, arm, feeds, traffic, notes));
  const movements = junction.movements.map(({ name, from, to }) => ({ name, from: from.name, to: to.name }));
  const file = {
    name: junction.name,
    latitude,
    longitude,
    ...(original === junction.name ? {} : { externalId: original.slice(0, 100) }),
    approaches,
    movements,
  };
  return { ...file, signals: signalsOf(model, junction, file, leadsOn, turns, notes) };
}

function approachFile(
  model: ImportModel,
  junctions: readonly ImportJunction[],
  junction: ImportJunction,
  arm: ImportArm,
  feeds: Feeds,
  traffic: TrafficFile,
  notes: ImportNotes,
) {
  const { network } = model;
  const key = `${junction.name}/${arm.name}`;
  const feed = feeds.get(key);
  const length = approachMetres(model, junctions, arm, notes);
  const exit = arm.exitRoad < 0 ? 0 : lengthOf(network, arm.exitRoad);
  const clamp = (metres: number) => {
    const bounded = Math.min(10_000, Math.max(20, Math.round(metres * 100) / 100));
    if (Math.abs(bounded - metres) > 0.01)
      notes.add('lengths brought within 20 m and 10 km', network.names[arm.lanes[0]!]!);
    return bounded;
  };
  const limits = arm.lanes.map((lane) => network.speedLimit[lane]! * KILOMETRES_PER_HOUR);
  const fastest = Math.max(...limits);
  if (Math.min(...limits) < fastest - 0.1)
    notes.add('lanes of a road get its highest limit', network.names[arm.lanes[0]!]!);
  const counts = traffic.turns.get(key);
  const sum = [...(counts?.values() ?? [])].reduce((total, count) => total + count, 0);
  const shares = feed === undefined ? null : sharesOf(junction, arm, counts, sum);
  const feeding = [...feeds].find(([, own]) => own.junction === junction && own.arm === arm);
  const needed = Math.max(
    0,
    ...junction.movements
      .filter(({ to }) => to === arm)
      .map(({ links }) => new Set(links.map((link) => network.linkStart[link]!)).size),
  );
  const exitCount = feeding === undefined ? Math.max(needed, arm.exitLanes.length) : feeding[1].lanes;
  if (exitCount !== arm.exitLanes.length) {
    const why =
      feeding === undefined
        ? 'exits get as many lanes as lead into them'
        : 'roads between junctions get the lanes of their end';
    notes.add(why, network.names[arm.exitLanes[0] ?? arm.lanes[0]!]!);
  }
  return {
    name: arm.name,
    bearingDegrees: arm.bearingDegrees,
    speedLimitKilometresPerHour: Math.min(130, Math.max(5, Math.round(fastest * 100) / 100)),
    ...(feed === undefined
      ? { lengthMetres: clamp(length) }
      : { from: { junction: feed.junction.name, exit: feed.arm.name }, turnShares: shares! }),
    exitLanes: Math.min(8, exitCount),
    ...(feeding === undefined && arm.exitRoad >= 0 ? { exitLengthMetres: clamp(exit) } : {}),
    laneWidthMetres: Math.min(6, Math.max(2, model.laneWidths[arm.lanes[0]!]!)),
    rfid: [
      { position: 'stopline' },
      { position: 'upstream', distanceMetres: Math.max(5, Math.min(UPSTREAM_METRES, Math.floor(length - 10))) },
    ],
    lanes: arm.lanes.map((lane) => ({
      movements: junction.movements
        .filter(({ links }) => links.some((link) => network.linkStart[link] === lane))
        .map(({ name }) => name),
    })),
  };
}

/** By movement, to the millionth, together exactly 1; in equal parts where nobody was seen. */
function sharesOf(
  junction: ImportJunction,
  arm: ImportArm,
  counts: ReadonlyMap<string, number> | undefined,
  sum: number,
): Record<string, number> {
  const own = junction.movements.filter(({ from }) => from === arm);
  const shares = own.map(({ name }) => (sum > 0 ? (counts!.get(name) ?? 0) / sum : 1 / own.length));
  const rounded = shares.map((share) => Math.round(share * 1e6) / 1e6);
  const largest = rounded.indexOf(Math.max(...rounded));
  const rest = rounded.reduce((total, share, i) => (i === largest ? total : total + share), 0);
  rounded[largest] = Math.round((1 - rest) * 1e6) / 1e6;
  return Object.fromEntries(own.map(({ name }, i) => [name, rounded[i]!]));
}

/** Classes with their shares, and the means of their measures within what scenarios allow. */
function classesOf(model: ImportModel): Record<string, Record<string, number | string>> {
  const { demand, kindOfClass } = model;
  const counts = new Map<string, { count: number; sums: number[] }>();
  const columns = ['length', 'width', 'maxSpeed', 'acceleration', 'deceleration', 'minGap'] as const;
  for (let v = 0; v < demand.count; v++) {
    const own = demand.classes[demand.vehicleClass[v]!]!;
    const kind = kindOfClass[demand.vehicleClass[v]!]!;
    const entry = counts.get(kind) ?? { count: 0, sums: columns.map(() => 0) };
    entry.count++;
    columns.forEach((column, i) => {
      entry.sums[i]! += own[column];
    });
    counts.set(kind, entry);
  }
  const bounds = [
    [1, 30],
    [0.4, 4],
    [5 / 3.6, 200 / 3.6],
    [0.2, 6],
    [0.5, 9],
    [0.2, 10],
  ];
  const kinds = [...counts.keys()];
  let rest = 1;
  return Object.fromEntries(
    kinds.map((kind, k) => {
      const { count, sums } = counts.get(kind)!;
      const share = k === kinds.length - 1 ? rest : Math.round((count / demand.count) * 1e6) / 1e6;
      rest = Math.round((rest - share) * 1e6) / 1e6;
      const [length, width, maxSpeed, acceleration, deceleration, minGap] = sums.map((sum, i) => {
        const mean = Math.min(bounds[i]![1]!, Math.max(bounds[i]![0]!, sum / count));
        return Math.round(mean * 1000) / 1000;
      });
      return [
        kind,
        {
          share,
          lengthMetres: length!,
          widthMetres: width!,
          maxSpeedKilometresPerHour: Math.min(200, Math.round(maxSpeed! * 3600) / 1000),
          accelerationMetresPerSecond2: acceleration!,
          decelerationMetresPerSecond2: deceleration!,
          minGapMetres: minGap!,
        },
      ];
    }),
  );
}
