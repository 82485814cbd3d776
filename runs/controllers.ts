/** The controllers of a run: the service of `controller/`, deciding in this thread or on worker threads. */
import { ControllerService, inProcessDecider } from '../controller/service/index.ts';
import type { Decider, OpenControllerOptions, RunController, StrategyFailure } from './controller-port.ts';

export type ServiceDecider = ReturnType<typeof inProcessDecider>;

/**
 * Opens where strategies decide. Worker threads are started here and serve all controllers opened; `threads` from 1.
 */
export async function openDecider(where: 'inprocess' | { readonly threads: number }): Promise<Decider> {
  const decider =
    where === 'inprocess'
      ? inProcessDecider()
      : (await import('../controller/service/worker-decider.ts')).workerDecider(where);
  return controllersOn(decider);
}

/** Controllers that have their strategies decide where `decider` does. Closing them closes it. */
export function controllersOn(decider: ServiceDecider): Decider {
  return {
    async openController(options: OpenControllerOptions): Promise<RunController> {
      const { link, prefix, configurations, variant, lockstep, onDecision, onProblem, onFailure } = options;
      const service = new ControllerService({
        link,
        prefix,
        junctions: configurations.map((configuration) => ({
          configuration,
          strategy: variant.strategy,
          parameters: variant.parameters,
        })),
        decider: lockstep && onFailure ? reporting(decider, variant.strategy, onFailure) : decider,
        lockstep,
        ...(onDecision && { onDecision }),
        ...(onProblem && { onProblem }),
      });
      await service.start();
      return service;
    },
    answersByThread: () => decider.answersByThread?.() ?? new Map(),
    close: () => decider.close(),
  };
}

/** The same decider, which also says where a strategy failed, before the service goes on without its decision. */
function reporting(
  decider: ServiceDecider,
  strategy: string,
  onFailure: (failure: StrategyFailure) => void,
): ServiceDecider {
  type Answers = Awaited<ReturnType<ServiceDecider['decide']>>;
  return {
    ...decider,
    decide(jobs) {
      const look = (answers: Answers): Answers => {
        for (const [i, { problem }] of answers.entries())
          if (problem !== undefined) onFailure({ strategy, junctionId: jobs[i]!.junctionId, message: problem });
        return answers;
      };
      const answers = decider.decide(jobs);
      if (Array.isArray(answers)) return look(answers);
      return answers.then(look, (error: Error) => {
        const only = jobs.length === 1 ? jobs[0]!.junctionId : null;
        onFailure({ strategy, junctionId: only, message: error.message });
        throw error;
      });
    },
  };
}
