//! What one database does, another does too, by what was noted of it.

use aside_protocol::triage::Person;
use aside_protocol::{Body, EntryKind, Epoch, Identity, Nonce, Seq};

use super::*;
use crate::store::entries::{self, Draft};
use crate::store::items::Items;
use crate::store::{aliases, migrate, moderation, nonces, retention};

fn database() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn).unwrap();
    conn
}

/// Everything in a database but what is its own.
fn dump(conn: &Connection, forms: &Forms) -> String {
    let mut text = String::new();
    for (table, form) in &forms.tables {
        let keys: Vec<String> = (1..=form.columns.len()).map(|n| n.to_string()).collect();
        let order = keys.join(", ");
        let mut rows = conn.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).unwrap();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<Sql> = (0..form.columns.len()).map(|n| row.get(n).unwrap()).collect();
            text.push_str(&format!("{table} {cells:?}\n"));
        }
    }
    text
}

/// Makes changes in one database, and the same in another by what was noted.
struct Pair {
    here: Connection,
    there: Connection,
    forms: Forms,
}

impl Pair {
    fn new() -> Self {
        let (here, there) = (database(), database());
        let forms = Forms::watch(&here).unwrap();
        Forms::watch(&there).unwrap();
        Self { here, there, forms }
    }

    fn change<T>(&self, change: impl FnOnce(&Connection) -> T) -> BTreeMap<i64, bool> {
        let _ = change(&self.here);
        let noted = Forms::take(&self.here).unwrap();
        let changes = Changes::read(noted.as_bytes()).unwrap();
        self.forms.apply(&self.there, &changes).unwrap();
        assert_eq!(dump(&self.here, &self.forms), dump(&self.there, &self.forms), "{noted}");
        let mut rooms = BTreeMap::new();
        self.forms.rooms(&changes, &mut rooms);
        rooms
    }
}

const ROOM: &str =
    "INSERT INTO room (id, topic, stream, epoch, created_ms) VALUES (1, 't', 's', 'e', 0)";

#[test]
fn what_one_database_does_another_does_too() {
    let pair = Pair::new();
    let epoch = Epoch::new("e");
    pair.change(|conn| conn.execute(ROOM, []).unwrap());
    // Bytes, no bytes, words in any script, marks that JSON and SQL know, a zero.
    pair.change(|conn| {
        let token = "INSERT INTO token (id, hash, room, role, user, display_name, avatar_url, org_name, org_logo, created_ms)
             VALUES ('a', x'00ff10', 1, 'host', 'ann', ?, '', '', '', 9007199254740993)";
        conn.execute(token, ["\"Änn\" 'x' \\ 房间 \u{0} \u{1f600} \u{2028}"]).unwrap();
        conn.execute("INSERT INTO notice (token) SELECT hash FROM token", []).unwrap();
        conn.execute("INSERT INTO notice (room) VALUES (1)", []).unwrap();
    });
    for n in 1..=20_u64 {
        let rooms = pair.change(|conn| {
            let kind = if n % 3 == 0 { EntryKind::Question } else { EntryKind::Message };
            let content = Body::Message { text: format!("n{n}") }.to_content();
            let nonce = Some(Nonce::new(format!("nonce-{n}")));
            let record = Draft::by(&Identity::default(), kind, content, nonce).place(Seq(n), 5);
            entries::insert(conn, 1, &record, "ann", 5).unwrap();
            Items { conn, room: 1, epoch: &epoch }.follow(&record, None, 5).unwrap();
        });
        assert_eq!(rooms, BTreeMap::from([(1, false)]));
    }
    fn items<'a>(conn: &'a Connection, epoch: &'a Epoch) -> Items<'a> {
        Items { conn, room: 1, epoch }
    }
    pair.change(|conn| {
        let items = items(conn, &epoch);
        for (question, user) in [(3, "bo"), (6, "bo"), (6, "cy")] {
            items.vote(Seq(question), user, true).ok().unwrap();
        }
        items.count_votes([Seq(3), Seq(6)]).unwrap();
    });
    // Keys that change, where some of them are taken.
    pair.change(|conn| items(conn, &epoch).move_votes(Seq(6), Seq(3)).unwrap());
    pair.change(|conn| items(conn, &epoch).return_votes(Seq(3), Seq(6)).unwrap());
    let by = Person::default();
    pair.change(|conn| items(conn, &epoch).remove(Seq(9), "spam", &by, 6).ok().unwrap());
    // What REPLACE takes away is gone there, too.
    pair.change(|conn| {
        moderation::mute(conn, 1, "bo", Some(10)).unwrap();
        moderation::mute(conn, 1, "bo", Some(20)).unwrap();
    });
    let rooms = pair.change(|conn| aliases::keep(conn, 1, "anon-1", "bo").unwrap());
    assert_eq!(rooms, BTreeMap::from([(1, true)]), "names that are nobody's are told apart");
    pair.change(|conn| retention::forget_before(conn, 1, Seq(10)).unwrap());
    pair.change(|conn| nonces::forget_nonces(conn, 6).unwrap());
    pair.change(|conn| entries::forget_room(conn, 1).unwrap());
}

#[test]
fn what_changes_nothing_is_nothing() {
    let pair = Pair::new();
    pair.change(|conn| conn.execute(ROOM, []).unwrap());
    let same = "UPDATE room SET slow_s = 0";
    assert_eq!(pair.here.execute(same, []).unwrap(), 1);
    assert_eq!(Forms::take(&pair.here).unwrap(), "");
    let own = "INSERT OR REPLACE INTO replica (id, seq, name) VALUES (1, 7, 'm')";
    pair.here.execute(own, []).unwrap();
    assert_eq!(Forms::take(&pair.here).unwrap(), "", "what is this machine's own");
}

#[test]
fn databases_that_went_different_ways_are_told_apart() {
    let pair = Pair::new();
    pair.change(|conn| conn.execute(ROOM, []).unwrap());
    for (elsewhere, change) in [
        ("DELETE FROM room", "UPDATE room SET topic = 'u'"),
        (
            "INSERT INTO room (id, topic, stream, epoch, created_ms) VALUES (2, 'x', 'x', 'x', 0)",
            "INSERT INTO room (id, topic, stream, epoch, created_ms) VALUES (2, 'y', 'y', 'y', 0)",
        ),
        ("DELETE FROM room", "DELETE FROM room WHERE id = 1"),
    ] {
        pair.there.execute(elsewhere, []).unwrap();
        pair.here.execute(change, []).unwrap();
        let noted = Forms::take(&pair.here).unwrap();
        let changes = Changes::read(noted.as_bytes()).unwrap();
        assert!(pair.forms.apply(&pair.there, &changes).is_err(), "{noted}");
    }
}

/// A migration puts new columns behind the others: what an older version wrote has fewer.
#[test]
fn an_older_version_knew_fewer_columns() {
    let pair = Pair::new();
    let old = "[\"room\",0,[],[1,\"t\",\"s\",\"e\",0]]\n[\"room\",1,[1],[1,\"u\",\"s\",\"e\",0]]\n";
    pair.forms.apply(&pair.there, &Changes::read(old.as_bytes()).unwrap()).unwrap();
    let room: (String, i64) = pair
        .there
        .query_row("SELECT topic, slow_s FROM room", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(room, ("u".to_owned(), 0));
}

#[test]
fn nonsense_is_no_change() {
    for text in ["[", "{}", "[1,2,3,4]", "[\"room\",9,[],[]]"] {
        let read = Changes::read(text.as_bytes());
        let pair = Pair::new();
        assert!(read.is_err() || pair.forms.apply(&pair.there, &read.unwrap()).is_err(), "{text}");
    }
}
