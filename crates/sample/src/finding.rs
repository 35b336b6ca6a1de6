//! The search over a filled room: how long, beside a scan and a trigram table of the same texts, and whether anything is missed.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use aside_history::{Class, Cursor, RoomId, SearchQuery, Store, class};
use aside_protocol::{Body, Entry};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params, params_from_iter};
use serde_json::{Value, json};

use crate::filling::{Filling, fill, room_name};
use crate::timing::{TIMES, Times};

/// What a page of results holds.
const PAGE: u32 = 50;
/// A scan takes long; so often is enough for a median.
const SCANS: usize = 5;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The kind, as it is printed.
    pub kind: &'static str,
    /// What a person types.
    pub typed: &'static str,
    /// What must be in a text for it to be found.
    words: &'static [&'static str],
    /// Whose texts.
    from: Option<&'static str>,
}

const fn of(kind: &'static str, typed: &'static str, words: &'static [&'static str]) -> Query {
    Query { kind, typed, words, from: None }
}

/// All of them: one to four Chinese characters, words, both, signs, other scripts; common, rare, once and never.
pub const QUERIES: &[Query] = &[
    of("zh1 common", "的", &["的"]),
    of("zh1 less common", "卡", &["卡"]),
    of("zh1 rare", "饕", &["饕"]),
    of("zh1 none", "㐀", &["㐀"]),
    of("zh2 common", "讲义", &["讲义"]),
    of("zh2 less common", "深圳", &["深圳"]),
    of("zh2 rare", "麒麟", &["麒麟"]),
    of("zh2 once", "饕餮", &["饕餮"]),
    of("zh2 none", "㐀㐁", &["㐀㐁"]),
    of("zh3 common", "为什么", &["为什么"]),
    of("zh3 none", "麒麟㐀", &["麒麟㐀"]),
    of("zh4 common", "请问讲义", &["请问讲义"]),
    of("zh4 across words", "的老师是", &["的老师是"]),
    of("zh4 none", "麒麟下载", &["麒麟下载"]),
    of("word common", "stream", &["stream"]),
    of("word, its beginning", "str", &["str"]),
    of("word rare", "xylophone", &["xylophone"]),
    of("word once", "zyzzyva", &["zyzzyva"]),
    of("word none", "qqqqqqq", &["qqqqqqq"]),
    of("two words", "great slides", &["great", "slides"]),
    of("two words, never together", "the xylophone", &["the", "xylophone"]),
    of("phrase", "\"the stream is\"", &["the stream is"]),
    of("phrase rare", "\"why does it lag\"", &["why does it lag"]),
    of("zh and word", "讲义 stream", &["讲义", "stream"]),
    of("zh beside word", "\"讲义 stream\"", &["讲义 stream"]),
    of("emoji", "👏", &["👏"]),
    of("emoji of several", "👨‍👩‍👧", &["👨‍👩‍👧"]),
    of("right to left", "תודה", &["תודה"]),
    of("kana", "ありがとう", &["ありがとう"]),
    Query {
        kind: "person and word",
        typed: "from:user-77 the",
        words: &["the"],
        from: Some("user-77"),
    },
    Query {
        kind: "person and zh",
        typed: "from:user-3 讲义",
        words: &["讲义"],
        from: Some("user-3"),
    },
];

/// What a search may read of an entry, in lower case.
struct Said {
    body: String,
    who: String,
}

impl Said {
    fn of(entry: &Entry) -> Self {
        let (body, org) = match entry.body() {
            Body::Message { text } | Body::Question { text } => (text, String::new()),
            Body::Answer { text, question, org_name, .. } => {
                (format!("{text}\n{question}"), org_name)
            }
        };
        let who = format!("{}\n{}\n{org}", entry.display_name, entry.user);
        Self { body: body.to_lowercase(), who: who.to_lowercase() }
    }

    fn fits(&self, query: &Query) -> bool {
        let whole = query.typed.ends_with('"');
        query.words.iter().all(|word| is_in(&self.body, word, whole))
            && query.from.is_none_or(|who| is_in(&self.who, who, false))
    }
}

/// Whether a text has this, a word from its beginning on, and to its end where it is to be whole. Reads every byte, and knows of no index.
fn is_in(text: &str, word: &str, whole: bool) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| class(c) == Class::Word);
    let starts_word = is_word(word.chars().next());
    let ends_word = whole && is_word(word.chars().next_back());
    text.match_indices(word).any(|(at, _)| {
        let before = starts_word && is_word(text[..at].chars().next_back());
        let after = ends_word && is_word(text[at + word.len()..].chars().next());
        !before && !after
    })
}

/// The same texts in a plain table, with SQLite's own trigram index over them.
struct Peer(Connection);

impl Peer {
    fn build(dir: &std::path::Path, said: &[Said]) -> Result<Self> {
        let conn = Connection::open(dir.join("trigram.db"))?;
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE talk (id INTEGER PRIMARY KEY, body TEXT NOT NULL, who TEXT NOT NULL) STRICT;
             CREATE VIRTUAL TABLE trigrams USING fts5(body, content = '', tokenize = 'trigram');",
        )?;
        for (chunk, said) in said.chunks(5_000).enumerate() {
            conn.execute_batch("BEGIN")?;
            for (n, said) in said.iter().enumerate() {
                let id = i64::try_from(chunk * 5_000 + n)?;
                conn.prepare_cached("INSERT INTO talk VALUES (?, ?, ?)")?
                    .execute(params![id, said.body, said.who])?;
                conn.prepare_cached("INSERT INTO trigrams (rowid, body) VALUES (?, ?)")?
                    .execute(params![id, said.body])?;
            }
            conn.execute_batch("COMMIT")?;
        }
        Ok(Self(conn))
    }

    /// Microseconds of a scan for the newest page, half of the times below it.
    fn scan(&self, query: &Query) -> Result<f64> {
        let mut sql = "SELECT id FROM talk WHERE 1".to_owned();
        query.words.iter().for_each(|_| sql.push_str(" AND instr(body, ?)"));
        query.from.iter().for_each(|_| sql.push_str(" AND instr(who, ?)"));
        sql.push_str(&format!(" ORDER BY id DESC LIMIT {PAGE}"));
        let cells: Vec<&str> = query.words.iter().copied().chain(query.from).collect();
        self.timed(&sql, &cells, SCANS)
    }

    /// The same of the trigram table; it has nothing for fewer than three characters, and nothing for people.
    fn trigrams(&self, query: &Query) -> Result<Option<f64>> {
        if query.from.is_some() || query.words.iter().any(|word| word.chars().count() < 3) {
            return Ok(None);
        }
        let asked: Vec<String> = query.words.iter().map(|word| format!("\"{word}\"")).collect();
        let sql = format!(
            "SELECT rowid FROM trigrams WHERE trigrams MATCH ? ORDER BY rowid DESC LIMIT {PAGE}"
        );
        Ok(Some(self.timed(&sql, &[&asked.join(" AND ")], TIMES)?))
    }

    fn timed(&self, sql: &str, cells: &[&str], often: usize) -> Result<f64> {
        let mut statement = self.0.prepare(sql)?;
        let mut times = Times::default();
        for _ in 0..often {
            let begun = Instant::now();
            let mut found = statement.query(params_from_iter(cells))?;
            while found.next()?.is_some() {}
            times.add(begun.elapsed());
        }
        Ok(times.percentile(50))
    }
}

fn asked(room: RoomId, typed: &str) -> SearchQuery {
    SearchQuery {
        text: typed.to_owned(),
        room: Some(room),
        now: Timestamp::UNIX_EPOCH,
        zone: TimeZone::UTC,
    }
}

/// How long the first page takes, in microseconds: the median, and what 95 of 100 stay below.
pub(crate) async fn first_page(store: &Store, room: RoomId, typed: &str) -> Result<(f64, f64)> {
    let mut times = Times::default();
    for _ in 0..TIMES {
        let query = asked(room, typed);
        let begun = Instant::now();
        store.search(query, None, PAGE).await?;
        times.add(begun.elapsed());
    }
    Ok((times.percentile(50), times.percentile(95)))
}

/// How long it takes to find where a moment stands, all over the room: the same two.
async fn moments(store: &Store, room: RoomId) -> Result<(f64, f64)> {
    let whole = store.moment(room, Timestamp::UNIX_EPOCH).await?;
    let (begins, ends) = whole.begins.zip(whole.ends).context("an empty room")?;
    let (begins, ends) = (begins.as_microsecond(), ends.as_microsecond());
    let mut times = Times::default();
    let steps = i64::try_from(TIMES)?;
    for n in 0..steps {
        let at = Timestamp::from_microsecond(begins + (ends - begins) / steps * n)?;
        let begun = Instant::now();
        ensure!(store.moment(room, at).await?.spot.is_some(), "nothing stands at {at}");
        times.add(begun.elapsed());
    }
    Ok((times.percentile(50), times.percentile(95)))
}

async fn found(store: &Store, room: RoomId, typed: &str) -> Result<Vec<u64>> {
    let (mut cursor, mut found): (Option<Cursor>, _) = (None, Vec::new());
    loop {
        let page = store.search(asked(room, typed), cursor, 1_000).await?;
        let seqs = page.hits.iter().filter_map(|hit| Some(hit.row.entry()?.entry.seq?.0));
        found.extend(seqs);
        cursor = page.next;
        if cursor.is_none() {
            found.sort_unstable();
            return Ok(found);
        }
    }
}

/// Fills a room in `dir` and asks for everything in [`QUERIES`]; one JSON object each.
///
/// # Errors
/// A store that refuses, and a search that found more or less than a reader of every text does.
pub async fn measure(
    dir: &std::path::Path,
    rows: usize,
    mut tell: impl FnMut(&Value),
) -> Result<()> {
    let filling = Filling::of(rows);
    let store = Store::open(&dir.join("history"))?.store;
    let room = store.room(&room_name()).await?;
    let filled = fill(&store, room, &filling).await?;
    let per_row = filled.took.as_secs_f64() * 1e6 / rows.max(1) as f64;
    tell(
        &json!({ "measure": "fill", "rows": rows, "us_per_row": (per_row * 10.0).round() / 10.0 }),
    );
    let said: Vec<Said> = filling.talk().map(|entry| Said::of(&entry)).collect();
    let peer = Peer::build(dir, &said)?;
    let mut missed = Vec::new();
    for query in QUERIES {
        let (p50, p95) = first_page(&store, room, query.typed).await?;
        let fits = said.iter().zip(1_u64..).filter(|(said, _)| said.fits(query));
        let wanted: Vec<u64> = fits.map(|(_, seq)| seq).collect();
        let recall_ok = found(&store, room, query.typed).await? == wanted;
        if !recall_ok {
            missed.push(query.kind);
        }
        tell(&json!({
            "measure": "search",
            "kind": query.kind,
            "query": query.typed,
            "rows": rows,
            "hits": wanted.len(),
            "p50_us": p50,
            "p95_us": p95,
            "scan_p50_us": peer.scan(query)?,
            "trigram_p50_us": peer.trigrams(query)?,
            "recall_ok": recall_ok,
        }));
    }
    let (p50, p95) = moments(&store, room).await?;
    tell(&json!({ "measure": "moment", "rows": rows, "p50_us": p50, "p95_us": p95 }));
    store.close().await;
    ensure!(missed.is_empty(), "found other rows than a scan does: {}", missed.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_small_room_is_searched_without_a_miss() {
        let dir = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        measure(dir.path(), 3_000, |line| told.push(line.clone())).await.unwrap();
        assert_eq!(told.len(), QUERIES.len() + 2);
        let hits = |kind: &str| {
            let line = told.iter().find(|line| line["kind"] == kind).unwrap();
            line["hits"].as_u64().unwrap()
        };
        assert!(hits("zh2 common") > 10 && hits("word common") > 10);
        assert_eq!((hits("zh2 once"), hits("word once"), hits("zh2 none")), (1, 1, 0));
    }
}
