/**
 * Emergency vehicles and buses that ask a junction for green by radio, from so far before the stop line as its configuration
 * says. A bus asks once it has left the last stop on its lane. What is heard is exact: who asks knows where he is.
 */
import type { Detections } from '../../feeds/messages.ts';
import type { Engine } from '../core.ts';

/** A bus nearer to its stop than this has not left it yet, m. */
const AT_STOP_METRES = 1;

type Requests = NonNullable<Detections['priority']>;

interface HeardLane {
  readonly junction: number;
  readonly approach: string;
  readonly lane: number;
  readonly emergencyMetres: number;
  readonly busMetres: number;
  /** The last stop on the lane, metres from its start; -1 for none. */
  readonly lastStop: number;
}

export class PriorityReceivers {
  readonly #engine: Engine;
  /** By segment. */
  readonly #lanes = new Map<number, HeardLane>();
  readonly #kinds: readonly (Requests[number]['kind'] | null)[];

  constructor(engine: Engine) {
    const { network, demand } = engine;
    this.#engine = engine;
    this.#kinds = demand.classes.map(({ emergency, name }) =>
      emergency === true ? 'emergency' : name === 'bus' ? 'bus' : null,
    );
    const stops = network.tables?.busStops ?? [];
    for (const { junction, name, lanes } of network.approaches) {
      const priority = network.junctions[junction]!.configuration?.priority;
      if (priority === undefined) continue;
      lanes.forEach((segment, lane) => {
        this.#lanes.set(segment, {
          junction,
          approach: name,
          lane,
          emergencyMetres: priority.emergencyMetres ?? 0,
          busMetres: priority.busMetres ?? 0,
          lastStop: stops.reduce((last, stop) => (stop.segment === segment ? Math.max(last, stop.position) : last), -1),
        });
      });
    }
  }

  /** Whether the junction hears such vehicles. */
  hears(junction: number): boolean {
    return this.#engine.network.junctions[junction]!.configuration?.priority !== undefined;
  }

  /** Who asks the junction now, in the order of vehicles. */
  requests(junction: number): Requests {
    const { state, demand, network } = this.#engine;
    const found: [number, Requests[number]][] = [];
    for (let i = 0; i < state.activeCount; i++) {
      const v = state.active[i]!;
      const kind = this.#kinds[demand.vehicleClass[v]!];
      if (kind == null) continue;
      const heard = this.#lanes.get(state.segment[v]!);
      if (heard === undefined || heard.junction !== junction) continue;
      const position = state.position[v]!;
      const metres = Math.max(0, network.length[state.segment[v]!]! - position);
      if (metres > (kind === 'bus' ? heard.busMetres : heard.emergencyMetres)) continue;
      if (kind === 'bus' && position < heard.lastStop + AT_STOP_METRES) continue;
      const { approach, lane } = heard;
      const tenths = (value: number): number => Math.round(value * 10) / 10;
      const speed = tenths(Math.max(0, state.speed[v]!));
      found.push([v, { id: `vehicle-${v}`, kind, approach, lane, metres: tenths(metres), speed }]);
    }
    return found
      .sort(([a], [b]) => a - b)
      .slice(0, 100)
      .map(([, request]) => request);
  }
}
