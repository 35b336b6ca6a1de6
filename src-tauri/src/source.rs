//! Where a room is read from: its session, which fetches what is not here, or, where there is none, what is kept of it alone.

use std::sync::Arc;
use std::time::Duration;

use aside_history::{Anchor, Only, Page, RoomId, Store};
use aside_session::SessionError;
use url::Url;

use crate::namesakes::Namesakes;
use crate::rooms::Live;
use crate::settings::RoomKey;

/// A keyring that somebody has to unlock keeps a room from being opened for long: what is kept of it is read meanwhile.
pub(crate) const GLANCE: Duration = Duration::from_millis(500);

/// What a room is read from.
pub(crate) enum Source {
    Live(Live),
    Kept(Kept),
}

/// What is kept of a room that has no session: its token is missing, or it was left or archived.
pub(crate) struct Kept {
    pub(crate) key: RoomKey,
    pub(crate) room: RoomId,
    pub(crate) server: Url,
    /// Who was in it here.
    pub(crate) user: String,
    pub(crate) namesakes: Arc<Namesakes>,
    pub(crate) store: Store,
}

impl Source {
    pub(crate) fn key(&self) -> RoomKey {
        match self {
            Self::Live(live) => live.key,
            Self::Kept(kept) => kept.key,
        }
    }

    /// The room's name in the files.
    pub(crate) fn room(&self) -> RoomId {
        match self {
            Self::Live(live) => live.session.room(),
            Self::Kept(kept) => kept.room,
        }
    }

    /// The server that the room is on.
    pub(crate) fn server(&self) -> &Url {
        match self {
            Self::Live(live) => &live.server,
            Self::Kept(kept) => &kept.server,
        }
    }

    /// The session, where there is one.
    pub(crate) fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Kept(_) => None,
        }
    }

    /// Neighbouring rows; those that are not here are fetched where they can be.
    ///
    /// # Errors
    /// Those of the session.
    pub(crate) async fn page(&self, anchor: Anchor, limit: u32) -> Result<Page, SessionError> {
        match self {
            Self::Live(live) => live.session.page(anchor, limit).await,
            Self::Kept(kept) => Ok(kept.store.page(kept.room, anchor, limit).await?),
        }
    }

    /// The same of those that are wanted.
    ///
    /// # Errors
    /// Those of the session.
    pub(crate) async fn page_only(
        &self,
        only: &Only,
        anchor: Anchor,
        limit: u32,
    ) -> Result<Page, SessionError> {
        match self {
            Self::Live(live) => live.session.page_only(only, anchor, limit).await,
            Self::Kept(kept) => Ok(kept.store.page_only(kept.room, only, anchor, limit).await?),
        }
    }
}

impl From<&Live> for Source {
    fn from(live: &Live) -> Self {
        Self::Live(live.clone())
    }
}
