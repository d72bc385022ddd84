-- Which letters somebody has read: no event says so, and none could rebuild it.
-- depends: 0005_deliveries_by_time

CREATE TABLE notify.letters_read (
    account   text NOT NULL,
    notice_id uuid NOT NULL,
    read_at   timestamptz NOT NULL,
    PRIMARY KEY (account, notice_id)
);
