DROP TABLE es.events, es.streams, es.feed, es.relay_cursor, es.idempotency, es.categories, es.cluster;
DROP SEQUENCE es.event_seq;
