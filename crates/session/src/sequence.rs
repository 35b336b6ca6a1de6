//! Merging with ids: every entry has a place without holes, so what is missing is known exactly. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use aside_protocol::{Entry, Seq};
use tokio::time::Instant;

/// Entries beyond a hole that are kept until it is filled.
const HELD: usize = 1000;
/// How long a hole may stand before it is fetched.
const PATIENCE: Duration = Duration::from_secs(2);
/// A hole that is wider is a gap row for a person to load, rather than minutes of catching up.
pub(crate) const WIDEST: u64 = 2000;

/// Something to append, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Entry(Entry),
    /// From and to, both missing.
    Gap(Seq, Seq),
}

/// What becomes of an entry that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Taken {
    /// Append these now: it, and what had waited for it.
    Apply(Vec<Entry>),
    /// It was here before.
    Known(Entry),
    /// It waits for what is before it.
    Held,
}

/// Where a room stands, on a server with places.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    /// Everything up to here is in the timeline or in a gap row; nothing yet, before the first page.
    applied: Option<Seq>,
    /// The newest place that the room is known to have.
    head: Seq,
    held: BTreeMap<Seq, Entry>,
    progress: Instant,
    behind: Option<Behind>,
}

/// What is still missing behind the newest entries, both included; a gap row stands there meanwhile.
#[derive(Clone, Copy, Debug)]
struct Behind {
    from: Seq,
    to: Seq,
    /// When it is to be fetched.
    due: Instant,
}

impl Sequence {
    pub(crate) fn new(applied: Option<Seq>, now: Instant) -> Self {
        Self { applied, head: Seq(0), held: BTreeMap::new(), progress: now, behind: None }
    }

    pub(crate) fn applied(&self) -> Option<Seq> {
        self.applied
    }

    /// The room has an entry at this place.
    pub(crate) fn exists(&mut self, seq: Seq) {
        self.head = self.head.max(seq);
    }

    /// An entry came, live or from a newest page.
    pub(crate) fn take(&mut self, seq: Seq, entry: Entry, now: Instant) -> Taken {
        self.exists(seq);
        match self.applied {
            Some(applied) if seq <= applied => match self.behind {
                Some(Behind { from, to, .. }) if seq == from => {
                    // More of it is on its way, and what is said since comes after it.
                    self.go_on_behind(seq.next(), to, now + PATIENCE);
                    self.progress = now;
                    Taken::Apply(vec![entry])
                }
                _ => Taken::Known(entry),
            },
            Some(applied) if seq == applied.next() => {
                let mut apply = vec![entry];
                self.applied = Some(seq);
                apply.extend(self.unhold());
                self.progress = now;
                Taken::Apply(apply)
            }
            _ => {
                if self.held.is_empty()
                    && self.applied.is_some()
                    && self.hole_before_head() == Some(seq)
                {
                    // The hole opened just now.
                    self.progress = now;
                }
                self.held.insert(seq, entry);
                if self.held.len() > HELD {
                    // The newest are worth most; what falls out is fetched with the hole.
                    self.held.pop_first();
                }
                Taken::Held
            }
        }
    }

    fn hole_before_head(&self) -> Option<Seq> {
        (self.applied.map(Seq::next) < Some(self.head)).then_some(self.head)
    }

    fn unhold(&mut self) -> Vec<Entry> {
        let mut apply = Vec::new();
        while let Some(next) = self.applied.map(Seq::next) {
            self.held.retain(|seq, _| *seq >= next);
            let Some(entry) = self.held.remove(&next) else { break };
            self.applied = Some(next);
            apply.push(entry);
        }
        apply
    }

    /// What is missing between what was applied and what is known to exist.
    pub(crate) fn hole(&self) -> Option<(Seq, Seq)> {
        let from = self.applied?.next();
        let to = self.held.keys().next().map_or(self.head, |first| Seq(first.0.saturating_sub(1)));
        (from <= to).then_some((from, to))
    }

    /// When the hole is to be fetched.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.hole()
            .map(|_| if self.held.len() >= HELD { self.progress } else { self.progress + PATIENCE })
    }

    /// The newest page of a room that was never seen before (or whose history was reset): starts there.
    pub(crate) fn begin(&mut self, page: Vec<(Seq, Entry)>, now: Instant) -> Vec<Piece> {
        let before_first = page.first().map_or(0, |(seq, _)| seq.0.saturating_sub(1));
        self.applied = Some(Seq(before_first));
        self.fill(page, now)
    }

    /// Entries of the hole came (each with its place, rising). What they leave out inside is a gap.
    pub(crate) fn fill(&mut self, page: Vec<(Seq, Entry)>, now: Instant) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (seq, entry) in page {
            self.exists(seq);
            let Some(applied) = self.applied else { break };
            if seq <= applied {
                continue;
            }
            self.held.remove(&seq);
            if seq > applied.next() {
                pieces.push(Piece::Gap(applied.next(), Seq(seq.0 - 1)));
            }
            self.applied = Some(seq);
            pieces.push(Piece::Entry(entry));
        }
        pieces.extend(self.unhold().into_iter().map(Piece::Entry));
        self.progress = now;
        pieces
    }

    /// How much is missing between what is here and a page, where that can be filled behind it.
    pub(crate) fn before(&self, page: &[(Seq, Entry)]) -> Option<u64> {
        let applied = self.applied.filter(|_| self.behind.is_none())?;
        page.first()?.0.0.checked_sub(applied.next().0)
    }

    /// The newest page goes to the end at once, although something before it is missing: that is told meanwhile.
    pub(crate) fn leap(&mut self, page: Vec<(Seq, Entry)>, now: Instant) -> Vec<Piece> {
        if let (Some(applied), Some((first, _))) = (self.applied, page.first()) {
            let to = Seq(first.0.saturating_sub(1)).max(applied);
            self.go_on_behind(applied.next(), to, now + PATIENCE);
            self.applied = Some(to);
        }
        self.fill(page, now)
    }

    /// All of this is missing behind the newest entries, and to be fetched then.
    pub(crate) fn go_on_behind(&mut self, from: Seq, to: Seq, due: Instant) {
        self.behind = (from <= to).then_some(Behind { from, to, due });
    }

    /// What is missing behind the newest entries.
    pub(crate) fn behind(&self) -> Option<(Seq, Seq)> {
        self.behind.map(|behind| (behind.from, behind.to))
    }

    /// When that is to be fetched: not while it is told.
    pub(crate) fn behind_due(&self) -> Option<Instant> {
        self.behind.map(|behind| behind.due)
    }

    /// Entries of it came (each with its place, rising). What they leave out inside is a gap.
    pub(crate) fn fill_behind(&mut self, page: Vec<(Seq, Entry)>, now: Instant) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (seq, entry) in page {
            let Some((from, to)) = self.behind().filter(|(_, to)| seq <= *to) else { break };
            if seq < from {
                continue;
            }
            if seq > from {
                pieces.push(Piece::Gap(from, Seq(seq.0 - 1)));
            }
            self.go_on_behind(seq.next(), to, now);
            pieces.push(Piece::Entry(entry));
        }
        pieces
    }

    /// It can't be filled now, and its gap row stays.
    pub(crate) fn give_up_behind(&mut self) {
        self.behind = None;
    }

    /// The hole can't be filled now: it becomes a gap row, and the room goes on behind it.
    pub(crate) fn give_up(&mut self, now: Instant) -> Vec<Piece> {
        let Some((from, to)) = self.hole() else { return Vec::new() };
        self.applied = Some(to);
        self.progress = now;
        let mut pieces = vec![Piece::Gap(from, to)];
        pieces.extend(self.unhold().into_iter().map(Piece::Entry));
        pieces
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(seq: u64) -> Entry {
        let json = format!(
            r#"{{"type":"message","user":"u","content":"{seq}","seq":{seq},"id":"e{seq}"}}"#
        );
        Entry::parse(&json).unwrap()
    }

    fn seqs(pieces: &[Piece]) -> Vec<(u64, u64)> {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Entry(entry) => (entry.seq.unwrap().0, entry.seq.unwrap().0),
                Piece::Gap(from, to) => (from.0, to.0),
            })
            .collect()
    }

    #[test]
    fn next_applies_known_drops_later_waits() {
        let now = Instant::now();
        let mut room = Sequence::new(Some(Seq(4)), now);
        assert!(matches!(room.take(Seq(4), entry(4), now), Taken::Known(_)));
        assert_eq!(room.take(Seq(7), entry(7), now), Taken::Held);
        assert_eq!(room.hole(), Some((Seq(5), Seq(6))));
        assert_eq!(room.due(), Some(now + PATIENCE));
        assert_eq!(room.take(Seq(5), entry(5), now), Taken::Apply(vec![entry(5)]));
        assert_eq!(room.take(Seq(6), entry(6), now), Taken::Apply(vec![entry(6), entry(7)]));
        assert_eq!((room.hole(), room.applied()), (None, Some(Seq(7))));
    }

    #[test]
    fn a_room_that_is_known_to_be_further_has_a_hole_without_any_frame() {
        let now = Instant::now();
        let mut room = Sequence::new(Some(Seq(4)), now);
        room.exists(Seq(9));
        assert_eq!(room.hole(), Some((Seq(5), Seq(9))));
        assert_eq!(seqs(&room.give_up(now)), [(5, 9)]);
        assert_eq!(room.hole(), None);
    }

    #[test]
    fn the_first_page_is_where_a_new_room_begins() {
        let now = Instant::now();
        let mut room = Sequence::new(None, now);
        for seq in [12, 13] {
            assert_eq!(room.take(Seq(seq), entry(seq), now), Taken::Held);
        }
        assert_eq!(room.hole(), None, "nothing is missing before anything is there");
        let page = (9..=12).map(|seq| (Seq(seq), entry(seq))).collect();
        assert_eq!(seqs(&room.begin(page, now)), [(9, 9), (10, 10), (11, 11), (12, 12), (13, 13)]);
    }

    #[test]
    fn the_newest_page_leaps_and_the_rest_follows_behind_it() {
        let now = Instant::now();
        let mut room = Sequence::new(Some(Seq(4)), now);
        room.exists(Seq(20));
        let page = (17..=20).map(|seq| (Seq(seq), entry(seq))).collect();
        assert_eq!(seqs(&room.leap(page, now)), [(17, 17), (18, 18), (19, 19), (20, 20)]);
        assert_eq!((room.behind(), room.hole()), (Some((Seq(5), Seq(16))), None));
        assert_eq!(room.behind_due(), Some(now + PATIENCE));
        assert_eq!(room.take(Seq(5), entry(5), now), Taken::Apply(vec![entry(5)]));
        assert_eq!(room.take(Seq(21), entry(21), now), Taken::Apply(vec![entry(21)]));
        assert!(matches!(room.take(Seq(8), entry(8), now), Taken::Known(_)), "6 is before it");
        let page = [5, 6, 7, 9, 17].map(|seq| (Seq(seq), entry(seq))).to_vec();
        assert_eq!(seqs(&room.fill_behind(page, now)), [(6, 6), (7, 7), (8, 8), (9, 9)]);
        assert_eq!(room.behind(), Some((Seq(10), Seq(16))));
        for seq in 10..=16 {
            assert_eq!(room.take(Seq(seq), entry(seq), now), Taken::Apply(vec![entry(seq)]));
        }
        assert_eq!((room.behind(), room.applied()), (None, Some(Seq(21))));
    }

    proptest! {
        /// The same where the newest page leaps at some moment: what is behind it stays one range, and in the end every
        /// place is an entry once or in a gap once.
        #[test]
        fn nothing_is_missing_silently_behind_a_leap(
            before in 0_u64..20,
            gone in prop::collection::btree_set(1_u64..60, 0..8),
            page in 20_u64..60,
            fetched in prop::collection::btree_set(1_u64..60, 0..60),
        ) {
            let now = Instant::now();
            let mut room = Sequence::new(Some(Seq(0)), now);
            let mut shown = BTreeMap::new();
            let mut show = |pieces: Vec<(u64, u64)>| {
                pieces.into_iter().all(|(from, to)| shown.insert(from, to).is_none())
            };
            for seq in 1..60 {
                if seq == before + 1 {
                    let page = (page..60).map(|seq| (Seq(seq), entry(seq))).collect();
                    prop_assert!(show(seqs(&room.leap(page, now))));
                }
                if gone.contains(&seq) {
                    continue;
                }
                if let Taken::Apply(entries) = room.take(Seq(seq), entry(seq), now) {
                    prop_assert!(show(seqs(&entries.into_iter().map(Piece::Entry).collect::<Vec<_>>())));
                }
            }
            let page = fetched.iter().map(|seq| (Seq(*seq), entry(*seq))).collect();
            prop_assert!(show(seqs(&room.fill_behind(page, now))));
            if let Some((from, to)) = room.behind() {
                prop_assert!(show(vec![(from.0, to.0)]));
            }
            while room.hole().is_some() {
                prop_assert!(show(seqs(&room.give_up(now))));
            }
            let mut next = 1;
            for (from, to) in shown {
                prop_assert_eq!(from, next);
                next = to + 1;
            }
            prop_assert_eq!(next, 60);
        }

        /// Whatever arrives in whatever order, and however little a fetch returns: every place up to the newest is an
        /// entry once or in a gap once, in order.
        #[test]
        fn nothing_is_ever_missing_silently(
            live in prop::collection::vec(1_u64..60, 0..80),
            fetched in prop::collection::btree_set(1_u64..60, 0..40),
            start in 0_u64..10,
        ) {
            let now = Instant::now();
            let mut room = Sequence::new(Some(Seq(start)), now);
            let mut shown = Vec::new();
            for seq in &live {
                if let Taken::Apply(entries) = room.take(Seq(*seq), entry(*seq), now) {
                    shown.extend(entries.into_iter().map(|e| (e.seq.unwrap().0, e.seq.unwrap().0)));
                }
            }
            if let Some((from, to)) = room.hole() {
                let page = fetched.range(from.0..=to.0).map(|seq| (Seq(*seq), entry(*seq))).collect();
                shown.extend(seqs(&room.fill(page, now)));
            }
            while room.hole().is_some() {
                shown.extend(seqs(&room.give_up(now)));
            }
            let mut next = start + 1;
            for (from, to) in shown {
                prop_assert_eq!(from, next);
                next = to + 1;
            }
            let newest = live.iter().copied().max().unwrap_or(0).max(start);
            prop_assert_eq!(next, newest + 1);
        }
    }
}
