//! Texts that a room's staff share: one list, which nobody changes without having seen it, and which nobody else hears of.

use std::collections::BTreeSet;

use aside_protocol::{Extension, Role, Topic};
use aside_server::{Config, Issued, TokenSpec};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::Reply;
use crate::desk::{Desk, at_the_desk};
use crate::room::{Room, STREAM, TOPIC, spec};

const PATH: &str = "/api/desk/snippets";

impl Desk {
    async fn put(&self, who: &Issued, rev: u64, snippet: Value) -> Reply {
        let mut body = snippet;
        body["streamId"] = STREAM.into();
        body["rev"] = rev.into();
        self.room.post(who, PATH, body).await
    }

    async fn snippets(&self) -> Value {
        let reply = self.room.get(&self.tim, &format!("{PATH}?stream={STREAM}")).await;
        list(&reply, 200)
    }
}

fn list(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{reply:?}");
    let body = reply.json();
    assert_eq!(body["code"], status);
    body["data"].clone()
}

fn names(list: &Value) -> Vec<&str> {
    list["snippets"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

fn new(name: &str) -> Value {
    json!({ "name": name, "text": format!("text of {name}") })
}

#[tokio::test]
async fn one_is_written_changed_and_removed_and_every_desk_hears_of_it() {
    let desk = Desk::open(Config::for_tests()).await;
    let host = TokenSpec { role: Role::Host, ..TokenSpec::staff(spec(), "hal", "Hal", "Org") };
    let host = desk.room.running.rooms().create_token(host).await.unwrap();
    let (mut tim, _) = at_the_desk(&desk.room, &desk.tim).await;
    tim.nothing_waits().await;
    assert_eq!(desk.snippets().await, json!({ "rev": 0, "snippets": [] }));

    let sue = &desk.room.staff;
    let first = json!({ "name": " thanks ", "text": "Thank you, {asker}!" });
    let now = list(&desk.put(sue, 0, first).await, 200);
    let by = json!({ "user": "sue", "displayName": "Sue", "avatarurl": "" });
    let at = now["snippets"][0]["at"].clone();
    assert!(at.as_i64().unwrap() > 0);
    let thanks =
        json!({ "id": "1", "name": "thanks", "text": "Thank you, {asker}!", "by": by, "at": at });
    assert_eq!(now, json!({ "rev": 1, "snippets": [thanks] }));
    assert_eq!(tim.object().await, json!({ "type": "snippets", "rev": 1 }));
    let now = list(&desk.put(&host, 1, new("later")).await, 200);
    assert_eq!(names(&now), ["later", "thanks"], "in the order of their names");
    assert_eq!(tim.object().await["rev"], 2);

    let other = json!({ "id": "1", "name": "ta", "text": "Ta!" });
    let now = list(&desk.put(&desk.tim, 2, other).await, 200);
    assert_eq!((&now["rev"], &now["snippets"][1]["by"]["user"]), (&json!(3), &json!("tim")));
    assert_eq!(tim.object().await["rev"], 3);
    let now = list(&desk.put(sue, 3, json!({ "id": "2", "remove": true })).await, 200);
    assert_eq!((&now["rev"], names(&now)), (&json!(4), vec!["ta"]));
    assert_eq!(desk.snippets().await, now);
    // No id is given twice: who has the removed one before them changes no other.
    let now = list(&desk.put(sue, 4, new("again")).await, 200);
    assert_eq!(now["snippets"][0]["id"], "5");

    // Whoever comes later learns that there are some.
    let (mut sue, _) = at_the_desk(&desk.room, sue).await;
    assert_eq!(sue.object().await, json!({ "type": "snippets", "rev": 5 }));
    let mut resumed = desk.room.open(&desk.tim).await;
    let join = json!({ "topic": TOPIC, "epoch": "", "after": 0, "triage": true });
    resumed.frame(3, &join.to_string()).await;
    let mut said = Vec::new();
    for _ in 0..3 {
        said.push(resumed.object().await["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, ["joined", "desk", "snippets"]);
}

#[tokio::test]
async fn of_two_who_change_the_list_at_once_one_does_and_the_other_sees_what_became_of_it() {
    let desk = Desk::open(Config::for_tests()).await;
    for rev in 0..50 {
        let (sue, tim) = tokio::join!(
            desk.put(&desk.room.staff, rev, new(&format!("sue {rev:02}"))),
            desk.put(&desk.tim, rev, new(&format!("tim {rev:02}"))),
        );
        let (winner, loser) = if sue.status == 200 { (sue, tim) } else { (tim, sue) };
        assert_eq!(list(&winner, 200), list(&loser, 409));
    }
    let now = desk.snippets().await;
    assert_eq!((&now["rev"], names(&now).len()), (&json!(50), 50));
    for late in [
        json!({ "id": "1", "remove": true }),
        json!({ "id": "1", "name": "x", "text": "x" }),
        new("x"),
    ] {
        for rev in [49, 51] {
            assert_eq!(list(&desk.put(&desk.tim, rev, late.clone()).await, 409), now);
        }
    }
    assert_eq!(desk.snippets().await, now);
}

#[tokio::test]
async fn nobody_but_staff_hears_of_it_reads_it_or_changes_it() {
    let desk = Desk::open(Config::for_tests()).await;
    let ann = &desk.room.ann;
    let mut core = desk.room.joined(&desk.room.staff).await;
    let (mut audience, _) = at_the_desk(&desk.room, ann).await;
    desk.put(ann, 0, new("mine")).await.refused(403);
    desk.room.get(ann, PATH).await.refused(403);
    list(&desk.put(&desk.tim, 0, new("thanks")).await, 200);
    core.nothing_waits().await;
    audience.nothing_waits().await;
    let (mut later, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    later.nothing_waits().await;
    desk.room.get(&desk.tim, &format!("{PATH}?stream=other")).await.refused(403);
    let elsewhere = json!({ "streamId": "other", "rev": 1, "name": "x", "text": "x" });
    desk.room.post(&desk.tim, PATH, elsewhere).await.refused(403);
    desk.room.get(&desk.room.ann, PATH).await.refused(403);
    assert_eq!(names(&desk.snippets().await), ["thanks"]);
}

#[tokio::test]
async fn a_list_a_name_and_a_text_are_as_long_as_they_may_be() {
    let desk = Desk::open(Config::for_tests()).await;
    let put = async |rev, name: String, text: String| {
        desk.put(&desk.tim, rev, json!({ "name": name, "text": text })).await
    };
    put(0, "x".repeat(257), "x".to_owned()).await.refused(413);
    put(0, "x".to_owned(), "x".repeat(16 * 1024 + 1)).await.refused(413);
    put(0, " ".to_owned(), "x".to_owned()).await.refused(400);
    put(0, "x".to_owned(), "\n".to_owned()).await.refused(400);
    for odd in [json!({}), json!({ "id": "1" }), json!({ "id": 1, "remove": true }), new("x")] {
        // Without a rev.
        desk.room.post(&desk.tim, PATH, odd).await.refused(400);
    }
    for id in ["", "7", "01", "+1", "x", "99999999999999999999"] {
        desk.put(&desk.tim, 0, json!({ "id": id, "remove": true })).await.refused(404);
        desk.put(&desk.tim, 0, json!({ "id": id, "name": "x", "text": "x" })).await.refused(404);
    }
    assert_eq!(desk.snippets().await["rev"], 0, "what is refused changes nothing");
    list(&put(0, "x".repeat(256), "é".repeat(8 * 1024)).await, 200);
    for rev in 1..200 {
        list(&put(rev, rev.to_string(), "x".to_owned()).await, 200);
    }
    put(200, "one more".to_owned(), "x".to_owned()).await.refused(413);
    let now = list(&desk.put(&desk.tim, 200, json!({ "id": "1", "remove": true })).await, 200);
    assert_eq!(names(&now).len(), 199);
    assert_eq!(list(&put(201, "x".to_owned(), "x".to_owned()).await, 200)["rev"], 202);
}

#[tokio::test]
async fn hostile_text_comes_back_as_it_went() {
    let desk = Desk::open(Config::for_tests()).await;
    let name = "'); DROP TABLE snippet; -- <script>\u{202e}";
    let text = "\u{0}<img src=x onerror=alert(1)>\u{1F600}\\\"\r\n{ask:\u{0}} {\"code\":200}";
    let now = list(&desk.put(&desk.tim, 0, json!({ "name": name, "text": text })).await, 200);
    assert_eq!(
        (&now["snippets"][0]["name"], &now["snippets"][0]["text"]),
        (&json!(name), &json!(text))
    );
    assert_eq!(desk.snippets().await, now);
}

#[tokio::test]
async fn it_outlives_the_server_and_the_history_of_its_room() {
    let data = tempfile::tempdir().unwrap();
    let config = || Config { data: Some(data.path().to_owned()), ..Config::for_tests() };
    let desk = Desk::open(config()).await;
    let now = list(&desk.put(&desk.tim, 0, new("thanks")).await, 200);
    let (addr, tim) = (desk.room.addr(), desk.tim);
    desk.room.running.stop().await;
    let listener = TcpListener::bind(addr).await.unwrap();
    let running = aside_server::start(config(), listener).await.unwrap();
    let room = Room { running, ann: desk.room.ann, bob: desk.room.bob, staff: desk.room.staff };
    let desk = Desk { room, tim };
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    assert_eq!(sue.object().await, json!({ "type": "snippets", "rev": 1 }));
    assert_eq!(desk.snippets().await, now);

    desk.room.running.rooms().reset(&Topic::new(TOPIC)).await.unwrap();
    assert_eq!(desk.snippets().await, now, "they are no history");
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    assert_eq!(sue.object().await["rev"], 1);
}

#[tokio::test]
async fn too_many_changes_at_once_are_asked_to_come_later() {
    let desk = Desk::open(Config::default()).await;
    let mut rev = 0;
    let refused = loop {
        let reply = desk.put(&desk.tim, rev, new("x")).await;
        if reply.status != 200 || rev > 60 {
            break reply;
        }
        rev += 1;
    };
    refused.refused(429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(desk.snippets().await["rev"], rev);
}

#[tokio::test]
async fn without_states_of_questions_there_are_none() {
    let seq = BTreeSet::from([Extension::Seq, Extension::Ack]);
    for config in [
        Config { core_only: true, ..Config::for_tests() },
        Config { extensions: seq, ..Config::for_tests() },
    ] {
        let desk = Desk::open(config).await;
        desk.room.get(&desk.tim, PATH).await.refused(404);
        desk.put(&desk.tim, 0, new("x")).await.refused(404);
    }
}
