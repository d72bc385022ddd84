DROP TABLE grid.sessions;
DROP TABLE grid.log_in_failures;
DROP TABLE grid.account_keys;
