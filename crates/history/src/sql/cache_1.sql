-- cache.db: what a room said, as far as it has been fetched. May be thrown away at any time.

CREATE TABLE rooms (
    -- One line per room. The ids are those of outbox.db; the name is repeated here so that either file can
    -- be rebuilt from the other.
    room          INTEGER PRIMARY KEY,
    server        TEXT NOT NULL,
    topic         TEXT NOT NULL,
    stream        TEXT NOT NULL,
    user          TEXT NOT NULL,
    -- The revision of the last commit that changed something visible.
    revision      INTEGER NOT NULL,
    -- Removals up to this revision may be missing from `removed`: whoever knows less starts over.
    removed_floor INTEGER NOT NULL,
    -- How often the history was reset: 0, 1, 2 …; the server's own name of the epoch is position_epoch.
    epoch         INTEGER NOT NULL DEFAULT 0,
    -- place = seq_base + (seq - seq_origin) * 2^20 in this epoch; no base before the first seq.
    seq_base      INTEGER,
    seq_origin    INTEGER NOT NULL DEFAULT 0,
    -- How far the history was applied; only meaningful where positioned = 1.
    positioned    INTEGER NOT NULL DEFAULT 0,
    position_epoch TEXT,
    applied       INTEGER,
    reached_start INTEGER NOT NULL DEFAULT 0,
    -- Everything up to this place has been read.
    read_place    INTEGER
) STRICT;

CREATE TABLE rows (
    -- One line per row of a timeline. The key is the row's name for its whole life and is never given out twice.
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    room           INTEGER NOT NULL,
    -- Order in the room. Settled rows stand below 2^52, echoes from there on.
    place          INTEGER NOT NULL,
    -- The commit that touched the row last.
    revision       INTEGER NOT NULL,
    -- When it was first seen here: microseconds since 1970.
    received_at    INTEGER NOT NULL,
    -- 0 message, 1 question, 2 answer, 3 gap, 4 boundary.
    kind           INTEGER NOT NULL,
    -- rooms.epoch at the time of writing: the epoch that seq belongs to.
    epoch          INTEGER NOT NULL,
    -- The entry as it came; empty for gaps and boundaries.
    user           TEXT NOT NULL DEFAULT '',
    display_name   TEXT NOT NULL DEFAULT '',
    avatar_url     TEXT NOT NULL DEFAULT '',
    stream         TEXT NOT NULL DEFAULT '',
    content        TEXT NOT NULL DEFAULT '',
    -- createdat as the wire had it: an integer is a point in time in microseconds, a text with a final Z one that is finer
    -- than that, any other text a wall-clock time without a zone.
    created_wire   ANY,
    -- The same as a point in time, resolved on receipt: microseconds since 1970.
    created_at     INTEGER,
    entry_id       TEXT,
    -- u64, its bits kept in an i64.
    seq            INTEGER,
    nonce          TEXT,
    -- 1 if the room's own user sent it.
    mine           INTEGER NOT NULL DEFAULT 0,
    -- 0 provisional, 1 confirmed, 2 not in history.
    standing       INTEGER NOT NULL DEFAULT 0,
    -- 0 received, 1 sending, 2 sent, 3 unsure, 4 failed (then with a code and the server's words).
    delivery       INTEGER NOT NULL DEFAULT 0,
    failure_code   TEXT,
    failure_reason TEXT,
    -- The entry's name in outbox.db, 16 bytes.
    local_id       BLOB,
    -- A gap: 0 open, 1 loading, 2 failed; first and last missing seq and their number, where known.
    gap_state      INTEGER,
    gap_from       INTEGER,
    gap_to         INTEGER,
    gap_missing    INTEGER
) STRICT;

CREATE UNIQUE INDEX rows_by_place ON rows (room, place);
CREATE INDEX rows_by_revision ON rows (room, revision);
CREATE UNIQUE INDEX rows_by_seq ON rows (room, epoch, seq) WHERE seq IS NOT NULL;
CREATE INDEX rows_by_entry_id ON rows (room, entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX rows_by_local_id ON rows (room, local_id) WHERE local_id IS NOT NULL;
-- Counting what is unread must not walk over what does not count, nor open a row: so the condition's own columns are in
-- the index too.
CREATE INDEX rows_of_others ON rows (room, place, mine, kind) WHERE mine = 0 AND kind <= 2;
CREATE INDEX questions_of_others ON rows (room, place, mine, kind) WHERE mine = 0 AND kind = 1;
CREATE INDEX gaps ON rows (room, place) WHERE kind = 3;

CREATE TABLE removed (
    -- One line per row that is gone, so that the changes since a revision are exact. The oldest ones are
    -- dropped and rooms.removed_floor raised.
    room     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    key      INTEGER NOT NULL,
    PRIMARY KEY (room, revision, key)
) STRICT, WITHOUT ROWID;
