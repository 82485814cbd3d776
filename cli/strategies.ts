/** `flextraff strategies`: what can be chosen, what each needs and its parameters; docs/STRATEGIES.md is made of the same. */
import { STRATEGIES, strategyNamed } from '../controller/strategies/index.ts';
import type { Strategy } from '../controller/types.ts';

type Parameter = Strategy['parameters'][string];

interface Options {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** Prints all strategies, or one with its parameters. Throws StrategyError for one that does not exist. */
export function listStrategies(name: string | undefined, { json, markdown }: Options): void {
  const chosen = name === undefined ? STRATEGIES : [strategyNamed(name)];
  if (json) {
    const strategies = chosen.map(({ name, description, needs, parameters }) => ({
      name,
      description,
      needs,
      parameters,
    }));
    process.stdout.write(`${JSON.stringify({ strategies })}\n`);
  } else if (markdown) process.stdout.write(strategiesMarkdown());
  else process.stdout.write(name === undefined ? overview() : page(chosen[0]!));
}

const placesOf = ({ needs }: Strategy): string =>
  needs.map((position) => (position === 'stopline' ? 'stop-line' : position)).join(' and ');

const needsOf = (strategy: Strategy): string =>
  strategy.needs.length === 0 ? 'no detectors' : `${placesOf(strategy)} detectors at every approach`;

/** What may be given, and what it is without: `2.5 (0.5 to 20)`. */
function valuesOf({ default: value, min, max }: Parameter): string {
  const usual = value === '' ? 'empty' : String(value);
  return min === undefined || max === undefined ? usual : `${usual} (${min} to ${max})`;
}

function overview(): string {
  const width = Math.max(...STRATEGIES.map(({ name }) => name.length));
  const lines = STRATEGIES.map(
    (strategy) =>
      `${strategy.name.padEnd(width)}  ${strategy.description}\n${' '.repeat(width)}  Needs ${needsOf(strategy)}.`,
  );
  return `${lines.join('\n')}\n\nflextraff strategies NAME lists the parameters of one.\n`;
}

function page(strategy: Strategy): string {
  const rows = Object.entries(strategy.parameters);
  const width = Math.max(...rows.map(([name, parameter]) => `${name}=${valuesOf(parameter)}`.length));
  const lines = rows.map(([name, parameter]) => {
    return `  ${`${name}=${valuesOf(parameter)}`.padEnd(width)}  ${parameter.description}`;
  });
  return `${strategy.name}: ${strategy.description}\nNeeds ${needsOf(strategy)}.\n\nParameters, with what each is if not given, and its range:\n${lines.join('\n')}\n`;
}

/** Parameters that so many strategies share are told once. */
const SHARED_BY_AT_LEAST = 4;

/** docs/STRATEGIES.md. */
export function strategiesMarkdown(): string {
  const sharers = new Map<string, Strategy[]>();
  const keyOf = (name: string, parameter: Parameter): string => JSON.stringify([name, parameter]);
  for (const strategy of STRATEGIES) {
    for (const [name, parameter] of Object.entries(strategy.parameters)) {
      const key = keyOf(name, parameter);
      sharers.set(key, [...(sharers.get(key) ?? []), strategy]);
    }
  }
  const isShared = (name: string, parameter: Parameter): boolean =>
    sharers.get(keyOf(name, parameter))!.length >= SHARED_BY_AT_LEAST;
  const sections = STRATEGIES.map((strategy) => {
    const own = Object.entries(strategy.parameters).filter(([name, parameter]) => !isShared(name, parameter));
    const table = own.length === 0 ? '' : `\n${tableOf(own)}\n`;
    return `## \`${strategy.name}\`\n\n${strategy.description} Needs ${needsOf(strategy)}.\n${table}`;
  });
  const groups = new Map<string, [string, Parameter][]>();
  for (const strategy of STRATEGIES) {
    for (const [name, parameter] of Object.entries(strategy.parameters)) {
      if (!isShared(name, parameter)) continue;
      const all = sharers.get(keyOf(name, parameter))!;
      const who = all.length === STRATEGIES.length ? 'Of every strategy' : `Of ${listed(all)}`;
      const rows = groups.get(who) ?? [];
      if (!rows.some(([known]) => known === name)) groups.set(who, [...rows, [name, parameter]]);
    }
  }
  const shared = [...groups].map(([who, rows]) => `## ${who}\n\n${tableOf(rows)}\n`);
  return `${INTRODUCTION}\n${[...sections, ...shared].join('\n')}`;
}

const INTRODUCTION = `# Strategies and their parameters

Made by \`flextraff strategies --markdown\`; a test compares. A variant is \`--variant NAME=STRATEGY,parameter=value,...\`, in a scenario \`strategy:\` and \`parameters:\`. What is unknown, of another type or out of range is refused, with what is allowed. [CONTROL](CONTROL.md) says which strategy to take, and what each makes of which traffic.
`;

function listed(strategies: readonly Strategy[]): string {
  const names = strategies.map(({ name }) => `\`${name}\``);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function tableOf(rows: readonly (readonly [string, Parameter])[]): string {
  const lines = rows.map(([name, parameter]) => `| \`${name}\` | ${valuesOf(parameter)} | ${parameter.description} |`);
  return ['| parameter | if not given (range) | |', '|---|---|---|', ...lines].join('\n');
}
