//! How far a database has come in the log that servers share: written with what it speaks of.

use rusqlite::{Connection, OptionalExtension, params};

/// The last message that is in a database, by its number and its name. Zero for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) seq: u64,
    pub(crate) name: String,
}

impl Position {
    pub(crate) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let found = conn
            .prepare_cached("SELECT seq, name FROM replica WHERE id = 1")?
            .query_row([], |row| {
                let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
                Ok(Self { seq, name: row.get(1)? })
            })
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    #[cfg(feature = "nats")]
    pub(crate) fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        let seq = i64::try_from(self.seq).unwrap_or(i64::MAX);
        conn.prepare_cached("INSERT OR REPLACE INTO replica (id, seq, name) VALUES (1, ?, ?)")?
            .execute(params![seq, self.name])?;
        Ok(())
    }
}

/// Whether a database follows a log.
pub(crate) fn is_one(conn: &Connection) -> rusqlite::Result<bool> {
    Ok(Position::read(conn)?.seq > 0)
}

/// From now on a database follows none.
pub(crate) fn leave(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM replica WHERE id = 1", params![])?;
    Ok(())
}

/// Whether there are rooms in a database.
#[cfg(feature = "nats")]
pub(crate) fn has_rooms(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT max(id) IS NOT NULL FROM room", [], |row| row.get(0))
}
