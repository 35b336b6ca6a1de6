//! The pure merges, laid open to what counts their instructions; nothing else may lean on it.

use aside_protocol::{Entry, Seq};
use tokio::time::Instant;

use crate::align::{Ours, Print, Printer, align};
use crate::sequence::{Sequence, Taken};

/// The merge of a server with places.
#[derive(Debug)]
pub struct ByPlace {
    sequence: Sequence,
    now: Instant,
}

impl ByPlace {
    /// A room of which everything up to a place is here.
    pub fn after(applied: Seq) -> Self {
        let now = Instant::now();
        Self { sequence: Sequence::new(Some(applied), now), now }
    }

    /// What is to be appended now that an entry came: nothing if it was here before, has no place or waits for others.
    pub fn take(&mut self, entry: Entry) -> Vec<Entry> {
        let Some(seq) = entry.seq else { return Vec::new() };
        match self.sequence.take(seq, entry, self.now) {
            Taken::Apply(entries) => entries,
            Taken::Known(_) | Taken::Held => Vec::new(),
        }
    }
}

/// How many of our rows a snapshot shows, and how many rows it has that we lack.
pub fn by_alignment(ours: &[Entry], snapshot: &[Entry]) -> (usize, usize) {
    let printer = Printer::default();
    let ours = ours.iter().map(|entry| Ours::firm(printer.print(entry), true));
    let snapshot: Vec<Print> = snapshot.iter().map(|entry| printer.print(entry)).collect();
    let aligned = align(&ours.collect::<Vec<_>>(), &snapshot, false);
    (aligned.same.len(), aligned.missed.iter().map(|(_, run)| run.len()).sum())
}
