import { describe, expect, it } from 'vitest';
import { CROSSROADS_ID, crossroads } from '../junction/testing.ts';
import type { Feeder, JunctionConfiguration, Lamp } from '../junction/types.ts';
import { Neighbours } from './coordination.ts';
import { groundOf } from './estimation/streams.ts';
import { type Fed, observeFed, outOfSight } from './strategies/horizon-neighbours.ts';
import { checkParameters, strategyNamed } from './strategies/index.ts';
import { START_MS } from './testing.ts';
import type { Memory, NeighboursPicture, Observation, Outlook, ReportedVehicle } from './types.ts';

const EAST_ID = '6b0f6a58-1c70-5b11-9d3c-2f3a3e7c0002';
const west = crossroads();
/** The east one's W approach is fed by the west one's straight on from W and by half of what its S straight lets go. */
const feeder: Feeder = {
  approach: 'W',
  junctionId: CROSSROADS_ID,
  groups: [
    { id: 'W-straight', share: 1 },
    { id: 'S-straight', share: 0.5 },
  ],
  metres: 150,
  lanes: 2,
  seconds: 14,
};
const east: JunctionConfiguration = { ...crossroads(), junctionId: EAST_ID, feeders: [feeder] };

const outlook = (leaving: Outlook['leaving'], room: Outlook['room'] = {}): Outlook => ({
  atMs: START_MS,
  left: [],
  leaving,
  room,
});
const leaves = (approach: string, group: string, inSeconds: number) => ({ approach, group, inSeconds, mass: 1 });

describe('what neighbours foresee', () => {
  it('is when those who leave one will be at the other, by the share of their ways, until they have left', () => {
    const neighbours = new Neighbours([west, east]);
    neighbours.tell(
      CROSSROADS_ID,
      outlook([leaves('W', 'W-straight', 2), leaves('S', 'S-straight', 6), leaves('N', 'N-straight', 7)]),
    );
    const coming = (afterSeconds: number) => neighbours.picture(EAST_ID, START_MS + 1000 * afterSeconds)!.coming;
    expect(coming(0)).toEqual([
      { approach: 'W', inSeconds: 16, mass: 1, hasLeft: false },
      { approach: 'W', inSeconds: 20, mass: 0.5, hasLeft: false },
    ]);
    expect(coming(3)).toEqual([{ approach: 'W', inSeconds: 17, mass: 0.5, hasLeft: false }]);
    expect(coming(30)).toEqual([]);
  });

  it('is how many the road behind takes, and when it takes more: as those at its end leave', () => {
    const neighbours = new Neighbours([west, east]);
    neighbours.tell(EAST_ID, outlook([leaves('W', 'W-left', 4), leaves('N', 'N-left', 1)], { W: 3 }));
    expect(neighbours.picture(CROSSROADS_ID, START_MS + 1000)!.exits).toEqual([
      { groups: ['W-straight', 'S-straight'], room: 3, frees: [4 - 1] },
    ]);
  });

  it('is who has left one and is on the way to the other, until he must have arrived', () => {
    const neighbours = new Neighbours([west, east]);
    neighbours.tell(CROSSROADS_ID, { ...outlook([]), left: [{ group: 'W-straight', mass: 2 }] });
    const later: Outlook = { atMs: START_MS + 4000, left: [{ group: 'S-straight', mass: 1 }], room: {} };
    neighbours.tell(CROSSROADS_ID, later);
    const coming = (afterSeconds: number) => neighbours.picture(EAST_ID, START_MS + 1000 * afterSeconds)!.coming;
    expect(coming(5)).toEqual([
      { approach: 'W', inSeconds: 14 - 5 - 0.5, mass: 2, hasLeft: true },
      { approach: 'W', inSeconds: 14 - 1 - 0.5, mass: 0.5, hasLeft: true },
    ]);
    expect(coming(15)).toEqual([{ approach: 'W', inSeconds: 14 - 11 - 0.5, mass: 0.5, hasLeft: true }]);
  });

  it('is what it was before where only who has left is told, and nothing of one that is silent', () => {
    const neighbours = new Neighbours([west, east]);
    neighbours.tell(CROSSROADS_ID, outlook([leaves('W', 'W-straight', 30)]));
    const coming = (afterSeconds: number) => neighbours.picture(EAST_ID, START_MS + 1000 * afterSeconds)!.coming;
    expect(coming(16)).toEqual([]);
    neighbours.tell(CROSSROADS_ID, { atMs: START_MS + 14_000, left: [], room: {} });
    expect(coming(16)).toEqual([{ approach: 'W', inSeconds: 30 - 16 + 14, mass: 1, hasLeft: false }]);
  });

  it('is a road with room for fewer once some have left for it', () => {
    const neighbours = new Neighbours([west, east]);
    neighbours.tell(EAST_ID, outlook([], { W: 3 }));
    neighbours.tell(CROSSROADS_ID, {
      ...outlook([]),
      left: [
        { group: 'W-straight', mass: 1 },
        { group: 'N-straight', mass: 1 },
        { group: 'S-straight', mass: 1 },
      ],
    });
    expect(neighbours.picture(CROSSROADS_ID, START_MS + 1000)!.exits[0]!.room).toBe(3 - 1 - 0.5);
  });

  it('is nothing for a junction without neighbours, and not asked of junctions of others', () => {
    expect(new Neighbours([west]).picture(CROSSROADS_ID, START_MS)).toBeUndefined();
    expect(new Neighbours([east]).picture(EAST_ID, START_MS)).toBeUndefined();
  });
});

describe('who comes from neighbours and is not in sight', () => {
  const onRoad = (inSeconds: number, hasLeft = true) => ({ approach: 'W', inSeconds, mass: 1, hasLeft });
  const far: JunctionConfiguration = {
    ...east,
    detectors: east.detectors!.map((one) => ({
      ...one,
      limitMetresPerSecond: 10,
      ...(one.position === 'upstream' && { metresBeforeLine: 60 }),
    })),
    feeders: [{ ...feeder, metres: 300, seconds: 32 }],
  };
  const radio = { startedMs: 0, atMs: 0, heldSinceMs: {}, perSecond: [], wanted: [] };
  const unseen = (
    coming: NeighboursPicture['coming'],
    configuration: JunctionConfiguration,
    sight: Parameters<typeof outOfSight>[3],
    vehicles: ReportedVehicle[] = [],
  ): number[] => {
    const observation: Observation = {
      nowMs: START_MS,
      elapsedSeconds: 1,
      detectors: {},
      countsSincePlan: [],
      lamps: { stageId: null, secondsLeft: null, cycleSecondsLeft: null, byGroup: {}, source: 'plan' },
      vehicles,
      neighbours: { coming, told: [], exits: [] },
    };
    const found = outOfSight(configuration, groundOf(configuration), observation, sight);
    return found.map(({ inSeconds }) => inSeconds).sort((a, b) => a - b);
  };
  const coming = [onRoad(3), onRoad(8), onRoad(19), onRoad(25), onRoad(5, false), onRoad(40, false)];

  it('has not left yet, or is before the range of the radio', () => {
    expect(unseen(coming, far, { reported: radio, radioMetres: 200 })).toEqual([5, 25, 40]);
  });

  it('has not left yet, or is before the upstream detector', () => {
    expect(unseen(coming, far, { reported: null, radioMetres: 200 })).toEqual([5, 8, 19, 25, 40]);
  });

  it('is inside the junction behind, unless the radio hears him there', () => {
    const short = { ...far, feeders: [{ ...feeder, metres: 100, seconds: 12 }] };
    const inside = { id: 'a', lane: 'W:stopline:1', metres: 104, metresPerSecond: 8, group: null };
    const sight = { reported: radio, radioMetres: 200 };
    expect(unseen([onRoad(9), onRoad(11)], short, sight)).toEqual([11]);
    expect(unseen([onRoad(9), onRoad(11)], short, sight, [inside])).toEqual([]);
  });
});

describe('what neighbours send', () => {
  it('is counted once, a vehicle each two seconds as half a one a second', () => {
    const neighbours = new Neighbours([west, east]);
    let fed: Fed | null = null;
    for (let second = 0; second < 600; second++) {
      const nowMs = START_MS + 1000 * second;
      const observation: Observation = {
        nowMs,
        elapsedSeconds: 1,
        detectors: {},
        countsSincePlan: [],
        lamps: { stageId: null, secondsLeft: null, cycleSecondsLeft: null, byGroup: {}, source: 'plan' },
        neighbours: neighbours.picture(EAST_ID, nowMs)!,
      };
      fed = observeFed(east, fed, observation);
      const left = second % 2 === 0 ? [{ group: 'W-straight', mass: 1 }] : [];
      neighbours.tell(CROSSROADS_ID, { atMs: nowMs, left, room: {} });
    }
    const fromWest = east.approaches.findIndex(({ name }) => name === 'W');
    expect(fed![fromWest]).toBeCloseTo(0.5, 1);
    expect(fed!.filter((_, a) => a !== fromWest)).toEqual([0, 0, 0]);
  });
});

describe('horizon among neighbours', () => {
  const strategy = strategyNamed('horizon');
  const parameters = checkParameters(strategy, {});
  const queue = (lane: string, group: string, count: number): ReportedVehicle[] =>
    Array.from({ length: count }, (_, k) => ({
      id: `${group}-${k}`,
      lane,
      metres: 2 + 7.5 * k,
      metresPerSecond: 0,
      group,
    }));

  /** Decisions of so many seconds from green in `stage` on, all standing still. */
  function decide(
    vehicles: readonly ReportedVehicle[],
    neighbours: NeighboursPicture | undefined,
    seconds = 15,
    configuration = west,
  ) {
    const green = west.stages.find(({ id }) => id === 'EW-left')!.groups;
    const byGroup = Object.fromEntries(
      west.signalGroups.map(({ id }) => [id, (green.includes(id) ? 'green' : 'red') as Lamp]),
    );
    let memory: Memory = null;
    let stage: string | undefined;
    let told: Outlook | undefined;
    for (let second = 0; second < seconds; second++) {
      const observation: Observation = {
        nowMs: START_MS + 1000 * second,
        elapsedSeconds: 1,
        detectors: {},
        countsSincePlan: [0, 0, 0, 0],
        lamps: { stageId: 'EW-left', secondsLeft: null, cycleSecondsLeft: null, byGroup, source: 'plan' },
        vehicles,
        reportingShare: 1,
        ...(neighbours && { neighbours }),
      };
      const answer = strategy.decide(configuration, parameters, memory, observation);
      memory = answer.memory;
      if (answer.decision?.kind === 'stage') stage = answer.decision.stageId;
      told = answer.outlook ?? told;
    }
    return { stage, told };
  }

  const many = queue('W:stopline:1', 'W-straight', 8);
  const few = queue('N:stopline:1', 'N-straight', 2);
  const full: NeighboursPicture = { coming: [], told: [], exits: [{ groups: ['W-straight'], room: 0, frees: [] }] };

  it('serves the longer queue, but gives no green into a road that is full', () => {
    expect(decide([...many, ...few], undefined).stage).toBe('EW');
    expect(decide([...many, ...few], { coming: [], told: [], exits: [] }).stage).toBe('EW');
    expect(decide([...many, ...few], full).stage).toBe('NS');
  });

  it('tells its neighbours who will leave when, and only if it has any', () => {
    expect(decide([...many, ...few], undefined).told).toBeUndefined();
    const { told } = decide([...many, ...few], { coming: [], told: [], exits: [] });
    const ahead = told!.leaving!.filter(({ group }) => group === 'W-straight');
    expect(ahead.length).toBe(8);
    for (const [k, { approach, inSeconds }] of ahead.entries()) {
      expect(approach).toBe('W');
      // 5 s between the stages, 2 s to start, then one after the other
      expect(inSeconds).toBeGreaterThanOrEqual(7 + 1.8 * k);
      expect(inSeconds).toBeLessThan(16 + 1.95 * k);
    }
  });

  it('makes ready for a platoon that its neighbour has announced and nobody sees yet', () => {
    const platoon = Array.from({ length: 10 }, (_, k) => ({
      approach: 'E',
      inSeconds: 7 + 2 * k,
      mass: 1,
      hasLeft: false,
    }));
    const alone = queue('N:stopline:0', 'N-left', 1);
    expect(decide(alone, { coming: [], told: [], exits: [] }).stage).not.toBe('EW');
    expect(['EW', 'E']).toContain(decide([], { coming: platoon, told: [], exits: [] }).stage);
  });

  it('tells who has left, in a frame without a new plan too', () => {
    const counted = (count: number) => ({ 'W:stopline:1': { count, occupancy: 0, presence: false } });
    const green = west.signalGroups.map(({ id }) => [id, (id === 'W-straight' ? 'green' : 'red') as Lamp]);
    const frame = (second: number, count: number): Observation => ({
      nowMs: START_MS + 1000 * second,
      elapsedSeconds: 1,
      detectors: counted(count),
      countsSincePlan: [0, 0, 0, 0],
      lamps: {
        stageId: 'W',
        secondsLeft: null,
        cycleSecondsLeft: null,
        byGroup: Object.fromEntries(green),
        source: 'plan',
      },
      vehicles: [],
      reportingShare: 1,
      neighbours: { coming: [], told: [], exits: [] },
    });
    const first = strategy.decide(west, parameters, null, frame(0, 7));
    expect(first.outlook!.left).toEqual([]);
    const second = strategy.decide(west, parameters, first.memory, frame(1, 9));
    expect(second.outlook!.left).toEqual([{ group: 'W-straight', mass: 2 }]);
    expect(second.outlook!.leaving).toBeUndefined();
  });

  it('tells of the room on roads that it sees to their end', () => {
    const nothing = { coming: [], told: [], exits: [] };
    expect(decide(many, nothing, 15, west).told!.room).toEqual({});
    expect(decide(many, nothing, 15, east).told!.room).toEqual({ W: Math.floor((150 * 2) / 7.5) - many.length });
    const long = { ...east, feeders: [{ ...feeder, metres: 500 }] };
    expect(decide(many, nothing, 15, long).told!.room).toEqual({});
  });
});
