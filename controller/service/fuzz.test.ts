/** Detectors that lie, feeds that lose, double and delay: every strategy, every plan legal, every light legal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInProcessLink } from '../../feeds/inprocess-link.ts';
import type { Detections, Lamps } from '../../feeds/messages.ts';
import { CROSSROADS_ID, crossroads } from '../../junction/testing.ts';
import { STRATEGIES } from '../strategies/index.ts';
import { PREFIX, TestStreet } from '../testing.ts';
import { inProcessDecider } from './decider.ts';
import { ControllerService } from './service.ts';

const SECONDS = 400;
const fate = fc.constantFrom('send', 'send', 'send', 'send', 'lose', 'double', 'delay', 'lie', 'blind');
const lie = fc.record({
  count: fc.integer({ min: 0, max: 1_000_000 }),
  occupancy: fc.double({ min: 0, max: 1, noNaN: true }),
  presence: fc.boolean(),
});
const feed = fc.record({
  perHour: fc.record({ N: fc.nat(2000), S: fc.nat(2000), E: fc.nat(2000), W: fc.nat(2000) }),
  fates: fc.array(fate, { minLength: 5, maxLength: 40 }),
  lies: fc.array(lie, { minLength: 1, maxLength: 5 }),
});

describe.each(STRATEGIES.map((strategy) => strategy.name))('%s under a feed that cannot be trusted', (strategy) => {
  it('only ever publishes what the device takes, and keeps it in legal light', async () => {
    await fc.assert(
      fc.asyncProperty(feed, fc.boolean(), async ({ perHour, fates, lies }, crossings) => {
        const configuration = crossroads({ crossings });
        const link = createInProcessLink({ simulation: true });
        const street = new TestStreet(configuration, perHour);
        await street.connect(link);
        const problems: string[] = [];
        const vetoes: string[] = [];
        const service = new ControllerService({
          link,
          prefix: PREFIX,
          junctions: [{ configuration, strategy, parameters: {} }],
          decider: inProcessDecider(),
          lockstep: false,
          onProblem: (message) => problems.push(message),
          onDecision: ({ vetoed }) => {
            if (vetoed !== null) vetoes.push(vetoed);
          },
        });
        await service.start();
        const delayed: (() => void)[] = [];
        for (let i = 0; i < SECONDS; i++) {
          street.step();
          const what = fates[i % fates.length];
          const detections = what === 'blind' ? street.detections(['N', 'E']) : street.detections();
          const send = (d: Detections, l: Lamps): void => {
            link.publish({ prefix: PREFIX, kind: 'detections', junctionId: CROSSROADS_ID }, d);
            link.publish({ prefix: PREFIX, kind: 'lamps', junctionId: CROSSROADS_ID }, l);
          };
          const lamps = street.lamps();
          if (what === 'lie') {
            const ids = Object.keys(detections.detectors);
            send(
              { ...detections, detectors: Object.fromEntries(ids.map((id, k) => [id, lies[k % lies.length]!])) },
              lamps,
            );
          } else if (what === 'delay') delayed.push(() => send(detections, lamps));
          else if (what !== 'lose') send(detections, lamps);
          if (what === 'double') send(detections, lamps);
          if (i % 9 === 0) delayed.shift()?.();
        }
        expect(problems).toEqual([]);
        // What was decided on delayed detections may come too late for its validity; nothing else may be refused.
        const late = /the next cycle begins|^valid until \d+, [\d.]+ s ago$/;
        expect(street.refusals.filter((reason) => !late.test(reason))).toEqual([]);
        if (strategy !== 'atcs-v2') expect(vetoes).toEqual([]);
        expect(street.device.report().fault).toBeNull();
        expect(street.device.report().stageId).not.toBeNull();
      }),
      { numRuns: 15 },
    );
  });
});
