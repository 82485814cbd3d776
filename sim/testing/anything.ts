/**
 * Random scenarios with everything on: lanes, classes, laws, stops, junctions, turns that yield, people and cyclists on
 * crossings, demand, steps. For properties.
 */
import { parseScenario } from '../../scenarios/load.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { type RandomStream, randomStream } from '../random.ts';

const ARMS = ['N', 'E', 'S', 'W'] as const;
const DURATION_SECONDS = 150;

function pick<T>(stream: RandomStream, values: readonly T[]): T {
  return values[Math.floor(stream() * values.length)]!;
}

function between(stream: RandomStream, low: number, high: number): number {
  return low + stream() * (high - low);
}

/** What a lane of `count` serves: outer turns from the outer lanes, straight on from all or the middle. */
function lanesOf(stream: RandomStream, count: number, side: 'left' | 'right', turns: readonly string[]): string[] {
  const [inward, outward] = side === 'right' ? ['left', 'right'] : ['right', 'left'];
  return Array.from({ length: count }, (_, lane) => {
    const own: string[] = [];
    if (lane === 0 && turns.includes(inward)) own.push(inward);
    const isMiddle = lane > 0 && lane < count - 1;
    if (turns.includes('straight') && (isMiddle || count < 3 || stream() < 0.5)) own.push('straight');
    if (lane === count - 1 && turns.includes(outward)) own.push(outward);
    if (own.length === 0) own.push(turns.includes('straight') ? 'straight' : turns[0]!);
    return `{ movements: [${own.join(', ')}] }`;
  });
}

const opposite = (arm: string): string => ARMS[(ARMS.indexOf(arm as (typeof ARMS)[number]) + 2) % 4]!;

/** Stages, one an arm or one for opposite arms, whose turns yield to each other and to the people beside them. */
function signalsText(stream: RandomStream, arms: readonly string[], isWalked: boolean, isYielding: boolean): string {
  const together = isYielding ? [['N', 'S'].filter((arm) => arms.includes(arm)), ['E', 'W']] : arms.map((arm) => [arm]);
  const besides = (stage: readonly string[]) =>
    isWalked ? arms.filter((arm) => !stage.includes(arm) && !stage.includes(opposite(arm))) : [];
  const permitted = [
    ...(isYielding
      ? together.filter(({ length }) => length === 2).flatMap(([a, b]) => [`[${a}, ${b}]`, `[${b}, ${a}]`])
      : []),
    ...arms.flatMap((arm) => besides([arm]).map((other) => `[${arm}, ${other}-walk]`)),
  ];
  const stages = together.map((stage) => {
    const groups = [...stage, ...besides(stage).map((arm) => `${arm}-walk`)];
    const green = isWalked ? between(stream, 30, 50) : between(stream, 7, 30);
    return `        - { id: ${stage.join('')}, groups: [${groups.join(', ')}], greenSeconds: ${green.toFixed(0)} }`;
  });
  const pairs = permitted.length > 0 ? `      permitted: [${permitted.join(', ')}]\n` : '';
  return `${pairs}      stages:\n${stages.join('\n')}`;
}

/** The text of scenario number `seed`. */
export function anyScenarioText(seed: number): string {
  const stream = randomStream(seed, 'anything');
  const side = pick(stream, ['left', 'right'] as const);
  const arms = stream() < 0.7 ? [...ARMS] : ARMS.filter((arm) => arm !== 'N');
  const isPair = stream() < 0.3;
  const roadLanes = 1 + Math.floor(stream() * 2);
  const width = pick(stream, [2.9, 3, 3.25, 3.5, 3.75]);
  const turnsFrom = (arm: string): string[] => {
    const i = ARMS.indexOf(arm as (typeof ARMS)[number]);
    const at = (k: number) => ARMS[(i + k) % 4]!;
    return [
      ...(arms.includes(at(1)) ? ['left'] : []),
      ...(arms.includes(at(2)) ? ['straight'] : []),
      ...(arms.includes(at(3)) ? ['right'] : []),
    ];
  };
  const isWalked = stream() < 0.5;
  const isYielding = stream() < 0.5;
  const approach = (arm: string, link: string): string => {
    const count = link === '' ? 1 + Math.floor(stream() * 3) : roadLanes;
    const stops =
      stream() < 0.4
        ? `, busStops: [{ distanceMetres: ${between(stream, 25, 120).toFixed(0)}, kind: ${pick(stream, ['kerb', 'bay'])}, dwellSeconds: ${between(stream, 5, 25).toFixed(0)}, side: ${pick(stream, ['approach', 'exit'])} }]`
        : '';
    return `      - { name: ${arm}, exitLanes: ${link === '' ? 3 : roadLanes}, lanes: [${lanesOf(stream, count, side, turnsFrom(arm)).join(', ')}]${stops}${link} }`;
  };
  const junction = (name: string, longitude: number, other: string, joined: string): string => {
    const texts = arms.map((arm) => {
      if (arm !== joined) return approach(arm, '');
      const turns = turnsFrom(arm);
      const shares = turns.map((turn) => `${turn}: ${1 / turns.length}`).join(', ');
      const exit = joined === 'E' ? 'W' : 'E';
      return approach(arm, `, from: { junction: ${other}, exit: ${exit} }, turnShares: { ${shares} }`);
    });
    return `  - name: ${name}
    latitude: 0
    longitude: ${longitude}
    approachDefaults: { lengthMetres: 160, speedLimitKilometresPerHour: ${pick(stream, [30, 40, 50, 60])}, laneWidthMetres: ${width} }
    approaches:
${texts.join('\n')}
    signalGroups:
${arms
  .map(
    (arm) =>
      `      - { id: ${arm}, movements: [${turnsFrom(arm)
        .map((turn) => `${arm}-${turn}`)
        .join(', ')}] }`,
  )
  .join(
    '\n',
  )}${isWalked ? `\n    crossings: [${arms.map((arm) => `{ approach: ${arm}, button: ${stream() < 0.3} }`).join(', ')}]` : ''}
    signals:
      maxCycleSeconds: 400
${signalsText(stream, arms, isWalked, isYielding)}`;
  };
  const names = isPair ? ['first', 'second'] : ['first'];
  const junctions = isPair
    ? [junction('first', 0, 'second', 'E'), junction('second', between(stream, 0.0016, 0.003), 'first', 'W')]
    : [junction('first', 0, '', '')];
  const weights = {
    car: 1,
    'two-wheeler': 1.5,
    rickshaw: 0.7,
    bus: 0.4,
    truck: 0.3,
    emergency: 0.1,
    lcv: 0.4,
    bicycle: 0.3,
  };
  const drawn = Object.entries(weights)
    .filter(([name]) => name === 'car' || stream() < 0.7)
    .map(([name, weight]) => [name, weight * (0.1 + stream())] as const);
  const sum = drawn.reduce((total, [, weight]) => total + weight, 0);
  const shares = drawn.map(([name, weight]) => [name, Math.round((1000 * weight) / sum) / 1000] as const);
  const rest = 1 - shares.slice(1).reduce((total, [, share]) => total + share, 0);
  const classes = shares.map(([name, share], i) => {
    const law = pick(stream, ['idm', 'idm', 'idm', 'krauss', 'cityflow']);
    const integration = pick(stream, ['ballistic', 'ballistic', 'euler']);
    const filters = name === 'two-wheeler' && stream() < 0.2 ? ', filtersToFront: false' : '';
    const own = i === 0 ? rest : share;
    return `  ${name}: { share: ${own.toFixed(6)}, carFollowing: ${law}, integration: ${integration}${filters} }`;
  });
  const flows = names.flatMap((name) =>
    arms
      .filter((arm) => !isPair || arm !== (name === 'first' ? 'E' : 'W'))
      .flatMap((arm) =>
        turnsFrom(arm).map(
          (turn) =>
            `    - { junction: ${name}, approach: ${arm}, movement: ${turn}, vehiclesPerHour: ${(between(stream, 0, 1) * between(stream, 100, 1400)).toFixed(0)} }`,
        ),
      ),
  );
  const people = names.flatMap((name) =>
    arms.map(
      (arm) =>
        `    - { junction: ${name}, approach: ${arm}, pedestriansPerHour: ${between(stream, 20, 900).toFixed(0)}, cyclistShare: ${pick(stream, [0, 0.2, 1])} }`,
    ),
  );
  return `version: 1
drivingSide: ${side}
stepSeconds: ${pick(stream, [0.1, 0.2, 0.25, 0.5, 1])}
durationSeconds: ${DURATION_SECONDS}
saturationFlowPerHourPerLane: ${pick(stream, [1600, 1800, 1900])}
junctions:
${junctions.join('\n')}
vehicleClasses:
${classes.join('\n')}
demand:
  flows:
${flows.join('\n')}
${isWalked ? `  pedestrians:\n${people.join('\n')}\n  walking: { enterInClearanceShare: ${pick(stream, [0, 0, 0.2, 1])} }\n` : ''}variants:
  - { name: baseline, strategy: fixed-time }
`;
}

/** Scenario number `seed`. Throws where its text is refused: then the generator is wrong. */
export function anyScenario(seed: number): Scenario {
  const text = anyScenarioText(seed);
  const { scenario, issues } = parseScenario(text, `anything-${seed}.yaml`);
  if (scenario === undefined) {
    throw new Error(issues.map(({ line, path, message }) => `${line} ${path} ${message}`).join('\n') + text);
  }
  return scenario;
}
