-- The tables of the clocks: made of events, rebuilt at any time.

-- projection: clocks
-- The index of due times: one row for every clock, with what falls due next.
CREATE TABLE clocks (
    clock_id      uuid PRIMARY KEY,
    case_id       uuid NOT NULL,
    area          text NOT NULL,
    stage         text NOT NULL,
    task_id       uuid,
    department    text,
    condition     text,
    loop          text,
    urgency       text NOT NULL,
    started_at    timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    warn_at       timestamptz,
    because       text NOT NULL,
    calendar      text,
    is_counted    boolean NOT NULL,
    day_and_night boolean NOT NULL,
    minutes_used  integer NOT NULL,
    is_open       boolean NOT NULL,
    is_paused     boolean NOT NULL,
    is_breached   boolean NOT NULL,
    stopped_at    timestamptz,
    on_time       boolean,
    fulfilled     boolean,
    warned_for    timestamptz,
    breached_for  timestamptz,
    next_rung     text,
    next_at       timestamptz,
    fires         text,
    fires_at      timestamptz,
    any_hour      boolean NOT NULL,
    position      bigint NOT NULL
);
CREATE INDEX clocks_falling_due ON clocks (any_hour, fires_at, clock_id) WHERE fires_at IS NOT NULL;
CREATE INDEX clocks_of_case ON clocks (case_id);
CREATE INDEX clocks_by_calendar ON clocks (calendar, due_at) WHERE is_open AND NOT is_paused AND calendar IS NOT NULL;
CREATE INDEX clocks_by_pace ON clocks (day_and_night, area text_pattern_ops, due_at)
    WHERE is_open AND NOT is_paused AND is_counted;
CREATE INDEX clocks_overdue ON clocks (stage, loop) WHERE is_open AND is_breached;
CREATE TABLE escalations (
    escalation_id   uuid PRIMARY KEY,
    clock_id        uuid NOT NULL,
    case_id         uuid NOT NULL,
    area            text NOT NULL,
    rung            text NOT NULL,
    stage           text NOT NULL,
    department      text,
    target_area     text NOT NULL,
    target_post     text,
    because         text NOT NULL,
    due_at          timestamptz NOT NULL,
    raised_at       timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    is_open         boolean NOT NULL,
    position        bigint NOT NULL
);
CREATE INDEX escalations_open ON escalations (rung, raised_at, escalation_id) WHERE is_open;
CREATE INDEX escalations_of_clock ON escalations (clock_id);
-- Whoever takes rows with SKIP LOCKED needs the right to change one column at least; the timer changes none.
GRANT SELECT, UPDATE (clock_id) ON clocks TO wuji_timer;
GRANT SELECT ON escalations TO wuji_timer;

-- projection: claims
-- Who has a task of the open pool in hand, and until when.
CREATE TABLE claims (
    claim_id   uuid PRIMARY KEY,
    case_id    uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    is_open    boolean NOT NULL,
    position   bigint NOT NULL
);
CREATE INDEX claims_expiring ON claims (expires_at, claim_id) WHERE is_open;
CREATE INDEX claims_of_case ON claims (case_id) WHERE is_open;
GRANT SELECT ON claims TO wuji_timer;

-- projection: chain
-- Who stands where, and which areas are in emergency mode.
CREATE TABLE posts (
    appointment_id uuid PRIMARY KEY,
    person         text NOT NULL,
    post           text NOT NULL,
    area           text NOT NULL,
    since          date NOT NULL,
    until          date,
    position       bigint NOT NULL
);
CREATE TABLE emergencies (
    area      text PRIMARY KEY,
    is_on     boolean NOT NULL,
    turned_at timestamptz NOT NULL,
    position  bigint NOT NULL
);
GRANT SELECT ON posts, emergencies TO wuji_timer;
