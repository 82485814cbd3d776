import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import { isoOf } from '../feeds/codec.ts';
import { EXAMPLE_JUNCTION_ID, EXAMPLE_MESSAGES } from '../feeds/examples.ts';
import { createInProcessLink } from '../feeds/inprocess-link.ts';
import type { Link } from '../feeds/link.ts';
import { lockstepControllerLink } from '../feeds/lockstep.ts';
import type { Message } from '../feeds/messages.ts';
import { unreliableLink } from '../feeds/testing/unreliable.ts';
import type { Outgoing, SimulatedStreet } from '../sim/types.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';

const PREFIX = 'flextraff-sim/r1/adaptive';
const START = Date.UTC(2024, 0, 1);
const address = <K extends 'detections' | 'lamps' | 'green-time' | 'stage-request' | 'configuration' | 'mode'>(
  kind: K,
) => ({
  prefix: PREFIX,
  kind,
  junctionId: EXAMPLE_JUNCTION_ID,
});

/** A street that says `perFrame` things a second and writes down what it is told. */
function notingStreet(perFrame: number): SimulatedStreet & { told: string[]; tick: number } {
  const street = {
    prefix: PREFIX,
    stepSeconds: 1,
    durationSeconds: 3600,
    configurations: [],
    tick: 0,
    get nowMs() {
      return START + 1000 * street.tick;
    },
    vehicleUpdates: 0,
    told: [] as string[],
    step: () => void street.tick++,
    drain: (): Outgoing[] =>
      Array.from({ length: perFrame }, (_, i) => {
        const seq = street.tick * 100 + i;
        const timestamp = isoOf(street.nowMs);
        return i % 2 === 0
          ? { address: address('detections'), message: { ...EXAMPLE_MESSAGES.detections, seq, timestamp } }
          : { address: address('lamps'), message: { ...EXAMPLE_MESSAGES.lamps, seq, timestamp } };
      }),
    receive: (kind: string, _junctionId: string, message: object) => {
      street.told.push(`${street.tick} ${kind} ${(message as { seq?: number }).seq ?? ''}`.trim());
    },
    digest: () => '',
  };
  return street;
}

const LIMITS = { answerTimeoutSeconds: 5, reconnectTimeoutSeconds: 5, resendSeconds: 0.01 };

function exchangeOf(street: SimulatedStreet, link: Link, options: Partial<ExchangeOptions> = {}): Exchange {
  return new Exchange({ variant: 'adaptive', street, link, clock: 'lockstep', keyed: true, ...LIMITS, ...options });
}

/** Answers each frame with as many requests as the frame says; writes down what it heard. */
async function answeringController(link: Link, decisions: (frame: number) => number): Promise<string[]> {
  const heard: string[] = [];
  let seq = 0;
  await link.subscribe(PREFIX, ['clock', 'detections', 'lamps'], ({ address: { kind }, message }) => {
    if (kind !== 'clock') {
      heard.push(`${kind} ${(message as Message<'lamps'>).seq}`);
      return;
    }
    const { frame, timestamp } = message as Message<'clock'>;
    heard.push(`clock ${frame}`);
    const count = decisions(frame);
    for (let i = 0; i < count; i++) {
      const request = { ...EXAMPLE_MESSAGES['stage-request'], seq: ++seq };
      void link.publish(
        address(i % 2 ? 'green-time' : 'stage-request') as never,
        (i % 2 ? { ...EXAMPLE_MESSAGES['green-time'], seq } : request) as never,
      );
    }
    void link.publish({ prefix: PREFIX, kind: 'clock-done' }, { frame, timestamp, messages: count });
  });
  return heard;
}

/** What both ends heard over a link in `frames` frames. */
async function converse(street: Link, controller: Link, frames: number, perFrame: number, keyed: boolean) {
  const decisions = (frame: number) => (frame * 7) % 4;
  const noting = notingStreet(perFrame);
  const exchange = exchangeOf(noting, street, { keyed });
  await exchange.open();
  const heard = await answeringController(controller, decisions);
  for (let frame = 0; frame < frames; frame++) {
    if (frame > 0) noting.step();
    exchange.send(frame);
    if (!exchange.complete) await exchange.wait();
    exchange.apply();
  }
  await exchange.close();
  return { heard, told: noting.told };
}

describe('a frame and its answer', () => {
  it('cross the in-process link within the call, without waiting', async () => {
    const link = createInProcessLink({ simulation: true });
    const street = notingStreet(2);
    const exchange = exchangeOf(street, link, { keyed: false });
    await exchange.open();
    await answeringController(link, () => 1);
    exchange.send(0);
    expect(exchange.complete).toBe(true);
    expect(street.told).toEqual([]);
    exchange.apply();
    expect(street.told).toEqual(['0 stage-request 1']);
    expect(exchange.lastAnswered).toBe(0);
  });

  it('are the same, in the same order, once each, over links that lose, double and reorder', async () => {
    const reference = await (async () => {
      const link = createInProcessLink({ simulation: true });
      return converse(link, link, 8, 4, false);
    })();
    expect(reference.heard).toHaveLength(8 * 5);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          lost: fc.double({ min: 0, max: 0.3, noNaN: true }),
          doubled: fc.double({ min: 0, max: 1, noNaN: true }),
          turns: fc.integer({ min: 0, max: 20 }),
        }),
        fc.string(),
        async (unreliability, seed) => {
          const link = unreliableLink(unreliability, seedrandom.alea(seed));
          const { heard, told } = await converse(link, lockstepControllerLink(link), 8, 4, true);
          expect(heard).toEqual(reference.heard);
          expect(told).toEqual(reference.told);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are not disturbed by what strangers publish on the topics', async () => {
    const link = createInProcessLink({ simulation: true });
    const controller = lockstepControllerLink(link);
    const street = notingStreet(1);
    const exchange = exchangeOf(street, link);
    await exchange.open();
    const heard = await answeringController(controller, () => 0);
    for (let frame = 0; frame < 3; frame++) {
      link.publish(address('green-time'), { ...EXAMPLE_MESSAGES['green-time'], seq: 999 });
      link.publish(address('lamps'), { ...EXAMPLE_MESSAGES.lamps, seq: 999 });
      exchange.send(frame);
      await exchange.wait();
      exchange.apply();
    }
    expect(street.told).toEqual([]);
    expect(heard.filter((line) => line.endsWith('999') && !line.startsWith('clock'))).toEqual([]);
  });

  it('carry what the controller says before the first frame', async () => {
    const link = createInProcessLink({ simulation: true });
    const controller = lockstepControllerLink(link);
    await controller.publish(address('configuration'), EXAMPLE_MESSAGES.configuration);
    const street = notingStreet(0);
    const exchange = exchangeOf(street, link);
    await exchange.open();
    await answeringController(controller, () => 0);
    await controller.publish(address('mode'), EXAMPLE_MESSAGES.mode);
    exchange.send(0);
    await exchange.wait();
    exchange.apply();
    expect(street.told).toEqual(['0 configuration', '0 mode']);
  });
});

describe('a controller that does not answer', () => {
  it('is named, with the simulated time, after the limit', async () => {
    const link = createInProcessLink({ simulation: true });
    const exchange = exchangeOf(notingStreet(1), link, { answerTimeoutSeconds: 0.05 });
    await exchange.open();
    exchange.send(3725);
    await expect(exchange.wait()).rejects.toThrow(
      /^The controller of variant adaptive has not answered for 0\.05 s, at simulated 01:02:05\. /,
    );
  });

  it('is not waited for when the run is stopped', async () => {
    const link = createInProcessLink({ simulation: true });
    const exchange = exchangeOf(notingStreet(1), link);
    await exchange.open();
    exchange.send(1);
    const stop = new AbortController();
    const waiting = exchange.wait(stop.signal);
    stop.abort();
    await waiting;
    expect(exchange.complete).toBe(false);
  });
});

describe('by the wall clock', () => {
  it('commands reach the street when they come, and answers are only noted', async () => {
    const link = createInProcessLink({ simulation: true });
    const street = notingStreet(1);
    const exchange = exchangeOf(street, link, { clock: 'wall', keyed: false });
    await exchange.open();
    exchange.send(1);
    expect(exchange.lastAnswered).toBe(-1);
    link.publish(address('green-time'), EXAMPLE_MESSAGES['green-time']);
    link.publish({ prefix: PREFIX, kind: 'clock-done' }, { frame: 1, timestamp: isoOf(START), messages: 1 });
    expect(street.told).toEqual(['0 green-time 7']);
    expect(exchange.lastAnswered).toBe(1);
  });
});
