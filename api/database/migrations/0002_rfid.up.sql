-- The rest of what the RFID system keeps: people and what they may reach, overrides, daily statistics, the columns of its
-- second phase; and what junctions, lanes, devices and logs still lacked.

CREATE TABLE users (
  user_id        UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  username       TEXT NOT NULL CONSTRAINT users_username_key UNIQUE CHECK (username <> ''),
  email          TEXT NOT NULL CHECK (email LIKE '%_@_%'),
  -- Argon2id, never the password; not readable by the API's role through SELECT *.
  password_hash  TEXT NOT NULL,
  full_name      TEXT,
  -- The first admin comes from the set-up; a registration never sets this.
  is_admin       BOOLEAN NOT NULL DEFAULT FALSE,
  is_active      BOOLEAN NOT NULL DEFAULT TRUE,
  created_at     TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at     TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_login     TIMESTAMPTZ
);
-- Mail addresses differ in more than upper and lower case.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX idx_users_active ON users (is_active) WHERE is_active = TRUE;

-- Columns that the RFID and the safety system's clients read, and those of MAP messages.
ALTER TABLE junctions
  -- Where peak hours and time-of-day plans are told in.
  ADD COLUMN time_zone   TEXT NOT NULL DEFAULT 'UTC',
  -- Physical lanes and revision as the junction's MAP message says; NULL until one came.
  ADD COLUMN lane_count  INTEGER CHECK (lane_count >= 0),
  ADD COLUMN revision    INTEGER CHECK (revision BETWEEN 0 AND 127),
  ADD COLUMN metadata    JSONB,
  -- Taken out of service: history stays, and the junction with it.
  ADD COLUMN retired_at  TIMESTAMPTZ,
  ADD CONSTRAINT junctions_cycle_times CHECK (min_cycle_time > 0 AND min_cycle_time <= max_cycle_time);

CREATE FUNCTION junctions_check_time_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM now() AT TIME ZONE NEW.time_zone;
  RETURN NEW;
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE EXCEPTION 'junctions.time_zone is "%", which is no IANA time zone', NEW.time_zone
    USING ERRCODE = 'check_violation', HINT = 'Write it like Asia/Kolkata or UTC.';
END
$$;
CREATE TRIGGER junctions_check_time_zone BEFORE INSERT OR UPDATE OF time_zone ON junctions
  FOR EACH ROW EXECUTE FUNCTION junctions_check_time_zone();

ALTER TABLE lanes ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- What heartbeats tell besides their time.
ALTER TABLE edge_devices
  ADD COLUMN uptime_seconds       DOUBLE PRECISION,
  ADD COLUMN clock_offset_ms      DOUBLE PRECISION,
  ADD COLUMN temperature_celsius  DOUBLE PRECISION,
  ADD COLUMN queue_depth          INTEGER CHECK (queue_depth >= 0);
CREATE INDEX idx_devices_junction ON edge_devices (junction_id);

CREATE TABLE user_junction_access (
  user_id       UUID NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  junction_id   UUID NOT NULL REFERENCES junctions (junction_id) ON DELETE CASCADE,
  access_level  TEXT NOT NULL DEFAULT 'viewer' CHECK (access_level IN ('viewer', 'operator')),
  granted_at    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  granted_by    UUID REFERENCES users (user_id) ON DELETE SET NULL,
  PRIMARY KEY (user_id, junction_id)
);
CREATE INDEX idx_user_junction_access_junction ON user_junction_access (junction_id);

-- Greens of an override in whole seconds, an approach each; NULL where the junction has no such approach.
CREATE TABLE manual_override_history (
  override_id       UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  junction_id       UUID NOT NULL REFERENCES junctions (junction_id),
  -- The override outlives whoever ordered it.
  user_id           UUID REFERENCES users (user_id) ON DELETE SET NULL,
  total_cycle_time  INTEGER NOT NULL,
  north_lane_time   INTEGER CHECK (north_lane_time >= 0),
  south_lane_time   INTEGER CHECK (south_lane_time >= 0),
  east_lane_time    INTEGER CHECK (east_lane_time >= 0),
  west_lane_time    INTEGER CHECK (west_lane_time >= 0),
  reason            TEXT,
  override_start    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- When it lapses by itself; every override has an end.
  expires_at        TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP + INTERVAL '30 minutes',
  -- When it ended; NULL while it lasts.
  override_end      TIMESTAMPTZ,
  duration_minutes  DOUBLE PRECISION GENERATED ALWAYS AS (EXTRACT(EPOCH FROM (override_end - override_start)) / 60) STORED,
  CONSTRAINT manual_override_history_ends CHECK (expires_at > override_start AND override_end >= override_start),
  CONSTRAINT manual_override_history_greens CHECK (
    COALESCE(north_lane_time, 0) + COALESCE(south_lane_time, 0) + COALESCE(east_lane_time, 0) + COALESCE(west_lane_time, 0)
      <= total_cycle_time)
);
CREATE INDEX idx_override_junction_start ON manual_override_history (junction_id, override_start DESC);
CREATE INDEX idx_override_user ON manual_override_history (user_id);
CREATE INDEX idx_override_active ON manual_override_history (junction_id) WHERE override_end IS NULL;

-- A bound of another row cannot be a CHECK.
CREATE FUNCTION manual_override_check_bounds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  bounds RECORD;
BEGIN
  SELECT junction_name, min_cycle_time, max_cycle_time INTO bounds FROM junctions WHERE junction_id = NEW.junction_id;
  IF NEW.total_cycle_time < bounds.min_cycle_time OR NEW.total_cycle_time > bounds.max_cycle_time THEN
    RAISE EXCEPTION 'manual_override_history.total_cycle_time is % s; % allows min_cycle_time % s to max_cycle_time % s',
      NEW.total_cycle_time, bounds.junction_name, bounds.min_cycle_time, bounds.max_cycle_time
      USING ERRCODE = 'check_violation', HINT = 'Stay within the bounds, or change them at the junction.';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER manual_override_check_bounds BEFORE INSERT ON manual_override_history
  FOR EACH ROW EXECUTE FUNCTION manual_override_check_bounds();

ALTER TABLE system_logs ADD COLUMN user_id UUID REFERENCES users (user_id) ON DELETE SET NULL;
CREATE INDEX idx_logs_junction ON system_logs (junction_id, logged_at DESC) WHERE junction_id IS NOT NULL;
CREATE INDEX idx_logs_device ON system_logs (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX idx_logs_user ON system_logs (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_logs_unarchived ON system_logs (logged_at) WHERE is_archived = FALSE;
CREATE INDEX idx_mqtt_device ON mqtt_messages (device_id) WHERE device_id IS NOT NULL;

-- A day of a junction on the street, in UTC; peak_hour is in the junction's time zone. What is not known is NULL.
CREATE TABLE junction_daily_stats (
  junction_id             UUID NOT NULL REFERENCES junctions (junction_id),
  stat_date               DATE NOT NULL,
  total_cycles            INTEGER NOT NULL DEFAULT 0 CHECK (total_cycles >= 0),
  total_vehicles          BIGINT NOT NULL DEFAULT 0 CHECK (total_vehicles >= 0),
  unique_vehicles         BIGINT CHECK (unique_vehicles >= 0),
  avg_cycle_time          DOUBLE PRECISION,
  avg_vehicles_per_cycle  DOUBLE PRECISION,
  peak_hour               INTEGER CHECK (peak_hour BETWEEN 0 AND 23),
  peak_hour_vehicles      BIGINT CHECK (peak_hour_vehicles >= 0),
  manual_override_count   INTEGER NOT NULL DEFAULT 0 CHECK (manual_override_count >= 0),
  manual_override_minutes DOUBLE PRECISION NOT NULL DEFAULT 0,
  emergency_count         INTEGER NOT NULL DEFAULT 0 CHECK (emergency_count >= 0),
  error_count             INTEGER NOT NULL DEFAULT 0 CHECK (error_count >= 0),
  device_uptime_percent   DOUBLE PRECISION CHECK (device_uptime_percent BETWEEN 0 AND 100),
  computed_at             TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (junction_id, stat_date)
);
CREATE INDEX idx_daily_stats_date ON junction_daily_stats (stat_date DESC);

-- Second phase: what strategies that look ahead expected, and how it came out.
CREATE TABLE model_predictions (
  prediction_id    UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  model            TEXT NOT NULL,
  model_version    TEXT NOT NULL,
  junction_id      UUID NOT NULL REFERENCES junctions (junction_id),
  lane_id          UUID REFERENCES lanes (lane_id),
  run_id           UUID REFERENCES runs (run_id) ON DELETE CASCADE,
  variant          TEXT,
  quantity         TEXT NOT NULL,
  predicted_at     TIMESTAMPTZ NOT NULL,
  target_time      TIMESTAMPTZ NOT NULL,
  predicted_value  DOUBLE PRECISION NOT NULL,
  -- NULL until the target time has passed.
  actual_value     DOUBLE PRECISION,
  CONSTRAINT model_predictions_ahead CHECK (target_time >= predicted_at),
  CONSTRAINT model_predictions_variant_of_run CHECK ((run_id IS NULL) = (variant IS NULL)),
  CONSTRAINT model_predictions_key UNIQUE NULLS NOT DISTINCT
    (junction_id, lane_id, run_id, variant, model, quantity, predicted_at, target_time)
);
CREATE INDEX idx_predictions_run ON model_predictions (run_id, variant) WHERE run_id IS NOT NULL;

CREATE TABLE model_performance (
  model                     TEXT NOT NULL,
  model_version             TEXT NOT NULL,
  junction_id               UUID NOT NULL REFERENCES junctions (junction_id),
  quantity                  TEXT NOT NULL,
  period_start              TIMESTAMPTZ NOT NULL,
  period_end                TIMESTAMPTZ NOT NULL,
  sample_count              INTEGER NOT NULL CHECK (sample_count > 0),
  mean_error                DOUBLE PRECISION NOT NULL,
  mean_absolute_error       DOUBLE PRECISION NOT NULL CHECK (mean_absolute_error >= 0),
  root_mean_squared_error   DOUBLE PRECISION NOT NULL CHECK (root_mean_squared_error >= 0),
  computed_at               TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (model, model_version, junction_id, quantity, period_start),
  CHECK (period_end > period_start)
);
