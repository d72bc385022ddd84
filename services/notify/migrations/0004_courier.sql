-- What the courier keeps for notify. It makes no subscriptions and asks for nothing: it moves, measures and answers.
-- depends: 0003_webhooks

GRANT USAGE ON SCHEMA notify TO wuji_courier;
GRANT SELECT, UPDATE ON notify.subscription_positions, notify.replays TO wuji_courier;
GRANT SELECT, INSERT, UPDATE ON notify.subscription_queues, notify.subscription_drops TO wuji_courier;
GRANT SELECT, INSERT, UPDATE, DELETE ON notify.webhook_troubles TO wuji_courier;
GRANT SELECT, INSERT, DELETE ON notify.webhook_attempts TO wuji_courier;
GRANT SELECT, UPDATE, DELETE ON notify.errands TO wuji_courier;
