-- The register of campaigns: made of events, rebuilt at any time.

-- projection: campaigns
CREATE TABLE campaigns (
    campaign_id uuid PRIMARY KEY,
    title       text NOT NULL,
    area        text NOT NULL,
    issue_types text[] NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    lead        text NOT NULL,
    extensions  integer NOT NULL,
    is_ended    boolean NOT NULL,
    opened_at   timestamptz NOT NULL,
    position    bigint NOT NULL
);
CREATE INDEX campaigns_newest ON campaigns (since DESC, campaign_id DESC);
