/**
 * Crossings as SUMO has them: a crossing between two walking areas, and at each kerb a short pavement of its own on which
 * people begin and end. The pavements belong to no road, so that lanes keep their numbers.
 */
import type { LinkedCrossing } from './links.ts';
import { attribute, type ExportCrossing, type ExportModel, type ExportNames, fixed, shapeOf } from './model.ts';

/** From the kerb outwards: the walking area, then the pavement, m. */
const AREA_METRES = 2;
export const PAVEMENT_METRES = 6;
const PAVEMENT_WIDTH = 2;
/** What SUMO lets people walk on lanes; each person's own speed stands with the person. */
const WALKING_LIMIT = 8;

type Side = 0 | 1;
const SIDES: readonly Side[] = [0, 1];

export const crossingId = (names: ExportNames, j: number, { index }: { readonly index: number }): string =>
  `:${names.junctions[j]}_c${index}`;

export const walkingAreaId = (names: ExportNames, j: number, { index }: { readonly index: number }, side: Side) =>
  `:${names.junctions[j]}_w${2 * index + side}`;

/** The pavement at the first (0) or second (1) kerb: the first leads to the junction, the second away from it. */
export const pavementId = (names: ExportNames, c: number, side: Side): string => `${names.crossings[c]}_kerb_${side}`;

/** A point of the crossing's line, `along` metres from the first kerb, `aside` to its right. */
function point({ x, y, alongX, alongY }: ExportCrossing, along: number, aside: number): [number, number] {
  return [x + along * alongX + aside * alongY, y + along * alongY - aside * alongX];
}

function lane(id: string, speed: number, length: number, width: number, shape: readonly number[]): string {
  return `    <lane id="${attribute(id)}_0" index="0" allow="pedestrian" speed="${fixed(speed)}" length="${fixed(length)}" width="${fixed(width)}" shape="${shapeOf(shape)}"/>`;
}

/** The crossing and its two walking areas. */
export function crossingEdges(model: ExportModel, names: ExportNames, j: number, linked: LinkedCrossing): string[] {
  const crossing = model.crossings[linked.crossing]!;
  const { length, width } = crossing;
  const over = crossing.lanes.map((own) => names.edges[names.edgeOfLane[own]!]!.id);
  const id = crossingId(names, j, linked);
  const line = [...point(crossing, 0, 0), ...point(crossing, length, 0)];
  return [
    `  <edge id="${attribute(id)}" function="crossing" crossingEdges="${attribute(over.join(' '))}">`,
    lane(id, WALKING_LIMIT, length, width, line),
    '  </edge>',
    ...SIDES.flatMap((side) => {
      const area = walkingAreaId(names, j, linked, side);
      const [from, to] = side === 0 ? [-AREA_METRES, 0] : [length, length + AREA_METRES];
      const half = width / 2;
      const corners = [
        point(crossing, from, half),
        point(crossing, to, half),
        point(crossing, to, -half),
        point(crossing, from, -half),
      ];
      return [
        `  <edge id="${attribute(area)}" function="walkingarea">`,
        lane(area, WALKING_LIMIT, AREA_METRES, width, corners.flat()),
        '  </edge>',
      ];
    }),
  ];
}

function pavementLine(crossing: ExportCrossing, side: Side): [number, number, number, number] {
  const near = side === 0 ? -AREA_METRES : crossing.length + AREA_METRES;
  const far = side === 0 ? near - PAVEMENT_METRES : near + PAVEMENT_METRES;
  const [from, to] = side === 0 ? [far, near] : [near, far];
  return [...point(crossing, from, 0), ...point(crossing, to, 0)];
}

const endId = (names: ExportNames, c: number, side: Side): string => `${pavementId(names, c, side)}_end`;

export function kerbEdges(model: ExportModel, names: ExportNames, c: number): string[] {
  const crossing = model.crossings[c]!;
  const junction = names.junctions[crossing.junction]!;
  return SIDES.flatMap((side) => {
    const id = pavementId(names, c, side);
    const [from, to] = side === 0 ? [endId(names, c, side), junction] : [junction, endId(names, c, side)];
    return [
      `  <edge id="${attribute(id)}" from="${attribute(from)}" to="${attribute(to)}" priority="-1">`,
      lane(id, WALKING_LIMIT, PAVEMENT_METRES, PAVEMENT_WIDTH, pavementLine(crossing, side)),
      '  </edge>',
    ];
  });
}

export function kerbEnds(model: ExportModel, names: ExportNames, c: number): string[] {
  return SIDES.map((side) => {
    const line = pavementLine(model.crossings[c]!, side);
    const [x, y] = side === 0 ? [line[0], line[1]] : [line[2], line[3]];
    const lanes = side === 0 ? '' : `${pavementId(names, c, side)}_0`;
    return `  <junction id="${attribute(endId(names, c, side))}" type="dead_end" x="${fixed(x)}" y="${fixed(y)}" incLanes="${attribute(lanes)}" intLanes="" shape="${shapeOf([x, y])}"/>`;
  });
}

/** From kerb to kerb; SUMO lets people walk both ways. */
export function walks(names: ExportNames, j: number, linked: LinkedCrossing): string[] {
  const [first, second] = SIDES.map((side) => attribute(walkingAreaId(names, j, linked, side)));
  const [from, to] = SIDES.map((side) => attribute(pavementId(names, linked.crossing, side)));
  const over = attribute(crossingId(names, j, linked));
  const signal = `tl="${attribute(names.junctions[j]!)}" linkIndex="${linked.index}" `;
  const connection = (a: string, b: string, more = '') =>
    `  <connection from="${a}" to="${b}" fromLane="0" toLane="0" ${more}dir="s" state="M"/>`;
  return [
    connection(from!, first!),
    connection(first!, over, signal),
    connection(over, second!),
    connection(second!, to!),
  ];
}

/** `.rou.xml` of those who walk, in the order in which they come. */
export function peopleXml(model: ExportModel, names: ExportNames): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<routes>', '  <vType id="person" vClass="pedestrian"/>'];
  model.people.forEach(({ departSeconds, crossing, direction, speed }, n) => {
    const [first, second] = SIDES.map((side) => attribute(pavementId(names, crossing, side)));
    const isForward = direction > 0;
    const edges = isForward ? `${first} ${second}` : `${second} ${first}`;
    // they come to the kerb at their moment, and are gone at the other
    const [departPos, arrivalPos] = isForward ? [PAVEMENT_METRES, 0] : [0, PAVEMENT_METRES];
    lines.push(
      `  <person id="p${n}" type="person" depart="${fixed(departSeconds, 3)}" departPos="${departPos}">`,
      `    <walk edges="${edges}" arrivalPos="${arrivalPos}" speed="${fixed(speed, 3)}"/>`,
      '  </person>',
    );
  });
  lines.push('</routes>', '');
  return lines.join('\n');
}
