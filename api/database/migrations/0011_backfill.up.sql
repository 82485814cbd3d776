-- What backfilling needs, and who reaches the leases of controllers: jobs and ingestion, and readers.

-- Minutes behind an hour, scored or not: what the day's mean volume is over.
ALTER TABLE safety_indices_hourly ADD COLUMN minute_count INTEGER NOT NULL DEFAULT 0 CHECK (minute_count >= 0);
UPDATE safety_indices_hourly SET minute_count = CASE WHEN avg_volume > 0 THEN round(total_volume / avg_volume) ELSE sample_count END;

DO $$
DECLARE
  t TEXT;
BEGIN
  FOREACH t IN ARRAY ARRAY['controllers', 'controller_leases', 'controller_lease_history'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()))', t || '_all', t);
  END LOOP;
END
$$;

-- Days are staged in temporary tables.
ALTER FUNCTION install_roles() RENAME TO install_roles_0010;
CREATE FUNCTION install_roles() RETURNS SETOF TEXT LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM install_roles_0010();
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'job_role') THEN
    GRANT SELECT, INSERT, UPDATE ON controllers, controller_leases, controller_lease_history TO job_role;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'reporting_user') THEN
    GRANT SELECT ON controllers, controller_leases, controller_lease_history TO reporting_user;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'job_role')
     AND (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO job_role', current_database());
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION install_roles(), install_roles_0010() FROM PUBLIC;
DO $$
DECLARE
  statement TEXT;
BEGIN
  FOR statement IN SELECT install_roles() LOOP
    RAISE WARNING 'A role is missing, and this one may not create it. As one who may, run: % Then, as the owner of the tables: SELECT install_roles();', statement;
  END LOOP;
END
$$;
