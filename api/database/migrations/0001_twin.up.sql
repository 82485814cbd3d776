-- The twin's store: junctions with their approaches and devices, cycles with counts and greens, runs with their
-- measures and decisions, logs and messages. Names are those of the RFID system's documents where these have one.
--
-- "lane" in lanes, lane_cycle_data and edge_devices is an approach (N, S, E, W by default), as the RFID system says it.
-- All times are UTC instants. Nothing here needs a superuser; PostGIS is installed before the migrations run.

CREATE TABLE junctions (
  junction_id      UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  -- J2735 IntersectionID, unique with its region. Junctions without one, and simulated copies of junctions whose id is
  -- taken, get a number above 65535, which J2735 cannot have.
  intersection_id  INTEGER NOT NULL,
  region           INTEGER NOT NULL DEFAULT 0,
  junction_name    TEXT NOT NULL,
  city             TEXT NOT NULL DEFAULT '',
  latitude         DOUBLE PRECISION CHECK (latitude BETWEEN -90 AND 90),
  longitude        DOUBLE PRECISION CHECK (longitude BETWEEN -180 AND 180),
  -- Kept in step with latitude and longitude by a trigger, whichever of them is written.
  location         geography(Point, 4326),
  status           TEXT NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'offline', 'maintenance', 'error')),
  current_mode     TEXT NOT NULL DEFAULT 'automatic' CHECK (current_mode IN ('automatic', 'manual_override', 'emergency')),
  -- Whole seconds, as clients of the RFID system read them; the exact bounds are in the configuration.
  min_cycle_time   INTEGER NOT NULL DEFAULT 30,
  max_cycle_time   INTEGER NOT NULL DEFAULT 120,
  base_cycle_time  INTEGER NOT NULL DEFAULT 60,
  -- What other systems call it, e.g. INT_001.
  external_id      TEXT UNIQUE,
  -- Name of the scenario for a simulated junction; NULL for one on a street.
  scenario         TEXT,
  -- Signal groups, stages, conflicts and intergreens in force: what plans are judged by.
  configuration    JSONB,
  created_at       TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at       TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT junctions_intersection_key UNIQUE (intersection_id, region),
  CONSTRAINT junctions_position_complete CHECK ((latitude IS NULL) = (longitude IS NULL))
);
-- Numbers for junctions without a J2735 id of their own.
CREATE SEQUENCE junctions_intersection_id_seq AS INTEGER START WITH 1000000 OWNED BY junctions.intersection_id;
CREATE INDEX idx_junctions_location ON junctions USING GIST (location);
CREATE INDEX idx_junctions_name ON junctions (junction_name);
CREATE INDEX idx_junctions_scenario ON junctions (scenario) WHERE scenario IS NOT NULL;

CREATE FUNCTION junctions_keep_location() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.location IS DISTINCT FROM OLD.location
     AND NEW.latitude IS NOT DISTINCT FROM OLD.latitude AND NEW.longitude IS NOT DISTINCT FROM OLD.longitude THEN
    NEW.latitude := ST_Y(NEW.location::geometry);
    NEW.longitude := ST_X(NEW.location::geometry);
  ELSIF NEW.latitude IS NULL AND NEW.longitude IS NULL AND TG_OP = 'INSERT' AND NEW.location IS NOT NULL THEN
    NEW.latitude := ST_Y(NEW.location::geometry);
    NEW.longitude := ST_X(NEW.location::geometry);
  ELSE
    NEW.location := CASE WHEN NEW.latitude IS NULL OR NEW.longitude IS NULL THEN NULL
                         ELSE ST_SetSRID(ST_MakePoint(NEW.longitude, NEW.latitude), 4326)::geography END;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER junctions_keep_location BEFORE INSERT OR UPDATE ON junctions
  FOR EACH ROW EXECUTE FUNCTION junctions_keep_location();

CREATE TABLE lanes (
  lane_id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  junction_id     UUID NOT NULL REFERENCES junctions (junction_id) ON DELETE CASCADE,
  -- 1 North, 2 South, 3 East, 4 West; further approaches from 5 in the configuration's order.
  lane_index      INTEGER NOT NULL CHECK (lane_index >= 1),
  lane_name       TEXT NOT NULL,
  -- NULL for approaches that are none of the four.
  direction_enum  TEXT CHECK (direction_enum IN ('N', 'S', 'E', 'W')),
  -- FALSE once a later configuration lacks it: its history stays.
  is_active       BOOLEAN NOT NULL DEFAULT TRUE,
  created_at      TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Only active approaches compete for an index, so that a rebuilt junction can reuse it.
CREATE UNIQUE INDEX lanes_junction_index_key ON lanes (junction_id, lane_index) WHERE is_active;
CREATE INDEX idx_lanes_junction ON lanes (junction_id);
CREATE INDEX idx_lanes_active ON lanes (is_active) WHERE is_active = TRUE;

CREATE TABLE edge_devices (
  device_id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  junction_id       UUID NOT NULL REFERENCES junctions (junction_id) ON DELETE CASCADE,
  -- NULL for devices of the whole junction: roadside units, junction controllers.
  lane_id           UUID REFERENCES lanes (lane_id) ON DELETE CASCADE,
  device_type       TEXT NOT NULL CHECK (device_type IN ('rfid_counter', 'light_controller', 'roadside_unit', 'junction_controller')),
  -- Where on the approach an RFID reader stands.
  position          TEXT CHECK (position IN ('stopline', 'upstream')),
  -- What the device calls itself on the wire.
  device_name       TEXT UNIQUE,
  status            TEXT NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'offline', 'maintenance', 'error')),
  last_heartbeat    TIMESTAMPTZ,
  firmware_version  TEXT,
  ip_address        INET,
  created_at        TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at        TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT edge_devices_place_key UNIQUE NULLS NOT DISTINCT (junction_id, lane_id, device_type, position)
);
CREATE INDEX idx_devices_lane ON edge_devices (lane_id);
CREATE INDEX idx_devices_heartbeat ON edge_devices (last_heartbeat DESC);

CREATE TABLE runs (
  run_id             UUID PRIMARY KEY,
  scenario           TEXT NOT NULL,
  scenario_title     TEXT NOT NULL,
  seed               BIGINT NOT NULL,
  status             TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped', 'interrupted', 'failed')),
  status_detail      TEXT,
  -- Simulated seconds per wall second; NULL: as fast as it goes.
  pace               DOUBLE PRECISION,
  started_at         TIMESTAMPTZ NOT NULL,
  ended_at           TIMESTAMPTZ,
  duration_seconds   DOUBLE PRECISION NOT NULL,
  simulated_seconds  DOUBLE PRECISION NOT NULL,
  step_seconds       DOUBLE PRECISION NOT NULL,
  -- Simulated time of second 0.
  starts_at          TIMESTAMPTZ NOT NULL,
  time_zone          TEXT NOT NULL,
  -- What it cost to compute; JSON, not JSONB, as in run_variants.result.
  performance        JSON,
  -- Which data directory and which start of the program it belongs to: a later start knows by them what was interrupted.
  installation_id    UUID,
  instance_id        UUID,
  created_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- run_id is a UUIDv7, so it settles the order of runs that started in the same millisecond.
CREATE INDEX idx_runs_started_at ON runs (started_at DESC, run_id DESC);
CREATE INDEX idx_runs_scenario ON runs (scenario, seed);
CREATE INDEX idx_runs_running ON runs (installation_id) WHERE status = 'running';

CREATE TABLE run_variants (
  run_id    UUID NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  variant   TEXT NOT NULL,
  -- 0 is the baseline.
  position  INTEGER NOT NULL,
  strategy  TEXT NOT NULL,
  digest    TEXT,
  -- JSON, not JSONB: JSONB sorts keys, and the order of the approaches is part of what was reported.
  result    JSON,
  PRIMARY KEY (run_id, variant)
);
CREATE INDEX idx_run_variants_digest ON run_variants (digest) WHERE digest IS NOT NULL;

CREATE TABLE run_series (
  run_id             UUID NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  variant            TEXT NOT NULL,
  second             DOUBLE PRECISION NOT NULL,
  delay_seconds      DOUBLE PRECISION NOT NULL,
  queued             INTEGER NOT NULL,
  stops_per_vehicle  DOUBLE PRECISION NOT NULL,
  running            INTEGER NOT NULL,
  arrived            INTEGER NOT NULL,
  PRIMARY KEY (run_id, second, variant)
);

CREATE TABLE run_decisions (
  run_id        UUID NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  variant       TEXT NOT NULL,
  junction_id   UUID NOT NULL,
  second        DOUBLE PRECISION NOT NULL,
  seq           BIGINT NOT NULL,
  strategy      TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('plan', 'stage')),
  stages        JSON NOT NULL,
  reason        TEXT NOT NULL,
  inputs        JSON NOT NULL,
  -- NULL until the lamp controller answered.
  ack_result    TEXT CHECK (ack_result IN ('applied', 'refused')),
  ack_reason    TEXT,
  -- Why the controller's own interlock did not let it out.
  vetoed        TEXT,
  -- A vetoed decision may share its number with the next one, not its second.
  PRIMARY KEY (run_id, second, variant, junction_id, seq)
);

-- cycle_start_time is in both keys so that the tables can be partitioned by month.
CREATE TABLE traffic_cycles (
  cycle_id          UUID NOT NULL DEFAULT gen_random_uuid(),
  junction_id       UUID NOT NULL REFERENCES junctions (junction_id),
  -- NULL with variant for cycles of a street.
  run_id            UUID REFERENCES runs (run_id) ON DELETE CASCADE,
  variant           TEXT,
  cycle_number      INTEGER NOT NULL,
  cycle_start_time  TIMESTAMPTZ NOT NULL,
  cycle_end_time    TIMESTAMPTZ,
  -- Seconds.
  total_cycle_time  DOUBLE PRECISION,
  plan_id           TEXT,
  mode              TEXT NOT NULL DEFAULT 'automatic',
  created_at        TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (cycle_id, cycle_start_time),
  CONSTRAINT traffic_cycles_variant_of_run CHECK ((run_id IS NULL) = (variant IS NULL))
);
CREATE INDEX idx_cycles_start_time ON traffic_cycles (cycle_start_time DESC);
CREATE INDEX idx_cycles_junction_time ON traffic_cycles (junction_id, cycle_start_time DESC);
CREATE INDEX idx_cycles_run ON traffic_cycles (run_id, variant) WHERE run_id IS NOT NULL;

CREATE TABLE lane_cycle_data (
  cycle_id          UUID NOT NULL,
  cycle_start_time  TIMESTAMPTZ NOT NULL,
  lane_id           UUID NOT NULL REFERENCES lanes (lane_id),
  vehicle_count     INTEGER NOT NULL CHECK (vehicle_count >= 0),
  -- HMAC-SHA256 of the tags under the installation's key: sightings of one tag can be joined, the tag cannot be read.
  epc_ids           TEXT[] NOT NULL DEFAULT '{}',
  -- Seconds of green the approach had in the cycle.
  green_time        DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (cycle_id, lane_id, cycle_start_time),
  FOREIGN KEY (cycle_id, cycle_start_time) REFERENCES traffic_cycles (cycle_id, cycle_start_time) ON DELETE CASCADE
);
CREATE INDEX idx_lane_cycle_lane_time ON lane_cycle_data (lane_id, cycle_start_time DESC);
CREATE INDEX idx_lane_cycle_epc_ids ON lane_cycle_data USING GIN (epc_ids);

CREATE TABLE system_logs (
  log_id       UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  logged_at    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  log_level    TEXT NOT NULL CHECK (log_level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
  component    TEXT,
  message      TEXT NOT NULL,
  -- Logs outlive what they speak of.
  junction_id  UUID REFERENCES junctions (junction_id) ON DELETE SET NULL,
  device_id    UUID REFERENCES edge_devices (device_id) ON DELETE SET NULL,
  metadata     JSONB,
  is_archived  BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX idx_logs_logged_at ON system_logs (logged_at DESC);
CREATE INDEX idx_logs_level ON system_logs (log_level, logged_at DESC);
CREATE INDEX idx_logs_metadata ON system_logs USING GIN (metadata);

CREATE TABLE mqtt_messages (
  message_id   UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  received_at  TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  topic        TEXT NOT NULL,
  payload      JSONB,
  -- What came in when it was not JSON, shortened.
  raw_excerpt  TEXT,
  direction    TEXT NOT NULL DEFAULT 'incoming' CHECK (direction IN ('incoming', 'outgoing')),
  qos          SMALLINT NOT NULL DEFAULT 1 CHECK (qos BETWEEN 0 AND 2),
  device_id    UUID REFERENCES edge_devices (device_id) ON DELETE SET NULL
);
CREATE INDEX idx_mqtt_received_at ON mqtt_messages (received_at DESC);
CREATE INDEX idx_mqtt_topic ON mqtt_messages (topic, received_at DESC);
CREATE INDEX idx_mqtt_payload ON mqtt_messages USING GIN (payload);
