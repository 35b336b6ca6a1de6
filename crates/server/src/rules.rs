//! What holds in a room at the moment, kept in memory: its owner's choices, who is muted, which words hold an entry.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::Connection;

use crate::config::Rate;
use crate::store::moderation;
use crate::store::tokens::{RoomRow, Settings};
use crate::words::Words;

/// All of it. Read anew when a notice says that some of it changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) settings: Settings,
    pub(crate) words: Words,
    mutes: HashMap<String, i64>,
}

impl Rules {
    pub(crate) fn load(conn: &Connection, row: &RoomRow) -> rusqlite::Result<Self> {
        let words = moderation::words(conn, row.key)?.into_iter().map(|(_, word)| word);
        Ok(Self {
            settings: row.settings.clone(),
            words: Words::new(words),
            mutes: moderation::mutes(conn, row.key)?,
        })
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
