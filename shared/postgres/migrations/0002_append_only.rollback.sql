DROP FUNCTION es.make_partitions(integer);
DROP FUNCTION es.refuse_change() CASCADE;
