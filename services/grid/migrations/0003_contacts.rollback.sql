DROP FUNCTION grid.sealed_contact(text);
REVOKE USAGE ON SCHEMA grid FROM wuji_notify;
DROP TABLE grid.contact_accesses;
DROP TABLE grid.account_contacts;
