-- Texts for many answers that a room's staff share. They are no history: a reset of the room's history leaves them.
ALTER TABLE room ADD COLUMN snippets_rev INTEGER NOT NULL DEFAULT 0;  -- how often the list was changed

CREATE TABLE snippet (
    room  INTEGER NOT NULL REFERENCES room (id),
    id    INTEGER NOT NULL,           -- the list's rev when it was new, so never given twice
    name  TEXT    NOT NULL,
    text  TEXT    NOT NULL,
    by    TEXT    NOT NULL,           -- JSON, as it travels
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (room, id)
) STRICT, WITHOUT ROWID;
