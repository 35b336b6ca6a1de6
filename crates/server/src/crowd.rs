//! The connections that speak HTTP: only so many at once, whatever they are. Where a newcomer finds every place taken, whoever has waited for a request
//! for longest gives way; so nobody keeps others out by saying nothing.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// All of them. A socket is no longer one.
#[derive(Debug)]
pub(crate) struct Crowd {
    places: Arc<Semaphore>,
    idle: Mutex<Idle>,
    rested: Notify,
}

/// Those before their first request, between two, or halfway through one; whoever has been so for longest is first.
#[derive(Debug, Default)]
struct Idle {
    last: u64,
    ways_out: BTreeMap<u64, CancellationToken>,
}

/// One connection's place.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    dismissed: CancellationToken,
    /// Its number among the idle, while it is one of them.
    number: Mutex<Option<u64>>,
    _permit: OwnedSemaphorePermit,
}

impl Crowd {
    /// With so many places.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { places, idle: Mutex::default(), rested: Notify::new() })
    }

    /// A place for a newcomer, as soon as there is one.
    pub(crate) async fn place(self: &Arc<Self>) -> Option<Place> {
        let mut free = pin!(self.places.clone().acquire_owned());
        let permit = loop {
            let rested = self.rested.notified();
            tokio::select! {
                biased;
                permit = &mut free => break permit.ok()?,
                () = async {
                    self.dismiss();
                    rested.await;
                } => {}
            }
        };
        let dismissed = CancellationToken::new();
        let place =
            Place { crowd: self.clone(), dismissed, number: Mutex::default(), _permit: permit };
        place.rests();
        Some(place)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dismiss(&self) {
        if let Some((_, way_out)) = self.idle().ways_out.pop_first() {
            way_out.cancel();
        }
    }
}

impl Place {
    /// Ends when the connection is to give way.
    pub(crate) fn dismissed(&self) -> CancellationToken {
        self.dismissed.clone()
    }

    /// A whole request came: until it is answered, this one does not give way.
    pub(crate) fn asks(&self) {
        if let Some(number) = self.number().take() {
            self.crowd.idle().ways_out.remove(&number);
        }
    }

    /// It waits for a request.
    pub(crate) fn rests(&self) {
        // An answer to half a request leaves it where it was.
        self.asks();
        let mut idle = self.crowd.idle();
        idle.last += 1;
        let number = idle.last;
        idle.ways_out.insert(number, self.dismissed.clone());
        drop(idle);
        *self.number() = Some(number);
        self.crowd.rested.notify_waiters();
    }

    fn number(&self) -> MutexGuard<'_, Option<u64>> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.asks();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn whoever_has_waited_longest_gives_way_and_who_is_answered_stays() {
        let crowd = Crowd::new(3);
        let (first, second) = (crowd.place().await.unwrap(), crowd.place().await.unwrap());
        let third = crowd.place().await.unwrap();
        first.asks();
        let mut newcomer = Box::pin(crowd.place());
        assert!(poll!(&mut newcomer).is_pending());
        let gone = [&first, &second, &third].map(|place| place.dismissed().is_cancelled());
        assert_eq!(gone, [false, true, false]);
        drop(second);
        let Poll::Ready(Some(fourth)) = poll!(&mut newcomer) else { panic!("a place is free") };
        // Nobody waits for a request now: the next to do so gives way.
        third.asks();
        fourth.asks();
        let mut newcomer = Box::pin(crowd.place());
        assert!(poll!(&mut newcomer).is_pending());
        assert!(!first.dismissed().is_cancelled());
        first.rests();
        assert!(poll!(&mut newcomer).is_pending());
        assert!(first.dismissed().is_cancelled());
        drop(first);
        assert!(poll!(&mut newcomer).is_ready());
    }
}
