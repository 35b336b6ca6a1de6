-- Finding. The index holds no text: a row's tokens alone, which are made by us, since no tokenizer splits Chinese as people
-- search it: pairs of neighbouring characters, and the last one of a run by itself.
CREATE VIRTUAL TABLE search USING fts5(
    body,  -- what was said, and what it quotes
    who,   -- who said it, and for which organisation
    mark,  -- the room, the kind, whether it is the user's own
    content = '', contentless_delete = 1, prefix = '1', tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TABLE search_state (
    -- One line: rows of before up to `next` are not in the index yet; there were so many.
    next INTEGER NOT NULL,
    of   INTEGER NOT NULL
) STRICT;

INSERT INTO search_state SELECT coalesce(max(key), 0), coalesce(max(key), 0) FROM rows;
