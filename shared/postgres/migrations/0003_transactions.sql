-- The log's own count of transactions, and the positions that the relay gives from it.
-- depends: 0002_append_only

-- The number of the running transaction.
CREATE FUNCTION es.txid() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT pg_current_xact_id()::text::bigint + shift FROM es.cluster
$$;

-- Every transaction below the horizon has ended: what it appended is visible, and nothing more will come from it.
-- A reader that orders by (txid, seq) and stays below the horizon can therefore never miss a slower writer.
CREATE FUNCTION es.horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + shift FROM es.cluster
$$;

-- Gives the next dense positions to at most so many events; answers how many. For one leader at a time: of two that
-- run it at once, the second fails on the primary key and changes nothing.
CREATE FUNCTION es.assign_positions(at_most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    limit_txid bigint := es.horizon();
    last es.feed;
    added integer;
BEGIN
    SELECT * INTO last FROM es.feed ORDER BY position DESC LIMIT 1;
    INSERT INTO es.feed (position, txid, seq, recorded_at)
    SELECT coalesce(last.position, 0) + row_number() OVER (ORDER BY found.txid, found.seq),
           found.txid, found.seq, found.recorded_at
    FROM (SELECT e.txid, e.seq, e.recorded_at
          FROM es.events e
          WHERE (e.txid, e.seq) > (coalesce(last.txid, -1), coalesce(last.seq, -1)) AND e.txid < limit_txid
          ORDER BY e.txid, e.seq
          LIMIT at_most) found;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;

-- After a restore into another cluster: shifts the count so that new transactions come after all recorded ones.
-- Answers whether it had to.
CREATE FUNCTION es.adopt_cluster() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    here bigint := (SELECT system_identifier FROM pg_control_system());
    newest bigint;
BEGIN
    PERFORM FROM es.cluster WHERE system_identifier = here;
    IF FOUND THEN
        RETURN false;
    END IF;
    SELECT greatest(coalesce((SELECT max(txid) FROM es.events), 0), coalesce((SELECT max(last_txid) FROM es.streams), 0))
    INTO newest;
    UPDATE es.cluster SET system_identifier = here,
        shift = greatest(0, newest + 1 - pg_current_xact_id()::text::bigint);
    RETURN true;
END
$$;
