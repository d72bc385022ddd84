REVOKE EXECUTE ON FUNCTION es.make_partitions(integer) FROM wuji_relay;
ALTER FUNCTION es.make_partitions(integer) RESET search_path;
ALTER FUNCTION es.make_partitions(integer) SECURITY INVOKER;
