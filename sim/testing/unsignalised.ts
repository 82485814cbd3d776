/** Random scenarios whose junctions have no signals, or some of them: those with everything on, their signals replaced by a rule. */
import { parseScenario } from '../../scenarios/load.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { randomStream } from '../random.ts';
import { anyScenarioText } from './anything.ts';

/** Of two junctions one keeps its signals as often as this. */
const SIGNALISED_SHARE = 0.3;

/** From the signal groups of a junction to its end. */
const SIGNALS = / {4}signalGroups:\n(?: {6}.*\n)+(?: {4}crossings: .*\n)?( {4}signals:\n(?: {6,}.*\n)+)/g;

/** Scenario number `seed`, without people. Throws where its text is refused: then the generator is wrong. */
export function unsignalisedScenario(seed: number): Scenario {
  const stream = randomStream(seed, 'unsignalised');
  const text = anyScenarioText(seed);
  const arms = [...new Set([...text.matchAll(/- \{ name: ([NESW]), exitLanes/g)].map((match) => match[1]!))];
  let place = 0;
  const changed = text.replace(SIGNALS, (whole) => {
    if (place++ > 0 && stream() < SIGNALISED_SHARE) return whole;
    const chosen = stream();
    if (chosen < 0.3) return '    rightOfWay: { rule: all-way-stop }\n';
    const major = arms.filter(() => stream() < 0.5);
    const named = major.length === 0 || major.length === arms.length ? [arms[0]!] : major;
    return `    rightOfWay: { rule: ${chosen < 0.65 ? 'stop' : 'yield'}, major: [${named.join(', ')}] }\n`;
  });
  const { scenario, issues } = parseScenario(withoutPeople(changed), `unsignalised-${seed}.yaml`);
  if (scenario === undefined)
    throw new Error(issues.map(({ line, path, message }) => `${line} ${path} ${message}`).join('\n') + changed);
  return scenario;
}

const withoutPeople = (text: string): string => text.replace(/ {2}pedestrians:\n(?: {4}.*\n)+ {2}walking: .*\n/, '');
