-- Where each subscription is in the log, and what was seen of its queue: what no event can rebuild.
-- depends: 0001_deliveries

-- The one truth about what was delivered. The courier moves `position` only after the subscriber's side has confirmed,
-- and only from the place where it last saw it: whoever moves it meanwhile wins.
CREATE TABLE notify.subscription_positions (
    subscription_id uuid PRIMARY KEY,
    name            text NOT NULL,
    position        bigint NOT NULL CHECK (position >= 0),
    delivered       bigint NOT NULL DEFAULT 0,
    delivered_at    timestamptz,
    last_error      text,
    last_error_at   timestamptz,
    moved_at        timestamptz NOT NULL DEFAULT now()
);

-- What the courier saw at the broker the last time it looked.
CREATE TABLE notify.subscription_queues (
    subscription_id uuid PRIMARY KEY,
    ready           bigint NOT NULL,
    unacked         bigint NOT NULL,
    consumers       integer NOT NULL,
    parked          bigint NOT NULL,
    measured_at     timestamptz NOT NULL
);

-- What a full queue threw away, by position: between the first and the last it can be replayed.
CREATE TABLE notify.subscription_drops (
    subscription_id uuid PRIMARY KEY,
    dropped         bigint NOT NULL,
    first_position  bigint NOT NULL,
    last_position   bigint NOT NULL,
    dropped_at      timestamptz NOT NULL
);
