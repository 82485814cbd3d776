/** Reads junctions and the right of way inside them. */
import { InputFileError } from '../json.ts';
import { type NetDraft, readShape, where } from './net-draft.ts';
import type { SumoJunction, SumoRequest } from './net-types.ts';
import type { XmlElement } from './xml.ts';

const TYPES = [
  'traffic_light',
  'traffic_light_unregulated',
  'traffic_light_right_on_red',
  'priority',
  'priority_stop',
  'right_before_left',
  'left_before_right',
  'allway_stop',
  'zipper',
  'unregulated',
  'rail_signal',
  'rail_crossing',
  'dead_end',
  'internal',
  'district',
];
const MOST_REQUESTS = 1024;

/** Types whose rules are not simulated. */
const STRANGE: Readonly<Record<string, string>> = {
  rail_signal: 'rail signals are not simulated',
  rail_crossing: 'level crossings do not close',
};

interface Pending {
  readonly element: XmlElement;
  readonly requests: XmlElement[];
}

export class JunctionReader {
  private readonly draft: NetDraft;
  private readonly pending: Pending[] = [];
  private readonly ids = new Set<string>();

  constructor(draft: NetDraft) {
    this.draft = draft;
  }

  open(element: XmlElement): void {
    if (element.name === 'junction') {
      const id = element.text('id');
      if (this.ids.has(id)) element.refuse('is there twice', 'Rename or remove one.');
      this.ids.add(id);
      this.pending.push({ element, requests: [] });
      return;
    }
    const junction = this.pending.at(-1);
    if (element.parent?.name !== 'junction' || junction === undefined) {
      element.refuse('stands outside a junction', 'Put it inside its <junction>.');
    }
    if (junction.requests.length >= MOST_REQUESTS) {
      element.refuse(`is one of more than ${MOST_REQUESTS} of ${junction.element.title}`, 'Split the junction.');
    }
    junction.requests.push(element);
  }

  /** All junctions, once every lane is known. Throws InputFileError for contradictions. */
  finish(): SumoJunction[] {
    for (const edge of this.draft.edges) {
      for (const id of edge.function === 'normal' ? [edge.from, edge.to] : []) {
        if (this.ids.has(id)) continue;
        throw new InputFileError(
          `${this.draft.file}:${edge.line}`,
          `<edge id="${edge.id}">`,
          `joins junction "${id}", which the file does not have`,
          'Let netconvert write the network again.',
        );
      }
    }
    return this.pending.map(({ element, requests }) => this.junction(element, requests));
  }

  private junction(element: XmlElement, requests: readonly XmlElement[]): SumoJunction {
    const type = element.text('type');
    if (!TYPES.includes(type)) {
      this.draft.notices.falsify(`junction type "${type}"`, where(element), 'its right of way is not known');
    }
    const strange = STRANGE[type];
    if (strange !== undefined) this.draft.notices.falsify(`junction type "${type}"`, where(element), strange);
    const lanes = (name: string) => element.words(name).map((id) => this.draft.lane(id, element));
    return {
      id: element.text('id'),
      type,
      x: element.number('x', -1e8, 1e8),
      y: element.number('y', -1e8, 1e8),
      shape: element.has('shape') ? readShape(element, 'shape', 0) : new Float64Array(0),
      incomingLanes: lanes('incLanes'),
      internalLanes: lanes('intLanes'),
      requests: readRequests(requests),
      line: element.line,
    };
  }
}

/** Requests by index; every index from 0 on must be there once. */
function readRequests(elements: readonly XmlElement[]): SumoRequest[] {
  const requests: (SumoRequest | undefined)[] = elements.map(() => undefined);
  for (const element of elements) {
    const index = element.integer('index', 0, MOST_REQUESTS);
    if (index >= elements.length || requests[index] !== undefined) {
      element.refuse(
        `has index="${index}" among ${elements.length} requests; each of 0 to ${elements.length - 1} is needed once`,
        'Let netconvert write the network again.',
      );
    }
    requests[index] = {
      yieldsTo: readBits(element, 'response', elements.length),
      foes: readBits(element, 'foes', elements.length),
      cont: element.boolean('cont', false),
    };
  }
  return requests as SumoRequest[];
}

/** Positions of the ones, counted from the right. */
function readBits(element: XmlElement, name: string, count: number): number[] {
  const text = element.text(name);
  if (!/^[01]+$/.test(text)) element.refuse(`has a ${name} with other characters than 0 and 1`, 'Correct it.');
  if (text.length !== count) {
    element.refuse(
      `has a ${name} of ${text.length} characters where the junction has ${count} requests`,
      'Let netconvert write the network again.',
    );
  }
  const ones: number[] = [];
  for (let i = 0; i < count; i++) if (text[count - 1 - i] === '1') ones.push(i);
  return ones;
}
