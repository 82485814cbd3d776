-- What the safety system keeps: indices by minute, hour and day, the constants behind them, conflicts, weather, and what
-- was wrong with the data. 0 is safe and 100 is not; what could not be scored is NULL with its reason, never 0.
--
-- Its clients know a junction by one integer. J2735 numbers are unique within a region only, so that each junction has an
-- intersection_number besides: its J2735 number where that is free, otherwise one above 65535. The safety tables call it
-- intersection_id, as their documents do, and carry the junction's UUID with it; the pair is one foreign key, and follows
-- when a junction's number changes.

ALTER TABLE junctions ADD COLUMN intersection_number INTEGER;

CREATE FUNCTION junctions_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.intersection_id = OLD.intersection_id AND NEW.region = OLD.region
     AND NEW.intersection_number IS NOT DISTINCT FROM OLD.intersection_number AND NEW.intersection_number IS NOT NULL THEN
    RETURN NEW;
  END IF;
  NEW.intersection_number := NEW.intersection_id;
  WHILE EXISTS (SELECT 1 FROM junctions j WHERE j.intersection_number = NEW.intersection_number AND j.junction_id <> NEW.junction_id) LOOP
    -- Within a region the number is refused by its own constraint, with the row as it was given.
    EXIT WHEN EXISTS (SELECT 1 FROM junctions j WHERE j.intersection_id = NEW.intersection_id AND j.region = NEW.region
                      AND j.junction_id <> NEW.junction_id);
    NEW.intersection_number := nextval('junctions_intersection_id_seq');
  END LOOP;
  RETURN NEW;
END
$$;
CREATE TRIGGER junctions_number BEFORE INSERT OR UPDATE OF intersection_id, region, intersection_number ON junctions
  FOR EACH ROW EXECUTE FUNCTION junctions_number();
-- One after the other, so that each sees the numbers of those before it.
DO $$
DECLARE
  junction UUID;
BEGIN
  FOR junction IN SELECT junction_id FROM junctions ORDER BY region, intersection_id LOOP
    UPDATE junctions SET intersection_number = NULL WHERE junction_id = junction;
  END LOOP;
END
$$;
ALTER TABLE junctions
  ALTER COLUMN intersection_number SET NOT NULL,
  ADD CONSTRAINT junctions_number_key UNIQUE (intersection_number),
  ADD CONSTRAINT junctions_identity_key UNIQUE (junction_id, intersection_number);

-- Rows may come with either name of their junction.
CREATE FUNCTION fill_junction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.junction_id IS NULL THEN
    SELECT junction_id INTO NEW.junction_id FROM junctions WHERE intersection_number = NEW.intersection_id;
    IF NEW.junction_id IS NULL AND NEW.intersection_id IS NOT NULL THEN
      RAISE EXCEPTION '%.intersection_id is %, and there is no such intersection', TG_TABLE_NAME, NEW.intersection_id
        USING ERRCODE = 'foreign_key_violation', HINT = 'Insert it into intersections first.';
    END IF;
  ELSE
    SELECT intersection_number INTO NEW.intersection_id FROM junctions WHERE junction_id = NEW.junction_id;
  END IF;
  RETURN NEW;
END
$$;

CREATE TABLE normalization_constants (
  id           SERIAL PRIMARY KEY,
  computed_at  TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  constants    JSONB NOT NULL,
  valid_from   TIMESTAMPTZ NOT NULL,
  valid_until  TIMESTAMPTZ,
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX idx_nc_computed ON normalization_constants (computed_at DESC);
CREATE INDEX idx_nc_valid ON normalization_constants (valid_from, valid_until);

CREATE TABLE safety_indices_realtime (
  id                   BIGSERIAL,
  intersection_id      INTEGER NOT NULL,
  junction_id          UUID NOT NULL,
  timestamp            TIMESTAMPTZ NOT NULL,
  combined_index       DOUBLE PRECISION CHECK (combined_index BETWEEN 0 AND 100),
  combined_index_eb    DOUBLE PRECISION CHECK (combined_index_eb BETWEEN 0 AND 100),
  vru_index            DOUBLE PRECISION CHECK (vru_index BETWEEN 0 AND 100),
  vru_index_eb         DOUBLE PRECISION CHECK (vru_index_eb BETWEEN 0 AND 100),
  vehicle_index        DOUBLE PRECISION CHECK (vehicle_index BETWEEN 0 AND 100),
  vehicle_index_eb     DOUBLE PRECISION CHECK (vehicle_index_eb BETWEEN 0 AND 100),
  weather_index        DOUBLE PRECISION CHECK (weather_index BETWEEN 0 AND 100),
  traffic_volume       INTEGER NOT NULL CHECK (traffic_volume >= 0),
  vru_count            INTEGER NOT NULL DEFAULT 0 CHECK (vru_count >= 0),
  vehicle_event_count  INTEGER NOT NULL DEFAULT 0 CHECK (vehicle_event_count >= 0),
  vru_event_count      INTEGER NOT NULL DEFAULT 0 CHECK (vru_event_count >= 0),
  -- In the junction's time zone; 0 is Monday.
  hour_of_day          INTEGER NOT NULL CHECK (hour_of_day BETWEEN 0 AND 23),
  day_of_week          INTEGER NOT NULL CHECK (day_of_week BETWEEN 0 AND 6),
  score_status         TEXT NOT NULL DEFAULT 'scored' CHECK (score_status IN ('scored', 'no_data', 'insufficient_data', 'stale_data')),
  -- The 95 % interval of combined_index_eb, road users observed, and the weight that the observations had in it.
  combined_index_low   DOUBLE PRECISION CHECK (combined_index_low BETWEEN 0 AND 100),
  combined_index_high  DOUBLE PRECISION CHECK (combined_index_high BETWEEN 0 AND 100),
  exposure             DOUBLE PRECISION CHECK (exposure >= 0),
  observation_weight   DOUBLE PRECISION CHECK (observation_weight BETWEEN 0 AND 1),
  data_quality_score   DOUBLE PRECISION CHECK (data_quality_score BETWEEN 0 AND 1),
  constants_id         INTEGER REFERENCES normalization_constants (id),
  PRIMARY KEY (id, timestamp),
  CONSTRAINT safety_indices_realtime_junction_fkey FOREIGN KEY (junction_id, intersection_id)
    REFERENCES junctions (junction_id, intersection_number) ON UPDATE CASCADE,
  CONSTRAINT safety_indices_realtime_scored CHECK ((score_status = 'scored') = (combined_index IS NOT NULL))
) PARTITION BY RANGE (timestamp);
CREATE TABLE safety_indices_realtime_default PARTITION OF safety_indices_realtime DEFAULT;
-- Also what ON CONFLICT (intersection_id, timestamp) refers to.
CREATE UNIQUE INDEX idx_sir_intersection_time ON safety_indices_realtime (intersection_id, timestamp DESC);
CREATE INDEX idx_sir_timestamp ON safety_indices_realtime (timestamp DESC);
CREATE INDEX idx_sir_combined_eb ON safety_indices_realtime (combined_index_eb);
CREATE INDEX idx_sir_high_risk ON safety_indices_realtime (combined_index_eb) WHERE combined_index_eb > 75;
-- The documents make it partial by NOW(), which no index can be; partitions hold 48 hours at most.
CREATE INDEX idx_sir_latest ON safety_indices_realtime (intersection_id, timestamp DESC)
  INCLUDE (combined_index_eb, traffic_volume) WHERE score_status = 'scored';
CREATE TRIGGER safety_indices_realtime_fill_junction BEFORE INSERT ON safety_indices_realtime
  FOR EACH ROW WHEN (NEW.junction_id IS NULL OR NEW.intersection_id IS NULL) EXECUTE FUNCTION fill_junction();

CREATE TABLE safety_indices_hourly (
  id                  BIGSERIAL,
  intersection_id     INTEGER NOT NULL,
  junction_id         UUID NOT NULL,
  hour_timestamp      TIMESTAMPTZ NOT NULL,
  -- Over the scored minutes of the hour; NULL where there was none.
  avg_si              DOUBLE PRECISION,
  min_si              DOUBLE PRECISION,
  max_si              DOUBLE PRECISION,
  std_si              DOUBLE PRECISION,
  total_volume        BIGINT NOT NULL,
  avg_volume          DOUBLE PRECISION NOT NULL,
  high_risk_minutes   INTEGER NOT NULL DEFAULT 0,
  data_quality_score  DOUBLE PRECISION CHECK (data_quality_score BETWEEN 0 AND 1),
  -- What the day's mean and deviation are made of: scored minutes, and the sum and sum of squares of their indices.
  sample_count        INTEGER NOT NULL DEFAULT 0 CHECK (sample_count >= 0),
  sum_si              DOUBLE PRECISION NOT NULL DEFAULT 0,
  sum_squares_si      DOUBLE PRECISION NOT NULL DEFAULT 0,
  PRIMARY KEY (id, hour_timestamp),
  CONSTRAINT safety_indices_hourly_junction_fkey FOREIGN KEY (junction_id, intersection_id)
    REFERENCES junctions (junction_id, intersection_number) ON UPDATE CASCADE,
  CONSTRAINT safety_indices_hourly_whole_hour CHECK (date_trunc('hour', hour_timestamp, 'UTC') = hour_timestamp),
  CONSTRAINT safety_indices_hourly_range CHECK (min_si >= 0 AND max_si <= 100 AND min_si <= max_si)
) PARTITION BY RANGE (hour_timestamp);
CREATE TABLE safety_indices_hourly_default PARTITION OF safety_indices_hourly DEFAULT;
CREATE UNIQUE INDEX idx_sih_intersection_hour ON safety_indices_hourly (intersection_id, hour_timestamp DESC);
CREATE INDEX idx_sih_hour ON safety_indices_hourly (hour_timestamp DESC);
CREATE TRIGGER safety_indices_hourly_fill_junction BEFORE INSERT ON safety_indices_hourly
  FOR EACH ROW WHEN (NEW.junction_id IS NULL OR NEW.intersection_id IS NULL) EXECUTE FUNCTION fill_junction();

CREATE TABLE safety_indices_daily (
  id               BIGSERIAL PRIMARY KEY,
  intersection_id  INTEGER NOT NULL,
  junction_id      UUID NOT NULL,
  date             DATE NOT NULL,
  avg_si           DOUBLE PRECISION,
  min_si           DOUBLE PRECISION,
  max_si           DOUBLE PRECISION,
  std_si           DOUBLE PRECISION,
  total_volume     BIGINT NOT NULL,
  avg_volume       DOUBLE PRECISION NOT NULL,
  high_risk_hours  INTEGER NOT NULL DEFAULT 0,
  peak_hour        INTEGER CHECK (peak_hour BETWEEN 0 AND 23),
  peak_si          DOUBLE PRECISION,
  sample_count     INTEGER NOT NULL DEFAULT 0 CHECK (sample_count >= 0),
  CONSTRAINT safety_indices_daily_junction_fkey FOREIGN KEY (junction_id, intersection_id)
    REFERENCES junctions (junction_id, intersection_number) ON UPDATE CASCADE,
  CONSTRAINT safety_indices_daily_range CHECK (min_si >= 0 AND max_si <= 100 AND min_si <= max_si)
);
CREATE UNIQUE INDEX idx_sid_intersection_date ON safety_indices_daily (intersection_id, date DESC);
CREATE INDEX idx_sid_date ON safety_indices_daily (date DESC);
CREATE TRIGGER safety_indices_daily_fill_junction BEFORE INSERT ON safety_indices_daily
  FOR EACH ROW WHEN (NEW.junction_id IS NULL OR NEW.intersection_id IS NULL) EXECUTE FUNCTION fill_junction();

CREATE TABLE data_quality_log (
  id               BIGSERIAL PRIMARY KEY,
  timestamp        TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- NULL with junction_id for what belongs to no junction.
  intersection_id  INTEGER,
  junction_id      UUID,
  issue_type       VARCHAR(50) NOT NULL,
  severity         VARCHAR(20) NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  message          TEXT NOT NULL,
  metadata         JSONB,
  CONSTRAINT data_quality_log_junction_fkey FOREIGN KEY (junction_id, intersection_id)
    REFERENCES junctions (junction_id, intersection_number) ON UPDATE CASCADE,
  CONSTRAINT data_quality_log_junction_complete CHECK ((junction_id IS NULL) = (intersection_id IS NULL))
);
CREATE INDEX idx_dql_timestamp ON data_quality_log (timestamp DESC);
CREATE INDEX idx_dql_intersection ON data_quality_log (intersection_id, timestamp DESC);
CREATE TRIGGER data_quality_log_fill_junction BEFORE INSERT ON data_quality_log
  FOR EACH ROW WHEN ((NEW.junction_id IS NULL) <> (NEW.intersection_id IS NULL)) EXECUTE FUNCTION fill_junction();

-- One row an encounter of two road users; SI units, angles in degrees.
CREATE TABLE conflicts (
  conflict_id         UUID PRIMARY KEY,
  junction_id         UUID NOT NULL REFERENCES junctions (junction_id),
  -- NULL with variant on a street; second counts from the run's start.
  run_id              UUID REFERENCES runs (run_id) ON DELETE CASCADE,
  variant             TEXT,
  second              DOUBLE PRECISION,
  started_at          TIMESTAMPTZ NOT NULL,
  ended_at            TIMESTAMPTZ NOT NULL,
  type                TEXT NOT NULL CHECK (type IN ('rear-end', 'lane-change', 'crossing', 'vru')),
  severity            TEXT NOT NULL CHECK (severity IN ('candidate', 'slight', 'serious')),
  user_a              TEXT NOT NULL,
  user_b              TEXT NOT NULL,
  class_a             TEXT NOT NULL,
  class_b             TEXT NOT NULL,
  min_ttc             DOUBLE PRECISION CHECK (min_ttc >= 0),
  pet                 DOUBLE PRECISION,
  drac                DOUBLE PRECISION CHECK (drac >= 0),
  mdrac               DOUBLE PRECISION CHECK (mdrac >= 0),
  delta_v             DOUBLE PRECISION CHECK (delta_v >= 0),
  angle_degrees       DOUBLE PRECISION,
  -- How far minimum TTC and PET may be off, seconds, from the accuracy of the positions.
  ttc_uncertainty     DOUBLE PRECISION,
  pet_uncertainty     DOUBLE PRECISION,
  signal_state_a      TEXT,
  signal_state_b      TEXT,
  -- Share of road users that could be seen.
  penetration         DOUBLE PRECISION CHECK (penetration BETWEEN 0 AND 1),
  latitude            DOUBLE PRECISION CHECK (latitude BETWEEN -90 AND 90),
  longitude           DOUBLE PRECISION CHECK (longitude BETWEEN -180 AND 180),
  geometry            geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)) STORED,
  metadata            JSONB,
  CONSTRAINT conflicts_in_order CHECK (ended_at >= started_at),
  CONSTRAINT conflicts_variant_of_run CHECK ((run_id IS NULL) = (variant IS NULL))
);
CREATE INDEX idx_conflicts_junction_time ON conflicts (junction_id, started_at DESC);
CREATE INDEX idx_conflicts_run ON conflicts (run_id, variant, second) WHERE run_id IS NOT NULL;
CREATE INDEX idx_conflicts_serious ON conflicts (started_at DESC) WHERE severity = 'serious';
CREATE INDEX idx_conflicts_geometry ON conflicts USING GIST (geometry);

-- Observed or forecast; NULL junction_id: of the whole installation.
CREATE TABLE weather_conditions (
  weather_id             BIGSERIAL PRIMARY KEY,
  junction_id            UUID REFERENCES junctions (junction_id),
  observed_at            TIMESTAMPTZ NOT NULL,
  precipitation_mm       DOUBLE PRECISION CHECK (precipitation_mm >= 0),
  visibility_metres      DOUBLE PRECISION CHECK (visibility_metres >= 0),
  wind_metres_per_second DOUBLE PRECISION CHECK (wind_metres_per_second >= 0),
  temperature_celsius    DOUBLE PRECISION,
  source                 TEXT NOT NULL,
  created_at             TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT weather_conditions_key UNIQUE NULLS NOT DISTINCT (junction_id, observed_at, source)
);
CREATE INDEX idx_weather_observed ON weather_conditions (observed_at DESC);

-- The partition of a day (UTC).
CREATE FUNCTION create_realtime_partition(partition_date DATE) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM create_range_partition('safety_indices_realtime', 'safety_indices_realtime_' || to_char(partition_date, 'YYYYMMDD'),
    partition_date::timestamptz, (partition_date + 1)::timestamptz);
END
$$;

-- Days and months ahead of both tables; for the job that keeps partitions ahead.
CREATE FUNCTION create_safety_partitions(days_ahead INTEGER DEFAULT 7, months_ahead INTEGER DEFAULT 2) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM create_realtime_partition(now()::date + ahead) FROM generate_series(0, days_ahead) ahead;
  PERFORM create_month_partition('safety_indices_hourly', now() + make_interval(months => ahead)) FROM generate_series(0, months_ahead) ahead;
END
$$;

-- Drops partitions that end at or before `before`, and deletes what is older in the default partition. Only of the two
-- tables that are not kept for ever. Answers the names of what it dropped.
CREATE FUNCTION drop_old_partitions(parent regclass, before TIMESTAMPTZ) RETURNS TEXT[]
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
DECLARE
  old RECORD;
  dropped TEXT[] := '{}';
BEGIN
  IF parent NOT IN ('safety_indices_realtime'::regclass, 'safety_indices_hourly'::regclass) THEN
    RAISE EXCEPTION '% is history and is not dropped', parent USING ERRCODE = 'restrict_violation';
  END IF;
  FOR old IN SELECT * FROM partition_bounds(parent) b WHERE b.upper_bound <= before LOOP
    dropped := dropped || old.partition::text;
    EXECUTE format('DROP TABLE %s', old.partition);
  END LOOP;
  IF parent = 'safety_indices_realtime'::regclass THEN
    DELETE FROM safety_indices_realtime_default WHERE timestamp < before;
  ELSE
    DELETE FROM safety_indices_hourly_default WHERE hour_timestamp < before;
  END IF;
  RETURN dropped;
END
$$;

-- Minutes are kept 48 hours.
CREATE FUNCTION drop_old_realtime_partitions() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM drop_old_partitions('safety_indices_realtime', now() - INTERVAL '48 hours');
END
$$;

SELECT create_safety_partitions();
