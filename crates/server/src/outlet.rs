//! What waits to be written to one client: bounded, never skipping, closed when it overflows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use aside_protocol::{CloseReason, close};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

/// Who reads too slowly may come back at once: enough to empty its pockets first. Below a second it tells a client that
/// nothing else is wrong.
const SLOW_RETRY_MS: u64 = 250;

/// The shortest that a client waits after 1012.
const ROLE_RETRY_MS: u64 = 1000;

/// How a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// With a close frame from us.
    Close { code: u16, reason: String },
    /// The client said goodbye first, with this code.
    Theirs { code: u16 },
    /// Without a word: the network failed, or is made to look so.
    Cut,
}

impl Goodbye {
    pub(crate) fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close { code, reason: reason.into() }
    }

    /// The client reads too slowly; what it missed is still in the log.
    pub(crate) fn too_slow() -> Self {
        Self::close(close::TRY_LATER, CloseReason::retry_text(SLOW_RETRY_MS))
    }

    /// The token is no longer good.
    pub(crate) fn token_refused() -> Self {
        Self::close(close::TOKEN_REFUSED, "token refused")
    }

    /// The token allows other things now: it comes back as what it is.
    pub(crate) fn another_role() -> Self {
        Self::close(close::RESTARTING, CloseReason::retry_text(ROLE_RETRY_MS))
    }

    /// The code under which the end is recorded.
    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Close { code, .. } | Self::Theirs { code } => *code,
            Self::Cut => close::ABNORMAL,
        }
    }
}

/// What one commit gave a room, as frames that all receivers share.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) frames: Vec<Utf8Bytes>,
    pub(crate) bytes: usize,
}

/// The subscription of a join that names no place.
pub(crate) const FIRST_SUBSCRIPTION: u32 = 0;

/// One thing to be written.
#[derive(Debug)]
pub(crate) enum Item {
    /// A frame for this client alone.
    Own(Utf8Bytes),
    /// Live entries, for the subscription of that number.
    Live(u32, Arc<Chunk>),
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Own(text) => text.len(),
            Self::Live(_, chunk) => chunk.bytes,
        }
    }
}

/// The side that others put things into. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Outlet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: mpsc::Sender<Item>,
    bytes: AtomicUsize,
    most_bytes: usize,
    goodbye: OnceLock<Goodbye>,
    closing: CancellationToken,
}

/// The side that the connection writes from.
#[derive(Debug)]
pub(crate) struct Waiting {
    queue: mpsc::Receiver<Item>,
    shared: Arc<Shared>,
}

impl Outlet {
    /// A queue of at most so many items and bytes. Full means that the client does not keep up: it is closed with 1013.
    pub(crate) fn new(most_items: usize, most_bytes: usize) -> (Self, Waiting) {
        let (sender, queue) = mpsc::channel(most_items.max(1));
        let shared = Arc::new(Shared {
            queue: sender,
            bytes: AtomicUsize::new(0),
            most_bytes,
            goodbye: OnceLock::new(),
            closing: CancellationToken::new(),
        });
        (Self(shared.clone()), Waiting { queue, shared })
    }

    /// Queues a frame for this client alone.
    pub(crate) fn say(&self, text: Utf8Bytes) {
        self.put(Item::Own(text));
    }

    /// Queues live entries.
    pub(crate) fn live(&self, subscription: u32, chunk: Arc<Chunk>) {
        self.put(Item::Live(subscription, chunk));
    }

    fn put(&self, item: Item) {
        if self.0.closing.is_cancelled() {
            return;
        }
        let bytes = item.bytes();
        let waiting = self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        // One item may be larger than the whole bound; it passes when nothing else waits.
        let fits = waiting == 0 || waiting.saturating_add(bytes) <= self.0.most_bytes;
        if !fits || self.0.queue.try_send(item).is_err() {
            self.end(Goodbye::too_slow());
        }
    }

    /// Ends the connection; the first reason stands.
    pub(crate) fn end(&self, goodbye: Goodbye) {
        if self.0.goodbye.set(goodbye).is_ok() {
            self.0.closing.cancel();
        }
    }

    /// Waits until someone ends the connection.
    pub(crate) async fn ended(&self) -> Goodbye {
        self.0.closing.cancelled().await;
        self.0.goodbye.get().cloned().unwrap_or(Goodbye::Cut)
    }
}

impl Waiting {
    /// The next item; waits for it.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        let item = self.queue.recv().await;
        self.taken(item)
    }

    /// The next item, if one is there.
    pub(crate) fn try_next(&mut self) -> Option<Item> {
        let item = self.queue.try_recv().ok();
        self.taken(item)
    }

    fn taken(&self, item: Option<Item>) -> Option<Item> {
        if let Some(item) = &item {
            self.shared.bytes.fetch_sub(item.bytes(), Ordering::Relaxed);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn too_many_items_end_the_connection() {
        let (outlet, mut waiting) = Outlet::new(2, 1000);
        outlet.say("a".into());
        outlet.say("b".into());
        assert!(waiting.try_next().is_some(), "two fit");
        outlet.say("c".into());
        outlet.say("d".into());
        assert_eq!(outlet.ended().now_or_never(), Some(Goodbye::too_slow()));
    }

    #[test]
    fn too_many_bytes_end_the_connection_but_a_single_large_item_passes() {
        let (outlet, mut waiting) = Outlet::new(10, 8);
        outlet.say("0123456789".into());
        assert!(waiting.try_next().is_some());
        outlet.say("01234".into());
        outlet.say("01234".into());
        assert_eq!(outlet.ended().now_or_never(), Some(Goodbye::too_slow()));
        outlet.end(Goodbye::Cut);
        assert_eq!(
            outlet.ended().now_or_never(),
            Some(Goodbye::too_slow()),
            "the first reason stands"
        );
    }
}
