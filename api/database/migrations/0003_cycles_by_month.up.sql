-- traffic_cycles and lane_cycle_data become partitioned by month (UTC); rows already there are kept. Each has a default
-- partition, so that a row of any time finds a place: simulated time may be any. Months with rows in the default
-- partition are given one of their own by partition_default_rows().

-- The upper bound of a partition; NULL for default partitions. Partitions are told by their bounds, never by their names.
CREATE FUNCTION partition_bounds(parent regclass)
RETURNS TABLE (partition regclass, lower_bound TIMESTAMPTZ, upper_bound TIMESTAMPTZ, is_default BOOLEAN)
LANGUAGE sql STABLE SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid::regclass,
         substring(b.bound FROM 'FROM \(''([^'']+)''\)')::timestamptz,
         substring(b.bound FROM 'TO \(''([^'']+)''\)')::timestamptz,
         b.bound = 'DEFAULT'
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
       LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
  WHERE i.inhparent = parent
  ORDER BY 2 NULLS LAST
$$;

-- Makes the partition [lower, upper) unless something covers it already; rows of that span in the default partition move
-- into it, and what refers to them follows. Answers whether it made one.
CREATE FUNCTION create_range_partition(parent regclass, partition_name TEXT, lower_bound TIMESTAMPTZ, upper_bound TIMESTAMPTZ)
RETURNS BOOLEAN LANGUAGE plpgsql SECURITY DEFINER
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET search_path = public, pg_temp AS $$
DECLARE
  default_partition regclass;
  key_column NAME;
  identity TEXT;
BEGIN
  -- Two processes that prepare the same partition do it one after the other.
  PERFORM pg_advisory_xact_lock(4721012, hashtext(parent::text));
  IF EXISTS (SELECT 1 FROM partition_bounds(parent) b WHERE b.lower_bound < create_range_partition.upper_bound
             AND b.upper_bound > create_range_partition.lower_bound) THEN
    RETURN FALSE;
  END IF;
  SELECT b.partition INTO default_partition FROM partition_bounds(parent) b WHERE b.is_default;
  SELECT a.attname INTO key_column FROM pg_partitioned_table p
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = parent;
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO identity FROM pg_attribute a
    WHERE a.attrelid = parent AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
  PERFORM set_config('flextraff.retention', 'on', TRUE);
  -- The cycles of a month take the rows of their approaches with them: these refer to the row that moves.
  IF default_partition IS NOT NULL THEN
    EXECUTE format('CREATE TEMP TABLE moving_rows ON COMMIT DROP AS SELECT %s FROM %s WHERE %I >= %L AND %I < %L',
      identity, default_partition, key_column, lower_bound, key_column, upper_bound);
    IF parent = 'traffic_cycles'::regclass THEN
      EXECUTE format('CREATE TEMP TABLE moving_lane_rows ON COMMIT DROP AS
        SELECT * FROM lane_cycle_data WHERE cycle_start_time >= %L AND cycle_start_time < %L', lower_bound, upper_bound);
      DELETE FROM lane_cycle_data d WHERE d.cycle_start_time >= lower_bound AND d.cycle_start_time < upper_bound;
    END IF;
    EXECUTE format('DELETE FROM %s WHERE %I >= %L AND %I < %L', default_partition, key_column, lower_bound, key_column, upper_bound);
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', partition_name, parent, lower_bound, upper_bound);
  IF default_partition IS NOT NULL THEN
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM moving_rows', parent, identity, identity);
    DROP TABLE moving_rows;
    IF parent = 'traffic_cycles'::regclass THEN
      INSERT INTO lane_cycle_data SELECT * FROM moving_lane_rows;
      DROP TABLE moving_lane_rows;
    END IF;
  END IF;
  PERFORM set_config('flextraff.retention', 'off', TRUE);
  RETURN TRUE;
END
$$;

-- The partition of the month (UTC) in which `month` lies, named parent_YYYYMM.
CREATE FUNCTION create_month_partition(parent regclass, month TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE sql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
  SELECT create_range_partition(parent, relname || '_' || to_char(month, 'YYYYMM'),
                                date_trunc('month', month), date_trunc('month', month) + INTERVAL '1 month')
  FROM pg_class WHERE oid = parent
$$;

ALTER TABLE lane_cycle_data RENAME TO lane_cycle_data_flat;
ALTER TABLE traffic_cycles RENAME TO traffic_cycles_flat;
-- Their names are needed again; the rows stay where they are until they are copied.
DROP INDEX idx_cycles_start_time, idx_cycles_junction_time, idx_cycles_run, idx_lane_cycle_lane_time, idx_lane_cycle_epc_ids;
ALTER TABLE lane_cycle_data_flat DROP CONSTRAINT lane_cycle_data_cycle_id_cycle_start_time_fkey,
  DROP CONSTRAINT lane_cycle_data_lane_id_fkey, DROP CONSTRAINT lane_cycle_data_pkey,
  DROP CONSTRAINT lane_cycle_data_vehicle_count_check;
ALTER TABLE traffic_cycles_flat DROP CONSTRAINT traffic_cycles_pkey, DROP CONSTRAINT traffic_cycles_junction_id_fkey,
  DROP CONSTRAINT traffic_cycles_run_id_fkey, DROP CONSTRAINT traffic_cycles_variant_of_run;

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
  -- Second phase: whether an emergency vehicle was given way in the cycle.
  emergency_vehicle_detected  BOOLEAN NOT NULL DEFAULT FALSE,
  CONSTRAINT traffic_cycles_pkey PRIMARY KEY (cycle_id, cycle_start_time),
  CONSTRAINT traffic_cycles_variant_of_run CHECK ((run_id IS NULL) = (variant IS NULL))
) PARTITION BY RANGE (cycle_start_time);
CREATE TABLE traffic_cycles_default PARTITION OF traffic_cycles DEFAULT;

CREATE TABLE lane_cycle_data (
  cycle_id          UUID NOT NULL,
  cycle_start_time  TIMESTAMPTZ NOT NULL,
  lane_id           UUID NOT NULL REFERENCES lanes (lane_id),
  vehicle_count     INTEGER NOT NULL CHECK (vehicle_count >= 0),
  -- HMAC-SHA256 of the tags under the installation's key: sightings of one tag can be joined, the tag cannot be read.
  epc_ids           TEXT[] NOT NULL DEFAULT '{}',
  -- Seconds of green the approach had in the cycle.
  green_time        DOUBLE PRECISION NOT NULL,
  -- Second phase: vehicles by class, {"car": 7, "truck": 1}; NULL where classes are not known.
  vehicle_type      JSONB CHECK (jsonb_typeof(vehicle_type) = 'object'),
  emergency_vehicle_detected  BOOLEAN NOT NULL DEFAULT FALSE,
  CONSTRAINT lane_cycle_data_pkey PRIMARY KEY (cycle_id, lane_id, cycle_start_time),
  CONSTRAINT lane_cycle_data_cycle_fkey FOREIGN KEY (cycle_id, cycle_start_time)
    REFERENCES traffic_cycles (cycle_id, cycle_start_time) ON DELETE CASCADE
) PARTITION BY RANGE (cycle_start_time);
CREATE TABLE lane_cycle_data_default PARTITION OF lane_cycle_data DEFAULT;

CREATE INDEX idx_cycles_start_time ON traffic_cycles (cycle_start_time DESC);
CREATE INDEX idx_cycles_junction_time ON traffic_cycles (junction_id, cycle_start_time DESC);
CREATE INDEX idx_cycles_run ON traffic_cycles (run_id, variant) WHERE run_id IS NOT NULL;
CREATE INDEX idx_lane_cycle_lane_time ON lane_cycle_data (lane_id, cycle_start_time DESC);
CREATE INDEX idx_lane_cycle_epc_ids ON lane_cycle_data USING GIN (epc_ids);

-- Months ahead, and those that have rows.
SELECT create_month_partition(parent, month)
FROM (SELECT date_trunc('month', now(), 'UTC') + make_interval(months => ahead) AS month FROM generate_series(0, 2) ahead
      UNION SELECT date_trunc('month', cycle_start_time, 'UTC') FROM traffic_cycles_flat) months,
     unnest(ARRAY['traffic_cycles', 'lane_cycle_data']::regclass[]) parent;

INSERT INTO traffic_cycles (cycle_id, junction_id, run_id, variant, cycle_number, cycle_start_time, cycle_end_time, total_cycle_time, plan_id, mode, created_at)
  SELECT cycle_id, junction_id, run_id, variant, cycle_number, cycle_start_time, cycle_end_time, total_cycle_time, plan_id, mode, created_at
  FROM traffic_cycles_flat;
INSERT INTO lane_cycle_data (cycle_id, cycle_start_time, lane_id, vehicle_count, epc_ids, green_time)
  SELECT cycle_id, cycle_start_time, lane_id, vehicle_count, epc_ids, green_time FROM lane_cycle_data_flat;
DROP TABLE lane_cycle_data_flat;
DROP TABLE traffic_cycles_flat;

-- Months of both tables from now to `months_ahead` later; for the job that keeps partitions ahead. Answers how many it made.
CREATE FUNCTION create_cycle_partitions(months_ahead INTEGER DEFAULT 2) RETURNS INTEGER
LANGUAGE sql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
  SELECT count(*) FILTER (WHERE create_month_partition(parent, now() + make_interval(months => ahead)))::integer
  FROM generate_series(0, months_ahead) ahead, unnest(ARRAY['traffic_cycles', 'lane_cycle_data']::regclass[]) parent
$$;

-- Gives every month that has rows in a default partition a partition of its own. Answers how many it made.
CREATE FUNCTION partition_default_rows() RETURNS INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET search_path = public, pg_temp AS $$
DECLARE
  months TIMESTAMPTZ[];
  made INTEGER := 0;
  next_month TIMESTAMPTZ;
BEGIN
  SELECT array_agg(DISTINCT date_trunc('month', cycle_start_time)) INTO months FROM traffic_cycles_default;
  FOREACH next_month IN ARRAY COALESCE(months, '{}') LOOP
    made := made + create_month_partition('lane_cycle_data', next_month)::int + create_month_partition('traffic_cycles', next_month)::int;
  END LOOP;
  RETURN made;
END
$$;
