-- What is being done about questions, as it was last heard. Like rows, it can be fetched or made again.

-- How far the changes of questions were applied, and of which life of the room they are.
ALTER TABLE rooms ADD COLUMN items_epoch TEXT;
ALTER TABLE rooms ADD COLUMN items_whole INTEGER NOT NULL DEFAULT 0;

CREATE TABLE items (
    -- One line per question with a state.
    room     INTEGER NOT NULL,
    -- The question's entry id; where the server has none, 'row:' and the row's key.
    question TEXT    NOT NULL,
    -- Among the room's questions, from 1.
    number   INTEGER NOT NULL,
    -- The word for what is being done, as it travels.
    work     TEXT    NOT NULL,
    -- The item as it travels, JSON; it says the same as the columns above.
    body     TEXT    NOT NULL,
    PRIMARY KEY (room, question)
) STRICT, WITHOUT ROWID;

CREATE INDEX items_by_number ON items (room, number);
CREATE INDEX items_by_work ON items (room, work, number);
-- Those who answer want all questions and all answers, not what was said between them.
CREATE INDEX asked_and_answered ON rows (room, place) WHERE kind IN (1, 2);
