/** Roadside units of the signalised junctions of a peer's network: MAP from its lanes and links, SPaT from its signals. */
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { Connection, Lane, MapMessage } from '../../feeds/v2x/messages.ts';
import type { Network } from '../core.ts';
import { peerIntersectionId } from '../network/plan-configuration.ts';
import { turnOf } from '../view/drawing.ts';
import { EGRESS, INGRESS, intersectionKey, MANEUVER, MOST_LANES, nodesOf, vehicleLane } from './map.ts';
import type { SignalFace } from './signals.ts';
import type { RoadsideUnit } from './units.ts';

/** A signal of the file: its groups as indices within the junction, in the order of the lamps' letters. */
export interface NetworkSignal {
  readonly groups: readonly number[];
  readonly stages: readonly { readonly groups: readonly number[] }[];
  /** By place in `groups`: whether it is let go together with others to whom it yields. */
  readonly isPermissive: readonly boolean[];
}

/** Latitude and longitude of metres of the network. */
export type OnEarth = (x: number, y: number) => readonly [number, number];

export interface NetworkPlaces {
  /** Metres, by lane. */
  readonly laneWidth: Float64Array;
  /** null: the file does not say; the middle of the network is then put at 0, 0. */
  readonly onEarth: OnEarth | null;
  readonly startsAtMs: number;
}

/** J2735 numbers groups from 1 to 254. */
const MOST_GROUPS = 254;
const MOST_CONNECTIONS = 16;

/** One a junction, in their order. */
export function unitsOfNetwork(
  network: Network,
  signals: readonly NetworkSignal[],
  places: NetworkPlaces,
): RoadsideUnit[] {
  const links = linksByJunction(network);
  const centres = links.map((own) => centreOf(network, own));
  const onEarth = places.onEarth ?? atNull(centres);
  return network.junctions.map((junction, j): RoadsideUnit => {
    const [x, y] = centres[j]!;
    const [latitude, longitude] = onEarth(x, y);
    const { id: junctionId, name } = junction;
    const unit = { junctionId, name, x, y, latitude, longitude, isOnEarth: places.onEarth !== null };
    return {
      ...unit,
      map: mapOfLinks(network, links[j]!, signals[j]!, unit, places),
      face: faceOfSignal(unit, signals[j]!),
    };
  });
}

/** Links (segments) through each junction. */
function linksByJunction(network: Network): number[][] {
  const links: number[][] = network.junctions.map(() => []);
  const junctionOf = new Map<number, number>();
  network.junctions.forEach(({ firstGroup, groupCount }, j) => {
    for (let g = firstGroup; g < firstGroup + groupCount; g++) junctionOf.set(g, j);
  });
  for (let link = network.laneCount; link < network.laneCount + network.linkCount; link++) {
    const group = network.linkGroup[link]!;
    const j = group >= 0 ? junctionOf.get(group) : network.linkJunction[link]!;
    if (j !== undefined && j >= 0) links[j]?.push(link);
  }
  return links;
}

/** Middle of the ends of its links; 0, 0 where it has none. */
function centreOf(network: Network, links: readonly number[]): [number, number] {
  let [x, y] = [0, 0];
  for (const link of links) {
    const path = network.paths[link]!;
    x += path[0]! + path[path.length - 2]!;
    y += path[1]! + path[path.length - 1]!;
  }
  return links.length === 0 ? [0, 0] : [x / (2 * links.length), y / (2 * links.length)];
}

function atNull(centres: readonly (readonly [number, number])[]): OnEarth {
  const frame = localFrame(0, 0);
  const middle = (of: 0 | 1) => centres.reduce((sum, centre) => sum + centre[of], 0) / Math.max(1, centres.length);
  const [x0, y0] = [middle(0), middle(1)];
  return (x, y) => fromLocal(frame, x - x0, y - y0);
}

function faceOfSignal(
  { junctionId, name }: { junctionId: string; name: string },
  signal: NetworkSignal,
): SignalFace | null {
  const { groups, stages, isPermissive } = signal;
  if (groups.length === 0 || groups.length > MOST_GROUPS) return null;
  return {
    name,
    intersectionId: peerIntersectionId(junctionId),
    revision: 1,
    groups: groups.map((_, g) => ({ number: g + 1, isVehicle: true, isPermissive: isPermissive[g] ?? false })),
    stages: stages.map((stage) => new Set(stage.groups)),
    yellowSeconds: null,
  };
}

function mapOfLinks(
  network: Network,
  links: readonly number[],
  signal: NetworkSignal,
  unit: Omit<RoadsideUnit, 'map' | 'face'>,
  { laneWidth, startsAtMs }: NetworkPlaces,
): MapMessage | null {
  const inbound = unique(links.map((link) => network.linkStart[link]!));
  const outbound = unique(links.map((link) => network.linkEnd[link]!));
  if (inbound.length === 0 || inbound.length + outbound.length > MOST_LANES) return null;
  const egressId = new Map(outbound.map((lane, k) => [lane, inbound.length + k + 1]));
  const roads = unique([...inbound, ...outbound].map((lane) => network.tables?.road[lane] ?? lane));
  const approachOf = (lane: number) => (roads.indexOf(network.tables?.road[lane] ?? lane) % 15) + 1;
  const numberOf = new Map(signal.groups.map((group, g) => [group, g + 1]));
  const { firstGroup } = network.junctions.find(({ id }) => id === unit.junctionId)!;
  const pointsOf = (lane: number) => pairs(network.paths[lane]!);
  const common = { sharedWithBits: 0, type: vehicleLane, attributesRest: {}, rest: {} } as const;
  const lanes: Lane[] = inbound.map((lane, k): Lane => {
    const own = links.filter((link) => network.linkStart[link] === lane).slice(0, MOST_CONNECTIONS);
    let maneuverBits = 0;
    const connections = own.map((link, c): Connection => {
      const bits = MANEUVER[turnOf(network.paths[link]!)];
      maneuverBits |= bits;
      const signalGroup = numberOf.get(network.linkGroup[link]! - firstGroup);
      return {
        lane: egressId.get(network.linkEnd[link]!)!,
        maneuverBits: bits,
        ...(signalGroup !== undefined && signalGroup <= MOST_GROUPS && { signalGroup }),
        connectionId: c,
        rest: {},
      };
    });
    const nodes = nodesOf(pointsOf(lane).reverse(), unit.x, unit.y);
    return {
      id: k + 1,
      ingressApproach: approachOf(lane),
      directionalUseBits: INGRESS,
      ...common,
      maneuverBits,
      nodes,
      connections,
    };
  });
  for (const lane of outbound)
    lanes.push({
      id: egressId.get(lane)!,
      egressApproach: approachOf(lane),
      directionalUseBits: EGRESS,
      ...common,
      nodes: nodesOf(pointsOf(lane), unit.x, unit.y),
    });
  const widths = inbound.map((lane) => laneWidth[lane]!);
  return {
    kind: 'map',
    receivedAtMs: startsAtMs,
    via: null,
    revision: 1,
    intersections: [
      {
        name: unit.name.slice(0, 63),
        key: intersectionKey(peerIntersectionId(unit.junctionId)),
        revision: 1,
        latitudeDegrees: unit.latitude,
        longitudeDegrees: unit.longitude,
        laneWidthMetres: widths.reduce((sum, width) => sum + width, 0) / widths.length,
        lanes,
        rest: {},
      },
    ],
    rest: {},
  };
}

const unique = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b);

function pairs(path: Float64Array): { x: number; y: number }[] {
  return Array.from({ length: path.length / 2 }, (_, i) => ({ x: path[2 * i]!, y: path[2 * i + 1]! }));
}
