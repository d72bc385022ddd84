-- The read tables of intake: made of events, rebuilt at any time.

-- projection: areas
CREATE TABLE areas (
    path text PRIMARY KEY,
    name text NOT NULL,
    tier smallint NOT NULL,
    lat  double precision,
    lon  double precision
);

CREATE INDEX areas_by_centre ON areas (tier, lat, lon) WHERE lat IS NOT NULL;

-- projection: outlines
-- Where an area ends, as the city says it: its shape in WGS-84, as WKB.
CREATE TABLE outlines (
    path     text PRIMARY KEY,
    position bigint NOT NULL,
    shape    bytea NOT NULL
);

-- projection: issue_types
CREATE TABLE issue_types (
    code               text PRIMARY KEY,
    name               text NOT NULL,
    name_en            text NOT NULL,
    group_name         text NOT NULL,
    keywords           text[] NOT NULL,
    limit_amount       integer,
    limit_unit         text,
    needs_verification boolean NOT NULL,
    is_withdrawn       boolean NOT NULL
);

-- projection: departments
CREATE TABLE departments (
    code    text PRIMARY KEY,
    name    text NOT NULL,
    name_en text NOT NULL
);

-- projection: reports
CREATE TABLE reports (
    report_id   uuid PRIMARY KEY,
    number      text NOT NULL UNIQUE,
    area        text NOT NULL,
    state       text NOT NULL,
    is_open     boolean NOT NULL,
    is_waiting  boolean NOT NULL,
    found       boolean,
    source      text NOT NULL,
    issue_type  text NOT NULL,
    issue_group text NOT NULL,
    urgency     text NOT NULL,
    title       text NOT NULL,
    words       text NOT NULL,
    place       text,
    lat         double precision,
    lon         double precision,
    subject_id  uuid,
    merged_into uuid,
    reported_at timestamptz NOT NULL,
    told_openly boolean NOT NULL,
    department  text,
    due_at      timestamptz,
    outcome     text,
    photos      text[] NOT NULL,
    appealed    boolean NOT NULL,
    assignee    text,
    closed_at   timestamptz,
    updated_at  timestamptz NOT NULL
);

CREATE INDEX reports_waiting ON reports (reported_at, report_id) WHERE is_waiting;
CREATE INDEX reports_by_place ON reports (issue_group, area text_pattern_ops) WHERE is_open;
CREATE INDEX reports_by_point ON reports (issue_group, lat, lon) WHERE is_open AND lat IS NOT NULL;
CREATE INDEX reports_by_subject ON reports (subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX reports_by_time ON reports (reported_at DESC, report_id);
CREATE INDEX reports_by_change ON reports (updated_at, report_id);
CREATE INDEX reports_closed_by_place ON reports (issue_type, area, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX reports_closed_by_point ON reports (issue_type, lat, lon) WHERE closed_at IS NOT NULL AND lat IS NOT NULL;
CREATE INDEX reports_merged ON reports (merged_into) WHERE merged_into IS NOT NULL;

-- projection: progress
CREATE TABLE milestones (
    report_id   uuid NOT NULL,
    position    bigint NOT NULL,
    type        text NOT NULL,
    note        json NOT NULL,
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (report_id, position)
);

CREATE INDEX milestones_by_time ON milestones (happened_at, position);

-- projection: photos
CREATE TABLE photos (
    sha256      text PRIMARY KEY,
    size        integer NOT NULL,
    fingerprint text NOT NULL,
    taken_at    timestamptz,
    lat         double precision,
    lon         double precision,
    area        text NOT NULL,
    sent_by     text NOT NULL,
    stored_at   timestamptz NOT NULL,
    erased_at   timestamptz,
    erased_why  text
);
CREATE INDEX photos_kept ON photos (stored_at) WHERE erased_at IS NULL;
CREATE INDEX photos_erased ON photos (erased_at) WHERE erased_at IS NOT NULL;

-- projection: photo_uses
CREATE TABLE photo_uses (
    sha256 text NOT NULL,
    issue  uuid NOT NULL,
    area   text NOT NULL,
    PRIMARY KEY (sha256, issue)
);
