-- outbox.db: what a person wrote. Never deleted by the program; knows the rooms' names by itself, because cache.db
-- may be thrown away. Never holds a token.

CREATE TABLE rooms (
    -- One line per room that was ever used here; the ids name the rooms in both files and are never given out twice.
    room   INTEGER PRIMARY KEY AUTOINCREMENT,
    server TEXT NOT NULL,
    topic  TEXT NOT NULL,
    stream TEXT NOT NULL,
    user   TEXT NOT NULL,
    UNIQUE (server, topic, stream, user)
) STRICT;

CREATE TABLE outgoing (
    -- One line per entry that is not settled; ord is the order of writing.
    ord            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- UUIDv7, 16 bytes: the entry's name here and its nonce.
    id             BLOB NOT NULL UNIQUE,
    room           INTEGER NOT NULL,
    -- 0 message, 1 question, 2 answer (then with the id of the question).
    kind           INTEGER NOT NULL,
    question       TEXT,
    body           TEXT NOT NULL,
    -- Microseconds since 1970.
    created        INTEGER NOT NULL,
    -- 0 queued, 1 written, 2 unsure, 3 failed (then with a code and the server's words).
    state          INTEGER NOT NULL,
    -- The connection (u64, its bits kept in an i64) and the time of the last write to a socket.
    generation     INTEGER,
    written_at     INTEGER,
    attempts       INTEGER NOT NULL DEFAULT 0,
    failure_code   TEXT,
    failure_reason TEXT
) STRICT;

CREATE INDEX outgoing_by_room ON outgoing (room, ord);

CREATE TABLE drafts (
    -- One line per text that was begun and not sent: the composer's, and one per question that is being answered.
    room    INTEGER NOT NULL,
    slot    TEXT NOT NULL,
    text    TEXT NOT NULL,
    -- 0 message, 1 question, 2 an answer for its asker, 3 for staff.
    mode    INTEGER NOT NULL,
    -- Microseconds since 1970.
    updated INTEGER NOT NULL,
    PRIMARY KEY (room, slot)
) STRICT, WITHOUT ROWID;
