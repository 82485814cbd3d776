/** What scenarios are measured by beyond vehicles: discharge of queues, exhaust, movements and junctions. */
import type { Engine } from '../core.ts';
import { DischargeObserver } from './discharge.ts';
import { ExhaustMeter } from './exhaust.ts';
import { JunctionLosses } from './junctions.ts';
import { levelOfService } from './level-of-service.ts';
import { approachNames, type Measures } from './measures.ts';
import type { JunctionMeasures, VariantResult } from './types.ts';

type Result = Omit<VariantResult, 'strategy' | 'digest'>;

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

export class Survey {
  readonly #engine: Engine;
  readonly #measures: Measures;
  readonly #discharge: DischargeObserver;
  readonly #losses: JunctionLosses | null;
  readonly exhaust: ExhaustMeter;

  constructor(engine: Engine, measures: Measures, warmUpSeconds: number) {
    this.#engine = engine;
    this.#measures = measures;
    this.#discharge = new DischargeObserver(engine, warmUpSeconds);
    this.#losses =
      engine.network.junctions.length > 1
        ? new JunctionLosses(engine, (v) => engine.network.approaches[measures.entryApproach(v)]?.junction ?? -1)
        : null;
    this.exhaust = new ExhaustMeter(engine);
  }

  /** After each tick, which began at `begin`. */
  tick(begin: number): void {
    this.#discharge.tick(begin);
    this.exhaust.tick();
  }

  /** Once a second, after the measures were brought up to it. */
  look(): void {
    this.#losses?.look(this.#measures.firstMeasured);
  }

  /** The result with what is known here, `nowSeconds` being the end of the last tick. */
  added(result: Result, nowSeconds: number): Result {
    const { network } = this.#engine;
    const { firstMeasured } = this.#measures;
    const approaches = { ...result.approaches };
    approachNames(network).forEach((name, a) => {
      const found = this.#discharge.result(a);
      if (found === null || approaches[name] === undefined) return;
      const { saturationFlowPerHourPerLane, startUpLostSeconds } = found;
      approaches[name] = { ...approaches[name], saturationFlowPerHourPerLane, startUpLostSeconds };
    });
    return {
      ...result,
      ...this.exhaust.result(firstMeasured),
      approaches,
      movements: this.#measures.movements(),
      ...(this.#losses === null ? {} : { junctions: this.#junctions(this.#losses, nowSeconds) }),
    };
  }

  #junctions(losses: JunctionLosses, nowSeconds: number): Record<string, JunctionMeasures> {
    const { open, openCount, firstMeasured } = this.#measures;
    const found = losses.result(open, openCount, firstMeasured, nowSeconds);
    return Object.fromEntries(
      this.#engine.network.junctions.flatMap(({ name }, j) => {
        const { vehicles, mean } = found[j]!;
        if (vehicles === 0) return [];
        const measures: JunctionMeasures = {
          vehicles,
          delaySeconds: { mean: rounded(mean) },
          levelOfService: levelOfService(mean),
        };
        return [[name, measures]];
      }),
    );
  }
}
