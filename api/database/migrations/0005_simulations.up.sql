-- What the analytics backend takes in (simulations told over HTTP, ours or others'), and where runs are recorded.

CREATE TABLE simulations (
  simulation_id   TEXT PRIMARY KEY CHECK (simulation_id <> ''),
  name            TEXT,
  -- Which side of a comparison it is on: baseline, or the name of what is compared with it.
  variant         TEXT NOT NULL DEFAULT 'adaptive',
  -- The run of this installation that it came from; NULL for others' simulations.
  run_id          UUID REFERENCES runs (run_id) ON DELETE CASCADE,
  started_at      TIMESTAMPTZ,
  ended_at        TIMESTAMPTZ,
  metadata        JSONB,
  created_at      TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at      TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT simulations_in_order CHECK (ended_at >= started_at)
);
CREATE INDEX idx_simulations_run ON simulations (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX idx_simulations_started_at ON simulations (started_at DESC);

-- One direction of one intersection at one time. intersection_id is what the sender calls it, "INT_001"; junction_id the
-- junction with that external_id, where there is one.
CREATE TABLE signal_states (
  signal_id             BIGSERIAL PRIMARY KEY,
  simulation_id         TEXT NOT NULL REFERENCES simulations (simulation_id) ON DELETE CASCADE,
  intersection_id       TEXT NOT NULL,
  junction_id           UUID REFERENCES junctions (junction_id),
  timestamp             TIMESTAMPTZ NOT NULL,
  direction             TEXT NOT NULL,
  signal_status         TEXT NOT NULL CHECK (signal_status IN ('RED', 'YELLOW', 'GREEN', 'RED_YELLOW', 'FLASHING', 'OFF')),
  -- Seconds.
  signal_timer          DOUBLE PRECISION CHECK (signal_timer >= 0),
  green_time_allocated  DOUBLE PRECISION CHECK (green_time_allocated >= 0),
  cycle_time            DOUBLE PRECISION CHECK (cycle_time > 0),
  CONSTRAINT signal_states_key UNIQUE (simulation_id, intersection_id, timestamp, direction)
);
CREATE INDEX idx_signal_states_simulation_timestamp ON signal_states (simulation_id, timestamp);
CREATE INDEX idx_signal_states_junction ON signal_states (junction_id, timestamp DESC) WHERE junction_id IS NOT NULL;

CREATE TABLE traffic_data (
  id                         BIGSERIAL PRIMARY KEY,
  signal_id                  BIGINT NOT NULL REFERENCES signal_states (signal_id) ON DELETE CASCADE,
  timestamp                  TIMESTAMPTZ NOT NULL,
  -- {"car": 78, "bus": 0, ...}
  vehicle_counts             JSONB NOT NULL CHECK (jsonb_typeof(vehicle_counts) = 'object'),
  vehicles_crossed           INTEGER CHECK (vehicles_crossed >= 0),
  -- Seconds.
  avg_wait_time              DOUBLE PRECISION CHECK (avg_wait_time >= 0),
  queue_length               INTEGER CHECK (queue_length >= 0),
  emergency_vehicle_present  BOOLEAN NOT NULL DEFAULT FALSE,
  CONSTRAINT traffic_data_key UNIQUE (signal_id)
);
CREATE INDEX idx_traffic_data_signal_timestamp ON traffic_data (signal_id, timestamp);
CREATE INDEX idx_traffic_data_vehicle_counts ON traffic_data USING GIN (vehicle_counts);

-- What is not known is NULL, savings above all: they need a counterpart.
CREATE TABLE performance_metrics (
  id                       BIGSERIAL PRIMARY KEY,
  simulation_id            TEXT NOT NULL REFERENCES simulations (simulation_id) ON DELETE CASCADE,
  intersection_id          TEXT NOT NULL,
  junction_id              UUID REFERENCES junctions (junction_id),
  timestamp                TIMESTAMPTZ NOT NULL,
  total_vehicles_passed    INTEGER CHECK (total_vehicles_passed >= 0),
  avg_wait_time_all_sides  DOUBLE PRECISION CHECK (avg_wait_time_all_sides >= 0),
  -- Vehicles a second.
  throughput               DOUBLE PRECISION CHECK (throughput >= 0),
  -- Kilometres an hour.
  avg_speed                DOUBLE PRECISION CHECK (avg_speed >= 0),
  -- Litres and kilograms against the counterpart; below zero where it did worse.
  fuel_saved               DOUBLE PRECISION,
  co2_saved                DOUBLE PRECISION,
  emergency_overrides      INTEGER CHECK (emergency_overrides >= 0),
  CONSTRAINT performance_metrics_key UNIQUE (simulation_id, intersection_id, timestamp)
);
CREATE INDEX idx_performance_metrics_simulation_timestamp ON performance_metrics (simulation_id, timestamp);
CREATE INDEX idx_performance_metrics_junction ON performance_metrics (junction_id, timestamp DESC) WHERE junction_id IS NOT NULL;

CREATE TABLE emergency_events (
  event_id               BIGSERIAL PRIMARY KEY,
  -- NULL for an emergency vehicle on a street.
  simulation_id          TEXT REFERENCES simulations (simulation_id) ON DELETE CASCADE,
  intersection_id        TEXT NOT NULL,
  junction_id            UUID REFERENCES junctions (junction_id),
  direction              TEXT,
  detected_at            TIMESTAMPTZ NOT NULL,
  cleared_at             TIMESTAMPTZ,
  response_time_seconds  DOUBLE PRECISION CHECK (response_time_seconds >= 0),
  was_overridden         BOOLEAN NOT NULL DEFAULT FALSE,
  metadata               JSONB,
  CONSTRAINT emergency_events_in_order CHECK (cleared_at >= detected_at),
  CONSTRAINT emergency_events_key UNIQUE NULLS NOT DISTINCT (simulation_id, intersection_id, direction, detected_at)
);
CREATE INDEX idx_emergency_events_detected ON emergency_events (detected_at DESC);
CREATE INDEX idx_emergency_events_junction ON emergency_events (junction_id, detected_at DESC) WHERE junction_id IS NOT NULL;

-- Senders know junctions by their external_id.
CREATE FUNCTION fill_junction_of_external_id() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  SELECT junction_id INTO NEW.junction_id FROM junctions WHERE external_id = NEW.intersection_id;
  RETURN NEW;
END
$$;
CREATE TRIGGER signal_states_fill_junction BEFORE INSERT ON signal_states
  FOR EACH ROW WHEN (NEW.junction_id IS NULL) EXECUTE FUNCTION fill_junction_of_external_id();
CREATE TRIGGER performance_metrics_fill_junction BEFORE INSERT ON performance_metrics
  FOR EACH ROW WHEN (NEW.junction_id IS NULL) EXECUTE FUNCTION fill_junction_of_external_id();
CREATE TRIGGER emergency_events_fill_junction BEFORE INSERT ON emergency_events
  FOR EACH ROW WHEN (NEW.junction_id IS NULL) EXECUTE FUNCTION fill_junction_of_external_id();

-- Where the frames of a run lie; the files themselves are not in the database.
CREATE TABLE recordings (
  run_id          UUID NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  variant         TEXT NOT NULL,
  -- Below the data directory, or the address of an object in a bucket.
  location        TEXT NOT NULL,
  format_version  INTEGER NOT NULL,
  from_second     DOUBLE PRECISION NOT NULL,
  to_second       DOUBLE PRECISION NOT NULL,
  frame_count     INTEGER NOT NULL CHECK (frame_count >= 0),
  bytes           BIGINT NOT NULL CHECK (bytes >= 0),
  sha256          TEXT CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  created_at      TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- Files go before rows do.
  deleted_at      TIMESTAMPTZ,
  PRIMARY KEY (run_id, variant, from_second),
  CHECK (to_second >= from_second)
);
