/** What vehicles and people around the crossroads of tests broadcast, and its MAP, as a roadside unit sends them. */
import { EXAMPLE_MESSAGES } from '../../feeds/examples.ts';
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { Lane, MapMessage } from '../../feeds/v2x/messages.ts';
import { envelope, readV2xValue } from '../../feeds/v2x/read.ts';

const frame = localFrame(49, 8.4);
/** Where traffic from the north stops; it drives south along x = -2. */
const STOP_LINE_Y = 10;

type Way = { readonly ingress: number } | { readonly egress: number } | { readonly crossing: true };

function lane(id: number, points: readonly (readonly [number, number])[], way: Way, to?: [number, number]): Lane {
  let [x, y] = [0, 0];
  const isCrossing = 'crossing' in way;
  return {
    id,
    ...('egress' in way ? { egressApproach: way.egress } : { ingressApproach: 'ingress' in way ? way.ingress : 9 }),
    directionalUseBits: 'egress' in way ? 0x40 : 0x80,
    sharedWithBits: 0,
    type: isCrossing ? { kind: 'crosswalk', hex: '0000', length: 16 } : { kind: 'vehicle', hex: '00', length: 8 },
    attributesRest: {},
    nodes: points.map(([px, py]) => {
      const node = { kind: 'offset' as const, xMetres: px - x, yMetres: py - y, size: 6 as const };
      [x, y] = [px, py];
      return node;
    }),
    ...(to && { connections: [{ lane: to[0], signalGroup: to[1], rest: {} }] }),
    rest: {},
  };
}

/** From the north (group 1) to the south, and the crossing over the east arm (group 9). */
export function mapOf(revision = 1, groupFromNorth = 1): unknown {
  const lanes = [
    lane(
      1,
      [
        [-2, STOP_LINE_Y],
        [-2, 200],
      ],
      { ingress: 1 },
      [2, groupFromNorth],
    ),
    lane(
      2,
      [
        [-2, -10],
        [-2, -200],
      ],
      { egress: 2 },
    ),
    lane(
      3,
      [
        [12, -8],
        [12, 8],
      ],
      { crossing: true },
      [3, 9],
    ),
  ];
  const message: MapMessage = {
    kind: 'map',
    receivedAtMs: 0,
    via: null,
    revision,
    intersections: [
      { key: { id: 7 }, revision, latitudeDegrees: 49, longitudeDegrees: 8.4, laneWidthMetres: 3.5, lanes, rest: {} },
    ],
    rest: {},
  };
  return envelope(message, 'RSU');
}

/** As an example reads it: sizes, brakes and whatever else nobody asks for here. */
function exampleOf<K extends 'bsm' | 'psm'>(kind: K) {
  const [message] = readV2xValue(EXAMPLE_MESSAGES[kind]).messages;
  if (message?.kind !== kind) throw new Error(`The example of ${kind} cannot be read.`);
  return message as Extract<typeof message, { kind: K }>;
}

/** A car from the north whose front is so far before its stop line, by a clock that says `saysMs`. */
export function carFromNorth(metres: number, metresPerSecond: number, saysMs: number): unknown {
  const car = { ...exampleOf('bsm'), lengthMetres: 4 };
  const [latitudeDegrees, longitudeDegrees] = fromLocal(frame, -2, STOP_LINE_Y + metres + 2);
  return [
    envelope(
      {
        ...car,
        receivedAtMs: saysMs,
        latitudeDegrees,
        longitudeDegrees,
        headingDegrees: 180,
        speedMetresPerSecond: metresPerSecond,
      },
      'OBU',
    ),
  ];
}

/** Somebody in the middle of the crossing over the east arm. */
export function walkerInTheEast(saysMs: number): unknown {
  const [latitudeDegrees, longitudeDegrees] = fromLocal(frame, 12, 0);
  return envelope(
    {
      ...exampleOf('psm'),
      receivedAtMs: saysMs,
      latitudeDegrees,
      longitudeDegrees,
      headingDegrees: 0,
      speedMetresPerSecond: 1.2,
    },
    'OBU',
  );
}
