//! How long entries are kept: by days and by size, looked at now and then, a little at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Keep;
use crate::hall::Hall;
use crate::store::tokens::{self, RoomRow};
use crate::store::{StoreError, retention};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Between one step and the next: what is live comes first.
const REST: Duration = Duration::from_millis(20);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Looks after what is kept until it is stopped.
pub(crate) async fn keep_house(hall: Arc<Hall>, keep: Keep, stop: CancellationToken) {
    if keep == Keep::default() {
        return;
    }
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let kept = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            kept = hall.keep(&keep) => kept,
        };
        match kept {
            Ok(0) => {}
            Ok(entries) => tracing::info!(entries, "old entries were thrown away"),
            Err(error) => tracing::error!(%error, "old entries stay"),
        }
    }
}

impl Hall {
    /// Throws away what is older or more than is kept; says how many entries that were.
    async fn keep(self: &Arc<Self>, keep: &Keep) -> Result<u64, StoreError> {
        let mut gone = 0;
        if let Some(days) = keep.days {
            let before_ms = self.clock.now().as_millisecond() - i64::from(days) * DAY_MS;
            for row in self.store.read(tokens::rooms).await? {
                gone += self.keep_since(row, before_ms).await?;
            }
        }
        if let Some(bytes) = keep.bytes {
            gone += self.keep_bytes(bytes).await?;
        }
        Ok(gone)
    }

    async fn keep_since(self: &Arc<Self>, row: RoomRow, before_ms: i64) -> Result<u64, StoreError> {
        let (key, mut gone) = (row.key, 0);
        let forget =
            move |conn: &rusqlite::Transaction<'_>| retention::forget_beside(conn, key, before_ms);
        self.store.write(forget).await?;
        let since = move |conn: &rusqlite::Connection| retention::first_since(conn, key, before_ms);
        let since = self.store.read(since).await?;
        loop {
            let step = self.forget_before(row.clone(), since).await?;
            if step == 0 {
                return Ok(gone);
            }
            gone += step;
        }
    }

    /// The room whose beginning is the oldest loses some of it, until all of them fit.
    async fn keep_bytes(self: &Arc<Self>, bytes: u64) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let oldest = |conn: &rusqlite::Connection| {
                let mut oldest: Option<(i64, RoomRow)> = None;
                for row in tokens::rooms(conn)? {
                    let Some(at) = retention::oldest_ms(conn, row.key)? else { continue };
                    if oldest.as_ref().is_none_or(|(known, _)| at < *known) {
                        oldest = Some((at, row));
                    }
                }
                Ok((retention::size(conn)?, oldest))
            };
            let (used, oldest) = self.store.read(oldest).await?;
            let Some((_, row)) = oldest.filter(|_| used > bytes) else { return Ok(gone) };
            let head = self.open(row.clone()).await?.head();
            gone += self.forget_before(row, head).await?;
        }
    }

    /// One step; says how many entries are gone.
    async fn forget_before(
        self: &Arc<Self>,
        row: RoomRow,
        before: aside_protocol::Seq,
    ) -> Result<u64, StoreError> {
        let room = self.open(row).await?;
        let (key, was, told) = (room.key(), room.first(), room.clone());
        let first = self
            .store
            .write_then(
                move |conn| retention::forget_before(conn, key, before),
                move |first| told.set_first(*first),
            )
            .await?;
        tokio::time::sleep(REST).await;
        Ok(first.0.saturating_sub(was.0))
    }
}
