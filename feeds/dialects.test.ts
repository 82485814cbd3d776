import { describe, expect, it } from 'vitest';
import { CROSSROADS_ID, crossroads } from '../junction/testing.ts';
import { startBroker } from './broker.ts';
import { planToMessage } from './codec.ts';
import {
  countsFromDialect,
  type DialectCounts,
  type DialectJunction,
  hearDialects,
  planToDialect,
} from './dialects.ts';
import { EXAMPLE_CONFIGURATION } from './examples.ts';
import type { Received, Rejected } from './link.ts';
import { carCountsSchema } from './messages.ts';
import { openMqttLink } from './mqtt-link.ts';

const PREFIX = 'flextraff';
const configuration = crossroads();
const deployed: DialectJunction = { configuration, number: 7, dialect: 'deployed', speak: true };
const first: DialectJunction = { configuration, number: 1, dialect: 'first', speak: true };
const read = (topic: string, payload: unknown, junctions = [deployed, first]) =>
  countsFromDialect(
    PREFIX,
    topic,
    Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    junctions,
  );

describe('older devices', () => {
  it('are heard in the words of the deployed backend', () => {
    const counts = read('flextraff/junction_7/lane_east/car_count', { count: 12, timestamp: 1_704_067_200.5 });
    expect(counts).toEqual([
      {
        junctionId: CROSSROADS_ID,
        message: {
          junction_id: CROSSROADS_ID,
          lane_id: configuration.approaches[2]!.id,
          vehicle_count: 12,
          epc_ids: [],
          timestamp: '2024-01-01T00:00:00.500Z',
        },
      },
    ]);
    carCountsSchema.parse((counts as DialectCounts[])[0]!.message);
  });

  it('are heard in the words of the first devices', () => {
    const counts = read('flextraff/car_counts', {
      junction_id: 1,
      lane_counts: [1, 2, 3, 4],
      cycle_id: 1_704_067_200_000,
    });
    expect((counts as DialectCounts[]).map(({ message }) => [message.lane_id, message.vehicle_count])).toEqual(
      configuration.approaches.map(({ id }, i) => [id, i + 1]),
    );
  });

  it.each([
    ['flextraff/junction_7/lane_up/car_count', { count: 1, timestamp: 1 }, /lane_up is no lane/],
    ['flextraff/junction_8/lane_east/car_count', { count: 1, timestamp: 1 }, /junction 8 is not known/],
    ['flextraff/junction_7/lane_east/car_count', { count: -1, timestamp: 1 }, /count/],
    ['flextraff/junction_7/lane_east/car_count', '{"count":', /not JSON/],
    ['flextraff/car_counts', { junction_id: 1, lane_counts: [1, 2, 3], cycle_id: 1 }, /lane_counts/],
    [
      'flextraff/car_counts',
      { junction_id: 7, lane_counts: [1, 2, 3, 4], cycle_id: 1 },
      /junction 7 is not known in the dialect first/,
    ],
  ])('are told from nonsense: %s %j', (topic, payload, says) => {
    expect((read(topic, payload) as { problem: string }).problem).toMatch(says);
  });

  it('leave topics alone that are not theirs', () => {
    for (const topic of ['flextraff/x/car-counts', 'other/car_counts', 'flextraff/junction_7/lane_east/green_time'])
      expect(read(topic, {})).toBeNull();
  });

  it('are told plans in their words', () => {
    const stages = ['N', 'S', 'E', 'W'].map((stageId, i) => ({
      stageId,
      greenSeconds: 20 + i,
      yellowSeconds: 4,
      allRedSeconds: 2,
    }));
    const plan = planToMessage(
      {
        planId: 'p',
        seq: 1,
        junctionId: CROSSROADS_ID,
        configurationVersion: 1,
        validFromMs: 1_704_067_200_000,
        validUntilMs: 1_704_067_300_000,
        stages,
        mode: 'manual_override',
        reason: 'test',
      },
      configuration,
    );
    expect(planToDialect(PREFIX, plan, deployed).map(([topic, payload]) => [topic, JSON.parse(payload)])).toEqual(
      ['north', 'south', 'east', 'west'].map((lane, i) => [
        `flextraff/junction_7/lane_${lane}/green_time`,
        { green_time: 20 + i, yellow_time: 4, mode: 'manual' },
      ]),
    );
    expect(planToDialect(PREFIX, plan, first).map(([topic, payload]) => [topic, JSON.parse(payload)])).toEqual([
      [
        'flextraff/green_times',
        { green_times: [20, 21, 22, 23], cycle_time: 110, junction_id: 1, cycle_id: 1_704_067_200_000 },
      ],
    ]);
    // A junction without a western approach has no western lane to tell.
    const tee = planToDialect(
      PREFIX,
      { ...plan, lane_times: [30, 30, 12, null] },
      { ...deployed, configuration: EXAMPLE_CONFIGURATION },
    );
    expect(tee.map(([topic]) => topic.split('/')[2])).toEqual(['lane_north', 'lane_south', 'lane_east']);
  });

  it('come through a broker, beside messages of ours, and cannot be reached from a simulation', async () => {
    const broker = await startBroker({ port: 0 });
    const link = await openMqttLink({ url: broker.url, simulation: false });
    const simulation = await openMqttLink({ url: broker.url, simulation: true });
    const heard: Received[] = [];
    const rejected: Rejected[] = [];
    await link.subscribe(PREFIX, ['car-counts'], (received) => heard.push(received as Received));
    await hearDialects(
      link,
      PREFIX,
      [deployed],
      (received) => heard.push(received as Received),
      (one) => rejected.push(one),
    );
    await link.send(PREFIX, 'flextraff/junction_7/lane_north/car_count', '{"count":3,"timestamp":1704067200}');
    await link.send(PREFIX, 'flextraff/junction_9/lane_north/car_count', '{"count":3,"timestamp":1704067200}');
    for (let i = 0; i < 100 && heard.length + rejected.length < 2; i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard.map(({ message }) => message)).toMatchObject([{ vehicle_count: 3 }]);
    expect(rejected.map(({ reason }) => reason)).toEqual(['junction 9 is not known in the dialect deployed']);
    await expect(simulation.send(PREFIX, 'flextraff/green_times', '{}')).rejects.toThrow(/drive real lamps/);
    await expect(simulation.listen(PREFIX, ['flextraff/#'], () => true)).rejects.toThrow(/drive real lamps/);
    await expect(simulation.send('flextraff-sim/a/b', 'flextraff/green_times', '{}')).rejects.toThrow(/not below/);
    await link.close();
    await simulation.close();
    await broker.close();
  });
});
