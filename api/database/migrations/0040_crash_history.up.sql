-- Crash histories of junctions, and the real-time index that rests on them. And constants of the safety index are frozen:
-- what they say is never changed, only until when they hold.

CREATE TABLE crash_histories (
  junction_id                UUID PRIMARY KEY REFERENCES junctions (junction_id),
  -- The days (both included) that the crashes were counted in.
  first_day                  DATE NOT NULL,
  last_day                   DATE NOT NULL,
  fatal                      INTEGER NOT NULL CHECK (fatal >= 0),
  injury                     INTEGER NOT NULL CHECK (injury >= 0),
  damage                     INTEGER NOT NULL CHECK (damage >= 0),
  -- Millions of vehicles that entered in those days.
  exposure_million_vehicles  DOUBLE PRECISION NOT NULL CHECK (exposure_million_vehicles > 0),
  -- Of comparable sites: weighted crashes (fatal 10, injury 3, damage 1) a million vehicles, and the exposure at which the
  -- history weighs as much as they do.
  prior_rate                 DOUBLE PRECISION NOT NULL CHECK (prior_rate >= 0),
  prior_exposure             DOUBLE PRECISION NOT NULL CHECK (prior_exposure > 0),
  free_flow_speed            DOUBLE PRECISION NOT NULL CHECK (free_flow_speed > 0),
  capacity_vehicles_per_hour DOUBLE PRECISION NOT NULL CHECK (capacity_vehicles_per_hour > 0),
  source                     TEXT NOT NULL,
  updated_at                 TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT crash_histories_days CHECK (last_day >= first_day)
);

-- Quarters of an hour. Relative to the rate of comparable sites, not cut to 100; NULL where too little was heard.
CREATE TABLE crash_indices (
  junction_id    UUID NOT NULL REFERENCES junctions (junction_id),
  timestamp      TIMESTAMPTZ NOT NULL,
  rate           DOUBLE PRECISION,
  uplift         DOUBLE PRECISION,
  vru_index      DOUBLE PRECISION,
  vehicle_index  DOUBLE PRECISION,
  combined_index DOUBLE PRECISION,
  PRIMARY KEY (junction_id, timestamp)
);

CREATE FUNCTION normalization_constants_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.constants IS DISTINCT FROM OLD.constants OR NEW.valid_from IS DISTINCT FROM OLD.valid_from THEN
    RAISE EXCEPTION 'constants are frozen: row % may only end', OLD.id USING ERRCODE = 'restrict_violation',
      HINT = 'Insert a new version, and let this one end where it begins.';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER normalization_constants_frozen BEFORE UPDATE ON normalization_constants
  FOR EACH ROW EXECUTE FUNCTION normalization_constants_frozen();

DO $$
DECLARE
  t TEXT;
BEGIN
  FOREACH t IN ARRAY ARRAY['crash_histories', 'crash_indices'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions()))', t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()))', t || '_write', t);
  END LOOP;
END
$$;

ALTER FUNCTION install_roles() RENAME TO install_roles_0039;
CREATE FUNCTION install_roles() RETURNS SETOF TEXT LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM install_roles_0039();
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'job_role') THEN
    GRANT SELECT, INSERT, UPDATE ON crash_histories, crash_indices TO job_role;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'api_user') THEN
    GRANT SELECT ON crash_histories, crash_indices TO api_user;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'reporting_user') THEN
    GRANT SELECT ON crash_histories, crash_indices TO reporting_user;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION install_roles(), install_roles_0039() FROM PUBLIC;
DO $$
DECLARE
  statement TEXT;
BEGIN
  FOR statement IN SELECT install_roles() LOOP
    RAISE WARNING 'A role is missing, and this one may not create it. As one who may, run: % Then, as the owner of the tables: SELECT install_roles();', statement;
  END LOOP;
END
$$;
