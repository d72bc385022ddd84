-- The timer is a role of its own. Two roles may append to one category, as dispatch and the timer do to clocks: the
-- version that an append expects keeps them apart, whoever they are. What a category alone leaves too wide is narrowed
-- by type: whoever stands in es.types appends what is named there and nothing else.
-- depends: 0011_remedies

INSERT INTO es.categories (category, role, origin) VALUES
    ('clock', 'wuji_timer', NULL),
    ('case', 'wuji_timer', NULL),
    ('admission', 'wuji_timer', NULL);

CREATE TABLE es.types (
    role name NOT NULL,
    type text NOT NULL,
    PRIMARY KEY (role, type)
);

INSERT INTO es.types (role, type) VALUES
    ('wuji_timer', 'clock.started'),
    ('wuji_timer', 'clock.paused'),
    ('wuji_timer', 'clock.recomputed'),
    ('wuji_timer', 'clock.stopped'),
    ('wuji_timer', 'clock.warned'),
    ('wuji_timer', 'clock.breached'),
    ('wuji_timer', 'escalation.raised'),
    ('wuji_timer', 'task.claim_expired'),
    ('wuji_timer', 'admission.expired');

CREATE FUNCTION es.refuse_type() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, es AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM es.types t WHERE t.role = session_user AND t.type = NEW.type) THEN
        RAISE EXCEPTION '% may not append %', session_user, NEW.type USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

-- Everybody else pays for one comparison.
CREATE TRIGGER only_what_time_does BEFORE INSERT ON es.events
    FOR EACH ROW WHEN (session_user = 'wuji_timer') EXECUTE FUNCTION es.refuse_type();

GRANT USAGE ON SCHEMA es TO wuji_timer;
GRANT SELECT ON es.streams, es.events, es.feed, es.relay_cursor, es.idempotency, es.categories, es.cluster
    TO wuji_timer;
GRANT EXECUTE ON FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
) TO wuji_timer;
