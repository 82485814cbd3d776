/** One junction of SUMO's street: the strategy, the interlock on both sides, and the lamp device. */

import { planFor, requestFor } from '../../controller/service/commands.ts';
import { JunctionState } from '../../controller/service/junction-state.ts';
import type {
  DetectorReading,
  NeighboursPicture,
  Observation,
  Outlook,
  Parameters,
  ReportedVehicle,
  Strategy,
} from '../../controller/types.ts';
import { isoOf } from '../../feeds/codec.ts';
import { LampDevice } from '../../junction/device.ts';
import { checkPlan, checkRequest } from '../../junction/interlock.ts';
import { SumoError } from './process.ts';
import type { SumoSignal } from './signals.ts';

export interface JunctionDecision {
  readonly junction: string;
  readonly atMs: number;
  readonly reason: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The stage asked for; null: a plan. */
  readonly stageId: string | null;
  /** Why the interlock refused it; null: it did not. */
  readonly refused: string | null;
}

export class SumoJunction {
  readonly signal: SumoSignal;
  /** Wall milliseconds that decisions took. */
  readonly tookMs: number[] = [];
  /** Refusals of the interlock: reason and how often. */
  readonly refusals = new Map<string, number>();
  /** What the strategy saw in the last frame; null: there was none yet. */
  observed: Observation | null = null;
  /** What it told its neighbours in the last frame; undefined: nothing new. */
  outlook: Outlook | undefined;
  private readonly state: JunctionState;
  private readonly strategy: Strategy;
  private readonly device: LampDevice;
  private readonly reportingShare: number;
  private shown: readonly string[] = [];
  private frame = 0;

  constructor(signal: SumoSignal, strategy: Strategy, parameters: Parameters, startMs: number, reportingShare: number) {
    this.signal = signal;
    this.strategy = strategy;
    this.reportingShare = reportingShare;
    this.state = new JunctionState(signal.configuration, strategy.name, parameters, 0);
    this.device = new LampDevice(signal.configuration, { deviceId: signal.id, startMs, boot: 'warm' });
  }

  /** A frame: what the devices said, the decision, the interlock. */
  decide(
    nowMs: number,
    readings: Record<string, DetectorReading>,
    vehicles: readonly ReportedVehicle[] | undefined,
    neighbours: NeighboursPicture | undefined,
  ): JunctionDecision | null {
    const { state, device, signal } = this;
    const { configuration } = signal;
    const timestamp = isoOf(nowMs);
    const seq = this.frame++;
    device.advance(nowMs);
    const { stageId, secondsLeft, cycleSecondsLeft, source } = device.report();
    const lamps = device.lamps();
    state.receiveDetections({ seq, timestamp, detectors: readings });
    state.receiveLamps({
      device_id: device.deviceId,
      seq,
      timestamp,
      stage: stageId,
      seconds_left: secondsLeft,
      cycle_seconds_left: cycleSecondsLeft,
      source,
      lamps: Object.fromEntries(configuration.signalGroups.map(({ id }, group) => [id, lamps[group]!])),
    });
    const heard = state.observe(nowMs);
    const observation: Observation = {
      ...heard,
      ...(vehicles === undefined ? {} : { vehicles, reportingShare: this.reportingShare }),
      ...(neighbours && { neighbours }),
    };
    this.observed = observation;
    const begun = performance.now();
    const answer = this.strategy.decide(configuration, state.parameters, state.memory, observation);
    this.tookMs.push(performance.now() - begun);
    state.memory = answer.memory;
    this.outlook = answer.outlook;
    const { decision } = answer;
    if (decision === null) return null;
    const head = {
      seq: state.seq + 1,
      junctionId: configuration.junctionId,
      configurationVersion: configuration.version,
      reason: decision.reason,
    };
    const context = { lastSeq: state.seq, nowMs };
    let refused: string | null;
    if (decision.kind === 'plan') {
      const plan = planFor(configuration, head, decision, observation);
      refused = checkPlan(configuration, plan, context)?.reason ?? null;
      state.planDecided();
      if (refused === null) refused = device.receivePlan(plan, nowMs).reason;
    } else {
      const request = requestFor(head, decision, nowMs);
      refused = checkRequest(configuration, request, context)?.reason ?? null;
      if (refused === null) refused = device.receiveRequest(request, nowMs).reason;
    }
    state.seq = head.seq;
    if (refused === '') refused = null;
    if (refused !== null) this.refusals.set(refused, (this.refusals.get(refused) ?? 0) + 1);
    const { reason, inputs } = decision;
    return {
      junction: configuration.name,
      atMs: nowMs,
      reason,
      inputs,
      stageId: decision.kind === 'stage' ? decision.stageId : null,
      refused,
    };
  }

  /** State for SUMO at `nowMs`; null where it is as before. Throws SumoError for a latched fault. */
  lampsAt(nowMs: number): string | null {
    const { device, signal } = this;
    device.advance(nowMs);
    const lamps = device.lamps();
    if (lamps === this.shown) return null;
    const { fault } = device.report();
    if (fault !== null) throw new SumoError(`The lamp device of junction ${signal.id} latched a fault: ${fault}`);
    this.shown = lamps;
    return signal.stateOf(lamps);
  }
}
