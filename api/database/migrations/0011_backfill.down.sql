DO $$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'job_role')
     AND (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM job_role', current_database());
  END IF;
END
$$;
DROP FUNCTION install_roles();
ALTER FUNCTION install_roles_0010() RENAME TO install_roles;
ALTER TABLE safety_indices_hourly DROP COLUMN minute_count;
DO $$
DECLARE
  t TEXT;
  role_name TEXT;
BEGIN
  FOREACH t IN ARRAY ARRAY['controllers', 'controller_leases', 'controller_lease_history'] LOOP
    EXECUTE format('DROP POLICY %I ON %I', t || '_all', t);
    EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t);
    FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('job_role', 'reporting_user') LOOP
      EXECUTE format('REVOKE ALL ON %I FROM %I', t, role_name);
    END LOOP;
  END LOOP;
END
$$;
