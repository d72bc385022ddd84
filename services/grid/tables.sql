-- The read tables of grid. Every section can be made again from the log: `wuji projection rebuild NAME`.

-- projection: areas
-- The five-tier tree by name.
CREATE TABLE areas (
    path   text PRIMARY KEY,
    parent text,
    tier   smallint NOT NULL,
    name   text NOT NULL,
    kind   text NOT NULL,
    lat    double precision,
    lon    double precision
);
CREATE INDEX areas_by_parent ON areas (parent, path);

-- projection: grids
CREATE TABLE grids (
    code       text PRIMARY KEY,
    name       text NOT NULL,
    community  text NOT NULL,
    covers     text[] NOT NULL,
    households integer NOT NULL
);
CREATE INDEX grids_by_community ON grids (community, code);

-- Every drawing that a grid ever had: who was responsible on a day goes by the lines of that day.
CREATE TABLE grid_drawings (
    code       text NOT NULL,
    position   bigint NOT NULL,
    drawn_on   date NOT NULL,
    name       text NOT NULL,
    community  text NOT NULL,
    covers     text[] NOT NULL,
    households integer NOT NULL,
    PRIMARY KEY (code, position)
);
CREATE INDEX grid_drawings_by_community ON grid_drawings (community, code);

-- projection: appointments
CREATE TABLE appointments (
    appointment_id uuid PRIMARY KEY,
    person         text NOT NULL,
    post           text NOT NULL,
    area           text NOT NULL,
    grid           text,
    unit           text,
    since          date NOT NULL,
    until          date
);
CREATE INDEX appointments_by_area ON appointments (area, since);
CREATE INDEX appointments_by_person ON appointments (person, since);

-- projection: checks
-- What is to be looked at, and what was found.
CREATE TABLE checks (
    check_id     uuid PRIMARY KEY,
    case_id      uuid NOT NULL,
    area         text NOT NULL,
    department   text NOT NULL,
    attempt      integer NOT NULL,
    requested_at timestamptz NOT NULL,
    outcome      text,
    findings     text,
    checked_by   text,
    checked_at   timestamptz
);
CREATE INDEX checks_pending ON checks (requested_at, check_id) WHERE outcome IS NULL;

-- projection: cases
-- One row per issue from the first report on, and what all rows add up to per area.
CREATE TABLE cases (
    case_id       uuid PRIMARY KEY,
    number        text,
    area          text NOT NULL,
    state         text NOT NULL,
    step          text NOT NULL,
    source        text,
    issue_type    text,
    urgency       text,
    loop          text,
    title         text,
    department    text,
    reported_at   timestamptz NOT NULL,
    filed_at      timestamptz,
    dispatched_at timestamptz,
    due_at        timestamptz,
    handled_at    timestamptz,
    closed_at     timestamptz,
    on_time       boolean,
    attempt       integer NOT NULL,
    reworks       integer NOT NULL,
    satisfaction  text,
    resolved      boolean,
    is_open       boolean NOT NULL,
    awaited       boolean NOT NULL,
    position      bigint NOT NULL
) WITH (fillfactor = 70);
-- A list of cases at any tier is a walk along one index, newest first, however many cases there are.
CREATE INDEX cases_of_district ON cases (left(area, 6), reported_at DESC, case_id);
CREATE INDEX cases_of_street ON cases (left(area, 10), reported_at DESC, case_id);
CREATE INDEX cases_of_community ON cases (left(area, 14), reported_at DESC, case_id);
CREATE INDEX cases_of_group ON cases (left(area, 18), reported_at DESC, case_id);
CREATE INDEX cases_of_building ON cases (area, reported_at DESC, case_id);
-- What is still awaited, by the instant it is due: the present day is counted from here.
CREATE INDEX cases_awaited ON cases (due_at) WHERE awaited;

-- `n` cases of the area and everything below it have the key under the measure.
CREATE TABLE area_counts (
    area    text COLLATE "C" NOT NULL,
    measure text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    n       bigint NOT NULL,
    PRIMARY KEY (area, measure, key)
) WITH (fillfactor = 70);

-- projection: accounts
CREATE TABLE accounts (
    account    text PRIMARY KEY,
    role       text NOT NULL,
    area       text,
    department text,
    enabled    boolean NOT NULL,
    created_at timestamptz NOT NULL
);

-- projection: names
-- What departments and kinds of issue are called: pages say names, not codes.
CREATE TABLE names (
    kind text NOT NULL,
    code text NOT NULL,
    zh   text NOT NULL,
    en   text NOT NULL,
    PRIMARY KEY (kind, code)
);
