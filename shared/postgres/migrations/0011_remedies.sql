-- What is put right at its root, and the campaigns that it is part of.
-- depends: 0010_courier

INSERT INTO es.categories (category, role, origin) VALUES
    ('remedy', 'wuji_dispatch', NULL),
    ('campaign', 'wuji_dispatch', NULL);
