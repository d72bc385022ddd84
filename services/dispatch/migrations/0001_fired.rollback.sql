DROP TABLE dispatch.fired;
