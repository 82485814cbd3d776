-- What jobs did, and the reports they make.

-- A row for each time (`slot`, UTC) that a job was due and ran. A run catches up with all that was due since `covers_from`.
-- It is claimed by one process, which says every half minute that it is still at it; one that fell silent is taken over.
CREATE TABLE job_runs (
  job          TEXT NOT NULL,
  slot         TIMESTAMPTZ NOT NULL,
  covers_from  TIMESTAMPTZ,
  state        TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  attempts     INTEGER NOT NULL DEFAULT 1 CHECK (attempts > 0),
  -- Who runs it: host and process.
  runner       TEXT NOT NULL,
  claim        UUID NOT NULL,
  alive_at     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  started_at   TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  finished_at  TIMESTAMPTZ,
  -- What it did, in numbers; or why it failed.
  outcome      JSONB,
  error        TEXT,
  PRIMARY KEY (job, slot),
  CONSTRAINT job_runs_finished CHECK ((state = 'running') = (finished_at IS NULL)),
  CONSTRAINT job_runs_error CHECK ((state = 'failed') = (error IS NOT NULL))
);
CREATE INDEX idx_job_runs_started ON job_runs (started_at DESC);

-- A month (UTC, its first day) of a junction on the street; NULL: of all of them together.
CREATE TABLE monthly_reports (
  month        DATE NOT NULL CHECK (EXTRACT(day FROM month) = 1),
  junction_id  UUID REFERENCES junctions (junction_id),
  figures      JSONB NOT NULL,
  computed_at  TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT monthly_reports_key UNIQUE NULLS NOT DISTINCT (month, junction_id)
);
CREATE INDEX idx_monthly_reports_junction ON monthly_reports (junction_id) WHERE junction_id IS NOT NULL;

ALTER TABLE job_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY job_runs_all ON job_runs FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()));
ALTER TABLE monthly_reports ENABLE ROW LEVEL SECURITY;
CREATE POLICY monthly_reports_read ON monthly_reports FOR SELECT
  USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions()));
CREATE POLICY monthly_reports_write ON monthly_reports FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()));

ALTER FUNCTION install_roles() RENAME TO install_roles_before_0030;
CREATE FUNCTION install_roles() RETURNS SETOF TEXT LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  role_name TEXT;
BEGIN
  RETURN QUERY SELECT * FROM install_roles_before_0030();
  FOR role_name IN SELECT rolname FROM pg_roles WHERE rolname IN ('api_user', 'job_role', 'reporting_user') LOOP
    EXECUTE format('GRANT SELECT ON job_runs, monthly_reports TO %I', role_name);
    IF role_name = 'job_role' THEN
      GRANT INSERT, UPDATE, DELETE ON job_runs TO job_role;
      GRANT INSERT, UPDATE ON monthly_reports TO job_role;
    END IF;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION install_roles(), install_roles_before_0030() FROM PUBLIC;
DO $$
DECLARE
  statement TEXT;
BEGIN
  FOR statement IN SELECT install_roles() LOOP
    RAISE WARNING 'A role is missing, and this one may not create it. As one who may, run: % Then, as the owner of the tables: SELECT install_roles();', statement;
  END LOOP;
END
$$;
