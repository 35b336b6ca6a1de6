//! What senders call what they send, so that a repeat is acknowledged and not stored again.

use aside_protocol::{EntryKind, Nonce, Seq};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::entries::{Draft, seq_of};

/// What is known of a draft's nonce.
pub(crate) enum Known {
    /// Never seen, or there is none.
    New,
    /// The same entry, stored before.
    Same(Seq),
    /// The same question, which waits for review or was rejected.
    Submitted(i64),
    /// Another entry.
    Other,
}

fn fingerprint(kind: EntryKind, content: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(kind.as_str());
    hash.update([0]);
    hash.update(content);
    hash.finalize().into()
}

pub(crate) fn known_nonce(conn: &Connection, room: i64, draft: &Draft) -> rusqlite::Result<Known> {
    let Some(nonce) = &draft.nonce else { return Ok(Known::New) };
    let found = conn
        .prepare_cached(
            "SELECT seq, fingerprint FROM nonce WHERE room = ? AND user = ? AND nonce = ?",
        )?
        .query_row(params![room, draft.owner(), nonce.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    Ok(match found {
        None => Known::New,
        Some((_, print)) if print != fingerprint(draft.kind, &draft.content) => Known::Other,
        Some((below, _)) if below < 0 => Known::Submitted(-below),
        Some((seq, _)) => Known::Same(seq_of(seq)),
    })
}

/// Whether a nonce of this person's was used, for whatever.
pub(crate) fn is_known(
    conn: &Connection,
    room: i64,
    user: &str,
    nonce: &Nonce,
) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM nonce WHERE room = ? AND user = ? AND nonce = ?")?
        .exists(params![room, user, nonce.as_str()])
}

/// Remembers what a nonce was used for: an entry's place, or a submission's id below zero, until it is an entry.
pub(super) fn keep_nonce(
    conn: &Connection,
    room: i64,
    user: &str,
    nonce: &Nonce,
    (kind, content): (EntryKind, &str),
    what: i64,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let print = fingerprint(kind, content);
    conn.prepare_cached(
        "INSERT INTO nonce (room, user, nonce, fingerprint, seq, stored_ms) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (room, user, nonce) DO UPDATE SET seq = excluded.seq, stored_ms = excluded.stored_ms WHERE seq < 0",
    )?
    .execute(params![room, user, nonce.as_str(), print, what, now_ms])?;
    Ok(())
}

/// Nonces that are forgotten at once: few enough for one message of a log.
const CHUNK: u32 = 2000;

/// Forgets old ones; says whether there are more.
pub(crate) fn forget_nonces(conn: &Connection, before_ms: i64) -> rusqlite::Result<bool> {
    let gone = conn.execute(
        "DELETE FROM nonce WHERE (room, user, nonce) IN
         (SELECT room, user, nonce FROM nonce WHERE stored_ms < ? ORDER BY stored_ms LIMIT ?)",
        params![before_ms, CHUNK],
    )?;
    Ok(gone == CHUNK as usize)
}
