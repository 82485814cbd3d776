/** Roadside units: what stands at a junction, hears who is near, and says of its lanes and signals. */
import type { MapMessage } from '../../feeds/v2x/messages.ts';
import type { Scenario } from '../../scenarios/types.ts';
import { mapOf } from './map.ts';
import { faceOf, type SignalFace } from './signals.ts';

export interface RoadsideUnit {
  readonly junctionId: string;
  readonly name: string;
  /** Middle of the junction, metres of the network. */
  readonly x: number;
  readonly y: number;
  readonly latitude: number;
  readonly longitude: number;
  /** False: the file says nowhere where on Earth it is, and the place is made up; distances hold. */
  readonly isOnEarth: boolean;
  /** null: none can be made, and none is sent. */
  readonly map: MapMessage | null;
  readonly face: SignalFace | null;
}

/** One a junction, in their order. @throws RangeError where a junction has more lanes than MAP can number. */
export function unitsOfScenario(scenario: Scenario): RoadsideUnit[] {
  return scenario.junctions.map((junction) => ({
    junctionId: junction.id,
    name: junction.name,
    x: junction.centre.x,
    y: junction.centre.y,
    latitude: junction.latitude,
    longitude: junction.longitude,
    isOnEarth: true,
    map: mapOf(junction, scenario.startsAtMs),
    face: junction.rightOfWay === undefined ? faceOf(junction.configuration) : null,
  }));
}
