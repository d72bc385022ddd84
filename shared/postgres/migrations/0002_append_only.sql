-- Nobody changes what was recorded: not by grant (none is given), and not as the owner.
-- depends: 0001_log

CREATE FUNCTION es.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON es.events FOR EACH ROW EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON es.events EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON es.events_default EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON es.feed FOR EACH ROW EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON es.feed EXECUTE FUNCTION es.refuse_change();

-- Makes the partitions of this month and of the months ahead that do not exist yet; answers the names of the new ones.
-- A month whose first events already went to the default partition stays there. Making one waits for those who read or
-- append, and everybody else waits behind it: hence a short patience, and months ahead of need.
CREATE FUNCTION es.make_partitions(months_ahead integer) RETURNS SETOF text LANGUAGE plpgsql
SET lock_timeout = '5s' AS $$
DECLARE
    first timestamptz;
    next timestamptz;
    part text;
BEGIN
    FOR i IN 0..months_ahead LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
        next := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
        part := 'events_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass('es.' || part) IS NOT NULL;
        CONTINUE WHEN EXISTS (SELECT FROM es.events_default WHERE recorded_at >= first AND recorded_at < next);
        EXECUTE format('CREATE TABLE es.%I PARTITION OF es.events FOR VALUES FROM (%L) TO (%L)', part, first, next);
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON es.%I EXECUTE FUNCTION es.refuse_change()', part);
        RETURN NEXT part;
    END LOOP;
END
$$;
