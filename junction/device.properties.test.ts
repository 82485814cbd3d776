/** Whatever is said to the lamp device, in whatever order and at whatever times, its lamps stay legal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LampDevice } from './device.ts';
import { crossroads } from './testing.ts';
import type { JunctionConfiguration, Lamp, Plan, StageRequest } from './types.ts';

const START = 1_704_067_200_000;

/** Judges what is seen every 100 ms, by the configuration alone. */
class Witness {
  readonly wrongs: string[] = [];
  private readonly configuration: JunctionConfiguration;
  private readonly greenSince: number[];
  private readonly greenEnded: number[];
  private readonly amberSince: number[];
  private before: readonly Lamp[];
  readonly greens: number[];

  constructor(configuration: JunctionConfiguration, first: readonly Lamp[]) {
    this.configuration = configuration;
    this.before = first;
    this.greenSince = first.map(() => START);
    this.greenEnded = first.map(() => Number.NEGATIVE_INFINITY);
    this.amberSince = first.map(() => START);
    this.greens = first.map(() => 0);
  }

  see(lamps: readonly Lamp[], nowMs: number): void {
    const { signalGroups, conflicts, intergreenSeconds } = this.configuration;
    for (let i = 0; i < lamps.length; i++) {
      const group = signalGroups[i]!;
      if (lamps[i] === this.before[i]) continue;
      if (lamps[i] === 'green') {
        this.greenSince[i] = nowMs;
        this.greens[i]!++;
      }
      if (lamps[i] === 'amber') this.amberSince[i] = nowMs;
      if (this.before[i] === 'green') {
        this.greenEnded[i] = nowMs;
        const least = group.kind === 'vehicle' ? 7000 : 4000;
        if (lamps[i] !== 'amber') this.wrongs.push(`${group.id} green to ${lamps[i]}`);
        if (nowMs - this.greenSince[i]! < least)
          this.wrongs.push(`${group.id} green ${nowMs - this.greenSince[i]!} ms`);
      }
      if (this.before[i] === 'amber') {
        const least = (group.kind === 'vehicle' ? this.configuration.yellowSeconds : group.clearanceSeconds) * 1000;
        if (nowMs - this.amberSince[i]! < least)
          this.wrongs.push(`${group.id} amber ${nowMs - this.amberSince[i]!} ms`);
      }
    }
    for (let i = 0; i < lamps.length; i++) {
      for (let j = 0; j < lamps.length; j++) {
        if (lamps[j] !== 'green' || !conflicts[i]![j]) continue;
        const pair = `${signalGroups[i]!.id}, ${signalGroups[j]!.id}`;
        if (lamps[i] === 'green') this.wrongs.push(`${pair} green together`);
        if (this.before[j] !== 'green' && nowMs - this.greenEnded[i]! < intergreenSeconds[i]![j]! * 1000) {
          this.wrongs.push(`${pair} ${nowMs - this.greenEnded[i]!} ms apart`);
        }
      }
    }
    this.before = lamps;
  }
}

const stageId = fc.constantFrom('NS', 'NS-left', 'EW', 'EW-left', 'N', 'S', 'E', 'W', 'nowhere');
const tenths = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min * 10, max: max * 10 }).map((n) => n / 10);
const planStages = fc.array(
  fc.record({
    stageId,
    greenSeconds: fc.oneof({ weight: 5, arbitrary: tenths(7, 40) }, { weight: 1, arbitrary: tenths(0, 90) }),
    yellowSeconds: fc.oneof({ weight: 5, arbitrary: tenths(3, 5) }, { weight: 1, arbitrary: tenths(0, 3) }),
    allRedSeconds: fc.oneof({ weight: 5, arbitrary: tenths(2, 4) }, { weight: 1, arbitrary: tenths(0, 2) }),
  }),
  { minLength: 1, maxLength: 6 },
);
/** Plans of all four pairs, most of them legal, shuffled. */
const fullPlan = fc
  .tuple(
    fc.shuffledSubarray(['NS', 'NS-left', 'EW', 'EW-left'], { minLength: 4 }),
    fc.array(tenths(7, 40), { minLength: 4, maxLength: 4 }),
  )
  .map(([ids, greens]) =>
    ids.map((id, k) => ({ stageId: id, greenSeconds: greens[k]!, yellowSeconds: 3, allRedSeconds: 2 })),
  );
const command = fc.record({
  kind: fc.constantFrom('plan', 'request', 'request', 'requests', 'configuration', 'mode'),
  atTenth: fc.integer({ min: 0, max: 6000 }),
  seqStep: fc.integer({ min: -2, max: 5 }),
  stages: fc.oneof(fullPlan, planStages),
  stageId,
  fromSeconds: fc.integer({ min: -20, max: 60 }),
  validSeconds: fc.integer({ min: -5, max: 400 }),
  version: fc.integer({ min: 1, max: 3 }),
});
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

function run(configuration: JunctionConfiguration, commands: Command[], boot: 'cold' | 'warm', stepTenths: number[]) {
  const device = new LampDevice(configuration, { deviceId: 'lamps', startMs: START, boot });
  const witness = new Witness(configuration, device.lamps());
  let seq = 0;
  const byTenth = new Map<number, Command[]>();
  for (const one of commands) byTenth.set(one.atTenth, [...(byTenth.get(one.atTenth) ?? []), one]);
  const say = (one: Command, nowMs: number): void => {
    seq += one.seqStep;
    const head = {
      junctionId: configuration.junctionId,
      seq,
      configurationVersion: one.kind === 'configuration' ? 1 : one.version > 2 ? 2 : 1,
      reason: '',
    };
    const validFromMs = nowMs + one.fromSeconds * 1000;
    if (one.kind === 'plan') {
      const plan: Plan = {
        ...head,
        planId: `p${seq}`,
        validFromMs,
        validUntilMs: validFromMs + one.validSeconds * 1000,
        stages: one.stages,
        mode: 'automatic',
      };
      device.receivePlan(plan, nowMs);
    } else if (one.kind === 'configuration')
      device.receiveConfiguration({ ...configuration, version: one.version }, nowMs);
    else if (one.kind === 'mode') device.setMode(one.version === 3 ? 'emergency' : 'automatic', nowMs + 30_000, nowMs);
    else {
      const request: StageRequest = {
        ...head,
        stageId: one.stageId,
        notBeforeMs: nowMs + Math.min(2, one.fromSeconds) * 1000,
        validUntilMs: nowMs + 5000,
      };
      device.receiveRequest(request, nowMs);
    }
  };
  let tenth = 0;
  let last = 0;
  for (let n = 0; tenth <= 6000; n++) {
    const nowMs = START + tenth * 100;
    device.advance(nowMs);
    witness.see(device.lamps(), nowMs);
    for (let t = last; t <= tenth; t++) {
      for (const one of byTenth.get(t) ?? []) {
        say(one, nowMs);
        if (one.kind === 'requests')
          for (let k = 1; k < 200; k++)
            byTenth.set(t + k * 10, [...(byTenth.get(t + k * 10) ?? []), { ...one, kind: 'request', seqStep: 1 }]);
        witness.see(device.lamps(), nowMs);
      }
    }
    last = tenth + 1;
    tenth += stepTenths[n % stepTenths.length]!;
  }
  return { device, witness };
}

describe('lamp device under anything', () => {
  for (const crossings of [false, true]) {
    it(`keeps every green, yellow and intergreen${crossings ? ', walk and clearance' : ''} legal`, () => {
      const base = crossroads({ crossings });
      // Vehicles that turn left need longer to clear than yellow and all-red say.
      const left = (i: number): boolean => base.signalGroups[i]!.id.endsWith('left');
      const intergreenSeconds = base.intergreenSeconds.map((row, i) => row.map((s) => (s > 0 && left(i) ? 8.5 : s)));
      const configuration = { ...base, intergreenSeconds };
      fc.assert(
        fc.property(
          fc.array(command, { maxLength: 25 }),
          fc.constantFrom('cold' as const, 'warm' as const),
          (commands, boot) => {
            const { device, witness } = run(configuration, commands, boot, [1]);
            expect(witness.wrongs).toEqual([]);
            expect(device.report().fault).toBeNull();
            configuration.signalGroups.forEach((group, i) => {
              if (group.kind === 'vehicle') expect(`${group.id} ${witness.greens[i]! > 0}`).toBe(`${group.id} true`);
            });
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('shows the same whether it is asked often or seldom', () => {
    const configuration = crossroads({ crossings: true });
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 5 }),
        (commands, steps) => {
          const aligned = commands.map((one) => ({
            ...one,
            kind: one.kind === 'requests' ? ('request' as const) : one.kind,
            atTenth: one.atTenth - (one.atTenth % 30),
          }));
          const often = run(configuration, aligned, 'warm', [1]);
          // Steps that meet each multiple of 3 s, so that commands come at the same time.
          const seldom = run(
            configuration,
            aligned,
            'warm',
            steps.flatMap((step) => split(30, step)),
          );
          expect(seldom.device.lamps()).toEqual(often.device.lamps());
          expect(seldom.device.report()).toEqual(often.device.report());
        },
      ),
      { numRuns: 40 },
    );
  });
});

function split(total: number, step: number): number[] {
  const parts: number[] = [];
  for (let left = total; left > 0; left -= step) parts.push(Math.min(step, left));
  return parts;
}
