-- The least time between two entries of one person of the audience.
ALTER TABLE room ADD COLUMN slow_s INTEGER NOT NULL DEFAULT 0;

-- Messages wait for review, too, where a word holds them.
ALTER TABLE submission ADD COLUMN kind INTEGER NOT NULL DEFAULT 2;
CREATE INDEX submission_published ON submission (room, question) WHERE question IS NOT NULL;

-- Who may not speak. Under the name that was seen when it was said, so that a list of them gives no alias away.
CREATE TABLE mute (
    room     INTEGER NOT NULL REFERENCES room (id),
    shown    TEXT    NOT NULL,             -- as entries name them
    user     TEXT    NOT NULL,             -- who that is
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (room, shown)
) STRICT, WITHOUT ROWID;

-- Words that hold an entry for review, folded. The language is a name for the list, no more.
CREATE TABLE word (
    room INTEGER NOT NULL REFERENCES room (id),
    lang TEXT    NOT NULL,
    word TEXT    NOT NULL,
    PRIMARY KEY (room, lang, word)
) STRICT, WITHOUT ROWID;

-- What was done to people and entries, and by whom. What was removed is here and nowhere else.
CREATE TABLE deed (
    room   INTEGER NOT NULL REFERENCES room (id),
    id     INTEGER NOT NULL,               -- among the room's, from 1
    action TEXT    NOT NULL,
    entry  INTEGER,                        -- its place
    user   TEXT    NOT NULL DEFAULT '',    -- as entries name them
    old    TEXT    NOT NULL DEFAULT '',
    new    TEXT    NOT NULL DEFAULT '',
    reason TEXT    NOT NULL DEFAULT '',
    by     TEXT    NOT NULL,               -- JSON, as it travels
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (room, id)
) STRICT, WITHOUT ROWID;

-- Which entries were removed, numbered without holes, for clients that were away.
CREATE TABLE removal (
    room INTEGER NOT NULL REFERENCES room (id),
    id   INTEGER NOT NULL,                 -- among the room's, from 1
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, id)
) STRICT, WITHOUT ROWID;
