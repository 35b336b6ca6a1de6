-- State 4: the server has it for review, under this name; it is kept when that ends in a failure, which staff may undo.
ALTER TABLE outgoing ADD COLUMN submission TEXT;
