REVOKE ALL ON notify.subscription_positions, notify.replays, notify.subscription_queues, notify.subscription_drops,
    notify.webhook_troubles, notify.webhook_attempts, notify.errands FROM wuji_courier;
REVOKE USAGE ON SCHEMA notify FROM wuji_courier;
