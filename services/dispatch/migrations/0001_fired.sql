-- What the timer has just said about a clock, or just looked at in vain: until the index of due times shows it, or until
-- the instant given, nobody looks again. Rows are swept after their time; losing them all costs a second look each.

CREATE TABLE dispatch.fired (
    what     uuid PRIMARY KEY,
    fires_at timestamptz NOT NULL,
    until    timestamptz NOT NULL
);

CREATE INDEX fired_by_time ON dispatch.fired (until);
