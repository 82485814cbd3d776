/**
 * The YAML form of a scenario, version 1, as a zod schema. The published `scenario.schema.json` is generated from it
 * (`npx tsx scenarios/schema-json.ts`), so descriptions here are what authors see in their editor.
 * Whether the parts fit together is checked in `build.ts`, where a message can name both sides.
 */
import { z } from 'zod';
import { VEHICLE_CLASSES } from './types.ts';

/** Bounds that keep a scenario within what can be run; a file beyond them is refused, not cut. */
export const LIMITS = {
  fileBytes: 2_000_000,
  junctions: 500,
  approaches: 12,
  lanes: 8,
  stages: 64,
  periods: 10_000,
  vehiclesPerPeriod: 100_000,
  vehiclesInAll: 1_000_000,
  givenVehicles: 50_000,
} as const;

/** Another name for `bike`. */
export const TWO_WHEELER = 'two-wheeler';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$/;
const name = (what: string) =>
  z
    .string()
    .regex(NAME, { error: 'letters, digits, - and _, at most 48 characters, beginning with a letter or digit' })
    .describe(what);
const between = (low: number, high: number, what: string) => z.number().min(low).max(high).describe(what);
const whole = (low: number, high: number, what: string) => z.int().min(low).max(high).describe(what);
const NOT_YET = 'Not supported yet: refused until it is.';

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
    signals,
  })
  .describe('A signalised junction.');

const arrivals = z.enum(['poisson', 'even', 'recorded', 'platoon']);

const platoon = z
  .strictObject({
    everySeconds: between(
      10,
      600,
      'From the begin of one platoon to that of the next, as the cycle of the signal they come from, seconds.',
    ),
    lastsSeconds: between(1, 600, 'How long a platoon takes to come in, seconds.'),
    offsetSeconds: between(0, 600, 'When the first platoon begins, seconds. Default 0.').optional(),
  })
  .describe('With arrivals: platoon.');

const exit = z.strictObject({
  junction: z.string().optional().describe('May be left out where there is one junction only.'),
  arm: z.string().describe('Arm of that junction whose exit lanes leave the network.'),
});

const givenVehicle = z
  .strictObject({
    atSeconds: between(0, 604_800, 'When it wants to enter, seconds after the start.'),
    junction: z.string().optional().describe('May be left out where there is one junction only.'),
    approach: z.string().describe('Where it enters.'),
    movement: z
      .string()
      .describe('Turn (left, straight, right, u-turn) or name of the movement at the first junction.'),
    via: z
      .array(z.string())
      .max(100)
      .optional()
      .describe('Turns or movements at the junctions that follow. Default: as turnShares draw them.'),
    class: z
      .enum([...VEHICLE_CLASSES, TWO_WHEELER])
      .optional()
      .describe('Default car.'),
    lane: whole(
      0,
      LIMITS.lanes - 1,
      'Lane it enters by, 0 nearest the centre line; it changes lanes where its way asks for it.',
    ).optional(),
  })
  .describe('One vehicle.');

const flow = z
  .strictObject({
    junction: z.string().optional().describe('May be left out where there is one junction only.'),
    approach: z.string().describe('Where the vehicles enter.'),
    movement: z
      .string()
      .optional()
      .describe('Turn (left, straight, right, u-turn) or name of the movement. This or exit.'),
    exit: exit
      .optional()
      .describe('Where the vehicles leave the network, by the way through the fewest junctions. This or movement.'),
    vehicles: z
      .array(z.number().min(0).max(LIMITS.vehiclesPerPeriod))
      .min(1)
      .max(LIMITS.periods)
      .optional()
      .describe('Vehicles in each period of periodSeconds; the periods cover the duration. This or vehiclesPerHour.'),
    vehiclesPerHour: between(0, 20_000, 'Constant flow, vehicles per hour. This or vehicles.').optional(),
    arrivals: arrivals.optional().describe('Default: as in demand.'),
    platoon: platoon.optional().describe('Default: as in demand.'),
  })
  .describe('Vehicles of one movement.');

export const demandSchema = z
  .strictObject({
    arrivals: arrivals
      .optional()
      .describe(
        'poisson (default): random gaps at the given rate; even: equal gaps; recorded: exactly the given number in each period, at random moments; platoon: as poisson, but in platoons.',
      ),
    platoon: platoon.optional(),
    vehicles: z
      .array(givenVehicle)
      .max(LIMITS.givenVehicles)
      .optional()
      .describe('Vehicles given one by one, on top of the flows.'),
    periodSeconds: whole(10, 86_400, 'Length of a period of `vehicles`, seconds. Default 300.').optional(),
    flows: z.array(flow).max(5000).optional().describe('One entry per movement, or per pair of approach and exit.'),
    pedestrians: z
      .array(
        z.strictObject({
          junction: z.string().optional().describe('May be left out where there is one junction only.'),
          approach: z.string().describe('Arm whose crossing they use.'),
          pedestriansPerHour: between(
            0,
            100_000,
            'People per hour, both directions together. This or pedestrians.',
          ).optional(),
          pedestrians: z
            .array(z.number().min(0).max(LIMITS.vehiclesPerPeriod))
            .min(1)
            .max(LIMITS.periods)
            .optional()
            .describe('People in each period of periodSeconds, both directions together. This or pedestriansPerHour.'),
          arrivals: z.enum(['poisson', 'even', 'recorded']).optional().describe('Default: poisson.'),
          clockwiseShare: between(
            0,
            1,
            'Share that goes clockwise, seen from the centre of the junction, 0 to 1. Default 0.5.',
          ).optional(),
          cyclistShare: between(0, 1, 'Share that rides a bicycle over the crossing, 0 to 1. Default 0.').optional(),
        }),
      )
      .max(5000)
      .optional()
      .describe('People who cross an arm, on foot or by bicycle; the arm needs a crossing. Default: nobody.'),
    walking: z
      .strictObject({
        meanMetresPerSecond: between(0.3, 3, 'Mean walking speed, m/s. Default 1.34 (Weidmann 1993).').optional(),
        deviationMetresPerSecond: between(
          0,
          1,
          'Standard deviation of the walking speed, m/s. Default 0.26, with which 15 in 100 are slower than the 1.07 m/s that clearances are made for.',
        ).optional(),
        cyclistMeanMetresPerSecond: between(1, 8, 'Mean speed of cyclists on a crossing, m/s. Default 3.5.').optional(),
        cyclistDeviationMetresPerSecond: between(0, 2, 'Standard deviation of it, m/s. Default 0.6.').optional(),
        startUpSeconds: between(
          0,
          10,
          'From the start of walk until somebody who waited steps off the kerb, seconds. Default 1.',
        ).optional(),
        enterInClearanceShare: between(
          0,
          1,
          'Share of people who still enter while the clearance shows, 0 to 1. Default 0.',
        ).optional(),
      })
      .optional()
      .describe('How people walk and ride over crossings.'),
  })
  .describe('Who wants to pass, and when.');

const vehicleClass = z
  .strictObject({
    share: between(0, 1, 'Share of the vehicles, 0 to 1; the shares of all classes sum to 1.'),
    lengthMetres: between(1, 30, 'Length, metres.').optional(),
    widthMetres: between(0.4, 4, 'Width, metres.').optional(),
    pcu: between(0.1, 10, 'Passenger car units.').optional(),
    massKilograms: between(50, 60_000, 'Mass, kilograms.').optional(),
    maxSpeedKilometresPerHour: between(5, 200, 'Greatest speed, km/h.').optional(),
    accelerationMetresPerSecond2: between(0.2, 6, 'Greatest acceleration, m/s2.').optional(),
    decelerationMetresPerSecond2: between(0.5, 9, 'Comfortable deceleration, m/s2, positive.').optional(),
    minGapMetres: between(0.2, 10, 'Gap to the vehicle ahead when standing, metres.').optional(),
    timeHeadwaySeconds: between(0.3, 5, 'Time headway when following, seconds.').optional(),
    emissionClass: z
      .enum(['PC_G_EU4', 'PC_G_EU6', 'PC_D_EU6', 'LDV_G_EU4', 'Bus', 'HDV'])
      .optional()
      .describe('HBEFA 3 emission class.'),
    carFollowing: z
      .enum(['idm', 'krauss', 'cityflow'])
      .optional()
      .describe(
        'Car-following model. idm (default) keeps the saturation flow of the scenario; krauss (as in SUMO, sigma 0.5) and cityflow keep their own habits and timeHeadwaySeconds.',
      ),
    integration: z
      .enum(['ballistic', 'euler'])
      .optional()
      .describe(
        'How positions follow from speeds: by the mean of old and new speed (ballistic, default) or by the new one (euler, as SUMO does by default).',
      ),
    filtersToFront: z
      .boolean()
      .optional()
      .describe(
        "Whether it uses the lane's width: abreast of others, and past a standing queue to its front. Default: true for two-wheelers and bicycles. Lanes must be wide enough for two of it.",
      ),
  })
  .describe('A class of vehicles: its share, and what differs from the usual.');

export const vehicleClassesSchema = z
  .strictObject(
    Object.fromEntries([...VEHICLE_CLASSES, TWO_WHEELER].map((each) => [each, vehicleClass.optional()])) as Record<
      (typeof VEHICLE_CLASSES)[number] | typeof TWO_WHEELER,
      z.ZodOptional<typeof vehicleClass>
    >,
  )
  .describe(
    'Default: cars only. two-wheeler (also called bike) is a motorcycle or scooter, rickshaw an auto-rickshaw, lcv a light commercial vehicle, bicycle a pedal cycle on the carriageway; buses serve the bus stops, and others give way to emergency vehicles.',
  );

export const detectionSchema = z
  .strictObject({
    tagShare: between(0, 1, 'Share of vehicles with an RFID tag. Default 1.').optional(),
    missProbability: between(
      0,
      1,
      'Probability that a reader misses a tag in one interrogation. Default 0.',
    ).optional(),
    rereadSeconds: between(
      0.1,
      3600,
      'A tag standing at the reader is read again every so many seconds. Default 5.',
    ).optional(),
    windowSeconds: whole(1, 3600, 'Counts are sent every so many seconds. Default 10.').optional(),
    outages: z
      .array(
        z.strictObject({
          junction: z.string().optional().describe('May be left out where there is one junction only.'),
          approach: z.string().describe('Where the reader is.'),
          fromSeconds: between(0, 604_800, 'Begin, seconds after the start.'),
          untilSeconds: between(0, 604_800, 'End, seconds after the start.'),
        }),
      )
      .max(1000)
      .optional()
      .describe('Times at which the readers of an approach are silent: faults of the kind silent.'),
    faults: z
      .array(
        z.strictObject({
          junction: z.string().optional().describe('May be left out where there is one junction only.'),
          approach: z.string().describe('Where the detector is.'),
          device: z
            .enum(['reader', 'loop', 'button'])
            .describe('An RFID reader, the loops in the lanes, a push button.'),
          position: z
            .enum(['stopline', 'upstream'])
            .optional()
            .describe('Which readers or loops of the approach. Default: all.'),
          kind: z
            .enum(['silent', 'doubled', 'rereads', 'misses', 'clock-drift', 'stuck-on', 'stuck-off'])
            .describe(
              'Readers: silent (sends nothing), doubled (sends each count twice), rereads (counts a tag at each reading), misses (needs probability), clock-drift (needs driftSecondsPerHour). Loops: silent, stuck-on (always covered), stuck-off (never). Buttons: stuck-on (calls always), stuck-off (never).',
            ),
          fromSeconds: between(0, 604_800, 'Begin, seconds after the start. Default 0.').optional(),
          untilSeconds: between(0, 604_800, 'End, seconds after the start. Default: the end of the run.').optional(),
          probability: between(0, 1, 'Only for misses: that an interrogation fails, 0 to 1.').optional(),
          driftSecondsPerHour: between(
            -600,
            600,
            'Only for clock-drift: how much the clock gains in an hour, seconds; negative: loses.',
          ).optional(),
        }),
      )
      .max(1000)
      .optional()
      .describe('Detectors that fail, and when. Default: none.'),
  })
  .describe('RFID tags and the faults of their readers.');

export const variantSchema = z
  .strictObject({
    name: z
      .string()
      .max(48)
      .regex(/^[a-z][a-z0-9-]*$/, { error: 'small letters, digits and -, beginning with a letter' })
      .describe('Unique within the scenario.'),
    strategy: z
      .string()
      .max(48)
      .regex(/^[a-z][a-z0-9-]*$/, { error: 'small letters, digits and -, beginning with a letter' })
      .describe("The controller's strategy, e.g. fixed-time, webster, atcs."),
    parameters: z
      .record(
        z.string().max(64),
        z.union([z.number(), z.string().max(1000), z.boolean()], { error: 'a number, a text, true or false' }),
      )
      .optional()
      .describe("The strategy's parameters."),
  })
  .describe('One of the worlds that run side by side.');

/** Every top-level key but `junctions`, which is checked junction by junction. */
export const topLevelShape = {
  version: z.literal(1, { error: 'must be 1' }).describe('Version of the scenario format.'),
  title: z.string().min(1).max(120).optional().describe('One line for people. Default: the name of the file.'),
  description: z.string().max(4000).optional().describe('What it shows and where its figures come from.'),
  drivingSide: z.enum(['left', 'right']).describe('Side of the road that is driven on.'),
  startsAt: z
    .string()
    .max(40)
    .optional()
    .describe(
      'Date and time of second 0, e.g. 2024-01-15T08:00:00: local time in timeZone, or with Z or an offset. Default 2024-01-01T00:00:00Z.',
    ),
  timeZone: z.string().max(64).optional().describe('IANA time zone of the junctions, e.g. Asia/Kolkata. Default UTC.'),
  stepSeconds: between(
    0.05,
    1,
    'Step of the simulation, seconds; a whole number of steps makes a second, of whole milliseconds. Default 0.5.',
  ).optional(),
  durationSeconds: whole(1, 604_800, 'Simulated time, seconds. Default 3600.').optional(),
  warmUpSeconds: whole(0, 86_400, 'Time at the begin that the figures leave out, seconds. Default 0.').optional(),
  seeds: z
    .array(z.int().min(0).max(4_294_967_295))
    .min(1)
    .max(1000)
    .optional()
    .describe('Seeds of the random numbers; the first is what a run uses unless told otherwise. Default [1].'),
  saturationFlowPerHourPerLane: between(
    600,
    2400,
    'Saturation flow of a lane, cars per hour of green, that the traffic model is to show. Default 1800.',
  ).optional(),
  startUpLostSeconds: between(
    0.5,
    4,
    'What the first vehicles of a queue take longer than those behind them, seconds in all (start-up lost time). Default 2.',
  ).optional(),
  pcuSet: z
    .enum(['indo-hcm', 'irc-few', 'irc-many'])
    .optional()
    .describe(
      'Passenger car units of classes that say nothing else: indo-hcm (default; two-wheeler 0.4, rickshaw 0.5, bus and truck 1.6, lcv 1.1, bicycle 0.3), or IRC 106-1990 where the class is a small share (irc-few: 0.5, 1.2, 2.2, 1.4, 0.4) or a tenth and more (irc-many: 0.75, 2, 3.7, 2, 0.5).',
    ),
  vehicleClasses: vehicleClassesSchema.optional(),
  demand: demandSchema,
  detection: detectionSchema.optional(),
  v2x: z
    .strictObject({
      share: between(
        0,
        1,
        'Share of vehicles that broadcast (BSM, ten times a second). With more than 0, junctions broadcast signals and lanes as well (SPaT, MAP), and safety is judged by what is heard.',
      ),
      pedestrianShare: between(
        0,
        1,
        'Share of people on and near crossings that broadcast (PSM, ten times a second). Default 0.',
      ).optional(),
      dropoutShare: between(0, 0.95, 'Share of these messages that are lost on the air. Default 0.').optional(),
      positionNoiseMetres: between(
        0,
        10,
        'Standard deviation of the positions sent, along each axis, metres; the error drifts. Default 0.',
      ).optional(),
      idRotationSeconds: between(
        10,
        3600,
        'Temporary ids change every so many seconds. Default: they do not change.',
      ).optional(),
      rangeMetres: between(50, 2000, 'How far the unit at a junction hears, metres. Default 300.').optional(),
      singly: z
        .boolean()
        .optional()
        .describe('Send each message by itself, not those of a moment together as a frame. Default false.'),
    })
    .optional()
    .describe('Connected vehicles and people.'),
  weather: z
    .strictObject({
      precipitationMillimetresPerHour: between(0, 500, 'Rain or snow, mm/h. Default 0.').optional(),
      visibilityMetres: between(0, 100_000, 'Visibility, metres. Default 10000.').optional(),
      windMetresPerSecond: between(0, 100, 'Wind, m/s. Default 0.').optional(),
      temperatureCelsius: between(-60, 60, 'Temperature, degrees Celsius. Default 20.').optional(),
    })
    .optional()
    .describe('Weather of the whole run. It counts in the safety index; it does not change how anybody drives.'),
  incidents: z
    .array(
      z.strictObject({
        junction: z.string().optional().describe('May be left out where there is one junction only.'),
        approach: z.string().describe('Where.'),
        lane: whole(0, LIMITS.lanes - 1, 'Lane, 0 nearest the centre line.').optional(),
        fromSeconds: between(0, 604_800, 'Begin, seconds after the start.'),
        untilSeconds: between(0, 604_800, 'End, seconds after the start.'),
      }),
    )
    .max(1000)
    .optional()
    .describe(`Blocked lanes. ${NOT_YET}`),
  variants: z
    .array(variantSchema)
    .min(1)
    .max(16)
    .optional()
    .describe('The worlds that run side by side, the first being the baseline. Default: fixed-time and atcs.'),
};

export const scenarioSchema = z
  .strictObject({
    ...topLevelShape,
    junctions: z.array(junctionSchema).min(1).max(LIMITS.junctions).describe('The junctions.'),
  })
  .describe('A scenario of FlexTraff Twin.');

/** The top-level keys alone, whatever their values. */
export const topLevelKeys = z.strictObject(
  Object.fromEntries(Object.keys(scenarioSchema.shape).map((key) => [key, z.unknown().optional()])),
);

export type ScenarioFile = z.output<typeof scenarioSchema>;
export type JunctionFile = z.output<typeof junctionSchema>;
export type ApproachFile = JunctionFile['approaches'][number];
export type SignalsFile = JunctionFile['signals'];
export type StageFile = SignalsFile['stages'][number];
export type DemandFile = z.output<typeof demandSchema>;
export type VehicleClassesFile = z.output<typeof vehicleClassesSchema>;
export type DetectionFile = z.output<typeof detectionSchema>;

/** The JSON Schema (draft 7, which editors know) that stands beside the scenarios. Throws nothing. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema, { target: 'draft-7', io: 'input' }) as Record<string, unknown>;
  return { $schema: schema.$schema, title: 'FlexTraff Twin scenario, version 1', ...schema };
}
