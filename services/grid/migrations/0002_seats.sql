-- Seats: posts with room for one person at a time. The row is written in the appointment's own transaction, so that
-- two who appoint at once cannot both succeed, whatever the read tables know by then.
-- depends: 0001_accounts

CREATE TABLE grid.seats (
    appointment_id uuid PRIMARY KEY,
    person         text NOT NULL,
    slots          text[] NOT NULL,
    since          date NOT NULL,
    until          date
);
COMMENT ON COLUMN grid.seats.slots IS 'what the appointment takes: a grid''s post, an area''s post, a person''s only one';
CREATE INDEX seats_by_slot ON grid.seats USING gin (slots) WITH (fastupdate = off);

-- Appointments from before there were seats have theirs: they are believed, and shown where they clash.
INSERT INTO grid.seats (appointment_id, person, slots, since, until)
SELECT (started.data ->> 'appointment_id')::uuid, started.data ->> 'person',
       CASE started.data ->> 'post'
           WHEN 'grid_worker' THEN ARRAY[concat_ws(' ', 'grid', 'grid_worker', started.data ->> 'grid'),
                                         concat_ws(' ', 'person', 'grid_worker', started.data ->> 'person')]
           WHEN 'grid_lead' THEN ARRAY[concat_ws(' ', 'grid', 'grid_lead', started.data ->> 'grid')]
           WHEN 'group_lead' THEN ARRAY[concat_ws(' ', 'area', 'group_lead', started.data ->> 'area')]
           WHEN 'building_head' THEN ARRAY[concat_ws(' ', 'area', 'building_head', started.data ->> 'area')]
           ELSE '{}'
       END,
       (started.data ->> 'since')::date,
       (SELECT max((ended.data ->> 'until')::date) FROM es.events ended
        WHERE ended.stream = started.stream AND ended.type = 'appointment.ended')
FROM es.events started
WHERE started.type = 'appointment.started';

-- Whoever is second finds the seat taken and is told to look again: 40001 is what the platform calls a conflict.
-- The plan is made while the table is small, and kept: it must not be one that reads all of it.
CREATE FUNCTION grid.keep_seats_apart() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, grid SET enable_seqscan = off AS $$
DECLARE
    slot text;
BEGIN
    FOR slot IN SELECT unnest(NEW.slots) ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('grid.seats ' || slot, 0));
    END LOOP;
    -- Whoever leaves is never in the way, not even of somebody who should not have been there.
    IF NEW.until IS NOT NULL AND EXISTS (SELECT FROM grid.seats WHERE appointment_id = NEW.appointment_id) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT FROM grid.seats held
        WHERE held.slots && NEW.slots AND held.appointment_id <> NEW.appointment_id
          AND daterange(held.since, held.until, '[]') && daterange(NEW.since, NEW.until, '[]')
    ) THEN
        RAISE EXCEPTION 'one of % is taken', NEW.slots USING ERRCODE = '40001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_seats_apart BEFORE INSERT ON grid.seats FOR EACH ROW EXECUTE FUNCTION grid.keep_seats_apart();
