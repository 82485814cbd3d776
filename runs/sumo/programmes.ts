/** Peers: SUMO's own ways of running a signal, written as additional files that replace the net's programmes. */
import { sumoDemand } from '../../sim/network/sumo/demand.ts';
import type { SumoNet, SumoPhase, SumoProgram } from '../../sim/network/sumo/net-types.ts';
import { readSumoRoutes } from '../../sim/network/sumo/routes.ts';
import { readInputText } from '../input-text.ts';
import type { SumoCase } from './case.ts';

/** What SUMO itself can run. `fixed-time`: the programme as shipped; `re-timed`: its greens by Webster from the demand. */
export const SUMO_STRATEGIES = ['fixed-time', 're-timed', 'sumo-actuated', 'sumo-delay-based'] as const;
export type SumoStrategy = (typeof SUMO_STRATEGIES)[number];

const MIN_GREEN_SECONDS = 5;
const MAX_GREEN_SECONDS = 50;
/** What a lane of SUMO's default cars discharges at steps of 1 s. */
const SATURATION_PER_HOUR = 1865;
const MAX_CYCLE_SECONDS = 120;
const MIN_CYCLE_SECONDS = 30;

/** The additional file that puts `strategy` in the place of every programme; null: the net's own are meant. */
export async function programmesFor(sumoCase: SumoCase, strategy: SumoStrategy): Promise<string | null> {
  if (strategy === 'fixed-time') return null;
  const programs = [...sumoCase.net.programs.values()].map((list) => list.at(-1)!);
  if (strategy === 're-timed') {
    const flows = await flowsOf(sumoCase);
    return additional(programs.map((program) => retimed(sumoCase.net, program, flows)));
  }
  const type = strategy === 'sumo-actuated' ? 'actuated' : 'delay_based';
  return additional(programs.map((program) => tlLogic(program, type, program.phases, isGreenPhase)));
}

function additional(logics: readonly string[]): string {
  return `<additional>\n${logics.join('\n')}\n</additional>\n`;
}

function isGreenPhase({ state, durationSeconds }: SumoPhase): boolean {
  return /[Gg]/.test(state) && !/[yu]/.test(state) && durationSeconds >= MIN_GREEN_SECONDS;
}

function tlLogic(
  program: SumoProgram,
  type: string,
  phases: readonly SumoPhase[],
  varies: (phase: SumoPhase) => boolean,
): string {
  const lines = phases.map((phase) => {
    const bounds =
      type !== 'static' && varies(phase) ? ` minDur="${MIN_GREEN_SECONDS}" maxDur="${MAX_GREEN_SECONDS}"` : '';
    return `    <phase duration="${phase.durationSeconds}"${bounds} state="${phase.state}"/>`;
  });
  const id = escaped(program.signal);
  const offset = type === 'static' ? program.offsetSeconds : 0;
  return `  <tlLogic id="${id}" type="${type}" programID="flextraff" offset="${offset}">\n${lines.join('\n')}\n  </tlLogic>`;
}

export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}

/** Vehicles an hour from edge to edge, by `from to` (indices), as the routes have them. */
async function flowsOf(sumoCase: SumoCase): Promise<Map<string, number>> {
  const { net, routeFiles, beginSeconds, endSeconds, stepSeconds, seed } = sumoCase;
  const files = await Promise.all(routeFiles.map(async (file) => readSumoRoutes(await readInputText(file), file, net)));
  const end = Number.isNaN(endSeconds) ? 1e9 : endSeconds;
  const demand = sumoDemand(net, files, { beginSeconds, endSeconds: end, stepSeconds, seed });
  const last = demand.departures.at(-1)?.departSeconds ?? beginSeconds;
  const hours = Math.max(1, Math.min(end, last) - beginSeconds) / 3600;
  const flows = new Map<string, number>();
  for (const { route } of demand.departures) {
    const edges = demand.routes[route]!;
    for (let i = 0; i + 1 < edges.length; i++) {
      const key = `${edges[i]} ${edges[i + 1]}`;
      flows.set(key, (flows.get(key) ?? 0) + 1 / hours);
    }
  }
  return flows;
}

/**
 * The programme's greens by Webster (1958): critical flow ratios of its phases, cycle `(1.5 L + 5) / (1 - Y)` within 30 and
 * 120 s, the longest where Y leaves no room. A flow is spread evenly over the lanes that lead where it goes; a lane counts
 * for the phase that serves it, and where several do in the part that each has of them.
 */
function retimed(net: SumoNet, program: SumoProgram, flows: ReadonlyMap<string, number>): string {
  const { phases } = program;
  const varies = phases.map(isGreenPhase);
  const links = net.connections.flatMap((connection) => {
    if (connection.tl !== program.signal) return [];
    const [from, to] = [net.lanes[connection.fromLane]!.edge, net.lanes[connection.toLane]!.edge];
    const alike = net.edges[from]!.lanes.flatMap((lane) => net.connectionsOf[lane]!).filter(
      (c) => net.lanes[net.connections[c]!.toLane]!.edge === to,
    );
    return [{ ...connection, perHour: (flows.get(`${from} ${to}`) ?? 0) / Math.max(1, alike.length) }];
  });
  const isGreen = (phase: SumoPhase, index: number): boolean => 'Gg'.includes(phase.state[index]!);
  const ratio = phases.map((phase, k) => {
    if (!varies[k]) return 0;
    const byLane = new Map<number, number>();
    for (const { fromLane, linkIndex, perHour } of links) {
      if (!isGreen(phase, linkIndex)) continue;
      const total = phases.reduce(
        (sum, other, j) => sum + (varies[j] && isGreen(other, linkIndex) ? other.durationSeconds : 0),
        0,
      );
      const part = (perHour * phase.durationSeconds) / Math.max(1, total);
      byLane.set(fromLane, (byLane.get(fromLane) ?? 0) + part);
    }
    return Math.max(0, ...byLane.values()) / SATURATION_PER_HOUR;
  });
  const lost = phases.reduce((sum, { durationSeconds }, k) => sum + (varies[k] ? 0 : durationSeconds), 0);
  const y = ratio.reduce((sum, value) => sum + value, 0);
  const wanted = y < 0.95 ? (1.5 * lost + 5) / (1 - y) : MAX_CYCLE_SECONDS;
  const greens = varies.filter(Boolean).length;
  const cycle = Math.max(
    lost + greens * MIN_GREEN_SECONDS,
    Math.min(Math.max(wanted, MIN_CYCLE_SECONDS), Math.max(MAX_CYCLE_SECONDS, lost + greens * MIN_GREEN_SECONDS)),
  );
  const spare = cycle - lost - greens * MIN_GREEN_SECONDS;
  const timed = phases.map((phase, k): SumoPhase => {
    if (!varies[k]) return phase;
    const share = y > 0 ? ratio[k]! / y : 1 / greens;
    return { ...phase, durationSeconds: MIN_GREEN_SECONDS + Math.round(share * spare) };
  });
  return tlLogic(program, 'static', timed, () => false);
}
