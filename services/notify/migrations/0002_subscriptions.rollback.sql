DROP TABLE notify.subscription_drops;
DROP TABLE notify.subscription_queues;
DROP TABLE notify.subscription_positions;
