-- Back to one table each, with all rows.
DROP FUNCTION partition_default_rows();
DROP FUNCTION create_cycle_partitions(INTEGER);

CREATE TABLE traffic_cycles_flat (
  cycle_id          UUID NOT NULL DEFAULT gen_random_uuid(),
  junction_id       UUID NOT NULL,
  run_id            UUID,
  variant           TEXT,
  cycle_number      INTEGER NOT NULL,
  cycle_start_time  TIMESTAMPTZ NOT NULL,
  cycle_end_time    TIMESTAMPTZ,
  total_cycle_time  DOUBLE PRECISION,
  plan_id           TEXT,
  mode              TEXT NOT NULL DEFAULT 'automatic',
  created_at        TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE lane_cycle_data_flat (
  cycle_id          UUID NOT NULL,
  cycle_start_time  TIMESTAMPTZ NOT NULL,
  lane_id           UUID NOT NULL,
  vehicle_count     INTEGER NOT NULL,
  epc_ids           TEXT[] NOT NULL DEFAULT '{}',
  green_time        DOUBLE PRECISION NOT NULL
);
INSERT INTO traffic_cycles_flat
  SELECT cycle_id, junction_id, run_id, variant, cycle_number, cycle_start_time, cycle_end_time, total_cycle_time, plan_id, mode, created_at
  FROM traffic_cycles;
INSERT INTO lane_cycle_data_flat
  SELECT cycle_id, cycle_start_time, lane_id, vehicle_count, epc_ids, green_time FROM lane_cycle_data;
DROP TABLE lane_cycle_data;
DROP TABLE traffic_cycles;
ALTER TABLE traffic_cycles_flat RENAME TO traffic_cycles;
ALTER TABLE lane_cycle_data_flat RENAME TO lane_cycle_data;

-- As the first migration has them, by the names it gave them.
ALTER TABLE traffic_cycles
  ADD CONSTRAINT traffic_cycles_pkey PRIMARY KEY (cycle_id, cycle_start_time),
  ADD CONSTRAINT traffic_cycles_junction_id_fkey FOREIGN KEY (junction_id) REFERENCES junctions (junction_id),
  ADD CONSTRAINT traffic_cycles_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs (run_id) ON DELETE CASCADE,
  ADD CONSTRAINT traffic_cycles_variant_of_run CHECK ((run_id IS NULL) = (variant IS NULL));
ALTER TABLE lane_cycle_data
  ADD CONSTRAINT lane_cycle_data_pkey PRIMARY KEY (cycle_id, lane_id, cycle_start_time),
  ADD CONSTRAINT lane_cycle_data_lane_id_fkey FOREIGN KEY (lane_id) REFERENCES lanes (lane_id),
  ADD CONSTRAINT lane_cycle_data_vehicle_count_check CHECK (vehicle_count >= 0),
  ADD CONSTRAINT lane_cycle_data_cycle_id_cycle_start_time_fkey FOREIGN KEY (cycle_id, cycle_start_time)
    REFERENCES traffic_cycles (cycle_id, cycle_start_time) ON DELETE CASCADE;
CREATE INDEX idx_cycles_start_time ON traffic_cycles (cycle_start_time DESC);
CREATE INDEX idx_cycles_junction_time ON traffic_cycles (junction_id, cycle_start_time DESC);
CREATE INDEX idx_cycles_run ON traffic_cycles (run_id, variant) WHERE run_id IS NOT NULL;
CREATE INDEX idx_lane_cycle_lane_time ON lane_cycle_data (lane_id, cycle_start_time DESC);
CREATE INDEX idx_lane_cycle_epc_ids ON lane_cycle_data USING GIN (epc_ids);

DROP FUNCTION create_month_partition(regclass, TIMESTAMPTZ);
DROP FUNCTION create_range_partition(regclass, TEXT, TIMESTAMPTZ, TIMESTAMPTZ);
DROP FUNCTION partition_bounds(regclass);
