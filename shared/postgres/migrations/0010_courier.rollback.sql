REVOKE EXECUTE ON FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
) FROM wuji_courier;
REVOKE SELECT ON es.streams, es.events, es.feed, es.relay_cursor, es.idempotency, es.categories, es.cluster
    FROM wuji_courier;
REVOKE USAGE ON SCHEMA es FROM wuji_courier;
DELETE FROM es.categories WHERE role = 'wuji_courier';
