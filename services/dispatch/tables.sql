-- The read tables of dispatch: made of events, rebuilt at any time.

-- projection: rulebook
-- The latest word of every line of the reference data, as its event said it. Read whole into memory (queries.py).
CREATE TABLE departments (
    code     text PRIMARY KEY,
    body     json NOT NULL,
    version  integer NOT NULL,
    position bigint NOT NULL
);
CREATE TABLE issue_types (
    code     text PRIMARY KEY,
    body     json NOT NULL,
    version  integer NOT NULL,
    position bigint NOT NULL
);
CREATE TABLE responsibilities (
    rule     text PRIMARY KEY,
    body     json NOT NULL,
    version  integer NOT NULL,
    position bigint NOT NULL
);
CREATE TABLE calendars (
    year     integer PRIMARY KEY,
    body     json NOT NULL,
    version  integer NOT NULL,
    position bigint NOT NULL
);
-- Limits, ladders and samples: kind is the event's name.
CREATE TABLE standards (
    kind     text NOT NULL,
    rule     text NOT NULL,
    body     json NOT NULL,
    version  integer NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (kind, rule)
);

-- projection: cases
-- The work list: one row for every case, with who has it and until when.
CREATE TABLE cases (
    case_id     uuid PRIMARY KEY,
    number      text NOT NULL,
    area        text NOT NULL,
    issue_type  text NOT NULL,
    urgency     text NOT NULL,
    loop        text NOT NULL,
    title       text NOT NULL,
    place       text,
    state       text NOT NULL,
    is_open     boolean NOT NULL,
    is_cleared  boolean NOT NULL,
    department  text,
    co_handlers text[] NOT NULL,
    attempt     integer NOT NULL,
    reworks     integer NOT NULL,
    due_at      timestamptz,
    answered_at timestamptz,
    reported_at timestamptz NOT NULL,
    filed_at    timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    position    bigint NOT NULL
);
CREATE INDEX cases_to_do ON cases (coalesce(due_at, 'infinity'), case_id) WHERE is_open;
CREATE INDEX cases_of_department ON cases (department, coalesce(due_at, 'infinity'), case_id);
CREATE INDEX cases_by_state ON cases (state, coalesce(due_at, 'infinity'), case_id);
CREATE INDEX cases_by_area ON cases (area text_pattern_ops);
