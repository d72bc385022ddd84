-- What was tried and what came of it, and the messages of the captured outbox: what no event can rebuild.

CREATE TABLE notify.deliveries (
    notice_id   uuid NOT NULL,
    attempt     integer NOT NULL,
    channel     text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('trying', 'delivered', 'unavailable', 'refused')),
    error       text,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (notice_id, attempt)
);

CREATE TABLE notify.outbox (
    notice_id  uuid PRIMARY KEY,
    template   text NOT NULL,
    recipient  text NOT NULL,
    address    text NOT NULL,
    about      uuid NOT NULL,
    subject    text NOT NULL,
    body       text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX outbox_by_time ON notify.outbox (created_at, notice_id);
CREATE INDEX outbox_about ON notify.outbox (about);
