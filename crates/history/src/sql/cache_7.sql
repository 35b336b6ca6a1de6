-- A commit writes rows alone; the index follows, some rows at a time. Rows from here on are not in it yet.
ALTER TABLE search_state ADD COLUMN upto INTEGER NOT NULL DEFAULT 0;

UPDATE search_state SET upto = (SELECT coalesce(max(key), 0) FROM rows);
