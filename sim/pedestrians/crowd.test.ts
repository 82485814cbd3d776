import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walked } from '../../scenarios/testing-walked.ts';
import { openStreet } from '../street.ts';
import { BodyChecker, playLocalPlans } from '../traffic/testing.ts';
import { CROSSING, DONE, TO_COME, WAITING } from './crowd.ts';
import { delayOf, PedestrianTotals, pedestrianMeasures } from './measures.ts';
import { ContactChecker, type WalkedWorld, walkedWorld } from './testing.ts';

const RED = 0;
const GREEN = 1;
const AMBER = 2;

const settings = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  stepSeconds: fc.constantFrom(0.1, 0.25, 0.5, 1),
  vehiclesPerHour: fc.integer({ min: 1, max: 600 }),
  peoplePerHour: fc.integer({ min: 50, max: 2000 }),
  cyclistShare: fc.constantFrom(0, 0.3, 1),
  enterInClearanceShare: fc.constantFrom(0, 0.2, 1),
  drivingSide: fc.constantFrom('left' as const, 'right' as const),
  bikes: fc.boolean(),
});
const SECONDS = 120;
const RUNS = 6;

function play(world: WalkedWorld, seconds: number, light: (second: number) => void, eachTick: () => void): void {
  const { engine } = world;
  for (let k = 0; k < Math.round(seconds / engine.stepSeconds); k++) {
    light(k * engine.stepSeconds);
    world.step();
    eachTick();
  }
}

function imbalance({ crowd, engine }: WalkedWorld): string | null {
  const { phase } = crowd.state;
  const count = [0, 0, 0, 0];
  const now = engine.tick * engine.stepSeconds;
  let come = 0;
  for (let person = 0; person < crowd.people.count; person++) {
    count[phase[person]!]!++;
    if (crowd.people.arriveSeconds[person]! < now - 1e-9) come++;
  }
  if (crowd.due < come || crowd.due !== crowd.people.count - count[TO_COME]!) return `${crowd.due} due of ${come}`;
  if (crowd.presentCount !== count[WAITING]! + count[CROSSING]!) return `${crowd.presentCount} present`;
  return crowd.done === count[DONE]! ? null : `${crowd.done} done, ${count[DONE]} in that phase`;
}

describe('people and vehicles', () => {
  it('never meet under the plan, and nobody is lost', () => {
    fc.assert(
      fc.property(settings, (values) => {
        const world = walkedWorld(walked({ ...values, durationSeconds: SECONDS }), values.seed);
        const contacts = new ContactChecker(world);
        play(
          world,
          SECONDS,
          (second) => playLocalPlans(world.engine, second),
          () => expect(contacts.check() ?? imbalance(world)).toBeNull(),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('never meet even where the lamps let everybody go at once', () => {
    fc.assert(
      fc.property(settings, fc.infiniteStream(fc.constantFrom(RED, GREEN, GREEN, AMBER)), (values, lamps) => {
        const world = walkedWorld(walked({ ...values, durationSeconds: SECONDS }), values.seed);
        const contacts = new ContactChecker(world);
        const bodies = new BodyChecker(world.engine);
        play(
          world,
          SECONDS,
          (second) => {
            if (Math.round(second * 1000) % 6000 === 0)
              for (let g = 0; g < world.engine.groupLamp.length; g++) world.engine.groupLamp[g] = lamps.next().value!;
          },
          () => expect(contacts.check() ?? (values.stepSeconds < 1 ? bodies.check() : null)).toBeNull(),
        );
      }),
      { numRuns: RUNS },
    );
  });
});

/** One crossing's people with the lamp of that crossing only; no vehicles. */
function lonely(options: Parameters<typeof walked>[0] = {}, seed = 3): WalkedWorld {
  return walkedWorld(walked({ vehiclesPerHour: 0.001, ...options }), seed);
}

describe('a person at a crossing', () => {
  it('waits for the walk, starts up, and is over after its length at his own speed', () => {
    const world = lonely({ peoplePerHour: 60, durationSeconds: 300 });
    const { crowd, engine } = world;
    play(
      world,
      400,
      (second) => engine.groupLamp.fill(second < 40 ? RED : GREEN),
      () => {},
    );
    expect(crowd.done).toBe(crowd.people.count);
    for (let person = 0; person < crowd.people.count; person++) {
      const came = crowd.people.arriveSeconds[person]!;
      const left = came < 40 ? 40 + crowd.people.startUpSeconds[person]! : came;
      const { length } = crowd.crossings[crowd.people.crossing[person]!]!;
      expect(crowd.state.enteredAt[person]).toBeCloseTo(left, 9);
      expect(crowd.state.finishedAt[person]).toBeCloseTo(left + length / crowd.people.speed[person]!, 9);
      expect(delayOf(crowd, person, 400)).toBeCloseTo(left - came, 9);
    }
  });

  it('does not enter in the clearance, but who is on the crossing finishes', () => {
    const world = lonely({ peoplePerHour: 3000, durationSeconds: 40 });
    const { crowd, engine } = world;
    play(
      world,
      100,
      (second) => engine.groupLamp.fill(second < 10 ? GREEN : second < 20 ? AMBER : RED),
      () => {},
    );
    expect(crowd.done).toBeGreaterThan(10);
    for (let person = 0; person < crowd.people.count; person++) {
      if (crowd.people.arriveSeconds[person]! < 10) expect(crowd.state.phase[person]).toBe(DONE);
      else expect(crowd.state.phase[person]).toBe(WAITING);
    }
  });

  it('enters in the clearance where the scenario lets him', () => {
    const world = lonely({ peoplePerHour: 1000, durationSeconds: 60, enterInClearanceShare: 1 });
    play(
      world,
      60,
      () => world.engine.groupLamp.fill(AMBER),
      () => {},
    );
    expect(world.crowd.done).toBeGreaterThan(10);
  });

  it('is shown on its way to the kerb without a jump, and waits clear of the road', () => {
    const world = lonely({ peoplePerHour: 900, cyclistShare: 0.4, durationSeconds: 240, stepSeconds: 0.1 });
    const { crowd, engine } = world;
    const before = new Map<number, { x: number; y: number; speed: number }>();
    let waited = 0;
    play(
      world,
      240,
      (second) => engine.groupLamp.fill(second % 60 < 20 ? GREEN : RED),
      () =>
        crowd.positions(engine.tick * engine.stepSeconds, (person, x, y, hx, hy, speed) => {
          const { crossing, direction, rides } = crowd.people;
          const line = crowd.crossings[crossing[person]!]!;
          const axis = (x - line.x) * line.alongX + (y - line.y) * line.alongY;
          const along = direction[person]! > 0 ? axis : line.length - axis;
          const half = rides[person] === 1 ? 0.9 : 0.25;
          if (crowd.state.phase[person] === WAITING) {
            expect(along + half).toBeLessThanOrEqual(0);
            waited++;
          }
          const last = before.get(person);
          before.set(person, { x, y, speed });
          if (last === undefined || crowd.state.phase[person] !== TO_COME) return;
          const gone = (x - last.x) * hx + (y - last.y) * hy;
          // as far as it walks in a tick, or a hand's breadth back; farther only where the walk has just begun
          expect(gone).toBeGreaterThanOrEqual(-0.26);
          if (engine.groupLamp[0] === RED) expect(gone).toBeLessThanOrEqual(0.1 * Math.max(speed, last.speed) + 1e-6);
        }),
    );
    expect(waited).toBeGreaterThan(100);
  });

  it('is the same person whatever the lamps do and however many others come', () => {
    const few = lonely({ peoplePerHour: 100 });
    const many = walkedWorld(walked({ peoplePerHour: 100, vehiclesPerHour: 500 }), 3);
    expect(few.crowd.people).toEqual(many.crowd.people);
  });
});

describe('a push button', () => {
  it('latches from the press until the walk, and again for who comes later', () => {
    const world = lonely({ peoplePerHour: 600, durationSeconds: 200, button: true });
    const { crowd, engine } = world;
    const readings = () => crowd.buttonReadings(0)['N-walk:button']!;
    const seen: boolean[] = [];
    play(
      world,
      90,
      (second) => engine.groupLamp.fill(second >= 30 && second < 45 ? GREEN : RED),
      () => {
        seen.push(readings().presence);
      },
    );
    const at = (second: number) => seen[Math.round(second / engine.stepSeconds)]!;
    expect(at(29)).toBe(true);
    for (let second = 31; second < 44; second++) expect(at(second)).toBe(false);
    expect(at(89)).toBe(true);
    expect(readings().count).toBeGreaterThan(1);
  });

  it('is not there where the crossing has none', () => {
    expect(lonely().crowd.buttonReadings(0)).toEqual({});
  });
});

describe('the delay of people', () => {
  it('is (C - g)^2 / 2C under a fixed plan, with g the walk less the start-up', () => {
    const scenario = walked({ peoplePerHour: 500, vehiclesPerHour: 0.001, durationSeconds: 7200, cyclistShare: 0 });
    const world = walkedWorld(scenario, 5);
    const { crowd, engine } = world;
    const cycle = 80;
    const walk = 20;
    play(
      world,
      7200,
      (second) => engine.groupLamp.fill(second % cycle < walk ? GREEN : second % cycle < walk + 10 ? AMBER : RED),
      () => {},
    );
    const { mean } = pedestrianMeasures(crowd, 0, 7200).delaySeconds;
    const red = cycle - (walk - 1);
    expect(mean! / ((red * red) / (2 * cycle))).toBeGreaterThan(0.95);
    expect(mean! / ((red * red) / (2 * cycle))).toBeLessThan(1.05);
  });

  it('covers those who still wait, leaves out the warm-up, and agrees with the running totals', () => {
    const world = lonely({ peoplePerHour: 900, durationSeconds: 100 });
    const totals = new PedestrianTotals(world.crowd, 30);
    play(
      world,
      100,
      (second) => world.engine.groupLamp.fill(second < 60 ? GREEN : RED),
      () => totals.counters(world.engine.tick * world.engine.stepSeconds),
    );
    const result = pedestrianMeasures(world.crowd, 30, 100);
    const late = Array.from(world.crowd.people.arriveSeconds).filter((second) => second >= 30).length;
    expect(result.demanded).toBe(late);
    expect(result.waiting).toBeGreaterThan(0);
    expect(result.crossed + result.crossing + result.waiting).toBe(late);
    expect(totals.counters(100)).toEqual({
      waiting: result.waiting,
      crossing: result.crossing,
      delaySeconds: expect.closeTo(result.delaySeconds.mean!, 5),
    });
  });
});

describe('a street with people', () => {
  const open = (options: Parameters<typeof walked>[0], seed: number) => {
    const scenario = walked(options);
    const variant = { name: 'baseline', strategy: 'fixed-time' };
    return openStreet({ kind: 'scenario', scenario }, { seed, variant, prefix: 'flextraff-sim/test/baseline' });
  };
  const run = (street: ReturnType<typeof open>, seconds: number) => {
    while (street.tick * street.stepSeconds < seconds) street.step();
    return street;
  };

  it('shows them in its frames, counts them in its result, and has them in its digest', () => {
    const street = run(open({ durationSeconds: 120 }, 1), 120);
    const { people, counters } = street.frame();
    expect(people!.length % 6).toBe(0);
    expect(people!.length).toBeGreaterThan(0);
    const result = street.result();
    expect(result.pedestrians!.demanded).toBeGreaterThan(10);
    expect(Object.keys(result.pedestrians!.crossings).sort()).toEqual(['E', 'N', 'S', 'W']);
    expect(counters.pedestrians!.delaySeconds).toBeCloseTo(result.pedestrians!.delaySeconds.mean!, 5);
    expect(run(open({ durationSeconds: 120 }, 1), 120).digest()).toBe(street.digest());
    expect(run(open({ durationSeconds: 120, cyclistShare: 1 }, 1), 120).digest()).not.toBe(street.digest());
  });

  it('says nothing of people where nobody walks', () => {
    const street = run(open({ durationSeconds: 60, peoplePerHour: 0 }, 1), 60);
    expect(street.result().pedestrians).toBeUndefined();
    expect(street.frame().people).toBeUndefined();
    expect(street.frame().counters.pedestrians).toBeUndefined();
  });
});
