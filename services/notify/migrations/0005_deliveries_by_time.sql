-- Whoever watches the platform counts the tries of the last day, every few seconds.
-- depends: 0004_courier

CREATE INDEX deliveries_by_time ON notify.deliveries (started_at);
