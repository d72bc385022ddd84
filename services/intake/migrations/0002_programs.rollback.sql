DROP TABLE intake.inbound_systems;
DROP TABLE intake.api_keys;
