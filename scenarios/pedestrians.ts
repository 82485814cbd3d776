/** From what the file says of people on foot and on bicycles to flows per crossing and direction. */
import { type DemandJunction, volumeOf } from './demand.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { listed } from './issues.ts';
import type { DemandFile } from './schema.ts';
import { LIMITS } from './schema-parts.ts';
import type { PedestrianFlow, WalkingSettings } from './types.ts';

const USUAL_PERIOD_SECONDS = 300;

/**
 * Weidmann 1993 has walkers at 1.34 m/s with a deviation of 0.26 m/s: its 15th percentile is MUTCD's 1.07 m/s, for which
 * clearances are made.
 */
const USUAL_WALKING: WalkingSettings = {
  meanMetresPerSecond: 1.34,
  deviationMetresPerSecond: 0.26,
  cyclistMeanMetresPerSecond: 3.5,
  cyclistDeviationMetresPerSecond: 0.6,
  startUpSeconds: 1,
  enterInClearanceShare: 0,
};

export function walkingOf(demand: DemandFile | undefined): WalkingSettings {
  return { ...USUAL_WALKING, ...demand?.walking };
}

/** Checks every entry against the junctions and the duration; entries with mistakes are left out of what it returns. */
export function buildPedestrians(
  demand: DemandFile,
  junctions: readonly DemandJunction[],
  durationSeconds: number,
  findings: Findings,
): PedestrianFlow[] {
  const period = demand.periodSeconds ?? USUAL_PERIOD_SECONDS;
  const seen = new Map<string, number>();
  const flows: PedestrianFlow[] = [];
  let total = 0;
  for (const [index, file] of (demand.pedestrians ?? []).entries()) {
    const path: Path = ['demand', 'pedestrians', index];
    const junction = crossingOf(file, path, junctions, findings);
    const volume = volumeOf(
      { count: file.pedestrians, perHour: file.pedestriansPerHour, arrivals: file.arrivals ?? 'poisson' },
      demand,
      path,
      period,
      durationSeconds,
      findings,
      { count: 'pedestrians', perHour: 'pedestriansPerHour', whole: 'whole people' },
    );
    if (junction === null || volume === null) continue;
    const key = `${junction}/${file.approach}`;
    if (seen.has(key)) {
      findings.add(
        [...path, 'approach'],
        `is ${file.approach}, whose people entry ${seen.get(key)} says already`,
        'Add the figures together in one of them.',
      );
      continue;
    }
    seen.set(key, index);
    total += volume.vehicles.reduce((sum, count) => sum + count, 0);
    flows.push(...directions(junction, file, { ...volume, arrivals: file.arrivals ?? 'poisson' }));
  }
  if (total > LIMITS.vehiclesInAll) {
    const path: Path = ['demand', 'pedestrians'];
    const message = `ask for ${Math.round(total)} people; at most ${LIMITS.vehiclesInAll}`;
    findings.addConsequence(path, [path], message, 'Lower the figures or the duration.');
  }
  return flows;
}

type PedestriansFile = NonNullable<DemandFile['pedestrians']>[number];

/** Both directions of a crossing; recorded people are whole ones, the odd one goes counterclockwise. */
function directions(
  junction: string,
  file: PedestriansFile,
  volume: { periodSeconds: number; vehicles: readonly number[]; arrivals: PedestrianFlow['arrivals'] },
): PedestrianFlow[] {
  const share = file.clockwiseShare ?? 0.5;
  const { periodSeconds, vehicles, arrivals } = volume;
  const clockwise = vehicles.map((count) => (arrivals === 'recorded' ? Math.floor(count * share) : count * share));
  const people = { clockwise, counterclockwise: vehicles.map((count, i) => count - clockwise[i]!) };
  return (['clockwise', 'counterclockwise'] as const).map((direction) => ({
    junction,
    approach: file.approach,
    direction,
    periodSeconds,
    people: people[direction],
    arrivals,
    cyclistShare: file.cyclistShare ?? 0,
  }));
}

/** Name of the junction that has the crossing, null where there is none (reported) or the junction has mistakes of its own. */
function crossingOf(
  file: PedestriansFile,
  path: Path,
  junctions: readonly DemandJunction[],
  findings: Findings,
): string | null {
  const names = junctions.map((junction) => junction.name);
  if (file.junction === undefined && junctions.length !== 1) {
    findings.add(
      [...path, 'junction'],
      `is missing; with ${junctions.length} junctions each entry needs it`,
      `Add it, one of ${listed(names)}.`,
    );
    return null;
  }
  const junction = file.junction === undefined ? junctions[0]! : junctions.find((each) => each.name === file.junction);
  if (junction === undefined) {
    findings.addUnknown([...path, 'junction'], 'the junction', file.junction!, names);
    return null;
  }
  if (junction.ground === null) return null;
  const { arms, crossings } = junction.ground;
  const at: Path = [...path, 'approach'];
  if (!arms.some((arm) => arm.name === file.approach)) {
    const known = arms.map((arm) => arm.name);
    findings.addUnknown(at, 'the approach', file.approach, known);
    return null;
  }
  if (!crossings.some((crossing) => crossing.approach === file.approach)) {
    findings.add(
      at,
      `is ${file.approach}, which has no crossing at ${junction.name}`,
      `Add { approach: ${file.approach} } to the crossings of the junction and its group to a stage, or remove the entry.`,
    );
    return null;
  }
  return junction.name;
}
