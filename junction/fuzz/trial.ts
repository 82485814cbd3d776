/**
 * A generated junction's lamp device, told whatever there is to be told, right and wrong, with clocks that step, restarts,
 * faults and newer configurations; and a witness that knows the configuration in force and looks at the lamps alone.
 */
import { type DeviceSnapshot, LampDevice, type SnapshotStore } from '../device.ts';
import { type Dice, generatedJunction, planOf } from './junctions.ts';
import type { Acknowledgement, JunctionConfiguration, JunctionMode, Lamp, PlanStage } from '../types.ts';

const START = 1_704_067_200_000;
const MODES: readonly JunctionMode[] = ['automatic', 'manual_override', 'emergency'];

export interface GeneratedTrial {
  readonly wrong: readonly string[];
  readonly said: number;
  readonly applied: number;
  readonly changes: number;
  readonly restarts: number;
  readonly faults: number;
  readonly configurations: number;
  /** Longest that a vehicles' group waited under one configuration, of what is allowed. */
  readonly longestWaitShare: number;
}

/** What the tests have to see of a device beyond what it tells. */
interface Inside {
  readonly machine: {
    readonly configuration: JunctionConfiguration;
    readonly phase: string;
    readonly ladder: { readonly programme: { readonly timed: { readonly stages: readonly unknown[] } } };
  };
}

class Witness {
  readonly wrong: string[] = [];
  changes = 0;
  longestWaitShare = 0;
  private before: readonly Lamp[];
  private configuration: JunctionConfiguration;
  private greenSince: number[];
  private greenLeast: number[];
  private greenEnded: number[];
  private amberSince: number[];
  private amberLeast: number[];
  private waitsSince: number[];
  private stage: string | null = null;
  private stageSince = 0;
  private stageMost = 0;
  private isAlone = false;

  constructor(configuration: JunctionConfiguration, lamps: readonly Lamp[], nowMs: number) {
    this.configuration = configuration;
    this.before = lamps;
    const n = lamps.length;
    this.greenSince = new Array<number>(n).fill(nowMs);
    this.greenLeast = new Array<number>(n).fill(0);
    this.greenEnded = new Array<number>(n).fill(Number.NEGATIVE_INFINITY);
    this.amberSince = new Array<number>(n).fill(nowMs);
    this.amberLeast = new Array<number>(n).fill(0);
    this.waitsSince = new Array<number>(n).fill(nowMs);
  }

  private say(what: string): void {
    if (this.wrong.length < 20) this.wrong.push(what);
  }

  see(device: LampDevice, nowMs: number): void {
    const { machine } = device as unknown as Inside;
    const lamps = device.lamps();
    const { configuration } = machine;
    const isNew = configuration !== this.configuration;
    // What ended at the very moment at which a newer one came into force ended by the one before.
    const before = this.configuration;
    this.configuration = configuration;
    const { signalGroups, stages, conflicts, intergreenSeconds } = configuration;
    const { stageId, fault } = device.report();
    const flashes = lamps.filter((lamp) => lamp === 'flash').length;
    if (flashes > 0 && flashes < lamps.length) this.say(`${flashes} of ${lamps.length} flash`);
    if (fault !== null && flashes < lamps.length) this.say(`fault ${fault}, and no flash`);
    const stage = stages.find(({ id }) => id === stageId);
    const ms = (seconds: number): number => Math.round(seconds * 1000);
    for (let g = 0; g < lamps.length; g++)
      if (this.before[g] === 'green' && lamps[g] !== 'green' && lamps[g] !== 'flash') this.greenEnded[g] = nowMs;
    for (let g = 0; g < lamps.length; g++) {
      const [was, is] = [this.before[g]!, lamps[g]!];
      const { id, kind } = signalGroups[g]!;
      if (kind === 'vehicle' && is !== 'green' && !isNew) this.waited(g, nowMs);
      if (is === 'green' || is === 'flash' || was === 'flash' || isNew) this.waitsSince[g] = nowMs;
      if (was === is) continue;
      this.changes++;
      if (was === 'green' && is !== 'flash') {
        this.waitsSince[g] = nowMs;
        if (is !== 'amber' && amberOf(before, g) > 0 && amberOf(configuration, g) > 0) this.say(`${id} green to ${is}`);
        if (nowMs - this.greenSince[g]! < this.greenLeast[g]!)
          this.say(`${id} green ${nowMs - this.greenSince[g]!} ms; at least ${this.greenLeast[g]}`);
      }
      if (was === 'amber' && is !== 'flash' && nowMs - this.amberSince[g]! < this.amberLeast[g]!)
        this.say(`${id} amber ${nowMs - this.amberSince[g]!} ms; at least ${this.amberLeast[g]}`);
      if (is === 'amber') {
        this.amberSince[g] = nowMs;
        this.amberLeast[g] = ms(Math.min(amberOf(before, g), amberOf(configuration, g)));
        if (was !== 'green') this.say(`${id} ${was} to amber`);
      }
      if (is === 'green') {
        this.greenSince[g] = nowMs;
        this.greenLeast[g] = kind === 'vehicle' ? ms(stage?.minGreenSeconds ?? 0) : 4000;
        if (was === 'flash') this.say(`${id} flash to green`);
        if (stage?.groups.includes(id) !== true) this.say(`${id} green in stage ${stageId}`);
        for (let a = 0; a < lamps.length; a++) {
          if (!conflicts[a]![g]) continue;
          if (nowMs - this.greenEnded[a]! < ms(intergreenSeconds[a]![g]!))
            this.say(
              `${id} ${nowMs - this.greenEnded[a]!} ms after ${signalGroups[a]!.id}; ${intergreenSeconds[a]![g]} s`,
            );
        }
      }
    }
    for (let a = 0; a < lamps.length; a++)
      for (let b = a + 1; b < lamps.length; b++)
        if (lamps[a] === 'green' && lamps[b] === 'green' && conflicts[a]![b])
          this.say(`${signalGroups[a]!.id} and ${signalGroups[b]!.id} green together`);
    this.judgeStage(machine, stageId, isNew, nowMs);
    this.before = lamps;
  }

  private waited(g: number, nowMs: number): void {
    const { maxWaitSeconds, maxCycleSeconds } = this.configuration;
    const share = (nowMs - this.waitsSince[g]!) / 1000 / (maxWaitSeconds + 2 * maxCycleSeconds);
    this.longestWaitShare = Math.max(this.longestWaitShare, share);
  }

  private judgeStage(
    { phase, configuration, ladder }: Inside['machine'],
    stageId: string | null,
    isNew: boolean,
    nowMs: number,
  ): void {
    const shown = phase === 'green' ? stageId : null;
    const lasted = nowMs - this.stageSince;
    const mostOf = (stage: string | null): number =>
      Math.round(1000 * (configuration.stages.find(({ id }) => id === stage)?.maxGreenSeconds ?? 0));
    // A newer configuration that came into force with this stage may give it longer.
    if (isNew) this.stageMost = Math.max(this.stageMost, mostOf(this.stage));
    // A plan of one stage has it for ever, and what comes next does not know for how long.
    this.isAlone ||= ladder.programme.timed.stages.length === 1;
    if (this.stage !== null && !this.isAlone && lasted > this.stageMost)
      this.say(`stage ${this.stage} green ${lasted} ms; at most ${this.stageMost} ms`);
    if (shown === this.stage) return;
    this.stage = shown;
    this.stageSince = nowMs;
    this.isAlone = ladder.programme.timed.stages.length === 1;
    this.stageMost = mostOf(shown);
  }
}

function amberOf({ signalGroups, yellowSeconds }: JunctionConfiguration, group: number): number {
  const { kind, clearanceSeconds } = signalGroups[group]!;
  return kind === 'vehicle' ? yellowSeconds : clearanceSeconds;
}

function memoryStore(): SnapshotStore & { kept: string | null } {
  return {
    kept: null,
    load() {
      return this.kept === null ? null : (JSON.parse(this.kept) as DeviceSnapshot);
    },
    save(snapshot) {
      this.kept = JSON.stringify(snapshot);
    },
  };
}

/** Plays so many seconds. */
export function playGenerated(dice: Dice, seconds: number): GeneratedTrial {
  let newest = generatedJunction(dice);
  const store = memoryStore();
  const boot = (nowMs: number): LampDevice =>
    new LampDevice(newest, { deviceId: 'lamps', startMs: nowMs, boot: 'cold', store });
  let nowMs = START;
  let device = boot(nowMs);
  let witness = new Witness(newest, device.lamps(), nowMs);
  const wrong: string[] = [];
  const counted = { said: 0, applied: 0, changes: 0, restarts: 0, faults: 0, configurations: 0, longestWaitShare: 0 };
  const close = (): void => {
    wrong.push(...witness.wrong);
    counted.changes += witness.changes;
    counted.longestWaitShare = Math.max(counted.longestWaitShare, witness.longestWaitShare);
  };
  const see = (): void => witness.see(device, nowMs);
  let seq = 0;
  let lastApplied = -1;
  let injected = false;
  const answered = (answer: Acknowledgement): void => {
    counted.said++;
    if (answer.result === 'refused') return;
    counted.applied++;
    if (answer.planId === undefined && answer.seq <= lastApplied) wrong.push(`seq ${answer.seq} after ${lastApplied}`);
    lastApplied = Math.max(lastApplied, answer.seq);
  };
  const head = () => ({
    seq: dice.chance(0.9) ? ++seq : seq - dice.whole(0, 3),
    junctionId: newest.junctionId,
    configurationVersion: dice.chance(0.9) ? newest.version : newest.version - 1,
    reason: '',
  });
  // What somebody who leans on a button says second by second.
  let leansOn: string | null = null;
  const endMs = START + seconds * 1000;
  while (nowMs < endMs) {
    const untilMs = nowMs + dice.pick([1, 100, 999, 1000, 1000, 1000, 2500, 17_000]);
    while (device.dueMs <= untilMs) {
      nowMs = Math.max(nowMs, device.dueMs);
      device.advance(nowMs);
      see();
    }
    nowMs = untilMs;
    device.advance(nowMs);
    see();
    // A clock that stepped back for whoever calls.
    const told = dice.chance(0.05) ? nowMs - dice.whole(1, 100_000) : nowMs;
    if (dice.chance(0.02)) leansOn = dice.chance(0.4) ? null : dice.pick(newest.stages).id;
    if (leansOn !== null && dice.chance(0.8)) answered(device.receiveRequest(requestOf(leansOn), told));
    const what = dice.random();
    if (what < 0.06) answered(device.receivePlan(plan(), told));
    else if (what < 0.2) answered(device.receiveRequest(requestOf(dice.pick(newest.stages).id), told));
    else if (what < 0.23) {
      const mode = dice.pick(MODES);
      device.setMode(mode, dice.chance(0.5) ? null : nowMs + dice.whole(-10, 60) * 1000, told, ++seq);
    } else if (what < 0.24) {
      const next = generatedJunction(dice, newest);
      if (device.receiveConfiguration(next, told) === null) {
        newest = next;
        leansOn = null;
        counted.configurations++;
      }
    } else if (what < 0.242) {
      device.readBack(
        device.lamps().map(() => (dice.chance(0.5) ? 'dark' : 'green')),
        told,
      );
      injected = device.report().fault !== null;
      if (injected) counted.faults++;
    } else if (what < 0.246) {
      close();
      device = boot(nowMs);
      if (injected !== (device.report().fault !== null))
        wrong.push(`a fault ${injected ? 'was forgotten' : 'came'} over a restart`);
      if (device.snapshot().lastSeq < lastApplied)
        wrong.push(`seq ${device.snapshot().lastSeq} after a restart; ${lastApplied}`);
      witness = new Witness(newest, device.lamps(), nowMs);
      counted.restarts++;
    } else if (injected && what < 0.35) {
      device.reset(told);
      injected = false;
    }
    see();
    if (!injected && device.report().fault !== null) {
      wrong.push(`fault: ${device.report().fault}`);
      break;
    }
    if (wrong.length + witness.wrong.length > 0) break;
  }
  close();
  return { wrong, ...counted };

  function requestOf(stageId: string) {
    const notBeforeMs = nowMs + dice.pick([0, 0, 0, 1500, 6000, -5000]);
    return { ...head(), stageId, notBeforeMs, validUntilMs: notBeforeMs + dice.pick([1, 3000, 5000, 55_000, -1]) };
  }

  function plan() {
    const legal = planOf(dice, newest);
    const broken = (stages: PlanStage[]): PlanStage[] =>
      stages.map((stage) => ({ ...stage, greenSeconds: stage.greenSeconds * dice.pick([0.5, 1, 2]) }));
    const stages = legal === null ? [...newest.localPlan] : dice.chance(0.85) ? legal : broken(legal);
    const validFromMs = nowMs + dice.pick([0, 0, -1000, 30_000, 200_000]);
    const validUntilMs = validFromMs + dice.pick([0, 1000, 45_000, 300_000, 3_600_000]);
    const mode = dice.chance(0.8) ? ('automatic' as const) : dice.pick(MODES);
    const own = head();
    return { ...own, planId: `p${own.seq}`, validFromMs, validUntilMs, stages, mode };
  }
}
