//! How long entries are kept: by days and by size, looked at now and then, a little at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Keep;
use crate::hall::Hall;
use crate::store::tokens::{self, RoomRow};
use crate::store::{StoreError, nonces, retention};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Between one step and the next: what is live comes first.
const REST: Duration = Duration::from_millis(20);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// So long a nonce is known in any case.
const PROMISED_MS: i64 = DAY_MS;

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

    /// The room whose beginning is the oldest loses some of it, until all of them fit. Entries have half of the size in any
    /// case: where the rest needs more, rooms would be emptied without an end to it.
    async fn keep_bytes(self: &Arc<Self>, bytes: u64) -> Result<u64, StoreError> {
        if !self.forget_nonces(bytes).await? {
            return Ok(0);
        }
        self.forget_unpublished(bytes / 4).await?;
        let beside = self.store.read(retention::beside).await?;
        if beside > bytes / 2 {
            tracing::warn!(
                beside,
                bytes,
                "keep.size is too small: what is no entry needs most of it"
            );
        }
        let most = bytes.max(beside + bytes / 2);
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
            let Some((_, row)) = oldest.filter(|_| used > most) else { return Ok(gone) };
            let head = self.open(row.clone()).await?.head();
            gone += self.forget_before(row, head).await?;
        }
    }

    /// What is known of sends for longer than was promised goes first; says whether that is not enough.
    async fn forget_nonces(&self, bytes: u64) -> Result<bool, StoreError> {
        let before_ms = self.clock.now().as_millisecond() - PROMISED_MS;
        let mut more = true;
        while self.store.read(retention::size).await? > bytes {
            if !more {
                return Ok(true);
            }
            let forget =
                move |conn: &rusqlite::Transaction<'_>| nonces::forget_nonces(conn, before_ms);
            more = self.store.write(forget).await?;
            tokio::time::sleep(REST).await;
        }
        Ok(false)
    }

    /// What was never published goes where it is more than its share, in the room that has most of it: whoever asks without an
    /// end in one room takes nothing from the others.
    async fn forget_unpublished(&self, share: u64) -> Result<(), StoreError> {
        let mut rooms = self.store.read(retention::unpublished).await?;
        let mut left: u64 = rooms.iter().map(|(_, bytes)| bytes).sum();
        while left > share {
            let Some((key, most)) = rooms.iter_mut().max_by_key(|(_, bytes)| *bytes) else { break };
            let (key, over) = (*key, left - share);
            let forget = move |conn: &rusqlite::Transaction<'_>| {
                retention::forget_unpublished(conn, key, over)
            };
            let freed = self.store.write(forget).await?;
            if freed == 0 {
                break;
            }
            (left, *most) = (left.saturating_sub(freed), most.saturating_sub(freed));
            tokio::time::sleep(REST).await;
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::Timestamp;
    use rusqlite::{Connection, params};

    use super::*;
    use crate::config::{Clock, Dice};
    use crate::inline::Rests;
    use crate::store::{Store, migrate};
    use crate::wire::Wire;

    const NOW_MS: i64 = 1_795_000_000_000;

    const KEPT: u64 = 2_000_000;

    /// A room with so many entries of 600 bytes, and with nonces of the last hour, which are more than what is kept.
    fn database(entries: u32) -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO room (topic, stream, epoch, created_ms) VALUES ('8001', 's1', 'one', 0)",
        )
        .unwrap();
        let many =
            "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ?1)";
        let hour_ago = NOW_MS - 60 * 60 * 1000;
        let nonces = format!(
            "{many} INSERT INTO nonce SELECT 1, 'ann', printf('%050d', n), zeroblob(32), n, ?2 FROM count"
        );
        conn.execute(&nonces, params![20_000, hour_ago]).unwrap();
        assert!(retention::size(&conn).unwrap() > KEPT);
        let entries_of = format!(
            "{many} INSERT INTO entry SELECT 1, n, 1, 'ann', 'Ann', '', printf('%0500d', n), ?2 + n, NULL FROM count"
        );
        conn.execute(&entries_of, params![entries, hour_ago]).unwrap();
        conn
    }

    fn over(conn: &Arc<Mutex<Connection>>) -> Arc<Hall> {
        let clock = Clock::from_fn(|| Timestamp::from_millisecond(NOW_MS).unwrap());
        let (store, writer) = Store::inline(conn.clone(), clock.clone()).unwrap();
        tokio::spawn(writer.run_inline(Rests::none()));
        Arc::new(Hall::new(store, clock, Dice::system(), Wire::full()))
    }

    fn hall(entries: u32) -> Arc<Hall> {
        over(&Arc::new(Mutex::new(database(entries))))
    }

    fn count(conn: &Mutex<Connection>, what: &str) -> i64 {
        let query = format!("SELECT count(*) FROM {what}");
        conn.lock().unwrap().query_row(&query, [], |row| row.get(0)).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_entry_leaves_half_of_the_size_to_those_that_are() {
        let keep = Keep { days: None, bytes: Some(KEPT) };
        let few = hall(1_500);
        assert_eq!(few.keep(&keep).await.unwrap(), 0, "they have not even half");
        let many = hall(4_000);
        assert_eq!(many.keep(&keep).await.unwrap(), 3_000);
        assert_eq!(many.keep(&keep).await.unwrap(), 0, "and that is all");
    }

    const MANY: &str =
        "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ?1)";

    #[tokio::test(start_paused = true)]
    async fn questions_that_nobody_let_in_push_no_entry_out() {
        let conn = database(1_500);
        conn.execute_batch(
            "INSERT INTO room (topic, stream, epoch, created_ms) VALUES ('8002', 's2', 'one', 0);
             INSERT INTO submission (room, id, change, user, display_name, avatar_url, content, asked_ms)
             VALUES (2, 1, 1, 'bo', 'Bo', '', 'patient', 0)",
        )
        .unwrap();
        let asked = format!(
            "{MANY} INSERT INTO submission (room, id, change, user, display_name, avatar_url, content, nonce, asked_ms)
             SELECT 1, n, n, 'anon-' || n, 'Anon', '', printf('%08000d', n), printf('%d', n), ?2 + n FROM count"
        );
        conn.execute(&asked, params![400, NOW_MS - 60_000]).unwrap();
        conn.execute(
            &format!("{MANY} INSERT INTO alias SELECT 1, 'anon-' || n, 'eve' FROM count"),
            [400],
        )
        .unwrap();
        let log = format!(
            "{MANY} INSERT INTO item_log SELECT 1, -n, n, 'reason', '', 'rude', '{{}}', ?2 FROM count"
        );
        conn.execute(&log, params![400, NOW_MS]).unwrap();
        let conn = Arc::new(Mutex::new(conn));
        let keep = Keep { days: None, bytes: Some(KEPT) };
        assert_eq!(over(&conn).keep(&keep).await.unwrap(), 0, "no entry is gone");
        let left = count(&conn, "submission WHERE room = 1");
        assert!((50..=62).contains(&left), "the newest, as many as a quarter holds: {left}");
        assert_eq!(count(&conn, "submission WHERE room = 1 AND id = 400 AND content <> ''"), 1);
        assert_eq!(
            count(&conn, "submission WHERE room = 2 AND content = 'patient'"),
            1,
            "another room's"
        );
        assert_eq!((count(&conn, "alias"), count(&conn, "item_log")), (left, left));
    }

    /// Two questions with all that there may be of one, answered in private; then a message.
    fn answered(conn: &Connection, first: i64, change: i64, asked_ms: i64) {
        let message = first + 2;
        conn.execute_batch(&format!(
            "INSERT INTO entry SELECT 1, {first} + n, 2, 'anon-' || ({first} + n), 'Anon', '', '{{\"content\":\"?\"}}', {asked_ms}, NULL
               FROM (SELECT 0 AS n UNION ALL SELECT 1);
             INSERT INTO alias SELECT 1, user, 'eve' FROM entry WHERE kind = 2 AND seq >= {first};
             INSERT INTO submission (room, id, change, user, display_name, avatar_url, content, asked_ms, question)
               SELECT 1, seq, {change} + 2 * seq, user, 'Anon', '', content, {asked_ms}, seq FROM entry WHERE kind = 2 AND seq >= {first};
             INSERT INTO item (room, seq, number, change, note, source)
               SELECT 1, seq, seq, {change} + 2 * seq + 1, 'a note', -seq FROM entry WHERE kind = 2 AND seq >= {first};
             INSERT INTO item_log SELECT 1, -seq, 1, 'review', '', 'approved', '{{}}', {asked_ms} FROM entry WHERE kind = 2 AND seq >= {first};
             INSERT INTO private_answer (room, id, question, visibility, text, org_name, user, by, at_ms)
               SELECT 1, seq, seq, 'asker', 'your diagnosis', 'Org', 'sue', '{{}}', {asked_ms} FROM entry WHERE kind = 2 AND seq >= {first};
             UPDATE entry SET user = '', content = '{{\"content\":\"\"}}' WHERE seq = {first};
             INSERT INTO deed SELECT 1, {first}, 'removed', {first}, 'anon-' || {first}, '?', '', '', '{{}}', {asked_ms};
             INSERT INTO entry SELECT 1, {message}, 1, 'ann', 'Ann', '', 'hi', {asked_ms}, NULL",
        ))
        .unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_that_was_said_to_one_alone_outlives_its_question_and_what_is_counted_goes_on()
    {
        let day = |n: i64| NOW_MS - n * DAY_MS;
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO room (topic, stream, epoch, created_ms) VALUES ('8001', 's1', 'one', 0)",
        )
        .unwrap();
        answered(&conn, 1, 0, day(90));
        let conn = Arc::new(Mutex::new(conn));
        let keep = Keep { days: Some(30), bytes: None };
        assert_eq!(over(&conn).keep(&keep).await.unwrap(), 2, "all but the newest entry");
        let words = [
            "private_answer WHERE text <> '' OR org_name <> '' OR user <> ''",
            "item WHERE note <> ''",
            "submission WHERE content <> '' OR user <> '' OR display_name <> ''",
            "item_log",
            "alias",
            "deed WHERE old <> ''",
        ];
        for what in words {
            assert_eq!(count(&conn, what), 0, "{what}");
        }
        let numbers =
            ["item WHERE number = 2", "private_answer WHERE id = 2", "submission WHERE id = 2"];
        for what in numbers {
            assert_eq!(count(&conn, what), 1, "{what}, so that the next is the third");
        }
        answered(&conn.lock().unwrap(), 4, 100, day(60));
        answered(&conn.lock().unwrap(), 7, 200, day(1));
        assert_eq!(over(&conn).keep(&keep).await.unwrap(), 4);
        for what in [
            "item WHERE seq < 7",
            "submission WHERE question < 7",
            "private_answer WHERE question < 7",
            "alias WHERE alias < 'anon-7'",
        ] {
            assert_eq!(count(&conn, what), 0, "{what}");
        }
        assert_eq!(count(&conn, "private_answer WHERE text <> ''"), 2, "what is young stays");
        assert_eq!((count(&conn, "alias"), count(&conn, "item_log")), (2, 2));
    }
}
