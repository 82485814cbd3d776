/** From a checked file to a scenario: what fits together, with every mistake that does not reported. */
import { v5 } from 'uuid';
import { type ResolvedArm, type ResolvedGround, resolveGround } from './arms.ts';
import { buildClasses, checkWidths } from './classes.ts';
import { isTimeZone, momentOf } from './clock.ts';
import { buildDemand } from './demand.ts';
import type { Path } from './document.ts';
import { buildFaults } from './faults.ts';
import type { Findings } from './findings.ts';
import { bearing, curve, distance, heading, lengthOf, offset, project, turnDegrees } from './geometry.ts';
import { type JunctionLayout, layoutJunction } from './layout.ts';
import { buildPedestrians, walkingOf } from './pedestrians.ts';
import type { JunctionFile, ScenarioFile } from './schema.ts';
import { withFeeders } from './feeders.ts';
import { byTheClock } from './plans.ts';
import { buildRightOfWay, hasSignals, unsignalisedConfiguration } from './right-of-way.ts';
import { type BuiltSignals, buildSignals, type ConfigurationIdentity } from './signals.ts';
import type {
  DetectionSettings,
  Point,
  Polyline,
  Scenario,
  ScenarioApproach,
  ScenarioJunction,
  ScenarioLane,
  V2xSettings,
  VariantSettings,
  WeatherSettings,
} from './types.ts';
import { refuseUnsupported } from './unsupported.ts';

/** Namespace of the UUIDs of simulated junctions and approaches (RFC 9562 version 5). */
const NAMESPACE = 'd8f6b1f0-6c0c-5e0b-9d5a-3f2a7c4be001';
/** Greatest integer of a PostgreSQL `integer` column. */
const GREATEST_INTEGER = 2_147_483_647;

/** A file of which some parts could not be read: those are absent (junctions: null). */
export type PartialFile = Partial<Omit<ScenarioFile, 'junctions'>> & {
  readonly junctions: readonly (JunctionFile | null)[];
};

interface Placed {
  readonly file: JunctionFile;
  readonly path: Path;
  readonly centre: Point;
  readonly ground: ResolvedGround;
  readonly layout: JunctionLayout;
}

/** The scenario, or null where `findings` say why not. */
export function buildScenario(file: PartialFile, name: string, findings: Findings): Scenario | null {
  const before = findings.count;
  refuseUnsupported(file, findings);
  const times = buildTimes(file, findings);
  const variants = buildVariants(file, findings);
  const vehicleClasses = buildClasses(file.vehicleClasses, findings, file.pcuSet, file.saturationFlowPerHourPerLane);
  const placed = placeJunctions(file, findings);
  const junctions = placed.map((each) =>
    each === null ? null : buildJunction(each, placed, name, file.drivingSide!, findings),
  );
  const named = file.junctions.map((junction, index) => ({
    name: junction?.name ?? `junctions[${index}]`,
    ground: placed[index]?.ground ?? null,
  }));
  const { demand, vehicles } =
    file.demand === undefined
      ? { demand: [], vehicles: [] }
      : buildDemand(file.demand, named, vehicleClasses, times.durationSeconds, findings);
  const pedestrians =
    file.demand === undefined ? [] : buildPedestrians(file.demand, named, times.durationSeconds, findings);
  const faults = buildFaults(file.detection, named, times.durationSeconds, findings);
  checkWidths(vehicleClasses, file.vehicleClasses, narrowestLane(placed), findings);
  checkIntersections(junctions, findings);
  if (findings.count > before || file.drivingSide === undefined || junctions.includes(null)) return null;
  const clocked = byTheClock(
    junctions as ScenarioJunction[],
    file.junctions as readonly JunctionFile[],
    times.timeZone,
    findings,
  );
  if (findings.count > before) return null;
  return {
    version: 1,
    name,
    title: file.title ?? name,
    description: (file.description ?? '').trim(),
    drivingSide: file.drivingSide,
    ...times,
    seeds: file.seeds ?? [1],
    junctions: withFeeders(clocked),
    vehicleClasses,
    demand,
    vehicles,
    pedestrians,
    walking: walkingOf(file.demand),
    detection: { ...detectionOf(file), ...(faults.length > 0 ? { faults } : {}) },
    ...v2xOf(file),
    ...weatherOf(file),
    variants,
    saturationFlowPerHourPerLane: file.saturationFlowPerHourPerLane ?? 1800,
    startUpLostSeconds: file.startUpLostSeconds ?? 2,
  };
}

type Times = Pick<Scenario, 'startsAtMs' | 'timeZone' | 'stepSeconds' | 'durationSeconds' | 'warmUpSeconds'>;

function buildTimes(file: PartialFile, findings: Findings): Times {
  const timeZone = file.timeZone ?? 'UTC';
  const known = isTimeZone(timeZone);
  if (!known)
    findings.add(
      ['timeZone'],
      `is ${JSON.stringify(timeZone)}; it must be an IANA time zone`,
      'Write it as Area/City, e.g. Asia/Kolkata, or UTC.',
    );
  const moment = momentOf(file.startsAt ?? '2024-01-01T00:00:00Z', known ? timeZone : 'UTC');
  if (typeof moment === 'string')
    findings.add(['startsAt'], `is ${JSON.stringify(file.startsAt)}; ${moment}`, 'Correct it.');
  const stepSeconds = file.stepSeconds ?? 0.5;
  const milliseconds = stepSeconds * 1000;
  if (Math.abs(milliseconds - Math.round(milliseconds)) > 1e-9 || 1000 % Math.round(milliseconds) !== 0) {
    findings.add(
      ['stepSeconds'],
      `is ${stepSeconds}; a whole number of steps must make a second, of whole milliseconds`,
      'Use 0.05, 0.1, 0.125, 0.2, 0.25, 0.5 or 1.',
    );
  }
  const durationSeconds = file.durationSeconds ?? 3600;
  const warmUpSeconds = file.warmUpSeconds ?? 0;
  if (warmUpSeconds >= durationSeconds) {
    findings.add(
      ['warmUpSeconds'],
      `is ${warmUpSeconds}; less than ${durationSeconds} (durationSeconds)`,
      'Lower it, or raise durationSeconds.',
    );
  }
  const seeds = file.seeds ?? [];
  for (const [index, seed] of seeds.entries()) {
    if (seeds.indexOf(seed) !== index)
      findings.add(
        ['seeds', index],
        `is ${seed}, which is there already`,
        'Remove it: the same seed gives the same run.',
      );
  }
  return { startsAtMs: typeof moment === 'string' ? 0 : moment, timeZone, stepSeconds, durationSeconds, warmUpSeconds };
}

function buildVariants(file: PartialFile, findings: Findings): VariantSettings[] {
  const entries = file.variants ?? [
    { name: 'baseline', strategy: 'fixed-time' },
    { name: 'adaptive', strategy: 'atcs' },
  ];
  findings.addRepeated(
    entries.map((entry, index) => ({ name: entry.name, path: ['variants', index, 'name'] })),
    'variant',
  );
  return entries.map((entry) => ({
    name: entry.name,
    strategy: entry.strategy,
    parameters: { ...('parameters' in entry ? entry.parameters : {}) },
  }));
}

function detectionOf(file: PartialFile): DetectionSettings {
  const { tagShare = 1, missProbability = 0, rereadSeconds = 5, windowSeconds = 10 } = file.detection ?? {};
  return { tagShare, missProbability, rereadSeconds, windowSeconds };
}

function v2xOf({ v2x }: PartialFile): { v2x?: V2xSettings } {
  if (v2x === undefined || (v2x.share === 0 && (v2x.pedestrianShare ?? 0) === 0)) return {};
  const { share, pedestrianShare = 0, dropoutShare = 0, positionNoiseMetres = 0 } = v2x;
  const { idRotationSeconds = null, rangeMetres = 300, singly = false } = v2x;
  return {
    v2x: { share, pedestrianShare, dropoutShare, positionNoiseMetres, idRotationSeconds, rangeMetres, singly },
  };
}

function weatherOf({ weather }: PartialFile): { weather?: WeatherSettings } {
  if (weather === undefined) return {};
  return {
    weather: {
      rainMillimetres: weather.precipitationMillimetresPerHour ?? 0,
      visibilityMetres: weather.visibilityMetres ?? 10_000,
      windMetresPerSecond: weather.windMetresPerSecond ?? 0,
      temperatureCelsius: weather.temperatureCelsius ?? 20,
    },
  };
}

/** Ground plans of all junctions; null where one has mistakes. */
function placeJunctions(file: PartialFile, findings: Findings): (Placed | null)[] {
  const origin = file.junctions.find((junction) => junction !== null);
  findings.addRepeated(
    file.junctions.flatMap((junction, index) =>
      junction === null ? [] : [{ name: junction.name, path: ['junctions', index, 'name'] }],
    ),
    'junction',
  );
  checkLinks(file, findings);
  return file.junctions.map((junction, index) => {
    if (junction === null || file.drivingSide === undefined || origin === undefined) return null;
    const path: Path = ['junctions', index];
    const before = findings.count;
    const ground = resolveGround(junction, path, file.drivingSide, leadingOn(file, junction.name), findings);
    if (ground === null || findings.count > before) return null;
    const centre = project(junction.latitude, junction.longitude, origin!);
    return {
      file: junction,
      path,
      centre,
      ground,
      layout: layoutJunction(centre, ground.arms, ground.movements, file.drivingSide),
    };
  });
}

/** Width of the narrowest lane, m; infinite where no junction could be placed. */
function narrowestLane(placed: readonly (Placed | null)[]): number {
  let narrowest = Number.POSITIVE_INFINITY;
  for (const each of placed)
    for (const arm of each?.ground.arms ?? [])
      for (const width of [...arm.laneWidths, ...arm.exitWidths]) narrowest = Math.min(narrowest, width);
  return narrowest;
}

/** Arms of the junction whose exits feed another. */
function leadingOn(file: PartialFile, name: string): Set<string> {
  const approaches = file.junctions.flatMap((junction) => junction?.approaches ?? []);
  return new Set(approaches.flatMap((approach) => (approach.from?.junction === name ? [approach.from.exit] : [])));
}

/** Every `from` names an exit that exists, and no exit feeds two approaches. */
function checkLinks(file: PartialFile, findings: Findings): void {
  const names = file.junctions.flatMap((junction) => (junction === null ? [] : [junction.name]));
  const complete = !file.junctions.includes(null);
  const taken = new Map<string, string>();
  for (const [index, junction] of file.junctions.entries()) {
    for (const [place, approach] of (junction?.approaches ?? []).entries()) {
      const { from } = approach;
      if (from === undefined) continue;
      const path: Path = ['junctions', index, 'approaches', place, 'from'];
      const source = file.junctions.find((each) => each?.name === from.junction);
      if (!source) {
        if (complete) findings.addUnknown([...path, 'junction'], 'the junction', from.junction, names);
        continue;
      }
      const arms = source.approaches.map((each) => each.name);
      if (!arms.includes(from.exit))
        findings.addUnknown([...path, 'exit'], `an arm of ${source.name},`, from.exit, arms);
      if (source === junction) findings.add([...path, 'junction'], 'is the junction itself', 'Name another junction.');
      const key = `${from.junction}/${from.exit}`;
      const other = taken.get(key);
      if (other !== undefined)
        findings.add(
          path,
          `is the exit ${from.exit} of ${from.junction}, which feeds ${other} already`,
          'An exit leads to one approach.',
        );
      taken.set(key, `${approach.name} of ${junction!.name}`);
    }
  }
}

function buildJunction(
  placed: Placed,
  all: readonly (Placed | null)[],
  scenario: string,
  side: 'left' | 'right',
  findings: Findings,
): ScenarioJunction | null {
  const { file, path, ground, layout, centre } = placed;
  const id = v5(`${scenario}/${file.name}`, NAMESPACE);
  const approachId = (name: string) => v5(`${scenario}/${file.name}/${name}`, NAMESPACE);
  const identity = {
    junctionId: id,
    intersectionId: file.intersectionId ?? intersectionIdOf(id),
    approaches: ground.arms.map((arm) => ({ id: approachId(arm.name), name: arm.name })),
  };
  const signals = hasSignals(file, path, findings)
    ? buildSignals(file, path, ground, layout, identity, side, findings)
    : withoutSignals(file, path, ground, identity, findings);
  const approaches = ground.arms.map((arm) => buildApproach(arm, approachId(arm.name), placed, all, findings));
  if (signals === null || approaches.includes(null)) return null;
  return {
    id,
    name: file.name,
    latitude: file.latitude,
    longitude: file.longitude,
    centre,
    approaches: approaches as ScenarioApproach[],
    movements: ground.movements.map(({ name, from, to, turn }) => ({
      name,
      from,
      to,
      turn,
      group: signals.groupOf.get(name) ?? '',
      connections: layout.connections.get(name)!,
    })),
    crossings: ground.crossings.map((crossing) => {
      const arm = layout.arms.get(crossing.approach)!;
      return { ...crossing, lengthMetres: arm.widthMetres, outline: arm.crossing! };
    }),
    outline: layout.outline,
    configuration: signals.configuration,
    ...(signals.greenBounds && { greenBounds: signals.greenBounds }),
    ...(signals.rightOfWay && { rightOfWay: signals.rightOfWay }),
    ...(file.externalId === undefined ? {} : { externalId: file.externalId }),
  };
}

function withoutSignals(
  file: JunctionFile,
  path: Path,
  ground: ResolvedGround,
  identity: ConfigurationIdentity,
  findings: Findings,
): BuiltSignals | null {
  const rightOfWay = buildRightOfWay(file, path, ground, findings);
  if (rightOfWay === null) return null;
  return { configuration: unsignalisedConfiguration(file, identity), groupOf: new Map(), rightOfWay };
}

/** An integer above 65535 for a junction without a J2735 id: the first four bytes of its UUID, folded into the range. */
function intersectionIdOf(id: string): number {
  const first = Number.parseInt(id.slice(0, 8), 16);
  return 65_536 + (first % (GREATEST_INTEGER - 65_536));
}

function buildApproach(
  arm: ResolvedArm,
  id: string,
  placed: Placed,
  all: readonly (Placed | null)[],
  findings: Findings,
): ScenarioApproach | null {
  const own = placed.layout.arms.get(arm.name)!;
  const inward = { x: 0 - own.outward.x, y: 0 - own.outward.y };
  let lanePaths: Polyline[];
  if (arm.from === undefined) {
    lanePaths = own.laneEnds.map((end) => curve(offset(end, own.outward, arm.lengthMetres!), inward, end, inward));
  } else {
    const linked = linkedPaths(arm, placed, all, findings);
    if (linked === null) return null;
    lanePaths = linked;
  }
  const next = all.find((each) =>
    each?.ground.arms.some((other) => other.from?.junction === placed.file.name && other.from.exit === arm.name),
  );
  const fed = next?.ground.arms.find(
    (other) => other.from?.junction === placed.file.name && other.from.exit === arm.name,
  );
  const exitPaths =
    next && fed && fed.laneWidths.length === arm.exitWidths.length
      ? own.exitStarts.map((start, lane) => linkPath(start, own.outward, next, fed, lane))
      : own.exitStarts.map((start) =>
          curve(start, own.outward, offset(start, own.outward, arm.exitLengthMetres), own.outward),
        );
  const lane = (index: number, widthMetres: number, movements: readonly string[], path: Polyline): ScenarioLane => ({
    index,
    widthMetres,
    movements,
    path,
  });
  return {
    id,
    name: arm.name,
    bearingDegrees: arm.bearingDegrees,
    lengthMetres: arm.lengthMetres ?? Math.round(lengthOf(lanePaths[0]!) * 1000) / 1000,
    speedLimitMetresPerSecond: arm.speedMetresPerSecond,
    ...(arm.from === undefined ? {} : { from: arm.from, turnShares: arm.turnShares }),
    lanes: lanePaths.map((path, index) => lane(index, arm.laneWidths[index]!, arm.laneMovements[index]!, path)),
    exitLanes: exitPaths.map((path, index) => lane(index, arm.exitWidths[index]!, [], path)),
    exitLengthMetres:
      fed === undefined || exitPaths.length === 0
        ? arm.exitLengthMetres
        : Math.round(lengthOf(exitPaths[0]!) * 1000) / 1000,
    rfid: arm.rfid,
    busStops: arm.busStops,
  };
}

function linkPath(start: Point, outward: Point, next: Placed, fed: ResolvedArm, lane: number): Polyline {
  const arm = next.layout.arms.get(fed.name)!;
  return curve(start, outward, arm.laneEnds[lane]!, { x: 0 - arm.outward.x, y: 0 - arm.outward.y }, 5);
}

/** The road from the other junction's exit to this stop line; null where the two do not fit (reported). */
function linkedPaths(
  arm: ResolvedArm,
  placed: Placed,
  all: readonly (Placed | null)[],
  findings: Findings,
): Polyline[] | null {
  const source = all.find((each) => each?.file.name === arm.from!.junction);
  const exit = source?.ground.arms.find((each) => each.name === arm.from!.exit);
  if (!source || !exit) return null;
  const path: Path = [...arm.path, 'from'];
  const before = findings.count;
  const lanes = arm.laneWidths.length;
  if (exit.exitWidths.length !== lanes) {
    findings.add(
      path,
      `is the exit ${exit.name} of ${source.file.name} with ${exit.exitWidths.length} lanes, but ${arm.name} has ${lanes}; a road has the same lanes at both ends`,
      `Make exitLanes of ${exit.name} ${lanes}, or change the lanes of ${arm.name}.`,
    );
  }
  const here = placed.layout.arms.get(arm.name)!.setbackMetres;
  const there = source.layout.arms.get(exit.name)!.setbackMetres;
  const apart = distance(source.centre, placed.centre);
  if (apart < here + there + 20) {
    findings.add(
      path,
      `is ${Math.round(apart)} m away; at least ${Math.ceil(here + there + 20)} m, so that 20 m of road lie between the stop lines`,
      'Correct latitude and longitude.',
    );
    return null;
  }
  for (const [from, to, direction, name] of [
    [source.centre, placed.centre, exit.bearingDegrees, `${exit.name} of ${source.file.name}`],
    [placed.centre, source.centre, arm.bearingDegrees, `${arm.name} of ${placed.file.name}`],
  ] as const) {
    const off = Math.abs(turnDegrees(bearing(from, to), direction));
    if (off > 60)
      findings.add(
        path,
        `joins ${name}, whose bearing is ${direction}, but the other junction lies at ${Math.round(bearing(from, to))} degrees`,
        'Correct the bearing, or latitude and longitude.',
      );
  }
  if (findings.count > before) return null;
  const start = source.layout.arms.get(exit.name)!;
  const paths = start.exitStarts.map((point, lane) => linkPath(point, heading(exit.bearingDegrees), placed, arm, lane));
  const length = Math.round(lengthOf(paths[0]!));
  if (arm.lengthMetres !== undefined && Math.abs(arm.lengthMetres - length) > Math.max(5, 0.05 * length)) {
    findings.add(
      [...arm.path, 'lengthMetres'],
      `is ${arm.lengthMetres}, but by their positions the junctions leave ${length} m of road`,
      'Remove it, or correct latitude and longitude.',
    );
    return null;
  }
  return paths;
}

function checkIntersections(junctions: readonly (ScenarioJunction | null)[], findings: Findings): void {
  const seen = new Map<number, string>();
  for (const [index, junction] of junctions.entries()) {
    if (junction === null) continue;
    const id = junction.configuration.intersectionId;
    const other = seen.get(id);
    if (other !== undefined)
      findings.add(
        ['junctions', index, 'intersectionId'],
        `is ${id}, as is that of ${other}`,
        'Give each junction its own.',
      );
    seen.set(id, junction.name);
  }
}
