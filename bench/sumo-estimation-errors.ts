/** How far off an estimate of who is in which lane is, second by second, from what there was: sums of errors, by state of the lamps. */
import { freeSeconds } from '../controller/estimation/reported.ts';
import type { Ground } from '../controller/estimation/streams.ts';
import type { LaneTraffic } from '../controller/estimation/vehicles.ts';
import type { Observation, ReportedVehicle } from '../controller/types.ts';

/** What was seen and what there was, of one junction in one second. */
export interface Frame {
  readonly observation: Observation;
  /** Every vehicle on the lanes of the junction. */
  readonly truth: readonly ReportedVehicle[];
}

export const STATES = ['red', 'green, first 10 s', 'green, later'] as const;

class Errors {
  n = 0;
  sum = 0;
  squares = 0;
  add(error: number): void {
    this.n++;
    this.sum += error;
    this.squares += error * error;
  }
  get bias(): number {
    return this.sum / Math.max(1, this.n);
  }
  get rmse(): number {
    return Math.sqrt(this.squares / Math.max(1, this.n));
  }
}

interface Tally {
  readonly count: Errors;
  /** Seconds with somebody believed to be there and nobody was; with somebody there whom nobody believed in. */
  phantom: number;
  missed: number;
  /** Seconds within two of the deviations stated, or half a vehicle. */
  within: number;
  readonly arrival: Errors;
  readonly beyond: Errors;
}

const newTally = (): Tally => ({
  count: new Errors(),
  phantom: 0,
  missed: 0,
  within: 0,
  arrival: new Errors(),
  beyond: new Errors(),
});

const START_SECONDS = 10;
const MOVING_METRES_PER_SECOND = 5;
const STANDING_METRES_PER_SECOND = 3;
const SIGHT_METRES = 200;

export class EstimationErrors {
  private readonly ground: Ground;
  private readonly limits: readonly number[];
  private readonly greenSeconds: number[];
  /** By stream, by state. */
  private readonly tallies: Tally[][];
  private readonly approaches: Errors[];
  /** By vehicle: the stream at whose upstream detector it passed. */
  private readonly passedIn = new Map<string, number>();
  private readonly lastIn = new Map<string, number>();
  /** By stream of the upstream detector, by stream of the line: vehicles. */
  readonly moves: number[][];

  constructor(ground: Ground, limits: readonly number[]) {
    this.ground = ground;
    this.limits = limits;
    this.greenSeconds = ground.streams.map(() => 0);
    this.tallies = ground.streams.map(() => STATES.map(newTally));
    this.approaches = ground.sections.map(() => new Errors());
    this.moves = ground.streams.map(() => ground.streams.map(() => 0));
  }

  add({ observation, truth }: Frame, estimates: readonly LaneTraffic[]): void {
    const { ground } = this;
    this.follow(truth);
    const differences = ground.sections.map(() => 0);
    ground.streams.forEach((stream, i) => {
      const lit = stream.groupIds.every((group) => observation.lamps.byGroup[group] === 'green');
      this.greenSeconds[i] = lit ? this.greenSeconds[i]! + 1 : 0;
      const state = !lit ? 0 : this.greenSeconds[i]! <= START_SECONDS ? 1 : 2;
      const metres = ground.sections[stream.section]!.metres ?? SIGHT_METRES;
      const there = truth.filter((one) => one.lane === stream.id).sort((a, b) => a.metres - b.metres);
      const within = there.filter((one) => one.metres <= metres);
      const { queued, coming, beyond, deviation, arrivals } = estimates[i]!;
      const guess = queued - beyond + coming;
      const tally = this.tallies[i]![state]!;
      const error = guess - within.length;
      tally.count.add(error);
      differences[stream.section]! += error;
      if (within.length === 0 && guess > 0.5) tally.phantom++;
      if (within.length > 0 && guess < 0.5) tally.missed++;
      if (Math.abs(error) <= Math.max(0.5, 2 * deviation)) tally.within++;
      const standing = there.filter((one) => one.metres > metres && one.metres <= SIGHT_METRES);
      tally.beyond.add(beyond - standing.filter((one) => one.metresPerSecond < STANDING_METRES_PER_SECOND).length);
      let mass = 0;
      let k = 0;
      for (const arrival of arrivals) {
        mass += arrival.mass;
        const one = within[k];
        if (one === undefined || mass < k + 0.5) continue;
        k++;
        if (one.metresPerSecond < MOVING_METRES_PER_SECOND) continue;
        const free = freeSeconds(one.metres, one.metresPerSecond, this.limits[i]!);
        tally.arrival.add(Math.max(0, arrival.inSeconds) - free);
      }
    });
    differences.forEach((difference, s) => {
      this.approaches[s]!.add(difference);
    });
  }

  private follow(truth: readonly ReportedVehicle[]): void {
    const { streams, sections } = this.ground;
    const there = new Set<string>();
    for (const { id, lane, metres } of truth) {
      const i = streams.findIndex((stream) => stream.id === lane);
      if (i < 0) continue;
      there.add(id);
      if (!this.passedIn.has(id) && metres <= (sections[streams[i]!.section]!.metres ?? 0)) this.passedIn.set(id, i);
      this.lastIn.set(id, i);
    }
    for (const [id, last] of this.lastIn) {
      if (there.has(id)) continue;
      const from = this.passedIn.get(id);
      if (from !== undefined) this.moves[from]![last]!++;
      this.lastIn.delete(id);
      this.passedIn.delete(id);
    }
  }

  /** As a table: a row a lane and state, and one of all. */
  table(): string {
    const rows: string[] = [];
    const all = STATES.map(() => ({
      n: 0,
      sum: 0,
      squares: 0,
      phantom: 0,
      missed: 0,
      within: 0,
      late: 0,
      lateSquares: 0,
      moving: 0,
    }));
    this.ground.streams.forEach(({ id }, i) => {
      STATES.forEach((state, k) => {
        const { count, phantom, missed, within, arrival, beyond } = this.tallies[i]![k]!;
        const a = all[k]!;
        a.n += count.n;
        a.sum += count.sum;
        a.squares += count.squares;
        a.phantom += phantom;
        a.missed += missed;
        a.within += within;
        a.late += arrival.sum;
        a.lateSquares += arrival.squares;
        a.moving += arrival.n;
        if (count.n > 0)
          rows.push(
            `| ${id} | ${state} | ${count.n} | ${two(count.bias)} | ${two(count.rmse)} | ${share(phantom, count.n)} | ${share(missed, count.n)} | ${share(within, count.n)} | ${two(arrival.bias)} | ${two(arrival.rmse)} | ${two(beyond.bias)} | ${two(beyond.rmse)} |`,
          );
      });
    });
    STATES.forEach((state, k) => {
      const a = all[k]!;
      rows.push(
        `| all | ${state} | ${a.n} | ${two(a.sum / a.n)} | ${two(Math.sqrt(a.squares / a.n))} | ${share(a.phantom, a.n)} | ${share(a.missed, a.n)} | ${share(a.within, a.n)} | ${two(a.late / a.moving)} | ${two(Math.sqrt(a.lateSquares / a.moving))} | | |`,
      );
    });
    const head =
      '| lane | lamps | seconds | vehicles: bias | RMSE | phantom | missed | within 2 deviations | arrival: bias s | RMSE | beyond: bias | RMSE |';
    const approaches = this.approaches.map(({ bias, rmse }) => `${two(bias)} / ${two(rmse)}`).join(', ');
    return `${head}\n|${'---|'.repeat(12)}\n${rows.join('\n')}\n\nApproaches, bias / RMSE: ${approaches}`;
  }

  /** By lane at the upstream detector: where they crossed the line. */
  exchanged(): string {
    return this.ground.streams
      .map(({ id }, from) => {
        const row = this.moves[from]!;
        const to = row.flatMap((n, i) => (n > 0 && i !== from ? [`${n} to ${this.ground.streams[i]!.id}`] : []));
        return `${id}: ${row[from]} stayed${to.length > 0 ? `, ${to.join(', ')}` : ''}`;
      })
      .join('\n');
  }
}

const two = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '-');
const share = (n: number, of: number): string => `${((100 * n) / Math.max(1, of)).toFixed(1)} %`;
