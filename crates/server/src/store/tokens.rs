//! Rooms and tokens in the database.

use std::collections::BTreeSet;

use aside_protocol::{Epoch, Identity, Role, StreamId, Topic};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use crate::rules::Rules;
use crate::spec::{RoomSpec, TokenId, TokenInfo, TokenSpec};

/// What is stored of a secret.
pub(crate) type TokenHash = [u8; 32];

/// The hash under which a secret is found.
pub(crate) fn hash(secret: &str) -> TokenHash {
    Sha256::digest(secret).into()
}

/// A room's row.
#[derive(Clone, Debug)]
pub(crate) struct RoomRow {
    pub(crate) key: i64,
    pub(crate) topic: Topic,
    pub(crate) stream: StreamId,
    pub(crate) epoch: Epoch,
    pub(crate) settings: Settings,
}

/// What its owner chose for a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Questions of the audience are looked at before they are shown.
    pub(crate) review: bool,
    /// The name under which the audience asks, where nobody is to learn who does.
    pub(crate) anonymous: Option<String>,
    /// The least time between two entries of one person of the audience, in seconds.
    pub(crate) slow_s: u32,
}

/// A token's row, with its room.
#[derive(Clone, Debug)]
pub(crate) struct TokenRow {
    pub(crate) room: RoomRow,
    pub(crate) identity: Identity,
    pub(crate) expires_ms: Option<i64>,
    pub(crate) revoked: bool,
}

impl TokenRow {
    /// Whether the token opens its room at this moment.
    pub(crate) fn holds(&self, now_ms: i64) -> bool {
        !self.revoked && self.expires_ms.is_none_or(|end| now_ms < end)
    }

    /// When it ends by itself.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.expires_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok())
    }
}

const ROOM: &str = "SELECT id, topic, stream, epoch, review, anonymous, slow_s FROM room";

fn read_room(row: &Row<'_>) -> rusqlite::Result<RoomRow> {
    Ok(RoomRow {
        key: row.get(0)?,
        topic: Topic::new(row.get::<_, String>(1)?),
        stream: StreamId::new(row.get::<_, String>(2)?),
        epoch: Epoch::new(row.get::<_, String>(3)?),
        settings: Settings {
            review: row.get(4)?,
            anonymous: Some(row.get(5)?).filter(|name: &String| !name.is_empty()),
            slow_s: row.get(6)?,
        },
    })
}

/// Finds a room by its topic.
pub(crate) fn room(conn: &Connection, topic: &Topic) -> rusqlite::Result<Option<RoomRow>> {
    conn.prepare_cached(&format!("{ROOM} WHERE topic = ?"))?
        .query_row([topic.as_str()], read_room)
        .optional()
}

/// Every room, in the order of their making.
pub(crate) fn rooms(conn: &Connection) -> rusqlite::Result<Vec<RoomRow>> {
    conn.prepare(&format!("{ROOM} ORDER BY id"))?.query_map([], read_room)?.collect()
}

/// What its owner chose for a room.
pub(crate) fn settings(conn: &Connection, key: i64) -> rusqlite::Result<Settings> {
    conn.prepare_cached(&format!("{ROOM} WHERE id = ?"))?
        .query_row([key], |row| Ok(read_room(row)?.settings))
}

/// Finds or makes a room. Nothing when the topic or the stream id belongs to another one.
pub(crate) fn find_or_make_room(
    conn: &Connection,
    spec: &RoomSpec,
    epoch: &Epoch,
    now_ms: i64,
) -> rusqlite::Result<Option<RoomRow>> {
    conn.execute(
        "INSERT INTO room (topic, stream, epoch, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        params![spec.topic.as_str(), spec.stream.as_str(), epoch.as_str(), now_ms],
    )?;
    Ok(room(conn, &spec.topic)?.filter(|room| room.stream == spec.stream))
}

/// Whether questions of the audience are looked at before they are shown. False when there is no such room.
pub(crate) fn set_review(conn: &Connection, topic: &Topic, on: bool) -> rusqlite::Result<bool> {
    let found =
        conn.execute("UPDATE room SET review = ? WHERE topic = ?", params![on, topic.as_str()])?;
    note_settings(conn, topic)?;
    Ok(found > 0)
}

/// The name under which the audience asks; empty, everybody asks under their own. False when there is no such room.
pub(crate) fn set_anonymous(
    conn: &Connection,
    topic: &Topic,
    name: &str,
) -> rusqlite::Result<bool> {
    let found = conn
        .execute("UPDATE room SET anonymous = ? WHERE topic = ?", params![name, topic.as_str()])?;
    note_settings(conn, topic)?;
    Ok(found > 0)
}

fn note_settings(conn: &Connection, topic: &Topic) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT INTO notice (room) SELECT id FROM room WHERE topic = ?",
        [topic.as_str()],
    )?;
    Ok(())
}

/// The life of a room's history.
pub(crate) fn epoch(conn: &Connection, key: i64) -> rusqlite::Result<Epoch> {
    conn.prepare_cached("SELECT epoch FROM room WHERE id = ?")?
        .query_row([key], |row| Ok(Epoch::new(row.get::<_, String>(0)?)))
}

/// Begins a new life of a room's history.
pub(crate) fn set_epoch(conn: &Connection, key: i64, epoch: &Epoch) -> rusqlite::Result<()> {
    conn.execute("UPDATE room SET epoch = ? WHERE id = ?", params![epoch.as_str(), key])?;
    Ok(())
}

/// Stores a token by its hash.
pub(crate) fn insert_token(
    conn: &Connection,
    id: &TokenId,
    hash: &TokenHash,
    room: i64,
    spec: &TokenSpec,
    now_ms: i64,
) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT INTO token (id, hash, room, role, user, display_name, avatar_url, org_name, org_logo,
                            created_ms, expires_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            id.0,
            hash,
            room,
            spec.role.as_str(),
            spec.user,
            spec.display_name,
            spec.avatar_url,
            spec.org_name,
            spec.org_logo,
            now_ms,
            spec.expires.map(Timestamp::as_millisecond),
        ],
    )?;
    Ok(())
}

/// Finds a token by its hash, in force or not.
pub(crate) fn token(conn: &Connection, hash: &TokenHash) -> rusqlite::Result<Option<TokenRow>> {
    conn.prepare_cached(
        "SELECT room.id, topic, stream, epoch, review, anonymous, slow_s, role, user, display_name, avatar_url, org_name, org_logo,
                expires_ms, revoked_ms IS NOT NULL
         FROM token JOIN room ON room.id = token.room WHERE hash = ?",
    )?
    .query_row([hash], |row| {
        Ok(TokenRow {
            room: read_room(row)?,
            identity: Identity {
                role: role(row, 7)?,
                user: row.get(8)?,
                display_name: row.get(9)?,
                avatar_url: row.get(10)?,
                org_name: row.get(11)?,
                org_logo: row.get(12)?,
            },
            expires_ms: row.get(13)?,
            revoked: row.get(14)?,
        })
    })
    .optional()
}

/// A role that a newer server wrote allows the least.
fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    Ok(Role::parse(&row.get::<_, String>(column)?).unwrap_or_default())
}

/// Every token, in the order of their making.
pub(crate) fn tokens(conn: &Connection) -> rusqlite::Result<Vec<TokenInfo>> {
    let time = |ms: Option<i64>| ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    conn.prepare(
        "SELECT token.id, topic, role, user, display_name, expires_ms, revoked_ms
         FROM token JOIN room ON room.id = token.room ORDER BY token.created_ms, token.id",
    )?
    .query_map([], |row| {
        Ok(TokenInfo {
            id: TokenId(row.get(0)?),
            topic: Topic::new(row.get::<_, String>(1)?),
            role: role(row, 2)?,
            user: row.get(3)?,
            display_name: row.get(4)?,
            expires: time(row.get(5)?),
            revoked: time(row.get(6)?),
        })
    })?
    .collect()
}

/// Revokes a token; false when there is none of that name. A second time changes nothing.
pub(crate) fn revoke(conn: &Connection, id: &TokenId, now_ms: i64) -> rusqlite::Result<bool> {
    let found = conn.execute(
        "UPDATE token SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?",
        params![now_ms, id.0],
    )?;
    note_change(conn, id)?;
    Ok(found > 0)
}

/// Gives a token another role; false when there is none of that name.
pub(crate) fn set_role(conn: &Connection, id: &TokenId, role: Role) -> rusqlite::Result<bool> {
    let found =
        conn.execute("UPDATE token SET role = ? WHERE id = ?", params![role.as_str(), id.0])?;
    note_change(conn, id)?;
    Ok(found > 0)
}

/// Gives a token another end, or none; false when there is none of that name.
pub(crate) fn set_expiry(
    conn: &Connection,
    id: &TokenId,
    expires: Option<Timestamp>,
) -> rusqlite::Result<bool> {
    let found = conn.execute(
        "UPDATE token SET expires_ms = ? WHERE id = ?",
        params![expires.map(Timestamp::as_millisecond), id.0],
    )?;
    note_change(conn, id)?;
    Ok(found > 0)
}

/// The names of a user's tokens in a room that were not revoked.
pub(crate) fn of_user(
    conn: &Connection,
    topic: &Topic,
    user: &str,
) -> rusqlite::Result<Vec<TokenId>> {
    conn.prepare_cached(
        "SELECT token.id FROM token JOIN room ON room.id = token.room
         WHERE room.topic = ? AND token.user = ? AND revoked_ms IS NULL",
    )?
    .query_map(params![topic.as_str(), user], |row| row.get(0).map(TokenId))?
    .collect()
}

fn note_change(conn: &Connection, id: &TokenId) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO notice (token) SELECT hash FROM token WHERE id = ?", [&id.0])?;
    Ok(())
}

/// What is to be looked at again.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// The newest of them.
    pub(crate) newest: i64,
    /// Tokens as they are now.
    pub(crate) tokens: Vec<(TokenHash, Option<TokenRow>)>,
    /// Rooms, by their keys, as they are now.
    pub(crate) rooms: Vec<(i64, Rules)>,
}

/// The number of the newest notice; zero for none.
pub(crate) fn newest_notice(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("SELECT coalesce(max(id), 0) FROM notice")?.query_row([], |row| row.get(0))
}

/// What came after a notice.
pub(crate) fn notices(conn: &Connection, after: i64) -> rusqlite::Result<Notices> {
    let found: Vec<(i64, Option<TokenHash>, Option<i64>)> = conn
        .prepare_cached("SELECT id, token, room FROM notice WHERE id > ? ORDER BY id")?
        .query_map([after], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut notices = Notices { newest: after, ..Notices::default() };
    let (mut tokens, mut rooms) = (BTreeSet::new(), BTreeSet::new());
    for (id, hash, room) in found {
        notices.newest = id;
        tokens.extend(hash);
        rooms.extend(room);
    }
    for hash in tokens {
        notices.tokens.push((hash, token(conn, &hash)?));
    }
    for key in rooms {
        notices.rooms.push((key, Rules::load(conn, key)?));
    }
    Ok(notices)
}
