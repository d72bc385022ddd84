-- What an auditor runs without any of our programs: SELECT * FROM es.verify_chain();
-- depends: 0005_rights

-- Every event whose hash does not follow from its fields and the event before it, every hole in the versions, and
-- every stream whose head is not its last event. Nothing at all when the log is whole. NULL verifies all streams.
CREATE FUNCTION es.verify_chain(only_streams text[] DEFAULT NULL)
RETURNS TABLE (stream text, version bigint, problem text) LANGUAGE sql STABLE AS $$
    SELECT c.stream, c.version,
           CASE WHEN c.version <> c.place THEN format('version %s stands at place %s', c.version, c.place)
                ELSE 'the hash does not follow from the event and the one before it' END
    FROM (SELECT e.*, row_number() OVER w AS place, coalesce(lag(e.hash) OVER w, '') AS before
          FROM es.events e
          WHERE only_streams IS NULL OR e.stream = ANY (only_streams)
          WINDOW w AS (PARTITION BY e.stream ORDER BY e.version)) c
    WHERE c.version <> c.place
       OR c.hash IS DISTINCT FROM es.event_hash(
            c.before, c.stream, c.version, c.event_id, c.type, c.schema_version, c.area, c.actor::text,
            c.correlation_id, c.causation_id, c.origin, c.traceparent, c.idempotency_key, c.occurred_at,
            es.moment(c.recorded_at), c.data::text)
    UNION ALL
    SELECT s.stream, s.version, 'the head of the stream is not its last event'
    FROM es.streams s
    LEFT JOIN LATERAL (SELECT e.version, e.hash FROM es.events e WHERE e.stream = s.stream
                       ORDER BY e.version DESC LIMIT 1) last ON true
    WHERE (only_streams IS NULL OR s.stream = ANY (only_streams))
      AND (last.version IS DISTINCT FROM s.version OR last.hash IS DISTINCT FROM s.last_hash)
$$;
