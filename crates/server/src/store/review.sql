-- Review: what the audience asks in a room that reviews is no entry before somebody approves it.
ALTER TABLE room ADD COLUMN review INTEGER NOT NULL DEFAULT 0;

-- Its changes are numbered with those of `item`. In `nonce.seq`, `item.source` and `item_log.seq` its id stands below zero.
CREATE TABLE submission (
    room         INTEGER NOT NULL REFERENCES room (id),
    id           INTEGER NOT NULL,         -- among the room's, from 1
    rev          INTEGER NOT NULL DEFAULT 0,
    change       INTEGER NOT NULL,
    user         TEXT    NOT NULL,
    display_name TEXT    NOT NULL,
    avatar_url   TEXT    NOT NULL,
    content      TEXT    NOT NULL,         -- as it will travel in the entry's `content`
    nonce        TEXT,
    asked_ms     INTEGER NOT NULL,
    review       TEXT    NOT NULL DEFAULT 'pending',
    reason       TEXT    NOT NULL DEFAULT '',
    question     INTEGER,                  -- the place at which it was published
    changed_by   TEXT    NOT NULL DEFAULT '{}',
    PRIMARY KEY (room, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX submission_by_change ON submission (room, change);
