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

-- projection: boundaries
-- Where an area ends: its shape in WGS-84, as WKB.
CREATE TABLE boundaries (
    path      text PRIMARY KEY,
    parent    text,
    source    text NOT NULL,
    tolerance double precision NOT NULL,
    points    integer NOT NULL,
    position  bigint NOT NULL,
    shape     bytea NOT NULL
);
CREATE INDEX boundaries_by_parent ON boundaries (parent, path);

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
-- What is to be looked at, by whom, and what was found; a spot check is of a closed case and names no department.
CREATE TABLE checks (
    check_id     uuid PRIMARY KEY,
    case_id      uuid NOT NULL,
    area         text NOT NULL,
    kind         text NOT NULL,
    department   text,
    co_handlers  text[] NOT NULL,
    assigned_to  text,
    attempt      integer NOT NULL,
    requested_at timestamptz NOT NULL,
    outcome      text,
    findings     text,
    checked_by   text,
    checked_at   timestamptz
);
CREATE INDEX checks_pending ON checks (requested_at, check_id) WHERE outcome IS NULL;
CREATE INDEX checks_of_a_case ON checks (case_id);

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
    task_id       uuid,
    reported_at   timestamptz NOT NULL,
    filed_at      timestamptz,
    dispatched_at timestamptz,
    due_at        timestamptz,
    handled_at    timestamptz,
    closed_at     timestamptz,
    on_time       boolean,
    attempt       integer NOT NULL,
    reworks       integer NOT NULL,
    on_the_spot   boolean NOT NULL,
    problem       boolean NOT NULL,
    satisfaction  text,
    resolved      boolean,
    is_open       boolean NOT NULL,
    awaited       boolean NOT NULL,
    step_since    timestamptz NOT NULL,
    in_report     bigint,
    in_dispatch   bigint,
    in_handle     bigint,
    in_check      bigint,
    first_position bigint NOT NULL,
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

-- How a case stood from a position on. One that moved has a second row, `gone`, for the area that it left. Instants
-- never run back along the positions.
CREATE TABLE case_past (
    position     bigint NOT NULL,
    case_id      uuid NOT NULL,
    at           timestamptz NOT NULL,
    gone         boolean NOT NULL,
    due_anew     boolean NOT NULL,
    area         text COLLATE "C" NOT NULL,
    state        text NOT NULL,
    loop         text,
    issue_type   text,
    department   text,
    satisfaction text,
    resolved     boolean,
    on_time      boolean,
    on_the_spot  boolean NOT NULL,
    problem      boolean NOT NULL,
    is_open      boolean NOT NULL,
    awaited      boolean NOT NULL,
    reported_at  timestamptz NOT NULL,
    due_at       timestamptz,
    handled_at   timestamptz,
    closed_at    timestamptz,
    in_report    bigint,
    in_dispatch  bigint,
    in_handle    bigint,
    in_check     bigint,
    PRIMARY KEY (position, gone)
);
CREATE INDEX case_past_of_an_area ON case_past (area, position);
CREATE INDEX case_past_of_a_case ON case_past (case_id, position) WHERE NOT gone;
CREATE INDEX case_past_due ON case_past (due_at) WHERE due_anew;
CREATE INDEX case_past_gone ON case_past (area, position) WHERE gone;

-- All counters of an area as of a position: those of the tiers down to `depth` whose areas changed since the last mark.
CREATE TABLE past_marks (
    position bigint PRIMARY KEY,
    at       timestamptz NOT NULL,
    depth    smallint NOT NULL
);
CREATE TABLE area_sums (
    area     text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    sums     json NOT NULL,
    PRIMARY KEY (area, position)
);

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

-- projection: duty
-- Places that somebody has to be at, who is there when, and which areas are in emergency mode.
CREATE TABLE duty_posts (
    post_id           uuid PRIMARY KEY,
    area              text NOT NULL,
    name              text NOT NULL,
    kind              text NOT NULL,
    since             timestamptz NOT NULL,
    around_the_clock  boolean NOT NULL,
    roll_call_minutes integer NOT NULL,
    takeover_minutes  integer,
    emergency         boolean NOT NULL,
    closed_at         timestamptz,
    answered_at       timestamptz,
    silent_since      timestamptz,
    taken_over_by     text,
    gaps_told         timestamptz[] NOT NULL
);
CREATE INDEX duty_posts_open ON duty_posts (area) WHERE closed_at IS NULL;

CREATE TABLE duty_shifts (
    shift_id    uuid PRIMARY KEY,
    post_id     uuid NOT NULL,
    person      text NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    answered_at timestamptz,
    notes       text,
    cancelled   text
);
CREATE INDEX duty_shifts_of_a_post ON duty_shifts (post_id, ends_at);
CREATE INDEX duty_shifts_of_a_person ON duty_shifts (person, ends_at);

CREATE TABLE emergencies (
    area       text NOT NULL,
    started_at timestamptz NOT NULL,
    kind       text NOT NULL,
    reason     text NOT NULL,
    templates  text,
    started_by text NOT NULL,
    ended_at   timestamptz,
    ended_by   text,
    end_reason text,
    PRIMARY KEY (area, started_at)
);
CREATE INDEX emergencies_running ON emergencies (area) WHERE ended_at IS NULL;

-- projection: visits
-- One row per visit, on the day in the field.
CREATE TABLE visits (
    visit_id     uuid PRIMARY KEY,
    area         text NOT NULL,
    grid         text,
    community    text,
    household    text NOT NULL,
    day          date NOT NULL,
    visited_at   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    visitor      text NOT NULL,
    met          boolean NOT NULL,
    outcome      text NOT NULL,
    words        text NOT NULL,
    report_id    uuid,
    reply_due_at timestamptz,
    replied_at   timestamptz,
    reply        text,
    on_time      boolean,
    told_overdue boolean NOT NULL,
    satisfaction text
);
CREATE INDEX visits_of_a_community ON visits (community, day);
CREATE INDEX visits_of_a_grid ON visits (grid, day);
CREATE INDEX visits_of_a_street ON visits (left(area, 10), day);
CREATE INDEX visits_by_time ON visits (visited_at DESC, visit_id DESC);
CREATE INDEX visits_waiting ON visits (reply_due_at) WHERE reply_due_at IS NOT NULL AND replied_at IS NULL;

-- projection: stages
-- Every clock that runs, and how many of them fall due on which day, by area and stage.
CREATE TABLE stage_clocks (
    clock_id uuid PRIMARY KEY,
    area     text NOT NULL,
    stage    text NOT NULL,
    due_at   timestamptz
);
CREATE INDEX stage_clocks_due ON stage_clocks (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE stage_counts (
    area  text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    day   text COLLATE "C" NOT NULL,
    n     bigint NOT NULL,
    PRIMARY KEY (area, stage, day)
) WITH (fillfactor = 70);

-- projection: check_times
-- Until when a case's check has to have its answer.
CREATE TABLE check_times (
    case_id  uuid PRIMARY KEY,
    clock_id uuid NOT NULL,
    due_at   timestamptz NOT NULL,
    warn_at  timestamptz,
    because  text NOT NULL
);
CREATE INDEX check_times_of_clock ON check_times (clock_id);
