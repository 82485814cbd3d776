import type { Knex } from 'knex';
import type { JunctionConfiguration } from '../../../junction/types.ts';
import type { Scenario } from '../../../scenarios/types.ts';
import { insertRows, lastByKey } from '../unnest.ts';

/** A junction as it is written: what the configuration and the scenario say of it. */
export interface JunctionInput {
  junctionId: string;
  intersectionId: number;
  name: string;
  latitude: number | null;
  longitude: number | null;
  /** null: on a street. */
  scenario: string | null;
  configuration: JunctionConfiguration;
}

export interface StoredLane {
  laneId: string;
  laneIndex: number;
  laneName: string;
  direction: 'N' | 'S' | 'E' | 'W' | null;
  isActive: boolean;
}

export interface StoredDevice {
  deviceId: string;
  laneId: string | null;
  deviceType: string;
  position: string | null;
  deviceName: string | null;
  status: string;
  lastHeartbeatAtMs: number | null;
}

export interface StoredJunction {
  junctionId: string;
  intersectionId: number;
  region: number;
  name: string;
  city: string;
  latitude: number | null;
  longitude: number | null;
  status: string;
  currentMode: string;
  minCycleSeconds: number;
  maxCycleSeconds: number;
  baseCycleSeconds: number;
  externalId: string | null;
  scenario: string | null;
  createdAtMs: number;
}

export interface StoredJunctionDetail extends StoredJunction {
  configuration: JunctionConfiguration | null;
  lanes: StoredLane[];
  devices: StoredDevice[];
}

/** J2735 IntersectionIDs end here; above are numbers of our own. */
const J2735_ID_MAX = 65_535;
const DIRECTIONS = ['N', 'S', 'E', 'W'];
const LANE_NAMES: Record<string, string> = { N: 'North', S: 'South', E: 'East', W: 'West' };

/** What is written of junctions that a run or a street has. */
export function junctionInputs(
  scenario: Scenario | null,
  configurations: readonly JunctionConfiguration[],
): JunctionInput[] {
  // those without signals are commanded by nobody, and yet things happen there
  const unsignalised = (scenario?.junctions ?? []).flatMap(({ rightOfWay, configuration }) =>
    rightOfWay === undefined ? [] : [configuration],
  );
  return [...configurations, ...unsignalised].map((configuration) => {
    const place = scenario?.junctions.find((junction) => junction.id === configuration.junctionId);
    return {
      junctionId: configuration.junctionId,
      intersectionId: configuration.intersectionId,
      name: configuration.name,
      latitude: place?.latitude ?? null,
      longitude: place?.longitude ?? null,
      scenario: scenario?.name ?? null,
      configuration,
    };
  });
}

/**
 * Writes junctions with their approaches. A junction keeps its intersection id; a new simulated one whose id is taken
 * gets one above 65535, and a street's takes its J2735 id back from a simulated one. Approaches that a configuration no
 * longer has become inactive.
 */
export async function upsertJunctions(knex: Knex, inputs: readonly JunctionInput[]): Promise<void> {
  for (const junction of lastByKey(inputs, (input) => input.junctionId)) {
    const intersectionId = await intersectionIdFor(knex, junction);
    const { configuration } = junction;
    const baseCycle = configuration.localPlan.reduce(
      (sum, stage) => sum + stage.greenSeconds + stage.yellowSeconds + stage.allRedSeconds,
      0,
    );
    await knex.raw(
      `INSERT INTO junctions (junction_id, intersection_id, junction_name, latitude, longitude, scenario, min_cycle_time, max_cycle_time, base_cycle_time, configuration)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
       ON CONFLICT (junction_id) DO UPDATE SET intersection_id = EXCLUDED.intersection_id, junction_name = EXCLUDED.junction_name,
         latitude = COALESCE(EXCLUDED.latitude, junctions.latitude), longitude = COALESCE(EXCLUDED.longitude, junctions.longitude),
         min_cycle_time = EXCLUDED.min_cycle_time, max_cycle_time = EXCLUDED.max_cycle_time, base_cycle_time = EXCLUDED.base_cycle_time,
         configuration = EXCLUDED.configuration, updated_at = CURRENT_TIMESTAMP
       WHERE (junctions.intersection_id, junctions.junction_name, junctions.latitude, junctions.longitude, junctions.configuration)
         IS DISTINCT FROM (EXCLUDED.intersection_id, EXCLUDED.junction_name, EXCLUDED.latitude, EXCLUDED.longitude, EXCLUDED.configuration)`,
      [
        junction.junctionId,
        intersectionId,
        junction.name,
        junction.latitude,
        junction.longitude,
        junction.scenario,
        Math.ceil(configuration.minCycleSeconds),
        Math.floor(configuration.maxCycleSeconds),
        Math.round(baseCycle),
        JSON.stringify(configuration),
      ],
    );
    await upsertLanes(knex, configuration);
  }
}

async function intersectionIdFor(knex: Knex, junction: JunctionInput): Promise<number> {
  const known = await knex.raw(
    'SELECT junction_id, intersection_id, scenario FROM junctions WHERE junction_id = ? OR (intersection_id = ? AND region = 0)',
    [junction.junctionId, junction.intersectionId],
  );
  const rows = known.rows as { junction_id: string; intersection_id: number; scenario: string | null }[];
  const own = rows.find((row) => row.junction_id === junction.junctionId);
  const holder = rows.find(
    (row) => row.junction_id !== junction.junctionId && row.intersection_id === junction.intersectionId,
  );
  if (own !== undefined && (junction.scenario !== null || own.intersection_id === junction.intersectionId))
    return own.intersection_id;
  if (holder === undefined) return junction.intersectionId;
  if (junction.scenario === null && holder.scenario !== null && junction.intersectionId <= J2735_ID_MAX) {
    await knex.raw(
      "UPDATE junctions SET intersection_id = nextval('junctions_intersection_id_seq') WHERE junction_id = ?",
      [holder.junction_id],
    );
    return junction.intersectionId;
  }
  if (junction.scenario === null && junction.intersectionId <= J2735_ID_MAX) return junction.intersectionId;
  const next = await knex.raw("SELECT nextval('junctions_intersection_id_seq')::int AS id");
  return (next.rows as { id: number }[])[0]?.id as number;
}

async function upsertLanes(knex: Knex, configuration: JunctionConfiguration): Promise<void> {
  let other = DIRECTIONS.length;
  const lanes = configuration.approaches.map((approach) => {
    const direction = DIRECTIONS.indexOf(approach.name);
    return { id: approach.id, name: approach.name, direction, index: direction === -1 ? ++other : direction + 1 };
  });
  // Those that move make room first: an index belongs to one active approach at a time.
  await knex.raw(
    `UPDATE lanes SET is_active = FALSE WHERE junction_id = ? AND is_active
     AND (lane_id, lane_index) NOT IN (SELECT * FROM unnest(?::uuid[], ?::integer[]))`,
    [configuration.junctionId, lanes.map((lane) => lane.id), lanes.map((lane) => lane.index)],
  );
  await insertRows(
    knex,
    'lanes',
    [
      { name: 'lane_id', type: 'uuid' },
      { name: 'junction_id', type: 'uuid' },
      { name: 'lane_index', type: 'integer' },
      { name: 'lane_name', type: 'text' },
      { name: 'direction_enum', type: 'text' },
      { name: 'is_active', type: 'boolean' },
    ],
    lanes.map((lane) => [
      lane.id,
      configuration.junctionId,
      lane.index,
      LANE_NAMES[lane.name] ?? lane.name,
      lane.direction === -1 ? null : lane.name,
      true,
    ]),
    `(lane_id) DO UPDATE SET lane_index = EXCLUDED.lane_index, lane_name = EXCLUDED.lane_name, direction_enum = EXCLUDED.direction_enum, is_active = TRUE
     WHERE (lanes.lane_index, lanes.lane_name, lanes.direction_enum, lanes.is_active)
       IS DISTINCT FROM (EXCLUDED.lane_index, EXCLUDED.lane_name, EXCLUDED.direction_enum, TRUE)`,
  );
}

interface JunctionRow {
  junction_id: string;
  intersection_id: number;
  region: number;
  junction_name: string;
  city: string;
  latitude: number | null;
  longitude: number | null;
  status: string;
  current_mode: string;
  min_cycle_time: number;
  max_cycle_time: number;
  base_cycle_time: number;
  external_id: string | null;
  scenario: string | null;
  configuration: JunctionConfiguration | null;
  created_at: Date;
}

/** By name. */
export async function listJunctions(knex: Knex): Promise<StoredJunction[]> {
  const answer = await knex.raw('SELECT * FROM junctions ORDER BY junction_name, junction_id');
  return (answer.rows as JunctionRow[]).map(toJunction);
}

export async function findJunction(knex: Knex, junctionId: string): Promise<StoredJunctionDetail | null> {
  const [row] = (await knex.raw('SELECT * FROM junctions WHERE junction_id = ?', [junctionId])).rows as JunctionRow[];
  if (row === undefined) return null;
  const lanes = await knex.raw(
    'SELECT * FROM lanes WHERE junction_id = ? ORDER BY is_active DESC, lane_index, lane_id',
    [junctionId],
  );
  const devices = await knex.raw(
    'SELECT * FROM edge_devices WHERE junction_id = ? ORDER BY lane_id, device_type, position',
    [junctionId],
  );
  return {
    ...toJunction(row),
    configuration: row.configuration,
    lanes: lanes.rows.map(
      (lane: {
        lane_id: string;
        lane_index: number;
        lane_name: string;
        direction_enum: StoredLane['direction'];
        is_active: boolean;
      }) => ({
        laneId: lane.lane_id,
        laneIndex: lane.lane_index,
        laneName: lane.lane_name,
        direction: lane.direction_enum,
        isActive: lane.is_active,
      }),
    ),
    devices: devices.rows.map(
      (device: {
        device_id: string;
        lane_id: string | null;
        device_type: string;
        position: string | null;
        device_name: string | null;
        status: string;
        last_heartbeat: Date | null;
      }) => ({
        deviceId: device.device_id,
        laneId: device.lane_id,
        deviceType: device.device_type,
        position: device.position,
        deviceName: device.device_name,
        status: device.status,
        lastHeartbeatAtMs: device.last_heartbeat === null ? null : device.last_heartbeat.getTime(),
      }),
    ),
  };
}

function toJunction(row: JunctionRow): StoredJunction {
  return {
    junctionId: row.junction_id,
    intersectionId: row.intersection_id,
    region: row.region,
    name: row.junction_name,
    city: row.city,
    latitude: row.latitude,
    longitude: row.longitude,
    status: row.status,
    currentMode: row.current_mode,
    minCycleSeconds: row.min_cycle_time,
    maxCycleSeconds: row.max_cycle_time,
    baseCycleSeconds: row.base_cycle_time,
    externalId: row.external_id,
    scenario: row.scenario,
    createdAtMs: row.created_at.getTime(),
  };
}
