//! What is left of a removed entry, and of what quoted it: its place, and a line of the log.

use aside_protocol::Topic;
use aside_server::{Config, NewEntry};
use serde_json::json;

use crate::desk::{Desk, at_the_desk, item};
use crate::room::{Room, STREAM, TOPIC};

#[tokio::test]
async fn a_removed_entry_leaves_its_place_and_what_it_was_stands_in_the_log() {
    let room = Room::start(Config::for_tests()).await;
    let mut bob = room.joined(&room.bob).await;
    let mut ann = room.joined(&room.ann).await;
    ann.say("rude words").await;
    let id = ann.object().await["id"].clone();
    ann.say("hello").await;
    assert_eq!(ann.object().await["seq"], 2);
    bob.object().await;
    bob.object().await;
    let removal = json!({ "entryId": id, "reason": "rude" });
    assert_eq!(room.moderate("remove", removal.clone()).await.status, 200);
    let gone = json!({ "type": "removed", "id": id, "seq": 1, "number": 1 });
    assert_eq!((ann.object().await, bob.object().await), (gone.clone(), gone));
    assert_eq!(room.moderate("remove", removal).await.status, 200, "once more changes nothing");
    bob.nothing_waits().await;

    let page = room.get(&room.bob, "/api/message/chatmsg").await.body;
    assert!(!page.contains("rude"), "{page}");
    let page = room.page("").await;
    assert_eq!((&page[0]["seq"], &page[0]["content"]), (&json!(1), &json!("")));
    assert_eq!((&page[0]["user"], &page[0]["displayName"]), (&json!(""), &json!("")));
    let mut late = room.open(&room.bob).await;
    let joined = late.resume(&room.epoch().await, 0).await;
    assert_eq!(joined["removals"], 1);
    assert_eq!(late.object().await["content"], "");
    let removals = room.get(&room.bob, "/api/moderation/removals?after=0").await.json();
    assert_eq!(removals["data"]["removals"], json!([{ "number": 1, "id": id, "seq": 1 }]));
    let removals = room.get(&room.bob, "/api/moderation/removals?after=1").await.json();
    assert_eq!(removals["data"]["removals"], json!([]));

    let deeds = room.deeds().await;
    assert_eq!(deeds.len(), 1);
    for (field, value) in [
        ("number", json!(1)),
        ("action", json!("removed")),
        ("entryId", id),
        ("user", json!("ann")),
        ("old", json!("rude words")),
        ("reason", json!("rude")),
    ] {
        assert_eq!(deeds[0][field], value, "{field}");
    }
    assert_eq!(deeds[0]["by"]["user"], "sue");
    room.moderate("remove", json!({ "entryId": "0123456789abcdef-1" })).await.refused(404);
    room.moderate("remove", json!({ "entryId": "x", "reason": "y".repeat(300) }))
        .await
        .refused(400);
}

#[tokio::test]
async fn a_removed_question_is_closed_and_an_answer_is_retracted_instead() {
    let desk = Desk::open(Config::for_tests()).await;
    let room = &desk.room;
    let question = desk.ask("rude?").await;
    let pinned = json!({ "pinned": true, "stage": "next", "text": "ruder?", "rev": 0 });
    item(&desk.change(&question, pinned).await, 200);
    let (mut tim, _) = at_the_desk(room, &desk.tim).await;
    assert_eq!(room.moderate("remove", json!({ "entryId": question })).await.status, 200);
    assert_eq!(tim.object().await["type"], "removed");
    let told = tim.object().await["item"].clone();
    assert_eq!((&told["work"], &told["reason"]), (&json!("dismissed"), &json!("removed")));
    assert_eq!((&told["stage"], &told["pinned"]), (&json!("none"), &json!(false)));
    for who in [&room.ann, &room.staff] {
        let changes = room.get(who, "/api/question/changes?after=0").await.body;
        assert!(!changes.contains("rude"), "{changes}");
    }
    let other = desk.ask("when?").await;
    let answer =
        desk.answer(&room.staff, &other, "8", json!({})).await.json()["data"]["id"].clone();
    room.moderate("remove", json!({ "entryId": answer })).await.refused(400);
}

#[tokio::test]
async fn a_removed_question_is_quoted_nowhere_and_its_private_answer_stays_private() {
    let desk = Desk::open(Config::for_tests()).await;
    let room = &desk.room;
    let question = desk.ask("rude?").await;
    let alone = json!({ "visibility": "asker" });
    assert_eq!(desk.answer(&room.staff, &question, "between us", alone).await.status, 200);
    assert_eq!(desk.answer(&room.staff, &question, "not here", json!({})).await.status, 200);
    let mut bob = room.joined(&room.bob).await;
    assert_eq!(room.moderate("remove", json!({ "entryId": question })).await.status, 200);
    assert_eq!(bob.object().await["type"], "removed");
    for path in ["/api/message/chatmsg", "/api/question/changes?after=0"] {
        let told = room.get(&room.bob, path).await.body;
        assert!(told.contains("not here"), "{told}");
        assert!(!told.contains("rude") && !told.contains("between us"), "{told}");
    }
}

#[tokio::test]
async fn what_a_removed_question_was_merged_into_and_made_of_forgets_it_too() {
    let desk = Desk::open(Config::for_tests()).await;
    let room = &desk.room;
    let root = desk.ask("when?").await;
    let same = NewEntry::question("bob", "Rude Bob", "rude?");
    let same = room.running.rooms().publish(&Topic::new(TOPIC), same).await.unwrap();
    let same = same.id.as_str().to_owned();
    let merge = json!({ "mergeInto": root, "rev": 0 });
    item(&desk.change(&same, merge).await, 200);
    assert_eq!(desk.answer(&room.staff, &root, "at eight", json!({})).await.status, 200);
    let path = "/api/message/chatmsg";
    assert!(room.get(&room.bob, path).await.body.contains("alsoAsked"));
    assert_eq!(room.moderate("remove", json!({ "entryId": same })).await.status, 200);
    for path in [path, "/api/question/changes?after=0"] {
        let told = room.get(&room.bob, path).await.body;
        assert!(told.contains("at eight"), "{told}");
        assert!(!told.to_lowercase().contains("rude"), "{told}");
    }

    let message = room.publish("a rude word").await.id.as_str().to_owned();
    let from = json!({ "streamId": STREAM, "entryId": message });
    assert_eq!(room.post(&room.staff, "/api/question/from", from.clone()).await.status, 200);
    assert_eq!(room.moderate("remove", json!({ "entryId": message })).await.status, 200);
    for path in [path, "/api/question/changes?after=0"] {
        let told = room.get(&room.staff, path).await.body;
        assert!(!told.contains("rude"), "{told}");
    }
    let other = room.publish("another").await.id.as_str().to_owned();
    assert_eq!(room.moderate("remove", json!({ "entryId": other })).await.status, 200);
    let from = json!({ "streamId": STREAM, "entryId": other });
    room.post(&room.staff, "/api/question/from", from).await.refused(404);
}

#[tokio::test]
async fn what_is_removed_while_somebody_is_told_what_they_missed_is_told_after_it() {
    let room = Room::start(Config::for_tests()).await;
    let epoch = room.epoch().await;
    let first = room.publish("rude").await.id.as_str().to_owned();
    // More than the buffers of a socket hold.
    for _ in 0..1_500 {
        room.publish(&"x".repeat(8_000)).await;
    }
    let mut ann = room.open(&room.ann).await;
    let joined = ann.resume(&epoch, 0).await;
    assert_ne!(joined["resumed"], false, "{joined}");
    assert!(joined["removals"].as_u64().unwrap_or(0) == 0);
    assert_eq!(room.moderate("remove", json!({ "entryId": first })).await.status, 200);
    crate::client::soon("the removal is told", async {
        while ann.object().await["type"] != "removed" {}
    })
    .await;
}

#[tokio::test]
async fn what_was_removed_stays_so_across_a_reset_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let config = || Config { data: Some(dir.path().to_owned()), ..Config::for_tests() };
    let room = Room::start(config()).await;
    let id = room.publish("rude").await.id.as_str().to_owned();
    room.moderate("remove", json!({ "entryId": id })).await;
    let staff = room.staff.clone();
    room.running.stop().await;
    let room = Room::start(config()).await;
    assert_eq!(room.log().await, [""]);
    let mut bob = room.open(&room.bob).await;
    assert_eq!(bob.resume(&room.epoch().await, 0).await["removals"], 1);
    room.running.rooms().reset(&Topic::new(TOPIC)).await.unwrap();
    let new = NewEntry::message("ann", "Ann", "new");
    room.running.rooms().publish(&Topic::new(TOPIC), new).await.unwrap();
    let mut bob = room.open(&room.bob).await;
    assert_eq!(bob.resume(&room.epoch().await, 0).await["removals"], json!(null));
    let log = room.get(&staff, "/api/moderation/log").await.json();
    assert_eq!(log["data"]["deeds"][0]["old"], "rude");
}
