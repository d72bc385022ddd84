-- The registers of admission: made of events, rebuilt at any time.

-- projection: admissions
-- Everything that departments ever applied for. Whether it is in force is asked of the period, at the moment of asking.
CREATE TABLE admissions (
    admission_id    uuid PRIMARY KEY,
    department      text NOT NULL,
    matter          text NOT NULL,
    state           text NOT NULL,
    scope           text[] NOT NULL,
    kinds           text[] NOT NULL,
    valid_from      timestamptz NOT NULL,
    valid_until     timestamptz NOT NULL,
    decide_by       timestamptz,
    is_short_notice boolean NOT NULL,
    reason          text,
    drafted_at      timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    position        bigint NOT NULL
);
CREATE INDEX admissions_newest ON admissions (drafted_at DESC, admission_id DESC);
CREATE INDEX admissions_to_expire ON admissions (valid_until) WHERE state IN ('approved', 'suspended');
GRANT SELECT ON admissions TO wuji_timer;

-- projection: demands
-- What departments asked of communities, and what was blocked; and the same once for each community, with its burden.
CREATE TABLE demands (
    demand_id  uuid PRIMARY KEY,
    department text NOT NULL,
    kind       text NOT NULL,
    matter     text NOT NULL,
    is_blocked boolean NOT NULL,
    asked      integer NOT NULL,
    missing    text[] NOT NULL,
    over       text[] NOT NULL,
    rule       text,
    reason     text,
    allowed_because text,
    due_at     timestamptz,
    made_at    timestamptz NOT NULL,
    position   bigint NOT NULL
);
CREATE INDEX demands_newest ON demands (made_at DESC, demand_id DESC);
CREATE TABLE demand_parts (
    demand_id    uuid NOT NULL,
    community    text NOT NULL,
    department   text NOT NULL,
    kind         text NOT NULL,
    fields       integer NOT NULL,
    admission_id uuid NOT NULL,
    outcome      text NOT NULL,
    on_time      boolean,
    made_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    position     bigint NOT NULL,
    PRIMARY KEY (demand_id, community)
);
CREATE INDEX demand_parts_of_community ON demand_parts (community text_pattern_ops, made_at);

-- Which fields of forms a community has filled in for whom; what it wrote stays in the log.
CREATE TABLE known_fields (
    community   text NOT NULL,
    field       text NOT NULL,
    department  text NOT NULL,
    demand_id   uuid NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (community, field)
);

-- projection: outside_demands
-- What communities told of as asked outside of the platform, and what leaders decided.
CREATE TABLE outside_demands (
    demand_id    uuid PRIMARY KEY,
    community    text NOT NULL,
    department   text,
    asked_by     text NOT NULL,
    channel      text NOT NULL,
    kind         text NOT NULL,
    what         text NOT NULL,
    fields       integer NOT NULL,
    asked_on     date NOT NULL,
    evidence     text[] NOT NULL,
    outcome      text,
    admission_id uuid,
    reason       text,
    reported_at  timestamptz NOT NULL,
    settled_at   timestamptz,
    position     bigint NOT NULL
);
CREATE INDEX outside_demands_newest ON outside_demands (reported_at DESC, demand_id DESC);
CREATE INDEX outside_demands_of_community ON outside_demands (community text_pattern_ops, asked_on);

-- projection: communities
-- Which communities there are, so that a demand may name a street and mean every community of it.
CREATE TABLE communities (
    path     text PRIMARY KEY,
    name     text NOT NULL,
    position bigint NOT NULL
);
CREATE INDEX communities_by_area ON communities (path text_pattern_ops);
