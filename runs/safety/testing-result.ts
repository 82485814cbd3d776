/** Made-up safety of a run, for tests of what is said of it. */
import type { NotScoredReason } from '../../controller/safety/score.ts';
import type { SafetyConflict, SafetyInterval, SafetyResult } from './results.ts';

export interface MadeMinute {
  /** Conflicts between vehicles, and with people; each serious one counts twice, as in the features. */
  readonly vehicles: number;
  readonly people: number;
}

const INDICES = { vru: 50, vehicle: 50, traffic: 50, weather: null, combined: 50 };

/** A minute a place in `minutes`; null: nothing was heard in it. */
export function safetyOf(
  minutes: readonly (MadeMinute | null)[],
  more: { readonly serious?: number; readonly conflicts?: readonly SafetyConflict[] } = {},
): SafetyResult {
  const intervals = minutes.map((minute, i): SafetyInterval => {
    const heard = minute !== null;
    return {
      junctionId: 'j',
      startSecond: 60 * i,
      intervalSeconds: 60,
      features: heard
        ? {
            intervalSeconds: 60,
            vruConflictIntensity: minute.people,
            vehicleConflictIntensity: minute.vehicles,
            volume: 20,
            averageSpeedMetresPerSecond: 8,
            speedSpreadMetresPerSecond: 3,
            hardBraking: 0,
          }
        : null,
      observed: {
        messages: heard ? 1000 : 0,
        messagesRejected: 0,
        secondsHeard: heard ? 60 : 0,
        secondsWithSignals: heard ? 60 : 0,
        penetration: 1,
      },
      vehicles: heard ? 20 : 0,
      vrus: 0,
      quality: heard ? 1 : 0,
      index: heard ? INDICES : null,
      raw: heard ? INDICES : null,
      observationWeight: heard ? 1 : null,
      notScored: heard ? null : ('silent' satisfies NotScoredReason),
      interval: heard ? { low: 40, high: 60 } : null,
    };
  });
  const heard = minutes.filter((minute) => minute !== null);
  const people = heard.reduce((sum, minute) => sum + minute.people, 0);
  const vehicles = heard.reduce((sum, minute) => sum + minute.vehicles, 0);
  const conflicts = {
    total: people + vehicles,
    serious: more.serious ?? 0,
    withVru: people,
    seriousWithVru: 0,
    byType: { 'rear-end': vehicles, 'lane-change': 0, crossing: people, 'head-on': 0 },
    outlinesTouched: 0,
  };
  const index = heard.length > 0 ? INDICES : null;
  const interval = heard.length > 0 ? { low: 45, high: 55 } : null;
  const quality = minutes.length > 0 ? heard.length / minutes.length : 0;
  return {
    penetration: 1,
    conflicts,
    conflictsPerHour: heard.length > 0 ? (60 * (people + vehicles)) / minutes.length : null,
    hardBraking: 0,
    index,
    interval,
    junctions: {
      j: {
        junctionId: 'j',
        name: 'j',
        conflicts,
        hardBraking: 0,
        index,
        interval,
        scoredMinutes: heard.length,
        minutes: intervals,
        quarterHours: [],
        quality,
        messages: { read: 1000, used: 1000, rejected: {} },
        faults: {},
      },
    },
    conflictList: [...(more.conflicts ?? [])],
    conflictsNotListed: 0,
  };
}

export function conflictOf(change: Partial<SafetyConflict> = {}): SafetyConflict {
  return {
    id: 'c1',
    junctionId: 'j',
    junction: 'Crossroads',
    startSecond: 60,
    endSecond: 62.5,
    criticalSecond: 61.4,
    type: 'crossing',
    withVru: false,
    severity: 'serious',
    users: ['a1', 'b2'],
    userTypes: ['car', 'car'],
    x: 3,
    y: -2,
    latitude: 49.0069,
    longitude: 8.4037,
    angleDegrees: 95,
    minTtcSeconds: null,
    petSeconds: 1.2,
    ttcBoundsSeconds: null,
    petBoundsSeconds: null,
    dracMetresPerSecond2: null,
    mdracMetresPerSecond2: null,
    deltaVMetresPerSecond: 6.1,
    speedsMetresPerSecond: [7, 9],
    hardBraking: false,
    outlinesTouched: false,
    signalStates: ['permissive-Movement-Allowed', 'protected-Movement-Allowed'],
    ...change,
  };
}
