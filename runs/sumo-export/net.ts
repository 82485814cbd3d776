/** Writes a network as SUMO's `.net.xml`: edges, internal lanes, programs, junctions with requests, connections. */
import { HALTS_AT_LINE } from '../../sim/core.ts';
import { crossingEdges, crossingId, kerbEdges, kerbEnds, walkingAreaId, walks } from './crossings.ts';
import { type ExportLink, type JunctionLinks, linksOf } from './links.ts';
import {
  attribute,
  type ExportControl,
  type ExportModel,
  type ExportNames,
  type ExportPlans,
  fixed,
  shapeOf,
} from './model.ts';

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
    ...links.flatMap((own, j) => own.links.map((link) => internalEdge(model, names, j, link))),
    ...links.flatMap((own, j) => own.crossings.flatMap((crossing) => crossingEdges(model, names, j, crossing))),
    ...names.edges.flatMap((edge) => [
      `  <edge id="${attribute(edge.id)}" from="${attribute(edge.from)}" to="${attribute(edge.to)}" priority="-1">`,
      ...edge.lanes.map((lane, index) => laneXml(model, names.idOfLane[lane]!, index, lane, model.laneWidths[lane]!)),
      '  </edge>',
    ]),
    ...model.crossings.flatMap((_, c) => kerbEdges(model, names, c)),
    ...links.flatMap((own, j) => programsXml(names.junctions[j]!, own, model.plans[j]!)),
    ...links.flatMap((own, j) => junctionXml(model, names, j, own)),
    ...names.ends.map(({ id, x, y, incoming }) => {
      const lanes = incoming.flatMap((e) => names.edges[e]!.lanes.map((lane) => names.idOfLane[lane]!));
      return `  <junction id="${attribute(id)}" type="dead_end" x="${fixed(x)}" y="${fixed(y)}" incLanes="${attribute(lanes.join(' '))}" intLanes="" shape="${shapeOf([x, y])}"/>`;
    }),
    ...model.crossings.flatMap((_, c) => kerbEnds(model, names, c)),
    ...links.flatMap((own, j) => own.links.flatMap((link) => connections(model, names, j, link))),
    ...links.flatMap((own, j) => own.crossings.flatMap((crossing) => walks(names, j, crossing))),
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

function programsXml(id: string, own: JunctionLinks, { programs, switches }: ExportPlans): string[] {
  if (own.links.length === 0 || programs.length === 0) return [];
  const name = attribute(id);
  const lines = programs.flatMap(({ id: programId, offsetSeconds, phases }) => [
    `  <tlLogic id="${name}" type="static" programID="${programId}" offset="${offsetSeconds}">`,
    ...phases.map(({ seconds, lamps }) => `    <phase duration="${seconds}" state="${stateOf(own, lamps)}"/>`),
    '  </tlLogic>',
  ]);
  if (switches.length === 0) return lines;
  return [
    ...lines,
    `  <WAUT id="${name}" refTime="0" startProg="${programs.at(-1)!.id}">`,
    ...switches.map(({ atSeconds, program }) => `    <wautSwitch time="${atSeconds}" to="${program}"/>`),
    '  </WAUT>',
    `  <wautJunction wautID="${name}" junctionID="${name}"/>`,
  ];
}

/** A character per link, then one per crossing. A green link that yields to what has green or yellow is a minor one. */
function stateOf({ links, crossings }: JunctionLinks, lamps: readonly number[]): string {
  const groups = [...links, ...crossings].map(({ group }) => group);
  const moves = (index: number): boolean => groups[index]! < 0 || lamps[groups[index]!] !== 0;
  const ofLinks = links.map(({ group, yieldsTo }) => {
    const lamp = group < 0 ? 1 : lamps[group]!;
    if (lamp !== 1) return lamp === 0 ? 'r' : 'y';
    return yieldsTo.some(moves) ? 'g' : 'G';
  });
  return [...ofLinks, ...crossings.map(({ group }) => (lamps[group] === 1 ? 'G' : 'r'))].join('');
}

function junctionXml(model: ExportModel, names: ExportNames, j: number, { links, crossings }: JunctionLinks): string[] {
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
  const inside = [
    ...links.map((link) => `${internalId(names, j, link)}_0`),
    ...crossings.map((crossing) => `${crossingId(names, j, crossing)}_0`),
  ];
  incoming.push(...crossings.map((crossing) => `${walkingAreaId(names, j, crossing, 0)}_0`));
  const count = links.length + crossings.length;
  const bits = (ones: readonly number[]) =>
    Array.from({ length: count }, (_, k) => (ones.includes(count - 1 - k) ? '1' : '0')).join('');
  const request = (index: number, yieldsTo: readonly number[], foes: readonly number[]) =>
    `    <request index="${index}" response="${bits(yieldsTo)}" foes="${bits(foes)}" cont="0"/>`;
  return [
    `  <junction id="${attribute(names.junctions[j]!)}" type="${model.controls[j]}" x="${fixed(x)}" y="${fixed(y)}" incLanes="${attribute(incoming.join(' '))}" intLanes="${attribute(inside.join(' '))}" shape="${shapeOf(points)}">`,
    ...links.map(({ index, yieldsTo, foes }) => request(index, yieldsTo, foes)),
    ...crossings.map(({ index, foes }) => request(index, [], foes)),
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

/** State of a connection while no signal governs it. */
function stateWithout(control: ExportControl, { yieldsTo }: ExportLink, halts: boolean): string {
  const yields = yieldsTo.length > 0;
  if (control === 'traffic_light') return yields ? 'o' : 'O';
  if (halts) return control === 'allway_stop' ? 'w' : 's';
  return yields ? 'm' : 'M';
}

function connections(model: ExportModel, names: ExportNames, j: number, link: ExportLink): string[] {
  const { network } = model;
  const start = network.linkStart[link.segment]!;
  const end = network.linkEnd[link.segment]!;
  const from = names.edges[names.edgeOfLane[start]!]!.id;
  const to = names.edges[names.edgeOfLane[end]!]!.id;
  const inside = internalId(names, j, link);
  const lanes = `fromLane="${names.indexOfLane[start]}" toLane="${names.indexOfLane[end]}"`;
  const control = model.controls[j]!;
  const signal = control === 'traffic_light' ? ` tl="${attribute(names.junctions[j]!)}" linkIndex="${link.index}"` : '';
  const state = stateWithout(control, link, network.tables?.atLine?.[link.segment] === HALTS_AT_LINE);
  return [
    `  <connection from="${attribute(from)}" to="${attribute(to)}" ${lanes} via="${attribute(inside)}_0"${signal} dir="${link.direction}" state="${state}"/>`,
    `  <connection from="${attribute(inside)}" to="${attribute(to)}" fromLane="0" toLane="${names.indexOfLane[end]}" dir="${link.direction}" state="M"/>`,
  ];
}
