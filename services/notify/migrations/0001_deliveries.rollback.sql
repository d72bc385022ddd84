DROP TABLE notify.outbox;
DROP TABLE notify.deliveries;
