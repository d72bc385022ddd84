DROP FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
);
DROP FUNCTION es.event_hash(
    bytea, text, bigint, uuid, text, integer, text, text, uuid, uuid, text, text, text, timestamptz, text, text
);
DROP FUNCTION es.moment(timestamptz);
