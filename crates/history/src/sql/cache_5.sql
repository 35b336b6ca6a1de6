-- The index again, over tokens that are cut at spaces alone: they come folded from us, and to look up each character's kind once more was a
-- sixth of the cost of a row. Beside it the words, so that the beginning of one is looked for as the few words that there are.
DROP TABLE search;

CREATE VIRTUAL TABLE search USING fts5(
    body,  -- what was said, and what it quotes
    who,   -- who said it, and for which organisation
    mark,  -- the room, the kind, whether it is the user's own
    content = '', contentless_delete = 1, prefix = '1', tokenize = 'ascii'
);

CREATE TABLE words (
    -- Every word in the index, of scripts that have words; some may be of rows that are gone.
    word TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

DELETE FROM search_state;
INSERT INTO search_state (rowid, next, of) SELECT 1, coalesce(max(key), 0), coalesce(max(key), 0) FROM rows;
