/** What scenarios are measured by beyond vehicles: discharge of queues, exhaust, movements and junctions. */
import type { Engine } from '../core.ts';
import { DischargeObserver } from './discharge.ts';
import { ExhaustMeter } from './exhaust.ts';
import { JunctionLosses, type Passages } from './junctions.ts';
import { levelOfService, streetLevelOfService } from './level-of-service.ts';
import { approachNames, hasSignals, type Measures } from './measures.ts';
import type { JunctionMeasures, PassageMeasures, VariantResult } from './types.ts';

type Result = Omit<VariantResult, 'strategy' | 'digest'>;

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

const MOST_CLASSES = 24;

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
      engine.network.junctions.length > 1 ? new JunctionLosses(engine, (v) => measures.entryApproach(v)) : null;
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
    const classes = this.#measures.classes();
    return {
      ...result,
      ...this.exhaust.result(firstMeasured),
      approaches,
      movements: this.#measures.movements(),
      ...(isTellable(classes) && { classes }),
      ...(this.#losses && { junctions: this.#junctions(this.#losses, nowSeconds), ...this.#network() }),
    };
  }

  #junctions(losses: JunctionLosses, nowSeconds: number): Record<string, JunctionMeasures> {
    const { open, openCount, firstMeasured } = this.#measures;
    const { junctions, approaches } = this.#engine.network;
    const found = losses.result(open, openCount, firstMeasured, nowSeconds);
    return Object.fromEntries(
      junctions.flatMap(({ name }, j): [string, JunctionMeasures][] => {
        const own = approaches.flatMap((approach, a) =>
          approach.junction === j && found[a]!.vehicles > 0 ? [{ name: approach.name, ...found[a]! }] : [],
        );
        const isSignalised = hasSignals(this.#engine.network, j);
        const all = passageMeasures(own, isSignalised);
        if (all === null) return [];
        const byApproach = own.map((passages) => [passages.name, passageMeasures([passages], isSignalised)!]);
        return [[name, { ...all, approaches: Object.fromEntries(byApproach) }]];
      }),
    );
  }

  #network(): Pick<Result, 'network'> {
    const speedShare = this.#measures.speedShare();
    return speedShare === undefined
      ? {}
      : { network: { speedShare, levelOfService: streetLevelOfService(speedShare) } };
  }
}

/** Neither all the same nor a class for every vehicle, as files that draw types at random have them. */
function isTellable(classes: object): boolean {
  const count = Object.keys(classes).length;
  return count > 1 && count <= MOST_CLASSES;
}

/** null where nobody came. */
function passageMeasures(passages: readonly Passages[], isSignalised: boolean): PassageMeasures | null {
  const vehicles = passages.reduce((sum, own) => sum + own.vehicles, 0);
  if (vehicles === 0) return null;
  const mean = passages.reduce((sum, own) => sum + own.lostSeconds, 0) / vehicles;
  return { vehicles, delaySeconds: { mean: rounded(mean) }, levelOfService: levelOfService(mean, isSignalised) };
}
