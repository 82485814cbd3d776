/** What is imported: a peer's network, signals and vehicles, and what becomes of them. */
import type { Demand, Network } from '../../sim/core.ts';
import type { Configured } from '../../sim/network/plan-configuration.ts';

export interface ImportModel {
  readonly name: string;
  /** Where it comes from, for the description. */
  readonly origin: string;
  readonly network: Network;
  readonly demand: Demand;
  /** By vehicle class of the demand: a name of the scenarios' classes. */
  readonly kindOfClass: readonly string[];
  readonly signals: readonly Configured[];
  /** Group of the network (global index) of each signal group of a junction's configuration. */
  readonly groupsOf: readonly (readonly number[])[];
  readonly isLefthand: boolean;
  /**
   * Where vehicles prolong greens of some program: how long after the last one at the line such a green ends, seconds. Then
   * the baseline is vehicle-actuated too. Absent: they prolong none.
   */
  readonly passageSeconds?: number;
  readonly laneWidths: Float64Array;
  readonly durationSeconds: number;
  readonly startsAtMs: number;
  /** Degrees of a point of the network. */
  readonly place: (x: number, y: number) => { readonly latitude: number; readonly longitude: number };
}

/** Notes without repetition, in the order in which they came up, with how often. */
export class ImportNotes {
  private readonly counts = new Map<string, { count: number; first: string }>();

  add(what: string, where: string): void {
    const known = this.counts.get(what);
    if (known === undefined) this.counts.set(what, { count: 1, first: where });
    else known.count++;
  }

  list(): string[] {
    return [...this.counts].map(([what, { count, first }]) =>
      count === 1 ? `${what} (${first})` : `${what} (${count} times, first ${first})`,
    );
  }
}

/** A name as scenarios have them: letters, digits, - and _, at most 48 characters. */
export function scenarioName(text: string, taken: Set<string>): string {
  const plain =
    text
      .replace(/[^A-Za-z0-9_-]/g, '_')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 44) || 'x';
  let name = plain;
  for (let n = 2; taken.has(name); n++) name = `${plain}-${n}`;
  taken.add(name);
  return name;
}
