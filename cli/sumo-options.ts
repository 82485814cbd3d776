/** A scenario on the command line: a path or name, or SUMO's files one by one. */
import type { SumoFileNames } from '../runs/sumo-files.ts';
import { Refusal } from './failure.ts';

export interface ScenarioOptions {
  readonly net?: string;
  readonly routes?: string;
  readonly additional?: string;
  readonly begin?: number;
  readonly end?: number;
}

/** What to open. Throws Refusal for half a SUMO case, two scenarios, or none. */
export function scenarioOf(
  scenario: string | undefined,
  { net, routes, additional, begin, end }: ScenarioOptions,
): { readonly path: string; readonly sumo?: SumoFileNames } {
  const parts = { '--net': net, '--routes': routes, '--additional': additional, '--begin': begin, '--end': end };
  const given = Object.entries(parts).filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    if (scenario !== undefined) return { path: scenario };
    throw new Refusal(
      'Which scenario? `flextraff scenarios` lists those that ship; a scenario file, a .sumocfg, a CityFlow folder, or --net FILE --routes FILE will do too.',
    );
  }
  if (scenario !== undefined) {
    throw new Refusal(
      `${scenario} and ${given.map(([name]) => name).join(', ')}: give either a scenario or SUMO's files one by one.`,
    );
  }
  if (net === undefined || routes === undefined) {
    throw new Refusal(
      `${net === undefined ? '--net' : '--routes'} is missing: SUMO's files are given as --net FILE --routes FILE.`,
    );
  }
  if (begin !== undefined && end !== undefined && end - begin < 1) {
    throw new Refusal(`--end is ${end}, not a second after --begin ${begin}. Choose a later end.`);
  }
  const list = (text: string | undefined) => (text ?? '').split(',').filter((name) => name !== '');
  return {
    path: net,
    sumo: {
      net,
      routes: list(routes),
      additional: list(additional),
      ...(begin !== undefined && { begin }),
      ...(end !== undefined && { end }),
    },
  };
}
