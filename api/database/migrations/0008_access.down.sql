DROP VIEW v_current_safety_status;
DROP VIEW v_junction_stats;
DROP FUNCTION install_roles();
DROP FUNCTION find_login(TEXT);
DROP FUNCTION guard_columns() CASCADE;
DO $$
DECLARE
  policy RECORD;
  role_name TEXT;
  t TEXT;
BEGIN
  FOR policy IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP POLICY %I ON %I', policy.policyname, policy.tablename);
  END LOOP;
  FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity LOOP
    EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t);
  END LOOP;
  -- The roles stay, as other databases of the server may use them; their rights here go.
  FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user') LOOP
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', role_name);
    EXECUTE format('REVOKE ALL (user_id, username, email, full_name, is_admin, is_active, created_at, updated_at, last_login) ON users FROM %I', role_name);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM %I', role_name);
    FOR t IN SELECT f.oid::regprocedure FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e') LOOP
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', t, role_name);
    END LOOP;
    IF (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
      EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', role_name);
      EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), role_name);
    END IF;
  END LOOP;
  IF (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
  END IF;
END
$$;
DROP FUNCTION role_sees_all();
DROP FUNCTION app_junctions(TEXT);
DROP FUNCTION app_is_admin();
DROP FUNCTION app_user_id();
DROP FUNCTION access_proof(UUID, INTERVAL);
DROP FUNCTION hmac_sha256(BYTEA, BYTEA);
DROP TABLE access_keys;
