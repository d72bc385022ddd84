-- The log: streams, events in monthly partitions, the feed that gives every event its dense position,
-- idempotency keys, and which role may append to which category.

-- One row per stream: the compare-and-set point of every append.
CREATE TABLE es.streams (
    stream text PRIMARY KEY CHECK (stream LIKE '_%-_%' AND strpos(stream, E'\x1f') = 0),
    version bigint NOT NULL,
    last_hash bytea NOT NULL,
    last_txid bigint NOT NULL
) WITH (fillfactor = 70);

CREATE SEQUENCE es.event_seq CACHE 1;

-- `data` and `actor` are json, not jsonb: the hash covers the very bytes that were appended.
CREATE TABLE es.events (
    stream text NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    seq bigint NOT NULL DEFAULT nextval('es.event_seq'),
    txid bigint NOT NULL,
    type text NOT NULL,
    schema_version integer NOT NULL,
    data json NOT NULL,
    area text NOT NULL,
    actor json NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    origin text NOT NULL,
    traceparent text,
    idempotency_key text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (stream, version, recorded_at),
    -- The separator of the hashed text may not occur in a field (valid json never contains it).
    CONSTRAINT events_fields_have_no_separator
        CHECK (strpos(concat(type, area, origin, traceparent, idempotency_key), E'\x1f') = 0),
    CONSTRAINT events_absent_is_null CHECK (traceparent <> '' AND idempotency_key <> '')
) PARTITION BY RANGE (recorded_at);

CREATE INDEX events_by_transaction ON es.events (txid, seq);
CREATE INDEX events_by_correlation ON es.events (correlation_id);

-- Takes what no month was made for, so that an append never fails for want of a partition.
CREATE TABLE es.events_default PARTITION OF es.events DEFAULT;

-- The whole log in one dense order. Rows are added by the relay's leader only.
CREATE TABLE es.feed (
    position bigint PRIMARY KEY CHECK (position > 0),
    txid bigint NOT NULL,
    seq bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (txid, seq)
);

-- How far the relay has published.
CREATE TABLE es.relay_cursor (
    name text PRIMARY KEY,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO es.relay_cursor (name, position) VALUES ('relay', 0);

-- A used key answers its first result again. Also the inbox of every reaction.
CREATE TABLE es.idempotency (
    key text PRIMARY KEY CHECK (key <> ''),
    stream text NOT NULL,
    version bigint NOT NULL,
    event_ids uuid[] NOT NULL,
    request_hash bytea,
    recorded_at timestamptz NOT NULL
);

-- Who may append to what; `origin` narrows a role to that origin (the importer may only bring in history).
CREATE TABLE es.categories (
    category text NOT NULL,
    role name NOT NULL,
    origin text,
    PRIMARY KEY (category, role)
);

-- Transaction numbers restart in another cluster; the shift keeps the log's own count growing across a restore.
CREATE TABLE es.cluster (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    system_identifier bigint NOT NULL,
    shift bigint NOT NULL
);
INSERT INTO es.cluster (system_identifier, shift) SELECT system_identifier, 0 FROM pg_control_system();
