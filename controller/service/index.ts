/** The service. Worker threads are in `worker-decider.ts`, to be imported only where they are used. */
export { type DecideAnswer, type DecideJob, type Decider, inProcessDecider } from './decider.ts';
export type { ControlledJunction, DecisionRecord } from './desk.ts';
export { LiveController, type LiveOptions, type LiveStatus } from './live.ts';
export { type Lease, type LeaseStore, leasedOwnership, type Ownership, soleOwnership } from './ownership.ts';
export { ControllerService, type ControllerServiceOptions, type ServiceCounters } from './service.ts';
