//! What waits to be written to one client: bounded, never skipping, closed when it overflows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_protocol::{CloseReason, close};
use tokio::sync::{Notify, SetOnce};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use crate::inbound::Resumed;
use crate::pen::Pen;

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
    pub(crate) texts: Vec<Utf8Bytes>,
    /// The same as it goes over the wire, in one piece.
    frames: Bytes,
}

impl Chunk {
    pub(crate) fn new(texts: Vec<Utf8Bytes>) -> Arc<Self> {
        let mut frames = Vec::new();
        for text in &texts {
            // Into memory, which takes everything.
            let _ =
                Frame::message(text.clone(), OpCode::Data(Data::Text), true).format(&mut frames);
        }
        Arc::new(Self { texts, frames: frames.into() })
    }
}

/// Joins with a place that wait for the writing half. A client that sends more before the first is served has to wait.
const MOST_RESUMES: usize = 2;

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
            Self::Live(_, chunk) => chunk.frames.len(),
        }
    }
}

/// The side that others put things into. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Outlet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    now: Mutex<Now>,
    /// There is something to be written.
    changed: Notify,
    /// A join was taken, and there is room for the next.
    resumed: Notify,
    most_items: usize,
    most_bytes: usize,
    goodbye: SetOnce<Goodbye>,
}

/// Held for a moment, at most for one system call that does not wait.
#[derive(Debug)]
struct Now {
    queue: VecDeque<Item>,
    bytes: usize,
    /// Joins with a place. They go before what is in the queue.
    resumes: VecDeque<Resumed>,
    /// Counts the joins that go on from a place: live entries of an earlier one are not for this client any more.
    subscription: u32,
    /// Whether nothing waits and the writing half has nothing in hand, so that who has something live may write it.
    resting: bool,
    /// None on what is no TCP socket: there, the writing half writes everything.
    pen: Option<Pen>,
}

/// What became of an item.
enum Put {
    Done,
    Waits,
    TooMuch,
}

/// The side that the connection writes from.
#[derive(Debug)]
pub(crate) struct Waiting(Outlet);

impl Now {
    fn is_for_nobody(&self, item: &Item) -> bool {
        matches!(item, Item::Live(subscription, _) if *subscription != self.subscription)
    }

    fn put(&mut self, item: Item, most_items: usize, most_bytes: usize) -> Put {
        if self.is_for_nobody(&item) {
            return Put::Done;
        }
        if std::mem::take(&mut self.resting)
            && let (Some(pen), Item::Live(_, chunk)) = (&mut self.pen, &item)
            && let Some(left) = pen.begin(&chunk.frames)
        {
            self.resting = left == 0;
            return if self.resting { Put::Done } else { Put::Waits };
        }
        let bytes = self.bytes.saturating_add(item.bytes());
        // One item may be larger than the whole bound; it passes when nothing else waits.
        if self.queue.len() >= most_items || (self.bytes > 0 && bytes > most_bytes) {
            return Put::TooMuch;
        }
        self.bytes = bytes;
        self.queue.push_back(item);
        Put::Waits
    }

    fn take(&mut self) -> Option<Item> {
        while let Some(item) = self.queue.pop_front() {
            self.bytes -= item.bytes();
            if !self.is_for_nobody(&item) {
                return Some(item);
            }
        }
        // Most queues are empty nearly always.
        self.queue = VecDeque::new();
        None
    }
}

impl Outlet {
    /// A queue of at most so many items and bytes. Full means that the client does not keep up: it is closed with 1013.
    pub(crate) fn new(most_items: usize, most_bytes: usize) -> (Self, Waiting) {
        let now = Now {
            queue: VecDeque::new(),
            bytes: 0,
            resumes: VecDeque::new(),
            subscription: FIRST_SUBSCRIPTION,
            resting: false,
            pen: None,
        };
        let outlet = Self(Arc::new(Shared {
            now: Mutex::new(now),
            changed: Notify::new(),
            resumed: Notify::new(),
            most_items: most_items.max(1),
            most_bytes,
            goodbye: SetOnce::new(),
        }));
        (outlet.clone(), Waiting(outlet))
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what the socket is written with; nobody else writes meanwhile.
    pub(crate) fn with_pen<T>(&self, act: impl FnOnce(&mut Option<Pen>) -> T) -> T {
        act(&mut self.now().pen)
    }

    /// Queues a frame for this client alone.
    pub(crate) fn say(&self, text: Utf8Bytes) {
        self.put(Item::Own(text));
    }

    /// Writes live entries, or queues them.
    pub(crate) fn live(&self, subscription: u32, chunk: Arc<Chunk>) {
        self.put(Item::Live(subscription, chunk));
    }

    fn put(&self, item: Item) {
        if self.0.goodbye.initialized() {
            return;
        }
        let put = self.now().put(item, self.0.most_items, self.0.most_bytes);
        match put {
            Put::Done => {}
            Put::Waits => self.0.changed.notify_one(),
            Put::TooMuch => self.end(Goodbye::too_slow()),
        }
    }

    /// Queues a join with a place, as soon as there is room.
    pub(crate) async fn resume(&self, resumed: Resumed) {
        while self.now().resumes.len() >= MOST_RESUMES {
            self.0.resumed.notified().await;
        }
        self.now().resumes.push_back(resumed);
        self.0.changed.notify_one();
    }

    /// Ends the connection; the first reason stands.
    pub(crate) fn end(&self, goodbye: Goodbye) {
        let _first_stands = self.0.goodbye.set(goodbye);
    }

    /// Waits until someone ends the connection.
    pub(crate) async fn ended(&self) -> Goodbye {
        self.0.goodbye.wait().await.clone()
    }
}

impl Waiting {
    /// Waits until there is something to be written; that may also be the rest of what was begun by somebody else.
    pub(crate) async fn some(&self) {
        self.0.0.changed.notified().await;
    }

    /// The next join with a place, if one is there.
    pub(crate) fn resumed(&mut self) -> Option<Resumed> {
        let mut now = self.0.now();
        let resumed = now.resumes.pop_front()?;
        now.resumes.shrink_to_fit();
        self.0.0.resumed.notify_one();
        Some(resumed)
    }

    /// The next item, if one is there.
    pub(crate) fn take(&mut self) -> Option<Item> {
        self.0.now().take()
    }

    /// The writing half has nothing in hand. Unless something waits, what is live need not wait for it from now on.
    pub(crate) fn rest(&mut self) {
        let mut now = self.0.now();
        now.resting = now.queue.is_empty() && now.resumes.is_empty();
        if !now.resting {
            self.0.0.changed.notify_one();
        }
    }

    /// Begins another subscription: nothing of an earlier one is written any more, and what is live waits.
    pub(crate) fn resubscribe(&mut self) -> u32 {
        let mut now = self.0.now();
        now.resting = false;
        now.subscription = now.subscription.wrapping_add(1);
        now.subscription
    }
}

impl Drop for Waiting {
    /// Nothing follows the goodbye.
    fn drop(&mut self) {
        self.0.end(Goodbye::Cut);
        let mut now = self.0.now();
        now.resting = false;
        now.queue = VecDeque::new();
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
        assert!(waiting.take().is_some(), "two fit");
        outlet.say("c".into());
        outlet.say("d".into());
        assert_eq!(outlet.ended().now_or_never(), Some(Goodbye::too_slow()));
    }

    #[test]
    fn too_many_bytes_end_the_connection_but_a_single_large_item_passes() {
        let (outlet, mut waiting) = Outlet::new(10, 8);
        outlet.say("0123456789".into());
        assert!(waiting.take().is_some());
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
