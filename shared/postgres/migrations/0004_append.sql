-- es.append: one call stores a whole batch of appends, each with an outcome of its own.
-- depends: 0003_transactions

-- The hash of an event: sha256(hash of the event before it in the stream || its fields in this order, joined by 0x1f).
-- The first event of a stream is chained to nothing. Times are UTC with microseconds; what is null is empty.
CREATE FUNCTION es.event_hash(
    before bytea, stream text, version bigint, event_id uuid, type text, schema_version integer, area text, actor text,
    correlation_id uuid, causation_id uuid, origin text, traceparent text, idempotency_key text,
    occurred_at timestamptz, recorded_at timestamptz, data text
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(before || convert_to(concat(
        stream, E'\x1f', version, E'\x1f', event_id, E'\x1f', type, E'\x1f', schema_version, E'\x1f',
        area, E'\x1f', actor, E'\x1f', correlation_id, E'\x1f', causation_id, E'\x1f', origin, E'\x1f',
        traceparent, E'\x1f', idempotency_key, E'\x1f',
        to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), E'\x1f',
        to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), E'\x1f', data), 'UTF8'))
$$;

-- Per append: streams … request_hashes. Per event, in the order of the appends (`counts` says how many belong to each):
-- event_ids … occurred.
-- Outcomes, one row per append: ok; conflict (version = the one the stream has); repeated (version and ids = the first
-- result of the key); key_reused; forbidden; retry (a transaction that began later was first on the stream, or a key
-- stands twice in the batch: call again in a new transaction).
-- Deadlocks cannot arise: all keys come before all streams, and each kind is taken in sorted order.
CREATE FUNCTION es.append(
    streams text[], expected bigint[], counts integer[], areas text[], actors json[], correlations uuid[],
    causations uuid[], origins text[], traceparents text[], keys text[], request_hashes bytea[],
    event_ids uuid[], types text[], schema_versions integer[], bodies json[], occurred timestamptz[]
) RETURNS TABLE (outcome text, version bigint, ids text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, es AS $$
#variable_conflict use_column
DECLARE
    appends integer := cardinality(streams);
    outcomes text[] := array_fill('ok'::text, ARRAY[cardinality(streams)]);
    versions bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(streams)]);
    first_ids text[] := array_fill(NULL::text, ARRAY[cardinality(streams)]);
    starts integer[] := '{}';
    total integer := 0;
    fresh text[];
    my_txid bigint := es.txid();
    now_at timestamptz;
    row record;
    seen es.idempotency;
    stream_now text;
    version_now bigint;
    hash_now bytea;
    event_versions bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(event_ids)]);
    event_hashes bytea[] := array_fill(NULL::bytea, ARRAY[cardinality(event_ids)]);
    new_streams text[] := '{}';
    new_versions bigint[] := '{}';
    new_hashes bytea[] := '{}';
    old_streams text[] := '{}';
    old_versions bigint[] := '{}';
    old_hashes bytea[] := '{}';
    stored text[];
BEGIN
    FOR i IN 1..appends LOOP
        starts := starts || total;
        total := total + counts[i];
    END LOOP;

    -- 1. The category must belong to whoever is connected.
    FOR row IN
        SELECT a.n FROM unnest(streams, origins) WITH ORDINALITY AS a (stream, origin, n)
        WHERE NOT EXISTS (SELECT FROM es.categories c
                          WHERE c.category = split_part(a.stream, '-', 1) AND c.role = session_user
                            AND (c.origin IS NULL OR c.origin = a.origin))
    LOOP
        outcomes[row.n] := 'forbidden';
    END LOOP;

    -- 2. Keys: whoever inserts one first has it; others wait here for that transaction and then see its result.
    IF cardinality(array_remove(keys, NULL)) > 0 THEN
        WITH added AS (
            INSERT INTO es.idempotency (key, stream, version, event_ids, request_hash, recorded_at)
            SELECT a.key, a.stream, a.expected + a.count, event_ids[a.start + 1 : a.start + a.count], a.request_hash,
                   clock_timestamp()
            FROM unnest(keys, streams, expected, counts, starts, request_hashes, outcomes) WITH ORDINALITY
                 AS a (key, stream, expected, count, start, request_hash, outcome, n)
            WHERE a.key IS NOT NULL AND a.outcome = 'ok'
            ORDER BY a.key, a.n
            ON CONFLICT DO NOTHING
            RETURNING key)
        SELECT coalesce(array_agg(key), '{}') INTO fresh FROM added;
        FOR row IN
            SELECT a.n, a.key, a.stream, a.request_hash, a.key = ANY (fresh) AS twice
            FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY n) AS nth
                  FROM unnest(keys, streams, request_hashes, outcomes) WITH ORDINALITY
                       AS a (key, stream, request_hash, outcome, n)
                  WHERE key IS NOT NULL AND outcome = 'ok') a
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
                first_ids[row.n] := seen.stream || ' ' || array_to_string(seen.event_ids, ' ');
            END IF;
        END LOOP;
    END IF;

    -- 3. Hold the streams that exist, in order; from here on nobody else moves them.
    PERFORM FROM es.streams s WHERE s.stream = ANY (streams) ORDER BY s.stream FOR NO KEY UPDATE;
    now_at := clock_timestamp();

    -- 4. Compare versions and chain hashes, stream by stream.
    FOR row IN
        SELECT a.n, a.stream, a.expected, a.count, a.start, a.area, a.actor, a.correlation_id, a.causation_id,
               a.origin, a.traceparent, a.key, s.version, s.last_hash, s.last_txid
        FROM unnest(streams, expected, counts, starts, areas, actors, correlations, causations, origins, traceparents,
                    keys, outcomes) WITH ORDINALITY
             AS a (stream, expected, count, start, area, actor, correlation_id, causation_id, origin, traceparent,
                   key, outcome, n)
        LEFT JOIN es.streams s ON s.stream = a.stream
        WHERE a.outcome = 'ok'
        ORDER BY a.stream COLLATE "C", a.n
    LOOP
        IF stream_now IS DISTINCT FROM row.stream THEN
            stream_now := row.stream;
            version_now := coalesce(row.version, 0);
            hash_now := coalesce(row.last_hash, '');
        END IF;
        IF row.last_txid > my_txid THEN
            outcomes[row.n] := 'retry';
            CONTINUE;
        ELSIF row.expected <> version_now THEN
            outcomes[row.n] := 'conflict';
            versions[row.n] := version_now;
            CONTINUE;
        END IF;
        FOR i IN row.start + 1 .. row.start + row.count LOOP
            version_now := version_now + 1;
            hash_now := es.event_hash(
                hash_now, row.stream, version_now, event_ids[i], types[i], schema_versions[i], row.area,
                row.actor::text, row.correlation_id, row.causation_id, row.origin, row.traceparent, row.key,
                occurred[i], now_at, bodies[i]::text);
            event_versions[i] := version_now;
            event_hashes[i] := hash_now;
        END LOOP;
        versions[row.n] := version_now;
        IF row.version IS NULL THEN
            IF new_streams[cardinality(new_streams)] IS DISTINCT FROM row.stream THEN
                new_streams := new_streams || row.stream;
            END IF;
            new_versions[cardinality(new_streams)] := version_now;
            new_hashes[cardinality(new_streams)] := hash_now;
        ELSE
            IF old_streams[cardinality(old_streams)] IS DISTINCT FROM row.stream THEN
                old_streams := old_streams || row.stream;
            END IF;
            old_versions[cardinality(old_streams)] := version_now;
            old_hashes[cardinality(old_streams)] := hash_now;
        END IF;
    END LOOP;

    -- 5. Move the streams. A new one that somebody else made meanwhile is a conflict.
    IF cardinality(new_streams) > 0 THEN
        WITH added AS (
            INSERT INTO es.streams (stream, version, last_hash, last_txid)
            SELECT a.stream, a.version, a.hash, my_txid
            FROM unnest(new_streams, new_versions, new_hashes) WITH ORDINALITY AS a (stream, version, hash, n)
            ORDER BY a.n
            ON CONFLICT DO NOTHING
            RETURNING stream)
        SELECT coalesce(array_agg(stream), '{}') INTO stored FROM added;
        IF cardinality(stored) < cardinality(new_streams) THEN
            FOR row IN
                SELECT a.n, a.count, a.start, s.version
                FROM unnest(streams, counts, starts, outcomes) WITH ORDINALITY AS a (stream, count, start, outcome, n)
                JOIN unnest(new_streams) AS made (stream) ON made.stream = a.stream AND made.stream <> ALL (stored)
                LEFT JOIN es.streams s ON s.stream = a.stream
                WHERE a.outcome = 'ok'
            LOOP
                outcomes[row.n] := 'conflict';
                versions[row.n] := row.version;
                FOR i IN row.start + 1 .. row.start + row.count LOOP
                    event_versions[i] := NULL;
                END LOOP;
            END LOOP;
        END IF;
    END IF;
    IF cardinality(old_streams) > 0 THEN
        UPDATE es.streams s SET version = a.version, last_hash = a.hash, last_txid = my_txid
        FROM unnest(old_streams, old_versions, old_hashes) AS a (stream, version, hash)
        WHERE s.stream = a.stream;
    END IF;

    -- 6. The events themselves, and the keys of those that did not make it.
    INSERT INTO es.events (stream, version, event_id, txid, type, schema_version, data, area, actor, correlation_id,
                           causation_id, origin, traceparent, idempotency_key, occurred_at, recorded_at, hash)
    SELECT a.stream, e.version, e.event_id, my_txid, e.type, e.schema_version, e.data, a.area, a.actor,
           a.correlation_id, a.causation_id, a.origin, a.traceparent, a.key, e.occurred_at, now_at, e.hash
    FROM (SELECT *, row_number() OVER () AS n
          FROM unnest(streams, counts, areas, actors, correlations, causations, origins, traceparents, keys)
               AS u (stream, count, area, actor, correlation_id, causation_id, origin, traceparent, key),
               generate_series(1, u.count)) a
    JOIN unnest(event_ids, types, schema_versions, bodies, occurred, event_versions, event_hashes) WITH ORDINALITY
         AS e (event_id, type, schema_version, data, occurred_at, version, hash, n) USING (n)
    WHERE e.version IS NOT NULL
    ORDER BY n;
    IF cardinality(fresh) > 0 THEN
        DELETE FROM es.idempotency i
        USING unnest(keys, outcomes) AS a (key, outcome)
        WHERE i.key = a.key AND a.key = ANY (fresh) AND a.outcome IN ('conflict', 'retry')
          AND NOT EXISTS (SELECT FROM unnest(keys, outcomes) AS o (key, outcome) WHERE o.key = a.key AND o.outcome = 'ok');
    END IF;

    RETURN QUERY SELECT a.outcome, a.version, a.ids
        FROM unnest(outcomes, versions, first_ids) WITH ORDINALITY AS a (outcome, version, ids, n) ORDER BY a.n;
END
$$;
