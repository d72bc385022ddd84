DROP TABLE notify.errands;
DROP TABLE notify.replays;
DROP TABLE notify.webhook_attempts;
DROP TABLE notify.webhook_troubles;
