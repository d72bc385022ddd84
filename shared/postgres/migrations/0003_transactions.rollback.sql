DROP FUNCTION es.adopt_cluster(), es.assign_positions(integer), es.horizon(), es.txid();
