/** What is known of an encounter under way -> its record. */
import atan2 from '@stdlib/math-base-special-atan2';
import type { Encounter, EncounterType, EngineOptions } from './encounter-types.ts';
import type { Critical, Forecast, OpenEncounter } from './open-encounter.ts';
import type { Users } from './users.ts';

const DEGREES = 180 / Math.PI;

export class Recorder {
  readonly #users: Users;
  readonly #serious: number;
  readonly #rearEndDegrees: number;
  readonly #crossingDegrees: number;

  constructor(users: Users, options: EngineOptions) {
    this.#users = users;
    this.#serious = options.seriousSeconds ?? 1.5;
    this.#rearEndDegrees = options.rearEndDegrees ?? 30;
    this.#crossingDegrees = options.crossingDegrees ?? 80;
  }

  #typeOf(open: OpenEncounter, critical: Critical, angle: number): EncounterType {
    const { linkA, laneA, linkB, laneB } = open;
    if (linkA >= 0 && linkB >= 0 && critical.linkA >= 0 && critical.linkB >= 0) {
      if (linkA === linkB && critical.linkA === critical.linkB)
        return laneA === laneB && critical.laneA === critical.laneB ? 'rear-end' : 'lane-change';
      if (critical.linkA === critical.linkB && critical.laneA === critical.laneB && angle < this.#rearEndDegrees)
        return 'rear-end';
      if (angle >= this.#rearEndDegrees) return 'crossing';
    }
    if (angle < this.#rearEndDegrees) return 'rear-end';
    if (angle > 180 - this.#rearEndDegrees) return 'head-on';
    return angle > this.#crossingDegrees ? 'crossing' : 'lane-change';
  }

  /** An encounter as it stands, or ended. */
  record(open: OpenEncounter, forecast: Forecast): Encounter {
    const { critical, ttc, startMs, endMs } = forecast;
    const { pet } = open;
    const u = this.#users;
    const angle = atan2(critical.sin, critical.cos) * DEGREES;
    const order = <T>(a: T, b: T): readonly [T, T] => (critical.bFirst ? [b, a] : [a, b]);
    const braked = (slot: number) => u.brakedAtMs[slot]! >= startMs - 1000 && u.brakedAtMs[slot]! <= endMs + 1000;
    return {
      users: order(open.idA, open.idB),
      userTypes: order(u.typeOf(open.a), u.typeOf(open.b)),
      withVru: open.vru,
      type: this.#typeOf(open, critical, angle),
      // outlines that touch show that positions are off by more than what was left between the two
      severity: Math.min(ttc, pet) <= this.#serious && !open.touched ? 'serious' : 'candidate',
      startMs,
      endMs,
      criticalMs: critical.timeMs,
      x: critical.x,
      y: critical.y,
      angleDegrees: angle,
      ...(ttc < Number.POSITIVE_INFINITY && { minTtcSeconds: ttc }),
      ...(!Number.isNaN(forecast.ttcHigh) && { ttcBoundsSeconds: { low: forecast.ttcLow, high: forecast.ttcHigh } }),
      ...(pet < Number.POSITIVE_INFINITY && { petSeconds: pet }),
      ...(!Number.isNaN(open.petHigh) && { petBoundsSeconds: { low: open.petLow, high: open.petHigh } }),
      ...(forecast.drac > 0 && { dracMetresPerSecond2: forecast.drac }),
      ...(forecast.mdrac > 0 && { mdracMetresPerSecond2: forecast.mdrac }),
      withinReactionTime: forecast.withinReaction,
      deltaVMetresPerSecond: critical.deltaV,
      speedsMetresPerSecond: order(critical.speedA, critical.speedB),
      hardBraking: braked(open.a) || braked(open.b),
      outlinesTouched: open.touched,
      signalStates: order(critical.signalA, critical.signalB),
      ...((critical.mapLaneA >= 0 || critical.mapLaneB >= 0) && {
        lanes: order(
          critical.mapLaneA >= 0 ? critical.mapLaneA : null,
          critical.mapLaneB >= 0 ? critical.mapLaneB : null,
        ),
      }),
    };
  }
}
