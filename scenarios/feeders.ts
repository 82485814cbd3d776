/** Which junctions of a scenario send traffic to which. */
import type { Feeder } from '../junction/types.ts';
import type { ScenarioApproach, ScenarioJunction, ScenarioMovement } from './types.ts';

/** From a stop line through the junction and up to speed, beyond the drive at the limit, seconds. */
const CROSSING_SECONDS = 2;

/** The junctions, each with those whose exits lead to its approaches. */
export function withFeeders(junctions: readonly ScenarioJunction[]): ScenarioJunction[] {
  const byName = new Map(junctions.map((junction) => [junction.name, junction]));
  return junctions.map((junction) => {
    const feeders = junction.approaches.flatMap((approach) => feederOf(approach, byName) ?? []);
    if (feeders.length === 0 || junction.rightOfWay !== undefined) return junction;
    return { ...junction, configuration: { ...junction.configuration, feeders } };
  });
}

function feederOf(
  { name, from, lanes, lengthMetres, speedLimitMetresPerSecond }: ScenarioApproach,
  byName: ReadonlyMap<string, ScenarioJunction>,
): Feeder | null {
  const other = from === undefined ? undefined : byName.get(from.junction);
  if (other === undefined || other.rightOfWay !== undefined) return null;
  const leading = other.movements.filter(({ to }) => to === from!.exit);
  const waysOf = (movements: readonly ScenarioMovement[], id: string): number =>
    movements.filter(({ group }) => group === id).length;
  return {
    approach: name,
    junctionId: other.id,
    groups: [...new Set(leading.map(({ group }) => group))].map((id) => ({
      id,
      share: waysOf(leading, id) / waysOf(other.movements, id),
    })),
    metres: lengthMetres,
    lanes: lanes.length,
    seconds: lengthMetres / speedLimitMetresPerSecond + CROSSING_SECONDS,
  };
}
