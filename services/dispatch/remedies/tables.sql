-- What is put right for good, and what came back where: made of events, rebuilt at any time.

-- projection: remedies
CREATE TABLE remedies (
    remedy_id    uuid PRIMARY KEY,
    kind         text NOT NULL,
    severity     text NOT NULL,
    state        text NOT NULL,
    is_open      boolean NOT NULL,
    area         text NOT NULL,
    place        text,
    lat          double precision,
    lon          double precision,
    issue_type   text NOT NULL,
    title        text NOT NULL,
    department   text,
    due_at       timestamptz,
    plans        integer NOT NULL,
    failures     integer NOT NULL,
    relapses     integer NOT NULL,
    opened_at    timestamptz NOT NULL,
    rectified_at timestamptz,
    cleared_at   timestamptz,
    changed_at   timestamptz NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX remedies_newest ON remedies (opened_at DESC, remedy_id DESC);
CREATE INDEX remedies_of_place ON remedies (issue_type, area) WHERE kind = 'root_cause';
CREATE TABLE remedy_cases (
    remedy_id uuid NOT NULL,
    case_id   uuid NOT NULL,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (remedy_id, case_id)
);
CREATE INDEX remedy_cases_of_case ON remedy_cases (case_id);

-- projection: recurrences
-- Every report of something that had been closed in its place not long before.
CREATE TABLE recurrences (
    report_id   uuid PRIMARY KEY,
    issue_type  text NOT NULL,
    area        text NOT NULL,
    times       integer NOT NULL,
    reported_at timestamptz NOT NULL,
    position    bigint NOT NULL
);
CREATE INDEX recurrences_by_time ON recurrences (reported_at);
