/** A CityFlow folder as SUMO's files. */
import { readCityFlow } from '../../sim/network/cityflow.ts';
import type { StreetSource } from '../../sim/street.ts';
import type { LightProgram } from '../../sim/traffic/program.ts';
import { type ExportedFiles, textsOf } from './export.ts';
import type { ExportPhase } from './model.ts';

const YELLOW_SECONDS = 3;

/** The light plan, of the same cycle. */
function phasesOf(program: LightProgram): ExportPhase[] {
  const lasting = program.phases.filter(({ seconds }) => seconds > 0);
  const green = lasting.map(({ greenGroups }) =>
    Array.from({ length: program.groupCount }, (_, g) => greenGroups.includes(program.firstGroup + g)),
  );
  return lasting.flatMap(({ seconds }, p): ExportPhase[] => {
    const before = green[(p + lasting.length - 1) % lasting.length]!;
    const own = green[p]!;
    if (!before.some((was, g) => was && !own[g])) return [{ seconds, lamps: own.map(Number) }];
    const yellow = Math.min(YELLOW_SECONDS, seconds);
    const closing = { seconds: yellow, lamps: own.map((now, g) => (now ? 1 : before[g] ? 2 : 0)) };
    return seconds > yellow ? [closing, { seconds: seconds - yellow, lamps: own.map(Number) }] : [closing];
  });
}

/** Throws InputFileError for files that are refused. */
export function exportCityFlow(source: StreetSource & { kind: 'cityflow' }): ExportedFiles {
  const { name, roadnet, flow, durationSeconds, stepSeconds = 1 } = source;
  const { network, demand, programs } = readCityFlow(roadnet, flow, { name, seed: 0, stepSeconds, durationSeconds });
  const { roads } = roadnet as { roads: { lanes: { width: number }[] }[] };
  return textsOf(
    {
      name,
      network,
      demand,
      isLefthand: false,
      plans: programs.map((program) => ({
        programs: [{ id: '0', offsetSeconds: 0, phases: phasesOf(program) }],
        switches: [],
      })),
      controls: programs.map(() => 'traffic_light'),
      crossings: [],
      people: [],
      laneWidths: Float64Array.from(roads.flatMap((road) => road.lanes.map((lane) => lane.width))),
      stepSeconds,
      durationSeconds,
    },
    [
      "vehicles follow SUMO's Krauss model with its imperfection (sigma 0.5) in place of CityFlow's",
      `what closes shows ${YELLOW_SECONDS} s of yellow at the begin of the next phase, in which CityFlow's vehicles that cannot stop run the red`,
      'turning vehicles wait at the stop line, not inside the junction',
      "vehicles choose lanes as SUMO's do",
    ],
  );
}
