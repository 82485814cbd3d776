import { describe, expect, it } from 'vitest';
import { EXAMPLE_MESSAGES, exampleAddress } from './examples.ts';
import { createInProcessLink } from './inprocess-link.ts';
import type { Received } from './link.ts';
import { MESSAGE_KINDS } from './topics.ts';

const PREFIX = 'flextraff-sim/r1/adaptive';
const lamps = EXAMPLE_MESSAGES.lamps;

describe('the in-process link', () => {
  it('hands over the very object before publish returns, to every subscriber in order', async () => {
    const link = createInProcessLink({ simulation: true });
    const got: [string, Received][] = [];
    await link.subscribe(PREFIX, ['lamps'], (r) => got.push(['first', r]));
    await link.subscribe(PREFIX, ['lamps', 'ack'], (r) => got.push(['second', r]));
    link.publish(exampleAddress(PREFIX, 'lamps'), lamps);
    expect(got.map(([who]) => who)).toEqual(['first', 'second']);
    expect(got[0]![1].message).toBe(lamps);
    expect(got[0]![1].retained).toBe(false);
  });

  it('delivers neither other kinds nor other prefixes', async () => {
    const link = createInProcessLink({ simulation: true });
    const got: Received[] = [];
    await link.subscribe(PREFIX, ['lamps'], (r) => got.push(r));
    link.publish(exampleAddress(PREFIX, 'ack'), EXAMPLE_MESSAGES.ack);
    link.publish(exampleAddress('flextraff-sim/r1/baseline', 'lamps'), lamps);
    expect(got).toEqual([]);
  });

  it('keeps state, and only state, for late subscribers until it is cleared', async () => {
    const link = createInProcessLink({ simulation: true });
    for (const kind of MESSAGE_KINDS) link.publish(exampleAddress(PREFIX, kind), EXAMPLE_MESSAGES[kind]);
    const got: Received[] = [];
    await link.subscribe(PREFIX, MESSAGE_KINDS, (r) => got.push(r));
    expect(got.map((r) => r.address.kind).sort()).toEqual([
      'configuration',
      'green-time',
      'lamps',
      'map',
      'mode',
      'status',
    ]);
    expect(got.every((r) => r.retained)).toBe(true);
    await link.clearRetained(PREFIX);
    const later: Received[] = [];
    await link.subscribe(PREFIX, MESSAGE_KINDS, (r) => later.push(r));
    expect(later).toEqual([]);
  });

  it('says whether anybody wants news, and always wants state', async () => {
    const link = createInProcessLink({ simulation: true });
    expect(link.wants(PREFIX, 'detections')).toBe(false);
    expect(link.wants(PREFIX, 'lamps')).toBe(true);
    const end = await link.subscribe(PREFIX, ['detections'], () => {});
    expect(link.wants(PREFIX, 'detections')).toBe(true);
    expect(link.wants('flextraff-sim/r1/baseline', 'detections')).toBe(false);
    await end();
    expect(link.wants(PREFIX, 'detections')).toBe(false);
  });

  it('ends a subscription without touching the others', async () => {
    const link = createInProcessLink({ simulation: true });
    const got: string[] = [];
    const end = await link.subscribe(PREFIX, ['lamps'], () => got.push('ended'));
    await link.subscribe(PREFIX, ['lamps'], () => got.push('kept'));
    await end();
    link.publish(exampleAddress(PREFIX, 'lamps'), lamps);
    expect(got).toEqual(['kept']);
  });

  it('refuses, for a simulation, every address that could reach a street', async () => {
    const link = createInProcessLink({ simulation: true });
    for (const prefix of ['flextraff', 'flextraff/sim/r1', 'flextraff-sim/r1']) {
      expect(() => link.publish(exampleAddress(prefix, 'green-time'), EXAMPLE_MESSAGES['green-time'])).toThrow(
        /drive real lamps/,
      );
      await expect(link.subscribe(prefix, ['lamps'], () => {})).rejects.toThrow(/drive real lamps/);
    }
    const live = createInProcessLink({ simulation: false });
    live.publish(exampleAddress('flextraff', 'green-time'), EXAMPLE_MESSAGES['green-time']);
  });

  it('finds, when asked to verify, a message that a network would change', () => {
    const link = createInProcessLink({ simulation: true, verify: true });
    for (const kind of MESSAGE_KINDS) link.publish(exampleAddress(PREFIX, kind), EXAMPLE_MESSAGES[kind]);
    const address = exampleAddress(PREFIX, 'lamps');
    expect(() => link.publish(address, { ...lamps, fault: undefined })).toThrow(/another message/);
    expect(() => link.publish(address, { ...lamps, seconds_left: -0 })).toThrow(/another message/);
    expect(() => link.publish(address, { ...lamps, seconds_left: -1 })).toThrow(/seconds_left/);
  });

  it('carries nothing once it is closed', async () => {
    const link = createInProcessLink({ simulation: true });
    const states: string[] = [];
    link.events.onConnection((state) => states.push(state));
    await link.close();
    await link.close();
    expect(states).toEqual(['closed']);
    expect(() => link.publish(exampleAddress(PREFIX, 'lamps'), lamps)).toThrow(/closed/);
  });
});
