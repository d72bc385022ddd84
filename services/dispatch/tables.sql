-- The read tables of dispatch: made of events, rebuilt at any time.

-- projection: rulebook
-- Every word of every line of the reference data, as its event said it, at its place in the log. Of each line the
-- latest word up to an edition counts; one that was withdrawn stays, and is not read.
CREATE TABLE lines (
    kind         text NOT NULL,
    name         text NOT NULL,
    position     bigint NOT NULL,
    type         text NOT NULL,
    version      integer NOT NULL,
    body         json NOT NULL,
    is_withdrawn boolean NOT NULL,
    PRIMARY KEY (kind, name, position)
);
CREATE INDEX lines_by_position ON lines (position);
GRANT SELECT ON lines TO wuji_timer;

-- projection: cases
-- The work list: one row for every case, with who has it and which of its clocks presses most (`running` are all that
-- run, by id); and every task that anybody had of it.
CREATE TABLE cases (
    case_id          uuid PRIMARY KEY,
    number           text NOT NULL,
    area             text NOT NULL,
    issue_type       text NOT NULL,
    urgency          text NOT NULL,
    loop             text NOT NULL,
    title            text NOT NULL,
    place            text,
    state            text NOT NULL,
    is_open          boolean NOT NULL,
    is_cleared       boolean NOT NULL,
    is_waived        boolean NOT NULL,
    department       text,
    co_handlers      text[] NOT NULL,
    awaited          integer NOT NULL,
    requests         json NOT NULL,
    asked            text[] NOT NULL,
    summoned         text[] NOT NULL,
    disputed_between text[] NOT NULL,
    wrong_returns    integer NOT NULL,
    running          json NOT NULL,
    press_stage      text,
    press_at         timestamptz,
    press_warn_at    timestamptz,
    press_counted    boolean NOT NULL,
    press_nights     boolean NOT NULL,
    press_paused     boolean NOT NULL,
    attempt          integer NOT NULL,
    reworks          integer NOT NULL,
    problem          text,
    supervised_by    text,
    suspended_until  date,
    is_disputed      boolean NOT NULL,
    transferred_to   text,
    merged_into      uuid,
    edition          bigint,
    due_at           timestamptz,
    answered_at      timestamptz,
    reported_at      timestamptz NOT NULL,
    filed_at         timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    position         bigint NOT NULL
);
CREATE INDEX cases_to_do ON cases (coalesce(due_at, 'infinity'), case_id) WHERE is_open;
CREATE INDEX cases_by_state ON cases (state, coalesce(due_at, 'infinity'), case_id);
CREATE INDEX cases_by_area ON cases (area text_pattern_ops);
CREATE INDEX cases_pressing ON cases (coalesce(press_at, due_at, 'infinity'), case_id) WHERE is_open;
CREATE INDEX cases_by_number ON cases (number);
CREATE INDEX cases_merged ON cases (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX cases_asked ON cases USING gin (asked) WHERE is_open AND asked <> '{}';
CREATE INDEX cases_summoned ON cases USING gin (summoned) WHERE is_open AND summoned <> '{}';
CREATE INDEX cases_disputed ON cases USING gin (disputed_between) WHERE is_open AND is_disputed;
CREATE INDEX cases_problem ON cases (area text_pattern_ops) WHERE is_open AND problem IS NOT NULL;
CREATE INDEX cases_to_close ON cases (area text_pattern_ops) WHERE is_open AND (is_cleared OR is_waived);
CREATE TABLE tasks (
    task_id       uuid PRIMARY KEY,
    case_id       uuid NOT NULL,
    department    text NOT NULL,
    joined        text,
    what          text NOT NULL,
    mandatory     boolean NOT NULL,
    due_at        timestamptz,
    is_signed     boolean NOT NULL,
    answered_at   timestamptz,
    extensions    integer NOT NULL,
    claim_hours   integer,
    claim_id      uuid,
    claimed_by    text,
    claimed_until timestamptz,
    is_live       boolean NOT NULL,
    given_at      timestamptz NOT NULL,
    press_stage   text,
    press_at      timestamptz,
    press_warn_at timestamptz,
    press_counted boolean NOT NULL,
    press_nights  boolean NOT NULL,
    press_paused  boolean NOT NULL
);
CREATE INDEX tasks_of_case ON tasks (case_id) WHERE is_live;
CREATE INDEX tasks_of_department ON tasks (department, coalesce(due_at, 'infinity'), task_id) WHERE is_live;
CREATE INDEX tasks_pressing ON tasks (department, coalesce(press_at, due_at, 'infinity'), task_id) WHERE is_live;

-- projection: pool
-- What was ever put into the open pool: the last offer of each case, and who has claimed it until when.
CREATE TABLE pool (
    case_id     uuid PRIMARY KEY,
    task_id     uuid NOT NULL,
    what        text NOT NULL,
    claim_hours integer NOT NULL,
    due_at      timestamptz,
    is_pooled   boolean NOT NULL,
    claim_id    uuid,
    claimed_by  text,
    expires_at  timestamptz,
    offered_at  timestamptz NOT NULL,
    position    bigint NOT NULL
);
CREATE INDEX pool_by_due ON pool (coalesce(due_at, 'infinity'), case_id) WHERE is_pooled;

-- projection: places
-- What places are called, for people who read lists.
CREATE TABLE places (
    path     text PRIMARY KEY,
    name     text NOT NULL,
    tier     smallint NOT NULL,
    position bigint NOT NULL
);
