/** What a run asks of controllers, whoever they are: the service of `controller/`, or a test's own. */
import type { Link } from '../feeds/link.ts';
import type { JunctionConfiguration, PlanStage } from '../junction/types.ts';
import type { VariantSettings } from '../scenarios/types.ts';

/** A decision of a controller for one junction, as it was taken. */
export interface ControllerDecision {
  readonly junctionId: string;
  readonly atMs: number;
  readonly seq: number;
  readonly strategy: string;
  readonly kind: 'plan' | 'stage';
  /** Plans: all stages; stage requests: the one asked for, with greens 0. */
  readonly stages: readonly PlanStage[];
  readonly reason: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Why the controller's interlock refused it before publishing; null where it was published. */
  readonly vetoed: string | null;
}

/** A strategy threw, or the thread it was deciding on ended. */
export interface StrategyFailure {
  readonly strategy: string;
  /** null where it is not known which junctions it was about. */
  readonly junctionId: string | null;
  readonly message: string;
}

export interface OpenControllerOptions {
  readonly link: Link;
  readonly prefix: string;
  readonly configurations: readonly JunctionConfiguration[];
  readonly variant: VariantSettings;
  /** The world waits for the answer to each frame. */
  readonly lockstep: boolean;
  onDecision?(decision: ControllerDecision): void;
  /** Lockstep only: there is no decision to go on with. */
  onFailure?(failure: StrategyFailure): void;
  /** Something went wrong and the controller goes on: said in words. */
  onProblem?(message: string): void;
}

export interface RunController {
  close(): Promise<void>;
}

/** Where strategies decide; shared by the variants of a run. */
export interface Decider {
  /** Resolves when the controller listens and has published its configurations. */
  openController(options: OpenControllerOptions): Promise<RunController>;
  /** Answers given so far by each thread that gave any; 0 is the main thread. */
  answersByThread?(): ReadonlyMap<number, number>;
  close(): Promise<void>;
}
