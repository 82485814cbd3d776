/**
 * The YAML form of a scenario, version 1, as a zod schema. The published `scenario.schema.json` is generated from it
 * (`npx tsx scenarios/schema-json.ts`), so descriptions here are what authors see in their editor.
 * Whether the parts fit together is checked in `build.ts`, where a message can name both sides.
 */
import { z } from 'zod';
import { demandSchema, vehicleClassesSchema } from './schema-demand.ts';
import { junctionSchema } from './schema-junction.ts';
import { between, LIMITS, NOT_YET, whole } from './schema-parts.ts';

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
export type SignalsFile = NonNullable<JunctionFile['signals']>;
/** A junction that has signals. */
export type SignalisedFile = JunctionFile & { readonly signals: SignalsFile };
export type StageFile = SignalsFile['stages'][number];
export type DemandFile = z.output<typeof demandSchema>;
export type VehicleClassesFile = z.output<typeof vehicleClassesSchema>;
export type DetectionFile = z.output<typeof detectionSchema>;

/** The JSON Schema (draft 7, which editors know) that stands beside the scenarios. Throws nothing. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema, { target: 'draft-7', io: 'input' }) as Record<string, unknown>;
  return { $schema: schema.$schema, title: 'FlexTraff Twin scenario, version 1', ...schema };
}
