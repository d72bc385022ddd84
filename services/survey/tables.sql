-- The read tables of survey: made of events, rebuilt at any time.

-- projection: feedback
-- One row for every question asked, and its answer.
CREATE TABLE feedback (
    feedback_id     uuid PRIMARY KEY,
    case_id         uuid NOT NULL,
    number          text NOT NULL,
    area            text NOT NULL,
    attempt         integer NOT NULL,
    invited_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    answered_at     timestamptz,
    resolved        boolean,
    satisfaction    text,
    words           text,
    wants_reopening boolean,
    position        bigint NOT NULL
);
CREATE INDEX feedback_answered ON feedback (answered_at DESC, feedback_id) WHERE answered_at IS NOT NULL;
CREATE INDEX feedback_invited ON feedback (invited_at DESC, feedback_id);
CREATE INDEX feedback_of_case ON feedback (case_id);
CREATE INDEX feedback_by_area ON feedback (area text_pattern_ops);

-- projection: counted
-- One row per report, case, task, clock and question, in every version that it ever had: what figures are counted from.
CREATE TABLE counted (
    kind           text NOT NULL,
    ref            uuid NOT NULL,
    case_id        uuid NOT NULL,
    area           text NOT NULL,
    number         text,
    department     text,
    issue_type     text,
    source         text,
    stage          text,
    opened_at      timestamptz NOT NULL,
    due_at         timestamptz,
    done_at        timestamptz,
    outcome        text NOT NULL,
    on_time        boolean,
    is_suspended   boolean NOT NULL,
    is_mandatory   boolean NOT NULL,
    resolved       boolean,
    extensions     integer NOT NULL,
    failed_checks  integer NOT NULL,
    round          integer NOT NULL,
    due_because_of text,
    from_position  bigint NOT NULL,
    until_position bigint NOT NULL,
    PRIMARY KEY (kind, ref, from_position)
);
CREATE INDEX counted_of_case ON counted (case_id) WHERE until_position = 9223372036854775807;
CREATE INDEX counted_opened ON counted (kind, opened_at);
CREATE INDEX counted_due ON counted (kind, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX counted_done ON counted (kind, done_at) WHERE done_at IS NOT NULL;

-- projection: ground
-- What figures are grouped by and called: grids by the areas that they cover, names of areas and departments.
CREATE TABLE grid_covers (
    area text PRIMARY KEY,
    grid text NOT NULL
);
CREATE TABLE names (
    what text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (what, code)
);

-- projection: appraisals
-- One row per announcement of figures.
CREATE TABLE appraisals (
    appraisal_id uuid PRIMARY KEY,
    title        text NOT NULL,
    area         text NOT NULL,
    by           text NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    versions     integer NOT NULL,
    position     bigint NOT NULL,
    counted_at   timestamptz NOT NULL
);
CREATE INDEX appraisals_by_area ON appraisals (area, until DESC);

-- projection: flags
-- What looked odd beside a case, and what somebody found who looked.
CREATE TABLE flags (
    flag_id    uuid PRIMARY KEY,
    case_id    uuid NOT NULL,
    area       text NOT NULL,
    suspicion  text NOT NULL,
    because    text NOT NULL,
    department text,
    raised_at  timestamptz NOT NULL,
    founded    boolean,
    words      text,
    settled_at timestamptz
);
CREATE INDEX flags_by_time ON flags (raised_at DESC, flag_id);
CREATE INDEX flags_of_case ON flags (case_id);

-- projection: closings
-- Who closed each case, and when: many by one account at month's end is a flag.
CREATE TABLE closings (
    case_id   uuid PRIMARY KEY,
    closed_by text NOT NULL,
    closed_at timestamptz NOT NULL
);
CREATE INDEX closings_by_account ON closings (closed_by, closed_at);
