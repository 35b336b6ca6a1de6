-- How far this database has come in the log that several servers share: the last message that is in it, and that message's
-- name. No row where nothing is shared. It is this machine's own: what is written here is in no log.
CREATE TABLE replica (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    name TEXT    NOT NULL
) STRICT;
