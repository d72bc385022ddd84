-- Programs that report for others: the keys of Open311 clients, and the systems that send to us. No event rebuilds them.

CREATE TABLE intake.api_keys (
    key_id     uuid PRIMARY KEY,
    name       text NOT NULL,
    hash       bytea NOT NULL UNIQUE,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE UNIQUE INDEX one_valid_key_per_name ON intake.api_keys (name) WHERE revoked_at IS NULL;

CREATE TABLE intake.inbound_systems (
    name        text PRIMARY KEY,
    system_id   uuid NOT NULL UNIQUE,
    mapping     jsonb NOT NULL,
    wrapped_key bytea NOT NULL,
    secret      bytea NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
