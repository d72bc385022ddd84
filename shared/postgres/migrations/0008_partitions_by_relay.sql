-- The relay's leader makes the months ahead too: nobody has to remember to migrate before the year is over.
-- It may do nothing else to the log's tables, hence the owner's rights inside the function only.
-- depends: 0007_subscriptions

ALTER FUNCTION es.make_partitions(integer) SECURITY DEFINER;
ALTER FUNCTION es.make_partitions(integer) SET search_path = pg_catalog, es;
GRANT EXECUTE ON FUNCTION es.make_partitions(integer) TO wuji_relay;
