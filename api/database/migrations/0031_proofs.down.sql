GRANT EXECUTE ON FUNCTION audit_migration(), audit_schema_change(), audit_schema_drop(), fill_junction(), fill_junction_of_external_id(),
  junctions_refuse_deletion() TO PUBLIC;
DROP TRIGGER junctions_guard_columns ON junctions;
CREATE TRIGGER junctions_guard_columns BEFORE UPDATE ON junctions FOR EACH ROW
  EXECUTE FUNCTION guard_columns('junction_id', 'intersection_id', 'region', 'intersection_number', 'junction_name', 'latitude',
    'longitude', 'location', 'min_cycle_time', 'max_cycle_time', 'external_id', 'scenario', 'configuration', 'retired_at', 'created_at');
CREATE OR REPLACE FUNCTION find_login(login TEXT) RETURNS TABLE (user_id UUID, password_hash TEXT, is_active BOOLEAN)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.user_id, u.password_hash, u.is_active FROM users u WHERE u.username = login
$$;
DROP FUNCTION proof_holds(TEXT, TEXT);
