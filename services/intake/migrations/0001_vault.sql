-- Sealed contacts and words, who read them, and the counters of tracking numbers: what no event can rebuild.

CREATE TABLE intake.subjects (
    subject_id  uuid PRIMARY KEY,
    report_id   uuid NOT NULL,
    area        text NOT NULL,
    wrapped_key bytea,
    contact     bytea,
    words       bytea,
    created_at  timestamptz NOT NULL,
    erased_at   timestamptz,
    CONSTRAINT erased_or_sealed CHECK ((erased_at IS NULL) = (wrapped_key IS NOT NULL))
);

CREATE TABLE intake.accesses (
    access_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_id uuid NOT NULL,
    read_by    text NOT NULL,
    role       text NOT NULL,
    purpose    text NOT NULL,
    read_at    timestamptz NOT NULL
);

CREATE INDEX accesses_of_a_subject ON intake.accesses (subject_id, read_at);

CREATE TABLE intake.number_blocks (
    district text NOT NULL,
    day      date NOT NULL,
    next     integer NOT NULL,
    PRIMARY KEY (district, day)
);

-- The only way for another service to a reporter: one row by id, the contact alone, and the reading is recorded.
CREATE FUNCTION intake.sealed_contact(subject uuid)
RETURNS TABLE (wrapped_key bytea, contact bytea, erased boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO intake.accesses (subject_id, read_by, role, purpose, read_at)
    SELECT s.subject_id, session_user, 'service', 'notice', now() FROM intake.subjects s
    WHERE s.subject_id = subject AND s.erased_at IS NULL;

    SELECT s.wrapped_key, s.contact, s.erased_at IS NOT NULL FROM intake.subjects s WHERE s.subject_id = subject;
$$;

REVOKE ALL ON FUNCTION intake.sealed_contact(uuid) FROM PUBLIC;
GRANT USAGE ON SCHEMA intake TO wuji_notify;
GRANT EXECUTE ON FUNCTION intake.sealed_contact(uuid) TO wuji_notify;
