//! A room in which nobody learns who asks: not the audience, not staff, in no frame, page, item, log or entry.

use std::time::Duration;

use aside_protocol::{Seq, Topic};
use aside_server::{Config, Limits, Rate};
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{Desk, at_the_desk, item};
use crate::room::{Room, STREAM, TOPIC, modes};

const NONCE: &str = "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f11";

async fn nameless(room: &Room) {
    let name = Some("匿名".to_owned());
    room.running.rooms().set_anonymous(&Topic::new(TOPIC), name).await.unwrap();
}

fn ask(text: &str, nonce: &str) -> Value {
    json!({ "content": text, "streamId": STREAM, "nonce": nonce })
}

/// Nothing that names the asker.
fn names_nobody(what: &str, text: &str) {
    for word in ["ann", "Ann", "a.example"] {
        assert!(!text.contains(word), "{what} names the asker: {text}");
    }
    assert!(text.contains("匿名"), "{what}: {text}");
}

#[tokio::test]
async fn nobody_learns_who_asked_and_the_asker_still_has_it() {
    for config in modes() {
        let core = config.core_only;
        let room = Room::start(config).await;
        nameless(&room).await;
        let mut sue = room.joined(&room.staff).await;
        let first = room.post(&room.ann, "/api/question/add", ask("why?", NONCE)).await;
        assert_eq!(first.status, 200);
        let live = sue.object().await;
        names_nobody("the frame", &live.to_string());
        let page = room.get(&room.staff, "/api/message/chatmsg").await.body;
        names_nobody("history", &page);
        let entries = room.running.rooms().entries(&Topic::new(TOPIC), Seq(0), 9).await.unwrap();
        names_nobody("what is exported", &format!("{entries:?}"));
        // What she says is hers, and so is what staff ask.
        room.post(&room.staff, "/api/question/add", ask("and this?", "")).await;
        assert_eq!(sue.object().await["user"], "sue");
        let mut ann = room.joined(&room.ann).await;
        ann.say("hello").await;
        assert_eq!(ann.object().await["user"], "ann");
        if core {
            continue;
        }
        let again = room.post(&room.ann, "/api/question/add", ask("why?", NONCE)).await;
        assert_eq!(again.json(), first.json(), "her nonce is hers");
        assert_ne!(
            room.post(&room.bob, "/api/question/add", ask("why?", NONCE)).await.json(),
            first.json()
        );
        room.post(&room.ann, "/api/question/add", ask("and how?", "")).await;
        let users: Vec<_> = room.page("type=question").await;
        let users: Vec<_> = users.iter().filter_map(|entry| entry["user"].as_str()).collect();
        assert_ne!(users[0], users[3], "nor that both are one person's");
        assert_eq!(
            room.get(&room.ann, "/api/capabilities").await.json()["data"]["anonymous"],
            true
        );
    }
}

#[tokio::test]
async fn the_desk_works_without_names_and_the_asker_is_answered_in_private() {
    let desk = Desk::open(Config::for_tests()).await;
    let room = &desk.room;
    nameless(room).await;
    room.running.rooms().set_review(&Topic::new(TOPIC), true).await.unwrap();
    let (mut sue, _) = at_the_desk(room, &room.staff).await;
    let mut questions = Vec::new();
    for who in [&room.ann, &room.bob] {
        let mut client: Client = room.open(who).await;
        client.frame(3, &json!({ "topic": TOPIC, "triage": true }).to_string()).await;
        client.object().await;
        questions.push(client);
    }
    let [ann, bob] = &mut questions[..] else { unreachable!() };
    let asked = room.post(&room.ann, "/api/question/add", ask("why?", NONCE)).await.json();
    let id = asked["data"]["id"].as_str().unwrap().to_owned();
    names_nobody("what waits", &sue.object().await.to_string());
    let (hers, his) = (ann.object().await, bob.object().await);
    assert_eq!((&hers["item"]["text"], &his["item"]["text"]), (&json!("why?"), &json!("")));
    let approved = json!({ "review": "approved", "rev": 0 });
    let approved = item(&desk.change(&id, approved).await, 200);
    let question = approved["published"].as_str().unwrap().to_owned();
    let more = json!({ "visibility": "asker" });
    assert_eq!(desk.answer(&room.staff, &question, "since", more).await.status, 200);
    let private = async |client: &mut Client| loop {
        let frame = client.object().await;
        if frame["item"]["answers"] == 1 {
            break frame["item"]["private"].clone();
        }
    };
    assert_eq!(private(ann).await[0]["text"], "since", "whoever asked has it");
    assert_eq!(private(bob).await, json!(null));
    let read = async |who| {
        let changes = room.get(who, "/api/question/changes?after=0").await.json();
        let items = changes["data"]["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["questionId"] == question.as_str()).unwrap()
    };
    assert_eq!(read(&room.ann).await["private"][0]["text"], "since");
    assert_eq!(read(&room.bob).await["private"], json!(null));
    names_nobody("the item", &read(&room.staff).await.to_string());
    let log = room.get(&room.staff, &format!("/api/question/log?questionId={question}")).await.body;
    assert!(log.contains("approved") && !log.contains("ann") && !log.contains("Ann"), "{log}");
    let again = room.post(&room.ann, "/api/question/add", ask("why?", NONCE)).await.json();
    assert_eq!(again["data"]["id"], question.as_str(), "the nonce leads to the entry");
}

#[tokio::test]
async fn who_asks_without_a_name_is_still_held_to_the_limits() {
    let sends = Some(Rate { every: Duration::from_secs(60), burst: 1 });
    let limits = Limits { sends, ..Limits::without_rates() };
    let room = Room::start(Config { limits, ..Config::for_tests() }).await;
    nameless(&room).await;
    assert_eq!(room.post(&room.ann, "/api/question/add", ask("one", "")).await.status, 200);
    let second = room.post(&room.ann, "/api/question/add", ask("two", "")).await;
    second.refused(429);
    assert!(second.header("retry-after").is_some());
    assert_eq!(room.post(&room.bob, "/api/question/add", ask("three", "")).await.status, 200);
}

/// A restart forgets nothing of whose it is, and tells nobody either.
#[tokio::test]
async fn it_is_known_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let config = || Config { data: Some(dir.path().to_owned()), ..Config::for_tests() };
    let room = Room::start(config()).await;
    nameless(&room).await;
    let asked = room.post(&room.ann, "/api/question/add", ask("why?", NONCE)).await.json();
    let question = asked["data"]["id"].as_str().unwrap().to_owned();
    let (ann, staff) = (room.ann.clone(), room.staff.clone());
    room.running.stop().await;
    let room = Room::start(config()).await;
    let again = room.post(&ann, "/api/question/add", ask("why?", NONCE)).await.json();
    assert_eq!(again, asked);
    let body = json!({ "questionId": question, "content": "so", "streamId": STREAM, "visibility": "asker" });
    assert_eq!(room.post(&staff, "/api/answer/add", body).await.status, 200);
    let changes = room.get(&ann, "/api/question/changes?after=0").await.json();
    assert_eq!(changes["data"]["items"][0]["private"][0]["text"], "so");
}
