-- What a running server must look at again, in order: tokens that were revoked or are others now, rooms with other settings.
-- It reads the new ones every two seconds and with every request, whichever process wrote them: a look at the end of one
-- index, instead of a socket with rights of its own.
CREATE TABLE notice (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    token BLOB,                             -- the hash
    room  INTEGER
) STRICT;

DROP INDEX token_revoked;

-- The name under which the audience asks; empty where everybody asks under their own.
ALTER TABLE room ADD COLUMN anonymous TEXT NOT NULL DEFAULT '';

-- Who asked under a name that is nobody's, each question under another one. It never leaves the server.
CREATE TABLE alias (
    room  INTEGER NOT NULL REFERENCES room (id),
    alias TEXT    NOT NULL,
    user  TEXT    NOT NULL,
    PRIMARY KEY (room, alias)
) STRICT, WITHOUT ROWID;
