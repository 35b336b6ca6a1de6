//! How stored entries look on the wire, which depends on what the server offers.

use std::collections::BTreeSet;

use aside_protocol::{CreatedAt, Entry, EntryId, Epoch, Extension, Seq, StreamId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Config;
use crate::store::entries::Record;

/// The form of entries on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    /// Entries have ids and places.
    pub(crate) seq: bool,
    /// Entries repeat their sender's nonce.
    pub(crate) ack: bool,
    /// A core server writes the time as the field does: local, to the minute. Otherwise epoch milliseconds.
    zone: Option<TimeZone>,
}

impl Wire {
    pub(crate) fn of(config: &Config) -> Self {
        Self::offering(&config.offered())
    }

    fn offering(offered: &BTreeSet<Extension>) -> Self {
        Self {
            seq: offered.contains(&Extension::Seq),
            ack: offered.contains(&Extension::Ack),
            zone: offered.is_empty().then(TimeZone::system),
        }
    }

    /// Everything that is known, whatever clients are told: for the owner.
    pub(crate) fn full() -> Self {
        Self { seq: true, ack: true, zone: None }
    }

    /// The entry as it travels.
    pub(crate) fn entry(&self, record: &Record, stream: &StreamId, epoch: &Epoch) -> Entry {
        Entry {
            kind: record.kind,
            user: record.user.clone(),
            display_name: record.display_name.clone(),
            avatar_url: record.avatar_url.clone(),
            stream: stream.as_str().to_owned(),
            content: record.content.clone(),
            created_at: self.time(record.created_ms),
            id: self.seq.then(|| entry_id(epoch, record.seq)),
            seq: self.seq.then_some(record.seq),
            nonce: record.nonce.clone().filter(|_| self.ack),
        }
    }

    fn time(&self, created_ms: i64) -> Option<CreatedAt> {
        let instant = Timestamp::from_millisecond(created_ms).ok()?;
        Some(match &self.zone {
            None => CreatedAt::Instant(instant),
            Some(zone) => CreatedAt::Local(zone.to_datetime(instant)),
        })
    }
}

/// How much of the epoch an id repeats: 64 random bits keep the lives of a room apart.
const EPOCH_DIGITS: usize = 16;

fn epoch_part(epoch: &Epoch) -> &str {
    epoch.as_str().get(..EPOCH_DIGITS).unwrap_or(epoch.as_str())
}

/// An entry's id: its epoch and its place, so it needs no column and no index.
pub(crate) fn entry_id(epoch: &Epoch, seq: Seq) -> EntryId {
    EntryId::new(format!("{}-{seq}", epoch_part(epoch)))
}

/// The id of an answer that is no entry.
pub(crate) fn private_id(epoch: &Epoch, number: i64) -> EntryId {
    EntryId::new(format!("{}-p{number}", epoch_part(epoch)))
}

/// The number of a private answer that an id of this epoch names.
pub(crate) fn private_number(epoch: &Epoch, id: &EntryId) -> Option<i64> {
    id.as_str().strip_prefix(epoch_part(epoch))?.strip_prefix("-p")?.parse().ok()
}

/// The id of a question that waits for review.
pub(crate) fn submission_id(epoch: &Epoch, number: i64) -> EntryId {
    EntryId::new(format!("{}-r{number}", epoch_part(epoch)))
}

/// The number of a submission that an id of this epoch names.
pub(crate) fn submission_number(epoch: &Epoch, id: &EntryId) -> Option<i64> {
    let digits = id.as_str().strip_prefix(epoch_part(epoch))?.strip_prefix("-r")?;
    let number = digits.parse().ok()?;
    (submission_id(epoch, number) == *id).then_some(number)
}

/// The place that an id of this epoch names.
pub(crate) fn place_of(epoch: &Epoch, id: &EntryId) -> Option<Seq> {
    let digits = id.as_str().strip_prefix(epoch_part(epoch))?.strip_prefix('-')?;
    // "+5" and "05" would parse, but no entry was ever called that.
    let seq = Seq(digits.parse().ok()?);
    (entry_id(epoch, seq) == *id).then_some(seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_place_and_no_other_text_does() {
        let epoch = Epoch::new("0123456789abcdef0123456789abcdef");
        let id = entry_id(&epoch, Seq(17));
        assert_eq!(id.as_str(), "0123456789abcdef-17");
        assert_eq!(place_of(&epoch, &id), Some(Seq(17)));
        for text in [
            "",
            "17",
            "-17",
            "0123456789abcdef",
            "0123456789abcdef-",
            "0123456789abcdef-+17",
            "0123456789abcdef-017",
            "0123456789abcdeX-17",
            "0123456789abcdef-17 ",
            "0123456789abcdef-99999999999999999999",
        ] {
            assert_eq!(place_of(&epoch, &EntryId::new(text)), None, "{text:?}");
        }
    }
}
