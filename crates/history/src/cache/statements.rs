//! Every statement on `cache.db`, in one list, so that a test can ask for the plan of each.

macro_rules! columns {
    () => {
        "key, place, revision, received_at, kind, epoch, user, display_name, avatar_url, stream, content, \
         created_wire, created_at, entry_id, seq, nonce, mine, standing, delivery, failure_code, failure_reason, \
         local_id, gap_state, gap_from, gap_to, gap_missing"
    };
}

/// What the search index is told of a row, in the order of `indexing::Said::read`.
macro_rules! said {
    () => {
        "key, room, kind, content, display_name, user, mine"
    };
}

macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(pub(crate) const $name: &str = $sql;)*
        /// All of them.
        pub(crate) const ALL: &[&str] = &[$($name),*];
    };
}

statements! {
    // The room's own line.
    HEAD = "SELECT revision, removed_floor, epoch, seq_base, seq_origin, positioned, position_epoch, applied, \
            reached_start, read_place FROM rooms WHERE room = ?1";
    SAVE_HEAD = "UPDATE rooms SET revision = ?2, removed_floor = ?3, epoch = ?4, seq_base = ?5, seq_origin = ?6, \
                 positioned = ?7, position_epoch = ?8, applied = ?9, reached_start = ?10, read_place = ?11 \
                 WHERE room = ?1";
    ALL_ROOMS = "SELECT room, server, topic, stream, user FROM rooms";
    ADD_ROOM = "INSERT INTO rooms (room, server, topic, stream, user, revision, removed_floor) \
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO NOTHING";
    RENAME_ROOM = "UPDATE rooms SET server = ?2, topic = ?3, stream = ?4, user = ?5 WHERE room = ?1";
    DROP_ROOM = "DELETE FROM rooms WHERE room = ?1";
    DROP_ROWS = "DELETE FROM rows WHERE room = ?1";
    DROP_REMOVED = "DELETE FROM removed WHERE room = ?1";

    // Questions as work items.
    ITEMS_HEAD = "SELECT items_epoch, items_whole FROM rooms WHERE room = ?1";
    SAVE_ITEMS_HEAD = "UPDATE rooms SET items_epoch = ?2, items_whole = ?3 WHERE room = ?1";
    ITEMS = "SELECT body FROM items WHERE room = ?1 ORDER BY number";
    NEWEST_ITEMS = "SELECT body FROM items WHERE room = ?1 ORDER BY number DESC LIMIT ?2";
    SAVE_ITEM = "INSERT INTO items (room, question, number, work, body) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (room, question) DO UPDATE SET number = ?3, work = ?4, body = ?5";
    DROP_ITEM = "DELETE FROM items WHERE room = ?1 AND question = ?2";
    DROP_ITEMS = "DELETE FROM items WHERE room = ?1";
    // An id that JSON might write in more than one way is not looked for here, but where the rows are read.
    ANSWERS_TO = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND kind IN (1, 2) AND kind = 2 \
         AND (?2 = '' OR instr(content, ?2) > 0 OR instr(content, 'questionId') = 0) ORDER BY place"
    );
    ASKED_AND_ANSWERED = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND place > ?2 AND kind IN (1, 2) ORDER BY place LIMIT ?3"
    );

    // Writing rows.
    INSERT = "INSERT INTO rows (room, place, revision, received_at, kind, epoch, user, display_name, avatar_url, stream, \
              content, created_wire, created_at, entry_id, seq, nonce, mine, standing, delivery, failure_code, \
              failure_reason, local_id, gap_state, gap_from, gap_to, gap_missing) \
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, \
              ?23, ?24, ?25, ?26) ON CONFLICT DO NOTHING";
    // Numbers its cells like INSERT: ?2 and ?4 (place, first sight) stay as they are.
    REPLACE = "UPDATE rows SET revision = ?3, kind = ?5, epoch = ?6, user = ?7, display_name = ?8, avatar_url = ?9, \
               stream = ?10, content = ?11, created_wire = ?12, created_at = ?13, entry_id = ?14, seq = ?15, nonce = ?16, \
               mine = ?17, standing = ?18, delivery = ?19, failure_code = ?20, failure_reason = ?21, local_id = ?22, \
               gap_state = ?23, gap_from = ?24, gap_to = ?25, gap_missing = ?26 WHERE key = ?1";
    STAND = "UPDATE rows SET revision = ?3, standing = ?4 WHERE key = ?2 AND room = ?1 AND kind <= 2 AND standing <> ?4";
    PUT = "UPDATE rows SET place = ?2, revision = ?3 WHERE key = ?1";
    DELETE = "DELETE FROM rows WHERE key = ?2 AND room = ?1";
    ADD_REMOVED = "INSERT INTO removed (room, revision, key) VALUES (?1, ?2, ?3)";
    OLD_REMOVED = "SELECT revision FROM removed WHERE room = ?1 ORDER BY revision DESC LIMIT 1 OFFSET ?2";
    PRUNE_REMOVED = "DELETE FROM removed WHERE room = ?1 AND revision <= ?2";

    // Finding places.
    PLACE_OF = "SELECT place FROM rows WHERE key = ?2 AND room = ?1";
    LAST_BELOW = "SELECT place FROM rows WHERE room = ?1 AND place < ?2 ORDER BY place DESC LIMIT 1";
    FIRST_ABOVE = "SELECT place FROM rows WHERE room = ?1 AND place > ?2 AND place < ?3 ORDER BY place LIMIT 1";
    ENTRIES_FROM = "SELECT key, place, created_at, received_at FROM rows WHERE room = ?1 AND place >= ?2 AND place < ?3 \
                    AND kind <= 2 ORDER BY place LIMIT ?4";
    LAST_ENTRY = "SELECT place, coalesce(created_at, received_at) FROM rows WHERE room = ?1 AND place < ?2 AND kind <= 2 \
                  ORDER BY place DESC LIMIT 1";
    SLOT = "SELECT key, place FROM rows WHERE room = ?1 AND place > ?2 AND place < ?3 ORDER BY place";

    // Reading rows.
    ROW = concat!("SELECT ", columns!(), " FROM rows WHERE key = ?2 AND room = ?1");
    ROW_BY_SEQ = concat!("SELECT ", columns!(), " FROM rows WHERE room = ?1 AND epoch = ?2 AND seq = ?3");
    ROWS_BY_SEQ = concat!(
        "SELECT ", columns!(),
        " FROM rows WHERE room = ?1 AND epoch = ?2 AND seq >= ?3 AND seq <= ?4 ORDER BY seq LIMIT ?5"
    );
    ROW_BY_ENTRY_ID = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND entry_id = ?2 ORDER BY key DESC LIMIT 1"
    );
    ROW_BY_LOCAL_ID = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND local_id = ?2 ORDER BY key DESC LIMIT 1"
    );
    BACKWARD = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND place < ?2 ORDER BY place DESC LIMIT ?3"
    );
    FORWARD = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND place > ?2 ORDER BY place LIMIT ?3"
    );
    GAPS = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND kind = 3 ORDER BY place DESC LIMIT ?2"
    );
    CHANGED = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND revision > ?2 ORDER BY revision LIMIT ?3"
    );
    REMOVED = "SELECT key FROM removed WHERE room = ?1 AND revision > ?2 ORDER BY revision LIMIT ?3";
    // One person. An answer stands under whatever id the server gave it, so answers are nobody's.
    PERSON_BACKWARD = concat!(
        "SELECT ", columns!(),
        " FROM rows WHERE room = ?1 AND user = ?2 AND kind <= 1 AND place < ?3 ORDER BY place DESC LIMIT ?4"
    );
    PERSON_FIRST = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND user = ?2 AND kind <= 1 ORDER BY place LIMIT 1"
    );
    PERSON_COUNTS =
        "SELECT count(*), count(nullif(kind, 0)) FROM rows WHERE room = ?1 AND user = ?2 AND kind <= 1";

    PERSON_FORWARD = concat!(
        "SELECT ", columns!(),
        " FROM rows WHERE room = ?1 AND user = ?2 AND kind <= 1 AND place > ?3 ORDER BY place LIMIT ?4"
    );

    // Questions, answers or both; ?4 and ?5 are the kinds. The index is named: by the planner's guess, all rows may be as cheap.
    ASKED_BACKWARD = concat!(
        "SELECT ", columns!(), " FROM rows INDEXED BY asked_and_answered WHERE room = ?1 AND kind IN (1, 2) \
         AND kind IN (?4, ?5) AND place < ?2 ORDER BY place DESC LIMIT ?3"
    );
    ASKED_FORWARD = concat!(
        "SELECT ", columns!(), " FROM rows INDEXED BY asked_and_answered WHERE room = ?1 AND kind IN (1, 2) \
         AND kind IN (?4, ?5) AND place > ?2 ORDER BY place LIMIT ?3"
    );
    GAPS_BACKWARD = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND kind = 3 AND place < ?2 ORDER BY place DESC LIMIT ?3"
    );
    GAPS_FORWARD = concat!(
        "SELECT ", columns!(), " FROM rows WHERE room = ?1 AND kind = 3 AND place > ?2 ORDER BY place LIMIT ?3"
    );

    // Searching. The index alone decides the order: joined with anything else, SQLite would read all that match.
    FIND = "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3";
    INDEX = "INSERT OR REPLACE INTO search (rowid, body, who, mark) VALUES (?1, ?2, ?3, ?4)";
    UNINDEX = "DELETE FROM search WHERE rowid = ?1";
    UNINDEX_ALL = "INSERT INTO search (search) VALUES ('delete-all')";
    LEARN = "INSERT INTO words (word) VALUES (?1) ON CONFLICT DO NOTHING";
    UNLEARN_ALL = "DELETE FROM words";
    WORDS = "SELECT word FROM words WHERE word >= ?1 AND word < ?2 ORDER BY word LIMIT ?3";
    SEARCH_FORGET = "DELETE FROM search_state";
    SEARCH_BEGIN =
        "INSERT INTO search_state (rowid, next, of, upto) SELECT 1, newest, newest, newest \
         FROM (SELECT coalesce(max(key), 0) AS newest FROM rows)";
    ROW_OF_KEY = concat!("SELECT ", columns!(), ", room FROM rows WHERE key = ?1");
    NEWEST_KEYS = "SELECT key FROM rows WHERE key < ?1 ORDER BY key DESC LIMIT ?2";
    UNINDEXED = concat!(
        "SELECT ", said!(), " FROM rows WHERE key <= ?1 AND kind <= 2 ORDER BY key DESC LIMIT ?2"
    );
    UNINDEXED_NEW = concat!(
        "SELECT ", said!(), " FROM rows WHERE key > ?1 AND kind <= 2 ORDER BY key LIMIT ?2"
    );
    SEARCH_UPTO = "SELECT upto, (SELECT coalesce(max(key), 0) FROM rows) FROM search_state WHERE rowid = 1";
    SEARCH_CAME_TO = "UPDATE search_state SET upto = ?1 WHERE rowid = 1";
    SEARCH_STATE =
        "SELECT next, of, (SELECT coalesce(min(key), 0) FROM rows) FROM search_state WHERE rowid = 1";
    SEARCH_DONE = "UPDATE search_state SET next = ?1 WHERE rowid = 1";
    ITEM_NUMBER = "SELECT number FROM items WHERE room = ?1 AND question = ?2";

    FIRST_SEQ = "SELECT seq FROM rows WHERE room = ?1 AND epoch = ?2 AND seq IS NOT NULL ORDER BY seq LIMIT 1";
    LAST_SEQ = "SELECT seq FROM rows WHERE room = ?1 AND epoch = ?2 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
    UNREAD = "SELECT count(*) FROM (SELECT 1 FROM rows WHERE room = ?1 AND place > ?2 AND mine = 0 AND kind <= 2 LIMIT ?3)";
    UNREAD_QUESTIONS =
        "SELECT count(*) FROM (SELECT 1 FROM rows WHERE room = ?1 AND place > ?2 AND mine = 0 AND kind = 1 LIMIT ?3)";
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    #[test]
    fn every_statement_uses_an_index() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::cache::MIGRATIONS.to_latest(&mut conn).unwrap();
        for sql in super::ALL {
            crate::plan::assert_indexed(&conn, sql);
        }
    }

    #[test]
    fn a_person_is_read_and_counted_from_their_own_index() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::cache::MIGRATIONS.to_latest(&mut conn).unwrap();
        for sql in [super::PERSON_BACKWARD, super::PERSON_FIRST] {
            let plan = crate::plan::of(&conn, sql).join("\n");
            assert!(plan.contains("USING INDEX rows_of_person (room=? AND user=?"), "{plan}");
        }
        let plan = crate::plan::of(&conn, super::PERSON_COUNTS).join("\n");
        assert!(plan.contains("COVERING INDEX rows_of_person"), "{plan}");
    }

    #[test]
    fn a_moment_is_found_by_the_places_of_rows() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::cache::MIGRATIONS.to_latest(&mut conn).unwrap();
        for (sql, part) in
            [(super::ENTRIES_FROM, "place>? AND place<?"), (super::LAST_ENTRY, "place<?")]
        {
            let plan = crate::plan::of(&conn, sql).join("\n");
            assert_eq!(plan, format!("SEARCH rows USING INDEX rows_by_place (room=? AND {part})"));
        }
    }

    #[test]
    fn a_view_reads_the_rows_that_it_shows_and_no_others() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::cache::MIGRATIONS.to_latest(&mut conn).unwrap();
        for (sql, index) in [
            (super::ASKED_BACKWARD, "asked_and_answered (room=? AND place<?)"),
            (super::ASKED_FORWARD, "asked_and_answered (room=? AND place>?)"),
            (super::GAPS_BACKWARD, "gaps (room=? AND place<?)"),
            (super::GAPS_FORWARD, "gaps (room=? AND place>?)"),
            (super::PERSON_BACKWARD, "rows_of_person (room=? AND user=? AND place<?)"),
            (super::PERSON_FORWARD, "rows_of_person (room=? AND user=? AND place>?)"),
        ] {
            let plan = crate::plan::of(&conn, sql).join("\n");
            assert_eq!(plan, format!("SEARCH rows USING INDEX {index}"));
        }
    }

    #[test]
    fn counting_the_unread_reads_an_index_alone() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::cache::MIGRATIONS.to_latest(&mut conn).unwrap();
        let plan = crate::plan::of(&conn, super::UNREAD).join("\n");
        assert!(plan.contains("COVERING INDEX rows_of_others"), "{plan}");
        let plan = crate::plan::of(&conn, super::UNREAD_QUESTIONS).join("\n");
        assert!(plan.contains("COVERING INDEX questions_of_others"), "{plan}");
    }
}
