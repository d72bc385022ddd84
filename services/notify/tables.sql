-- The read tables of notify: made of events, rebuilt at any time.

-- projection: reporters
CREATE TABLE reporters (
    report_id   uuid PRIMARY KEY,
    subject_id  uuid,
    number      text NOT NULL,
    merged_into uuid
);

CREATE INDEX reporters_merged ON reporters (merged_into) WHERE merged_into IS NOT NULL;

-- projection: departments
CREATE TABLE departments (
    code    text PRIMARY KEY,
    name    text NOT NULL,
    name_en text NOT NULL,
    contact text
);

-- projection: notices
CREATE TABLE notices (
    notice_id      uuid PRIMARY KEY,
    template       text NOT NULL,
    recipient_kind text NOT NULL,
    recipient      text NOT NULL,
    channel        text NOT NULL,
    about          uuid NOT NULL,
    area           text NOT NULL,
    state          text NOT NULL,
    reason         text,
    requested_at   timestamptz NOT NULL,
    settled_at     timestamptz
);

CREATE INDEX notices_by_time ON notices (requested_at DESC, notice_id);
CREATE INDEX notices_about ON notices (about);
CREATE INDEX notices_unsettled ON notices (state, requested_at) WHERE state <> 'delivered';

-- projection: emergencies
-- Areas that are in emergency mode now, and the templates that are used meanwhile.
CREATE TABLE emergencies (
    area      text PRIMARY KEY,
    templates text
);
