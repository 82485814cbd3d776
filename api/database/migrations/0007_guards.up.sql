-- History only grows: its rows are neither deleted nor changed, but for what is said here of each table, and by the
-- retention functions below. A junction with history is retired, not deleted. Changes of the schema are written down.

-- Arguments: columns that may change, `name` to anything, `name=null` to NULL only. All else is let through only where a
-- retention function of the table's owner says so; the setting alone, which anybody can set, is not enough.
CREATE FUNCTION guard_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before JSONB;
  after JSONB;
  argument TEXT;
  name TEXT;
BEGIN
  IF current_setting('flextraff.retention', TRUE) = 'on' AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    before := to_jsonb(OLD);
    after := to_jsonb(NEW);
    FOREACH argument IN ARRAY TG_ARGV LOOP
      name := split_part(argument, '=', 1);
      IF argument NOT LIKE '%=null' OR after -> name = 'null'::jsonb THEN
        before := before - name;
        after := after - name;
      END IF;
    END LOOP;
    IF before = after THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% is history: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Old rows go by the retention functions alone (docs/SCHEMA.md).';
END
$$;
CREATE FUNCTION guard_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is history: TRUNCATE is refused', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'Old rows go by the retention functions alone (docs/SCHEMA.md).';
END
$$;

CREATE TABLE schema_audit_log (
  entry_id     BIGSERIAL PRIMARY KEY,
  logged_at    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  db_user      TEXT NOT NULL DEFAULT session_user,
  application  TEXT DEFAULT current_setting('application_name', TRUE),
  -- As PostgreSQL tags it (CREATE TABLE), or migration up, migration down, found created, found altered, found dropped.
  command      TEXT NOT NULL,
  object_type  TEXT,
  object       TEXT NOT NULL
);
CREATE INDEX idx_schema_audit_logged_at ON schema_audit_log (logged_at DESC);

-- A cycle written again replaces what was measured, not what it is of.
CREATE TRIGGER traffic_cycles_history BEFORE UPDATE OR DELETE ON traffic_cycles FOR EACH ROW
  EXECUTE FUNCTION guard_history('cycle_end_time', 'total_cycle_time', 'plan_id', 'mode', 'emergency_vehicle_detected');
CREATE TRIGGER lane_cycle_data_history BEFORE UPDATE OR DELETE ON lane_cycle_data FOR EACH ROW
  EXECUTE FUNCTION guard_history('vehicle_count', 'epc_ids', 'green_time', 'vehicle_type', 'emergency_vehicle_detected');
-- An override ends.
CREATE TRIGGER manual_override_history_history BEFORE UPDATE OR DELETE ON manual_override_history FOR EACH ROW
  EXECUTE FUNCTION guard_history('override_end', 'duration_minutes', 'user_id=null');
CREATE TRIGGER system_logs_history BEFORE UPDATE OR DELETE ON system_logs FOR EACH ROW
  EXECUTE FUNCTION guard_history('is_archived', 'junction_id=null', 'device_id=null', 'user_id=null');
CREATE TRIGGER mqtt_messages_history BEFORE UPDATE OR DELETE ON mqtt_messages FOR EACH ROW
  EXECUTE FUNCTION guard_history('device_id=null');
-- The junction's number may change, and follows by its foreign key.
CREATE TRIGGER data_quality_log_history BEFORE UPDATE OR DELETE ON data_quality_log FOR EACH ROW
  EXECUTE FUNCTION guard_history('intersection_id');
CREATE TRIGGER conflicts_history BEFORE UPDATE OR DELETE ON conflicts FOR EACH ROW EXECUTE FUNCTION guard_history('geometry');
CREATE TRIGGER schema_audit_log_history BEFORE UPDATE OR DELETE ON schema_audit_log FOR EACH ROW EXECUTE FUNCTION guard_history();
DO $$
DECLARE
  history TEXT;
BEGIN
  FOREACH history IN ARRAY ARRAY['traffic_cycles', 'lane_cycle_data', 'manual_override_history', 'system_logs',
    'mqtt_messages', 'data_quality_log', 'conflicts', 'schema_audit_log'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION guard_truncate()',
      history || '_truncate', history);
  END LOOP;
END
$$;

CREATE FUNCTION junctions_refuse_deletion() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  history TEXT;
  found_rows BOOLEAN;
BEGIN
  FOREACH history IN ARRAY ARRAY['traffic_cycles', 'manual_override_history', 'junction_daily_stats', 'conflicts',
    'safety_indices_realtime', 'safety_indices_hourly', 'safety_indices_daily', 'data_quality_log', 'system_logs',
    'run_decisions', 'model_predictions', 'model_performance', 'weather_conditions', 'signal_states',
    'performance_metrics', 'emergency_events'] LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE junction_id = $1)', history) INTO found_rows USING OLD.junction_id;
    IF found_rows THEN
      RAISE EXCEPTION 'junction % (%) has history in %', OLD.junction_id, OLD.junction_name, history
        USING ERRCODE = 'restrict_violation', HINT = 'Retire it instead: set retired_at.';
    END IF;
  END LOOP;
  RETURN OLD;
END
$$;
CREATE TRIGGER junctions_refuse_deletion BEFORE DELETE ON junctions FOR EACH ROW EXECUTE FUNCTION junctions_refuse_deletion();

-- Logs are kept, marked as archived once the archive has them. Answers how many.
CREATE FUNCTION archive_old_logs(before TIMESTAMPTZ DEFAULT now() - INTERVAL '90 days') RETURNS BIGINT
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH archived AS (UPDATE system_logs SET is_archived = TRUE WHERE logged_at < before AND is_archived = FALSE RETURNING 1)
  SELECT count(*) FROM archived
$$;

CREATE FUNCTION delete_old_messages(before TIMESTAMPTZ DEFAULT now() - INTERVAL '30 days') RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  deleted BIGINT;
BEGIN
  PERFORM set_config('flextraff.retention', 'on', TRUE);
  DELETE FROM mqtt_messages WHERE received_at < before;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  PERFORM set_config('flextraff.retention', 'off', TRUE);
  RETURN deleted;
END
$$;

-- Tags are personal data even hashed: after this time only their number is kept, in vehicle_count.
CREATE FUNCTION expire_epcs(before TIMESTAMPTZ) RETURNS BIGINT
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH expired AS (UPDATE lane_cycle_data SET epc_ids = '{}' WHERE cycle_start_time < before AND epc_ids <> '{}' RETURNING 1)
  SELECT count(*) FROM expired
$$;

-- A run with everything it left: simulated, so that it is no junction's history.
CREATE FUNCTION delete_run(run UUID) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  deleted BOOLEAN;
BEGIN
  PERFORM set_config('flextraff.retention', 'on', TRUE);
  DELETE FROM runs WHERE run_id = run;
  deleted := FOUND;
  PERFORM set_config('flextraff.retention', 'off', TRUE);
  RETURN deleted;
END
$$;

-- Refreshing takes the owner of a materialized view; jobs are not.
CREATE FUNCTION refresh_junction_stats() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY mv_junction_stats;
END
$$;
CREATE FUNCTION refresh_current_safety_status() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY mv_current_safety_status;
END
$$;

-- Migrations are written down by their own list, whoever runs them.
CREATE FUNCTION audit_migration() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO schema_audit_log (command, object_type, object) VALUES ('migration up', 'migration', NEW.name);
  ELSE
    INSERT INTO schema_audit_log (command, object_type, object) VALUES ('migration down', 'migration', OLD.name);
  END IF;
  RETURN NULL;
END
$$;
INSERT INTO schema_audit_log (logged_at, command, object_type, object)
  SELECT migration_time, 'migration up', 'migration', name FROM knex_migrations ORDER BY id;
CREATE TRIGGER audit_migration AFTER INSERT OR DELETE ON knex_migrations FOR EACH ROW EXECUTE FUNCTION audit_migration();

-- Every other change: as it happens where an event trigger may be made (superusers alone may), and otherwise when
-- record_schema_changes() next compares what is there with what was there.
CREATE FUNCTION audit_schema_change() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO schema_audit_log (command, object_type, object)
    SELECT command_tag, object_type, object_identity FROM pg_event_trigger_ddl_commands()
    WHERE schema_name IS DISTINCT FROM 'pg_temp' AND object_identity IS NOT NULL;
END
$$;
CREATE FUNCTION audit_schema_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO schema_audit_log (command, object_type, object)
    SELECT TG_TAG, object_type, object_identity FROM pg_event_trigger_dropped_objects() WHERE original AND NOT is_temporary;
END
$$;
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    CREATE EVENT TRIGGER flextraff_audit_schema_change ON ddl_command_end EXECUTE FUNCTION audit_schema_change();
    CREATE EVENT TRIGGER flextraff_audit_schema_drop ON sql_drop EXECUTE FUNCTION audit_schema_drop();
  END IF;
END
$$;

CREATE TABLE schema_state (
  object_type  TEXT NOT NULL,
  object       TEXT NOT NULL,
  definition   TEXT NOT NULL,
  PRIMARY KEY (object_type, object)
);

CREATE FUNCTION schema_objects() RETURNS TABLE (object_type TEXT, object TEXT, definition TEXT)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT 'column', c.relname || '.' || a.attname,
         md5(format_type(a.atttypid, a.atttypmod) || a.attnotnull::text || COALESCE(pg_get_expr(d.adbin, d.adrelid), ''))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
  UNION ALL
  SELECT 'index', c.relname, md5(pg_get_indexdef(c.oid)) FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('i', 'I') AND NOT c.relispartition
  UNION ALL
  SELECT 'view', c.relname, md5(pg_get_viewdef(c.oid)) FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
  UNION ALL
  SELECT 'constraint', c.relname || '.' || k.conname, md5(pg_get_constraintdef(k.oid)) FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
  UNION ALL
  SELECT 'trigger', c.relname || '.' || t.tgname, md5(pg_get_triggerdef(t.oid) || t.tgenabled::text) FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'policy', c.relname || '.' || p.polname,
         md5(COALESCE(pg_get_expr(p.polqual, c.oid), '') || COALESCE(pg_get_expr(p.polwithcheck, c.oid), '') || p.polcmd::text) FROM pg_policy p
  JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'row security', c.relname, c.relrowsecurity::text FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  UNION ALL
  SELECT 'function', f.oid::regprocedure::text, md5(f.prosrc || f.prosecdef::text) FROM pg_proc f
  WHERE f.pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
$$;

-- Writes down what changed since it was last called (`quietly`: takes it for known). Answers how many objects.
CREATE FUNCTION record_schema_changes(quietly BOOLEAN DEFAULT FALSE) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  changed BIGINT;
BEGIN
  CREATE TEMP TABLE schema_now ON COMMIT DROP AS SELECT * FROM schema_objects();
  CREATE TEMP TABLE schema_changes ON COMMIT DROP AS
    SELECT COALESCE(n.object_type, s.object_type) AS object_type, COALESCE(n.object, s.object) AS object,
           CASE WHEN s.object IS NULL THEN 'found created' WHEN n.object IS NULL THEN 'found dropped' ELSE 'found altered' END AS command
    FROM schema_now n FULL JOIN schema_state s USING (object_type, object)
    WHERE n.definition IS DISTINCT FROM s.definition;
  SELECT count(*) INTO changed FROM schema_changes;
  IF changed > 0 THEN
    IF NOT quietly THEN
      INSERT INTO schema_audit_log (command, object_type, object) SELECT command, object_type, object FROM schema_changes ORDER BY 2, 3;
    END IF;
    DELETE FROM schema_state;
    INSERT INTO schema_state SELECT * FROM schema_now;
  END IF;
  DROP TABLE schema_now;
  DROP TABLE schema_changes;
  RETURN changed;
END
$$;
