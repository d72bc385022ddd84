-- What the timer keeps for dispatch, and where the rulebook stands. What else it reads is made of events: the right to it
-- is given where the table is made.
-- depends: 0001_fired

GRANT USAGE ON SCHEMA dispatch TO wuji_timer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch.fired TO wuji_timer;

-- As the projector makes it (shared/projections/watermarks.py), when it comes first; here so that rights can be given.
CREATE TABLE IF NOT EXISTS dispatch.watermarks (
    projection  text PRIMARY KEY,
    position    bigint NOT NULL,
    fingerprint text NOT NULL,
    tables      text[] NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);
GRANT SELECT ON dispatch.watermarks TO wuji_timer;
