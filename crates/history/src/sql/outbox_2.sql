-- An answer's guard: the place of the newest answer to the same question that its writer saw (u64, its bits kept in an i64).
ALTER TABLE outgoing ADD COLUMN seen INTEGER;
