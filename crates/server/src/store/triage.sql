-- What staff do with a question: one row per question, beside the log. Its text and asker are the entry's.
CREATE TABLE item (
    room            INTEGER NOT NULL REFERENCES room (id),
    seq             INTEGER NOT NULL,          -- the question's place
    number          INTEGER NOT NULL,          -- among the room's questions, from 1
    rev             INTEGER NOT NULL DEFAULT 0,
    change          INTEGER NOT NULL,          -- of its last change among the room's: without holes
    work            TEXT    NOT NULL DEFAULT 'open',
    merged_into     INTEGER,                   -- another question's place
    stage           TEXT    NOT NULL DEFAULT 'none',
    pinned          INTEGER NOT NULL DEFAULT 0,
    tags            TEXT    NOT NULL DEFAULT '[]',
    note            TEXT    NOT NULL DEFAULT '',
    claim           TEXT,                      -- JSON, as it travels
    claim_until_ms  INTEGER,
    answers         INTEGER NOT NULL DEFAULT 0,
    last_answer     INTEGER NOT NULL DEFAULT 0,
    first_answer_ms INTEGER,
    closed_ms       INTEGER,
    reason          TEXT    NOT NULL DEFAULT '',
    changed_by      TEXT    NOT NULL DEFAULT '{}',
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX item_by_change ON item (room, change);
CREATE INDEX item_claimed ON item (claim_until_ms) WHERE claim_until_ms IS NOT NULL;
CREATE INDEX item_staged ON item (room, stage) WHERE stage <> 'none';

-- Who changed what, for people.
CREATE TABLE item_log (
    room   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    change INTEGER NOT NULL,
    field  TEXT    NOT NULL,
    old    TEXT    NOT NULL,
    new    TEXT    NOT NULL,
    by     TEXT    NOT NULL,                   -- JSON, as it travels
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (room, seq, change, field)
) STRICT, WITHOUT ROWID;

CREATE INDEX token_of_user ON token (room, user);

-- Questions of before are open, but for those that an answer names.
INSERT INTO item (room, seq, number, change)
SELECT room, seq, row_number() OVER of_room, row_number() OVER of_room
FROM entry WHERE kind = 2 WINDOW of_room AS (PARTITION BY room ORDER BY seq);
