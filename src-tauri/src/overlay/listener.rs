//! One browser source that listens: the newest state at once, every later one, and a sign of life in between.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio::time::timeout;

/// A listener that takes nothing for so long is let go; it comes back by itself.
const STALLED: Duration = Duration::from_secs(30);
/// A sign of life after so much silence: both sides learn from it that the other is there.
const ALIVE: Duration = Duration::from_secs(10);

struct Listener {
    shown: watch::Receiver<Arc<str>>,
    greeted: bool,
    /// Told whenever the connection has taken what it got.
    taken: Arc<Notify>,
    _seat: OwnedSemaphorePermit,
}

impl Listener {
    /// The next event, or nothing when there will be none.
    async fn next(&mut self) -> Option<String> {
        self.taken.notify_one();
        if self.greeted {
            match timeout(ALIVE, self.shown.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_over)) => return None,
                Err(_silence) => return Some(":\n\n".to_owned()),
            }
        }
        self.greeted = true;
        let shown = Arc::clone(&self.shown.borrow_and_update());
        Some(format!("retry: 2000\ndata: {shown}\n\n"))
    }
}

/// The body of an event stream, which keeps its seat until the connection is gone.
pub(super) fn events(
    shown: watch::Receiver<Arc<str>>,
    seat: OwnedSemaphorePermit,
    taken: Arc<Notify>,
) -> Body {
    let listener = Listener { shown, greeted: false, taken, _seat: seat };
    Body::from_stream(stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), listener))
    }))
}

/// Returns when a connection has taken nothing for too long.
pub(super) async fn stalled(taken: &Notify) {
    while timeout(STALLED, taken.notified()).await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use futures_util::{Stream, StreamExt as _};
    use tokio::sync::Semaphore;
    use tokio::time::Instant;

    use super::*;

    struct Table {
        shown: watch::Sender<Arc<str>>,
        seats: Arc<Semaphore>,
        taken: Arc<Notify>,
    }

    impl Table {
        fn set() -> Self {
            let shown = watch::Sender::new("1".into());
            Self { shown, seats: Arc::new(Semaphore::new(1)), taken: Arc::default() }
        }

        fn listen(&self) -> impl Stream<Item = String> + Unpin + use<> {
            let seat = Arc::clone(&self.seats).try_acquire_owned().unwrap();
            let events = events(self.shown.subscribe(), seat, Arc::clone(&self.taken));
            let text = |chunk: Result<Bytes, axum::Error>| chunk.unwrap().to_vec();
            Box::pin(events.into_data_stream().map(move |c| String::from_utf8(text(c)).unwrap()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_listener_gets_the_newest_and_never_a_queue() {
        let table = Table::set();
        let mut events = table.listen();
        assert_eq!(events.next().await.unwrap(), "retry: 2000\ndata: 1\n\n");
        for n in 2..1000 {
            table.shown.send_replace(n.to_string().into());
        }
        assert_eq!(events.next().await.unwrap(), "retry: 2000\ndata: 999\n\n");
        let before = Instant::now();
        assert_eq!(events.next().await.unwrap(), ":\n\n", "nothing more, but it lives");
        assert_eq!(before.elapsed(), ALIVE);
        assert_eq!(table.seats.available_permits(), 0);
        drop(table.shown);
        assert_eq!(events.next().await, None);
        drop(events);
        assert_eq!(table.seats.available_permits(), 1, "whoever goes gives the seat back");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_takes_nothing_is_let_go_and_one_that_does_is_not() {
        let table = Table::set();
        let before = Instant::now();
        let mut events = table.listen();
        let hour = async {
            while before.elapsed() < Duration::from_secs(3600) {
                events.next().await;
            }
        };
        tokio::select! {
            () = stalled(&table.taken) => panic!("it takes everything"),
            () = hour => {}
        }
        let before = Instant::now();
        stalled(&table.taken).await;
        assert!(before.elapsed() <= 2 * STALLED);
    }
}
