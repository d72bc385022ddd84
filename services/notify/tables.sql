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
    settled_at     timestamptz,
    quoted         json NOT NULL,
    not_before     timestamptz
);

CREATE INDEX notices_by_time ON notices (requested_at DESC, notice_id);
CREATE INDEX notices_about ON notices (about);
CREATE INDEX notices_unsettled ON notices (state, requested_at) WHERE state <> 'delivered';
CREATE INDEX notices_of_colleagues ON notices (recipient_kind, recipient, requested_at DESC, notice_id)
    WHERE recipient_kind IN ('person', 'department');
CREATE INDEX notices_that_wait ON notices (not_before) WHERE state = 'requested' AND not_before IS NOT NULL;

-- projection: emergencies
-- Areas that are in emergency mode now, and the templates that are used meanwhile.
CREATE TABLE emergencies (
    area      text PRIMARY KEY,
    templates text
);

-- projection: people
-- Who stands where, and who has an account; how somebody is reached, and by what number, are two things.
CREATE TABLE posts (
    appointment_id uuid PRIMARY KEY,
    person         text NOT NULL,
    post           text NOT NULL,
    area           text NOT NULL,
    since          date NOT NULL,
    until          date
);
CREATE INDEX posts_of_an_area ON posts (area);
CREATE TABLE accounts (
    account    text PRIMARY KEY,
    role       text NOT NULL,
    area       text,
    department text,
    is_enabled boolean NOT NULL,
    ways       text[] NOT NULL
);
CREATE INDEX accounts_of_an_area ON accounts (area, role) WHERE is_enabled;

-- projection: calendars
-- The years of the working calendar, each in its latest version.
CREATE TABLE calendars (
    year    integer PRIMARY KEY,
    version integer NOT NULL,
    body    json NOT NULL
);

-- projection: area_names
CREATE TABLE area_names (
    path text PRIMARY KEY,
    name text NOT NULL
);
