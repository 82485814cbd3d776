/** Reads a SUMO configuration (`.sumocfg`). */
import { Notices, type SumoNotice } from './notices.ts';
import { plainNumber, walkXml, type XmlElement } from './xml.ts';

export interface SumoConfig {
  /** Names as in the file: relative to its folder. */
  readonly netFile: string;
  readonly routeFiles: readonly string[];
  readonly additionalFiles: readonly string[];
  /** Simulated seconds on the files' clock. */
  readonly beginSeconds: number;
  /** NaN where the file gives none: run until all have arrived. */
  readonly endSeconds: number;
  readonly stepSeconds: number;
  /** SUMO's own default where the file gives none. */
  readonly seed: number;
  readonly ballistic: boolean;
  readonly notices: readonly SumoNotice[];
}

const DEFAULT_SEED = 23423;

/** Short forms of options. */
const SHORT: Readonly<Record<string, string>> = {
  n: 'net-file',
  net: 'net-file',
  r: 'route-files',
  a: 'additional-files',
  additional: 'additional-files',
  b: 'begin',
  e: 'end',
};

/** Options whose absence would make the result false, with the values that do not matter. */
const FALSIFYING: Readonly<Record<string, readonly [neutral: readonly string[], effect: string]>> = {
  'lateral-resolution': [['0', '-1', ''], 'vehicles keep to the middle of their lane'],
  'no-internal-links': [['false', '0'], 'vehicles would jump over junctions'],
  mesosim: [['false', '0'], 'only the microscopic model is there'],
  'default.speeddev': [['-1', '0.1'], 'types keep the deviation of their class'],
  scale: [['1', '1.0'], 'the demand would be another'],
  'default.carfollowmodel': [['Krauss', 'krauss'], 'vehicles of SUMO files follow Krauss here'],
  'device.rerouting.probability': [['0', '0.0', '-1'], 'vehicles are not rerouted'],
  'device.rerouting.explicit': [[''], 'vehicles are not rerouted'],
  'device.bluelight.probability': [['0', '0.0', '-1'], 'others would give way'],
  'device.bluelight.explicit': [[''], 'others would give way'],
  'device.driverstate.probability': [['0', '0.0', '-1'], 'drivers make no mistakes'],
  'device.toc.probability': [['0', '0.0', '-1'], 'vehicles drive in one way'],
  'device.glosa.probability': [['0', '0.0', '-1'], 'vehicles do not hear of signals'],
  'weight-files': [[''], 'routes are found by travel time in free flow'],
  'random-depart-offset': [['0', '0.0'], 'vehicles depart when the file says'],
  'lanechange.duration': [['0', '0.0'], 'lanes are changed at once here'],
  'load-state': [[''], 'a run cannot begin from a saved state'],
  'max-num-vehicles': [['-1', ''], 'the number of vehicles is not limited'],
  'max-depart-delay': [['-1', ''], 'vehicles wait to enter for as long as it takes'],
};

/** Options that are left out with an effect worth telling. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'time-to-teleport.highways': 'vehicles are never teleported here; gridlock is reported',
  'ignore-route-errors': 'routes are always checked',
  'collision.action': 'vehicles do not collide',
  'ignore-junction-blocker': 'blocked junctions stay blocked',
  threads: 'one run uses one thread',
};

/** Groups of options that say what is written and shown. */
const SILENT_PARENTS = ['output', 'report', 'gui_only', 'gui', 'traci_server', 'random_number_old'];

/** Reads the text of a configuration; throws InputFileError for what is malformed or names no network. */
export function readSumoConfig(text: string, file: string): SumoConfig {
  const options = new Map<string, { value: string; element: XmlElement }>();
  const notices = new Notices();
  walkXml(text, file, ['configuration', 'sumoConfiguration'], {
    open: (element) => {
      const value = element.optional('value') ?? element.optional('v');
      if (value === null) return;
      const name = SHORT[element.name] ?? element.name;
      options.set(name, { value, element });
      note(name, value, element, notices);
    },
  });
  const files = (name: string): string[] =>
    (options.get(name)?.value ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const number = (name: string, otherwise: number, least: number, most: number): number => {
    const option = options.get(name);
    if (option === undefined) return otherwise;
    const value = option.value.includes(':') ? option.element.seconds('value') : plainNumber(option.value);
    if (!(value >= least && value <= most)) {
      option.element.refuse(`has the value "${option.value}"; a number from ${least} to ${most}`, 'Correct it.');
    }
    return value;
  };
  const [netFile, ...others] = files('net-file');
  if (others.length > 0) {
    const { element, value } = options.get('net-file')!;
    element.refuse(`names several networks, ${value}`, 'Join them: netconvert -s FIRST,SECOND -o ONE.net.xml.');
  }
  if (netFile === undefined) {
    return walkXml(text, file, ['configuration', 'sumoConfiguration'], {
      root: (element) => element.refuse('names no network', 'Add <input><net-file value="..."/></input>.'),
      open: () => {},
    }) as never;
  }
  noteActions(options, number('step-length', 1, 0.001, 10), notices);
  const teleport = options.get('time-to-teleport');
  noteTeleport(teleport?.value, teleport === undefined ? file : `${file}:${teleport.element.line}`, notices);
  const truth = (name: string): boolean => options.get(name)?.element.boolean('value', false) ?? false;
  const endSeconds = options.get('end')?.value.trim() === '-1' ? Number.NaN : number('end', Number.NaN, 0, 1e9);
  return {
    netFile,
    routeFiles: files('route-files'),
    additionalFiles: files('additional-files'),
    beginSeconds: number('begin', 0, 0, 1e9),
    endSeconds,
    stepSeconds: number('step-length', 1, 0.001, 10),
    seed: number('seed', DEFAULT_SEED, -2147483648, 2147483647),
    ballistic: truth('step-method.ballistic'),
    notices: notices.list(),
  };
}

function noteActions(options: Options, stepSeconds: number, notices: Notices): void {
  const option = options.get('default.action-step-length');
  if (option === undefined || plainNumber(option.value) <= stepSeconds) return;
  const where = `${option.element.file}:${option.element.line}`;
  notices.falsify('default.action-step-length', where, 'drivers decide every step here');
}

/** SUMO takes away who stands for long unless told otherwise, which hides gridlock. `given`: the option's value. */
export function noteTeleport(given: string | undefined, where: string, notices: Notices): void {
  const seconds = given === undefined ? TELEPORT_SECONDS : plainNumber(given);
  if (!(seconds > 0)) return;
  const how = given === undefined ? `, by SUMO's default after ${seconds} s` : '';
  notices.ignore(
    'time-to-teleport',
    where,
    `vehicles that stand are never taken out of the way here${how}; gridlock stays`,
  );
}

type Options = ReadonlyMap<string, { readonly value: string; readonly element: XmlElement }>;
const TELEPORT_SECONDS = 300;

const READ = [
  'default.action-step-length',
  'time-to-teleport',
  'time-to-impatience',
  'routing-algorithm',
  'collision.check-junctions',
  'net-file',
  'route-files',
  'additional-files',
  'begin',
  'end',
  'step-length',
  'seed',
  'step-method.ballistic',
  'route-steps',
  'verbose',
  'no-step-log',
  'no-warnings',
  'start',
  'quit-on-end',
  'random',
  'xml-validation',
  'duration-log.statistics',
];

function note(name: string, value: string, element: XmlElement, notices: Notices): void {
  const where = `${element.file}:${element.line}`;
  if (READ.includes(name)) {
    if (name === 'random' && element.boolean('value', false)) {
      notices.ignore('random', where, 'the seed given for the run holds, so that it can be repeated');
    }
    return;
  }
  if (SILENT_PARENTS.includes(element.parent?.name ?? '')) return;
  const falsifying = FALSIFYING[name];
  if (falsifying !== undefined) {
    if (!falsifying[0].includes(value.trim())) notices.falsify(name, where, falsifying[1]);
    return;
  }
  notices.ignore(name, where, LEFT_OUT[name] ?? 'not read');
}
