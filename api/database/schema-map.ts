/**
 * What the seed documents (000 to 004) name, where it is in this schema, and which test tries it. docs/SCHEMA.md is made of
 * it, and a test fails when the documents name something that is missing here, or this something that no database has.
 */
import type { Knex } from 'knex';

/** What the documents name, with the documents' numbers. `scripts/schema-table.ts --items` reads them off. */
export const SEED_ITEMS: Record<string, string> = {
  'extension postgis': '002',
  'extension timescaledb': '002',
  'role api_user': '002',
  'role reporting_user': '002',
  'table data_quality_log': '002 003',
  'table edge_devices': '000',
  'table emergency_events': '004',
  'table intersections': '002 003',
  'table junction_daily_stats': '000',
  'table junctions': '000',
  'table lane_cycle_data': '000',
  'table lanes': '000',
  'table manual_override_history': '000',
  'table mqtt_messages': '000',
  'table normalization_constants': '002 003',
  'table safety_indices_daily': '002 003',
  'table safety_indices_hourly': '002 003',
  'table safety_indices_realtime': '002 003',
  'table signal_states': '004',
  'table simulations': '004',
  'table system_logs': '000',
  'table traffic_cycles': '000',
  'table traffic_data': '004',
  'table user_junction_access': '000',
  'table users': '000',
  'table weather_conditions': '000',
  'column data_quality_log.id': '002 003',
  'column data_quality_log.intersection_id': '002 003',
  'column data_quality_log.issue_type': '002 003',
  'column data_quality_log.message': '002 003',
  'column data_quality_log.metadata': '002 003',
  'column data_quality_log.severity': '002 003',
  'column data_quality_log.timestamp': '002 003',
  'column edge_devices.device_type': '000',
  'column edge_devices.lane_id': '000',
  'column edge_devices.last_heartbeat': '000',
  'column edge_devices.status': '000',
  'column intersections.created_at': '002 003',
  'column intersections.geometry': '002 003',
  'column intersections.id': '002 003',
  'column intersections.lane_count': '002 003',
  'column intersections.latitude': '002 003',
  'column intersections.longitude': '002 003',
  'column intersections.metadata': '002 003',
  'column intersections.name': '002 003',
  'column intersections.revision': '002 003',
  'column intersections.updated_at': '002 003',
  'column junction_daily_stats.junction_id': '000',
  'column junction_daily_stats.stat_date': '000',
  'column junctions.base_cycle_time': '001',
  'column junctions.city': '001',
  'column junctions.created_at': '001',
  'column junctions.current_mode': '000 001',
  'column junctions.junction_id': '000 001',
  'column junctions.junction_name': '000 001',
  'column junctions.latitude': '001',
  'column junctions.longitude': '001',
  'column junctions.max_cycle_time': '001',
  'column junctions.min_cycle_time': '001',
  'column junctions.status': '001',
  'column lane_cycle_data.cycle_id': '000',
  'column lane_cycle_data.emergency_vehicle_detected': '000',
  'column lane_cycle_data.epc_ids': '000',
  'column lane_cycle_data.lane_id': '000',
  'column lane_cycle_data.vehicle_count': '000',
  'column lane_cycle_data.vehicle_type': '000',
  'column lanes.direction_enum': '001',
  'column lanes.is_active': '000',
  'column lanes.junction_id': '000 001',
  'column lanes.lane_id': '000',
  'column lanes.lane_index': '000 001',
  'column lanes.lane_name': '000 001',
  'column manual_override_history.duration_minutes': '000',
  'column manual_override_history.east_lane_time': '001',
  'column manual_override_history.junction_id': '000 001',
  'column manual_override_history.north_lane_time': '001',
  'column manual_override_history.override_start': '000',
  'column manual_override_history.reason': '001',
  'column manual_override_history.south_lane_time': '001',
  'column manual_override_history.total_cycle_time': '001',
  'column manual_override_history.user_id': '000 001',
  'column manual_override_history.west_lane_time': '001',
  'column mqtt_messages.payload': '000',
  'column mqtt_messages.received_at': '000',
  'column mv_current_safety_status.intersection_id': '002',
  'column mv_current_safety_status.last_updated': '002',
  'column mv_current_safety_status.safety_index': '002',
  'column mv_current_safety_status.traffic_volume': '002',
  'column mv_junction_stats.avg_cycle_time': '000',
  'column mv_junction_stats.date': '000',
  'column mv_junction_stats.junction_id': '000',
  'column mv_junction_stats.total_cycles': '000',
  'column mv_junction_stats.total_vehicles': '000',
  'column normalization_constants.computed_at': '002 003',
  'column normalization_constants.constants': '002 003',
  'column normalization_constants.id': '002 003',
  'column normalization_constants.valid_from': '002 003',
  'column normalization_constants.valid_until': '002 003',
  'column safety_indices_daily.avg_si': '002 003',
  'column safety_indices_daily.avg_volume': '002 003',
  'column safety_indices_daily.date': '002 003',
  'column safety_indices_daily.high_risk_hours': '002 003',
  'column safety_indices_daily.id': '002 003',
  'column safety_indices_daily.intersection_id': '002 003',
  'column safety_indices_daily.max_si': '002 003',
  'column safety_indices_daily.min_si': '002 003',
  'column safety_indices_daily.peak_hour': '002 003',
  'column safety_indices_daily.peak_si': '002 003',
  'column safety_indices_daily.std_si': '002 003',
  'column safety_indices_daily.total_volume': '002 003',
  'column safety_indices_hourly.avg_si': '002 003',
  'column safety_indices_hourly.avg_volume': '002 003',
  'column safety_indices_hourly.data_quality_score': '002 003',
  'column safety_indices_hourly.high_risk_minutes': '002 003',
  'column safety_indices_hourly.hour_timestamp': '002 003',
  'column safety_indices_hourly.id': '002 003',
  'column safety_indices_hourly.intersection_id': '002 003',
  'column safety_indices_hourly.max_si': '002 003',
  'column safety_indices_hourly.min_si': '002 003',
  'column safety_indices_hourly.std_si': '002 003',
  'column safety_indices_hourly.total_volume': '002 003',
  'column safety_indices_realtime.combined_index': '002 003',
  'column safety_indices_realtime.combined_index_eb': '002 003',
  'column safety_indices_realtime.day_of_week': '002 003',
  'column safety_indices_realtime.hour_of_day': '002 003',
  'column safety_indices_realtime.id': '002 003',
  'column safety_indices_realtime.intersection_id': '002 003',
  'column safety_indices_realtime.timestamp': '002 003',
  'column safety_indices_realtime.traffic_volume': '002 003',
  'column safety_indices_realtime.vehicle_event_count': '002 003',
  'column safety_indices_realtime.vehicle_index': '002 003',
  'column safety_indices_realtime.vehicle_index_eb': '002 003',
  'column safety_indices_realtime.vru_count': '002 003',
  'column safety_indices_realtime.vru_event_count': '002 003',
  'column safety_indices_realtime.vru_index': '002 003',
  'column safety_indices_realtime.vru_index_eb': '002 003',
  'column signal_states.simulation_id': '004',
  'column signal_states.timestamp': '004',
  'column system_logs.is_archived': '000',
  'column system_logs.logged_at': '000',
  'column system_logs.metadata': '000',
  'column traffic_cycles.cycle_id': '000',
  'column traffic_cycles.cycle_start_time': '000',
  'column traffic_cycles.junction_id': '000',
  'column traffic_cycles.total_cycle_time': '000',
  'column traffic_data.signal_id': '004',
  'column traffic_data.timestamp': '004',
  'column traffic_data.vehicle_counts': '004',
  'column user_junction_access.junction_id': '001',
  'column user_junction_access.user_id': '000 001',
  'column users.created_at': '001',
  'column users.email': '001',
  'column users.full_name': '001',
  'column users.is_active': '000 001',
  'column users.is_admin': '001',
  'column users.last_login': '001',
  'column users.password_hash': '001',
  'column users.user_id': '000 001',
  'column users.username': '000 001',
  'field intersection_id': '004',
  'field metrics.avg_speed': '004',
  'field metrics.avg_wait_time_all_sides': '004',
  'field metrics.co2_saved': '004',
  'field metrics.emergency_overrides': '004',
  'field metrics.fuel_saved': '004',
  'field metrics.throughput': '004',
  'field metrics.total_vehicles_passed': '004',
  'field signals.avg_wait_time': '004',
  'field signals.direction': '004',
  'field signals.emergency_vehicle_present': '004',
  'field signals.green_time_allocated': '004',
  'field signals.signal_status': '004',
  'field signals.signal_timer': '004',
  'field signals.vehicle_counts': '004',
  'field signals.vehicles_crossed': '004',
  'field simulation_id': '004',
  'field timestamp': '004',
  'index idx_cycles_junction_time': '000',
  'index idx_cycles_start_time': '000',
  'index idx_dql_intersection': '002',
  'index idx_dql_timestamp': '002',
  'index idx_intersections_geom_covering': '002',
  'index idx_intersections_geometry': '002',
  'index idx_lanes_active': '000',
  'index idx_logs_logged_at': '000',
  'index idx_logs_metadata': '000',
  'index idx_mqtt_payload': '000',
  'index idx_nc_computed': '002',
  'index idx_nc_valid': '002',
  'index idx_sid_date': '002',
  'index idx_sid_intersection_date': '002',
  'index idx_signal_states_simulation_timestamp': '004',
  'index idx_sih_hour': '002',
  'index idx_sih_intersection_hour': '002',
  'index idx_sir_combined_eb': '002',
  'index idx_sir_high_risk': '002',
  'index idx_sir_intersection_time': '002',
  'index idx_sir_latest': '002',
  'index idx_sir_timestamp': '002',
  'index idx_traffic_data_signal_timestamp': '004',
  'index idx_traffic_data_vehicle_counts': '004',
  'index idx_users_active': '000',
  'index mv_current_safety_status_intersection_id_idx': '002',
  'index on edge_devices(lane_id)': '000',
  'index on lane_cycle_data(cycle_id)': '000',
  'index on lane_cycle_data(lane_id)': '000',
  'index on lanes(junction_id)': '000',
  'index on traffic_cycles(junction_id)': '000',
  'index on user_junction_access(junction_id)': '000',
  'index on user_junction_access(user_id)': '000',
  'view v_junction_health': '000',
  'view v_recent_cycles': '000',
  'view v_user_permissions': '000',
  'materialized view mv_current_safety_status': '002',
  'materialized view mv_junction_stats': '000',
  'function create_realtime_partition': '002',
  'function drop_old_realtime_partitions': '002',
  'function update_intersection_geometry': '002',
  'trigger trg_update_intersection_geometry': '002',
  'policy user_junction_access_policy': '000',
};

/** Where something is that has not the same name here; null: nowhere, for the reason in `note`. */
const ELSEWHERE: Record<string, { here: string | null; note?: string }> = {
  'table intersections': { here: 'view intersections', note: 'rows of junctions' },
  'function update_intersection_geometry': {
    here: 'function intersections_write',
    note: 'and junctions_keep_location of the table behind it',
  },
  'extension timescaledb': { here: null, note: 'optional in the documents; native partitions here' },
  'column intersections.id': { here: 'column intersections.id', note: 'junctions.intersection_number' },
  'column intersections.geometry': { here: 'column intersections.geometry', note: 'junctions.geometry and location' },
  'index idx_intersections_geometry': { here: 'index idx_intersections_geometry', note: 'on junctions' },
  'index idx_intersections_geom_covering': { here: 'index idx_intersections_geom_covering', note: 'on junctions' },
  'index idx_sir_latest': { here: 'index idx_sir_latest', note: 'partial by score_status, not by NOW()' },
  'field simulation_id': { here: 'column simulations.simulation_id' },
  'field timestamp': { here: 'column signal_states.timestamp', note: 'and of traffic_data, performance_metrics' },
  'field intersection_id': { here: 'column signal_states.intersection_id', note: 'junctions.external_id' },
  'field signals.direction': { here: 'column signal_states.direction' },
  'field signals.signal_status': { here: 'column signal_states.signal_status' },
  'field signals.signal_timer': { here: 'column signal_states.signal_timer' },
  'field signals.green_time_allocated': { here: 'column signal_states.green_time_allocated' },
};

/** Where an item of the documents is: the name of an object, as `objectsOf` says it. */
export function hereOf(item: string): { here: string | null; note?: string } {
  const elsewhere = ELSEWHERE[item];
  if (elsewhere !== undefined) return elsewhere;
  if (item.startsWith('field signals.')) return { here: item.replace('field signals.', 'column traffic_data.') };
  if (item.startsWith('field metrics.')) return { here: item.replace('field metrics.', 'column performance_metrics.') };
  return { here: item };
}

/** The first that fits says which test tries an item, by the end of the test's name. */
const TESTS: [RegExp, string][] = [
  [/^role/, 'gives no role more than its work takes'],
  [/^policy|user_junction_access/, 'shows a user the junctions it was given, an admin and jobs all, nobody nothing'],
  [/^function (create|drop)/, 'keep minutes in days and hours in months, and drop what is old by its bounds'],
  [
    /vehicle_type|emergency_vehicle_detected|weather_conditions/,
    'keeps classes, emergency vehicles, predictions, weather, conflicts and recordings',
  ],
  [
    /^field|simulation|signal_states|traffic_data|performance_metrics|emergency_events/,
    'take the sample of the analytics backend once, and are found by counts',
  ],
  [/mv_junction_stats|v_recent_cycles|epc_ids/, "answer the documents' questions: tags, distinct vehicles, peak hours"],
  [
    /junction_daily_stats|normalization_constants|idx_nc|safety_indices_(hourly|daily)|idx_si[hd]/,
    'of hours and days, daily statistics and constants are upserted by their keys',
  ],
  [/mv_current_safety_status/, 'are current for five minutes'],
  [/v_junction_health|v_user_permissions|edge_devices/, 'health goes by the age of heartbeats, permissions by grants'],
  [/manual_override_history/, 'an override keeps the bounds of its junction, sums up, and ends'],
  [
    /traffic_cycles|lane_cycle_data|idx_cycles/,
    'take rows of any time, and move into partitions of their months with their approaches',
  ],
  [/system_logs|mqtt_messages|idx_logs|idx_mqtt/, 'grows old by the retention functions, which a job may call'],
  [/intersections|intersection_geometry|postgis/, 'are junctions: written through the view, with the point in step'],
  [/timescaledb/, 'keep minutes in days and hours in months, and drop what is old by its bounds'],
  [/data_quality_log|idx_dql/, 'follow their junction to another number'],
  [/safety_indices_realtime|idx_sir/, 'are upserted by intersection and minute, by either name of the junction'],
  [/users|junctions|lanes|idx_lanes/, 'have bounds: cycle times, time zones, names and levels'],
  [/./, 'is there under the name that this table gives'],
];

/** The end of the name of the test that tries an item. */
export function testOf(item: string): string {
  return TESTS.find(([pattern]) => pattern.test(item))?.[1] ?? '';
}

/** Items of the map that are not in a database with these objects (of `objectsOf`). */
export function missingItems(objects: ReadonlySet<string>): string[] {
  return Object.keys(SEED_ITEMS).filter((item) => {
    const { here, note } = hereOf(item);
    if (here === null) return note === undefined;
    // Any index that begins with these columns serves.
    if (here.startsWith('index on '))
      return ![...objects].some(
        (name) => name.startsWith(here.slice(0, -1)) && /^[,)]/.test(name.slice(here.length - 1)),
      );
    return !objects.has(here);
  });
}

/** Every table, column, index (by name, and by its columns), view, function, trigger, policy, role and extension there is. */
export async function objectsOf(knex: Knex): Promise<Set<string>> {
  const answer = await knex.raw(`
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END || ' ' || c.relname AS name
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    UNION ALL
    SELECT 'column ' || c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'index ' || c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('i', 'I') AND NOT c.relispartition
    UNION ALL
    SELECT 'index on ' || i.indrelid::regclass || '(' || string_agg(a.attname, ', ' ORDER BY k.position) || ')'
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid AND NOT t.relispartition AND t.relnamespace = 'public'::regnamespace,
         unnest(i.indkey::int2[]) WITH ORDINALITY k (column_number, position) JOIN pg_attribute a ON TRUE
    WHERE a.attrelid = i.indrelid AND a.attnum = k.column_number GROUP BY i.indexrelid, i.indrelid
    UNION ALL
    SELECT 'function ' || f.proname FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
    UNION ALL
    SELECT DISTINCT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'policy ' || policyname FROM pg_policies WHERE schemaname = 'public'
    UNION ALL
    SELECT 'role ' || rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user')
    UNION ALL
    SELECT 'extension ' || extname FROM pg_extension`);
  return new Set((answer.rows as { name: string }[]).map((row) => row.name));
}
