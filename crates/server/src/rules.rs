//! What holds in a room at the moment, kept in memory: its owner's choices, who is muted, which words hold an entry.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::Connection;

use crate::config::Rate;
use crate::store::moderation;
use crate::store::tokens::{self, Settings};
use crate::words::Words;

/// All of it. Read anew when a notice says that some of it changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) settings: Settings,
    pub(crate) words: Words,
    mutes: HashMap<String, i64>,
    /// The newest notice before they were read: what comes after may be in them, what came before is.
    as_of: i64,
}

impl Rules {
    pub(crate) fn load(conn: &Connection, room: i64) -> rusqlite::Result<Self> {
        let as_of = tokens::newest_notice(conn)?;
        let words = moderation::words(conn, room)?.into_iter().map(|(_, word)| word);
        Ok(Self {
            settings: tokens::settings(conn, room)?,
            words: Words::new(words),
            mutes: moderation::mutes(conn, room)?,
            as_of,
        })
    }

    /// Whether these were read after others.
    pub(crate) fn follow(&self, others: &Self) -> bool {
        self.as_of >= others.as_of
    }

    /// How long somebody may not speak yet.
    pub(crate) fn muted_for(&self, user: &str, now_ms: i64) -> Option<Duration> {
        let left = self.mutes.get(user)?.checked_sub(now_ms).filter(|left| *left > 0)?;
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    /// How often one person of the audience may speak.
    pub(crate) fn slow(&self) -> Option<Rate> {
        let every = Duration::from_secs(self.settings.slow_s.into());
        (!every.is_zero()).then_some(Rate { every, burst: 1 })
    }
}
