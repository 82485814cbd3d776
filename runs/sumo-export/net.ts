/** Writes a network as SUMO's `.net.xml`: edges, internal lanes, programs, junctions with requests, connections. */
import { type ExportLink, linksOf } from './links.ts';
import { attribute, type ExportModel, type ExportNames, type ExportPhase, fixed, shapeOf } from './model.ts';

/** No lane is shorter in SUMO, m. */
const LEAST_LENGTH_METRES = 0.1;
/** CityFlow's links have no limit of their own: a number that stands for none, m/s. */
const NO_LIMIT = 200;

export function netXml(model: ExportModel, names: ExportNames): string {
  const links = linksOf(model, names);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<net version="1.9"${model.isLefthand ? ' lefthand="true"' : ''}>`,
    location(model),
    ...links.flatMap((own, j) => own.map((link) => internalEdge(model, names, j, link))),
    ...names.edges.flatMap((edge) => [
      `  <edge id="${attribute(edge.id)}" from="${attribute(edge.from)}" to="${attribute(edge.to)}" priority="-1">`,
      ...edge.lanes.map((lane, index) => laneXml(model, names.idOfLane[lane]!, index, lane, model.laneWidths[lane]!)),
      '  </edge>',
    ]),
    ...links.flatMap((own, j) => programXml(names.junctions[j]!, own, model.programs[j]!)),
    ...links.flatMap((own, j) => junctionXml(model, names, j, own)),
    ...names.ends.map(({ id, x, y, incoming }) => {
      const lanes = incoming.flatMap((e) => names.edges[e]!.lanes.map((lane) => names.idOfLane[lane]!));
      return `  <junction id="${attribute(id)}" type="dead_end" x="${fixed(x)}" y="${fixed(y)}" incLanes="${attribute(lanes.join(' '))}" intLanes="" shape="${shapeOf([x, y])}"/>`;
    }),
    ...links.flatMap((own, j) => own.flatMap((link) => connections(model, names, j, link))),
    '</net>',
    '',
  ];
  return lines.join('\n');
}

function location({ network }: ExportModel): string {
  const bounds = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const path of network.paths) {
    for (let i = 0; i + 1 < path.length; i += 2) {
      bounds[0] = Math.min(bounds[0]!, path[i]!);
      bounds[1] = Math.min(bounds[1]!, path[i + 1]!);
      bounds[2] = Math.max(bounds[2]!, path[i]!);
      bounds[3] = Math.max(bounds[3]!, path[i + 1]!);
    }
  }
  const text = bounds.map((value) => fixed(value)).join(',');
  return `  <location netOffset="0.00,0.00" convBoundary="${text}" origBoundary="${text}" projParameter="!"/>`;
}

const internalId = (names: ExportNames, j: number, link: ExportLink) => `:${names.junctions[j]}_${link.index}`;

function internalEdge(model: ExportModel, names: ExportNames, j: number, link: ExportLink): string {
  const id = internalId(names, j, link);
  return [
    `  <edge id="${attribute(id)}" function="internal">`,
    laneXml(model, `${id}_0`, 0, link.segment, null),
    '  </edge>',
  ].join('\n');
}

function laneXml({ network }: ExportModel, id: string, index: number, segment: number, width: number | null): string {
  const { length, speedLimit, paths, linkStart, laneCount } = network;
  const own = speedLimit[segment]!;
  const speed = segment >= laneCount && own > NO_LIMIT ? speedLimit[linkStart[segment]!]! : own;
  const wide = width === null ? '' : ` width="${fixed(width)}"`;
  return `    <lane id="${attribute(id)}" index="${index}" speed="${fixed(speed, 3)}" length="${fixed(Math.max(LEAST_LENGTH_METRES, length[segment]!))}"${wide} shape="${shapeOf(paths[segment]!)}"/>`;
}

function programXml(id: string, links: readonly ExportLink[], phases: readonly ExportPhase[]): string[] {
  if (links.length === 0) return [];
  return [
    `  <tlLogic id="${attribute(id)}" type="static" programID="0" offset="0">`,
    ...phases.map(({ seconds, lamps }) => {
      const state = links.map((link) => stateOf(link, links, lamps)).join('');
      return `    <phase duration="${seconds}" state="${state}"/>`;
    }),
    '  </tlLogic>',
  ];
}

/** A green link that yields to another that has green or yellow is a minor one. */
function stateOf(link: ExportLink, links: readonly ExportLink[], lamps: readonly number[]): string {
  const lamp = link.group < 0 ? 1 : lamps[link.group]!;
  if (lamp === 0) return 'r';
  if (lamp === 2) return 'y';
  const isMinor = link.yieldsTo.some((k) => {
    const { group } = links[k]!;
    return group < 0 || lamps[group] !== 0;
  });
  return isMinor ? 'g' : 'G';
}

function junctionXml(model: ExportModel, names: ExportNames, j: number, links: readonly ExportLink[]): string[] {
  const { network } = model;
  const incoming: string[] = [];
  const points: number[] = [];
  for (const { segment } of links) {
    const edge = names.edges[names.edgeOfLane[network.linkStart[segment]!]!]!;
    for (const lane of edge.lanes) {
      const id = names.idOfLane[lane]!;
      if (incoming.includes(id)) continue;
      incoming.push(id);
      const path = network.paths[lane]!;
      points.push(path[path.length - 2]!, path[path.length - 1]!);
    }
  }
  const [x, y] = middleOf(points);
  const inside = links.map((link) => `${internalId(names, j, link)}_0`).join(' ');
  const bits = (ones: readonly number[]) =>
    links.map((_, k) => (ones.includes(links.length - 1 - k) ? '1' : '0')).join('');
  return [
    `  <junction id="${attribute(names.junctions[j]!)}" type="traffic_light" x="${fixed(x)}" y="${fixed(y)}" incLanes="${attribute(incoming.join(' '))}" intLanes="${attribute(inside)}" shape="${shapeOf(points)}">`,
    ...links.map(
      ({ index, yieldsTo, foes }) =>
        `    <request index="${index}" response="${bits(yieldsTo)}" foes="${bits(foes)}" cont="0"/>`,
    ),
    '  </junction>',
  ];
}

function middleOf(points: readonly number[]): [number, number] {
  let [x, y] = [0, 0];
  for (let i = 0; i + 1 < points.length; i += 2) {
    x += points[i]!;
    y += points[i + 1]!;
  }
  const count = Math.max(1, points.length / 2);
  return [x / count, y / count];
}

function connections(model: ExportModel, names: ExportNames, j: number, link: ExportLink): string[] {
  const { network } = model;
  const start = network.linkStart[link.segment]!;
  const end = network.linkEnd[link.segment]!;
  const from = names.edges[names.edgeOfLane[start]!]!.id;
  const to = names.edges[names.edgeOfLane[end]!]!.id;
  const inside = internalId(names, j, link);
  const lanes = `fromLane="${names.indexOfLane[start]}" toLane="${names.indexOfLane[end]}"`;
  const state = link.yieldsTo.length > 0 ? 'o' : 'O';
  return [
    `  <connection from="${attribute(from)}" to="${attribute(to)}" ${lanes} via="${attribute(inside)}_0" tl="${attribute(names.junctions[j]!)}" linkIndex="${link.index}" dir="${link.direction}" state="${state}"/>`,
    `  <connection from="${attribute(inside)}" to="${attribute(to)}" fromLane="0" toLane="${names.indexOfLane[end]}" dir="${link.direction}" state="M"/>`,
  ];
}
