/** A scenario's junction as MAP: lanes from their stop lines outwards, where each leads and by which signal group, crossings. */
import type { Connection, IntersectionKey, Lane, LaneNode, MapMessage } from '../../feeds/v2x/messages.ts';
import type { Polyline, ScenarioJunction, Turn } from '../../scenarios/types.ts';

/** First bits of MANEUVERS, of sixteen. */
export const MANEUVER: Readonly<Record<Turn, number>> = {
  straight: 0x8000,
  left: 0x4000,
  right: 0x2000,
  'u-turn': 0x1000,
};
export const INGRESS = 0x80;
export const EGRESS = 0x40;
/** Pedestrians' and cyclists' traffic, of SHARED_WITH's sixteen bits. */
const SHARED_BY_PEOPLE = 0x0300;
/** Longest step between nodes that every MAP can hold, metres, and most nodes of a lane. */
const STEP_METRES = 300;
const MOST_NODES = 63;
export const MOST_LANES = 255;

/** J2735's id has 16 bits, its region 16 more. */
export const intersectionKey = (intersectionId: number): IntersectionKey =>
  intersectionId < 65_536
    ? { id: intersectionId }
    : { region: Math.floor(intersectionId / 65_536) % 65_536, id: intersectionId % 65_536 };

/** Centimetres; sums of rounded steps must not drift away from the lane. */
const rounded = (metres: number): number => Math.round(metres * 100) / 100 + 0;

/** Smallest of node-XY1 to node-XY6 that holds both. */
function sizeOf(x: number, y: number): 1 | 2 | 3 | 4 | 5 | 6 {
  const most = Math.max(Math.abs(x), Math.abs(y)) * 100;
  if (most < 511) return 1;
  if (most < 1023) return 2;
  if (most < 2047) return 3;
  if (most < 4095) return 4;
  return most < 8191 ? 5 : 6;
}

/** A path as nodes, each from the one before; the first from the centre. */
export function nodesOf(path: Polyline, centreX: number, centreY: number): LaneNode[] {
  const nodes: LaneNode[] = [];
  let x = 0;
  let y = 0;
  const add = (toX: number, toY: number): void => {
    const dx = rounded(toX - x);
    const dy = rounded(toY - y);
    if (nodes.length > 0 && dx === 0 && dy === 0) return;
    x += dx;
    y += dy;
    nodes.push({ kind: 'offset', xMetres: dx, yMetres: dy, size: sizeOf(dx, dy) });
  };
  let before: { x: number; y: number } | null = null;
  for (const point of path) {
    const from = before ?? { x: centreX, y: centreY };
    const dx = point.x - from.x;
    const dy = point.y - from.y;
    const steps = before === null ? 1 : Math.max(1, Math.ceil(Math.sqrt(dx * dx + dy * dy) / STEP_METRES));
    for (let i = 1; i <= steps; i++) add(from.x + (dx * i) / steps - centreX, from.y + (dy * i) / steps - centreY);
    before = point;
  }
  return nodes.slice(0, MOST_NODES);
}

export const vehicleLane = { kind: 'vehicle', hex: '00', length: 8 } as const;
const crosswalk = { kind: 'crosswalk', hex: '0000', length: 16 } as const;

/** @throws RangeError where the junction has more lanes than MAP can number. */
export function mapOf(junction: ScenarioJunction, receivedAtMs: number): MapMessage {
  const { centre, configuration } = junction;
  const lanes: Lane[] = [];
  const numberOf = (group: string) => configuration.signalGroups.find(({ id }) => id === group)?.number;
  const ids = new Map<string, number>();
  for (const approach of junction.approaches) {
    approach.lanes.forEach((_, index) => {
      ids.set(`${approach.name} in ${index}`, ids.size + 1);
    });
    approach.exitLanes.forEach((_, index) => {
      ids.set(`${approach.name} out ${index}`, ids.size + 1);
    });
  }
  if (ids.size + junction.crossings.length > MOST_LANES)
    throw new RangeError(
      `Junction ${junction.name} has ${ids.size} lanes and ${junction.crossings.length} crossings; MAP numbers ${MOST_LANES} at most.`,
    );
  junction.approaches.forEach((approach, a) => {
    approach.lanes.forEach((lane, index) => {
      const connections: Connection[] = [];
      let maneuverBits = 0;
      for (const movement of junction.movements) {
        if (movement.from !== approach.name) continue;
        for (const connection of movement.connections) {
          const to = ids.get(`${movement.to} out ${connection.exitLane}`);
          if (connection.lane !== index || to === undefined || connections.length === 16) continue;
          maneuverBits |= MANEUVER[movement.turn];
          const signalGroup = numberOf(movement.group);
          connections.push({
            lane: to,
            maneuverBits: MANEUVER[movement.turn],
            ...(signalGroup !== undefined && { signalGroup }),
            connectionId: connections.length,
            rest: {},
          });
        }
      }
      lanes.push({
        id: ids.get(`${approach.name} in ${index}`)!,
        ingressApproach: (a + 1) % 16,
        directionalUseBits: INGRESS,
        sharedWithBits: 0,
        type: vehicleLane,
        attributesRest: {},
        maneuverBits,
        nodes: nodesOf([...lane.path].reverse(), centre.x, centre.y),
        ...(connections.length > 0 && { connections }),
        rest: {},
      });
    });
    approach.exitLanes.forEach((lane, index) => {
      lanes.push({
        id: ids.get(`${approach.name} out ${index}`)!,
        egressApproach: (a + 1) % 16,
        directionalUseBits: EGRESS,
        sharedWithBits: 0,
        type: vehicleLane,
        attributesRest: {},
        nodes: nodesOf(lane.path, centre.x, centre.y),
        rest: {},
      });
    });
  });
  junction.crossings.forEach(({ group, outline }, c) => {
    const [a, b, d, e] = outline as [Polyline[0], Polyline[0], Polyline[0], Polyline[0]];
    const kerb = { x: (a.x + e.x) / 2, y: (a.y + e.y) / 2 };
    const other = { x: (b.x + d.x) / 2, y: (b.y + d.y) / 2 };
    const id = ids.size + 1 + c;
    const signalGroup = numberOf(group);
    lanes.push({
      id,
      directionalUseBits: INGRESS | EGRESS,
      sharedWithBits: SHARED_BY_PEOPLE,
      type: crosswalk,
      attributesRest: {},
      nodes: nodesOf([kerb, { x: (kerb.x + other.x) / 2, y: (kerb.y + other.y) / 2 }, other], centre.x, centre.y),
      // it leads across, whichever way it is walked
      connections: [{ lane: id, ...(signalGroup !== undefined && { signalGroup }), rest: {} }],
      rest: {},
    });
  });
  const revision = configuration.version % 128;
  return {
    kind: 'map',
    receivedAtMs,
    via: null,
    revision,
    intersections: [
      {
        name: junction.name.slice(0, 63),
        key: intersectionKey(configuration.intersectionId),
        revision,
        latitudeDegrees: junction.latitude,
        longitudeDegrees: junction.longitude,
        laneWidthMetres: junction.approaches[0]?.lanes[0]?.widthMetres ?? 3.3,
        lanes,
        rest: {},
      },
    ],
    rest: {},
  };
}
