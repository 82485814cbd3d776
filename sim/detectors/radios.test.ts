import { describe, expect, it } from 'vitest';
import { type Detections, MESSAGE_SCHEMAS } from '../../feeds/messages.ts';
import { shippedScenario } from '../../scenarios/testing.ts';
import { openStreet, type StreetOptions } from '../street.ts';
import { hashShare } from './radios.ts';

const scenario = await shippedScenario('t-junction');

/** What the junction hears in each of the first 200 s. */
function heard(radio: StreetOptions['radio']): Detections[] {
  const variant = { name: 'baseline', strategy: 'fixed-time' };
  const street = openStreet(
    { kind: 'scenario', scenario },
    { seed: 1, variant, prefix: 'flextraff-sim/r/baseline', wants: () => true, ...(radio && { radio }) },
  );
  const all: Detections[] = [];
  while (street.tick * street.stepSeconds < 200) {
    street.step();
    for (const { address, message } of street.drain()) {
      if (address.kind === 'detections') all.push(message as Detections);
    }
  }
  return all;
}

const { detectors = [], signalGroups } = scenario.junctions[0]!.configuration;

describe('radios', () => {
  const everybody = heard({ metres: 150, share: 1 });

  it('hear vehicles on the lanes to the stop lines, within their range, in messages that the wire takes', () => {
    const lanes = detectors
      .filter(({ lane, position }) => lane !== null && position === 'stopline')
      .map(({ id }) => id);
    expect(everybody.some(({ vehicles }) => vehicles!.length > 3)).toBe(true);
    for (const message of everybody) {
      expect(MESSAGE_SCHEMAS.detections.parse(message)).toStrictEqual(message);
      expect(message.reporting_share).toBe(1);
      for (const { lane, metres } of message.vehicles!) {
        expect(lanes).toContain(lane);
        expect(metres).toBeLessThanOrEqual(150);
      }
    }
  });

  it('follow a vehicle to its stop line, and hear which signal group it is going to obey', () => {
    const last = new Map<string, { metres: number; lane: string; group: string | null }>();
    for (const { vehicles } of everybody) {
      for (const { id, metres, lane, group } of vehicles!) {
        const before = last.get(id);
        if (before !== undefined) expect(metres).toBeLessThanOrEqual(before.metres);
        last.set(id, { metres, lane, group });
      }
    }
    const there = [...last.values()].filter(({ metres }) => metres < 30);
    expect(there.length).toBeGreaterThan(10);
    for (const { lane, group } of there) {
      expect(signalGroups.map(({ id }) => id)).toContain(group);
      expect(detectors.find(({ id }) => id === lane)!.groups).toContain(group);
    }
  });

  it('hear the share of vehicles that broadcasts, and nobody where there is none', () => {
    const names = (messages: readonly Detections[]) =>
      new Set(messages.flatMap(({ vehicles = [] }) => vehicles.map(({ id }) => id)));
    const some = names(heard({ metres: 150, share: 0.4 }));
    const all = names(everybody);
    for (const id of some) expect(all).toContain(id);
    expect(some.size).toBeGreaterThan(0.2 * all.size);
    expect(some.size).toBeLessThan(0.6 * all.size);
    for (const message of heard(undefined)) expect(message).not.toHaveProperty('vehicles');
  });

  it('choose vehicles by name, evenly', () => {
    const below = Array.from({ length: 1000 }, (_, k) => hashShare(`vehicle-${k}`)).filter((share) => share < 0.3);
    expect(below.length).toBeGreaterThan(250);
    expect(below.length).toBeLessThan(350);
  });
});
