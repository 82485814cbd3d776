DO $$
DECLARE
  role_name TEXT;
BEGIN
  FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user') LOOP
    EXECUTE format('REVOKE ALL ON knex_migrations FROM %I', role_name);
    EXECUTE format('REVOKE ALL ON FUNCTION create_month_partition(regclass, TIMESTAMPTZ) FROM %I', role_name);
  END LOOP;
END
$$;
DROP FUNCTION install_roles();
ALTER FUNCTION install_roles_0008() RENAME TO install_roles;
DROP TRIGGER junctions_refuse_deletion_braked ON junctions;
DROP FUNCTION junctions_refuse_deletion_braked();
DROP TABLE hard_brakes;
-- The rows stay; they are of the nearest type that the earlier schema knows.
SELECT set_config('flextraff.retention', 'on', TRUE);
UPDATE conflicts SET type = 'crossing' WHERE type = 'head-on';
SELECT set_config('flextraff.retention', 'off', TRUE);
ALTER TABLE conflicts DROP CONSTRAINT conflicts_type_check,
  ADD CONSTRAINT conflicts_type_check CHECK (type IN ('rear-end', 'lane-change', 'crossing', 'vru'));
ALTER TABLE data_quality_log DROP COLUMN entry_key;
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    GRANT EXECUTE ON FUNCTION pg_catalog.set_config(TEXT, TEXT, BOOLEAN) TO PUBLIC;
    GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC;
  END IF;
END
$$;
