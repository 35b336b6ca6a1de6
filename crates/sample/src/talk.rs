//! Lines with somebody who says them: entries as a server numbers them, and the frames that carry them.

use aside_protocol::{AnswerNotes, Body, CreatedAt, Entry, EntryId, EntryKind, Seq, ServerFrame};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dice::Dice;
use crate::texts::Texts;

/// The life of the sample room's history; ids repeat the first half of it, as `aside-server` does.
pub const EPOCH: &str = "5a3d1e0c9b8f47265a3d1e0c9b8f4726";

/// When the room began, in milliseconds since 1970: a little more than a year before most readers.
const BEGAN: i64 = 1_700_000_000_000;
/// Between two entries, in milliseconds: a million of them is half a day.
const APART: i64 = 50;

/// How a server writes entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With ids, places and exact times (extension `seq`).
    Numbered,
    /// As the core contract has it: no id, no place, a local time to the minute.
    Core,
}

/// Entries without end: one in thirty a question, and a question in three answered.
#[derive(Clone, Debug)]
pub struct Talk {
    texts: Texts,
    dice: Dice,
    seq: u64,
    stream: String,
    epoch: String,
    /// Who asked last, and what.
    asked: Option<(String, EntryId, String)>,
}

impl Talk {
    /// The same seed, the same talk.
    pub fn new(seed: u64) -> Self {
        Self::in_room(seed, "sample", EPOCH)
    }

    /// The talk of one stream, in one life of its history.
    pub fn in_room(seed: u64, stream: &str, epoch: &str) -> Self {
        let (stream, epoch) = (stream.to_owned(), epoch.to_owned());
        Self { texts: Texts::new(seed), dice: Dice::new(!seed), seq: 0, stream, epoch, asked: None }
    }

    fn entry(&mut self, text: String) -> Entry {
        self.seq += 1;
        // Few say much and many little.
        let person = self.dice.rank(13);
        let mut display_name = format!("Name {person}");
        let id = format!("{}-{}", self.epoch.get(..16).unwrap_or(&self.epoch), self.seq);
        let id = EntryId::new(id);
        let body = match (self.dice.roll(90), self.asked.take()) {
            (0, Some((asker, question_id, question))) => {
                display_name = asker;
                Body::Answer {
                    org_name: "Organisation".to_owned(),
                    org_logo: String::new(),
                    question,
                    text,
                    question_id: Some(question_id),
                    notes: AnswerNotes::default(),
                }
            }
            (1..=3, _) => {
                self.asked = Some((display_name.clone(), id.clone(), text.clone()));
                Body::Question { text }
            }
            (_, asked) => {
                self.asked = asked;
                Body::Message { text }
            }
        };
        let at = BEGAN + APART * i64::try_from(self.seq).unwrap_or_default();
        Entry {
            kind: body.kind(),
            user: format!("user-{person}"),
            display_name,
            avatar_url: format!("https://pictures.example/{person}.png"),
            stream: self.stream.clone(),
            content: body.to_content(),
            created_at: Timestamp::from_millisecond(at).ok().map(CreatedAt::Instant),
            id: Some(id),
            seq: Some(Seq(self.seq)),
            nonce: None,
        }
    }
}

impl Iterator for Talk {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let text = self.texts.next()?;
        Some(self.entry(text))
    }
}

/// The entry as a server of that form knows it.
pub fn formed(mut entry: Entry, form: Form) -> Entry {
    if form == Form::Core {
        (entry.id, entry.seq) = (None, None);
        entry.created_at = entry.created_at.map(|at| match at {
            CreatedAt::Instant(at) => CreatedAt::Local(TimeZone::UTC.to_datetime(at)),
            CreatedAt::Local(at) => CreatedAt::Local(at),
        });
    }
    entry
}

/// The text frame in which such a server tells of it; both servers and this write it with the same code.
pub fn frame(entry: &Entry, form: Form) -> String {
    ServerFrame::entry_text(&formed(entry.clone(), form))
}

/// What a person reads of an entry.
pub fn text(entry: &Entry) -> String {
    match entry.kind {
        EntryKind::Message => entry.content.clone(),
        EntryKind::Question | EntryKind::Answer => entry.body().text().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_stream_of_the_seed_is_this_one() {
        let mut hash = Sha256::new();
        for entry in Talk::new(crate::SEED).take(10_000) {
            hash.update(frame(&entry, Form::Numbered));
            hash.update("\n");
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "84a5b0712a7b3d17ef251b9e8fb1c0c95999c3d9d06448bf1a657931ee15710d");
    }

    #[test]
    fn a_client_reads_back_what_is_said() {
        for form in [Form::Numbered, Form::Core] {
            for entry in Talk::new(7).take(500) {
                let read = ServerFrame::parse(&frame(&entry, form)).unwrap();
                let ServerFrame::Entry(read) = read else { panic!("{read:?}") };
                assert_eq!(read.seq.is_some(), form == Form::Numbered);
                assert_eq!((read.content, read.user), (entry.content, entry.user));
            }
        }
    }

    #[test]
    fn questions_are_asked_and_some_are_answered() {
        let talk: Vec<Entry> = Talk::new(crate::SEED).take(10_000).collect();
        let count = |kind| talk.iter().filter(|entry| entry.kind == kind).count();
        assert!((200..500).contains(&count(EntryKind::Question)));
        assert!((50..200).contains(&count(EntryKind::Answer)));
    }
}
