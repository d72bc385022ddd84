-- Where holders of accounts are reached, sealed; who was given one, and the one way out.
-- depends: 0002_seats

CREATE TABLE grid.account_contacts (
    account     text PRIMARY KEY,
    box         uuid NOT NULL,
    wrapped_key bytea,
    contact     bytea,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT sealed_or_gone CHECK ((wrapped_key IS NULL) = (contact IS NULL))
);

CREATE TABLE grid.contact_accesses (
    access_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   text NOT NULL,
    read_by   text NOT NULL,
    read_at   timestamptz NOT NULL
);
CREATE INDEX contact_accesses_of_an_account ON grid.contact_accesses (account, read_at);

-- The only way for another service to a colleague: one row by name, ciphertext, and the reading is recorded.
CREATE FUNCTION grid.sealed_contact(who text)
RETURNS TABLE (box uuid, wrapped_key bytea, contact bytea)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO grid.contact_accesses (account, read_by, read_at)
    SELECT c.account, session_user, now() FROM grid.account_contacts c
    WHERE c.account = who AND c.wrapped_key IS NOT NULL;

    SELECT c.box, c.wrapped_key, c.contact FROM grid.account_contacts c
    WHERE c.account = who AND c.wrapped_key IS NOT NULL;
$$;

-- Whoever may look into the schema could call what everybody may: triggers need nobody's right to be fired.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA grid FROM PUBLIC;
GRANT USAGE ON SCHEMA grid TO wuji_notify;
GRANT EXECUTE ON FUNCTION grid.sealed_contact(text) TO wuji_notify;
