/** The controllers of a run: the service of `controller/`, deciding in this thread or on worker threads. */
import { ControllerService, inProcessDecider } from '../controller/service/index.ts';
import type { Decider, OpenControllerOptions, RunController } from './controller-port.ts';

/**
 * Opens where strategies decide. Worker threads are started here and serve all controllers opened; `threads` from 1.
 */
export async function openDecider(where: 'inprocess' | { readonly threads: number }): Promise<Decider> {
  const decider =
    where === 'inprocess'
      ? inProcessDecider()
      : (await import('../controller/service/worker-decider.ts')).workerDecider(where);
  return {
    async openController(options: OpenControllerOptions): Promise<RunController> {
      const { link, prefix, configurations, variant, lockstep, onDecision, onProblem } = options;
      const service = new ControllerService({
        link,
        prefix,
        junctions: configurations.map((configuration) => ({
          configuration,
          strategy: variant.strategy,
          parameters: variant.parameters,
        })),
        decider,
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
