REVOKE EXECUTE ON FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
) FROM wuji_timer;
REVOKE SELECT ON es.streams, es.events, es.feed, es.relay_cursor, es.idempotency, es.categories, es.cluster
    FROM wuji_timer;
REVOKE USAGE ON SCHEMA es FROM wuji_timer;
DROP TRIGGER only_what_time_does ON es.events;
DROP FUNCTION es.refuse_type();
DROP TABLE es.types;
DELETE FROM es.categories WHERE role = 'wuji_timer';
