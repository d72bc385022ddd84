-- Webhooks, replays, and what the courier is asked to do at the broker: what no event can rebuild.
-- depends: 0002_subscriptions

-- An endpoint that does not take its next event: the schedule lives here, so that a restart does not begin it anew.
CREATE TABLE notify.webhook_troubles (
    subscription_id uuid PRIMARY KEY,
    event_id        text NOT NULL,
    attempts        integer NOT NULL,
    failing_since   timestamptz NOT NULL,
    next_at         timestamptz NOT NULL,
    error           text NOT NULL
);

-- The delivery log: what was sent, shortened, and what came back, shortened and masked. Kept for 30 days.
CREATE TABLE notify.webhook_attempts (
    attempt_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription_id uuid NOT NULL,
    event_id        text NOT NULL,
    event_type      text NOT NULL,
    position        bigint NOT NULL,
    attempt         integer NOT NULL,
    at              timestamptz NOT NULL,
    milliseconds    integer NOT NULL,
    status          integer,
    error           text,
    request         text NOT NULL,
    response        text
);
CREATE INDEX webhook_attempts_by_subscription ON notify.webhook_attempts (subscription_id, attempt_id);
CREATE INDEX webhook_attempts_by_age ON notify.webhook_attempts (at);

-- A replay is a second cursor with an end. `position` moves only after the subscriber's side has confirmed.
CREATE TABLE notify.replays (
    replay_id       uuid PRIMARY KEY,
    subscription_id uuid NOT NULL,
    name            text NOT NULL,
    target          text NOT NULL,
    after           bigint NOT NULL,
    until           bigint NOT NULL,
    rate            integer,
    expected        bigint NOT NULL,
    position        bigint NOT NULL,
    delivered       bigint NOT NULL DEFAULT 0,
    state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled')),
    requested_at    timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    last_error      text
);
CREATE INDEX replays_by_subscription ON notify.replays (subscription_id, requested_at);
CREATE INDEX replays_running ON notify.replays (requested_at) WHERE state = 'running';

-- What a door asks the courier to do, who alone has rights in the departments' virtual host.
CREATE TABLE notify.errands (
    errand_id       uuid PRIMARY KEY,
    subscription_id uuid NOT NULL,
    name            text NOT NULL,
    what            jsonb NOT NULL,
    asked_at        timestamptz NOT NULL DEFAULT now(),
    answer          jsonb,
    answered_at     timestamptz
);
CREATE INDEX errands_open ON notify.errands (asked_at) WHERE answered_at IS NULL;
