-- Who sees and writes what. Three roles, none of which can log in until the operator lets it:
--   api_user        what the API does for a user: only rows of junctions that the user was given
--   job_role        ingestion and jobs: all rows; deletes by functions alone
--   reporting_user  reads everything but passwords, keys and raw messages
-- The owner of the tables and superusers pass every policy: on PGlite, where all are superuser, a transaction for a user
-- begins with SET LOCAL ROLE api_user.
--
-- For which user api_user acts is in the settings app.user_id and app.user_proof. Settings can be set by anybody who gets
-- to run SQL, so that app.user_id counts only with a proof that only the holder of the access key can make:
-- `EXPIRES.HEX`, HEX = HMAC-SHA256(key, 'USER_ID.EXPIRES') and EXPIRES in seconds since 1970. Whether a user is an admin
-- stands in users; app.is_admin, which the documents speak of, is not believed.

CREATE TABLE access_keys (
  key_id      SERIAL PRIMARY KEY,
  secret      BYTEA NOT NULL CHECK (length(secret) >= 32),
  created_at  TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- RFC 2104 with SHA-256, blocks of 64 bytes.
CREATE FUNCTION hmac_sha256(key BYTEA, message BYTEA) RETURNS BYTEA LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  short_key BYTEA := CASE WHEN length(key) > 64 THEN sha256(key) ELSE key END;
  block BYTEA := short_key || decode(repeat('00', 64 - length(short_key)), 'hex');
  inner_pad BYTEA := block;
  outer_pad BYTEA := block;
BEGIN
  FOR i IN 0..63 LOOP
    inner_pad := set_byte(inner_pad, i, get_byte(block, i) # 54);
    outer_pad := set_byte(outer_pad, i, get_byte(block, i) # 92);
  END LOOP;
  RETURN sha256(outer_pad || sha256(inner_pad || message));
END
$$;

-- The proof that `user_id` may be acted for, for `valid_for` from now. For the owner alone.
CREATE FUNCTION access_proof(user_id UUID, valid_for INTERVAL DEFAULT INTERVAL '15 minutes') RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  expires TEXT := floor(extract(epoch FROM clock_timestamp() + valid_for))::bigint::text;
  secret BYTEA;
BEGIN
  SELECT k.secret INTO secret FROM access_keys k ORDER BY key_id DESC LIMIT 1;
  IF secret IS NULL THEN
    INSERT INTO access_keys (secret)
      VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
      RETURNING access_keys.secret INTO secret;
  END IF;
  RETURN expires || '.' || encode(hmac_sha256(secret, convert_to(user_id::text || '.' || expires, 'UTF8')), 'hex');
END
$$;

-- The active user that is acted for; NULL without a valid proof.
CREATE FUNCTION app_user_id() RETURNS UUID LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  claim TEXT := current_setting('app.user_id', TRUE);
  proof TEXT := current_setting('app.user_proof', TRUE);
  expires TEXT := split_part(proof, '.', 1);
BEGIN
  IF claim IS NULL OR proof !~ '^[0-9]{1,12}\.[0-9a-f]{64}$' OR claim !~ '^[0-9a-f-]{36}$'
     OR expires::bigint < extract(epoch FROM clock_timestamp()) THEN
    RETURN NULL;
  END IF;
  -- Hashed once more, so that how long the comparison takes says nothing about the proof.
  RETURN (SELECT u.user_id FROM users u WHERE u.user_id::text = claim AND u.is_active AND EXISTS (
    SELECT 1 FROM access_keys k
    WHERE sha256(hmac_sha256(k.secret, convert_to(claim || '.' || expires, 'UTF8'))) = sha256(decode(split_part(proof, '.', 2), 'hex'))));
END
$$;

CREATE FUNCTION app_is_admin() RETURNS BOOLEAN LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT COALESCE((SELECT is_admin FROM users WHERE user_id = app_user_id()), FALSE)
$$;
CREATE FUNCTION app_junctions(at_least TEXT DEFAULT 'viewer') RETURNS SETOF UUID
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT junction_id FROM user_junction_access WHERE user_id = app_user_id() AND (at_least = 'viewer' OR access_level = at_least)
$$;
-- Whether the role itself, not whom it acts for, sees every row. Not SECURITY DEFINER: current_user has to be the caller.
CREATE FUNCTION role_sees_all() RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname IN ('job_role', 'reporting_user') AND pg_catalog.pg_has_role(current_user, oid, 'USAGE'))
$$;

-- Tables with a junction: seen by those who were given it, written by admins and jobs.
DO $$
DECLARE
  t TEXT;
BEGIN
  FOREACH t IN ARRAY ARRAY['junctions', 'lanes', 'edge_devices', 'traffic_cycles', 'manual_override_history', 'system_logs',
    'junction_daily_stats', 'model_predictions', 'model_performance', 'safety_indices_realtime', 'safety_indices_hourly',
    'safety_indices_daily', 'data_quality_log', 'conflicts', 'weather_conditions', 'signal_states', 'performance_metrics',
    'emergency_events'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions()))',
      CASE t WHEN 'junctions' THEN 'user_junction_access_policy' ELSE t || '_read' END, t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()))', t || '_write', t);
  END LOOP;
  -- Readable by every user, written by admins and jobs: runs and simulations, and what is the same for all.
  FOREACH t IN ARRAY ARRAY['runs', 'run_variants', 'run_series', 'run_decisions', 'recordings', 'simulations', 'normalization_constants'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING ((SELECT role_sees_all()) OR (SELECT app_user_id()) IS NOT NULL)', t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()))', t || '_write', t);
  END LOOP;
  -- Admins and jobs alone.
  FOREACH t IN ARRAY ARRAY['users', 'user_junction_access', 'mqtt_messages', 'lane_cycle_data', 'traffic_data'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()))', t || '_write', t);
  END LOOP;
  -- The owner alone: no policy at all.
  FOREACH t IN ARRAY ARRAY['access_keys', 'schema_audit_log', 'schema_state'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
  END LOOP;
END
$$;
CREATE POLICY lane_cycle_data_read ON lane_cycle_data FOR SELECT
  USING (lane_id IN (SELECT l.lane_id FROM lanes l));
CREATE POLICY traffic_data_read ON traffic_data FOR SELECT
  USING (signal_id IN (SELECT s.signal_id FROM signal_states s));
-- Weather of no junction in particular is everybody's.
CREATE POLICY weather_of_all ON weather_conditions FOR SELECT USING (junction_id IS NULL AND (SELECT app_user_id()) IS NOT NULL);
CREATE POLICY users_self_read ON users FOR SELECT USING (user_id = (SELECT app_user_id()));
CREATE POLICY users_self_write ON users FOR UPDATE USING (user_id = (SELECT app_user_id()));
CREATE POLICY user_junction_access_self ON user_junction_access FOR SELECT USING (user_id = (SELECT app_user_id()));
-- Operators change the mode of their junctions and override them, in their own name.
CREATE POLICY junctions_operate ON junctions FOR UPDATE USING (junction_id IN (SELECT app_junctions('operator')));
CREATE POLICY manual_override_operate ON manual_override_history FOR INSERT
  WITH CHECK (junction_id IN (SELECT app_junctions('operator')) AND user_id = (SELECT app_user_id()));
CREATE POLICY manual_override_end ON manual_override_history FOR UPDATE USING (junction_id IN (SELECT app_junctions('operator')));
CREATE POLICY system_logs_of_user ON system_logs FOR INSERT
  WITH CHECK (junction_id IN (SELECT app_junctions()) AND user_id = (SELECT app_user_id()));
-- Jobs and reports read the audit log too.
CREATE POLICY schema_audit_log_read ON schema_audit_log FOR SELECT USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()));

-- Policies know rows, not columns: what only an admin may change of a user or a junction.
CREATE FUNCTION guard_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  name TEXT;
BEGIN
  IF row_security_active(TG_RELID) AND NOT app_is_admin() AND NOT role_sees_all() THEN
    FOREACH name IN ARRAY TG_ARGV LOOP
      IF to_jsonb(NEW) -> name IS DISTINCT FROM to_jsonb(OLD) -> name THEN
        RAISE EXCEPTION '%.% is changed by an admin only', TG_TABLE_NAME, name USING ERRCODE = 'insufficient_privilege';
      END IF;
    END LOOP;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER users_guard_columns BEFORE UPDATE ON users FOR EACH ROW
  EXECUTE FUNCTION guard_columns('user_id', 'username', 'is_admin', 'is_active', 'created_at');
CREATE TRIGGER junctions_guard_columns BEFORE UPDATE ON junctions FOR EACH ROW
  EXECUTE FUNCTION guard_columns('junction_id', 'intersection_id', 'region', 'intersection_number', 'junction_name', 'latitude',
    'longitude', 'location', 'min_cycle_time', 'max_cycle_time', 'external_id', 'scenario', 'configuration', 'retired_at', 'created_at');

-- What a login needs before there is a user to act for; one name at a time.
CREATE FUNCTION find_login(login TEXT) RETURNS TABLE (user_id UUID, password_hash TEXT, is_active BOOLEAN)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.user_id, u.password_hash, u.is_active FROM users u WHERE u.username = login
$$;

-- A materialized view has no policies: users read it through these.
CREATE VIEW v_junction_stats WITH (security_barrier = true) AS
  SELECT * FROM mv_junction_stats
  WHERE (SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions());
CREATE VIEW v_current_safety_status WITH (security_barrier = true) AS
  SELECT * FROM mv_current_safety_status
  WHERE (SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions());

-- Makes the roles that are missing and gives them their rights; run again whenever roles came since. Answers what somebody
-- with CREATEROLE has to run first, one statement a row; nothing when all is done.
CREATE FUNCTION install_roles() RETURNS SETOF TEXT LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  role_name TEXT;
  may_create BOOLEAN := (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user);
  owns_database BOOLEAN := (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database());
BEGIN
  FOREACH role_name IN ARRAY ARRAY['api_user', 'job_role', 'reporting_user'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role_name) THEN
      IF NOT may_create THEN
        RETURN NEXT format('CREATE ROLE %I NOLOGIN;', role_name);
        CONTINUE;
      END IF;
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        -- Another database of the same server was first.
        NULL;
      END;
    END IF;
    IF owns_database THEN
      EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role_name);
      EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role_name);
    END IF;
    EXECUTE format('GRANT EXECUTE ON FUNCTION app_user_id(), app_is_admin(), app_junctions(TEXT), role_sees_all() TO %I', role_name);
    EXECUTE format('GRANT SELECT ON junctions, lanes, edge_devices, user_junction_access, manual_override_history, traffic_cycles, lane_cycle_data,
      system_logs, junction_daily_stats, model_predictions, model_performance, normalization_constants, safety_indices_realtime,
      safety_indices_hourly, safety_indices_daily, data_quality_log, conflicts, weather_conditions, simulations, signal_states,
      traffic_data, performance_metrics, emergency_events, recordings, runs, run_variants, run_series, run_decisions,
      intersections, v_junction_health, v_user_permissions, v_recent_cycles, v_junction_stats, v_current_safety_status TO %I', role_name);
    EXECUTE format('GRANT SELECT (user_id, username, email, full_name, is_admin, is_active, created_at, updated_at, last_login) ON users TO %I', role_name);
    CASE role_name
    WHEN 'api_user' THEN
      GRANT EXECUTE ON FUNCTION find_login(TEXT) TO api_user;
      GRANT SELECT ON mqtt_messages, schema_audit_log TO api_user;
      GRANT INSERT ON safety_indices_realtime, data_quality_log, system_logs, manual_override_history, junctions, lanes, edge_devices,
        users, user_junction_access, weather_conditions, simulations, signal_states, traffic_data, performance_metrics,
        emergency_events, intersections TO api_user;
      GRANT UPDATE (override_end) ON manual_override_history TO api_user;
      GRANT UPDATE ON safety_indices_realtime, junctions, lanes, edge_devices, users, user_junction_access,
        simulations, signal_states, traffic_data, performance_metrics, emergency_events, intersections TO api_user;
      GRANT DELETE ON user_junction_access TO api_user;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO api_user;
      REVOKE ALL ON SEQUENCE access_keys_key_id_seq, schema_audit_log_entry_id_seq FROM api_user;
    WHEN 'job_role' THEN
      GRANT SELECT ON mqtt_messages, schema_audit_log, mv_junction_stats, mv_current_safety_status TO job_role;
      GRANT INSERT ON manual_override_history, system_logs, mqtt_messages, data_quality_log, conflicts TO job_role;
      GRANT UPDATE (override_end) ON manual_override_history TO job_role;
      GRANT INSERT, UPDATE ON junctions, lanes, edge_devices, traffic_cycles, lane_cycle_data, junction_daily_stats,
        model_predictions, model_performance, normalization_constants, safety_indices_realtime, safety_indices_hourly,
        safety_indices_daily, weather_conditions, simulations, signal_states, traffic_data, performance_metrics, emergency_events, recordings, runs, run_variants, run_series, run_decisions, intersections TO job_role;
      -- What is computed again is put in place of what was.
      GRANT DELETE ON safety_indices_realtime, safety_indices_hourly, safety_indices_daily, junction_daily_stats, model_predictions,
        model_performance TO job_role;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO job_role;
      REVOKE ALL ON SEQUENCE access_keys_key_id_seq, schema_audit_log_entry_id_seq FROM job_role;
      GRANT EXECUTE ON FUNCTION create_cycle_partitions(INTEGER), partition_default_rows(), create_realtime_partition(DATE),
        create_safety_partitions(INTEGER, INTEGER), drop_old_partitions(regclass, TIMESTAMPTZ), drop_old_realtime_partitions(),
        archive_old_logs(TIMESTAMPTZ), delete_old_messages(TIMESTAMPTZ), expire_epcs(TIMESTAMPTZ), delete_run(UUID),
        refresh_junction_stats(), refresh_current_safety_status(), record_schema_changes(BOOLEAN) TO job_role;
    ELSE
      GRANT SELECT ON schema_audit_log, mv_junction_stats, mv_current_safety_status TO reporting_user;
    END CASE;
  END LOOP;
END
$$;

-- Everybody may run any function unless told otherwise; these act with the owner's rights.
REVOKE EXECUTE ON FUNCTION create_range_partition(regclass, TEXT, TIMESTAMPTZ, TIMESTAMPTZ), create_month_partition(regclass, TIMESTAMPTZ),
  create_cycle_partitions(INTEGER), partition_default_rows(), create_realtime_partition(DATE), create_safety_partitions(INTEGER, INTEGER),
  drop_old_partitions(regclass, TIMESTAMPTZ), drop_old_realtime_partitions(), archive_old_logs(TIMESTAMPTZ), delete_old_messages(TIMESTAMPTZ),
  expire_epcs(TIMESTAMPTZ), delete_run(UUID), refresh_junction_stats(), refresh_current_safety_status(), record_schema_changes(BOOLEAN),
  access_proof(UUID, INTERVAL), app_user_id(), app_is_admin(), app_junctions(TEXT), find_login(TEXT), install_roles() FROM PUBLIC;

DO $$
DECLARE
  statement TEXT;
BEGIN
  -- Nobody but the roles, their members and whom the operator names gets in.
  IF (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  END IF;
  FOR statement IN SELECT install_roles() LOOP
    RAISE WARNING 'A role is missing, and this one may not create it. As one who may, run: % Then, as the owner of the tables: SELECT install_roles();', statement;
  END LOOP;
  PERFORM record_schema_changes(TRUE);
END
$$;
