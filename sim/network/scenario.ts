/** A network from a scenario: roads of parallel lanes, the links of every movement, routes and detector places. */
import atan2 from '@stdlib/math-base-special-atan2';
import type {
  Polyline,
  RouteStep,
  Scenario,
  ScenarioApproach,
  ScenarioJunction,
  ScenarioLane,
  ScenarioMovement,
  Turn,
} from '../../scenarios/types.ts';
import {
  type BusStop,
  type DetectorPlace,
  HALTS_AT_LINE,
  type Network,
  type NetworkApproach,
  type RoutePlan,
  YIELDS_AT_LINE,
} from '../core.ts';
export type { RouteStep } from '../../scenarios/types.ts';
import { assembleNetwork, type LaneDraft, type LinkDraft } from './assemble.ts';
import { polylineLength } from './polyline.ts';
import { fitAbreast, SIDE_GAP } from '../traffic/tracks.ts';
import { findZones } from './zones.ts';

/** Sideways acceleration that drivers accept when turning, m/s2; SUMO's netconvert limits turns by the same. */
const TURNING_ACCELERATION = 5.5;
const LEAST_TURNING_SPEED = 3;
/** Below this a bend is no turn, radians. */
const NO_BEND = 0.2;
/** Less than this from one stretch to the next is rounding, radians. */
const STRAIGHT = 1e-5;
/** A stop-line reader lies just before the line, where a waiting vehicle's front is not yet on it, m. */
const STOPLINE_READER_METRES = 0.5;
/** Strip along a link that is always kept, m. */
const USUAL_DRIVEN_WIDTH = 2.2;
/** Highest precedence of whoever comes by an approach that gives way. */
const MINOR_MOST = 3;
const MOST_ROUTES = 20_000;
const MOST_JUNCTIONS_ON_A_ROUTE = 100;

/** Name of a route: its steps as `{junction}/{movement}`, separated by spaces. */
export function routeName(steps: readonly RouteStep[]): string {
  return steps.map(({ junction, movement }) => `${junction}/${movement}`).join(' ');
}

/**
 * Every way through the scenario's junctions: from each approach that no junction feeds, each movement, and where its
 * exit leads on to another junction, each movement there with a share above 0. Throws RangeError where there are more
 * than 20,000 or a way of more than 100 junctions.
 */
export function possibleRoutes(scenario: Scenario): readonly (readonly RouteStep[])[] {
  const onward = new Map<string, { junction: ScenarioJunction; approach: ScenarioApproach }>();
  for (const junction of scenario.junctions) {
    for (const approach of junction.approaches) {
      if (approach.from !== undefined)
        onward.set(`${approach.from.junction}/${approach.from.exit}`, { junction, approach });
    }
  }
  const routes: (readonly RouteStep[])[] = [];
  function follow(junction: ScenarioJunction, movement: ScenarioMovement, before: readonly RouteStep[]): void {
    const steps = [...before, { junction: junction.name, movement: movement.name }];
    if (routes.length >= MOST_ROUTES || steps.length > MOST_JUNCTIONS_ON_A_ROUTE) {
      throw new RangeError(
        `Scenario ${scenario.name} has more than ${MOST_ROUTES} routes or one through more than ${MOST_JUNCTIONS_ON_A_ROUTE} junctions, ` +
          `among them ${routeName(steps.slice(0, 5))}. Set turnShares to 0 where vehicles would drive in circles.`,
      );
    }
    const next = onward.get(`${junction.name}/${movement.to}`);
    if (next === undefined) {
      routes.push(steps);
      return;
    }
    for (const name of movementsOnward(next.approach, next.junction)) {
      follow(next.junction, next.junction.movements.find((other) => other.name === name)!, steps);
    }
  }
  for (const junction of scenario.junctions) {
    for (const approach of junction.approaches) {
      if (approach.from !== undefined) continue;
      for (const movement of junction.movements) if (movement.from === approach.name) follow(junction, movement, []);
    }
  }
  return routes;
}

function movementsOnward(approach: ScenarioApproach, junction: ScenarioJunction): string[] {
  if (approach.turnShares !== undefined) {
    return approach.turnShares.filter(({ share }) => share > 0).map(({ movement }) => movement);
  }
  return junction.movements.filter((movement) => movement.from === approach.name).map((movement) => movement.name);
}

/** First lane segment of each road, by `{junction}/{arm}`. */
interface Roads {
  readonly inbound: Map<string, number>;
  readonly outbound: Map<string, number>;
}

/**
 * Builds the network of a loaded scenario. Approaches, signal groups and detectors keep the scenario's order; a road
 * between two junctions is both the exit of one and the approach of the other.
 */
export function networkFromScenario(scenario: Scenario): Network {
  const approaches: NetworkApproach[] = [];
  const lanes: LaneDraft[] = [];
  const detectors: DetectorPlace[] = [];
  const roads: Roads = { inbound: new Map(), outbound: new Map() };
  let road = 0;
  scenario.junctions.forEach((junction, j) => {
    for (const approach of junction.approaches) {
      const first = lanes.length;
      roads.inbound.set(`${junction.name}/${approach.name}`, first);
      if (approach.from !== undefined) roads.outbound.set(`${approach.from.junction}/${approach.from.exit}`, first);
      approach.lanes.forEach((lane, index) => {
        lanes.push(
          laneDraft(`${junction.name}/${approach.name}-${index}`, lane, approach, road, index, approaches.length),
        );
      });
      addDetectors(detectors, approach, approaches.length, first, lanes);
      approaches.push({
        junction: j,
        id: approach.id,
        name: approach.name,
        lanes: approach.lanes.map((_, index) => first + index),
      });
      road++;
    }
  });
  for (const junction of scenario.junctions) {
    for (const approach of junction.approaches) {
      const key = `${junction.name}/${approach.name}`;
      if (roads.outbound.has(key)) continue;
      roads.outbound.set(key, lanes.length);
      approach.exitLanes.forEach((lane, index) => {
        lanes.push(laneDraft(`${key}-exit-${index}`, lane, approach, road, index, -1));
      });
      road++;
    }
  }
  const firstGroups: number[] = [];
  let groups = 0;
  for (const junction of scenario.junctions) {
    firstGroups.push(groups);
    groups += junction.configuration.signalGroups.length;
  }
  const links = scenario.junctions.flatMap((junction, j) =>
    junctionLinks(scenario, junction, j, firstGroups[j]!, roads),
  );
  const network = assembleNetwork({
    lanes,
    links,
    crosses: [],
    zones: findZones(links, drivenWidth(scenario)),
    kerbSide: scenario.drivingSide === 'left' ? 1 : -1,
    busStops: busStopsOf(scenario, roads),
    approaches,
    junctions: scenario.junctions.map(({ id, name, configuration, rightOfWay }, j) => ({
      id,
      name,
      configuration: rightOfWay === undefined ? configuration : null,
      firstGroup: firstGroups[j]!,
      groupCount: configuration.signalGroups.length,
    })),
    detectors,
    routes: possibleRoutes(scenario).map((steps) => routePlan(scenario, steps, roads, approaches)),
  });
  return {
    ...network,
    saturationFlowPerHour: scenario.saturationFlowPerHourPerLane,
    startUpLostSeconds: scenario.startUpLostSeconds,
  };
}

function flat(path: Polyline): Float64Array {
  const points = new Float64Array(2 * path.length);
  path.forEach((point, i) => {
    points[2 * i] = point.x;
    points[2 * i + 1] = point.y;
  });
  return points;
}

function laneDraft(
  name: string,
  lane: ScenarioLane,
  arm: ScenarioApproach,
  road: number,
  laneIndex: number,
  approach: number,
): LaneDraft {
  const points = flat(lane.path);
  const lengthMetres = polylineLength(points);
  if (!(lengthMetres > 0)) throw new RangeError(`Lane ${name} has length 0. Give its road a length.`);
  return {
    name,
    lengthMetres,
    speedLimit: arm.speedLimitMetresPerSecond,
    path: points,
    road,
    laneIndex,
    approach,
    widthMetres: lane.widthMetres,
  };
}

/** Room between bodies on links that come near each other, m. */
const BETWEEN_BODIES = 0.1;

/**
 * How wide the strip is along a link that bodies may be in: the widest class, or the whole lane where two-wheelers use its
 * width (less the room to its edges), m.
 */
function drivenWidth(scenario: Scenario): number {
  const widest = Math.max(0, ...scenario.vehicleClasses.map(({ widthMetres }) => widthMetres));
  let narrowest = Number.POSITIVE_INFINITY;
  for (const { approaches } of scenario.junctions)
    for (const { lanes, exitLanes } of approaches)
      for (const { widthMetres } of [...lanes, ...exitLanes]) narrowest = Math.min(narrowest, widthMetres);
  const sharing = scenario.vehicleClasses.some(
    ({ filtersToFront, widthMetres }) => filtersToFront === true && fitAbreast(narrowest, widthMetres),
  );
  return Math.max(USUAL_DRIVEN_WIDTH, sharing ? narrowest - 2 * SIDE_GAP : 0, widest + BETWEEN_BODIES);
}

function busStopsOf(scenario: Scenario, roads: Roads): BusStop[] {
  return scenario.junctions.flatMap((junction) =>
    junction.approaches.flatMap((approach) =>
      (approach.busStops ?? []).map((stop): BusStop => {
        const key = `${junction.name}/${approach.name}`;
        const isExit = stop.side === 'exit';
        const lanes = isExit ? approach.exitLanes : approach.lanes;
        const segment = (isExit ? roads.outbound : roads.inbound).get(key)! + lanes.length - 1;
        const length = polylineLength(flat(lanes[lanes.length - 1]!.path));
        const position = isExit ? stop.distanceMetres : length - stop.distanceMetres;
        if (!(position > 0 && position < length)) {
          throw new RangeError(
            `Approach ${approach.name} of ${junction.name}: a bus stop lies ${stop.distanceMetres} m from the stop line, but the lane is ${length.toFixed(0)} m long. Move it.`,
          );
        }
        return { segment, position, kind: stop.kind, dwellSeconds: stop.dwellSeconds };
      }),
    ),
  );
}

function addDetectors(
  detectors: DetectorPlace[],
  approach: ScenarioApproach,
  index: number,
  firstLane: number,
  lanes: readonly LaneDraft[],
): void {
  for (const reader of approach.rfid) {
    approach.lanes.forEach((_, lane) => {
      const segment = firstLane + lane;
      const length = lanes[segment]!.lengthMetres;
      const before = Math.max(reader.distanceMetres, STOPLINE_READER_METRES);
      if (before >= length) {
        throw new RangeError(
          `Approach ${approach.name}: a reader lies ${reader.distanceMetres} m before the stop line, but the lane is ${length} m long. Move it.`,
        );
      }
      detectors.push({ approach: index, segment, position: length - before, kind: reader.position });
    });
  }
}

function junctionLinks(
  scenario: Scenario,
  junction: ScenarioJunction,
  index: number,
  firstGroup: number,
  roads: Roads,
): LinkDraft[] {
  return junction.movements.flatMap((movement) => {
    const from = junction.approaches.find((approach) => approach.name === movement.from)!;
    const group = junction.configuration.signalGroups.findIndex((other) => other.id === movement.group);
    if (group < 0 && junction.rightOfWay === undefined) {
      throw new RangeError(
        `Movement ${movement.name} of ${junction.name} has group ${movement.group}, which is no signal group.`,
      );
    }
    return movement.connections.map((connection): LinkDraft => {
      const path = flat(connection.path);
      const lengthMetres = polylineLength(path);
      if (!(lengthMetres > 0))
        throw new RangeError(`Movement ${movement.name} of ${junction.name} has a path of length 0.`);
      return {
        name: `${junction.name}/${movement.name}-${connection.lane}-${connection.exitLane}`,
        lengthMetres,
        speedLimit: Math.min(from.speedLimitMetresPerSecond, turningSpeed(path)),
        path,
        startLane: roads.inbound.get(`${junction.name}/${movement.from}`)! + connection.lane,
        endLane: roads.outbound.get(`${junction.name}/${movement.to}`)! + connection.exitLane,
        group: group < 0 ? -1 : firstGroup + group,
        junction: index,
        ...rightOfWayOf(junction, movement, scenario.drivingSide),
      };
    });
  });
}

/** With a rule of right of way the major approaches come before the others, whatever their turns. */
function rightOfWayOf(
  { rightOfWay }: ScenarioJunction,
  { from, turn }: ScenarioMovement,
  drivingSide: 'left' | 'right',
): Pick<LinkDraft, 'precedence' | 'atLine'> {
  const precedence = precedenceOf(turn, drivingSide);
  if (rightOfWay === undefined) return { precedence };
  const { rule, major } = rightOfWay;
  if (rule === 'all-way-stop') return { precedence: MINOR_MOST, atLine: HALTS_AT_LINE };
  if (major.includes(from)) return { precedence: precedence + MINOR_MOST + 1 };
  return { precedence, atLine: rule === 'stop' ? HALTS_AT_LINE : YIELDS_AT_LINE };
}

/** Straight on before the turn to the near side, that before the turn across the opposing traffic, a u-turn last. */
function precedenceOf(turn: Turn, drivingSide: 'left' | 'right'): number {
  if (turn === 'straight') return 3;
  if (turn === 'u-turn') return 0;
  return turn === drivingSide ? 2 : 1;
}

/** Speed at which the mean radius of the path's bend gives the accepted sideways acceleration, m/s; infinite where it is straight. */
export function turningSpeed(path: Float64Array): number {
  const stretches = path.length / 2 - 1;
  const lengths = new Float64Array(stretches);
  const angles = new Float64Array(stretches);
  let first = stretches;
  let last = 0;
  let beforeX = 0;
  let beforeY = 0;
  for (let i = 0; i < stretches; i++) {
    const dx = path[2 * i + 2]! - path[2 * i]!;
    const dy = path[2 * i + 3]! - path[2 * i + 1]!;
    lengths[i] = Math.sqrt(dx * dx + dy * dy);
    if (i > 0) angles[i] = Math.abs(atan2(beforeX * dy - beforeY * dx, beforeX * dx + beforeY * dy));
    if (angles[i]! > STRAIGHT) {
      first = Math.min(first, i - 1);
      last = i;
    }
    beforeX = dx;
    beforeY = dy;
  }
  let turned = 0;
  let bent = 0;
  for (let i = first; i <= last; i++) {
    if (i > first) turned += angles[i]!;
    // the bend lies between the middles of the first and the last stretch that it touches
    bent += lengths[i]! * (i === first || i === last ? 0.5 : 1);
  }
  if (turned < NO_BEND) return Number.POSITIVE_INFINITY;
  return Math.max(LEAST_TURNING_SPEED, Math.sqrt((TURNING_ACCELERATION * bent) / turned));
}

/** Lanes of each stage, chosen from the end so that every lane leads on to a usable one. */
function routePlan(
  scenario: Scenario,
  steps: readonly RouteStep[],
  roads: Roads,
  approaches: readonly NetworkApproach[],
): RoutePlan {
  const movements = steps.map(({ junction, movement }) => {
    const at = scenario.junctions.find((other) => other.name === junction)!;
    return { at, movement: at.movements.find((other) => other.name === movement)! };
  });
  const last = movements[movements.length - 1]!;
  const exit = last.at.approaches.find((approach) => approach.name === last.movement.to)!;
  const exitFirst = roads.outbound.get(`${last.at.name}/${exit.name}`)!;
  let leading = exit.exitLanes.map((_, index) => exitFirst + index);
  const stages: (readonly number[])[] = [leading];
  for (const { at, movement } of [...movements].reverse()) {
    const inFirst = roads.inbound.get(`${at.name}/${movement.from}`)!;
    const outFirst = roads.outbound.get(`${at.name}/${movement.to}`)!;
    const usable = new Set<number>();
    for (const { lane, exitLane } of movement.connections) {
      if (leading.includes(outFirst + exitLane)) usable.add(inFirst + lane);
    }
    if (usable.size === 0) {
      throw new RangeError(
        `Route ${routeName(steps)}: no lane of ${movement.from} at ${at.name} leads to a lane that goes on. Connect ${movement.name} to more exit lanes.`,
      );
    }
    leading = [...usable].sort((a, b) => a - b);
    stages.unshift(leading);
  }
  const first = movements[0]!;
  const entryLane = roads.inbound.get(`${first.at.name}/${first.movement.from}`)!;
  return {
    name: routeName(steps),
    lanes: stages,
    entryApproach: approaches.findIndex((approach) => approach.lanes[0] === entryLane),
  };
}
