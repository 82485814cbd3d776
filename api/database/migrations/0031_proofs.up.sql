-- What one who gets to run SQL as api_user could still reach: password hashes by find_login, settings of a junction that are no
-- operator's, and functions of the owner by way of triggers on a table of one's own.

-- Whether `proof` (`EXPIRES.HEX`, as in 0008) was made of `claim` by a holder of an access key, and has not expired.
CREATE FUNCTION proof_holds(claim TEXT, proof TEXT) RETURNS BOOLEAN LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  expires TEXT := split_part(proof, '.', 1);
BEGIN
  IF claim IS NULL OR proof IS NULL OR proof !~ '^[0-9]{1,12}\.[0-9a-f]{64}$' OR expires::bigint < extract(epoch FROM clock_timestamp()) THEN
    RETURN FALSE;
  END IF;
  RETURN EXISTS (
    SELECT 1 FROM access_keys k
    WHERE sha256(hmac_sha256(k.secret, convert_to(claim || '.' || expires, 'UTF8'))) = sha256(decode(split_part(proof, '.', 2), 'hex')));
END
$$;
REVOKE EXECUTE ON FUNCTION proof_holds(TEXT, TEXT) FROM PUBLIC;

-- Takes a proof in app.login_proof, of the claim `login NAME`: no user's claim, which are UUIDs, reads so.
CREATE OR REPLACE FUNCTION find_login(login TEXT) RETURNS TABLE (user_id UUID, password_hash TEXT, is_active BOOLEAN)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.user_id, u.password_hash, u.is_active FROM users u
  WHERE u.username = login AND proof_holds('login ' || login, current_setting('app.login_proof', TRUE))
$$;

-- Operators change mode and status, and override.
DROP TRIGGER junctions_guard_columns ON junctions;
CREATE TRIGGER junctions_guard_columns BEFORE UPDATE ON junctions FOR EACH ROW
  EXECUTE FUNCTION guard_columns('junction_id', 'intersection_id', 'region', 'intersection_number', 'junction_name', 'city', 'latitude',
    'longitude', 'location', 'min_cycle_time', 'max_cycle_time', 'base_cycle_time', 'time_zone', 'lane_count', 'revision', 'metadata',
    'external_id', 'scenario', 'configuration', 'retired_at', 'created_at');

-- Who may not execute a function makes no trigger of it either; those that there are go on.
REVOKE EXECUTE ON FUNCTION audit_migration(), audit_schema_change(), audit_schema_drop(), fill_junction(), fill_junction_of_external_id(),
  junctions_refuse_deletion() FROM PUBLIC;
