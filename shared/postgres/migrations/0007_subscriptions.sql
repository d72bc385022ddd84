-- What departments want to hear is a stream of its own, written by notify.
-- depends: 0006_verify

INSERT INTO es.categories (category, role, origin) VALUES ('subscription', 'wuji_notify', NULL);
