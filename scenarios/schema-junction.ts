/** The YAML form of a junction: arms, lanes, movements, signal groups, crossings, signals and plans. */
import { z } from 'zod';
import { between, LIMITS, name, whole } from './schema-parts.ts';

const lane = z
  .strictObject({
    movements: z
      .array(z.string())
      .min(1)
      .max(16)
      .optional()
      .describe(
        'What may be driven from this lane: turns (left, straight, right, u-turn) or names of movements. May be left out where the approach has one lane only: then everything but the U-turn.',
      ),
    widthMetres: between(2, 6, 'Width, metres. Default: laneWidthMetres of the approach.').optional(),
  })
  .describe('One inbound lane.');

const reader = z
  .strictObject({
    position: z.enum(['stopline', 'upstream']).describe('At the stop line, or before it.'),
    distanceMetres: between(5, 5000, 'Distance before the stop line, metres; only for upstream readers.').optional(),
  })
  .describe('An RFID reader over all lanes of the approach.');

const busStop = z
  .strictObject({
    distanceMetres: between(
      1,
      5000,
      'Where the front of a standing bus is: metres before the stop line, or with side exit, metres after the junction.',
    ),
    side: z
      .enum(['approach', 'exit'])
      .optional()
      .describe('On the inbound lanes (approach, default) or the outbound lanes (exit).'),
    kind: z
      .enum(['kerb', 'bay'])
      .optional()
      .describe('kerb (default): the bus stands in the kerb lane; bay: beside it, and waits for a gap to leave.'),
    dwellSeconds: between(
      1,
      600,
      'Mean time that a bus stands there, seconds. Default 20. Each bus takes half to one and a half times as long.',
    ).optional(),
  })
  .describe('A stop that every bus on this road serves.');

const armShape = {
  lengthMetres: between(
    20,
    10_000,
    'Length of the inbound lanes from where traffic enters to the stop line, metres. Default 200; left out where `from` is given, since the positions of the junctions say it.',
  ).optional(),
  speedLimitKilometresPerHour: between(5, 130, 'Speed limit, km/h. Default 50.').optional(),
  laneWidthMetres: between(2, 6, 'Width of lanes that say nothing else, metres. Default 3.25.').optional(),
  exitLanes: whole(0, LIMITS.lanes, 'Number of outbound lanes. Default: as many as inbound.').optional(),
  exitLengthMetres: between(20, 10_000, 'Length of the outbound lanes, metres. Default: lengthMetres.').optional(),
  rfid: z.array(reader).max(4).optional().describe('RFID readers. Default: one at the stop line.'),
  busStops: z.array(busStop).max(8).optional().describe('Bus stops. Default: none.'),
};

const approach = z
  .strictObject({
    name: name('Short name, unique within the junction; N, S, E, W are usual.'),
    bearingDegrees: between(
      0,
      360,
      'Compass bearing of the arm seen from the centre: 0 north, 90 east. Default for N, NE, E, SE, S, SW, W, NW.',
    ).optional(),
    ...armShape,
    stopLineSetbackMetres: between(
      2,
      100,
      'Distance of the stop line from the centre, metres. Default: just enough for the arms to stay apart, plus room to turn.',
    ).optional(),
    lanes: z.array(lane).min(1).max(LIMITS.lanes).describe('Inbound lanes, nearest the centre line of the road first.'),
    from: z
      .strictObject({
        junction: z.string().describe('Name of the other junction.'),
        exit: z.string().describe('Name of the arm of that junction whose outbound lanes lead here.'),
      })
      .optional()
      .describe('The other junction that feeds this approach. Left out where traffic enters the network here.'),
    turnShares: z
      .record(z.string(), z.number().min(0).max(1))
      .optional()
      .describe(
        'Only with `from`: share of the arriving vehicles per movement (or turn), 0 to 1; they sum to 1. Required where there is a choice.',
      ),
  })
  .describe('An arm of the junction: inbound lanes, and outbound lanes beside them.');

const movement = z
  .strictObject({
    name: name('Unique within the junction, e.g. N-straight.'),
    from: z.string().describe('Name of the approach.'),
    to: z.string().describe('Name of the arm it leaves by.'),
    turn: z
      .enum(['left', 'straight', 'right', 'u-turn'])
      .optional()
      .describe('Default: from the bearings (straight within 45 degrees).'),
  })
  .describe('One approach to one exit.');

const signalGroup = z
  .strictObject({
    id: name('Unique within the junction.'),
    movements: z.array(z.string()).min(1).max(64).describe('Names of the movements that obey it.'),
    number: whole(1, 254, 'J2735 SignalGroupID. Default: counted from 1.').optional(),
  })
  .describe('Lamps that always show the same.');

const crossing = z
  .strictObject({
    approach: z.string().describe('Arm that it crosses.'),
    group: name('Its signal group (kind pedestrian). Default: {approach}-walk.').optional(),
    widthMetres: between(1.5, 12, 'Width of the crossing itself, metres. Default 4.').optional(),
    button: z
      .boolean()
      .optional()
      .describe(
        'Whether people ask for green by a push button, which strategies hear as the detector {group}:button. Default false: no button, and strategies take it that somebody wants to walk.',
      ),
  })
  .describe('A pedestrian crossing over all lanes of an arm, with its own signal group.');

const greenBounds = {
  minGreenSeconds: whole(1, 300, 'Least green, seconds. Default 7; at least 7 where pedestrians walk.').optional(),
  maxGreenSeconds: whole(1, 600, 'Greatest green, seconds. Default 90.').optional(),
};

const stage = z
  .strictObject({
    id: name('Unique within the junction.'),
    groups: z.array(z.string()).min(1).max(64).describe('Signal groups that are green together.'),
    greenSeconds: whole(
      1,
      600,
      "Green in today's plan, seconds. A stage without it is not part of today's plan, but strategies may use it.",
    ).optional(),
    yellowSeconds: between(
      3,
      10,
      "Yellow after it in today's plan, seconds. Default: yellowSeconds of the signals.",
    ).optional(),
    allRedSeconds: between(
      0,
      30,
      "All-red after it in today's plan, seconds. Default: allRedSeconds of the signals.",
    ).optional(),
    ...greenBounds,
  })
  .describe("Signal groups that are green together; the order of the list is the order of today's plan.");

/** In the order of their numbers, 0 for Monday. */
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const timeOfDayPlan = z
  .strictObject({
    startsAt: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'a time of day such as 07:30' })
      .describe('Local time at which it begins to lead, HH:MM.'),
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .max(7)
      .optional()
      .describe('Days on which it begins, monday to sunday. Default: every day.'),
    stages: z
      .array(
        z.strictObject({
          id: z.string().describe('Id of a stage.'),
          greenSeconds: whole(1, 600, 'Green, seconds.'),
        }),
      )
      .min(1)
      .max(LIMITS.stages)
      .optional()
      .describe("Stages in their order, with their greens. Default: today's plan."),
    offsetSeconds: between(0, 900, 'Its offset, seconds. Default: that of the signals.').optional(),
  })
  .describe('A plan that leads from a time of day on.');

const signals = z
  .strictObject({
    stages: z.array(stage).min(1).max(LIMITS.stages).describe('Every signal group is green in one of them at least.'),
    ...greenBounds,
    minCycleSeconds: whole(
      5,
      600,
      'Shortest cycle, seconds. Default: what the least greens and intergreens take.',
    ).optional(),
    maxCycleSeconds: whole(10, 900, 'Longest cycle, seconds. Default 180.').optional(),
    maxWaitSeconds: whole(
      30,
      3600,
      'Longest wait for green before the stage is forced, seconds; at least twice maxCycleSeconds. Default: 300 or that, whichever is more.',
    ).optional(),
    yellowSeconds: between(
      3,
      10,
      'Yellow, seconds. Default: ITE formula for the highest speed limit, at least 3.',
    ).optional(),
    allRedSeconds: between(
      0,
      30,
      'All-red, seconds. Default: ITE formula for the longest way to clear a conflict.',
    ).optional(),
    intergreens: z
      .array(
        z.strictObject({
          from: z.string().describe('Signal group that loses green.'),
          to: z.string().describe('Signal group that gets green.'),
          seconds: between(0, 60, 'Yellow and all-red together, seconds.'),
        }),
      )
      .max(4096)
      .optional()
      .describe('Intergreens of single pairs, where they differ from yellow + all-red.'),
    permitted: z
      .array(z.array(z.string()).length(2))
      .max(1024)
      .optional()
      .describe(
        'Pairs of groups that may be green together although their ways meet, since the first yields to the second: [turn, walk] lets turning vehicles drive while people cross the arm they turn into; [left, opposing] lets left turns (where the right side is driven on) use gaps between those straight on.',
      ),
    plans: z
      .array(timeOfDayPlan)
      .max(100)
      .optional()
      .describe(
        "Plans by day and time of day, local time of the scenario's timeZone; the one that began last leads. Devices go by them alone, and the strategy fixed-time. Default: today's plan always.",
      ),
    offsetSeconds: between(
      0,
      900,
      "When the cycle of today's plan begins, after multiples of the cycle since 1970-01-01T00:00Z, seconds. Kept by fixed-time and by actuated in coordination. Default: none is kept.",
    ).optional(),
    greenWave: z
      .strictObject({
        approach: z.string().describe('Approach, fed by another junction, whose vehicles are to arrive at green.'),
        speedKilometresPerHour: between(5, 130, 'Speed of the wave, km/h. Default: the speed limit.').optional(),
      })
      .optional()
      .describe(
        'In place of offsetSeconds: the offset such that straight on from this approach becomes green when those arrive who left the junction before with the first green. Both need the same cycle.',
      ),
    emergencyPreemption: z
      .boolean()
      .optional()
      .describe('Whether emergency vehicles ask for green by radio, and get it. Default false.'),
    emergencyRangeMetres: between(
      20,
      2000,
      'From how far before the stop line they are heard, metres. Default 300.',
    ).optional(),
    busPriority: z
      .boolean()
      .optional()
      .describe(
        'Whether buses ask for green by radio, once they have left the last stop before the line: a green is held, or comes earlier. Default false.',
      ),
    busRangeMetres: between(
      20,
      2000,
      'From how far before the stop line they are heard, metres. Default 150.',
    ).optional(),
  })
  .describe('Signals: stages, bounds, intergreens.');

const rightOfWay = z
  .strictObject({
    rule: z
      .enum(['yield', 'stop', 'all-way-stop'])
      .describe(
        'yield: who comes by another than the major approaches begins only where the whole way is free. stop: that, after a full halt. all-way-stop: everybody halts, and goes in the order of halting.',
      ),
    major: z
      .array(z.string())
      .min(1)
      .max(LIMITS.approaches)
      .optional()
      .describe(
        'Approaches that go first, e.g. [E, W]. Needed with yield and stop, not to be given with all-way-stop.',
      ),
  })
  .describe('In place of signals: a junction without them. It has no crossings, and strategies know nothing of it.');

export const junctionSchema = z
  .strictObject({
    name: name('Unique within the scenario.'),
    latitude: between(-80, 80, 'Of the centre, degrees, WGS 84.'),
    longitude: between(-180, 180, 'Of the centre, degrees, WGS 84.'),
    externalId: z.string().min(1).max(100).optional().describe("Another system's name for it, e.g. INT_001."),
    intersectionId: whole(
      0,
      65535,
      'J2735 IntersectionID, where it has one. Default: a number above 65535.',
    ).optional(),
    approachDefaults: z.strictObject(armShape).optional().describe('For approaches that say nothing else.'),
    approaches: z.array(approach).min(2).max(LIMITS.approaches).describe('The arms.'),
    movements: z
      .array(movement)
      .max(200)
      .optional()
      .describe('Only to name movements or their turns. Default: what the lanes say, named {approach}-{turn}.'),
    signalGroups: z
      .array(signalGroup)
      .max(254)
      .optional()
      .describe(
        'Movements that share lamps. Default, also for movements not listed here: one group each, with its name.',
      ),
    crossings: z.array(crossing).max(LIMITS.approaches).optional().describe('Pedestrian crossings. Default: none.'),
    signals: signals.optional().describe('Signals; a junction has either these or rightOfWay.'),
    rightOfWay: rightOfWay.optional(),
  })
  .describe('A junction, with signals or with a rule of right of way.');
