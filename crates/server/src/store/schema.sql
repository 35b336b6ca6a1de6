-- One row per room. Positions are places within one epoch: a new epoch means that the history began anew.
CREATE TABLE room (
    id         INTEGER PRIMARY KEY,
    topic      TEXT    NOT NULL UNIQUE,
    stream     TEXT    NOT NULL UNIQUE,
    epoch      TEXT    NOT NULL,            -- 128 random bits, hex
    created_ms INTEGER NOT NULL             -- epoch milliseconds, like every *_ms here
) STRICT;

-- The log of a room: append only, seq from 1 without holes. It is the truth; what clients were told is a copy.
CREATE TABLE entry (
    room         INTEGER NOT NULL REFERENCES room (id),
    seq          INTEGER NOT NULL,
    kind         INTEGER NOT NULL,          -- 1 message, 2 question, 3 answer
    user         TEXT    NOT NULL,
    display_name TEXT    NOT NULL,
    avatar_url   TEXT    NOT NULL,
    content      TEXT    NOT NULL,          -- exactly the bytes that travel in `content`
    created_ms   INTEGER NOT NULL,
    nonce        TEXT,                      -- the sender's, echoed
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_of_kind ON entry (room, kind, seq);

-- What a sender calls its sends, so that a repeat is acknowledged and not stored again.
CREATE TABLE nonce (
    room        INTEGER NOT NULL REFERENCES room (id),
    user        TEXT    NOT NULL,
    nonce       TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,           -- SHA-256 of kind and content: another body is a conflict
    seq         INTEGER NOT NULL,
    stored_ms   INTEGER NOT NULL,
    PRIMARY KEY (room, user, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX nonce_by_age ON nonce (stored_ms);

-- Who may enter. The secret itself is nowhere.
CREATE TABLE token (
    id           TEXT    PRIMARY KEY,
    hash         BLOB    NOT NULL UNIQUE,   -- SHA-256 of the secret
    room         INTEGER NOT NULL REFERENCES room (id),
    role         TEXT    NOT NULL,          -- audience, staff, host
    user         TEXT    NOT NULL,
    display_name TEXT    NOT NULL,
    avatar_url   TEXT    NOT NULL,
    org_name     TEXT    NOT NULL,
    org_logo     TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER,
    revoked_ms   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX token_revoked ON token (hash) WHERE revoked_ms IS NOT NULL;
