//! The index over what was said, read backwards from the newest row.

use std::collections::{HashMap, HashSet};

use aside_protocol::triage::Item;
use aside_protocol::{Body, EntryId, EntryKind};
use rusqlite::{Connection, OptionalExtension, params};

use super::cells;
use super::indexing::indexed;
use super::statements::{
    FIND, ITEM_NUMBER, ITEMS, NEWEST_KEYS, ROW_BY_ENTRY_ID, ROW_OF_KEY, WORDS,
};
use crate::error::StoreError;
use crate::fold::{Folded, Term, fold};
use crate::ids::RoomId;
use crate::row::Row;
use crate::search::{Asked, Cursor, Hit, Parsed, SearchPage, SearchQuery};

/// Rows that are looked at for one page at most: then it is handed out as it is.
const LOOKED_AT: usize = 20_000;
/// Rows that the index names at once, at most.
const BATCH: usize = 256;
/// The beginning of a word is looked for as so many words at most; where there are more, as a beginning, for which SQLite reads all rows of all of them.
const WORDS_ASKED: usize = 32;
/// People that the index is asked for at most; where more work on questions, each row is looked at.
const STAFF: usize = 64;
/// Where the lines of [`ROW_OF_KEY`] have the room.
const ROOM: usize = 26;
/// Marked places of one entry at most.
const RANGES: usize = 20;

/// One page of what was found.
pub(crate) fn search(
    conn: &Connection,
    query: &SearchQuery,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<SearchPage, StoreError> {
    let parsed = Parsed::of(query);
    let mut page = SearchPage { indexing: indexed(conn)?, ..SearchPage::default() };
    if parsed.is_empty() || limit == 0 {
        return Ok(page);
    }
    let before = cursor.map_or(i64::MAX, |cursor| cursor.0);
    let rooms = super::rooms::all(conn)?.len();
    let mut finding = Finding { conn, query, parsed, rooms, staff: HashMap::new() };
    if finding.parsed.by_staff.is_some() {
        finding.staff = finding.staff()?;
    }
    if finding.parsed.is_about_items() {
        finding.among_items(&mut page, before, limit)?;
    } else {
        finding.among_rows(&mut page, before, limit)?;
    }
    Ok(page)
}

struct Finding<'a> {
    conn: &'a Connection,
    query: &'a SearchQuery,
    parsed: Parsed,
    /// How many rooms there are.
    rooms: usize,
    /// Who works on questions in each room, by id, where that is asked for.
    staff: HashMap<RoomId, HashSet<String>>,
}

impl Finding<'_> {
    fn among_rows(
        &self,
        page: &mut SearchPage,
        mut before: i64,
        limit: usize,
    ) -> Result<(), StoreError> {
        let expression = self.expression()?;
        let mut looked_at = 0;
        // Most that the index names is what is looked for, so at first no more than a page: the next match may be far.
        let mut batch = limit.min(BATCH);
        loop {
            let keys = self.keys(expression.as_deref(), before, batch)?;
            let last = keys.len() < batch;
            batch = BATCH;
            for key in keys {
                before = key;
                looked_at += 1;
                if let Some(hit) = self.look_at(key)? {
                    page.hits.push(hit);
                }
                if page.hits.len() == limit || looked_at == LOOKED_AT {
                    page.next = Some(Cursor(before));
                    return Ok(());
                }
            }
            if last {
                return Ok(());
            }
        }
    }

    /// What the index must have; nothing when only time is asked for.
    fn expression(&self) -> Result<Option<String>, StoreError> {
        let Asked { terms, from, marks, has_link, .. } = &self.parsed.wanted;
        let words = |beginning: &str| self.words(beginning);
        let terms =
            terms.iter().map(|term| term.query("body", words)).collect::<Result<Vec<_>, _>>()?;
        let from =
            from.iter().map(|term| term.query("who", words)).collect::<Result<Vec<_>, _>>()?;
        let marks = marks.iter().map(|mark| format!("mark : \"{mark}\""));
        // Where there is one room, every row has its mark, and asking for it would cost more than all else.
        let room = self.query.room.filter(|_| self.rooms > 1);
        let room = room.map(|room| format!("mark : \"r{}\"", room.0));
        let link = has_link.then(|| "body : (\"http\" OR \"https\")".to_owned());
        let staff = self.expression_of_staff()?;
        let parts = terms.into_iter().chain(from).chain(marks).chain(room).chain(link).chain(staff);
        let parts: Vec<String> = parts.collect();
        Ok((!parts.is_empty()).then(|| parts.join(" AND ")))
    }

    /// Whom the index must have, where the staff or the audience is asked for.
    fn expression_of_staff(&self) -> Result<Option<String>, StoreError> {
        let users = || self.staff.values().flatten().filter_map(|user| Term::whole(user));
        Ok(match self.parsed.by_staff {
            Some(true) if users().take(STAFF + 1).count() <= STAFF => {
                let who = |term: Term| term.query("who", |beginning| self.words(beginning));
                let who = users().map(who).collect::<rusqlite::Result<Vec<_>>>()?;
                let marks = ["ka", "my"].map(|mark| format!("mark : \"{mark}\""));
                let parts: Vec<_> = marks.into_iter().chain(who).collect();
                Some(format!("({})", parts.join(" OR ")))
            }
            Some(false) => Some("mark : (\"km\" OR \"kq\")".to_owned()),
            Some(true) | None => None,
        })
    }

    /// Who works on questions, by room.
    fn staff(&self) -> Result<HashMap<RoomId, HashSet<String>>, StoreError> {
        let mut staff = HashMap::new();
        for room in self.rooms_asked()? {
            let mut users = HashSet::new();
            self.each_item(room, |item| {
                let claimed = item.claim.map(|claim| claim.by);
                let wrote = item.private.into_iter().map(|answer| answer.by);
                let people = [item.changed_by].into_iter().chain(claimed).chain(wrote);
                users.extend(people.map(|person| person.user).filter(|user| !user.is_empty()));
                Ok(())
            })?;
            staff.insert(room, users);
        }
        Ok(staff)
    }

    /// The words that begin so; nothing where they are too many, or where the index has beginnings of that length.
    fn words(&self, beginning: &str) -> rusqlite::Result<Option<Vec<String>>> {
        if beginning.chars().nth(1).is_none() {
            return Ok(None);
        }
        let end = format!("{beginning}{}", char::MAX);
        let words: Vec<String> = self
            .conn
            .prepare_cached(WORDS)?
            .query_map(params![beginning, end, WORDS_ASKED as i64 + 1], |line| line.get(0))?
            .collect::<Result<_, _>>()?;
        Ok((words.len() <= WORDS_ASKED).then_some(words))
    }

    fn keys(
        &self,
        expression: Option<&str>,
        before: i64,
        batch: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let batch = i64::try_from(batch).unwrap_or(i64::MAX);
        let keys: rusqlite::Result<Vec<i64>> = match expression {
            Some(expression) => self
                .conn
                .prepare_cached(FIND)?
                .query_map(params![expression, before, batch], |line| line.get(0))?
                .collect(),
            None => self
                .conn
                .prepare_cached(NEWEST_KEYS)?
                .query_map(params![before, batch], |line| line.get(0))?
                .collect(),
        };
        Ok(keys?)
    }

    fn look_at(&self, key: i64) -> Result<Option<Hit>, StoreError> {
        let found = self
            .conn
            .prepare_cached(ROW_OF_KEY)?
            .query_row([key], |line| Ok((RoomId(line.get(ROOM)?), cells::read(line)?.row)));
        let Some((room, row)) = found.optional()? else { return Ok(None) };
        self.hit(room, row)
    }

    /// The row, if it is what is looked for.
    fn hit(&self, room: RoomId, row: Row) -> Result<Option<Hit>, StoreError> {
        let Some(entry) = row.entry() else { return Ok(None) };
        if self.query.room.is_some_and(|wanted| wanted != room) {
            return Ok(None);
        }
        let at = entry.created_at.unwrap_or(row.received_at);
        let Parsed { wanted, unwanted, by_staff, before, after } = &self.parsed;
        if before.is_some_and(|before| at >= before) || after.is_some_and(|after| at < after) {
            return Ok(None);
        }
        let kind = entry.entry.kind;
        let marked = |mark: &&str| match *mark {
            "km" => kind == EntryKind::Message,
            "kq" => kind == EntryKind::Question,
            "ka" => kind == EntryKind::Answer,
            _ => entry.mine,
        };
        let is_staff = || {
            // Staff alone are told who of them did what: whoever knows of one is one of them.
            let known = |staff: &HashSet<String>| {
                staff.contains(&entry.entry.user) || (entry.mine && !staff.is_empty())
            };
            kind == EntryKind::Answer || self.staff.get(&room).is_some_and(known)
        };
        if unwanted.marks.iter().any(marked) || by_staff.is_some_and(|staff| staff != is_staff()) {
            return Ok(None);
        }
        let (text, quote, org) = match entry.entry.body() {
            Body::Message { text } | Body::Question { text } => {
                (text, String::new(), String::new())
            }
            Body::Answer { text, question, org_name, .. } => (text, question, org_name),
        };
        if !(wanted.from.is_empty() && unwanted.from.is_empty()) {
            let names = [&entry.entry.display_name, &entry.entry.user, &org].map(|name| fold(name));
            let by = |term: &Term| names.iter().any(|name| term.is_in(name));
            if !wanted.from.iter().all(by) || unwanted.from.iter().any(by) {
                return Ok(None);
            }
        }
        if (wanted.has_link && !has_link(&text)) || (unwanted.has_link && has_link(&text)) {
            return Ok(None);
        }
        let (text, quote) = (fold(&text), fold(&quote));
        let there = |term: &Term| term.is_in(&text) || term.is_in(&quote);
        if !wanted.terms.iter().all(there) || unwanted.terms.iter().any(there) {
            return Ok(None);
        }
        let ranges = self.ranges(&text);
        let (question, number) = match kind {
            EntryKind::Question => self.item_of(room, &row)?,
            EntryKind::Message | EntryKind::Answer => (None, None),
        };
        Ok(Some(Hit { room, row, number, question, ranges }))
    }

    fn ranges(&self, text: &Folded) -> Vec<(u32, u32)> {
        let found = self.parsed.wanted.terms.iter().flat_map(|term| term.find(text, RANGES));
        let mut ranges: Vec<(u32, u32)> = found.collect();
        ranges.sort_unstable();
        // Where two of them overlap, one mark is enough.
        let mut apart: Vec<(u32, u32)> = Vec::new();
        for (from, to) in ranges {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        apart.truncate(RANGES);
        apart
    }

    fn item_of(
        &self,
        room: RoomId,
        row: &Row,
    ) -> Result<(Option<EntryId>, Option<u64>), StoreError> {
        let id = row.entry().and_then(|entry| entry.entry.id.clone());
        let id = id.unwrap_or_else(|| EntryId::new(format!("row:{}", row.key.0)));
        let number = self
            .conn
            .prepare_cached(ITEM_NUMBER)?
            .query_row(params![room.0, id.as_str()], |line| line.get::<_, i64>(0))
            .optional()?;
        Ok(match number {
            Some(number) => (Some(id), u64::try_from(number).ok()),
            None => (None, None),
        })
    }

    /// Questions with a state are few: each is looked at.
    fn among_items(
        &self,
        page: &mut SearchPage,
        before: i64,
        limit: usize,
    ) -> Result<(), StoreError> {
        let mut hits = Vec::new();
        for room in self.rooms_asked()? {
            self.each_item(room, |item| {
                if self.item_fits(&item)
                    && let Some(row) = self.row_of(room, &item)?
                    && row.key.0 < before
                    && self.marks_fit(&row)
                    && let Some(hit) = self.hit(room, row)?
                {
                    hits.push(hit);
                }
                Ok(())
            })?;
        }
        hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.row.key));
        if hits.len() > limit {
            hits.truncate(limit);
            page.next = hits.last().map(|hit| Cursor(hit.row.key.0));
        }
        page.hits = hits;
        Ok(())
    }

    fn rooms_asked(&self) -> rusqlite::Result<Vec<RoomId>> {
        match self.query.room {
            Some(room) => Ok(vec![room]),
            None => Ok(super::rooms::all(self.conn)?.into_iter().map(|(room, _)| room).collect()),
        }
    }

    fn each_item(
        &self,
        room: RoomId,
        mut look: impl FnMut(Item) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(ITEMS)?;
        let mut lines = statement.query([room.0])?;
        while let Some(line) = lines.next()? {
            let body: String = line.get(0)?;
            if let Ok(item) = serde_json::from_str(&body) {
                look(item)?;
            }
        }
        Ok(())
    }

    fn item_fits(&self, item: &Item) -> bool {
        let Parsed { wanted, unwanted, .. } = &self.parsed;
        let tagged = |tag: &String| item.tags.iter().any(|has| has.to_lowercase() == *tag);
        let numbered = wanted.numbers.is_empty() || wanted.numbers.contains(&item.number);
        numbered
            && !unwanted.numbers.contains(&item.number)
            && wanted.tags.iter().all(tagged)
            && !unwanted.tags.iter().any(tagged)
            && self.parsed.fits_work(item.work)
    }

    fn marks_fit(&self, row: &Row) -> bool {
        let mine = row.entry().is_some_and(|entry| entry.mine);
        self.parsed.wanted.marks.iter().all(|mark| match *mark {
            "kq" => true,
            "my" => mine,
            _ => false,
        })
    }

    fn row_of(&self, room: RoomId, item: &Item) -> Result<Option<Row>, StoreError> {
        let id = item.question_id.as_str();
        if let Some(key) = id.strip_prefix("row:").and_then(|key| key.parse::<i64>().ok()) {
            let mut statement = self.conn.prepare_cached(ROW_OF_KEY)?;
            return Ok(statement.query_row([key], |line| Ok(cells::read(line)?.row)).optional()?);
        }
        let mut statement = self.conn.prepare_cached(ROW_BY_ENTRY_ID)?;
        Ok(statement
            .query_row(params![room.0, id], |line| Ok(cells::read(line)?.row))
            .optional()?)
    }
}

/// Whether a web link is in a text, much as a page would make one of it: of an address with a name or a password it makes none. One that a
/// letter stands before without a space (`xhttps://`) is a link there, and another word to the index.
fn has_link(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let leads = |(at, _): (usize, &str)| {
        let scheme = text[..at].ends_with("http") || text[..at].ends_with("https");
        let ends = |c: char| c.is_whitespace() || "/?#\\\"'<>`".contains(c);
        let host = text[at + 3..].split(ends).next().unwrap_or_default();
        scheme && !host.contains('@') && host.starts_with(|c: char| c == '[' || c.is_alphanumeric())
    };
    text.match_indices("://").any(leads)
}
