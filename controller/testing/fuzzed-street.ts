/**
 * A street whose messages cannot be trusted, both ways: lost, late, doubled, out of order, false, silent, and by clocks that
 * step; with the real lamp device, the real controller of streets, and a witness of the lamps that shares nothing with
 * either. The same seed, the same street.
 */
import seedrandom from 'seedrandom';
import {
  acknowledgementToMessage,
  configurationToMessage,
  isoOf,
  planFromMessage,
  requestFromMessage,
} from '../../feeds/codec.ts';
import { createInProcessLink, type InProcessLink } from '../../feeds/inprocess-link.ts';
import type { Detections, GreenTime, StageRequestMessage } from '../../feeds/messages.ts';
import { LampMonitor } from '../../junction/monitor.ts';
import { crossroads } from '../../junction/testing.ts';
import type { JunctionConfiguration, Lamp } from '../../junction/types.ts';
import { inProcessDecider } from '../service/decider.ts';
import type { DecisionRecord } from '../service/desk.ts';
import { LiveController } from '../service/live.ts';
import { soleOwnership } from '../service/ownership.ts';
import { TestStreet } from '../testing.ts';
import type { Parameters } from '../types.ts';

const PREFIX = 'flextraff-sim/fuzzed/street';

export interface FuzzReport {
  readonly seconds: number;
  /** Times a strategy was asked, and commands that left for the device. */
  readonly asked: number;
  readonly published: number;
  /** What nothing may ever be. */
  readonly wrong: readonly string[];
  /** Vetoes, and refusals that neither the network nor a wrong clock accounts for, at most 20. */
  readonly unexpected: readonly string[];
  readonly vetoed: number;
  /** Refused because the network held the command back or doubled it, or it was decided on a frame of a wrong time. */
  readonly lateRefusals: number;
  readonly longestWaitSeconds: number;
  readonly survived: {
    readonly late: number;
    readonly doubled: number;
    readonly history: number;
    readonly skewed: number;
  };
}

/** All that a device may say to such a command. */
const LATE = /the next cycle begins|^valid until \d+, [\d.]+ s ago$|^seq \d+; above|^valid for [\d.]+ s; at most/;

/** Judges what is seen by the configuration alone. */
class LampWitness {
  readonly wrong: string[] = [];
  longestWaitSeconds = 0;
  private readonly configuration: JunctionConfiguration;
  private readonly monitor: LampMonitor;
  private shown: readonly Lamp[];
  private readonly greenSinceMs: number[];
  private readonly redSinceMs: number[];
  /** The stage that has all of its vehicles' groups green, and since when. */
  private stageId: string | null = null;
  private stageSinceMs: number;

  constructor(configuration: JunctionConfiguration, lamps: readonly Lamp[], nowMs: number) {
    this.configuration = configuration;
    this.monitor = new LampMonitor(configuration, lamps, nowMs);
    this.shown = lamps;
    this.greenSinceMs = lamps.map(() => nowMs);
    this.redSinceMs = lamps.map(() => nowMs);
    this.stageSinceMs = nowMs;
  }

  see(lamps: readonly Lamp[], stageId: string | null, nowMs: number): void {
    const { signalGroups, stages } = this.configuration;
    const problem = lamps === this.shown ? null : this.monitor.see(lamps, nowMs);
    if (problem !== null) this.wrong.push(problem);
    for (let g = 0; g < lamps.length; g++) {
      const group = signalGroups[g]!;
      if (lamps[g] === 'flash' || lamps[g] === 'dark') this.wrong.push(`${group.id} ${lamps[g]}`);
      if (lamps[g] === 'green' && this.shown[g] !== 'green') this.greenSinceMs[g] = nowMs;
      if (lamps[g] !== 'green' && this.shown[g] === 'green') {
        this.redSinceMs[g] = nowMs;
        const least = stages.reduce(
          (min, one) => (one.groups.includes(group.id) ? Math.min(min, one.minGreenSeconds) : min),
          1e9,
        );
        const lasted = (nowMs - this.greenSinceMs[g]!) / 1000;
        if (group.kind === 'vehicle' && lasted < least)
          this.wrong.push(`${group.id} green ${lasted} s; at least ${least} s`);
      }
      if (lamps[g] !== 'green' && group.kind === 'vehicle')
        this.longestWaitSeconds = Math.max(this.longestWaitSeconds, (nowMs - this.redSinceMs[g]!) / 1000);
    }
    const { maxWaitSeconds, maxCycleSeconds } = this.configuration;
    // Once a cycle those who waited too long are served, all of them.
    const most = maxWaitSeconds + 2 * maxCycleSeconds;
    if (this.longestWaitSeconds > most) {
      this.wrong.push(`somebody waited ${this.longestWaitSeconds} s; at most ${most} s`);
      this.longestWaitSeconds = 0;
    }
    const stage = stages.find(
      ({ id, groups }) =>
        id === stageId &&
        signalGroups.every(
          (group, g) => group.kind === 'pedestrian' || !groups.includes(group.id) || lamps[g] === 'green',
        ),
    );
    const before = stages.find(({ id }) => id === this.stageId);
    const lasted = (nowMs - this.stageSinceMs) / 1000;
    if (before !== undefined && lasted > before.maxGreenSeconds)
      this.wrong.push(`stage ${before.id} green ${lasted} s; at most ${before.maxGreenSeconds} s`);
    if (before !== stage) {
      this.stageId = stage?.id ?? null;
      this.stageSinceMs = nowMs;
    }
    this.shown = lamps;
  }
}

/** Plays such a street for so many seconds. */
export async function playFuzzedStreet(options: {
  readonly strategy: string;
  readonly parameters?: Parameters;
  readonly seed: string;
  readonly seconds: number;
  readonly crossings: boolean;
}): Promise<FuzzReport> {
  const random = seedrandom.alea(options.seed);
  const chance = (share: number): boolean => random() < share;
  const upTo = (most: number): number => Math.floor(random() * most);
  const base = crossroads({ crossings: options.crossings });
  const left = (i: number): boolean => base.signalGroups[i]!.id.endsWith('left');
  // Intergreens of the matrix that are longer than yellow and all-red, for some.
  const configuration = {
    ...base,
    intergreenSeconds: base.intergreenSeconds.map((row, i) =>
      row.map((s) => (s > 0 && left(i) ? Math.max(s, 8.5) : s)),
    ),
  };
  const { junctionId } = configuration;
  const link: InProcessLink = createInProcessLink({ simulation: true });
  const street = new TestStreet(configuration, { N: upTo(2000), S: upTo(2000), E: upTo(1500), W: upTo(1500) });
  const witness = new LampWitness(configuration, street.device.lamps(), street.nowMs);
  const unexpected: string[] = [];
  let asked = 0;
  let published = 0;
  let vetoed = 0;
  let lateRefusals = 0;
  const note = (what: string): void => {
    if (unexpected.length < 20) unexpected.push(what);
  };
  const later: { atSecond: number; what: () => void }[] = [];
  const see = (atMs: number = street.nowMs): void => {
    const { device } = street;
    witness.see(device.lamps(), device.report().stageId, atMs);
  };

  // Down: what the controller says reaches the device in its own time.
  const decidedAtMs = new Map<number, number>();
  const obey = (kind: string, message: unknown, isFirstAtOnce: boolean): void => {
    const { device, nowMs } = street;
    const defaults = { configuration, lastSeq: device.snapshot().lastSeq };
    const answer =
      kind === 'green-time'
        ? device.receivePlan(planFromMessage(message as GreenTime, defaults), nowMs)
        : device.receiveRequest(requestFromMessage(message as StageRequestMessage), nowMs);
    see();
    if (answer.result === 'refused') {
      const isOnTime = isFirstAtOnce && Math.abs(nowMs - decidedAtMs.get(answer.seq)!) <= 1000;
      if (LATE.test(answer.reason) && !isOnTime) lateRefusals++;
      else note(`refused: ${answer.reason}`);
    }
    if (!chance(0.05))
      link.publish({ prefix: PREFIX, kind: 'ack', junctionId }, acknowledgementToMessage(answer, 'lamps'));
  };
  await link.subscribe(PREFIX, ['green-time', 'stage-request'], ({ address, message }) => {
    published++;
    if (chance(0.03)) return;
    const copies = chance(0.05) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (chance(0.1))
        later.push({ atSecond: street.second + 1 + upTo(20), what: () => obey(address.kind, message, false) });
      else obey(address.kind, message, i === 0);
    }
  });

  link.publish({ prefix: PREFIX, kind: 'configuration', junctionId }, configurationToMessage(configuration));
  const decider = inProcessDecider();
  const live = new LiveController({
    link,
    prefix: PREFIX,
    junctions: [{ configuration, strategy: options.strategy, parameters: options.parameters ?? {} }],
    decider: {
      ...decider,
      decide(jobs) {
        asked += jobs.length;
        return decider.decide(jobs);
      },
    },
    threads: 1,
    ownership: soleOwnership([junctionId]),
    shadow: false,
    now: () => street.nowMs,
    onDecision: (record: DecisionRecord) => {
      decidedAtMs.set(record.seq, record.atMs);
      if (record.vetoed === null) return;
      vetoed++;
      if (options.strategy !== 'atcs-v2') note(`vetoed: ${record.vetoed}`);
    },
    onProblem: (message) => note(message),
  });
  await live.start();
  await new Promise((resolve) => setTimeout(resolve, 300));

  // Up: what the readers and the device say.
  let clockOffMs = 0;
  let blind: string[] = [];
  let deafUntil = 0;
  const stamp = (ms: number): string => isoOf(Math.max(0, ms + clockOffMs));
  for (let i = 0; i < options.seconds; i++) {
    for (let dueMs = street.device.dueMs; dueMs < street.nowMs + 1000; dueMs = street.device.dueMs) {
      street.device.advance(dueMs);
      see(dueMs);
    }
    street.step();
    see();
    for (let k = later.length - 1; k >= 0; k--) {
      if (later[k]!.atSecond <= street.second) later.splice(k, 1)[0]!.what();
    }
    if (chance(0.002)) clockOffMs = chance(0.5) ? 0 : (random() - 0.5) * (chance(0.3) ? 2e8 : 2e4);
    if (chance(0.005)) blind = chance(0.5) ? [] : ['N', 'S', 'E', 'W'].filter(() => chance(0.4));
    if (chance(0.001)) deafUntil = street.second + upTo(200);
    if (street.second < deafUntil) continue;
    const detections = { ...street.detections(blind), timestamp: stamp(street.nowMs) };
    const lamps = { ...street.lamps(), timestamp: stamp(street.nowMs) };
    const truth: Detections = chance(0.05) ? lieOf(detections, random) : detections;
    const send = (): void => {
      link.publish({ prefix: PREFIX, kind: 'lamps', junctionId }, lamps);
      link.publish({ prefix: PREFIX, kind: 'detections', junctionId }, truth);
    };
    if (chance(0.05)) continue;
    if (chance(0.1)) later.push({ atSecond: street.second + 1 + upTo(chance(0.1) ? 400 : 5), what: send });
    else send();
    if (chance(0.05)) send();
    await new Promise(setImmediate);
  }
  const { late, doubled, history, skewed } = live.status();
  await live.close();
  await link.close();
  if (street.device.report().fault !== null) witness.wrong.push(`fault: ${street.device.report().fault}`);
  return {
    seconds: options.seconds,
    asked,
    published,
    wrong: witness.wrong,
    unexpected,
    vetoed,
    lateRefusals,
    longestWaitSeconds: witness.longestWaitSeconds,
    survived: { late, doubled, history, skewed },
  };
}

function lieOf(detections: Detections, random: () => number): Detections {
  const lies = Object.keys(detections.detectors).map((id) => [
    id,
    { count: Math.floor(random() * 1e6), occupancy: random(), presence: random() < 0.5 },
  ]);
  return { ...detections, detectors: Object.fromEntries(lies) };
}
