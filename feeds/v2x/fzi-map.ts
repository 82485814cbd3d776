/**
 * The lanes of an FZI recording (`*_map.kml`: a LineString a lane, with the lanes that it leads to and their signal groups)
 * -> MAP. A lane's first point is at the stop line, as MAP has it.
 */
import { SaxesParser } from 'saxes';
import { localFrame, toLocal } from './local-frame.ts';
import type { Lane, LaneNode, MapMessage } from './messages.ts';

interface Placemark {
  name: string;
  points: (readonly [number, number])[];
  data: Map<string, string>;
}

function placemarks(kml: string): Placemark[] {
  const found: Placemark[] = [];
  let now: Placemark | null = null;
  let key = '';
  const path: string[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    path.push(name);
    if (name === 'Placemark') now = { name: '', points: [], data: new Map() };
    if (name === 'Data') key = attributes.name ?? '';
  });
  parser.on('text', (text) => {
    const inside = path[path.length - 1];
    if (now === null) return;
    if (inside === 'name' && path[path.length - 2] === 'Placemark') now.name = text.trim();
    else if (inside === 'value') now.data.set(key, text.trim());
    else if (inside === 'coordinates')
      for (const triple of text.trim().split(/\s+/)) {
        const [longitude, latitude] = triple.split(',').map(Number);
        if (Number.isFinite(longitude) && Number.isFinite(latitude)) now.points.push([latitude!, longitude!]);
      }
  });
  parser.on('closetag', ({ name }) => {
    path.pop();
    if (name === 'Placemark' && now !== null) {
      found.push(now);
      now = null;
    }
  });
  parser.on('error', (error) => {
    throw new Error(`The map's KML is broken: ${error.message}`);
  });
  parser.write(kml).close();
  return found;
}

const numbers = (text: string | undefined): number[] =>
  (text ?? '').split(',').flatMap((one) => (/^\s*\d+\s*$/.test(one) ? [Number(one)] : []));

/** Points up to the first that turns back: one lane of the recording ends with a point that belongs elsewhere. */
function forward(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const kept = points.slice(0, 2);
  for (const point of points.slice(2)) {
    const [a, b] = [kept[kept.length - 2]!, kept[kept.length - 1]!];
    if ((b[0] - a[0]) * (point[0] - b[0]) + (b[1] - a[1]) * (point[1] - b[1]) < 0) break;
    kept.push(point);
  }
  return kept;
}

/** @throws where it is no KML, or has no point "RefPoint". */
export function fziMap(kml: string, intersectionId: number, receivedAtMs: number): MapMessage {
  const all = placemarks(kml);
  const reference = all.find((one) => one.name === 'RefPoint')?.points[0];
  if (reference === undefined)
    throw new Error("The map's KML has no placemark named RefPoint; MAP measures its lanes from one.");
  const frame = localFrame(reference[0], reference[1]);
  const lanes: Lane[] = [];
  for (const { name, points, data } of all) {
    const id = /^Lane (\d+)$/.exec(name)?.[1];
    if (id === undefined || points.length < 2) continue;
    const sinks = numbers(data.get('Sink'));
    const groups = numbers(data.get('SignalGroup'));
    // crossings are two pieces of a metre each, one at either kerb, that lead to each other
    const crossing =
      sinks.length === 1 &&
      numbers(all.find((one) => one.name === `Lane ${sinks[0]}`)?.data.get('Sink'))[0] === Number(id);
    let [x0, y0] = [0, 0];
    const nodes: LaneNode[] = forward(points).map(([latitude, longitude]) => {
      const [x, y] = toLocal(frame, latitude, longitude);
      const node: LaneNode = { kind: 'offset', xMetres: x - x0, yMetres: y - y0, size: 6 };
      [x0, y0] = [x, y];
      return node;
    });
    const ingress = sinks.length > 0;
    lanes.push({
      id: Number(id),
      // the tens of the recording's lane numbers are its arms
      ...(ingress ? { ingressApproach: Math.floor(Number(id) / 10) } : { egressApproach: Math.floor(Number(id) / 10) }),
      directionalUseBits: crossing ? 0xc0 : ingress ? 0x80 : 0x40,
      sharedWithBits: 0,
      type: { kind: crossing ? 'crosswalk' : 'vehicle', hex: crossing ? '0000' : '00', length: crossing ? 16 : 8 },
      attributesRest: {},
      nodes,
      ...(ingress && {
        connections: sinks.map((lane, i) => ({
          lane,
          ...(groups[i] !== undefined && { signalGroup: groups[i]! }),
          rest: {},
        })),
      }),
      rest: {},
    });
  }
  return {
    kind: 'map',
    receivedAtMs,
    via: null,
    revision: 0,
    intersections: [
      {
        key: { id: intersectionId },
        revision: 0,
        latitudeDegrees: reference[0],
        longitudeDegrees: reference[1],
        laneWidthMetres: 3.3,
        lanes,
        rest: {},
      },
    ],
    rest: {},
  };
}
