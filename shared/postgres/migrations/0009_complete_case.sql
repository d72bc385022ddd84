-- The complete case: clocks, admissions, what communities are asked for, duty, visits, accounts, figures, flags.
-- depends: 0008_partitions_by_relay

INSERT INTO es.categories (category, role, origin) VALUES
    ('photo', 'wuji_intake', NULL),
    ('clock', 'wuji_dispatch', NULL),
    ('admission', 'wuji_dispatch', NULL),
    ('demand', 'wuji_dispatch', NULL),
    ('volunteer', 'wuji_dispatch', NULL),
    ('duty', 'wuji_grid', NULL),
    ('emergency', 'wuji_grid', NULL),
    ('visit', 'wuji_grid', NULL),
    ('account', 'wuji_grid', NULL),
    ('appraisal', 'wuji_survey', NULL),
    ('flag', 'wuji_survey', NULL);
