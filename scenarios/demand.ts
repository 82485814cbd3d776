/** From what the file says of demand to flows per movement. */
import type { ResolvedGround } from './arms.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { listed, show } from './issues.ts';
import type { DemandFile } from './schema.ts';
import { LIMITS, TWO_WHEELER } from './schema-parts.ts';
import type { DemandFlow, GivenVehicle, RouteStep, VehicleClass, VehicleClassName } from './types.ts';

const USUAL_PERIOD_SECONDS = 300;
const VEHICLES: VolumeWords = { count: 'vehicles', perHour: 'vehiclesPerHour', whole: 'whole vehicles' };

/** A junction as far as demand needs it; `ground` is absent where it has mistakes of its own. */
export interface DemandJunction {
  readonly name: string;
  readonly ground: ResolvedGround | null;
}

type FlowFile = NonNullable<DemandFile['flows']>[number];
type Place = Pick<DemandFlow, 'junction' | 'approach' | 'movement' | 'route'>;

export interface BuiltDemand {
  readonly demand: DemandFlow[];
  readonly vehicles: GivenVehicle[];
}

/** Checks every flow and vehicle against the junctions and the duration; those with mistakes are left out of what it returns. */
export function buildDemand(
  demand: DemandFile,
  junctions: readonly DemandJunction[],
  classes: readonly VehicleClass[],
  durationSeconds: number,
  findings: Findings,
): BuiltDemand {
  const period = demand.periodSeconds ?? USUAL_PERIOD_SECONDS;
  const seen = new Map<string, number>();
  const flows: DemandFlow[] = [];
  for (const [index, file] of (demand.flows ?? []).entries()) {
    const path: Path = ['demand', 'flows', index];
    const place = placeOf(file, path, junctions, findings);
    const volume = volumeOf(
      { ...file, count: file.vehicles, perHour: file.vehiclesPerHour },
      demand,
      path,
      period,
      durationSeconds,
      findings,
      VEHICLES,
    );
    const arrivals = file.arrivals ?? demand.arrivals ?? 'poisson';
    const platoon = platoonOf(file, demand, arrivals, path, findings);
    if (place === null || volume === null || platoon === null) continue;
    const key = `${place.junction}/${place.movement}${file.exit === undefined ? '' : `/${JSON.stringify(place.route)}`}`;
    if (seen.has(key)) {
      findings.add(
        [...path, file.exit === undefined ? 'movement' : 'exit'],
        `is ${file.exit === undefined ? place.movement : file.exit.arm}, whose vehicles flow ${seen.get(key)} says already`,
        'Add the figures together in one of them.',
      );
      continue;
    }
    seen.set(key, index);
    flows.push({ ...place, ...volume, ...platoon });
  }
  const given = (demand.vehicles ?? []).flatMap((file, index) => {
    const vehicle = givenOf(file, ['demand', 'vehicles', index], junctions, classes, durationSeconds, findings);
    return vehicle === null ? [] : [vehicle];
  });
  checkTotal(demand, flows, given.length, findings);
  return { demand: flows, vehicles: given };
}

function givenOf(
  file: NonNullable<DemandFile['vehicles']>[number],
  path: Path,
  junctions: readonly DemandJunction[],
  classes: readonly VehicleClass[],
  durationSeconds: number,
  findings: Findings,
): GivenVehicle | null {
  const place = placeOf(file, path, junctions, findings);
  if (file.atSeconds >= durationSeconds) {
    findings.addConsequence(
      [...path, 'atSeconds'],
      [[...path, 'atSeconds'], ['durationSeconds']],
      `is ${file.atSeconds}; less than ${durationSeconds} (durationSeconds)`,
      'Lower it, or raise durationSeconds.',
    );
    return null;
  }
  const name: VehicleClassName = file.class === TWO_WHEELER || file.class === undefined ? 'car' : file.class;
  const vehicleClass = file.class === TWO_WHEELER ? 'bike' : name;
  if (!classes.some((each) => each.name === vehicleClass)) {
    findings.add(
      [...path, 'class'],
      `is ${file.class ?? 'car (the default)'}, which has no share in vehicleClasses; there are ${listed(classes.map((each) => each.name))}`,
      'Give the class a share, however small, or name another.',
    );
    return null;
  }
  if (place === null) return null;
  const first = junctions.find((each) => each.name === place.junction)!.ground!;
  const lanes = first.arms.find((each) => each.name === place.approach)!.laneMovements.length;
  if (file.lane !== undefined && file.lane >= lanes) {
    findings.add([...path, 'lane'], `is ${file.lane}; ${place.approach} has ${lanes} lanes, from 0`, 'Lower it.');
    return null;
  }
  const route = [{ junction: place.junction, movement: place.movement }];
  for (const [index, wanted] of (file.via ?? []).entries()) {
    const at: Path = [...path, 'via', index];
    const next = onward(junctions, route[route.length - 1]!);
    if (next === null) {
      findings.add(at, `is ${show(wanted)}, but the vehicle has left the network by then`, 'Shorten via.');
      return null;
    }
    const own = next.junction.ground!.movements.filter((each) => each.from === next.approach);
    const meant = own.find((each) => each.name === wanted || each.turn === wanted);
    if (meant === undefined) {
      const known = [...new Set(own.flatMap((each) => [each.turn, each.name]))];
      findings.addUnknown(at, `a movement of ${next.approach} at ${next.junction.name},`, wanted, known);
      return null;
    }
    route.push({ junction: next.junction.name, movement: meant.name });
  }
  return {
    atSeconds: file.atSeconds,
    junction: place.junction,
    approach: place.approach,
    route,
    vehicleClass,
    ...(file.lane === undefined ? {} : { lane: file.lane }),
  };
}

/** The junction and approach that a step of a way leads to, null where it leaves the network. */
function onward(
  junctions: readonly DemandJunction[],
  step: RouteStep,
): { junction: DemandJunction; approach: string } | null {
  const at = junctions.find((each) => each.name === step.junction)?.ground;
  const to = at?.movements.find((each) => each.name === step.movement)?.to;
  for (const junction of junctions) {
    const arm = junction.ground?.arms.find((each) => each.from?.junction === step.junction && each.from.exit === to);
    if (arm !== undefined) return { junction, approach: arm.name };
  }
  return null;
}

/** The way from an approach to an exit through the fewest junctions; null where there is none. */
function wayTo(
  junctions: readonly DemandJunction[],
  start: { junction: string; approach: string },
  exit: { junction: string; arm: string },
): RouteStep[] | null {
  const seen = new Set([`${start.junction}/${start.approach}`]);
  let front: { junction: string; approach: string; way: RouteStep[] }[] = [{ ...start, way: [] }];
  while (front.length > 0) {
    const next: typeof front = [];
    for (const { junction, approach, way } of front) {
      const ground = junctions.find((each) => each.name === junction)?.ground;
      for (const movement of ground?.movements ?? []) {
        if (movement.from !== approach) continue;
        const steps = [...way, { junction, movement: movement.name }];
        if (junction === exit.junction && movement.to === exit.arm) return steps;
        const beyond = onward(junctions, steps[steps.length - 1]!);
        const key = beyond === null ? '' : `${beyond.junction.name}/${beyond.approach}`;
        if (beyond === null || seen.has(key)) continue;
        seen.add(key);
        next.push({ junction: beyond.junction.name, approach: beyond.approach, way: steps });
      }
    }
    front = next;
  }
  return null;
}

function placeOf(
  file: Pick<FlowFile, 'junction' | 'approach' | 'movement' | 'exit'>,
  path: Path,
  junctions: readonly DemandJunction[],
  findings: Findings,
): Place | null {
  const names = junctions.map((junction) => junction.name);
  if (file.junction === undefined && junctions.length !== 1) {
    findings.add(
      [...path, 'junction'],
      `is missing; with ${junctions.length} junctions each flow needs it`,
      `Add it, one of ${listed(names)}.`,
    );
    return null;
  }
  const junction = file.junction === undefined ? junctions[0]! : junctions.find((each) => each.name === file.junction);
  if (junction === undefined) {
    findings.addUnknown([...path, 'junction'], 'the junction', file.junction!, names);
    return null;
  }
  if (junction.ground === null) return null;
  const { arms, movements } = junction.ground;
  const arm = arms.find((each) => each.name === file.approach);
  if (arm === undefined) {
    findings.addUnknown(
      [...path, 'approach'],
      'the approach',
      file.approach,
      arms.map((each) => each.name),
    );
    return null;
  }
  if (arm.from !== undefined) {
    findings.add(
      [...path, 'approach'],
      `is ${file.approach}, which vehicles reach from ${arm.from.junction}; traffic enters only where no junction feeds the approach`,
      'Remove the flow; turnShares of the approach say where those vehicles go.',
    );
    return null;
  }
  if ((file.exit === undefined) === (file.movement === undefined)) {
    const message = file.exit === undefined ? 'says neither movement nor exit' : 'says both movement and exit';
    findings.addConsequence(path, [path], `${message}; exactly one is needed`, 'Keep one of them.');
    return null;
  }
  if (file.exit !== undefined) return placeByExit(file.exit, junction.name, arm.name, path, junctions, findings);
  const own = movements.filter((each) => each.from === arm.name);
  const meant = own.filter((each) => each.name === file.movement || each.turn === file.movement);
  if (meant.length === 1) return { junction: junction.name, approach: arm.name, movement: meant[0]!.name };
  const at: Path = [...path, 'movement'];
  if (meant.length > 1) {
    findings.add(
      at,
      `is ${show(file.movement)}, which ${arm.name} has to ${listed(meant.map((each) => each.to))}`,
      `Name one of ${listed(meant.map((each) => each.name))}.`,
    );
  } else {
    const known = [...new Set(own.flatMap((each) => [each.turn, each.name]))];
    findings.addUnknown(at, `a movement of ${arm.name},`, file.movement!, known);
  }
  return null;
}

function placeByExit(
  exit: NonNullable<FlowFile['exit']>,
  junction: string,
  approach: string,
  path: Path,
  junctions: readonly DemandJunction[],
  findings: Findings,
): Place | null {
  const names = junctions.map((each) => each.name);
  if (exit.junction === undefined && junctions.length !== 1) {
    findings.add(
      [...path, 'exit', 'junction'],
      `is missing; with ${junctions.length} junctions each exit needs it`,
      `Add it, one of ${listed(names)}.`,
    );
    return null;
  }
  const there = exit.junction ?? names[0]!;
  const ground = junctions.find((each) => each.name === there)?.ground;
  if (ground === undefined) {
    findings.addUnknown([...path, 'exit', 'junction'], 'the junction', there, names);
    return null;
  }
  if (ground === null) return null;
  if (!ground.arms.some((each) => each.name === exit.arm)) {
    const arms = ground.arms.map((each) => each.name);
    findings.addUnknown([...path, 'exit', 'arm'], `an arm of ${there},`, exit.arm, arms);
    return null;
  }
  if (
    junctions.some((each) =>
      each.ground?.arms.some((arm) => arm.from?.junction === there && arm.from.exit === exit.arm),
    )
  ) {
    findings.add(
      [...path, 'exit', 'arm'],
      `is ${exit.arm} of ${there}, which leads on to another junction`,
      'Name an arm by which vehicles leave the network.',
    );
    return null;
  }
  const route = wayTo(junctions, { junction, approach }, { junction: there, arm: exit.arm });
  if (route === null) {
    findings.add(
      [...path, 'exit'],
      `is ${exit.arm} of ${there}, to which no movements lead from ${approach} of ${junction}`,
      'Name another exit, or let lanes serve the movements in between.',
    );
    return null;
  }
  return { junction, approach, movement: route[0]!.movement, route };
}

/** What a flow is called in messages. */
export interface VolumeWords {
  readonly count: string;
  readonly perHour: string;
  /** What recorded counts are: `whole vehicles`. */
  readonly whole: string;
}

interface VolumeFile {
  readonly count?: readonly number[];
  readonly perHour?: number;
  readonly arrivals?: DemandFlow['arrivals'];
}

/** Counts by period from counts or a rate; null where the file says neither, both, or too few (reported). */
export function volumeOf(
  file: VolumeFile,
  demand: DemandFile,
  path: Path,
  period: number,
  duration: number,
  findings: Findings,
  words: VolumeWords,
): Pick<DemandFlow, 'periodSeconds' | 'vehicles' | 'arrivals'> | null {
  const arrivals = file.arrivals ?? demand.arrivals ?? 'poisson';
  const { count, perHour } = file;
  if ((count === undefined) === (perHour === undefined)) {
    const message =
      count === undefined
        ? `says neither ${words.count} nor ${words.perHour}`
        : `says both ${words.count} and ${words.perHour}`;
    findings.addConsequence(path, [path], `${message}; exactly one is needed`, 'Keep one of them.');
    return null;
  }
  if (perHour !== undefined) {
    if (arrivals === 'recorded') {
      findings.add(
        [...path, words.perHour],
        'is a rate, but recorded arrivals are counts',
        `Give ${words.count}, or make the arrivals poisson or even.`,
      );
      return null;
    }
    return { periodSeconds: duration, vehicles: [(perHour * duration) / 3600], arrivals };
  }
  const needed = Math.ceil(duration / period);
  const at: Path = [...path, words.count];
  if (count!.length !== needed) {
    const hint =
      count!.length < needed
        ? 'Add to the list, or lower durationSeconds.'
        : 'Shorten the list, or raise durationSeconds.';
    findings.addConsequence(
      at,
      [at, ['durationSeconds'], ['demand', 'periodSeconds']],
      `has ${count!.length} periods of ${period} s; ${duration} s (durationSeconds) take ${needed}`,
      hint,
    );
    return null;
  }
  const broken = arrivals === 'recorded' ? count!.findIndex((each) => Math.floor(each) !== each) : -1;
  if (broken >= 0) {
    findings.add(
      [...at, broken],
      `is ${count![broken]}; recorded arrivals are ${words.whole}`,
      'Round it, or make the arrivals poisson or even.',
    );
    return null;
  }
  return { periodSeconds: period, vehicles: count!, arrivals };
}

/** What platoons look like; empty where the arrivals are others, null where it is missing or impossible. */
function platoonOf(
  file: FlowFile,
  demand: DemandFile,
  arrivals: DemandFlow['arrivals'],
  path: Path,
  findings: Findings,
): Pick<DemandFlow, 'platoon'> | null {
  if (arrivals !== 'platoon') {
    if (file.platoon !== undefined) {
      findings.add(
        [...path, 'platoon'],
        `is only for arrivals in platoons, but they are ${arrivals}`,
        'Remove it, or make the arrivals platoon.',
      );
    }
    return {};
  }
  const platoon = file.platoon ?? demand.platoon;
  if (platoon === undefined) {
    findings.addConsequence(
      path,
      [path, ['demand', 'platoon']],
      'has arrivals in platoons, but nothing says how often they come',
      'Add platoon: { everySeconds, lastsSeconds } to the flow or to demand.',
    );
    return null;
  }
  if (platoon.lastsSeconds > platoon.everySeconds) {
    findings.add(
      [...(file.platoon === undefined ? ['demand'] : path), 'platoon', 'lastsSeconds'],
      `is ${platoon.lastsSeconds}; at most everySeconds (${platoon.everySeconds})`,
      'Lower it, or raise everySeconds.',
    );
    return null;
  }
  return { platoon: { ...platoon, offsetSeconds: platoon.offsetSeconds ?? 0 } };
}

function checkTotal(demand: DemandFile, flows: readonly DemandFlow[], given: number, findings: Findings): void {
  const total = given + flows.reduce((sum, flow) => sum + flow.vehicles.reduce((part, count) => part + count, 0), 0);
  const path: Path = ['demand', 'flows'];
  if (total > LIMITS.vehiclesInAll) {
    findings.addConsequence(
      path,
      [path],
      `ask for ${Math.round(total)} vehicles; at most ${LIMITS.vehiclesInAll}`,
      'Lower the figures or the duration.',
    );
  }
  const isWhole = flows.length === (demand.flows ?? []).length && given === (demand.vehicles ?? []).length;
  if (isWhole && total === 0) {
    findings.addConsequence(
      demand.flows === undefined ? ['demand'] : path,
      [['demand']],
      'ask for no vehicle at all',
      'Give at least one movement some.',
    );
  }
}
