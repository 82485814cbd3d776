/** Reads `<connection>` elements of a network. */
import type { NetDraft } from './net-draft.ts';
import type { SumoConnection } from './net-types.ts';
import { ALL_CLASSES, permissions } from './permissions.ts';
import type { XmlElement } from './xml.ts';

const DIRECTIONS = ['s', 'l', 'r', 'L', 'R', 't', 'T', 'i'];
/** Longest state a signal may have. */
const MOST_LINK_INDEX = 4095;

/** The connection of `element`; throws InputFileError where it refers to what is not there. */
export function readConnection(element: XmlElement, draft: NetDraft): SumoConnection {
  const laneOf = (edgeName: string, laneName: string): number => {
    const edge = draft.edges[draft.edge(element.text(edgeName), element)]!;
    const index = element.integer(laneName, 0, 63);
    const lane = edge.lanes[index];
    if (lane === undefined) {
      element.refuse(
        `has ${laneName}="${index}", but edge "${edge.id}" has ${edge.lanes.length} lanes (0 to ${edge.lanes.length - 1})`,
        'Correct the lane, or add it to the edge.',
      );
    }
    return lane;
  };
  const fromLane = laneOf('from', 'fromLane');
  const toLane = laneOf('to', 'toLane');
  const via = element.optional('via');
  const dir = element.optional('dir') ?? 's';
  if (!DIRECTIONS.includes(dir)) element.refuse(`has dir="${dir}"; one of ${DIRECTIONS.join(' ')}`, 'Correct it.');
  const tl = element.optional('tl');
  const linkIndex = tl === null ? -1 : element.integer('linkIndex', 0, MOST_LINK_INDEX);
  const where = `${element.file}:${element.line}`;
  const unknown = (name: string) =>
    draft.notices.ignore(`vehicle class "${name}"`, where, 'no such class: nothing is let in or kept out by it');
  if (element.has('visibility'))
    draft.notices.ignore('visibility', where, 'the usual 4.5 m before a minor link is taken');
  if (element.has('speed')) draft.notices.ignore('connection speed', where, 'the speed of its internal lanes is taken');
  return {
    fromLane,
    toLane,
    via: via === null || via === '' ? -1 : draft.lane(via, element),
    dir,
    state: element.optional('state') ?? 'M',
    tl: tl === '' ? null : tl,
    linkIndex: tl === '' ? -1 : linkIndex,
    pass: element.boolean('pass', false),
    uncontrolled: element.boolean('uncontrolled', false),
    keepClear: element.boolean('keepClear', true),
    contPos: element.has('contPos') ? element.number('contPos', -1, 1e6) : Number.NaN,
    permissions:
      element.has('allow') || element.has('disallow')
        ? permissions(element.words('allow'), element.words('disallow'), unknown)
        : ALL_CLASSES,
    line: element.line,
  };
}
