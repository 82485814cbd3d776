-- What ingestion still lacked: hard braking, a key for rows of the data quality log, encounters head on, and rights that
-- upserts and jobs need.

CREATE TABLE hard_brakes (
  hard_brake_id       UUID PRIMARY KEY,
  junction_id         UUID NOT NULL REFERENCES junctions (junction_id),
  -- NULL with variant on a street; second counts from the run's start.
  run_id              UUID REFERENCES runs (run_id) ON DELETE CASCADE,
  variant             TEXT,
  second              DOUBLE PRECISION,
  timestamp           TIMESTAMPTZ NOT NULL,
  road_user           TEXT NOT NULL,
  class               TEXT NOT NULL,
  -- Hardest, metres per second squared.
  peak_deceleration   DOUBLE PRECISION NOT NULL CHECK (peak_deceleration < 0),
  latitude            DOUBLE PRECISION CHECK (latitude BETWEEN -90 AND 90),
  longitude           DOUBLE PRECISION CHECK (longitude BETWEEN -180 AND 180),
  CONSTRAINT hard_brakes_variant_of_run CHECK ((run_id IS NULL) = (variant IS NULL))
);
CREATE INDEX idx_hard_brakes_junction_time ON hard_brakes (junction_id, timestamp DESC);
CREATE INDEX idx_hard_brakes_run ON hard_brakes (run_id, variant, second) WHERE run_id IS NOT NULL;
CREATE TRIGGER hard_brakes_history BEFORE UPDATE OR DELETE ON hard_brakes FOR EACH ROW EXECUTE FUNCTION guard_history();
CREATE TRIGGER hard_brakes_truncate BEFORE TRUNCATE ON hard_brakes FOR EACH STATEMENT EXECUTE FUNCTION guard_truncate();
ALTER TABLE hard_brakes ENABLE ROW LEVEL SECURITY;
CREATE POLICY hard_brakes_read ON hard_brakes FOR SELECT
  USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions()));
CREATE POLICY hard_brakes_write ON hard_brakes FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()));

-- The same entry written twice is written once; NULL where whoever wrote it gave no key.
ALTER TABLE data_quality_log ADD COLUMN entry_key UUID UNIQUE;

ALTER TABLE conflicts DROP CONSTRAINT conflicts_type_check,
  ADD CONSTRAINT conflicts_type_check CHECK (type IN ('rear-end', 'lane-change', 'crossing', 'head-on', 'vru'));

-- A junction with hard braking has history too.
CREATE FUNCTION junctions_refuse_deletion_braked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM hard_brakes WHERE junction_id = OLD.junction_id) THEN
    RAISE EXCEPTION 'junction % (%) has history in hard_brakes', OLD.junction_id, OLD.junction_name
      USING ERRCODE = 'restrict_violation', HINT = 'Retire it instead: set retired_at.';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER junctions_refuse_deletion_braked BEFORE DELETE ON junctions FOR EACH ROW
  EXECUTE FUNCTION junctions_refuse_deletion_braked();

-- install_roles() of migration 0008 is run again whenever roles came since; what later migrations grant is granted with it.
ALTER FUNCTION install_roles() RENAME TO install_roles_0008;
CREATE FUNCTION install_roles() RETURNS SETOF TEXT LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  role_name TEXT;
BEGIN
  RETURN QUERY SELECT * FROM install_roles_0008();
  FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user') LOOP
    EXECUTE format('GRANT SELECT ON hard_brakes TO %I', role_name);
    -- What /health reads.
    EXECUTE format('GRANT SELECT ON knex_migrations TO %I', role_name);
    IF role_name = 'job_role' THEN
      GRANT INSERT ON hard_brakes TO job_role;
      -- Backfilling gives the months of old hours a partition.
      GRANT EXECUTE ON FUNCTION create_month_partition(regclass, TIMESTAMPTZ) TO job_role;
    END IF;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION install_roles(), install_roles_0008(), junctions_refuse_deletion_braked() FROM PUBLIC;
DO $$
DECLARE
  statement TEXT;
BEGIN
  FOR statement IN SELECT install_roles() LOOP
    RAISE WARNING 'A role is missing, and this one may not create it. As one who may, run: % Then, as the owner of the tables: SELECT install_roles();', statement;
  END LOOP;
END
$$;

-- One session that may become another role (PGlite, or one login for all) must not be talked into it from within a query:
-- set_config('role', ...), also by way of pg_settings, and DO. Who may change pg_catalog does it; elsewhere separate logins
-- do better (docs/STORE.md).
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(TEXT, TEXT, BOOLEAN) FROM PUBLIC;
    REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
  END IF;
END
$$;
