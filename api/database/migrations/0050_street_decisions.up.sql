-- What controllers of streets decided. Decisions of runs are in run_decisions.

CREATE TABLE street_decisions (
  junction_id   UUID NOT NULL REFERENCES junctions (junction_id),
  decided_at    TIMESTAMPTZ NOT NULL,
  seq           BIGINT NOT NULL,
  -- The process that decided, and whether it only watched.
  controller    TEXT NOT NULL,
  shadow        BOOLEAN NOT NULL,
  -- Of the strategy, or who commanded in its place.
  strategy      TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('plan', 'stage')),
  plan_id       TEXT,
  stages        JSON NOT NULL,
  reason        TEXT NOT NULL,
  inputs        JSON NOT NULL,
  -- NULL until the lamp controller answered.
  ack_result    TEXT CHECK (ack_result IN ('applied', 'refused')),
  ack_reason    TEXT,
  -- Why the controller's own interlock did not let it out.
  vetoed        TEXT,
  -- A vetoed decision may share its number with the next one, not its time; two that only watch may share both.
  PRIMARY KEY (junction_id, decided_at, seq, controller)
);
CREATE INDEX idx_street_decisions_time ON street_decisions (decided_at DESC);

CREATE FUNCTION delete_old_street_decisions(before TIMESTAMPTZ DEFAULT now() - INTERVAL '14 days') RETURNS BIGINT
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH deleted AS (DELETE FROM street_decisions WHERE decided_at < before RETURNING 1) SELECT count(*) FROM deleted
$$;
REVOKE EXECUTE ON FUNCTION delete_old_street_decisions(TIMESTAMPTZ) FROM PUBLIC;

ALTER TABLE street_decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY street_decisions_read ON street_decisions FOR SELECT
  USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()) OR junction_id IN (SELECT app_junctions()));
CREATE POLICY street_decisions_write ON street_decisions FOR ALL USING ((SELECT role_sees_all()) OR (SELECT app_is_admin()));

ALTER FUNCTION install_roles() RENAME TO install_roles_0049;
CREATE FUNCTION install_roles() RETURNS SETOF TEXT LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM install_roles_0049();
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'job_role') THEN
    GRANT SELECT, INSERT, UPDATE ON street_decisions TO job_role;
    GRANT EXECUTE ON FUNCTION delete_old_street_decisions(TIMESTAMPTZ) TO job_role;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'api_user') THEN
    GRANT SELECT ON street_decisions TO api_user;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'reporting_user') THEN
    GRANT SELECT ON street_decisions TO reporting_user;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION install_roles(), install_roles_0049() FROM PUBLIC;
DO $$
DECLARE
  statement TEXT;
BEGIN
  FOR statement IN SELECT install_roles() LOOP
    RAISE WARNING 'A role is missing, and this one may not create it. As one who may, run: % Then, as the owner of the tables: SELECT install_roles();', statement;
  END LOOP;
END
$$;
