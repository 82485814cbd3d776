/** What outlives a restart, and what a device does when it is told too much, too little or too late. */
import { describe, expect, it } from 'vitest';
import { type DeviceSnapshot, LampDevice, MODE_MAX_SECONDS, type SnapshotStore } from './device.ts';
import { entryAt, utcMinuteOfWeek } from './ladder.ts';
import { crossroads } from './testing.ts';
import type { JunctionConfiguration, Plan, PlanStage, StageRequest } from './types.ts';

const START = 1_704_067_200_000;
const green = (stageId: string, greenSeconds: number): PlanStage => ({
  stageId,
  greenSeconds,
  yellowSeconds: 3,
  allRedSeconds: 2,
});
const FOUR = [green('NS', 20), green('NS-left', 10), green('EW', 20), green('EW-left', 10)];

function plan(seq: number, changes: Partial<Plan> = {}): Plan {
  return {
    planId: `plan-${seq}`,
    seq,
    junctionId: crossroads().junctionId,
    configurationVersion: 1,
    validFromMs: START,
    validUntilMs: START + 3_600_000,
    stages: FOUR,
    mode: 'automatic',
    reason: 'test',
    ...changes,
  };
}

function request(seq: number, stageId: string, nowMs: number): StageRequest {
  const { junctionId } = crossroads();
  const validUntilMs = nowMs + 5000;
  return {
    seq,
    junctionId,
    configurationVersion: 1,
    stageId,
    notBeforeMs: nowMs,
    validUntilMs,
    reason: 'test',
  };
}

/** A disk. */
function disk(): SnapshotStore & { kept: DeviceSnapshot | null; broken: boolean; saves: number } {
  return {
    kept: null,
    broken: false,
    saves: 0,
    load() {
      return this.kept;
    },
    save(snapshot) {
      if (this.broken) throw new Error('disk full');
      this.saves++;
      this.kept = JSON.parse(JSON.stringify(snapshot));
    },
  };
}

const start = (store: SnapshotStore, configuration: JunctionConfiguration = crossroads()): LampDevice =>
  new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot: 'warm', store });

describe('a device over restarts', () => {
  it('remembers the last sequence number, so that an old command cannot come back', () => {
    const store = disk();
    const before = start(store);
    expect(before.receivePlan(plan(7), START).result).toBe('applied');
    expect(before.receiveRequest(request(8, 'EW', START), START).result).toBe('applied');
    const after = start(store);
    expect(after.receivePlan(plan(7), START)).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/seq 7/),
    });
    expect(after.receivePlan(plan(9), START).result).toBe('applied');
  });

  it('comes back flashing with a latched fault, whatever it is told, until it is reset', () => {
    const store = disk();
    const before = start(store);
    before.readBack(
      before.lamps().map(() => 'green'),
      START + 1000,
    );
    const after = start(store);
    expect(new Set(after.lamps())).toEqual(new Set(['flash']));
    expect(after.receivePlan(plan(1), START + 2000).reason).toMatch(/latched fault.*Reset/);
    after.advance(START + 86_400_000);
    expect(after.report()).toMatchObject({ source: 'flash', stageId: null });
    expect(after.report().fault).toMatch(/commanded/);
    after.reset(START + 86_400_000);
    expect(start(store).report().fault).toBeNull();
    after.advance(START + 86_400_000 + 12_000);
    expect(after.report().stageId).toBe('NS');
  });

  it('takes what it cannot read back for a fault', () => {
    const unreadable: SnapshotStore = {
      load: () => JSON.parse('{"lastSeq": '),
      save() {},
    };
    expect(start(unreadable).report()).toMatchObject({
      source: 'flash',
      fault: expect.stringMatching(/cannot be read/),
    });
    const nonsense = { load: () => ({ lastSeq: 'x', fault: null }) as unknown as DeviceSnapshot, save() {} };
    expect(start(nonsense).report().fault).toMatch(/lastSeq is x/);
  });

  it('flashes on a fault even where it cannot be saved, and says that it cannot', () => {
    const store = disk();
    const device = start(store);
    store.broken = true;
    device.readBack(
      device.lamps().map(() => 'dark'),
      START + 1000,
    );
    expect(device.lamps()[0]).toBe('flash');
    expect(device.storeProblem).toBe('disk full');
  });

  it('hands out another array when a fault latches, so that whoever drives the lamps sees it', () => {
    const device = start(disk());
    device.advance(START + 30_000);
    const lamps = device.lamps();
    device.readBack(
      lamps.map(() => 'green'),
      START + 30_000,
    );
    expect(device.lamps()).not.toBe(lamps);
  });
});

describe('a device and its modes', () => {
  it('leaves the plan of an override when the override ends, for its own', () => {
    const device = start(disk());
    device.setMode('manual_override', START + 200_000, START);
    expect(device.receivePlan(plan(1, { mode: 'manual_override' }), START + 1000).result).toBe('applied');
    device.advance(START + 150_000);
    expect(device.report().source).toBe('plan');
    device.advance(START + 320_000);
    expect(device.report().source).toBe('local');
  });

  it('ends an override that has no end', () => {
    const device = start(disk());
    device.setMode('manual_override', null, START);
    const late = { validUntilMs: START + 2 * MODE_MAX_SECONDS * 1000 };
    device.advance(START + MODE_MAX_SECONDS * 1000 - 1);
    expect(device.receivePlan(plan(1, late), START).reason).toMatch(/manual_override/);
    device.advance(START + MODE_MAX_SECONDS * 1000);
    expect(device.receivePlan(plan(2, late), START).result).toBe('applied');
  });

  it('takes no mode that is older than the one before', () => {
    const device = start(disk());
    expect(device.setMode('manual_override', null, START, 5)).toBeNull();
    expect(device.setMode('automatic', null, START, 4)).toMatch(/at least 5/);
    expect(device.receiveRequest(request(9, 'EW', START), START).result).toBe('refused');
    expect(device.setMode('automatic', null, START, 6)).toBeNull();
  });
});

describe('a device that is teased', () => {
  it('serves everybody, though requests come and go so that no plan gets round', () => {
    const device = start(disk());
    const last = new Map<string, number>();
    let longest = 0;
    let seq = 0;
    for (let second = 0; second < 3600; second++) {
      const nowMs = START + second * 1000;
      // Six seconds of requests for one stage, then silence until the plan has just moved on.
      if (second % 20 < 6) device.receiveRequest(request(++seq, 'NS', nowMs), nowMs);
      device.advance(nowMs);
      device.lamps().forEach((lamp, g) => {
        const id = String(g);
        if (lamp === 'green') last.set(id, second);
        else longest = Math.max(longest, second - (last.get(id) ?? 0));
      });
    }
    const { maxWaitSeconds, maxCycleSeconds } = crossroads();
    expect(longest).toBeLessThanOrEqual(maxWaitSeconds + 2 * maxCycleSeconds);
    expect(last.size).toBe(8);
    expect(device.report().fault).toBeNull();
  });

  it('sees a clearance out as a newer, longer one asks', () => {
    const base = crossroads({ crossings: true });
    const longer = {
      ...base,
      version: 2,
      signalGroups: base.signalGroups.map((group) =>
        group.kind === 'pedestrian' ? { ...group, clearanceSeconds: group.clearanceSeconds + 6 } : group,
      ),
      intergreenSeconds: base.intergreenSeconds.map((row, i) =>
        row.map((s) => (s > 0 && base.signalGroups[i]!.kind === 'pedestrian' ? s + 6 : s)),
      ),
      yellowSeconds: 4,
      localPlan: base.localPlan.map((stage) => ({ ...stage, greenSeconds: 30, yellowSeconds: 4 })),
    };
    for (let second = 0; second < 130; second++) {
      const device = start(disk(), base);
      device.advance(START + second * 1000);
      expect(device.receiveConfiguration(longer, START + second * 1000)).toBeNull();
      device.advance(START + 400_000);
      expect(device.report().fault).toBeNull();
    }
  });

  it('is not moved by a time that is none', () => {
    const device = start(disk());
    device.advance(Number.NaN);
    device.advance(Number.POSITIVE_INFINITY);
    device.advance(START - 5000);
    expect(device.report()).toMatchObject({ stageId: 'NS', secondsLeft: 35 });
  });
});

describe('local plans by time of day', () => {
  const schedule = [
    { startsAtMinute: 6 * 60, days: [0, 1, 2, 3, 4], stages: FOUR },
    { startsAtMinute: 20 * 60, stages: FOUR },
    { startsAtMinute: 9 * 60, days: [5], stages: FOUR },
  ];

  it('has the one lead that began last, last week included', () => {
    const at = (day: number, hour: number): number => entryAt(schedule, day * 1440 + hour * 60);
    expect(at(0, 6)).toBe(0);
    expect(at(0, 5)).toBe(1);
    expect(at(4, 21)).toBe(1);
    expect(at(5, 8)).toBe(1);
    expect(at(5, 9)).toBe(2);
    expect(at(6, 12)).toBe(1);
    expect(entryAt([{ startsAtMinute: 60, days: [2], stages: FOUR }], 0)).toBe(0);
    expect(entryAt([], 0)).toBe(-1);
  });

  it('knows what day it is', () => {
    // 2024-01-01 was a Monday.
    expect(utcMinuteOfWeek(START)).toBe(0);
    expect(utcMinuteOfWeek(START + 6 * 86_400_000 + 61_000)).toBe(6 * 1440 + 1);
  });

  it('changes at a cycle boundary, by the clock of the junction', () => {
    const stages = FOUR.map((stage) => ({ ...stage, greenSeconds: stage.greenSeconds + 5 }));
    // Midnight begins two minutes after the start.
    const minuteOfWeek = (ms: number): number => (Math.floor((ms - START) / 60_000) - 2 + 10_080) % 10_080;
    const early: JunctionConfiguration = {
      ...crossroads(),
      localSchedule: [
        { startsAtMinute: 1, stages: FOUR },
        { startsAtMinute: 23 * 60, days: [6], stages },
      ],
    };
    const device = new LampDevice(early, { deviceId: 'lamps', startMs: START, boot: 'warm', minuteOfWeek });
    expect(device.report()).toMatchObject({ source: 'local', secondsLeft: 30, cycleSecondsLeft: 100 });
    device.advance(START + 100_000);
    expect(device.report()).toMatchObject({ cycleSecondsLeft: 100 });
    device.advance(START + 200_000);
    expect(device.report()).toMatchObject({ source: 'local', cycleSecondsLeft: 80 });
  });

  it('is refused where the interlock refuses one of its plans', () => {
    const bad = { ...crossroads(), localSchedule: [{ startsAtMinute: 1500, stages: [green('NS', 1)] }] };
    expect(() => new LampDevice(bad, { deviceId: 'lamps', startMs: START, boot: 'cold' })).toThrow(
      /localSchedule\[0\]: startsAtMinute is 1500.*localSchedule\[0\]: stage NS green 1 s/,
    );
  });
});
