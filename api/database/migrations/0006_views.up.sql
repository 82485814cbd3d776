-- What the documents' clients read: intersections (a view of junctions), the views of health, permissions and cycles, and
-- the materialized views. Views are security_invoker: they show what their reader may see.

-- The documents' geometry column; location is the same point as a geography, for distances.
ALTER TABLE junctions ADD COLUMN geometry geometry(Point, 4326) GENERATED ALWAYS AS (location::geometry) STORED;
CREATE INDEX idx_intersections_geometry ON junctions USING GIST (geometry);
CREATE INDEX idx_intersections_geom_covering ON junctions USING GIST (geometry) INCLUDE (intersection_number, junction_name);
-- The documents ask by geometry::geography.
CREATE INDEX idx_intersections_geography ON junctions USING GIST ((geometry::geography));

CREATE VIEW intersections WITH (security_invoker = true) AS
  SELECT intersection_number AS id, junction_name AS name, latitude, longitude, geometry, lane_count, revision, metadata,
         created_at, updated_at, junction_id, region, intersection_id AS j2735_id
  FROM junctions;

CREATE FUNCTION intersections_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM junctions WHERE junction_id = OLD.junction_id;
    RETURN OLD;
  END IF;
  -- A point given as geometry counts where latitude and longitude are not given, or did not change with it.
  IF NEW.geometry IS NOT NULL AND ((TG_OP = 'INSERT' AND NEW.latitude IS NULL AND NEW.longitude IS NULL)
     OR (TG_OP = 'UPDATE' AND NOT ST_OrderingEquals(NEW.geometry, COALESCE(OLD.geometry, 'SRID=4326;POINT EMPTY'::geometry))
         AND (NEW.latitude, NEW.longitude) IS NOT DISTINCT FROM (OLD.latitude, OLD.longitude))) THEN
    NEW.latitude := ST_Y(NEW.geometry);
    NEW.longitude := ST_X(NEW.geometry);
  END IF;
  IF NEW.name IS NULL OR NEW.latitude IS NULL OR NEW.longitude IS NULL THEN
    RAISE EXCEPTION 'intersections needs name, and latitude and longitude or geometry' USING ERRCODE = 'not_null_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO junctions (junction_id, intersection_id, region, junction_name, latitude, longitude, lane_count, revision, metadata, created_at, updated_at)
    VALUES (COALESCE(NEW.junction_id, gen_random_uuid()),
            COALESCE(NEW.id, NEW.j2735_id, nextval('junctions_intersection_id_seq')::integer), COALESCE(NEW.region, 0),
            NEW.name, NEW.latitude, NEW.longitude, NEW.lane_count, NEW.revision, NEW.metadata,
            COALESCE(NEW.created_at, CURRENT_TIMESTAMP), COALESCE(NEW.updated_at, CURRENT_TIMESTAMP))
    RETURNING junction_id, intersection_number, region, intersection_id, geometry, created_at, updated_at
      INTO NEW.junction_id, NEW.id, NEW.region, NEW.j2735_id, NEW.geometry, NEW.created_at, NEW.updated_at;
    RETURN NEW;
  END IF;
  UPDATE junctions SET
    intersection_id = CASE WHEN NEW.id <> OLD.id THEN NEW.id ELSE NEW.j2735_id END, region = NEW.region,
    junction_name = NEW.name, latitude = NEW.latitude, longitude = NEW.longitude, lane_count = NEW.lane_count,
    revision = NEW.revision, metadata = NEW.metadata, updated_at = CURRENT_TIMESTAMP
  WHERE junction_id = OLD.junction_id
  RETURNING intersection_number, intersection_id, geometry, updated_at
    INTO NEW.id, NEW.j2735_id, NEW.geometry, NEW.updated_at;
  RETURN NEW;
END
$$;
CREATE TRIGGER trg_update_intersection_geometry INSTEAD OF INSERT OR UPDATE OR DELETE ON intersections
  FOR EACH ROW EXECUTE FUNCTION intersections_write();

-- Heartbeat ages: Healthy below 5 minutes, Warning below 15, else Critical; Unknown without devices.
CREATE VIEW v_junction_health WITH (security_invoker = true) AS
  SELECT j.junction_id, j.junction_name, j.city, j.status, j.current_mode, j.retired_at,
         count(d.device_id)::integer AS total_devices,
         (count(d.device_id) FILTER (WHERE d.status = 'online'))::integer AS online_devices,
         (count(d.device_id) FILTER (WHERE d.status <> 'online'))::integer AS offline_devices,
         max(d.last_heartbeat) AS last_heartbeat,
         min(COALESCE(d.last_heartbeat, '-infinity')) AS oldest_heartbeat,
         CASE WHEN count(d.device_id) = 0 THEN 'Unknown'
              WHEN min(COALESCE(d.last_heartbeat, '-infinity')) > now() - INTERVAL '5 minutes' THEN 'Healthy'
              WHEN min(COALESCE(d.last_heartbeat, '-infinity')) > now() - INTERVAL '15 minutes' THEN 'Warning'
              ELSE 'Critical' END AS health_status
  FROM junctions j LEFT JOIN edge_devices d ON d.junction_id = j.junction_id
  GROUP BY j.junction_id;

-- An admin reaches every junction.
CREATE VIEW v_user_permissions WITH (security_invoker = true) AS
  SELECT u.user_id, u.username, u.email, u.full_name, u.is_admin, u.is_active,
         count(j.junction_id)::integer AS junction_count,
         COALESCE(array_agg(j.junction_id ORDER BY j.junction_name, j.junction_id) FILTER (WHERE j.junction_id IS NOT NULL), '{}') AS junction_ids,
         COALESCE(array_agg(j.junction_name ORDER BY j.junction_name, j.junction_id) FILTER (WHERE j.junction_id IS NOT NULL), '{}') AS junction_names
  FROM users u
  LEFT JOIN junctions j ON u.is_admin OR EXISTS (
    SELECT 1 FROM user_junction_access a WHERE a.user_id = u.user_id AND a.junction_id = j.junction_id)
  GROUP BY u.user_id, u.username, u.email, u.full_name, u.is_admin, u.is_active;

-- The last 24 hours.
CREATE VIEW v_recent_cycles WITH (security_invoker = true) AS
  SELECT c.cycle_id, c.junction_id, j.junction_name, c.run_id, c.variant, c.cycle_number, c.cycle_start_time, c.cycle_end_time,
         c.total_cycle_time, c.plan_id, c.mode, d.total_vehicles, d.lane_count, d.lanes
  FROM traffic_cycles c
  JOIN junctions j ON j.junction_id = c.junction_id
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(d.vehicle_count), 0)::integer AS total_vehicles, count(*)::integer AS lane_count,
           COALESCE(jsonb_agg(jsonb_build_object('lane_id', l.lane_id, 'lane_name', l.lane_name, 'vehicle_count', d.vehicle_count,
                                                 'green_time', d.green_time) ORDER BY l.lane_index), '[]') AS lanes
    FROM lane_cycle_data d JOIN lanes l ON l.lane_id = d.lane_id
    WHERE d.cycle_id = c.cycle_id AND d.cycle_start_time = c.cycle_start_time) d
  WHERE c.cycle_start_time > now() - INTERVAL '24 hours';

-- Days (UTC) of junctions on a street: a cycle counts once, whatever the number of its approaches.
CREATE MATERIALIZED VIEW mv_junction_stats AS
  SELECT c.junction_id, (c.cycle_start_time AT TIME ZONE 'UTC')::date AS date, count(*) AS total_cycles,
         avg(c.total_cycle_time) AS avg_cycle_time, COALESCE(sum(d.vehicles), 0)::bigint AS total_vehicles
  FROM traffic_cycles c
  LEFT JOIN (SELECT cycle_id, cycle_start_time, sum(vehicle_count) AS vehicles FROM lane_cycle_data GROUP BY 1, 2) d
    ON d.cycle_id = c.cycle_id AND d.cycle_start_time = c.cycle_start_time
  WHERE c.run_id IS NULL
  GROUP BY 1, 2;
-- REFRESH ... CONCURRENTLY needs it.
CREATE UNIQUE INDEX mv_junction_stats_key ON mv_junction_stats (junction_id, date);

CREATE MATERIALIZED VIEW mv_current_safety_status AS
  SELECT DISTINCT ON (intersection_id) intersection_id, junction_id, combined_index_eb AS safety_index, score_status,
         traffic_volume, timestamp AS last_updated
  FROM safety_indices_realtime
  WHERE timestamp > now() - INTERVAL '5 minutes'
  ORDER BY intersection_id, timestamp DESC;
CREATE UNIQUE INDEX mv_current_safety_status_intersection_id_idx ON mv_current_safety_status (intersection_id);
