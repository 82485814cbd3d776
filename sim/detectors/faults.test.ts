import { describe, expect, it } from 'vitest';
import type { CarCounts, Detections, Heartbeat } from '../../feeds/messages.ts';
import { parseScenario } from '../../scenarios/load.ts';
import { walkedText } from '../../scenarios/testing-walked.ts';
import { openStreet } from '../street.ts';

const SECONDS = 240;

/** Everything that detectors said in four minutes, with these lines of `detection`. */
function heard(detection: string, seed = 2) {
  const text = walkedText({ durationSeconds: SECONDS, vehiclesPerHour: 400, button: true }).replace(
    'demand:',
    `${detection === '' ? '' : `detection: ${detection}\n`}demand:`,
  );
  const { scenario, issues } = parseScenario(text, 'faults.yaml');
  if (scenario === undefined) throw new Error(JSON.stringify(issues));
  const street = openStreet(
    { kind: 'scenario', scenario },
    {
      seed,
      variant: { name: 'baseline', strategy: 'fixed-time' },
      prefix: 'flextraff-sim/test/baseline',
      wants: () => true,
    },
  );
  const counts: CarCounts[] = [];
  const detections: Detections['detectors'][] = [];
  const beats: Heartbeat[] = [];
  while (street.tick * street.stepSeconds < SECONDS) {
    street.step();
    for (const { address, message } of street.drain()) {
      if (address.kind === 'car-counts') counts.push(message as CarCounts);
      if (address.kind === 'detections') detections.push((message as Detections).detectors);
      if (address.kind === 'heartbeat') beats.push(message as Heartbeat);
    }
  }
  const north = scenario.junctions[0]!.approaches.find(({ name }) => name === 'N')!.id;
  return {
    counts: counts.filter(({ lane_id }) => lane_id === north),
    others: counts.filter(({ lane_id }) => lane_id !== north),
    detections,
    beats: beats.filter(({ lane_id }) => lane_id === north),
    digest: street.digest(),
    result: street.result(),
  };
}

const total = (counts: readonly CarCounts[]) => counts.reduce((sum, { vehicle_count }) => sum + vehicle_count, 0);
const well = heard('');
const fault = (text: string) => heard(`{ faults: [{ approach: N, ${text} }] }`);

describe('a reader that fails', () => {
  it('is silent while the fault lasts, and its heart does not beat', () => {
    const { counts, others, beats } = fault('device: reader, kind: silent, fromSeconds: 60, untilSeconds: 120');
    expect(well.counts.length - counts.length).toBe(6);
    expect(others).toEqual(well.others);
    expect(well.beats.length - beats.length).toBe(12);
  });

  it('is silent in an outage', () => {
    const { counts } = heard('{ outages: [{ approach: N, fromSeconds: 60, untilSeconds: 120 }] }');
    expect(well.counts.length - counts.length).toBe(6);
  });

  it('says everything twice, under the same number', () => {
    const { counts } = fault('device: reader, kind: doubled');
    expect(counts).toEqual(well.counts.flatMap((message) => [message, message]));
  });

  it('misses tags', () => {
    expect(total(fault('device: reader, kind: misses, probability: 1').counts)).toBe(0);
    const half = total(fault('device: reader, kind: misses, probability: 0.5').counts);
    expect(half).toBeGreaterThan(0.2 * total(well.counts));
    expect(half).toBeLessThan(0.9 * total(well.counts));
  });

  it('counts a tag that stands at each reading', () => {
    expect(total(fault('device: reader, kind: rereads').counts)).toBeGreaterThan(total(well.counts));
  });

  it('has a clock of its own', () => {
    const { counts, beats } = fault('device: reader, kind: clock-drift, driftSecondsPerHour: 36');
    const ahead = counts.map(({ timestamp }, i) => Date.parse(timestamp) - Date.parse(well.counts[i]!.timestamp));
    expect(ahead.at(-1)! - 2400).toBeLessThan(0);
    expect(ahead.at(-1)!).toBeGreaterThan(2350);
    expect(ahead.slice(1).every((ms, i) => ms > ahead[i]!)).toBe(true);
    expect(beats.at(-1)!.clock_offset_ms).toBeGreaterThan(2300);
  });
});

describe('a loop that fails', () => {
  const of = (detections: readonly Detections['detectors'][], id: string) => detections.map((each) => each[id]);

  it('says nothing while it is silent', () => {
    const { detections } = fault('device: loop, position: stopline, kind: silent, fromSeconds: 60, untilSeconds: 120');
    const line = of(detections, 'N:stopline');
    expect(line.slice(0, 59).every((reading) => reading !== undefined)).toBe(true);
    expect(line.slice(61, 119).every((reading) => reading === undefined)).toBe(true);
    expect(
      of(detections, 'N:stopline:0')
        .slice(61, 119)
        .every((reading) => reading === undefined),
    ).toBe(true);
    expect(line.slice(121).every((reading) => reading !== undefined)).toBe(true);
    expect(of(detections, 'S:stopline')).toEqual(of(well.detections, 'S:stopline'));
  });

  it('is covered all the time, or never, and counts nothing', () => {
    const on = of(fault('device: loop, kind: stuck-on').detections, 'N:stopline').slice(1);
    expect(on.every((reading) => reading!.presence && reading!.occupancy === 1 && reading!.count === 0)).toBe(true);
    const off = of(fault('device: loop, kind: stuck-off').detections, 'N:stopline').slice(1);
    expect(off.every((reading) => !reading!.presence && reading!.occupancy === 0 && reading!.count === 0)).toBe(true);
  });
});

describe('a push button that fails', () => {
  it('calls always or never', () => {
    const calls = (kind: string) =>
      fault(`device: button, kind: ${kind}`).detections.map((each) => each['N-walk:button']!.presence);
    expect(
      calls('stuck-on')
        .slice(1)
        .every((call) => call),
    ).toBe(true);
    expect(calls('stuck-off').some((call) => call)).toBe(false);
    expect(well.detections.map((each) => each['N-walk:button']!.presence).some((call) => call)).toBe(true);
  });
});

describe('faults', () => {
  it('change what is said, not how the world goes under a fixed plan, and are the same again', () => {
    const one = fault('device: loop, kind: stuck-on');
    const { digest: _, ...result } = one.result;
    const { digest: __, ...before } = well.result;
    expect(result).toEqual(before);
    expect(one.digest).not.toBe(well.digest);
    expect(fault('device: loop, kind: stuck-on').digest).toBe(one.digest);
  });
});
