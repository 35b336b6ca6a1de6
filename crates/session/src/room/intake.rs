//! What a link heard: frames become changes of one commit, in order.

use std::time::Duration;

use aside_history::{Delivery, EntryRow, LocalId, NewRow, RowKind, Standing};
use aside_protocol::{Control, Entry, ServerFrame, limits};
use tokio::sync::mpsc;

use super::draft::Draft;
use super::review::HELD;
use super::{Merge, Room};
use crate::link::Heard;

/// Live entries that wait until it is known how to merge them.
const UNDECIDED: usize = 5000;

/// Fills a batch with what is in the queue already.
pub(super) fn take_what_waits(
    ear: &mut mpsc::Receiver<(u64, Heard)>,
    batch: &mut Vec<(u64, Heard)>,
    most: usize,
) {
    while batch.len() < most
        && let Ok(heard) = ear.try_recv()
    {
        batch.push(heard);
    }
}

impl Room {
    /// Takes a batch. Everything that belongs to one connection is committed before its end is looked at.
    pub(super) async fn listen(&mut self, batch: impl Iterator<Item = (u64, Heard)>) {
        let mut draft = Draft::default();
        let mut frames = Vec::new();
        for (generation, heard) in batch {
            if generation != self.generation {
                continue;
            }
            match heard {
                Heard::Opened => self.opened(),
                Heard::Text(frame) => {
                    self.proven().await;
                    self.frame(&mut draft, &frame.text).await;
                    // Kept until after the commit: their memory is what makes the link wait.
                    frames.push(frame);
                }
                Heard::Binary => {
                    self.proven().await;
                    self.count(|counters| counters.malformed += 1);
                }
                Heard::Pong(number) => {
                    self.proven().await;
                    self.pong(number);
                }
                Heard::Ended(end) => {
                    self.keep(std::mem::take(&mut draft)).await;
                    self.lost(end).await;
                }
            }
        }
        self.keep(draft).await;
        drop(frames);
        // Something may have been settled, and the next may go.
        self.send_outbox().await;
    }

    async fn frame(&mut self, draft: &mut Draft, text: &str) {
        self.count(|counters| counters.frames += 1);
        match ServerFrame::parse(text) {
            Ok(ServerFrame::Entry(entry)) => self.live(draft, entry),
            Ok(ServerFrame::Control(control)) => self.control(draft, control).await,
            Ok(ServerFrame::Triage(item)) => self.item_came(*item),
            Ok(ServerFrame::Presence(presence)) => self.presence_came(presence),
            Ok(ServerFrame::Votes(votes)) => self.votes_came(votes),
            Ok(ServerFrame::Notice { code, .. }) => {
                tracing::debug!(code, "the server said something");
                self.count(|counters| counters.skipped += 1);
            }
            Ok(ServerFrame::Skipped(_)) => self.count(|counters| counters.skipped += 1),
            Err(_) => self.count(|counters| counters.malformed += 1),
        }
    }

    pub(super) fn live(&mut self, draft: &mut Draft, entry: Entry) {
        if entry.content.len() > limits::FRAME_BYTES {
            return self.count(|counters| counters.skipped += 1);
        }
        match &mut self.merge {
            Merge::Undecided(waiting) => {
                if waiting.len() < UNDECIDED {
                    waiting.push(entry);
                } else {
                    // It is in the history that will be read as soon as the server has said what it can do.
                    self.count(|counters| counters.skipped += 1);
                }
            }
            Merge::Exact(_) => self.live_exact(draft, entry),
            Merge::Aligned(_) => self.live_aligned(draft, entry),
        }
    }

    async fn control(&mut self, draft: &mut Draft, control: Control) {
        match control {
            Control::Ack { nonce, id, seq } => self.acked(draft, &nonce, id, seq),
            Control::Nack { nonce, code: HELD, id: Some(submission), .. } => {
                self.held(draft, &nonce, submission).await;
            }
            Control::Nack { nonce, code, reason, retry_ms, .. } => {
                let wait = retry_ms.map(Duration::from_millis);
                self.nacked(draft, &nonce, (code, reason), wait).await;
            }
            Control::Joined { epoch, seq, resumed, removals, .. } => {
                self.desk_of(&epoch);
                self.joined(draft, epoch, seq, resumed);
                self.removals_told(removals);
            }
            Control::Desk { change } => self.desk_opens(change),
            Control::Snippets { rev } => self.snippets_told(rev),
            Control::Removed { id, number, .. } => self.removed(draft, &id, number).await,
            Control::Heartbeat { .. } => {}
        }
    }

    /// Whether an entry was sent under one of this person's ids.
    pub(super) fn is_mine(&self, entry: &Entry) -> bool {
        self.me.contains(&entry.user)
    }

    /// The row of an entry from the server.
    pub(super) fn row_of(&self, entry: Entry, standing: Standing) -> NewRow {
        let mine = self.is_mine(&entry);
        let local_id =
            entry.nonce.as_ref().filter(|_| mine).and_then(|n| LocalId::parse(n.as_str()));
        let delivery = if local_id.is_some() { Delivery::Sent } else { Delivery::Received };
        self.row(entry, mine, standing, delivery, local_id)
    }

    pub(super) fn row(
        &self,
        mut entry: Entry,
        mine: bool,
        standing: Standing,
        delivery: Delivery,
        local_id: Option<LocalId>,
    ) -> NewRow {
        let zone = self.env.clock.zoned().time_zone().clone();
        let created_at = entry.created_at.and_then(|at| at.resolve(&zone));
        self.say_as_changed(&mut entry);
        self.removals.blank(&mut entry);
        let row = EntryRow { entry, created_at, mine, standing, delivery, local_id };
        NewRow { received_at: self.env.clock.now(), kind: RowKind::Entry(Box::new(row)) }
    }

    pub(super) fn count(&self, add: impl FnOnce(&mut crate::view::Counters)) {
        // Nobody is woken for a count alone; it is seen with the next change.
        self.tell.send_if_modified(|view| {
            add(&mut view.counters);
            false
        });
    }
}
