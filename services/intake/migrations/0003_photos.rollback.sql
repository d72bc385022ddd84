DROP TABLE intake.photo_accesses;
