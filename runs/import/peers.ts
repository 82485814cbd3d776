/** Peers' files as models to import. */
import { readCityFlow } from '../../sim/network/cityflow.ts';
import { cityFlowStages } from '../../sim/network/cityflow-configuration.ts';
import { passageSecondsOf } from '../../sim/network/sumo/actuated.ts';
import { drawSumo } from '../../sim/network/sumo/case.ts';
import type { SumoNet, SumoProgram } from '../../sim/network/sumo/net-types.ts';
import type { VehicleClass } from '../../sim/network/sumo/permissions.ts';
import { coreDemand } from '../../sim/traffic-sumo/traffic.ts';
import { sumoSignalStages, sumoStartsAtMs, sumoLaneWidths, type SumoSource } from '../../sim/sumo-street.ts';
import type { StreetSource } from '../../sim/street.ts';
import type { ImportModel } from './model.ts';

/** Metres of a degree of latitude, and of longitude on the equator, where files lie that name no place. */
const METRES_PER_DEGREE = (6_371_008.8 * Math.PI) / 180;

/** A SUMO case with the vehicles of seed 0. Throws InputFileError. */
export function sumoModel({ files, durationSeconds }: SumoSource, origin: string): ImportModel {
  const { demand, world } = drawSumo(files, 0, files.beginSeconds + durationSeconds);
  const stages = world.signals.map(({ id }) => sumoSignalStages(files).get(id)!);
  return {
    name: files.name,
    origin,
    network: world.network,
    demand: coreDemand(world, demand, files.beginSeconds),
    kindOfClass: demand.types.map(({ vClass }) => kindOf(vClass)),
    signals: stages.map(({ configured }) => configured),
    groupsOf: stages.map(({ linkIndices }, j) => linkIndices.map((index) => world.signals[j]!.firstGroup + index)),
    isLefthand: files.net.lefthand,
    ...passageOf(world.signals.map(({ program }) => program)),
    laneWidths: sumoLaneWidths(files, world),
    durationSeconds,
    startsAtMs: sumoStartsAtMs(files),
    place: placeIn(files.net),
  };
}

/** The longest of the actuated programs counts for all: a strategy has one for all junctions of a scenario. */
function passageOf(programs: readonly SumoProgram[]): Pick<ImportModel, 'passageSeconds'> {
  const actuated = programs.filter(({ type }) => type === 'actuated');
  return actuated.length === 0 ? {} : { passageSeconds: Math.max(...actuated.map(passageSecondsOf)) };
}

function kindOf(vClass: VehicleClass): string {
  if (vClass === 'bus' || vClass === 'coach') return 'bus';
  if (vClass === 'truck' || vClass === 'trailer') return 'truck';
  if (vClass === 'motorcycle' || vClass === 'moped') return 'bike';
  if (vClass === 'delivery') return 'lcv';
  if (vClass === 'bicycle') return 'bicycle';
  return vClass === 'emergency' ? 'emergency' : 'car';
}

/** By the file's boundary in degrees where it has one, else around the equator's zero. */
function placeIn({ location }: SumoNet): ImportModel['place'] {
  const [x0, y0, x1, y1] = location.convBoundary as [number, number, number, number];
  const [west, south, east, north] = location.origBoundary as [number, number, number, number];
  const isGeographic =
    location.projection !== '!' &&
    Math.abs(south) <= 80 &&
    Math.abs(north) <= 80 &&
    Math.abs(west) <= 180 &&
    Math.abs(east) <= 180;
  const digits = (degrees: number) => Math.round(degrees * 1e7) / 1e7;
  if (!isGeographic || x1 <= x0 || y1 <= y0)
    return (x, y) => ({
      latitude: digits((y - y0) / METRES_PER_DEGREE),
      longitude: digits((x - x0) / METRES_PER_DEGREE),
    });
  // from the middle outwards at true scale: the boundaries are seldom those of the same points
  const [latitude, longitude] = [(south + north) / 2, (west + east) / 2];
  const shrink = Math.cos((latitude * Math.PI) / 180);
  return (x, y) => ({
    latitude: digits(latitude + (y - (y0 + y1) / 2) / METRES_PER_DEGREE),
    longitude: digits(longitude + (x - (x0 + x1) / 2) / (METRES_PER_DEGREE * shrink)),
  });
}

/** A CityFlow folder. Throws InputFileError. */
export function cityFlowModel(
  source: StreetSource & { kind: 'cityflow' },
  origin: string,
  startsAtMs: number,
): ImportModel {
  const { name, roadnet, flow, durationSeconds, stepSeconds = 1 } = source;
  const { network, demand, programs } = readCityFlow(roadnet, flow, { name, seed: 0, stepSeconds, durationSeconds });
  const stages = cityFlowStages(network, programs, name);
  const { roads } = roadnet as { roads: { lanes: { width: number }[] }[] };
  const [x0, y0] = [network.paths[0]![0]!, network.paths[0]![1]!];
  return {
    name,
    origin,
    network,
    demand,
    kindOfClass: demand.classes.map(() => 'car'),
    signals: stages.map(({ configured }) => configured),
    groupsOf: stages.map(({ groups }, j) => groups.map((g) => network.junctions[j]!.firstGroup + g)),
    isLefthand: false,
    laneWidths: Float64Array.from(roads.flatMap((road) => road.lanes.map((lane) => lane.width))),
    durationSeconds,
    startsAtMs,
    place: (x, y) => ({
      latitude: Math.round(((y - y0) / METRES_PER_DEGREE) * 1e7) / 1e7,
      longitude: Math.round(((x - x0) / METRES_PER_DEGREE) * 1e7) / 1e7,
    }),
  };
}
