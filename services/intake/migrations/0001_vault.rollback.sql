DROP FUNCTION intake.sealed_contact(uuid);
DROP TABLE intake.number_blocks;
DROP TABLE intake.accesses;
DROP TABLE intake.subjects;
