/** From what the file says of demand to flows per movement. */
import type { ResolvedGround } from './arms.ts';
import type { Path } from './document.ts';
import type { Findings } from './findings.ts';
import { listed, show } from './issues.ts';
import { type DemandFile, LIMITS } from './schema.ts';
import type { DemandFlow } from './types.ts';

const USUAL_PERIOD_SECONDS = 300;
const VEHICLES: VolumeWords = { count: 'vehicles', perHour: 'vehiclesPerHour', whole: 'whole vehicles' };

/** A junction as far as demand needs it; `ground` is absent where it has mistakes of its own. */
export interface DemandJunction {
  readonly name: string;
  readonly ground: ResolvedGround | null;
}

type FlowFile = DemandFile['flows'][number];

/** Checks every flow against the junctions and the duration; flows with mistakes are left out of what it returns. */
export function buildDemand(
  demand: DemandFile,
  junctions: readonly DemandJunction[],
  durationSeconds: number,
  findings: Findings,
): DemandFlow[] {
  const period = demand.periodSeconds ?? USUAL_PERIOD_SECONDS;
  const seen = new Map<string, number>();
  const flows: DemandFlow[] = [];
  for (const [index, file] of demand.flows.entries()) {
    const path: Path = ['demand', 'flows', index];
    const place = placeOf(file, path, junctions, findings);
    const volume = volumeOf(
      { ...file, count: file.vehicles, perHour: file.vehiclesPerHour },
      demand,
      path,
      period,
      durationSeconds,
      findings,
      VEHICLES,
    );
    if (place === null || volume === null) continue;
    const key = `${place.junction}/${place.movement}`;
    if (seen.has(key)) {
      findings.add(
        [...path, 'movement'],
        `is ${place.movement}, whose vehicles flow ${seen.get(key)} says already`,
        'Add the figures together in one of them.',
      );
      continue;
    }
    seen.set(key, index);
    flows.push({ ...place, ...volume });
  }
  checkTotal(demand, flows, findings);
  return flows;
}

function placeOf(
  file: FlowFile,
  path: Path,
  junctions: readonly DemandJunction[],
  findings: Findings,
): Pick<DemandFlow, 'junction' | 'approach' | 'movement'> | null {
  const names = junctions.map((junction) => junction.name);
  if (file.junction === undefined && junctions.length !== 1) {
    findings.add(
      [...path, 'junction'],
      `is missing; with ${junctions.length} junctions each flow needs it`,
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
  const { arms, movements } = junction.ground;
  const arm = arms.find((each) => each.name === file.approach);
  if (arm === undefined) {
    findings.addUnknown(
      [...path, 'approach'],
      'the approach',
      file.approach,
      arms.map((each) => each.name),
    );
    return null;
  }
  if (arm.from !== undefined) {
    findings.add(
      [...path, 'approach'],
      `is ${file.approach}, which vehicles reach from ${arm.from.junction}; traffic enters only where no junction feeds the approach`,
      'Remove the flow; turnShares of the approach say where those vehicles go.',
    );
    return null;
  }
  const own = movements.filter((each) => each.from === arm.name);
  const meant = own.filter((each) => each.name === file.movement || each.turn === file.movement);
  if (meant.length === 1) return { junction: junction.name, approach: arm.name, movement: meant[0]!.name };
  const at: Path = [...path, 'movement'];
  if (meant.length > 1) {
    findings.add(
      at,
      `is ${show(file.movement)}, which ${arm.name} has to ${listed(meant.map((each) => each.to))}`,
      `Name one of ${listed(meant.map((each) => each.name))}.`,
    );
  } else {
    const known = [...new Set(own.flatMap((each) => [each.turn, each.name]))];
    findings.addUnknown(at, `a movement of ${arm.name},`, file.movement, known);
  }
  return null;
}

/** What a flow is called in messages. */
export interface VolumeWords {
  readonly count: string;
  readonly perHour: string;
  /** What recorded counts are: `whole vehicles`. */
  readonly whole: string;
}

interface VolumeFile {
  readonly count?: readonly number[];
  readonly perHour?: number;
  readonly arrivals?: DemandFlow['arrivals'];
}

/** Counts by period from counts or a rate; null where the file says neither, both, or too few (reported). */
export function volumeOf(
  file: VolumeFile,
  demand: DemandFile,
  path: Path,
  period: number,
  duration: number,
  findings: Findings,
  words: VolumeWords,
): Pick<DemandFlow, 'periodSeconds' | 'vehicles' | 'arrivals'> | null {
  const arrivals = file.arrivals ?? demand.arrivals ?? 'poisson';
  const { count, perHour } = file;
  if ((count === undefined) === (perHour === undefined)) {
    const message =
      count === undefined
        ? `says neither ${words.count} nor ${words.perHour}`
        : `says both ${words.count} and ${words.perHour}`;
    findings.addConsequence(path, [path], `${message}; exactly one is needed`, 'Keep one of them.');
    return null;
  }
  if (perHour !== undefined) {
    if (arrivals === 'recorded') {
      findings.add(
        [...path, words.perHour],
        'is a rate, but recorded arrivals are counts',
        `Give ${words.count}, or make the arrivals poisson or even.`,
      );
      return null;
    }
    return { periodSeconds: duration, vehicles: [(perHour * duration) / 3600], arrivals };
  }
  const needed = Math.ceil(duration / period);
  const at: Path = [...path, words.count];
  if (count!.length !== needed) {
    const hint =
      count!.length < needed
        ? 'Add to the list, or lower durationSeconds.'
        : 'Shorten the list, or raise durationSeconds.';
    findings.addConsequence(
      at,
      [at, ['durationSeconds'], ['demand', 'periodSeconds']],
      `has ${count!.length} periods of ${period} s; ${duration} s (durationSeconds) take ${needed}`,
      hint,
    );
    return null;
  }
  const broken = arrivals === 'recorded' ? count!.findIndex((each) => Math.floor(each) !== each) : -1;
  if (broken >= 0) {
    findings.add(
      [...at, broken],
      `is ${count![broken]}; recorded arrivals are ${words.whole}`,
      'Round it, or make the arrivals poisson or even.',
    );
    return null;
  }
  return { periodSeconds: period, vehicles: count!, arrivals };
}

function checkTotal(demand: DemandFile, flows: readonly DemandFlow[], findings: Findings): void {
  const total = flows.reduce((sum, flow) => sum + flow.vehicles.reduce((part, count) => part + count, 0), 0);
  const path: Path = ['demand', 'flows'];
  if (total > LIMITS.vehiclesInAll) {
    findings.addConsequence(
      path,
      [path],
      `ask for ${Math.round(total)} vehicles; at most ${LIMITS.vehiclesInAll}`,
      'Lower the figures or the duration.',
    );
  }
  if (flows.length === demand.flows.length && total === 0) {
    findings.addConsequence(path, [path], 'ask for no vehicle at all', 'Give at least one movement some.');
  }
}
