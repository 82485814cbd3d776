import { describe, expect, it } from 'vitest';
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { Lane, MapMessage, PersonMessage, VehicleMessage } from '../../feeds/v2x/messages.ts';
import { envelope } from '../../feeds/v2x/read.ts';
import { Radio } from './radio.ts';

const FRAME = localFrame(50, 10);
const NOON = Date.UTC(2024, 0, 1, 12);

const offset = (xMetres: number, yMetres: number) => ({ kind: 'offset', xMetres, yMetres, size: 6 }) as const;
const lane = (id: number, bits: number, more: Partial<Lane>): Lane => ({
  id,
  directionalUseBits: bits,
  sharedWithBits: 0,
  type: { kind: 'vehicle', hex: '00', length: 8 },
  attributesRest: {},
  nodes: [],
  rest: {},
  ...more,
});
const leads = (to: number, signalGroup: number, connectionId: number) => ({
  lane: to,
  signalGroup,
  connectionId,
  rest: {},
});
/** From the west to the east, stop line at x = -15; exit from x = 15 on; a crossing over the exit at x = 12. */
const map: MapMessage = {
  kind: 'map',
  receivedAtMs: NOON,
  via: null,
  revision: 1,
  intersections: [
    {
      name: 'here',
      key: { id: 7 },
      revision: 1,
      latitudeDegrees: 50,
      longitudeDegrees: 10,
      laneWidthMetres: 3.25,
      lanes: [
        lane(1, 0x80, { nodes: [offset(-15, -2), offset(-200, 0)], connections: [leads(3, 4, 0)] }),
        lane(2, 0x80, { nodes: [offset(-15, -6), offset(-200, 0)], connections: [leads(3, 4, 0), leads(3, 5, 1)] }),
        lane(3, 0x40, { nodes: [offset(15, -2), offset(200, 0)] }),
        lane(9, 0xc0, {
          type: { kind: 'crosswalk', hex: '0000', length: 16 },
          nodes: [offset(12, -8), offset(0, 16)],
          connections: [leads(9, 12, 0)],
        }),
      ],
      rest: {},
    },
  ],
  rest: {},
};

const common = (id: string, x: number, y: number, speed: number, heading: number, atMs: number) => {
  const [latitudeDegrees, longitudeDegrees] = fromLocal(FRAME, x, y);
  return {
    receivedAtMs: atMs,
    via: null,
    id,
    messageCount: 0,
    secondMarkMs: atMs % 60_000,
    measuredAtMs: atMs,
    latitudeDegrees,
    longitudeDegrees,
    accuracy: { semiMajorMetres: 0.5, semiMinorMetres: 0.5, orientationDegrees: 0 },
    speedMetresPerSecond: speed,
    headingDegrees: heading,
    rest: {},
  };
};
const car = (id: string, x: number, y: number, speed: number, atMs = NOON): object =>
  envelope(
    {
      kind: 'bsm',
      ...common(id, x, y, speed, 90, atMs),
      elevationMetres: null,
      acceleration: {
        longitudinalMetresPerSecond2: 0,
        lateralMetresPerSecond2: null,
        verticalG: null,
        yawDegreesPerSecond: null,
      },
      transmission: 'forwardGears',
      steeringAngleDegrees: null,
      brakes: {
        wheelBits: 0,
        traction: 'unavailable',
        antiLock: 'unavailable',
        stability: 'unavailable',
        boost: 'unavailable',
        auxiliary: 'unavailable',
      },
      widthMetres: 1.8,
      lengthMetres: 4,
    } satisfies VehicleMessage,
    'OBU',
  );
const walker = (id: string, x: number, y: number, speed: number, atMs = NOON): object =>
  envelope(
    { kind: 'psm', ...common(id, x, y, speed, 0, atMs), personType: 'aPEDESTRIAN' } satisfies PersonMessage,
    'OBU',
  );

function tuned(): Radio {
  const radio = new Radio();
  radio.takeMap(envelope(map, 'RSU'));
  return radio;
}

describe('the radio of a junction', () => {
  it('knows nothing before it has heard a MAP', () => {
    const radio = new Radio();
    radio.take([car('0000000a', -40, -2, 10)]);
    expect(radio.picture(NOON)).toBeNull();
    radio.takeMap({ not: 'a map' });
    expect(radio.picture(NOON)).toBeNull();
  });

  it('tells how far each front is from its line and which signal it obeys, by id', () => {
    const radio = tuned();
    radio.take([car('0000000b', -40, -2, 10), car('0000000a', -30, -6, 8)]);
    const { vehicles, people } = radio.picture(NOON)!;
    expect(people).toEqual([]);
    expect(vehicles.map(({ id, group }) => [id, group])).toEqual([
      ['0000000a', null],
      ['0000000b', 4],
    ]);
    expect(vehicles[0]!.metres).toBeCloseTo(13, 1);
    expect(vehicles[1]!.metres).toBeCloseTo(23, 1);
    expect(vehicles[1]!.metresPerSecond).toBeCloseTo(10, 1);
  });

  it('follows who is past the line until it is on its exit, and forgets who never gets there', () => {
    const radio = tuned();
    const at = (x: number, ms: number) => {
      radio.take([car('0000000a', x, -2, 10, NOON + ms)]);
      return radio.picture(NOON + ms)!.vehicles;
    };
    expect(at(-18, 0)[0]!.metres).toBeCloseTo(1, 1);
    expect(at(0, 1800)).toMatchObject([{ id: '0000000a', group: 4 }]);
    expect(at(0, 1900)[0]!.metres).toBeLessThan(-10);
    expect(at(40, 5800)).toEqual([]);
    expect(at(0, 6000)).toEqual([]);
    const other = tuned();
    other.take([car('0000000c', -18, -2, 10)]);
    expect(other.picture(NOON)!.vehicles).toHaveLength(1);
    expect(other.picture(NOON + 30_000)!.vehicles).toEqual([]);
    other.take([car('0000000c', 0, -2, 10, NOON + 30_000)]);
    expect(other.picture(NOON + 30_000)!.vehicles).toEqual([]);
  });

  it('tells who walks on a crossing, and not who waits there', () => {
    const radio = tuned();
    radio.take([walker('00000001', 12, 0, 1.3), walker('00000002', 12, -7.8, 0.1), walker('00000003', 60, 40, 1.3)]);
    expect(radio.picture(NOON)!.people).toMatchObject([{ id: '00000001', group: 12 }]);
  });

  it('goes by the newest message of each, and by none that is old', () => {
    const radio = tuned();
    radio.take([car('0000000a', -60, -2, 10, NOON - 200)]);
    radio.take([car('0000000a', -58, -2, 10, NOON)]);
    radio.take([car('0000000b', -40, -2, 10, NOON - 1000)]);
    const { vehicles } = radio.picture(NOON)!;
    expect(vehicles).toHaveLength(1);
    expect(vehicles[0]!.metres).toBeCloseTo(41, 1);
    // what was told of is not told again
    expect(radio.picture(NOON + 100)!.vehicles).toEqual([]);
  });

  it('passes over what it cannot read, and keeps no more than it needs', () => {
    const radio = tuned();
    for (const junk of [null, 7, 'x', {}, [], [[]], { metadata: {} }]) radio.take(junk);
    radio.take([car('0000000a', -40, -2, 10), { broken: true }]);
    expect(radio.picture(NOON)!.vehicles).toHaveLength(1);
    for (let i = 0; i < 10_000; i++) radio.take([car('0000000a', -40, -2, 10, NOON - 100_000)]);
    radio.take([car('0000000a', -20, -2, 10)]);
    expect(radio.picture(NOON)!.vehicles[0]!.metres).toBeCloseTo(3, 1);
  });
});
