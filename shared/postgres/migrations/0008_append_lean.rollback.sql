-- es.append as 0004_append made it.
CREATE OR REPLACE FUNCTION es.append(
    streams text[], expected bigint[], counts integer[], areas text[], actors json[], correlations uuid[],
    causations uuid[], origins text[], traceparents text[], keys text[], request_hashes bytea[],
    event_ids uuid[], types text[], schema_versions integer[], bodies json[], occurred timestamptz[],
    OUT outcomes text[], OUT versions bigint[], OUT ids text[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, es SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    appends integer := cardinality(streams);
    starts integer[] := '{}';
    total integer := 0;
    fresh text[] := '{}';
    is_undone boolean := false;
    my_txid bigint := pg_current_xact_id()::text::bigint;
    shift bigint;
    now_at timestamptz;
    recorded text;
    row record;
    seen es.idempotency;
    stream_now text;
    version_now bigint;
    hash_now bytea;
    owners integer[];
    event_versions bigint[];
    event_hashes bytea[];
    new_streams text[] := '{}';
    new_versions bigint[] := '{}';
    new_hashes bytea[] := '{}';
    old_streams text[] := '{}';
    old_versions bigint[] := '{}';
    old_hashes bytea[] := '{}';
    stored text[];
BEGIN
    outcomes := array_fill('ok'::text, ARRAY[appends]);
    versions := array_fill(NULL::bigint, ARRAY[appends]);
    ids := array_fill(NULL::text, ARRAY[appends]);
    FOR i IN 1..appends LOOP
        starts[i] := total;
        total := total + counts[i];
    END LOOP;
    owners := array_fill(NULL::integer, ARRAY[total]);
    event_versions := array_fill(NULL::bigint, ARRAY[total]);
    event_hashes := array_fill(NULL::bytea, ARRAY[total]);

    -- 1. Keys: whoever inserts one first has it; others wait here for that transaction and then see its result.
    IF cardinality(array_remove(keys, NULL)) > 0 THEN
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

    -- 2. Hold the streams that exist, in order: from here on nobody else moves them. Then, stream by stream: the
    -- category must belong to whoever is connected, the version must be the expected one; chain the hashes.
    FOR row IN
        WITH held AS MATERIALIZED (
            SELECT s.stream, s.version, s.last_hash, s.last_txid
            FROM es.streams s WHERE s.stream = ANY (streams) ORDER BY s.stream FOR NO KEY UPDATE)
        SELECT a.n, a.stream, a.expected, a.count, a.start, a.origin, h.version, h.last_hash, h.last_txid, cl.shift,
               EXISTS (SELECT FROM es.categories c
                       WHERE c.category = split_part(a.stream, '-', 1) AND c.role = session_user
                         AND (c.origin IS NULL OR c.origin = a.origin)) AS is_owner
        FROM unnest(streams, expected, counts, starts, origins, outcomes) WITH ORDINALITY
             AS a (stream, expected, count, start, origin, outcome, n)
        CROSS JOIN es.cluster cl
        LEFT JOIN held h ON h.stream = a.stream
        WHERE a.outcome = 'ok'
        ORDER BY a.stream, a.n
    LOOP
        IF stream_now IS DISTINCT FROM row.stream THEN
            IF stream_now IS NULL THEN
                now_at := clock_timestamp();
                recorded := es.moment(now_at);
                my_txid := my_txid + row.shift;
            END IF;
            stream_now := row.stream;
            version_now := coalesce(row.version, 0);
            hash_now := coalesce(row.last_hash, '');
        END IF;
        IF NOT row.is_owner THEN
            outcomes[row.n] := 'forbidden';
            is_undone := true;
            CONTINUE;
        ELSIF row.last_txid > my_txid THEN
            outcomes[row.n] := 'retry';
            is_undone := true;
            CONTINUE;
        ELSIF row.expected <> version_now THEN
            outcomes[row.n] := 'conflict';
            versions[row.n] := version_now;
            is_undone := true;
            CONTINUE;
        END IF;
        FOR i IN row.start + 1 .. row.start + row.count LOOP
            version_now := version_now + 1;
            hash_now := es.event_hash(
                hash_now, row.stream, version_now, event_ids[i], types[i], schema_versions[i], areas[row.n],
                actors[row.n]::text, correlations[row.n], causations[row.n], row.origin, traceparents[row.n],
                keys[row.n], occurred[i], recorded, bodies[i]::text);
            owners[i] := row.n;
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

    -- 3. Move the streams. A new one that somebody else made meanwhile is a conflict.
    IF cardinality(old_streams) > 0 THEN
        UPDATE es.streams s SET version = a.version, last_hash = a.hash, last_txid = my_txid
        FROM unnest(old_streams, old_versions, old_hashes) AS a (stream, version, hash)
        WHERE s.stream = a.stream;
    END IF;
    IF cardinality(new_streams) > 0 THEN
        WITH added AS (
            INSERT INTO es.streams (stream, version, last_hash, last_txid)
            SELECT a.stream, a.version, a.hash, my_txid
            FROM unnest(new_streams, new_versions, new_hashes) AS a (stream, version, hash)
            ON CONFLICT DO NOTHING
            RETURNING stream)
        SELECT array_agg(stream) INTO stored FROM added;
        IF cardinality(stored) IS DISTINCT FROM cardinality(new_streams) THEN
            is_undone := true;
            FOR row IN
                SELECT a.n, a.count, a.start, s.version
                FROM unnest(streams, counts, starts, outcomes) WITH ORDINALITY AS a (stream, count, start, outcome, n)
                LEFT JOIN es.streams s ON s.stream = a.stream
                WHERE a.outcome = 'ok' AND a.stream = ANY (new_streams) AND a.stream <> ALL (coalesce(stored, '{}'))
            LOOP
                outcomes[row.n] := 'conflict';
                versions[row.n] := row.version;
                FOR i IN row.start + 1 .. row.start + row.count LOOP
                    event_versions[i] := NULL;
                END LOOP;
            END LOOP;
        END IF;
    END IF;

    -- 4. The events themselves, and away with the keys of those that did not make it.
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
