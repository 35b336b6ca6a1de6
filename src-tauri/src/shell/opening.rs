//! What a page that starts, or that is there, is to open: a room, an entry in it, a link, the field to write in.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::dto::Spot;
use crate::settings::RoomKey;
use crate::windows::RoomWindow;

/// What the next page finds.
pub(crate) struct Opening {
    /// The room that a page shows first.
    first: Mutex<Option<RoomKey>>,
    /// The one that the overlay shows unless it is told otherwise.
    overlaid: watch::Sender<Option<RoomKey>>,
    /// The entry in it to go to.
    spot: Mutex<Option<Spot>>,
    /// What the join form is to be filled from.
    link: Mutex<Option<String>>,
    /// The windows that somebody wants to write in.
    writes: Mutex<BTreeSet<RoomWindow>>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            first: Mutex::default(),
            overlaid: watch::Sender::new(None),
            spot: Mutex::default(),
            link: Mutex::default(),
            writes: Mutex::default(),
        }
    }
}

impl Opening {
    /// The room that a page that starts now, or again, shows first, and that the overlay shows.
    pub(crate) fn show_first(&self, key: Option<RoomKey>, spot: Option<Spot>) {
        self.look_first(key, spot);
        self.overlaid.send_if_modified(|overlaid| std::mem::replace(overlaid, key) != key);
    }

    /// The same of a room into which somebody only looks: the overlay stays where it is.
    pub(crate) fn look_first(&self, key: Option<RoomKey>, spot: Option<Spot>) {
        *self.spot.lock().unwrap_or_else(PoisonError::into_inner) = spot;
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// The room that is shown first.
    pub(crate) fn first(&self) -> Option<RoomKey> {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room that the overlay shows, now and whenever it is another.
    pub(crate) fn overlaid(&self) -> watch::Receiver<Option<RoomKey>> {
        self.overlaid.subscribe()
    }

    /// The entry to go to, once: a page that is loaded again stays where it was.
    pub(crate) fn take_spot(&self) -> Option<Spot> {
        self.spot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps a link for the page that asks first.
    pub(crate) fn keep_link(&self, link: String) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }

    /// The link that was opened, once.
    pub(crate) fn take_link(&self) -> Option<String> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps the wish to write in a window, whose page may be still to start.
    pub(crate) fn keep_wish_to_write(&self, which: RoomWindow) {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).insert(which);
    }

    /// Whether somebody wants to write in a window, once.
    pub(crate) fn take_wish_to_write(&self, which: RoomWindow) -> bool {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).remove(&which)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_that_is_only_looked_into_is_gone_on_with_and_not_broadcast() {
        let opening = Opening::default();
        let (open, archived) = (RoomKey::random(), RoomKey::random());
        opening.show_first(Some(open), None);
        opening.look_first(Some(archived), None);
        assert_eq!((opening.first(), *opening.overlaid().borrow()), (Some(archived), Some(open)));
    }

    #[test]
    fn a_wish_to_write_is_told_once_to_its_window() {
        let opening = Opening::default();
        opening.keep_wish_to_write(RoomWindow::Side);
        opening.keep_wish_to_write(RoomWindow::Side);
        assert!(!opening.take_wish_to_write(RoomWindow::Main));
        assert!(opening.take_wish_to_write(RoomWindow::Side));
        assert!(!opening.take_wish_to_write(RoomWindow::Side));
    }
}
