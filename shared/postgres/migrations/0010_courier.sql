-- The courier calls out to other people's machines, so it is a role of its own: it reads the log, tells what became of
-- subscriptions, and gets from notify only the tables that it keeps. Notices and contacts are none of its business.
-- depends: 0009_complete_case

INSERT INTO es.categories (category, role, origin) VALUES ('subscription', 'wuji_courier', NULL);

GRANT USAGE ON SCHEMA es TO wuji_courier;
GRANT SELECT ON es.streams, es.events, es.feed, es.relay_cursor, es.idempotency, es.categories, es.cluster
    TO wuji_courier;
GRANT EXECUTE ON FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
) TO wuji_courier;
