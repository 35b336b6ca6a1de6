//! Entries in the database: inserting, finding a repeated nonce, reading ranges.

use aside_protocol::{Body, EntryKind, Identity, Nonce, Seq};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::answers::Quotes;
use super::nonces::keep_nonce;

/// An entry before it has a place.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: EntryKind,
    pub(crate) user: String,
    pub(crate) display_name: String,
    pub(crate) avatar_url: String,
    pub(crate) content: String,
    /// Now, if absent.
    pub(crate) created_ms: Option<i64>,
    pub(crate) nonce: Option<Nonce>,
    /// An answer's guard: the item's `lastAnswer` that its writer saw.
    pub(crate) seen: Option<u64>,
    /// An answer's writer knows that somebody else is about to answer.
    pub(crate) co_answer: bool,
    /// The question that an answer quotes.
    pub(crate) quotes: Option<Quotes>,
    /// The message that a question is made of.
    pub(crate) source: Option<Seq>,
    /// Who it is, where `user` is a name that is nobody's.
    pub(crate) owner: Option<String>,
}

/// An entry with its place.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) seq: Seq,
    pub(crate) kind: EntryKind,
    pub(crate) user: String,
    pub(crate) display_name: String,
    pub(crate) avatar_url: String,
    pub(crate) content: String,
    pub(crate) created_ms: i64,
    pub(crate) nonce: Option<Nonce>,
}

impl Draft {
    /// What somebody says now.
    pub(crate) fn by(
        who: &Identity,
        kind: EntryKind,
        content: String,
        nonce: Option<Nonce>,
    ) -> Self {
        Self {
            kind,
            user: who.user.clone(),
            display_name: who.display_name.clone(),
            avatar_url: who.avatar_url.clone(),
            content,
            created_ms: None,
            nonce,
            seen: None,
            co_answer: false,
            quotes: None,
            source: None,
            owner: None,
        }
    }

    /// Who says it.
    pub(crate) fn owner(&self) -> &str {
        self.owner.as_deref().unwrap_or(&self.user)
    }

    pub(crate) fn place(self, seq: Seq, now_ms: i64) -> Record {
        Record {
            seq,
            kind: self.kind,
            user: self.user,
            display_name: self.display_name,
            avatar_url: self.avatar_url,
            content: self.content,
            created_ms: self.created_ms.unwrap_or(now_ms),
            nonce: self.nonce,
        }
    }
}

pub(super) fn kind_number(kind: EntryKind) -> i64 {
    match kind {
        EntryKind::Message => 1,
        EntryKind::Question => 2,
        EntryKind::Answer => 3,
    }
}

fn kind_of(number: i64) -> Option<EntryKind> {
    [EntryKind::Message, EntryKind::Question, EntryKind::Answer]
        .into_iter()
        .find(|kind| kind_number(*kind) == number)
}

/// Places are below 2^63 as long as nobody writes for a hundred million years.
pub(super) fn sql(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

pub(super) fn seq_of(number: i64) -> Seq {
    Seq(u64::try_from(number).unwrap_or(0))
}

/// Puts an entry at its place; `owner` is who said it, whatever name stands there.
pub(crate) fn insert(
    conn: &Connection,
    room: i64,
    record: &Record,
    owner: &str,
    now_ms: i64,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO entry (room, seq, kind, user, display_name, avatar_url, content, created_ms, nonce)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        room,
        sql(record.seq),
        kind_number(record.kind),
        record.user,
        record.display_name,
        record.avatar_url,
        record.content,
        record.created_ms,
        record.nonce.as_ref().map(Nonce::as_str),
    ])?;
    if let Some(nonce) = &record.nonce {
        let said = (record.kind, record.content.as_str());
        keep_nonce(conn, room, owner, nonce, said, sql(record.seq), now_ms)?;
    }
    Ok(())
}

pub(crate) fn head(conn: &Connection, room: i64) -> rusqlite::Result<Seq> {
    conn.query_row("SELECT coalesce(max(seq), 0) FROM entry WHERE room = ?", [room], |row| {
        Ok(seq_of(row.get(0)?))
    })
}

/// The oldest place from which on everything is younger than this moment; places only grow, so whatever stands before a
/// younger entry may be seen.
pub(crate) fn first_after(conn: &Connection, room: i64, ms: i64) -> rusqlite::Result<Seq> {
    let last: Option<i64> = conn
        .prepare_cached(
            "SELECT seq FROM entry WHERE room = ? AND created_ms <= ? ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([room, ms], |row| row.get(0))
        .optional()?;
    Ok(seq_of(last.unwrap_or(0)).next())
}

pub(crate) fn forget_room(conn: &Connection, room: i64) -> rusqlite::Result<()> {
    super::items::forget_room(conn, room)?;
    super::moderation::forget_room(conn, room)?;
    conn.execute("DELETE FROM alias WHERE room = ?", [room])?;
    conn.execute("DELETE FROM nonce WHERE room = ?", [room])?;
    conn.execute("DELETE FROM entry WHERE room = ?", [room])?;
    Ok(())
}

/// A stretch of one room's log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// Only after this place.
    pub(crate) after: Seq,
    /// Only before this place.
    pub(crate) before: Seq,
    /// One kind alone.
    pub(crate) kind: Option<EntryKind>,
    /// From which end to count.
    pub(crate) from: End,
    /// How many of them to leave out.
    pub(crate) skip: u64,
    /// How many to read.
    pub(crate) count: u32,
}

impl Range {
    /// Whether it begins right beside a place that was named.
    pub(crate) fn is_next_to_a_place(&self) -> bool {
        self.skip == 0 && (self.from == End::Oldest || self.before != Seq(u64::MAX))
    }
}

/// An end of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Oldest,
    Newest,
}

const COLUMNS: &str =
    "SELECT seq, kind, user, display_name, avatar_url, content, created_ms, nonce FROM entry";

/// The entries of a stretch, oldest first from either end.
pub(crate) fn range(conn: &Connection, room: i64, range: Range) -> rusqlite::Result<Vec<Record>> {
    let mut range = range;
    if range.kind.is_none() {
        // Places have no holes, so leaving some out is arithmetic instead of a walk.
        match range.from {
            End::Oldest if range.skip == 0 => {}
            End::Oldest => {
                let before = super::retention::first(conn, room)?.0.saturating_sub(1);
                range.after = Seq(range.after.0.max(before).saturating_add(range.skip));
            }
            End::Newest => {
                let end = range.before.0.min(head(conn, room)?.next().0);
                range.before = Seq(end.saturating_sub(range.skip));
            }
        }
        range.skip = 0;
    }
    let (kind, order) = match (range.kind, range.from) {
        (None, End::Oldest) => ("", "ASC"),
        (None, End::Newest) => ("", "DESC"),
        (Some(_), End::Oldest) => ("AND kind = ?6", "ASC"),
        (Some(_), End::Newest) => ("AND kind = ?6", "DESC"),
    };
    let text = format!(
        "{COLUMNS} WHERE room = ?1 AND seq > ?2 AND seq < ?3 {kind} ORDER BY seq {order} LIMIT ?4 OFFSET ?5"
    );
    let skip = i64::try_from(range.skip).unwrap_or(i64::MAX);
    let mut statement = conn.prepare_cached(&text)?;
    let (after, before) = (sql(range.after), sql(range.before));
    let rows: rusqlite::Result<Vec<Record>> = match range.kind {
        None => statement
            .query_map(params![room, after, before, range.count, skip], read_record)?
            .collect(),
        Some(kind) => {
            let number = kind_number(kind);
            statement
                .query_map(params![room, after, before, range.count, skip, number], read_record)?
                .collect()
        }
    };
    let mut records = rows?;
    if range.from == End::Newest {
        records.reverse();
    }
    Ok(records)
}

/// The entry at a place.
pub(crate) fn at(conn: &Connection, room: i64, seq: Seq) -> rusqlite::Result<Option<Record>> {
    conn.prepare_cached(&format!("{COLUMNS} WHERE room = ? AND seq = ?"))?
        .query_row(params![room, sql(seq)], read_record)
        .optional()
}

/// The question at a place, if there is one: its asker's name, and its text.
pub(crate) fn question(
    conn: &Connection,
    room: i64,
    seq: Seq,
) -> rusqlite::Result<Option<(String, String)>> {
    let found = at(conn, room, seq)?;
    Ok(found.filter(|record| record.kind == EntryKind::Question).map(|record| {
        let body = Body::parse(record.kind, &record.content);
        (record.display_name, body.text().to_owned())
    }))
}

pub(super) fn read_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<EntryKind> {
    let number: i64 = row.get(column)?;
    kind_of(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        seq: seq_of(row.get(0)?),
        kind: read_kind(row, 1)?,
        user: row.get(2)?,
        display_name: row.get(3)?,
        avatar_url: row.get(4)?,
        content: row.get(5)?,
        created_ms: row.get(6)?,
        nonce: row.get::<_, Option<String>>(7)?.map(Nonce::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        super::super::migrate(&mut conn).unwrap();
        let room =
            "INSERT INTO room (id, topic, stream, epoch, created_ms) VALUES (1, 't', 's', 'e', 0)";
        conn.execute(room, []).unwrap();
        for n in 1..=30_u64 {
            let kind = if n % 3 == 0 { EntryKind::Question } else { EntryKind::Message };
            let draft = Draft::by(&Identity::default(), kind, n.to_string(), None);
            insert(&conn, 1, &draft.place(Seq(n), 0), "", 0).unwrap();
        }
        conn
    }

    /// The naive meaning of a range, against which every combination is checked.
    fn expected(range: Range) -> Vec<u64> {
        let mut all: Vec<u64> = (1..=30)
            .filter(|n| *n > range.after.0 && *n < range.before.0)
            .filter(|n| range.kind.is_none_or(|kind| (kind == EntryKind::Question) == (n % 3 == 0)))
            .collect();
        if range.from == End::Newest {
            all.reverse();
        }
        let skip = usize::try_from(range.skip).unwrap();
        let mut picked: Vec<u64> = all.into_iter().skip(skip).take(range.count as usize).collect();
        picked.sort_unstable();
        picked
    }

    #[test]
    fn every_range_is_what_it_says() {
        let conn = filled();
        for after in [0, 1, 7, 29, 30, 90] {
            for before in [0, 1, 8, 30, 31, u64::MAX] {
                for kind in [None, Some(EntryKind::Question), Some(EntryKind::Message)] {
                    for from in [End::Oldest, End::Newest] {
                        for skip in [0, 1, 10, 29, 31, u64::from(u32::MAX)] {
                            for count in [0, 1, 5, 100] {
                                let asked = Range {
                                    after: Seq(after),
                                    before: Seq(before),
                                    kind,
                                    from,
                                    skip,
                                    count,
                                };
                                let read = range(&conn, 1, asked).unwrap();
                                let read: Vec<u64> =
                                    read.iter().map(|record| record.seq.0).collect();
                                assert_eq!(read, expected(asked), "{asked:?}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn ranges_walk_an_index() {
        let conn = filled();
        for filter in ["", "AND kind = 2"] {
            let plan: String = conn
                .query_row(
                    &format!(
                        "EXPLAIN QUERY PLAN {COLUMNS} WHERE room = 1 AND seq > 2 AND seq < 9 {filter} ORDER BY seq DESC"
                    ),
                    [],
                    |row| row.get(3),
                )
                .unwrap();
            assert!(plan.starts_with("SEARCH") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
