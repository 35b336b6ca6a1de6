//! What must hold once it is quiet: the room that a member sees against the room that the server has.

use std::collections::HashMap;
use std::time::Duration;

use aside_history::{Delivery, Row, RowKind, Standing};
use aside_protocol::{Entry, EntryKind, Seq};
use tokio::time::{Instant, sleep};

use crate::member::Member;
use crate::world::Mode;

/// What a merge got wrong, over one or many runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wrong {
    /// Entries times members who should see them.
    pub entries: usize,
    pub lost: usize,
    pub doubled: usize,
    pub moved: usize,
}

impl Wrong {
    pub fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.moved += other.moved;
    }

    pub fn any(&self) -> bool {
        self.lost + self.doubled + self.moved > 0
    }
}

/// Automatic tries in any minute.
const TRIES: usize = 9;
/// The same where the system says that the network changed or that it woke.
const TRIES_WITH_EVENTS: usize = 20;

/// Has every gap filled that can be; a person would click.
pub async fn fill_gaps(member: &Member) {
    for _ in 0..20 {
        let rows = member.rows().await;
        let gaps: Vec<_> =
            rows.iter().filter(|r| matches!(r.kind, RowKind::Gap(_))).map(|r| r.key).collect();
        if gaps.is_empty() {
            return;
        }
        for gap in gaps {
            // One that is being filled already is no such row.
            let _tried = member.session.fill_gap(gap).await;
            sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Holds a member's room against the truth.
pub async fn judge(mode: Mode, member: &Member, truth: &[Entry]) -> (Wrong, Vec<String>) {
    let rows = member.rows().await;
    let mut broken = own_words(mode, member, &rows, truth);
    let mut wrong = match mode {
        Mode::Full => by_place(&rows, truth),
        Mode::Core => by_words(&rows, truth),
    };
    wrong.doubled += doubtful_and_there(member, &rows, truth);
    if mode == Mode::Full && wrong.any() {
        broken.push(format!("I1-I3: {} sees {wrong:?}", member.number));
    }
    let gaps = rows.iter().filter(|row| matches!(row.kind, RowKind::Gap(_))).count();
    if mode == Mode::Full && gaps > 0 {
        broken.push(format!("I10: {} still has {gaps} gaps", member.number));
    }
    (wrong, broken)
}

type Words = (EntryKind, String);

fn count<'a>(entries: impl Iterator<Item = &'a Entry>) -> HashMap<Words, i64> {
    let mut counts = HashMap::new();
    for entry in entries {
        *counts.entry((entry.kind, entry.body().text().to_owned())).or_default() += 1;
    }
    counts
}

fn stored(member: &Member, truth: &[Entry]) -> HashMap<Words, i64> {
    // An answer goes to the room under the asker's name, so its words alone must be enough.
    count(truth.iter().filter(|e| e.user == member.user || e.kind == EntryKind::Answer))
}

/// I4: what was written here is there once (or, without acks, at most once).
fn own_words(mode: Mode, member: &Member, rows: &[Row], truth: &[Entry]) -> Vec<String> {
    let stored = stored(member, truth);
    let mut said: HashMap<Words, i64> = HashMap::new();
    for said_here in member.said.lock().unwrap().iter() {
        *said.entry((said_here.kind, said_here.text.clone())).or_default() += 1;
    }
    let mut broken = Vec::new();
    for (words, count) in &said {
        let there = stored.get(words).copied().unwrap_or(0);
        // Words that several people say are only counted where they have one sender.
        if mode == Mode::Full && there < *count {
            broken.push(format!(
                "I4: {} said {words:?} {count} times, stored {there}",
                member.number
            ));
        }
        if there > *count && words.0 != EntryKind::Answer {
            broken.push(format!(
                "I4: {} said {words:?} {count} times, stored {there}",
                member.number
            ));
        }
    }
    for row in rows.iter().filter_map(Row::entry).filter(|row| row.mine) {
        let unfinished = match &row.delivery {
            Delivery::Sending | Delivery::InReview => true,
            Delivery::Unsure => mode == Mode::Full,
            Delivery::Failed { code, .. } => {
                broken.push(format!("I4: {} failed with {code}", member.number));
                false
            }
            Delivery::Received | Delivery::Sent => false,
        };
        if unfinished {
            let text = row.entry.body().text().to_owned();
            broken.push(format!("I4: {} still has {text:?} {:?}", member.number, row.delivery));
        }
    }
    broken
}

/// Rows that say "not confirmed" although their words are there.
fn doubtful_and_there(member: &Member, rows: &[Row], truth: &[Entry]) -> usize {
    let mut said: HashMap<Words, i64> = HashMap::new();
    for said_here in member.said.lock().unwrap().iter() {
        *said.entry((said_here.kind, said_here.text.clone())).or_default() += 1;
    }
    let stored = stored(member, truth);
    let unsure = rows.iter().filter_map(Row::entry).filter(|r| r.delivery == Delivery::Unsure);
    let unsure = count(unsure.map(|row| &row.entry));
    let excess = unsure.iter().map(|(words, count)| {
        let missing = said.get(words).unwrap_or(&0) - stored.get(words).unwrap_or(&0);
        (count - missing.max(0)).max(0) as usize
    });
    excess.sum()
}

/// Rows that the server's room should have, too.
fn shown(rows: &[Row]) -> impl Iterator<Item = &Entry> {
    rows.iter().filter_map(Row::entry).filter_map(|row| {
        let arrived = matches!(row.delivery, Delivery::Received | Delivery::Sent);
        (arrived && row.standing != Standing::NotInHistory).then_some(&row.entry)
    })
}

fn by_place(rows: &[Row], truth: &[Entry]) -> Wrong {
    let mut wrong = Wrong { entries: truth.len(), ..Wrong::default() };
    let mut times: HashMap<Seq, usize> = HashMap::new();
    let mut last = Seq(0);
    for entry in shown(rows) {
        let seq = entry.seq.unwrap_or(Seq(0));
        let real = usize::try_from(seq.0).ok().and_then(|n| truth.get(n.checked_sub(1)?));
        if real.is_none_or(|real| real.content != entry.content) {
            eprintln!("not in the truth: {entry:?}, there is {real:?}");
            wrong.doubled += 1;
            continue;
        }
        if seq < last {
            wrong.moved += 1;
        }
        last = last.max(seq);
        *times.entry(seq).or_default() += 1;
    }
    wrong.doubled += times.values().map(|count| count - 1).sum::<usize>();
    wrong.lost = truth.len() - times.len();
    wrong
}

fn by_words(rows: &[Row], truth: &[Entry]) -> Wrong {
    let key = |entry: &Entry| format!("{:?} {} {}", entry.kind, entry.user, entry.content);
    let truth: Vec<_> = truth.iter().map(key).collect();
    let shown: Vec<_> = shown(rows).map(key).collect();
    let mut counts: HashMap<&String, i64> = HashMap::new();
    truth.iter().for_each(|text| *counts.entry(text).or_default() += 1);
    shown.iter().for_each(|text| *counts.entry(text).or_default() -= 1);
    let lost: i64 = counts.values().filter(|n| **n > 0).sum();
    let doubled = -counts.values().filter(|n| **n < 0).sum::<i64>();
    for (words, count) in counts.iter().filter(|(_, count)| **count != 0) {
        eprintln!("{words}: {count:+} in the truth");
    }
    let common = longest_common(&truth, &shown);
    let (lost, doubled) = (lost as usize, doubled as usize);
    Wrong { entries: truth.len(), lost, doubled, moved: shown.len() - doubled - common }
}

fn longest_common(a: &[String], b: &[String]) -> usize {
    let same_head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same_head..], &b[same_head..]);
    let same_tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - same_tail], &b[..b.len() - same_tail]);
    let mut row = vec![0; b.len() + 1];
    for text in a {
        let mut before = 0;
        for (n, other) in b.iter().enumerate() {
            let above = row[n + 1];
            row[n + 1] = if text == other { before + 1 } else { above.max(row[n]) };
            before = above;
        }
    }
    same_head + row[b.len()] + same_tail
}

/// I6: the most tries in any minute.
pub fn most_tries(dials: &[Instant]) -> usize {
    let minute = Duration::from_secs(60);
    let within =
        |start: Instant| dials.iter().filter(move |d| **d >= start && **d - start < minute);
    dials.iter().map(|start| within(*start).count()).max().unwrap_or(0)
}

pub fn tries_allowed(with_events: bool) -> usize {
    // The very first try is not a retry.
    1 + if with_events { TRIES_WITH_EVENTS } else { TRIES }
}
