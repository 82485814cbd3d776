/** The YAML form of demand: flows, vehicles one by one, people, and the classes of vehicles. */
import { z } from 'zod';
import { between, LIMITS, TWO_WHEELER, whole } from './schema-parts.ts';
import { VEHICLE_CLASSES } from './types.ts';

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
