//! Search over a large local history: `cargo run --release -p aside-history --example bench_search [ROWS]`.
//!
//! Realistic rows from a seed: half Chinese, repeated lines, emoji, right-to-left, one to two thousand characters. Prints p50 and p95 of
//! each kind of query with a full scan of the same rows beside it, which also proves that nothing is missed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on ends")]

use std::time::{Duration, Instant};

use aside_history::{
    Change, Commit, Delivery, EntryRow, NewRow, RoomName, RowKind, SearchQuery, Standing, Store,
    Where,
};
use aside_protocol::{Entry, EntryKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// xorshift64*: the same rows on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }
}

const WORDS: [&str; 24] = [
    "the",
    "stream",
    "looks",
    "great",
    "today",
    "sound",
    "is",
    "fine",
    "why",
    "does",
    "it",
    "lag",
    "thanks",
    "for",
    "answering",
    "my",
    "question",
    "about",
    "slides",
    "where",
    "can",
    "I",
    "find",
    "them",
];
const CHINESE: &str = "今天直播的声音很清楚谢谢老师请问讲义在哪里下载我们公司去年也试过同样办法效果不错有人知道下一场什么时候开始吗期待学习了支持一下主播加油这个问题问得好";

fn line(dice: &mut Dice) -> String {
    let chinese: Vec<char> = CHINESE.chars().collect();
    let length = match dice.roll(100) {
        0 => 200 + dice.roll(600),
        1..=9 => 30 + dice.roll(60),
        _ => 3 + dice.roll(20),
    };
    match dice.roll(20) {
        0 => "666".to_owned(),
        1 => "👏👏👏".to_owned(),
        2 => "שלום לכולם תודה".to_owned(),
        3 if dice.roll(50) == 0 => "请问讲义在哪里下载".to_owned(),
        3..=11 => (0..length).map(|_| chinese[dice.roll(chinese.len())]).collect(),
        _ => {
            (0..length / 3 + 1).map(|_| WORDS[dice.roll(WORDS.len())]).collect::<Vec<_>>().join(" ")
        }
    }
}

fn row(text: &str, n: usize) -> NewRow {
    let user = format!("user-{}", n % 5_000);
    let entry = Entry {
        kind: EntryKind::Message,
        display_name: format!("Name {}", n % 5_000),
        user,
        avatar_url: String::new(),
        stream: String::new(),
        content: text.to_owned(),
        created_at: None,
        id: None,
        seq: None,
        nonce: None,
    };
    let at = Timestamp::from_millisecond(1_700_000_000_000 + n as i64 * 50).unwrap();
    let row = EntryRow {
        entry,
        created_at: Some(at),
        mine: false,
        standing: Standing::Confirmed,
        delivery: Delivery::Received,
        local_id: None,
    };
    NewRow { received_at: at, kind: RowKind::Entry(Box::new(row)) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rows: usize =
        std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap().store;
    let part = |text: &str| text.to_owned();
    let name =
        RoomName { server: part("s"), topic: part("t"), stream: part("s"), user: part("me") };
    let room = store.room(&name).await.unwrap();
    let mut dice = Dice(20_261_125);
    let mut texts = Vec::with_capacity(rows);
    let begun = Instant::now();
    for chunk in 0..rows.div_ceil(1_000) {
        let count = (rows - chunk * 1_000).min(1_000);
        let made: Vec<NewRow> = (0..count)
            .map(|k| {
                let n = chunk * 1_000 + k;
                let text = if n == 12_345 {
                    part("罕见词汇 xylophone 麒麟")
                } else {
                    line(&mut dice)
                };
                let row = row(&text, n);
                texts.push(text);
                row
            })
            .collect();
        let changes = vec![Change::Insert { at: Where::End, rows: made }];
        store.commit(room, Commit { changes, ..Commit::default() }).await.unwrap();
        if chunk % 50 == 0 {
            eprint!("\r{} of {rows} rows", chunk * 1_000 + count);
        }
    }
    let filled = begun.elapsed();
    eprintln!(
        "\r{rows} rows in {filled:.1?}: {:.1} µs a row",
        filled.as_micros() as f64 / rows as f64
    );
    let size: u64 = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    println!(
        "rows {rows}, {:.1} µs a row with the index, {} MiB on disk",
        filled.as_micros() as f64 / rows as f64,
        size >> 20
    );
    println!("| query | hits | p50 | p95 | scan |\n|---|--:|--:|--:|--:|");
    for (what, text, plain) in [
        ("one character", "请", Some("请")),
        ("two characters", "讲义", Some("讲义")),
        ("two characters, rare", "麒麟", Some("麒麟")),
        ("four characters", "讲义在哪", Some("讲义在哪")),
        ("four characters, none", "麒麟下载", Some("麒麟下载")),
        ("a common word", "stream", None),
        ("a rare word", "xylophone", Some("xylophone")),
        ("two words", "great slides", None),
        ("an emoji", "👏", Some("👏")),
        ("a person", "from:user-77 the", None),
        ("a phrase", "\"why does it lag\"", Some("why does it lag")),
    ] {
        let query = SearchQuery {
            text: part(text),
            room: Some(room),
            now: Timestamp::UNIX_EPOCH,
            zone: TimeZone::UTC,
        };
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..101 {
            let begun = Instant::now();
            store.search(query.clone(), None, 50).await.unwrap();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let (mut cursor, mut hits) = (None, 0);
        loop {
            let page = store.search(query.clone(), cursor, 1_000).await.unwrap();
            hits += page.hits.len();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let begun = Instant::now();
        let scanned = plain.map(|plain| texts.iter().filter(|text| text.contains(plain)).count());
        let scan = begun.elapsed();
        if let Some(scanned) = scanned {
            assert_eq!(hits, scanned, "{text}: a scan finds others");
        }
        let scan = scanned
            .map_or_else(|| "–".to_owned(), |_| format!("{:.1} ms", scan.as_micros() as f64 / 1e3));
        println!(
            "| {what} | {hits} | {:.2} ms | {:.2} ms | {scan} |",
            times[50].as_micros() as f64 / 1e3,
            times[95].as_micros() as f64 / 1e3
        );
    }
}
