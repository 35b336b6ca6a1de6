-- More of what staff do: other words for a question, questions made of messages, answers that not everybody may read, answers
-- that are changed after they were published, votes of the audience.
ALTER TABLE item ADD COLUMN text   TEXT;                        -- other words; the first ones are the entry's
ALTER TABLE item ADD COLUMN source INTEGER;                     -- the place of the message that it was made from
ALTER TABLE item ADD COLUMN votes  INTEGER NOT NULL DEFAULT 0;  -- as many as vote has lines for it
-- From now on a change's number, not an answer's place: both grow, and a change is never below the place of its answer.
UPDATE item SET last_answer = max(last_answer, change) WHERE last_answer > 0;

CREATE UNIQUE INDEX item_of_source ON item (room, source) WHERE source IS NOT NULL;
CREATE INDEX item_merged ON item (room, merged_into) WHERE merged_into IS NOT NULL;

-- Answers that are no entries: for the asker, or for staff alone.
CREATE TABLE private_answer (
    room       INTEGER NOT NULL REFERENCES room (id),
    id         INTEGER NOT NULL,           -- among the room's, from 1
    question   INTEGER NOT NULL,           -- the question's place
    visibility TEXT    NOT NULL,           -- asker, staff
    text       TEXT    NOT NULL,
    org_name   TEXT    NOT NULL,
    user       TEXT    NOT NULL,
    by         TEXT    NOT NULL,           -- JSON, as it travels
    nonce      TEXT,                       -- the writer's, so that a repeat is the same answer
    at_ms      INTEGER NOT NULL,
    edited_ms  INTEGER,
    retracted  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX private_of_question ON private_answer (room, question, id);
CREATE UNIQUE INDEX private_of_nonce ON private_answer (room, user, nonce) WHERE nonce IS NOT NULL;

-- What answers were before they were changed. A private one has its id here, below zero.
CREATE TABLE answer_edit (
    room     INTEGER NOT NULL REFERENCES room (id),
    answer   INTEGER NOT NULL,             -- the answer's place, or its id below zero
    at_ms    INTEGER NOT NULL,
    question INTEGER NOT NULL,
    before   TEXT    NOT NULL,
    by       TEXT    NOT NULL,             -- JSON, as it travels
    PRIMARY KEY (room, answer, at_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX edits_of_question ON answer_edit (room, question, answer);

-- Who wants a question answered; a vote that came with a merged question names it.
CREATE TABLE vote (
    room     INTEGER NOT NULL REFERENCES room (id),
    question INTEGER NOT NULL,
    user     TEXT    NOT NULL,
    cast_on  INTEGER NOT NULL,             -- the question at which it was given
    PRIMARY KEY (room, question, user)
) STRICT, WITHOUT ROWID;
