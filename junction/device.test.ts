import { describe, expect, it } from 'vitest';
import { LampDevice } from './device.ts';
import { crossroads } from './testing.ts';
import type { JunctionConfiguration, Plan, PlanStage, StageRequest } from './types.ts';

const START = 1_704_067_200_000;

function plan(
  configuration: JunctionConfiguration,
  seq: number,
  greens: Record<string, number>,
  changes: Partial<Plan> = {},
): Plan {
  return {
    planId: `plan-${seq}`,
    seq,
    junctionId: configuration.junctionId,
    configurationVersion: configuration.version,
    validFromMs: START,
    validUntilMs: START + 3_600_000,
    stages: Object.entries(greens).map(
      ([stageId, greenSeconds]): PlanStage => ({ stageId, greenSeconds, yellowSeconds: 3, allRedSeconds: 2 }),
    ),
    mode: 'automatic',
    reason: 'test',
    ...changes,
  };
}

function request(
  configuration: JunctionConfiguration,
  seq: number,
  stageId: string,
  nowMs: number,
  changes: Partial<StageRequest> = {},
): StageRequest {
  return {
    seq,
    junctionId: configuration.junctionId,
    configurationVersion: configuration.version,
    stageId,
    notBeforeMs: nowMs,
    validUntilMs: nowMs + 5000,
    reason: 'test',
    ...changes,
  };
}

const warm = (configuration: JunctionConfiguration): LampDevice =>
  new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot: 'warm' });

/** One letter a group at each whole second. */
function strip(device: LampDevice, fromSecond: number, toSecond: number, before?: (second: number) => void): string[] {
  const rows: string[] = [];
  for (let second = fromSecond; second <= toSecond; second++) {
    before?.(second);
    device.advance(START + second * 1000);
    rows.push(
      device
        .lamps()
        .map((lamp) => lamp[0])
        .join(''),
    );
  }
  return rows;
}

/** Changes of stage as `second:stage`. */
function stages(device: LampDevice, toSecond: number, before?: (nowMs: number, second: number) => void): string[] {
  const changes: string[] = [];
  let last: string | null = null;
  for (let tenth = 0; tenth <= toSecond * 10; tenth++) {
    const nowMs = START + tenth * 100;
    if (tenth % 10 === 0) before?.(nowMs, tenth / 10);
    device.advance(nowMs);
    const { stageId } = device.report();
    if (stageId !== last) changes.push(`${tenth / 10}:${stageId}`);
    last = stageId;
  }
  return changes;
}

describe('lamp device under plans', () => {
  it('runs its local plan alone from a warm start, with yellow and all-red between stages', () => {
    const configuration = crossroads({
      localPlan: plan(crossroads(), 0, { NS: 10, 'NS-left': 7, EW: 8, 'EW-left': 7 }).stages,
    });
    const rows = strip(warm(configuration), 0, 52);
    expect(rows[0]).toBe('grgrrrrr');
    expect(rows[9]).toBe('grgrrrrr');
    expect(rows[10]).toBe('ararrrrr');
    expect(rows[12]).toBe('ararrrrr');
    expect(rows[13]).toBe('rrrrrrrr');
    expect(rows[15]).toBe('rgrgrrrr');
    expect(rows[27]).toBe('rrrrgrgr');
    expect(rows[40]).toBe('rrrrrgrg');
    expect(rows[52]).toBe('grgrrrrr');
  });

  it('keeps groups green that are green in both stages', () => {
    const base = crossroads();
    const configuration = {
      ...base,
      stages: [...base.stages, { id: 'N+', groups: ['N-straight'], minGreenSeconds: 7, maxGreenSeconds: 60 }],
      localPlan: plan(base, 0, { N: 10, 'N+': 7, S: 7, E: 7, W: 7 }).stages,
    };
    const rows = strip(warm(configuration), 0, 30);
    for (let second = 0; second < 22; second++) expect(rows[second]![0]).toBe('g');
    expect(rows[22]![0]).toBe('a');
    expect(rows[12]![1]).toBe('a');
  });

  it('applies a plan at the next cycle boundary and reports what is left', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    expect(device.report()).toEqual({
      stageId: 'NS',
      secondsLeft: 35,
      cycleSecondsLeft: 104,
      source: 'local',
      fault: null,
    });
    const answer = device.receivePlan(
      plan(configuration, 1, { NS: 20, 'NS-left': 10, EW: 20, 'EW-left': 10 }),
      START + 5000,
    );
    expect(answer).toEqual({ seq: 1, planId: 'plan-1', result: 'applied', reason: '', atMs: START + 104_000 });
    device.advance(START + 103_999);
    expect(device.report()).toMatchObject({ stageId: 'EW-left', source: 'local', cycleSecondsLeft: 0.001 });
    device.advance(START + 104_000);
    expect(device.report()).toEqual({
      stageId: 'NS',
      secondsLeft: 25,
      cycleSecondsLeft: 80,
      source: 'plan',
      fault: null,
    });
  });

  it('lets a plan lead that came during the last intergreen', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    device.receivePlan(plan(configuration, 1, { NS: 20, 'NS-left': 10, EW: 20, 'EW-left': 10 }), START + 102_500);
    device.advance(START + 104_000);
    expect(device.report()).toMatchObject({ source: 'plan', secondsLeft: 25 });
  });

  it('refuses what is out of order, stale, out of bounds or for another configuration, saying why', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const greens = { NS: 20, 'NS-left': 10, EW: 20, 'EW-left': 10 };
    expect(device.receivePlan(plan(configuration, 5, greens), START).result).toBe('applied');
    const why = (changed: Plan): string => device.receivePlan(changed, START + 1000).reason;
    expect(why(plan(configuration, 4, greens))).toBe('seq 4; above 5 (seq only grows)');
    expect(why(plan(configuration, 6, { ...greens, NS: 3 }))).toBe(
      'stage NS green 3 s; at least 7 s (minGreenSeconds)',
    );
    expect(why(plan(configuration, 6, greens, { validUntilMs: START }))).toMatch(/1 s ago/);
    expect(why(plan(configuration, 6, greens, { validUntilMs: START + 60_000 }))).toBe(
      'valid for 59 s; the next cycle begins in 103 s',
    );
    expect(why(plan(configuration, 6, greens, { configurationVersion: 9 }))).toMatch(
      /version 9; version 1 is in force/,
    );
    expect(why(plan(configuration, 6, greens, { mode: 'manual_override' }))).toMatch(/junction is in mode automatic/);
    expect(device.snapshot()).toEqual({ lastSeq: 5, fault: null });
  });

  it('answers the same plan twice with the same words', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const twice = plan(configuration, 1, { NS: 20, 'NS-left': 10, EW: 20, 'EW-left': 10 });
    const first = device.receivePlan(twice, START);
    expect(device.receivePlan(twice, START + 7000)).toEqual(first);
  });

  it('keeps the last good plan for three cycles, then takes the local plan', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const greens = { NS: 10, 'NS-left': 10, EW: 10, 'EW-left': 10 };
    device.receivePlan(plan(configuration, 1, greens, { validUntilMs: START + 110_000 }), START);
    const sources: string[] = [];
    for (const second of [104, 164, 224, 284, 344]) {
      device.advance(START + second * 1000);
      sources.push(device.report().source);
    }
    expect(sources).toEqual(['plan', 'last-good', 'last-good', 'last-good', 'local']);
  });

  it('never lets a plan lead after its validity', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const greens = { NS: 10, 'NS-left': 10, EW: 10, 'EW-left': 10 };
    device.receivePlan(plan(configuration, 1, greens, { validUntilMs: START + 104_000 }), START);
    // Stage requests hold the cycle up beyond the plan's validity.
    for (let second = 20; second < 50; second++) {
      device.receiveRequest(request(configuration, second, 'NS', START + second * 1000), START + second * 1000);
    }
    const sources = new Set<string>();
    for (let second = 50; second < 300; second++) {
      device.advance(START + second * 1000);
      sources.add(device.report().source);
    }
    expect([...sources]).toEqual(['local']);
  });

  it('gives the same lamps at the same times whatever the steps', () => {
    const configuration = crossroads({ crossings: true });
    const fine = warm(configuration);
    const coarse = warm(configuration);
    for (let ms = 0; ms <= 300_000; ms += 100) {
      fine.advance(START + ms);
      if (ms % 7300 === 0) {
        coarse.advance(START + ms);
        expect(coarse.lamps()).toEqual(fine.lamps());
        expect(coarse.report()).toEqual(fine.report());
      }
    }
  });

  it('hands out the same array until a lamp changes', () => {
    const device = warm(crossroads());
    const before = device.lamps();
    device.advance(START + 29_900);
    expect(device.lamps()).toBe(before);
    device.advance(START + 30_000);
    expect(device.lamps()).not.toBe(before);
  });
});

describe('lamp device and pedestrians', () => {
  it('ends the walk early enough to clear before conflicting traffic goes', () => {
    const rows = strip(warm(crossroads({ crossings: true })), 0, 40);
    // Walk over the east arm (14 s of clearance) ends at 21 s, over the west arm (9.5 s) at 25.5 s; north-south at 30 s.
    expect(rows[20]!.slice(8)).toBe('gg');
    expect(rows[21]!.slice(8)).toBe('ag');
    expect(rows[26]!.slice(8)).toBe('aa');
    expect(rows[35]!.slice(8)).toBe('rr');
    expect(rows[35]!.slice(0, 4)).toBe('rgrg');
  });

  it('clears those who walk before it follows a request', () => {
    const configuration = crossroads({ crossings: true });
    const device = warm(configuration);
    const changes = stages(device, 30, (nowMs, second) => {
      device.receiveRequest(request(configuration, second + 1, 'EW', nowMs), nowMs);
    });
    // Walk 7 s, clearance 14 s, of which 5 s run during yellow and all-red.
    expect(changes).toEqual(['0:NS', '21:EW']);
  });
});

describe('lamp device under stage requests', () => {
  it('goes to the stage as soon as minimum green, yellow and all-red allow, and stays while asked', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const changes = stages(device, 60, (nowMs, second) => {
      if (second >= 2) device.receiveRequest(request(configuration, second, second < 30 ? 'EW' : 'NS', nowMs), nowMs);
    });
    expect(changes).toEqual(['0:NS', '12:EW', '35:NS']);
    expect(device.report()).toMatchObject({ secondsLeft: null, cycleSecondsLeft: null });
  });

  it('goes on by its plan when no fresh request comes within 3 s', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    device.receiveRequest(request(configuration, 1, 'EW', START), START);
    device.advance(START + 2999);
    expect(device.report().cycleSecondsLeft).toBeNull();
    device.advance(START + 3000);
    expect(device.report()).toMatchObject({ stageId: 'NS', secondsLeft: 32 });
  });

  it('leaves a stage at its maximum green whatever is asked', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const changes = stages(device, 90, (nowMs, second) => {
      device.receiveRequest(request(configuration, second + 1, 'NS', nowMs), nowMs);
    });
    expect(changes).toEqual(['0:NS', '75:NS-left', '87:NS']);
  });

  it('forces the stages of all that waited too long, one after the other, once a cycle', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const changes = stages(device, 1000, (nowMs, second) => {
      const stage = Math.floor(second / 20) % 2 === 0 ? 'NS' : 'EW';
      device.receiveRequest(request(configuration, second + 1, stage, nowMs), nowMs);
    });
    const forced = changes.filter((change) => change.endsWith('left'));
    const at = forced.map((change) => Number(change.split(':')[0]));
    expect(forced.map((change) => change.split(':')[1])).toEqual(['NS-left', 'EW-left', 'NS-left', 'EW-left']);
    expect(at[0]).toBeGreaterThanOrEqual(360);
    expect(at[1]).toBeLessThan(385);
    // The first has waited too long again; the second not yet when that is served, and waits for the next cycle's round.
    expect(at[2]).toBeGreaterThanOrEqual(at[0]! + 360);
    expect(at[3]).toBeGreaterThanOrEqual(at[2]! + 170);
    expect(at[3]).toBeLessThan(at[1]! + 10 + 360 + 180);
  });
});

describe('lamp device: boot, modes, configuration, faults', () => {
  it('boots cold with flash, then at least 6 s of all-red, then the first stage', () => {
    const device = new LampDevice(crossroads(), { deviceId: 'lamps', startMs: START, boot: 'cold' });
    expect(device.report()).toEqual({
      stageId: null,
      secondsLeft: null,
      cycleSecondsLeft: 11,
      source: 'flash',
      fault: null,
    });
    const rows = strip(device, 0, 11);
    expect(rows.map((row) => row[0]).join('')).toBe('fffffrrrrrrg');
    expect(rows[11]).toBe('grgrrrrr');
  });

  it('takes manual plans only while overridden, and automatic ones again when the override ends', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const greens = { NS: 20, 'NS-left': 10, EW: 20, 'EW-left': 10 };
    device.setMode('manual_override', START + 60_000, START);
    expect(device.receivePlan(plan(configuration, 1, greens), START).reason).toMatch(
      /junction is in mode manual_override/,
    );
    expect(device.receiveRequest(request(configuration, 1, 'EW', START), START).result).toBe('refused');
    expect(device.receivePlan(plan(configuration, 1, greens, { mode: 'manual_override' }), START).result).toBe(
      'applied',
    );
    expect(device.receivePlan(plan(configuration, 2, greens), START + 60_000).result).toBe('applied');
  });

  it('brings a newer configuration into force at the cycle boundary, with plans that cite it', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const newer = { ...crossroads({ version: 2 }), yellowSeconds: 4 };
    const local = newer.localPlan.map((stage) => ({ ...stage, yellowSeconds: 4 }));
    expect(device.receiveConfiguration({ ...newer, localPlan: local }, START + 1000)).toBeNull();
    expect(device.receiveConfiguration(configuration, START + 1000)).toMatch(/versions only grow/);
    const cited = plan(newer, 1, { NS: 20, 'NS-left': 10, EW: 20, 'EW-left': 10 });
    const stagesOf = cited.stages.map((stage) => ({ ...stage, yellowSeconds: 4 }));
    expect(device.receivePlan({ ...cited, stages: stagesOf }, START + 2000).result).toBe('applied');
    device.advance(START + 104_000);
    expect(device.report().source).toBe('local');
    device.advance(START + 105_000);
    expect(device.report()).toMatchObject({ stageId: 'NS', source: 'plan', secondsLeft: 26 });
  });

  it('refuses a configuration with other signal groups', () => {
    expect(warm(crossroads()).receiveConfiguration(crossroads({ version: 2, crossings: true }), START)).toMatch(
      /wired/,
    );
  });

  it('latches to flash when the lamps show what was not commanded, over a restart, until it is reset', () => {
    const configuration = crossroads();
    const device = warm(configuration);
    const measured = device.lamps().with(4, 'green');
    device.readBack(measured, START + 1000);
    expect(device.report()).toMatchObject({ source: 'flash', fault: 'E-straight shows green; commanded red' });
    expect(new Set(device.lamps())).toEqual(new Set(['flash']));
    const restarted = new LampDevice(configuration, { deviceId: 'lamps', startMs: START + 5000, boot: 'cold' });
    restarted.restore(JSON.parse(JSON.stringify(device.snapshot())));
    restarted.advance(START + 600_000);
    expect(restarted.report().source).toBe('flash');
    expect(restarted.receivePlan(plan(configuration, 1, { NS: 20 }), START + 600_000).reason).toMatch(/latched fault/);
    restarted.reset(START + 600_000);
    restarted.advance(START + 611_000);
    expect(restarted.report()).toMatchObject({ stageId: 'NS', fault: null });
  });

  it('does not start with a configuration that cannot be', () => {
    const wrong = { ...crossroads(), yellowSeconds: 4 };
    expect(() => warm(wrong)).toThrow(/localPlan: stage NS yellow 3 s; at least 4 s/);
  });
});

describe('a clearance that is extended', () => {
  const configuration = crossroads();
  /** Second in which EW turns green, when it is asked for from 20 s on, and during the transition not before `laterMs`. */
  function startsAt(laterMs: number, stageId = 'EW'): number {
    const device = warm(configuration);
    for (let second = 0; second <= 60; second++) {
      const nowMs = START + second * 1000;
      const leaving = second >= 21;
      const id = second < 20 ? 'NS' : leaving ? stageId : 'EW';
      device.receiveRequest(
        request(configuration, second + 1, id, nowMs, {
          notBeforeMs: leaving ? Math.max(nowMs, START + laterMs) : nowMs,
          validUntilMs: START + 120_000 > nowMs + 50_000 ? nowMs + 50_000 : START + 120_000,
        }),
        nowMs,
      );
      if (device.report().stageId === 'EW') return second;
    }
    return -1;
  }

  it('lasts until the time asked for, at most eight seconds longer, and never less', () => {
    const usual = startsAt(0);
    expect(startsAt(1000 * (usual - 3))).toBe(usual);
    expect(startsAt(1000 * (usual + 3))).toBe(usual + 3);
    expect(startsAt(1000 * (usual + 30))).toBe(usual + 8);
  });

  it('is not extended by who asks for another stage', () => {
    expect(startsAt(1000 * (startsAt(0) + 3), 'NS')).toBe(startsAt(0));
  });
});
