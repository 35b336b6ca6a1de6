//! Rooms as a person uses them, against the real server: saved, opened, left, opened again by the next start, forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aside_history::{Anchor, Draft, DraftMode};
use aside_server::{RoomSpec, TokenSpec};
use tokio::time::timeout;

use self::table::PATIENCE;
pub(crate) use self::table::{Table, keyring, shell_at};
use super::*;
use crate::dto::{self, ConnectionState, RoomForm, Rules, Spot};
use crate::secrets::Strongbox;

mod table;

async fn texts(shell: &Shell, key: RoomKey) -> Vec<String> {
    let live = shell.rooms.live(key).await.unwrap();
    let page = live.session.page(Anchor::End, 10).await.unwrap();
    page.rows.iter().filter_map(|row| Some(row.entry()?.entry.body().text().to_owned())).collect()
}

#[tokio::test]
async fn a_room_is_open_until_it_is_left_and_again_after_a_restart() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let saved = shell.save(None, table.form(), Some(table.token.clone())).await.unwrap();
    assert_eq!((saved.token_store, saved.open), (TokenStore::Keyring, false));
    let key = RoomKey::parse(&saved.id).unwrap();
    assert_eq!(shell.rooms.live(key).await.err().unwrap().code(), "room_not_open");

    shell.open(key).await.unwrap();
    shell.open(key).await.unwrap();
    let status = table.becomes(&shell, key, ConnectionState::Online).await;
    assert!(status.can_answer && !status.core_only);
    assert_eq!(texts(&shell, key).await, ["hello"]);
    assert_eq!(table.server.probe().connections().len(), 1, "open twice is open once");
    shell.rooms.close().await;

    let shell = table.start(&secrets);
    assert!(shell.boot().rooms[0].open, "the next start knows that it is to be open");
    shell.open(key).await.unwrap();
    assert_eq!(texts(&shell, key).await, ["hello"]);
    table.becomes(&shell, key, ConnectionState::Online).await;
    shell.leave(key).await.unwrap();
    assert!(shell.boot().statuses.is_empty());
    assert!(!shell.boot().rooms[0].open);
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_room_without_a_token_says_so_and_comes_with_one() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let key = shell.join(table.form(), None).await.unwrap();
    let status = table.becomes(&shell, key, ConnectionState::Refused).await;
    assert_eq!(status.connection.why.as_deref(), Some("token_missing"));
    assert_eq!(shell.rooms.live(key).await.err().unwrap().code(), "token_missing");

    shell.set_token(key, table.token.clone()).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    assert_eq!(shell.boot().rooms[0].token_store, TokenStore::Keyring);
    assert_eq!(shell.join(table.form(), None).await.unwrap(), key, "the same room, joined again");
    assert_eq!(shell.boot().rooms.len(), 1);
    shell.rooms.close().await;
}

#[tokio::test]
async fn what_is_being_written_is_kept_without_a_token_too() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let key = shell.join(table.form(), None).await.unwrap();
    let at = jiff::Timestamp::UNIX_EPOCH;
    let draft = Draft { text: "half a thought".to_owned(), mode: DraftMode::Message, updated: at };
    shell.keep_draft(key, draft.clone()).await.unwrap();
    shell.set_token(key, table.token.clone()).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    assert_eq!(shell.draft(key).await.unwrap(), Some(draft));
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_refused_token_is_replaced_where_the_room_stands() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    table.server.rooms().revoke_token(&table.token_id).await.unwrap();
    let old = table.token.expose().to_owned();
    let key = shell.join(table.form(), Some(old)).await.unwrap();
    let status = table.becomes(&shell, key, ConnectionState::Refused).await;
    assert_eq!(status.connection.why.as_deref(), Some("token"));
    let spec = TokenSpec::audience(RoomSpec::new("r"), "ana", "Ana");
    let fresh = table.server.rooms().create_token(spec).await.unwrap().token;
    shell.save(Some(key), table.form(), Some(fresh)).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_forgotten_room_leaves_nothing_behind() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    let live = shell.rooms.live(key).await.unwrap();
    live.session.send("kept on disk").await.unwrap();
    let room = live.session.room();
    drop(live);
    let rule = dto::Rule {
        id: "a".to_owned(),
        on: true,
        room: Some(key.to_string()),
        when: dto::When::Person { user: "bo".to_owned(), name: "Bo".to_owned() },
        effect: dto::Effect::Mute,
    };
    shell.rule(Rules { list: vec![rule], ..Rules::default() }).unwrap();
    shell.forget(key).await.unwrap();
    assert_eq!(shell.notices(), []);
    assert_eq!(shell.remembered.read(|memory| memory.rules.list.clone()), []);
    assert!(shell.boot().rooms.is_empty() && shell.boot().statuses.is_empty());
    assert_eq!(secrets.find(key).await, Ok(None));
    assert_eq!(shell.open(key).await.unwrap_err().code(), "room_unknown");
    assert_eq!(shell.rooms.store().outbox(room).await.unwrap(), []);
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_token_that_a_locked_keyring_keeps_is_told_of() {
    let (table, keyring) = (Table::set().await, Strongbox::default());
    let (locked, secrets) = (Arc::clone(&keyring.locked), Secrets::new(keyring));
    let shell = table.start(&secrets);
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    locked.store(true, Ordering::Relaxed);
    shell.forget(key).await.unwrap();
    let told = shell.notices().pop().unwrap();
    assert_eq!(told.code, "token_left");
    assert_eq!(
        (told.params["room"].as_str(), told.params["entry"].clone()),
        ("r", key.to_string())
    );
    // One that was in memory alone is gone, whatever the keyring says.
    let key = shell.join(table.form(), None).await.unwrap();
    shell.rooms.leave(key).await;
    let before = shell.notices();
    shell.forget(key).await.unwrap();
    assert_eq!(shell.notices(), before);
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_token_that_could_not_be_kept_is_not_followed_by_the_one_before_it() {
    let (table, keyring) = (Table::set().await, Strongbox::default());
    let (locked, secrets) = (Arc::clone(&keyring.locked), Secrets::new(keyring));
    let shell = table.start(&secrets);
    let key = table.join(&shell).await;
    locked.store(true, Ordering::Relaxed);
    let spec = TokenSpec::audience(RoomSpec::new("r"), "ana", "Ana");
    let fresh = table.server.rooms().create_token(spec).await.unwrap().token;
    shell.set_token(key, fresh).await.unwrap();
    assert_eq!(shell.list()[0].token_store, TokenStore::Session);
    assert_eq!(shell.notices()[0].code, "no_keyring");
    shell.rooms.close().await;

    locked.store(false, Ordering::Relaxed);
    let shell = table.start(&secrets.next_run());
    shell.open(key).await.unwrap();
    let status = table.becomes(&shell, key, ConnectionState::Refused).await;
    assert_eq!(status.connection.why.as_deref(), Some("token_missing"));
    shell.notice("no_keyring", &[]);
    shell.set_token(key, table.token.clone()).await.unwrap();
    assert_eq!(shell.notices(), [], "it is kept");
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_rooms_token_does_not_follow_it_to_another_host() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let key = table.join(&shell).await;
    let told = table.server.probe().connections().len();
    let moved = format!("http://localhost:{}", table.server.addr().port());
    let moved = RoomForm { server: moved, ..table.form() };
    let saved = shell.save(Some(key), moved.clone(), None).await.unwrap();
    let status = table.becomes(&shell, key, ConnectionState::Refused).await;
    assert_eq!(status.connection.why.as_deref(), Some("token_missing"));
    assert_eq!((saved.token_store, secrets.find(key).await), (TokenStore::None, Ok(None)));
    assert_eq!(table.server.probe().connections().len(), told);

    // Whoever gives it one means it.
    shell.save(Some(key), moved, Some(table.token.clone())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    shell.rooms.close().await;
}

#[tokio::test]
async fn rules_are_in_force_at_once_and_after_a_restart_all_or_none() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    let rule = |id: &str, when| dto::Rule {
        id: id.to_owned(),
        on: true,
        room: Some(key.to_string()),
        when,
        effect: dto::Effect::Mute,
    };
    let words = rule("a", dto::When::Words { text: "HELLO".to_owned() });
    let broken = rule("b", dto::When::Pattern { text: "(".to_owned() });
    let of = |list| Rules { list, volume: 255, apart: 0 };

    let faults = shell.rule(of(vec![words.clone(), broken])).unwrap();
    assert_eq!((faults.len(), faults[0].rule.as_str(), faults[0].at), (1, "b", Some(1)));
    assert_eq!(muted(&shell, key).await, [false]);
    assert_eq!(shell.rule(of(vec![words])).unwrap(), []);
    assert_eq!(muted(&shell, key).await, [true]);
    shell.rooms.close().await;

    let shell = table.start(&secrets);
    shell.open(key).await.unwrap();
    assert_eq!(muted(&shell, key).await, [true]);
    let kept = shell.remembered.read(|memory| memory.rules.clone());
    assert_eq!((kept.volume, kept.apart), (100, 1), "within their bounds");
    shell.rooms.close().await;
}

async fn muted(shell: &Shell, key: RoomKey) -> Vec<bool> {
    let live = shell.rooms.live(key).await.unwrap();
    let page = live.session.page(Anchor::End, 10).await.unwrap();
    let rows = shell.painter(&live).page(page).rows;
    rows.iter().map(|row| row.ruled.as_ref().is_some_and(|ruled| ruled.muted)).collect()
}

#[tokio::test]
async fn a_new_page_goes_to_the_entry_that_was_clicked_and_one_that_is_loaded_again_does_not() {
    let table = Table::set().await;
    let shell = table.start(&keyring());
    let (key, spot) = (RoomKey::random(), Spot { key: "7".to_owned(), place: 9 });
    shell.opening.show_first(Some(key), Some(spot.clone()));
    let (first, again) = (shell.boot(), shell.boot());
    assert_eq!((first.room, first.spot), (Some(key.to_string()), Some(spot)));
    assert_eq!((again.room, again.spot), (Some(key.to_string()), None));
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_form_that_will_not_do_changes_nothing() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let form = RoomForm { server: "nonsense".to_owned(), ..table.form() };
    let refused = shell.save(None, form, Some(table.token.clone())).await.unwrap_err();
    assert_eq!(refused.code(), "bad_server");
    let refused = shell.save(Some(RoomKey::random()), table.form(), None).await.unwrap_err();
    assert_eq!(refused.code(), "room_unknown");
    assert!(shell.boot().rooms.is_empty());
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_teams_snippets_stand_beside_ones_own_and_are_not_overwritten_unseen() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    let marked_other_than = async |known: Option<u64>| {
        let marked = async {
            loop {
                let mark = shell.rooms.status(key).unwrap().desk.team_snippets;
                match mark {
                    Some(_) if mark != known => return mark,
                    Some(_) | None => table.changed.notified().await,
                }
            }
        };
        timeout(PATIENCE, marked).await.unwrap()
    };
    let empty = marked_other_than(None).await;
    let new = |name: &str, team: bool| dto::Snippet {
        id: String::new(),
        name: name.to_owned(),
        text: format!("text of {name}"),
        room: Some(key.to_string()),
        team,
        rev: 0,
    };
    shell.save_snippet(new("mine", false)).await.unwrap();
    shell.save_snippet(new("\u{202e}ours", true)).await.unwrap();
    let told = marked_other_than(empty).await;
    shell.save_snippet(new("another", true)).await.unwrap();
    let all = shell.snippets().await.unwrap();
    let seen: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.team, one.rev)).collect();
    assert_eq!(seen, [("mine", false, 0), ("another", true, 2), ("ours", true, 2)]);
    assert!(all.iter().all(|one| one.room == Some(key.to_string())));
    marked_other_than(told).await;

    let late = dto::Snippet { rev: 1, text: "late".to_owned(), ..all[2].clone() };
    let refused = shell.save_snippet(late.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "snippets_changed");
    assert_eq!(shell.remove_snippet(late.clone()).await.unwrap_err().code(), "snippets_changed");
    shell.save_snippet(dto::Snippet { rev: 2, ..late }).await.unwrap();
    shell.remove_snippet(all[0].clone()).await.unwrap();
    shell.remove_snippet(dto::Snippet { rev: 3, ..all[1].clone() }).await.unwrap();
    let left = shell.snippets().await.unwrap();
    assert_eq!((left.len(), left[0].text.as_str(), left[0].rev), (1, "late", 4));
    let nowhere = dto::Snippet { room: None, ..new("x", true) };
    assert_eq!(shell.save_snippet(nowhere).await.unwrap_err().code(), "room_unknown");
    shell.rooms.leave(key).await;
    assert_eq!(shell.snippets().await.unwrap(), [], "of a room that is not open there are none");
    assert_eq!(shell.save_snippet(new("x", true)).await.unwrap_err().code(), "room_not_open");
    shell.rooms.close().await;
}

#[tokio::test]
async fn rooms_keep_their_order_and_an_archived_one_its_history() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let mut keys = Vec::new();
    for user in ["ana", "b", "c"] {
        let form = RoomForm { user: user.to_owned(), ..table.form() };
        let saved = shell.save(None, form, Some(table.token.clone())).await.unwrap();
        keys.push(RoomKey::parse(&saved.id).unwrap());
    }
    let [a, b, c] = keys[..] else { panic!("three rooms") };
    let order = |shell: &Shell| -> Vec<RoomKey> {
        shell.list().iter().filter_map(|room| RoomKey::parse(&room.id)).collect()
    };
    shell.put_before(c, Some(a)).unwrap();
    assert_eq!(order(&shell), [c, a, b]);
    shell.put_before(c, None).unwrap();
    shell.put_before(b, Some(b)).unwrap();
    shell.put_before(b, Some(a)).unwrap();
    assert_eq!(order(&shell), [b, a, c]);
    assert_eq!(shell.put_before(RoomKey::random(), None).unwrap_err().code(), "room_unknown");

    shell.open(a).await.unwrap();
    table.becomes(&shell, a, ConnectionState::Online).await;
    shell.archive(a, true).await.unwrap();
    assert!(shell.boot().statuses.is_empty(), "an archived room is left");
    shell.rooms.close().await;

    let shell = table.start(&secrets);
    assert_eq!(order(&shell), [b, a, c]);
    let told = |shell: &Shell| (shell.list()[1].archived, shell.list()[1].open);
    assert_eq!(told(&shell), (true, false));
    shell.archive(a, false).await.unwrap();
    assert_eq!((order(&shell), told(&shell)), (vec![b, a, c], (false, false)), "where it stood");
    shell.archive(a, true).await.unwrap();
    shell.open(a).await.unwrap();
    assert_eq!(told(&shell), (false, true), "whoever opens it wants it back");
    assert_eq!(texts(&shell, a).await, ["hello"]);
    shell.rooms.close().await;
}
