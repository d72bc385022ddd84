-- Who may do what in the log. Nobody at all may update or delete events or positions.
-- depends: 0004_append

INSERT INTO es.categories (category, role, origin) VALUES
    ('report', 'wuji_intake', NULL),
    ('subject', 'wuji_intake', NULL),
    ('case', 'wuji_dispatch', NULL),
    ('rulebook', 'wuji_dispatch', NULL),
    ('area', 'wuji_grid', NULL),
    ('grid', 'wuji_grid', NULL),
    ('appointment', 'wuji_grid', NULL),
    ('check', 'wuji_grid', NULL),
    ('feedback', 'wuji_survey', NULL),
    ('notice', 'wuji_notify', NULL),
    ('report', 'wuji_importer', 'import'),
    ('case', 'wuji_importer', 'import'),
    ('check', 'wuji_importer', 'import'),
    ('feedback', 'wuji_importer', 'import');

REVOKE ALL ON FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
), es.make_partitions(integer), es.adopt_cluster(), es.assign_positions(integer) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION es.append(
    text[], bigint[], integer[], text[], json[], uuid[], uuid[], text[], text[], text[], bytea[],
    uuid[], text[], integer[], json[], timestamptz[]
) TO wuji_intake, wuji_dispatch, wuji_grid, wuji_survey, wuji_notify, wuji_importer;

GRANT USAGE ON SCHEMA es TO
    wuji_intake, wuji_dispatch, wuji_grid, wuji_survey, wuji_notify, wuji_importer, wuji_relay, wuji_reader;
GRANT SELECT ON es.streams, es.events, es.feed, es.relay_cursor, es.idempotency, es.categories, es.cluster TO
    wuji_intake, wuji_dispatch, wuji_grid, wuji_survey, wuji_notify, wuji_importer, wuji_relay, wuji_reader;

GRANT INSERT ON es.feed TO wuji_relay;
GRANT INSERT, UPDATE ON es.relay_cursor TO wuji_relay;
GRANT EXECUTE ON FUNCTION es.assign_positions(integer) TO wuji_relay;
