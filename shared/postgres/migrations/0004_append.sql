-- es.append: one call stores a whole batch of appends, each with an outcome of its own.
-- depends: 0003_transactions

-- The hash of an event: sha256(hash of the event before it in the stream || its fields in this order, joined by 0x1f).
-- The first event of a stream is chained to nothing. Times are UTC with microseconds; what is null is empty.
CREATE FUNCTION es.event_hash(
    before bytea, stream text, version bigint, event_id uuid, type text, schema_version integer, area text, actor text,
    correlation_id uuid, causation_id uuid, origin text, traceparent text, idempotency_key text,
    occurred_at timestamptz, recorded text, data text
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(before || convert_to(concat(
        stream, E'\x1f', version, E'\x1f', event_id, E'\x1f', type, E'\x1f', schema_version, E'\x1f',
        area, E'\x1f', actor, E'\x1f', correlation_id, E'\x1f', causation_id, E'\x1f', origin, E'\x1f',
        traceparent, E'\x1f', idempotency_key, E'\x1f',
        to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), E'\x1f',
        recorded, E'\x1f', data), 'UTF8'))
$$;

-- A moment as the hash takes it: UTC with microseconds, whatever the session's settings.
CREATE FUNCTION es.moment(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
$$;

-- Per append: streams … request_hashes. Per event, in the order of the appends (`counts` says how many belong to each):
-- event_ids … occurred. The answer has one member per append:
--   outcomes  ok; conflict (versions = the one that the stream has); repeated (versions and ids = the first result of
--             the key: its stream, a space, its event ids); key_reused; forbidden; retry (a transaction that began
--             later was first on the stream, or a key stands twice in the batch: call again in a new transaction).
-- Deadlocks cannot arise: all keys come before all streams, and each kind is taken in sorted order.
-- Every statement in here costs some 30 microseconds to start, whatever it does: hence few of them, and arrays.
CREATE FUNCTION es.append(
    streams text[], expected bigint[], counts integer[], areas text[], actors json[], correlations uuid[],
    causations uuid[], origins text[], traceparents text[], keys text[], request_hashes bytea[],
    event_ids uuid[], types text[], schema_versions integer[], bodies json[], occurred timestamptz[],
    OUT outcomes text[], OUT versions bigint[], OUT ids text[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, es SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    appends integer := cardinality(streams);
    in_order integer[] := '{1}';
    starts integer[] := '{0}';
    total integer := counts[1];
    with_key integer := cardinality(array_remove(keys, NULL));
    fresh text[] := '{}';
    is_undone boolean := false;
    my_txid bigint := pg_current_xact_id()::text::bigint;
    shift bigint;
    owned text[];
    now_at timestamptz;
    recorded text;
    row record;
    seen es.idempotency;
    n integer;
    place integer;
    stream_now text;
    is_mine boolean;
    version_now bigint;
    hash_now bytea;
    held_streams text[] := '{}';
    held_versions bigint[];
    held_hashes bytea[];
    held_txids bigint[];
    owners integer[];
    event_versions bigint[];
    event_hashes bytea[];
    new_streams text[] := '{}';
    new_versions bigint[] := '{}';
    new_hashes bytea[] := '{}';
    old_streams text[] := '{}';
    old_versions bigint[] := '{}';
    old_hashes bytea[] := '{}';
    added integer;
BEGIN
    outcomes := array_fill('ok'::text, ARRAY[appends]);
    versions := array_fill(NULL::bigint, ARRAY[appends]);
    ids := array_fill(NULL::text, ARRAY[appends]);
    IF appends > 1 THEN
        FOR i IN 2..appends LOOP
            starts[i] := total;
            total := total + counts[i];
        END LOOP;
        SELECT array_agg(n ORDER BY stream, n) INTO in_order FROM unnest(streams) WITH ORDINALITY AS a (stream, n);
    END IF;
    owners := array_fill(NULL::integer, ARRAY[total]);
    event_versions := array_fill(NULL::bigint, ARRAY[total]);
    event_hashes := array_fill(NULL::bytea, ARRAY[total]);

    -- 1. Keys: whoever inserts one first has it; others wait here for that transaction and then see its result.
    IF with_key > 0 THEN
        WITH added AS (
            INSERT INTO es.idempotency (key, stream, version, event_ids, request_hash, recorded_at)
            SELECT a.key, a.stream, a.expected + a.count, event_ids[a.start + 1 : a.start + a.count], a.request_hash,
                   clock_timestamp()
            FROM unnest(keys, streams, expected, counts, starts, request_hashes) WITH ORDINALITY
                 AS a (key, stream, expected, count, start, request_hash, n)
            WHERE a.key IS NOT NULL
            ORDER BY a.key, a.n
            ON CONFLICT DO NOTHING
            RETURNING key)
        SELECT coalesce(array_agg(key), '{}') INTO fresh FROM added;
    END IF;
    IF cardinality(fresh) < with_key THEN
        FOR row IN
            SELECT a.n, a.key, a.stream, a.request_hash, a.nth > 1 AS twice
            FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY n) AS nth
                  FROM unnest(keys, streams, request_hashes) WITH ORDINALITY AS u (key, stream, request_hash, n)
                  WHERE key IS NOT NULL) a
            WHERE a.nth > 1 OR a.key <> ALL (fresh)
        LOOP
            SELECT * INTO seen FROM es.idempotency WHERE key = row.key;
            IF row.twice OR seen.key IS NULL THEN
                outcomes[row.n] := 'retry';
            ELSIF seen.request_hash <> row.request_hash
                  OR split_part(seen.stream, '-', 1) <> split_part(row.stream, '-', 1) THEN
                outcomes[row.n] := 'key_reused';
            ELSE
                outcomes[row.n] := 'repeated';
                versions[row.n] := seen.version;
                ids[row.n] := seen.stream || ' ' || array_to_string(seen.event_ids, ' ');
            END IF;
        END LOOP;
    END IF;

    -- 2. Hold the streams that should exist, in order: from here on nobody else moves them.
    IF 0 < ANY (expected) THEN
        SELECT coalesce(array_agg(h.stream), '{}'), array_agg(h.version), array_agg(h.last_hash), array_agg(h.last_txid)
        INTO held_streams, held_versions, held_hashes, held_txids
        FROM (SELECT s.stream, s.version, s.last_hash, s.last_txid
              FROM es.streams s
              WHERE s.stream = ANY (streams)
              ORDER BY s.stream FOR NO KEY UPDATE) h;
    END IF;
    SELECT c.shift, ARRAY(SELECT concat(r.category, ' ', r.origin) FROM es.categories r WHERE r.role = session_user)
    INTO shift, owned
    FROM es.cluster c;
    my_txid := my_txid + shift;
    now_at := clock_timestamp();
    recorded := es.moment(now_at);

    -- 3. Stream by stream: the category must belong to whoever is connected, the version must be the expected one;
    -- chain the hashes.
    FOREACH n IN ARRAY in_order LOOP
        CONTINUE WHEN outcomes[n] <> 'ok';
        IF stream_now IS DISTINCT FROM streams[n] THEN
            stream_now := streams[n];
            place := array_position(held_streams, stream_now);
            version_now := coalesce(held_versions[place], 0);
            hash_now := coalesce(held_hashes[place], '');
        END IF;
        IF concat(split_part(stream_now, '-', 1), ' ') <> ALL (owned)
           AND concat(split_part(stream_now, '-', 1), ' ', origins[n]) <> ALL (owned) THEN
            outcomes[n] := 'forbidden';
            is_undone := true;
            CONTINUE;
        ELSIF held_txids[place] > my_txid THEN
            outcomes[n] := 'retry';
            is_undone := true;
            CONTINUE;
        ELSIF expected[n] <> version_now THEN
            outcomes[n] := 'conflict';
            versions[n] := version_now;
            is_undone := true;
            CONTINUE;
        END IF;
        FOR i IN starts[n] + 1 .. starts[n] + counts[n] LOOP
            version_now := version_now + 1;
            hash_now := es.event_hash(
                hash_now, stream_now, version_now, event_ids[i], types[i], schema_versions[i], areas[n],
                actors[n]::text, correlations[n], causations[n], origins[n], traceparents[n],
                keys[n], occurred[i], recorded, bodies[i]::text);
            owners[i] := n;
            event_versions[i] := version_now;
            event_hashes[i] := hash_now;
        END LOOP;
        versions[n] := version_now;
        IF place IS NULL THEN
            IF new_streams[cardinality(new_streams)] IS DISTINCT FROM stream_now THEN
                new_streams := new_streams || stream_now;
            END IF;
            new_versions[cardinality(new_streams)] := version_now;
            new_hashes[cardinality(new_streams)] := hash_now;
        ELSE
            IF old_streams[cardinality(old_streams)] IS DISTINCT FROM stream_now THEN
                old_streams := old_streams || stream_now;
            END IF;
            old_versions[cardinality(old_streams)] := version_now;
            old_hashes[cardinality(old_streams)] := hash_now;
        END IF;
    END LOOP;

    -- 4. Move the streams. A new one that is there already, or that somebody else made meanwhile, is a conflict.
    IF cardinality(old_streams) > 0 THEN
        UPDATE es.streams s SET version = a.version, last_hash = a.hash, last_txid = my_txid
        FROM unnest(old_streams, old_versions, old_hashes) AS a (stream, version, hash)
        WHERE s.stream = a.stream;
    END IF;
    IF cardinality(new_streams) > 0 THEN
        INSERT INTO es.streams (stream, version, last_hash, last_txid)
        SELECT a.stream, a.version, a.hash, my_txid
        FROM unnest(new_streams, new_versions, new_hashes) AS a (stream, version, hash)
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS added = ROW_COUNT;
        IF added < cardinality(new_streams) THEN
            is_undone := true;
            FOR row IN
                SELECT a.n, a.count, a.start, s.version
                FROM unnest(streams, counts, starts, outcomes) WITH ORDINALITY AS a (stream, count, start, outcome, n)
                JOIN unnest(new_streams, new_hashes) AS mine (stream, hash) ON mine.stream = a.stream
                LEFT JOIN es.streams s ON s.stream = a.stream
                WHERE a.outcome = 'ok' AND s.last_hash IS DISTINCT FROM mine.hash
            LOOP
                outcomes[row.n] := 'conflict';
                versions[row.n] := row.version;
                FOR i IN row.start + 1 .. row.start + row.count LOOP
                    event_versions[i] := NULL;
                END LOOP;
            END LOOP;
        END IF;
    END IF;

    -- 5. The events themselves, and away with the keys of those that did not make it.
    INSERT INTO es.events (stream, version, event_id, txid, type, schema_version, data, area, actor, correlation_id,
                           causation_id, origin, traceparent, idempotency_key, occurred_at, recorded_at, hash)
    SELECT streams[e.owner], e.version, e.event_id, my_txid, e.type, e.schema_version, e.data, areas[e.owner],
           actors[e.owner], correlations[e.owner], causations[e.owner], origins[e.owner], traceparents[e.owner],
           keys[e.owner], e.occurred_at, now_at, e.hash
    FROM unnest(event_ids, types, schema_versions, bodies, occurred, event_versions, event_hashes, owners)
         AS e (event_id, type, schema_version, data, occurred_at, version, hash, owner)
    WHERE e.version IS NOT NULL;
    IF is_undone AND cardinality(fresh) > 0 THEN
        DELETE FROM es.idempotency i
        USING unnest(keys, outcomes) WITH ORDINALITY AS a (key, outcome, n)
        WHERE i.key = a.key AND a.key = ANY (fresh) AND a.outcome <> 'ok'
          AND NOT EXISTS (SELECT FROM unnest(keys, outcomes) AS o (key, outcome)
                          WHERE o.key = a.key AND o.outcome = 'ok');
    END IF;
END
$$;
