/**
 * The people of a scenario: when each comes to which kerb, how fast it walks or rides. Everything about a person comes
 * from the stream of (seed, crossing, direction, number), so that it is the same whatever the lights do.
 */
import type { PedestrianFlow, Scenario, WalkingSettings } from '../../scenarios/types.ts';
import { arrivalSeconds } from '../demand/arrivals.ts';
import { nearlyNormal, type RandomStream, randomStream } from '../random.ts';
import type { Crossing } from './crossings.ts';

/** People in the order in which they come to the kerb; arrays are `count` long. */
export interface People {
  readonly count: number;
  readonly arriveSeconds: Float64Array;
  /** Index into the crossings. */
  readonly crossing: Int32Array;
  /** 1: from the first kerb to the second (clockwise), -1: the other way. */
  readonly direction: Int8Array;
  readonly speed: Float64Array;
  readonly startUpSeconds: Float64Array;
  /** Metres from the crossing's middle line, to the right of the way from first to second kerb. */
  readonly aside: Float64Array;
  /** 1: rides a bicycle. */
  readonly rides: Uint8Array;
  /** 1: still enters while the clearance shows. */
  readonly hurries: Uint8Array;
}

const WALKING_BOUNDS = [0.5, 2.5] as const;
const RIDING_BOUNDS = [1.5, 7] as const;
/** Room to the edges of the crossing, m. */
const EDGE = 0.4;

/** All people who come to a kerb before the end of the scenario. Throws where a flow's arm has no crossing. */
export function peopleFromScenario(scenario: Scenario, crossings: readonly Crossing[], seed: number): People {
  const { walking } = scenario;
  const flows = scenario.pedestrians ?? [];
  if (flows.length > 0 && walking === undefined) throw new RangeError('The scenario has pedestrians but no walking.');
  const drawn = flows.flatMap((flow) => {
    const crossing = crossings.findIndex(
      (each) => each.approach === flow.approach && scenario.junctions[each.junction]!.name === flow.junction,
    );
    if (crossing < 0) throw new RangeError(`Arm ${flow.approach} of ${flow.junction} has no crossing.`);
    return drawFlow(flow, crossing, crossings[crossing]!, walking!, scenario.durationSeconds, seed);
  });
  drawn.sort((a, b) => a.arriveSeconds - b.arriveSeconds);
  return {
    count: drawn.length,
    arriveSeconds: Float64Array.from(drawn, (person) => person.arriveSeconds),
    crossing: Int32Array.from(drawn, (person) => person.crossing),
    direction: Int8Array.from(drawn, (person) => person.direction),
    speed: Float64Array.from(drawn, (person) => person.speed),
    startUpSeconds: Float64Array.from(drawn, (person) => person.startUpSeconds),
    aside: Float64Array.from(drawn, (person) => person.aside),
    rides: Uint8Array.from(drawn, (person) => person.rides),
    hurries: Uint8Array.from(drawn, (person) => person.hurries),
  };
}

function drawFlow(
  flow: PedestrianFlow,
  crossing: number,
  { width }: Crossing,
  walking: WalkingSettings,
  durationSeconds: number,
  seed: number,
) {
  const key = `${flow.junction}/${flow.approach}/${flow.direction}`;
  const counts = { ...flow, movement: '', vehicles: flow.people };
  const moments = arrivalSeconds(counts, durationSeconds, randomStream(seed, `people/${key}`));
  return moments.map((arriveSeconds, n) => {
    const stream = randomStream(seed, `person/${key}/${n}`);
    const rides = stream() < flow.cyclistShare ? 1 : 0;
    const hurries = stream() < walking.enterInClearanceShare ? 1 : 0;
    const startUpSeconds = walking.startUpSeconds * (0.5 + stream());
    const aside = (2 * stream() - 1) * Math.max(0, width / 2 - EDGE);
    return {
      arriveSeconds,
      crossing,
      direction: flow.direction === 'clockwise' ? 1 : -1,
      speed: rides === 1 ? ridingSpeed(walking, stream) : walkingSpeed(walking, stream),
      startUpSeconds,
      aside,
      rides,
      hurries,
    };
  });
}

function walkingSpeed(walking: WalkingSettings, stream: RandomStream): number {
  const [least, most] = WALKING_BOUNDS;
  const drawn = walking.meanMetresPerSecond + walking.deviationMetresPerSecond * nearlyNormal(stream);
  return Math.min(most, Math.max(least, drawn));
}

function ridingSpeed(walking: WalkingSettings, stream: RandomStream): number {
  const [least, most] = RIDING_BOUNDS;
  const drawn = walking.cyclistMeanMetresPerSecond + walking.cyclistDeviationMetresPerSecond * nearlyNormal(stream);
  return Math.min(most, Math.max(least, drawn));
}
