/** A left turn that is always green, out of a queue that never ends, across random traffic on one lane: what `bench:theory` compares with gap acceptance. */
import { parseScenario } from '../scenarios/load.ts';
import { demandFromScenario } from '../sim/demand/demand.ts';
import { networkFromScenario } from '../sim/network/scenario.ts';
import { permittedLeft } from '../sim/testing/permitted-left.ts';
import { createEngine } from '../sim/traffic/engine.ts';

const STEP = 0.5;
const WARM_UP_SECONDS = 300;
const HOUR = 3600;
const GREEN_LAMP = 1;
/** HCM's critical gap and follow-up time of a permitted left turn, s. */
export const HCM_CRITICAL_GAP = 4.5;
export const FOLLOW_UP = 2.5;

export interface Turns {
  readonly turnedPerHour: number;
  /** Headways of the opposing traffic at its stop line, s. */
  readonly headways: readonly number[];
}

/** One hour, after five minutes of warm-up. */
export function permittedTurns(opposingPerHour: number, seed: number): Turns {
  const { scenario, issues } = parseScenario(permittedLeft(opposingPerHour, WARM_UP_SECONDS + HOUR), 'permitted.yaml');
  if (scenario === undefined) throw new Error(issues.map((issue) => JSON.stringify(issue)).join('\n'));
  const network = networkFromScenario(scenario);
  const demand = demandFromScenario(scenario, network, seed);
  const engine = createEngine(network, demand, { stepSeconds: STEP, seed });
  const { signalGroups } = network.junctions[0]!.configuration!;
  let turnedPerHour = 0;
  const passed: number[] = [];
  while (engine.tick * STEP < WARM_UP_SECONDS + HOUR) {
    signalGroups.forEach(({ id }, g) => {
      engine.groupLamp[g] = /^[EW]/.test(id) ? GREEN_LAMP : 0;
    });
    engine.step();
    const { crossings } = engine;
    for (let i = 0; i < crossings.count; i++) {
      const { kind, approach } = network.detectors[crossings.detector[i]!]!;
      if (kind !== 'stopline' || crossings.at[i]! < WARM_UP_SECONDS) continue;
      if (network.approaches[approach]!.name === 'W') turnedPerHour++;
      else passed.push(crossings.at[i]!);
    }
  }
  passed.sort((a, b) => a - b);
  return { turnedPerHour, headways: passed.slice(1).map((at, i) => at - passed[i]!) };
}

/** Vehicles that could use these headways: as many follow-ups as fit after the critical gap, counted on average (Siegloch). */
export function acceptedIn(headways: readonly number[], criticalGap: number, followUp: number): number {
  return headways.reduce((sum, gap) => sum + (gap > criticalGap ? (gap - criticalGap) / followUp + 0.5 : 0), 0);
}

/** HCM: v e^(-v tc) / (1 - e^(-v tf)), random traffic whose vehicles have no length. */
export function hcmPermittedTurns(opposingPerHour: number): number {
  const perSecond = opposingPerHour / HOUR;
  return (opposingPerHour * Math.exp(-perSecond * HCM_CRITICAL_GAP)) / (1 - Math.exp(-perSecond * FOLLOW_UP));
}
