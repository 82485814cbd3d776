DROP TABLE model_performance;
DROP TABLE model_predictions;
DROP TABLE junction_daily_stats;
DROP INDEX idx_mqtt_device, idx_logs_unarchived, idx_logs_device, idx_logs_junction;
ALTER TABLE system_logs DROP COLUMN user_id;
DROP TABLE manual_override_history;
DROP FUNCTION manual_override_check_bounds();
DROP TABLE user_junction_access;
DROP INDEX idx_devices_junction;
ALTER TABLE edge_devices
  DROP COLUMN uptime_seconds, DROP COLUMN clock_offset_ms, DROP COLUMN temperature_celsius, DROP COLUMN queue_depth;
ALTER TABLE lanes DROP COLUMN updated_at;
DROP TRIGGER junctions_check_time_zone ON junctions;
DROP FUNCTION junctions_check_time_zone();
ALTER TABLE junctions
  DROP CONSTRAINT junctions_cycle_times,
  DROP COLUMN time_zone, DROP COLUMN lane_count, DROP COLUMN revision, DROP COLUMN metadata, DROP COLUMN retired_at;
DROP TABLE users;
