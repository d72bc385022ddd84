DELETE FROM es.categories;
REVOKE ALL ON ALL TABLES IN SCHEMA es FROM
    wuji_intake, wuji_dispatch, wuji_grid, wuji_survey, wuji_notify, wuji_importer, wuji_relay, wuji_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA es FROM
    wuji_intake, wuji_dispatch, wuji_grid, wuji_survey, wuji_notify, wuji_importer, wuji_relay;
REVOKE USAGE ON SCHEMA es FROM
    wuji_intake, wuji_dispatch, wuji_grid, wuji_survey, wuji_notify, wuji_importer, wuji_relay, wuji_reader;
