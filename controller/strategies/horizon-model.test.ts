import { describe, expect, it } from 'vitest';
import { Model, type ModelLane, type ModelStage, type State } from './horizon-model.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** Groups: straight on, the left turn that shares its lane, the opposing stream to which that gives way, a street across. */
const STRAIGHT = 0;
const LEFT = 1;
const OPPOSING = 2;
const YIELDS = [[], [OPPOSING], [], []];
const stage = (...green: number[]): ModelStage => ({
  minGreenSeconds: 5,
  maxGreenSeconds: 60,
  green: Uint8Array.from(green),
});
const STAGES = [stage(1, 1, 1, 0), stage(0, 0, 0, 1), stage(1, 1, 0, 0)];

function lane(wanted: readonly number[], free: readonly number[] = wanted.map(() => 0)): ModelLane {
  const all = (value: number) => new Float64Array(wanted.length).fill(value);
  return {
    groups: [...new Set(wanted)],
    count: wanted.length,
    free: Float64Array.from(free),
    weight: all(1),
    growth: all(0),
    stop: all(0),
    late: all(NEVER),
    lateWeight: all(0),
    mass: all(1),
    group: Int32Array.from(wanted),
    lastSeconds: -1000,
    headwaySeconds: 2,
    yieldSeconds: 3,
  };
}

/** The first stage is green for long, and the stream that comes the other way has no gaps for `busy` seconds. */
function street(shared: readonly number[], busy: number): { model: Model; state: State } {
  const stream = Array.from({ length: busy / 2 }, (_, k) => 2 * k);
  const lanes = [
    lane(shared),
    lane(
      stream.map(() => OPPOSING),
      stream,
    ),
  ];
  const model = new Model(lanes, STAGES, 4, YIELDS, { startUpSeconds: 2, gapSeconds: 3.5 }, []);
  const state = model.emptyState();
  state.last.fill(-1000);
  state.open.set([-100, -100, -100, NEVER]);
  return { model, state };
}

describe('who gives way', () => {
  it('waits inside the junction, where one of its lane has room; those behind who do not give way pass', () => {
    const { model, state } = street([LEFT, STRAIGHT, STRAIGHT, LEFT, STRAIGHT], 60);
    for (let t = 0; t < 20; t += 2) model.serve(state, model.view(0, 0), t, t + 2);
    expect(state.next[0]).toBe(3);
    expect(state.inside[0]).toBe(NEVER);
    // what it has waited there counts
    expect(state.delay).toBeGreaterThanOrEqual(20);
  });

  it('goes when the gap is there, and the next of its kind comes in', () => {
    const { model, state } = street([LEFT, LEFT, LEFT], 10);
    for (let t = 0; t < 8; t += 2) model.serve(state, model.view(0, 0), t, t + 2);
    expect(state.next[0]).toBe(1);
    for (let t = 8; t < 20; t += 2) model.serve(state, model.view(0, 0), t, t + 2);
    expect(state.next[0]).toBe(3);
    expect(state.inside[0]).toBeLessThan(20);
  });

  it('leaves when its green ends, and nobody else with it', () => {
    const { model, state } = street([LEFT, LEFT], 60);
    model.serve(state, model.view(0, 0), 0, 10);
    const { delay } = state;
    model.clear(state, 0, 1, 10);
    expect(state.next[0]).toBe(1);
    expect(state.inside[0]).toBeCloseTo(11.5);
    expect(state.delay - delay).toBeCloseTo(1.5);
  });

  it('still waits where its green goes on, and goes once nobody has priority any more', () => {
    const { model, state } = street([LEFT], 60);
    model.serve(state, model.view(0, 0), 0, 10);
    model.clear(state, 0, 2, 10);
    expect(state.inside[0]).toBe(NEVER);
    model.change(state, 0, 2, 15);
    model.serve(state, model.view(2, 2), 15, 20);
    expect(state.inside[0]).toBe(15);
  });

  it('keeps the next from driving in, where somebody stands inside already, until that one has had its gap', () => {
    const { model, state } = street([LEFT, LEFT], 20);
    state.inside[0] = NEVER;
    state.waiting[0] = -1;
    for (let t = 0; t < 18; t += 2) model.serve(state, model.view(0, 0), t, t + 2);
    expect(state.next[0]).toBe(0);
    expect(state.delay).toBeCloseTo(0);
    for (let t = 18; t < 30; t += 2) model.serve(state, model.view(0, 0), t, t + 2);
    expect(state.next[0]).toBe(2);
  });

  it('costs the same in one interval as in many', () => {
    const whole = street([LEFT, STRAIGHT, LEFT], 20);
    whole.model.serve(whole.state, whole.model.view(0, 0), 0, 40);
    const parts = street([LEFT, STRAIGHT, LEFT], 20);
    for (let t = 0; t < 40; t += 4) parts.model.serve(parts.state, parts.model.view(0, 0), t, t + 4);
    expect(parts.state.next[0]).toBe(3);
    expect(Math.abs(parts.state.cost - whole.state.cost)).toBeLessThan(8);
  });
});
