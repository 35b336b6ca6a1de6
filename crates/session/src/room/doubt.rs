//! What is in doubt in the outbox: when it is doubted, when it is sent once more, when it is left to the person.

use std::time::Duration;

use aside_history::{
    Change, Delivery, OutgoingBody, OutgoingState, RowKind, Standing, Where, Written,
};
use aside_protocol::{Entry, Extension, Seq, close};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::draft::Draft;
use super::sending::{Item, State, TOO_LARGE, Unsure};
use super::settling::written_at;
use super::{Merge, Room};
use crate::error::Settled;
use crate::verdict::End;

/// An echo that does not come within this time on a living link is in doubt; an ack, sent for again.
const ECHO: Duration = Duration::from_secs(10);
/// The entry of an accepted question that does not come is shown where it is.
const ACCEPTED: Duration = Duration::from_secs(10);
/// For so long it may still come late.
const ACCEPTED_LATE: Duration = Duration::from_secs(120);
/// What is in doubt is sent once more only while it is this young ...
const RESEND_AGE: SignedDuration = SignedDuration::from_secs(120);
/// ... and was written at least so long ago ...
const RESEND_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// ... and two snapshots, at least so far apart, did not show it.
const SNAPSHOTS_APART: Duration = Duration::from_secs(3);
const SNAPSHOTS: u8 = 2;
/// While something is in doubt, snapshots come this often.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl Room {
    /// Nothing shows whether it arrived.
    pub(super) async fn doubt_item(&mut self, own: usize, resolving: bool) {
        let wall = written_at(&self.outbox[own].state).unwrap_or_else(|| self.env.clock.now());
        let (id, key) = (self.outbox[own].id, self.outbox[own].key);
        let unsure = Unsure { wall, since: Instant::now(), snapshots: 0, last: None, resolving };
        self.outbox[own].state = State::Unsure(unsure);
        if !resolving {
            self.store_unsure(own, wall).await;
        }
        aside_failpoint::at("doubt.stored");
        self.deliver(key, Delivery::Unsure).await;
        if !resolving {
            self.tell_settled(id, Settled::Unsure);
        }
        if let Merge::Aligned(aligned) = &mut self.merge {
            aligned.snapshot_by(Instant::now() + LOOK_AGAIN);
        }
    }

    /// Where the server found a frame of ours too large, it would find so again: what was under way and is the largest (of
    /// several the first) is left to the person. Says what became of the end.
    pub(super) async fn park_too_large(&mut self, end: End) -> End {
        if !matches!(end, End::Closed(reason) if reason.code == close::TOO_LARGE) {
            return end;
        }
        let written = (0..self.outbox.len())
            .filter(|n| matches!(self.outbox[*n].state, State::Written { .. }))
            .rev();
        let Some(largest) = written.max_by_key(|n| {
            let Item { body, id, .. } = &self.outbox[*n];
            self.frame_bytes(body.text(), *id)
        }) else {
            return end;
        };
        self.fail(largest, TOO_LARGE.to_owned(), String::new()).await;
        End::Parked
    }

    /// The link is gone: what was written to it is in doubt, or, where the server takes everything once, simply due again.
    pub(super) async fn link_is_gone(&mut self) {
        let resend = self.has(Extension::Ack);
        for n in 0..self.outbox.len() {
            if !matches!(self.outbox[n].state, State::Written { .. }) {
                continue;
            }
            if resend {
                self.set_state(n, State::Queued, OutgoingState::Queued).await;
            } else {
                let first = self.outbox[n].attempts <= 1;
                self.doubt_item(n, first).await;
            }
        }
    }

    /// Online again: what a former connection left behind is looked at, the rest is sent.
    pub(super) async fn link_is_ready(&mut self) {
        if self.has(Extension::Ack) {
            for n in 0..self.outbox.len() {
                // What lost its line may be what a person threw away.
                let written = self.outbox[n].attempts > 0;
                if written && matches!(self.outbox[n].state, State::Unsure(_)) {
                    let key = self.outbox[n].key;
                    self.set_state(n, State::Queued, OutgoingState::Queued).await;
                    aside_failpoint::at("doubt.due-again");
                    self.deliver(key, Delivery::Sending).await;
                }
            }
        }
        self.send_outbox().await;
    }

    /// The history was looked at (a snapshot was merged, or all places are here); what it did not show of the outbox is either
    /// sent once more or left to the person.
    pub(super) async fn history_looked_at(&mut self, now: Instant) {
        let wall = self.env.clock.now();
        let mut look_again = false;
        for n in 0..self.outbox.len() {
            let message = matches!(self.outbox[n].body, OutgoingBody::Message { .. });
            let State::Unsure(unsure) = &mut self.outbox[n].state else { continue };
            if !unsure.resolving {
                continue;
            }
            if unsure.last.is_none_or(|last| now - last >= SNAPSHOTS_APART) {
                unsure.snapshots = unsure.snapshots.saturating_add(1);
                unsure.last = Some(now);
            }
            let here = SignedDuration::try_from(now - unsure.since).unwrap_or(SignedDuration::MAX);
            let age = wall.duration_since(unsure.wall).max(here);
            if age >= RESEND_AGE || !message {
                self.give_up(n).await;
            } else if unsure.snapshots >= SNAPSHOTS && age >= RESEND_AFTER {
                let key = self.outbox[n].key;
                self.set_state(n, State::Queued, OutgoingState::Queued).await;
                self.deliver(key, Delivery::Sending).await;
            } else {
                look_again = true;
            }
        }
        if let (true, Merge::Aligned(aligned)) = (look_again, &mut self.merge) {
            aligned.snapshot_by(now + LOOK_AGAIN);
        }
        self.send_outbox().await;
    }

    async fn give_up(&mut self, n: usize) {
        let id = self.outbox[n].id;
        if let State::Unsure(unsure) = &mut self.outbox[n].state {
            unsure.resolving = false;
            let wall = unsure.wall;
            self.store_unsure(n, wall).await;
        }
        self.tell_settled(id, Settled::Unsure);
    }

    /// On disk, what the room may still find out by itself stays as written; only what is left to the person is unsure, so
    /// that no later start sends it again.
    async fn store_unsure(&self, n: usize, wall: Timestamp) {
        let stored = OutgoingState::Unsure(Written { generation: self.generation, at: wall });
        if let Err(error) = self.store.set_outgoing(self.outbox[n].id, stored).await {
            tracing::warn!(%error, "the outbox can't be written");
        }
    }

    pub(super) fn outbox_due(&self, now: Instant) -> Option<Instant> {
        if !self.is_online() {
            return None;
        }
        let exact = matches!(self.merge, Merge::Exact(_));
        let each = self.outbox.iter().filter_map(|item| match &item.state {
            State::Written { at, .. } => Some(*at + ECHO),
            State::Accepted { at, seq, .. } => {
                Some(if self.has_applied(*seq) { *at } else { *at + ACCEPTED })
            }
            // Where entries have places, the history is at hand; where not, the next snapshot is the next look.
            State::Unsure(unsure) if unsure.resolving && exact => {
                Some(unsure.last.map_or(now, |last| last + LOOK_AGAIN))
            }
            State::Shown { until, .. } => Some(*until),
            State::Queued => item.held_back_until(),
            State::Unsure(_)
            | State::Posting { .. }
            | State::InReview { .. }
            | State::Failed { .. } => None,
        });
        each.chain(self.paused_until).min()
    }

    pub(super) async fn check_outbox(&mut self, now: Instant) {
        if self.outbox_due(now).is_none_or(|due| now < due) {
            return;
        }
        let mut n = 0;
        while n < self.outbox.len() {
            match self.outbox[n].state {
                State::Written { at, .. } if now >= at + ECHO => {
                    if self.has(Extension::Ack) {
                        self.set_state(n, State::Queued, OutgoingState::Queued).await;
                    } else {
                        // The link lives and the server said nothing: it may have swallowed it on purpose. Not sent again.
                        self.doubt_item(n, false).await;
                    }
                }
                State::Accepted { at, seq, .. }
                    if now >= at + ACCEPTED || self.has_applied(seq) =>
                {
                    self.show_accepted(n, seq, now).await;
                    continue;
                }
                State::Shown { until, .. } if now >= until => {
                    self.outbox.remove(n);
                    continue;
                }
                State::Queued if !self.outbox[n].is_held_back(now) => self.outbox[n].leaves = None,
                _ => {}
            }
            n += 1;
        }
        match &self.merge {
            Merge::Exact(exact) if exact.is_synced() => self.history_looked_at(now).await,
            Merge::Exact(_) | Merge::Aligned(_) | Merge::Undecided(_) => self.send_outbox().await,
        }
    }

    /// Whether the timeline has the entry at this place already, under another row.
    fn has_applied(&self, seq: Option<Seq>) -> bool {
        let Merge::Exact(exact) = &self.merge else { return false };
        seq.is_some() && seq <= exact.sequence.applied()
    }

    /// The server took it, and its entry did not come as such. Either the timeline has that entry, which then was not known
    /// to be this one; or it stays at its place, or, without one, where everybody else's entries are by now.
    async fn show_accepted(&mut self, n: usize, seq: Option<Seq>, now: Instant) {
        let (id, key) = (self.outbox[n].id, self.outbox[n].key);
        let mut draft = Draft::default();
        let mut shown = None;
        let there = match seq {
            Some(seq) => self
                .store
                .rows_by_seq(self.id, seq, seq, 1)
                .await
                .ok()
                .and_then(|mut rows| rows.pop()),
            None => None,
        };
        if let Some(RowKind::Entry(there)) = there.map(|row| row.kind) {
            // Settling takes the other row's place, and that row away.
            self.settle(&mut draft, n, there.entry, Where::BySeq, Standing::Confirmed);
        } else {
            let row = self.store.row(self.id, key).await.ok().flatten();
            let row = row.map(|row| row.kind);
            if let (Some(RowKind::Entry(row)), Some(_), Merge::Exact(_)) = (&row, seq, &self.merge)
            {
                // Its place is known: it stands there, and its entry, when it comes after all, is the same row.
                let entry = Entry { seq, ..row.entry.clone() };
                self.settle(&mut draft, n, entry, Where::BySeq, Standing::Confirmed);
                let _refused = self.commit(draft).await;
                return;
            }
            draft.forget.push(id);
            let item = self.outbox.remove(n);
            if let Some(RowKind::Entry(_)) = row {
                draft.push(Change::Move { key, at: Where::End });
                shown = item;
            }
        }
        if self.commit(draft).await.is_some() {
            if let Some(item) = shown {
                let wall = written_at(&item.state).unwrap_or_else(|| self.env.clock.now());
                let state = State::Shown { until: now + ACCEPTED_LATE, wall };
                self.outbox.push_back(Item { state, ..item });
            }
            self.reload_tail().await;
        }
    }
}
