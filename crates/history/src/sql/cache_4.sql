-- What one person said in a room, whole, and how much of it: both from the index alone but for the rows that are shown.
CREATE INDEX rows_of_person ON rows (room, user, place, kind) WHERE kind <= 1;
