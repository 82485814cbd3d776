/** Finished cycles of a junction, from what its devices said: lamps, counts, acknowledgements. */
import { msOf } from '../feeds/codec.ts';
import type { Lamps } from '../feeds/messages.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import type { Outgoing } from '../sim/types.ts';
import type { CycleRecord } from './twin-types.ts';

/** A remaining time that grows by more than this has begun anew, seconds. */
const ANEW_SECONDS = 0.5;

interface Running {
  startedAtMs: number;
  planId: string | null;
  vehicleCounts: number[];
  epcIds: string[][];
  greenMs: number[];
  emergencies: Set<string>;
}

/**
 * Collects the cycles of one junction in one variant. A cycle ends where the lamp controller's remaining cycle time
 * begins anew, or, while stage requests lead and there is none, where the first stage comes again. A count belongs to
 * the cycle in which the reader reported it. The cycle under way at the end of a run is not reported.
 */
class JunctionCycles {
  readonly #configuration: JunctionConfiguration;
  readonly #runId: string | null;
  readonly #variant: string | null;
  /** Per approach: ids of its vehicle groups. */
  readonly #groups: readonly (readonly string[])[];
  #running: Running | null = null;
  #number = 0;
  #lamps: Lamps | null = null;
  /** Plans acknowledged, with the time from which they hold. */
  #plans: { planId: string; fromMs: number }[] = [];
  #mode = 'automatic';

  constructor(configuration: JunctionConfiguration, runId: string | null, variant: string | null) {
    this.#configuration = configuration;
    this.#runId = runId;
    this.#variant = variant;
    this.#groups = configuration.approaches.map(({ name }) =>
      configuration.signalGroups.filter((g) => g.kind === 'vehicle' && g.approaches.includes(name)).map((g) => g.id),
    );
  }

  setMode(mode: string): void {
    this.#mode = mode;
  }

  acknowledged(planId: string, fromMs: number): void {
    this.#plans = [...this.#plans.filter((plan) => plan.planId !== planId), { planId, fromMs }].slice(-8);
  }

  counted(laneId: string, vehicleCount: number, epcIds: readonly string[]): void {
    const approach = this.#configuration.approaches.findIndex(({ id }) => id === laneId);
    if (!this.#running || approach < 0) return;
    this.#running.vehicleCounts[approach]! += vehicleCount;
    this.#running.epcIds[approach]!.push(...epcIds);
  }

  heard(approaches: readonly string[]): void {
    for (const name of approaches) this.#running?.emergencies.add(name);
  }

  shown(lamps: Lamps): CycleRecord | null {
    const before = this.#lamps;
    this.#lamps = lamps;
    const nowMs = msOf(lamps.timestamp);
    if (before && this.#running) this.#addGreens(before, nowMs - msOf(before.timestamp));
    if (!before || !this.#begins(before, lamps)) {
      if (!this.#running && this.#steered(lamps)) this.#begin(nowMs);
      return null;
    }
    const finished = this.#running && this.#finish(nowMs);
    this.#begin(nowMs);
    return finished;
  }

  #steered(lamps: Lamps): boolean {
    return lamps.stage !== null && lamps.source !== 'flash';
  }

  #begins(before: Lamps, lamps: Lamps): boolean {
    const left = lamps.cycle_seconds_left ?? null;
    const leftBefore = before.cycle_seconds_left ?? null;
    if (left !== null && leftBefore !== null) return left > leftBefore + ANEW_SECONDS;
    const first = this.#configuration.localPlan[0]?.stageId ?? this.#configuration.stages[0]!.id;
    return lamps.stage === first && before.stage !== first;
  }

  #begin(nowMs: number): void {
    const { approaches } = this.#configuration;
    const plan =
      this.#lamps?.source === 'plan' ? this.#plans.filter(({ fromMs }) => fromMs <= nowMs).at(-1) : undefined;
    this.#running = {
      startedAtMs: nowMs,
      planId: plan?.planId ?? null,
      vehicleCounts: approaches.map(() => 0),
      epcIds: approaches.map(() => []),
      greenMs: approaches.map(() => 0),
      emergencies: new Set(),
    };
  }

  #addGreens(lamps: Lamps, milliseconds: number): void {
    this.#groups.forEach((groups, approach) => {
      if (groups.some((group) => lamps.lamps[group] === 'green')) this.#running!.greenMs[approach]! += milliseconds;
    });
  }

  #finish(nowMs: number): CycleRecord | null {
    const running = this.#running!;
    if (nowMs <= running.startedAtMs) return null;
    this.#number++;
    return {
      runId: this.#runId,
      variant: this.#variant,
      junctionId: this.#configuration.junctionId,
      cycleNumber: this.#number,
      startedAtMs: running.startedAtMs,
      endedAtMs: nowMs,
      planId: running.planId,
      mode: this.#mode,
      approaches: this.#configuration.approaches.map(({ id, name }, approach) => ({
        laneId: id,
        vehicleCount: running.vehicleCounts[approach]!,
        epcIds: running.epcIds[approach]!,
        greenSeconds: running.greenMs[approach]! / 1000,
        ...(running.emergencies.has(name) && { emergencyVehicleDetected: true }),
      })),
    };
  }
}

/** Collects the cycles of all junctions of a variant. */
export class CycleCollector {
  readonly #junctions = new Map<string, JunctionCycles>();

  constructor(configurations: readonly JunctionConfiguration[], runId: string | null, variant: string | null) {
    for (const configuration of configurations) {
      this.#junctions.set(configuration.junctionId, new JunctionCycles(configuration, runId, variant));
    }
  }

  setMode(junctionId: string, mode: string): void {
    this.#junctions.get(junctionId)?.setMode(mode);
  }

  /** Takes what a device said; answers the cycle that ended with it, if one did. */
  take({ address, message }: Outgoing): CycleRecord | null {
    const junction = this.#junctions.get(address.junctionId ?? '');
    if (!junction) return null;
    switch (address.kind) {
      case 'lamps':
        return junction.shown(message as Outgoing<'lamps'>['message']);
      case 'car-counts': {
        const counts = message as Outgoing<'car-counts'>['message'];
        if (counts.position !== 'upstream') junction.counted(counts.lane_id, counts.vehicle_count, counts.epc_ids);
        return null;
      }
      case 'detections': {
        const { priority } = message as Outgoing<'detections'>['message'];
        if (priority !== undefined)
          junction.heard(priority.filter(({ kind }) => kind === 'emergency').map(({ approach }) => approach));
        return null;
      }
      case 'ack': {
        const ack = message as Outgoing<'ack'>['message'];
        if (ack.result === 'applied' && ack.plan_id !== undefined)
          junction.acknowledged(ack.plan_id, msOf(ack.applied_at));
        return null;
      }
      default:
        return null;
    }
  }
}
