DROP TABLE grid.seats;
DROP FUNCTION grid.keep_seats_apart();
