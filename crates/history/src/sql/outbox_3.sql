-- What a person at the desk keeps for themselves.

CREATE TABLE marks (
    -- What was done here about a question of a server that keeps no states. The subject is made from the question's words
    -- and its asker, so that it outlives cache.db; the body is the caller's.
    room    INTEGER NOT NULL,
    subject TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (room, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE snippets (
    -- Texts that are used in many answers; room is null for those of every room.
    id   BLOB PRIMARY KEY, -- 16 bytes
    room INTEGER,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE INDEX snippets_by_name ON snippets (name, id);
CREATE INDEX snippets_by_room ON snippets (room) WHERE room IS NOT NULL;

-- Who may read an answer ('asker', 'staff'; nothing for everybody), and whether its writer knows of the others. What `seen`
-- holds is whatever number the server gave for it.
ALTER TABLE outgoing ADD COLUMN visibility TEXT;
ALTER TABLE outgoing ADD COLUMN co_answer INTEGER NOT NULL DEFAULT 0;
