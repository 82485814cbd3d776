/** How vehicles depart, and when the vehicles of flows do. */
import type { Notices } from './notices.ts';
import type { DepartLane, DepartPosition, DepartSpeed, FlowTiming, SumoFlow, SumoVehicle } from './route-types.ts';
import { plainNumber, shortened, type XmlElement } from './xml.ts';

export type DepartAttributes = Pick<
  SumoVehicle,
  'departLane' | 'departPosition' | 'departSpeed' | 'arrivalPosition' | 'speedFactor'
>;

const LANES = ['first', 'best', 'free', 'random', 'allowed'];
const POSITIONS = ['base', 'free', 'random', 'random_free', 'last'];
const SPEEDS = ['max', 'desired', 'speedLimit', 'random', 'last', 'avg'];

/** Attributes of a departure or arrival whose absence changes little, and what is done instead. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  departPosLat: 'vehicles keep to the middle of their lane',
  arrivalPosLat: 'vehicles keep to the middle of their lane',
  arrivalLane: 'vehicles leave from the lane they are on',
  arrivalSpeed: 'vehicles leave at the speed they have',
  departEdge: 'vehicles depart on the first edge of their route',
  arrivalEdge: 'vehicles arrive on the last edge of their route',
  line: 'lines have no meaning here',
  personNumber: 'people are not simulated',
  containerNumber: 'containers are not simulated',
  reroute: 'vehicles are not rerouted',
  insertionChecks: 'the usual checks are made',
};
const FALSIFYING = ['departEdge', 'arrivalEdge'];

export function readDepart(element: XmlElement, notices: Notices): DepartAttributes {
  const where = `${element.file}:${element.line}`;
  for (const name of element.names()) {
    const effect = LEFT_OUT[name];
    if (effect === undefined) continue;
    if (FALSIFYING.includes(name)) notices.falsify(name, where, effect);
    else notices.ignore(name, where, effect);
  }
  const arrival = element.optional('arrivalPos') ?? 'max';
  const arrivalPosition = arrival === 'max' ? Number.NaN : plainNumber(arrival);
  if (arrival !== 'max' && Number.isNaN(arrivalPosition)) {
    notices.ignore(`arrivalPos="${shortened(arrival)}"`, where, 'vehicles leave at the end of their route');
  }
  return {
    departLane: choice<DepartLane>(
      element,
      'departLane',
      LANES,
      'first',
      (value) => Number.isInteger(value) && value >= 0,
    ),
    departPosition: choice<DepartPosition>(element, 'departPos', POSITIONS, 'base', (value) => Math.abs(value) <= 1e6),
    departSpeed: choice<DepartSpeed>(element, 'departSpeed', SPEEDS, 0, (value) => value >= 0 && value <= 1000),
    arrivalPosition,
    speedFactor: element.has('speedFactor') ? element.number('speedFactor', 0.01, 100) : Number.NaN,
  };
}

function choice<T extends string | number>(
  element: XmlElement,
  name: string,
  words: readonly string[],
  otherwise: T,
  fits: (value: number) => boolean,
): T {
  const text = element.optional(name);
  if (text === null) return otherwise;
  if (words.includes(text)) return text as T;
  const value = plainNumber(text);
  if (Number.isNaN(value) || !fits(value)) {
    element.refuse(`has ${name}="${shortened(text)}"; ${words.join(', ')} or a number is known`, 'Choose one of them.');
  }
  return value as T;
}

/** Rates above this a second are no traffic, and would fill the memory. */
const MOST_PER_SECOND = 1000;

/** When the vehicles of a `<flow>` that begins at `begin` depart. */
export function readFlow(element: XmlElement, begin: number): SumoFlow {
  const rates = ['vehsPerHour', 'perHour', 'period', 'probability'].filter((name) => element.has(name));
  if (rates.length > 1) {
    element.refuse(`has both ${rates[0]} and ${rates[1]}`, 'Keep one of them.');
  }
  const number = element.has('number') ? element.integer('number', 0, 1e12) : Number.POSITIVE_INFINITY;
  const endSeconds = element.has('end') ? element.seconds('end') : Number.POSITIVE_INFINITY;
  if (endSeconds < begin)
    element.refuse(`ends at ${endSeconds} s, before it begins at ${begin} s`, 'Correct begin or end.');
  return { endSeconds, number, timing: timingOf(element, rates[0], number) };
}

function timingOf(element: XmlElement, rate: string | undefined, number: number): FlowTiming {
  if (rate === undefined) {
    if (!Number.isFinite(number)) {
      element.refuse('has no rate', 'Give it number, vehsPerHour, period or probability.');
    }
    return { kind: 'even' };
  }
  if (rate === 'probability') return { kind: 'probability', perSecond: element.number('probability', 0, 1) };
  const exponential = /^\s*exp\(\s*([^)]*?)\s*\)\s*$/.exec(element.text(rate));
  if (exponential !== null && rate === 'period') {
    const perSecond = plainNumber(exponential[1]!);
    if (!(perSecond > 0 && perSecond <= MOST_PER_SECOND)) {
      element.refuse(
        `has period="${shortened(element.text(rate))}"; exp(rate) of more than 0 and at most ${MOST_PER_SECOND} a second`,
        'Correct it.',
      );
    }
    return { kind: 'exponential', perSecond };
  }
  if (rate === 'period') return { kind: 'period', periodSeconds: element.number('period', 1 / MOST_PER_SECOND, 1e9) };
  const perHour = element.number(rate, 0, MOST_PER_SECOND * 3600);
  return { kind: 'period', periodSeconds: perHour > 0 ? 3600 / perHour : Number.POSITIVE_INFINITY };
}
