DROP INDEX notify.deliveries_by_time;
