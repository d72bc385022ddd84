-- What lets people in: no event knows it, and none rebuilds it.

CREATE TABLE grid.account_keys (
    account       text PRIMARY KEY,
    name          text,
    hash          text NOT NULL,
    must_change   boolean NOT NULL,
    failures      integer NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    changed_at    timestamptz NOT NULL,
    signed_in_at  timestamptz
);
COMMENT ON COLUMN grid.account_keys.name IS 'what colleagues call its holder; kept out of all events';

-- Wrong passwords by where they came from, so that one address cannot try many accounts.
CREATE TABLE grid.log_in_failures (
    address text NOT NULL,
    since   timestamptz NOT NULL,
    n       integer NOT NULL,
    PRIMARY KEY (address)
);

-- Somebody at one browser. The cookie holds a secret of which only the hash is here.
CREATE TABLE grid.sessions (
    hash       bytea PRIMARY KEY,
    account    text NOT NULL,
    issuer     text,
    role       text NOT NULL,
    area       text,
    department text,
    name       text,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN grid.sessions.issuer IS 'the identity provider that vouched; null for accounts of our own';
CREATE INDEX sessions_by_account ON grid.sessions (account);
CREATE INDEX sessions_by_end ON grid.sessions (expires_at);
