-- Who looked at which photo: what no event can rebuild.

CREATE TABLE intake.photo_accesses (
    access_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256    text NOT NULL,
    size      text NOT NULL,
    read_by   text NOT NULL,
    role      text NOT NULL,
    read_at   timestamptz NOT NULL
);

CREATE INDEX accesses_of_a_photo ON intake.photo_accesses (sha256, read_at);
