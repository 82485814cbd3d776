/** Reads a SUMO network (`.net.xml`). */
import { InputFileError } from '../json.ts';
import { readConnection } from './net-connections.ts';
import { NetDraft, readShape, where } from './net-draft.ts';
import type { EdgeFunction, SumoConnection, SumoJunction, SumoLocation, SumoNet, SumoProgram } from './net-types.ts';
import { permissions } from './permissions.ts';
import { ProgramReader, checkPrograms } from './programs.ts';
import { JunctionReader } from './requests.ts';
import { plainNumber, walkXml, type XmlElement } from './xml.ts';

const FUNCTIONS: readonly string[] = ['normal', 'internal', 'connector', 'crossing', 'walkingarea'];
/** Lanes, connections or junctions; a file with more does not fit in memory with all else. */
const MOST_ELEMENTS = 4_000_000;
const DEFAULT_WIDTH = 3.2;

/** Elements that hold nothing the simulation needs. */
const HARMLESS = ['param', 'type', 'restriction', 'roundabout', 'spread_type', 'delay'];

/**
 * Reads the text of a network file; `file` is its name for messages. Throws InputFileError for what is not a SUMO
 * network or contradicts itself. What the file has beyond what is read is in `notices`.
 */
export function readSumoNet(text: string, file: string): SumoNet {
  const draft = new NetDraft(file);
  const connections: XmlElement[] = [];
  const junctions = new JunctionReader(draft);
  const programs = new ProgramReader();
  let location: SumoLocation = {
    netOffset: [0, 0],
    convBoundary: [0, 0, 0, 0],
    origBoundary: [0, 0, 0, 0],
    projection: '!',
  };
  let lefthand = false;
  let lanesOfEdge: number[] = [];

  const open = (element: XmlElement): void => {
    switch (element.name) {
      case 'edge':
        lanesOfEdge = [];
        addEdge(draft, element, lanesOfEdge);
        break;
      case 'lane':
        if (element.parent?.name === 'edge') addLane(draft, element, lanesOfEdge);
        else element.refuse('stands outside an edge', 'Put it inside its <edge>.');
        break;
      case 'connection':
        if (connections.length >= MOST_ELEMENTS)
          element.refuse(`is one of more than ${MOST_ELEMENTS} connections`, 'Cut the network.');
        connections.push(element);
        break;
      case 'junction':
      case 'request':
        junctions.open(element);
        break;
      case 'location':
        location = readLocation(element);
        break;
      case 'neigh':
        draft.notices.ignore('<neigh>', where(element), 'overtaking on the opposite side is not simulated');
        break;
      case 'stopOffset':
        draft.notices.falsify('<stopOffset>', where(element), 'vehicles would stop at another place');
        break;
      case 'prohibition':
        draft.notices.falsify('<prohibition>', where(element), 'another right of way would hold');
        break;
      default:
        if (ProgramReader.takes(element)) programs.open(element);
        else if (!HARMLESS.includes(element.name))
          draft.notices.ignore(`<${element.name}>`, where(element), 'not known, not read');
    }
  };
  const close = (element: XmlElement): void => {
    if (element.name === 'edge' && lanesOfEdge.length === 0) {
      element.refuse('has no lane', 'Give it at least one <lane>.');
    }
  };
  walkXml(text, file, ['net'], {
    root: (element) => {
      lefthand = element.boolean('lefthand', false);
    },
    open,
    close,
  });
  if (draft.edges.every((edge) => edge.function !== 'normal')) {
    throw new InputFileError(
      file,
      '<net>',
      'has no edge to drive on',
      'Check that the network was written completely.',
    );
  }
  const read = connections.map((element) => readConnection(element, draft));
  checkPrograms(programs.byId, read, file, draft.notices);
  return finish(draft, lefthand, location, read, junctions.finish(), programs.byId);
}

function finish(
  draft: NetDraft,
  lefthand: boolean,
  location: SumoLocation,
  connections: readonly SumoConnection[],
  junctions: readonly SumoJunction[],
  programs: ReadonlyMap<string, readonly SumoProgram[]>,
): SumoNet {
  const connectionsOf: number[][] = draft.lanes.map(() => []);
  connections.forEach((connection, index) => {
    connectionsOf[connection.fromLane]!.push(index);
  });
  const junctionIndex = new Map<string, number>();
  junctions.forEach((junction, index) => {
    junctionIndex.set(junction.id, index);
  });
  return {
    file: draft.file,
    lefthand,
    location,
    edges: draft.edges,
    lanes: draft.lanes,
    connections,
    junctions,
    programs,
    edgeIndex: draft.edgeIndex,
    laneIndex: draft.laneIndex,
    junctionIndex,
    connectionsOf,
    notices: draft.notices.list(),
  };
}

function addEdge(draft: NetDraft, element: XmlElement, lanes: readonly number[]): void {
  const id = element.text('id');
  if (draft.edgeIndex.has(id)) element.refuse('is there twice', 'Rename or remove one.');
  const kind = element.optional('function') ?? 'normal';
  if (!FUNCTIONS.includes(kind)) {
    element.refuse(`has function="${kind}"; one of ${FUNCTIONS.join(', ')} is known`, 'Correct it.');
  }
  if (kind === 'normal') {
    element.text('from');
    element.text('to');
  }
  if (element.has('bidi'))
    draft.notices.ignore('bidi', where(element), 'tracks used in both directions are taken as two');
  draft.edgeIndex.set(id, draft.edges.length);
  draft.edges.push({
    id,
    function: kind as EdgeFunction,
    from: element.optional('from') ?? '',
    to: element.optional('to') ?? '',
    priority: element.number('priority', -1e9, 1e9, -1),
    lanes,
    line: element.line,
  });
}

function addLane(draft: NetDraft, element: XmlElement, lanesOfEdge: number[]): void {
  if (draft.lanes.length >= MOST_ELEMENTS)
    element.refuse(`is one of more than ${MOST_ELEMENTS} lanes`, 'Cut the network.');
  const id = element.text('id');
  if (draft.laneIndex.has(id)) element.refuse('is there twice', 'Rename or remove one.');
  const index = element.integer('index', 0, 63);
  if (index !== lanesOfEdge.length) {
    element.refuse(
      `has index="${index}" where ${lanesOfEdge.length} comes next`,
      'List the lanes from index 0 on, without gaps.',
    );
  }
  const length = element.number('length', 0, 1e6);
  if (length <= 0)
    element.refuse('has length="0"; a lane must be longer than 0 m', 'Give its length in metres, 0.1 or more.');
  const edge = draft.edges.length - 1;
  const speed = element.number('speed', 0, 200);
  if (speed <= 0)
    element.refuse('has speed="0"; nothing could ever leave it', 'Give the limit in m/s, or remove the lane.');
  for (const name of ['changeLeft', 'changeRight']) {
    const allowed = element.optional(name);
    if (allowed !== null && allowed !== 'all')
      draft.notices.falsify(`lane ${name}`, where(element), 'vehicles would change lanes over forbidden lines');
  }
  draft.laneIndex.set(id, draft.lanes.length);
  lanesOfEdge.push(draft.lanes.length);
  draft.lanes.push({
    id,
    edge,
    index,
    speed,
    length,
    width: element.number('width', 0, 100, DEFAULT_WIDTH),
    shape: readShape(element, 'shape', 2),
    permissions: permissions(element.words('allow'), element.words('disallow'), (name) =>
      draft.notices.ignore(
        `vehicle class "${name}"`,
        where(element),
        'no such class: nothing is let in or kept out by it',
      ),
    ),
    line: element.line,
  });
}

function readLocation(element: XmlElement): SumoLocation {
  const numbers = (name: string, count: number): number[] => {
    const values = element.words(name).map(plainNumber);
    if (values.length !== count || values.some((value) => !Number.isFinite(value))) {
      element.refuse(`has a ${name} that is not ${count} numbers`, `Write ${count} numbers separated by commas.`);
    }
    return values;
  };
  const [x, y] = numbers('netOffset', 2);
  return {
    netOffset: [x!, y!],
    convBoundary: numbers('convBoundary', 4),
    origBoundary: numbers('origBoundary', 4),
    projection: element.optional('projParameter') ?? '!',
  };
}
