//! Every statement on `outbox.db`, in one list, so that a test can ask for the plan of each.

macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(pub(crate) const $name: &str = $sql;)*
        /// All of them.
        pub(crate) const ALL: &[&str] = &[$($name),*];
    };
}

statements! {
    // Rooms. Their list is short and may be read whole.
    ALL_ROOMS = "SELECT room, server, topic, stream, user FROM rooms";
    FIND_ROOM = "SELECT room FROM rooms WHERE server = ?1 AND topic = ?2 AND stream = ?3 AND user = ?4";
    NEW_ROOM = "INSERT INTO rooms (server, topic, stream, user) VALUES (?1, ?2, ?3, ?4) RETURNING room";
    ADD_ROOM = "INSERT INTO rooms (room, server, topic, stream, user) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    RENAME_ROOM = "UPDATE OR IGNORE rooms SET server = ?2, topic = ?3, stream = ?4, user = ?5 WHERE room = ?1";
    DROP_ROOM = "DELETE FROM rooms WHERE room = ?1";
    DROP_OUTGOING = "DELETE FROM outgoing WHERE room = ?1";
    DROP_MARKS = "DELETE FROM marks WHERE room = ?1";
    DROP_SNIPPETS = "DELETE FROM snippets WHERE room = ?1";
    DROP_DRAFTS = "DELETE FROM drafts WHERE room = ?1";
    HAS_ROOM = "SELECT 1 FROM rooms WHERE room = ?1";

    // Outgoing entries.
    COUNT = "SELECT count(*) FROM outgoing WHERE room = ?1";
    HAS = "SELECT 1 FROM outgoing WHERE id = ?1";
    ENQUEUE = "INSERT INTO outgoing (id, room, kind, question, body, created, seen, visibility, co_answer, state) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)";
    LIST = "SELECT id, kind, question, body, created, state, generation, written_at, attempts, failure_code, failure_reason, seen, \
            visibility, co_answer, submission \
            FROM outgoing WHERE room = ?1 ORDER BY ord";
    // A state that knows nothing of a write or a review leaves the last ones where they are.
    SET = "UPDATE outgoing SET state = ?2, generation = coalesce(?3, generation), written_at = coalesce(?4, written_at), \
           attempts = attempts + (?2 = 1), failure_code = ?5, failure_reason = ?6, \
           submission = coalesce(?7, submission) WHERE id = ?1";
    RETRY = "UPDATE outgoing SET state = 0, created = ?2, failure_code = NULL, failure_reason = NULL WHERE id = ?1";
    UNGUARD = "UPDATE outgoing SET seen = NULL, co_answer = 1 WHERE id = ?1";
    EXPIRE = "UPDATE outgoing SET state = 3, failure_code = ?3, failure_reason = '' \
              WHERE room = ?1 AND state = 0 AND created < ?2 RETURNING id";
    REMOVE = "DELETE FROM outgoing WHERE id = ?1";

    // Drafts.
    DRAFT = "SELECT text, mode, updated FROM drafts WHERE room = ?1 AND slot = ?2";
    DRAFTED = "SELECT slot FROM drafts WHERE room = ?1";
    SET_DRAFT = "INSERT INTO drafts (room, slot, text, mode, updated) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (room, slot) DO UPDATE SET text = ?3, mode = ?4, updated = ?5";
    CLEAR_DRAFT = "DELETE FROM drafts WHERE room = ?1 AND slot = ?2";

    // What a desk keeps. Snippets are a person's own, and few.
    MARKS = "SELECT subject, body FROM marks WHERE room = ?1 ORDER BY subject";
    MARK = "SELECT body FROM marks WHERE room = ?1 AND subject = ?2";
    SET_MARK = "INSERT INTO marks (room, subject, body) VALUES (?1, ?2, ?3) ON CONFLICT (room, subject) DO UPDATE SET body = ?3";
    CLEAR_MARK = "DELETE FROM marks WHERE room = ?1 AND subject = ?2";
    SNIPPETS = "SELECT id, room, name, text FROM snippets ORDER BY name, id";
    SET_SNIPPET = "INSERT INTO snippets (id, room, name, text) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (id) DO UPDATE SET room = ?2, name = ?3, text = ?4";
    DROP_SNIPPET = "DELETE FROM snippets WHERE id = ?1";
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_statement_uses_an_index() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        crate::outbox::MIGRATIONS.to_latest(&mut conn).unwrap();
        for sql in super::ALL {
            crate::plan::assert_indexed(&conn, sql);
        }
    }
}
