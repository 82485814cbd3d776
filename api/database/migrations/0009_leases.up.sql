-- Which controller commands which junction. A lease runs out by this server's clock; its token grows with each new owner and
-- is the upper part of the sequence numbers that the owner gives out, so that devices refuse one that was replaced. Rows stay
-- when a lease is over: the token must never go back.
CREATE TABLE controllers (
  owner    TEXT PRIMARY KEY CHECK (length(owner) BETWEEN 1 AND 200),
  seen_at  TIMESTAMPTZ NOT NULL
);

CREATE TABLE controller_leases (
  junction_id  UUID PRIMARY KEY,
  owner        TEXT NOT NULL,
  -- 2^20 owners of 2^32 commands each stay below 2^53, the largest whole number that JSON carries safely.
  token        BIGINT NOT NULL CHECK (token BETWEEN 1 AND 1048576),
  acquired_at  TIMESTAMPTZ NOT NULL,
  expires_at   TIMESTAMPTZ NOT NULL
);

-- Every change of owner, for whoever has to prove who commanded when. `ended_at` is when the lease ran out, was given up or
-- would have run out when the next owner came; NULL while it is renewed.
CREATE TABLE controller_lease_history (
  junction_id  UUID NOT NULL,
  token        BIGINT NOT NULL,
  owner        TEXT NOT NULL,
  acquired_at  TIMESTAMPTZ NOT NULL,
  ended_at     TIMESTAMPTZ,
  PRIMARY KEY (junction_id, token)
);

CREATE FUNCTION controller_lease_changed() RETURNS TRIGGER LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.token < OLD.token THEN
    RAISE EXCEPTION 'token of junction % would go back from % to %', NEW.junction_id, OLD.token, NEW.token;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.token > OLD.token AND OLD.expires_at > NEW.acquired_at THEN
    RAISE EXCEPTION 'junction % is held by % until %', NEW.junction_id, OLD.owner, OLD.expires_at;
  END IF;
  IF TG_OP = 'INSERT' OR NEW.token > OLD.token THEN
    IF TG_OP = 'UPDATE' THEN
      UPDATE controller_lease_history SET ended_at = OLD.expires_at
        WHERE junction_id = OLD.junction_id AND token = OLD.token AND ended_at IS NULL;
    END IF;
    INSERT INTO controller_lease_history (junction_id, token, owner, acquired_at)
      VALUES (NEW.junction_id, NEW.token, NEW.owner, NEW.acquired_at);
  ELSIF NEW.expires_at <= clock_timestamp() THEN
    UPDATE controller_lease_history SET ended_at = NEW.expires_at
      WHERE junction_id = NEW.junction_id AND token = NEW.token AND ended_at IS NULL;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER trg_controller_lease_changed AFTER INSERT OR UPDATE ON controller_leases
  FOR EACH ROW EXECUTE FUNCTION controller_lease_changed();
