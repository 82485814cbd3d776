/** The service. Worker threads are in `worker-decider.ts`, to be imported only where they are used. */
export { type DecideAnswer, type DecideJob, type Decider, inProcessDecider } from './decider.ts';
export {
  type ControlledJunction,
  ControllerService,
  type ControllerServiceOptions,
  type DecisionRecord,
  type ServiceCounters,
} from './service.ts';
