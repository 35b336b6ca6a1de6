//! A room that reviews: what the audience asks is nobody's business but staff's until it is approved, and then it is there once.

use std::collections::BTreeSet;

use aside_protocol::{Extension, Topic};
use aside_server::Config;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::Reply;
use crate::desk::{Desk, at_the_desk, item};
use crate::room::{STREAM, TOPIC};

const NONCE: &str = "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f31";

async fn reviewing(config: Config) -> Desk {
    let desk = Desk::open(config).await;
    desk.room.running.rooms().set_review(&Topic::new(TOPIC), true).await.unwrap();
    desk
}

impl Desk {
    async fn ask_as_ann(&self, text: &str, nonce: &str) -> Reply {
        let body = json!({ "content": text, "streamId": STREAM, "nonce": nonce });
        self.room.post(&self.room.ann, "/api/question/add", body).await
    }

    /// Asks, and gives the name of what waits.
    async fn submit(&self, text: &str, nonce: &str) -> String {
        let reply = self.ask_as_ann(text, nonce).await;
        assert_eq!(reply.json()["data"]["review"], "pending", "{reply:?}");
        reply.json()["data"]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_waits_is_no_entry_and_nobody_but_staff_and_its_asker_learns_of_it() {
    let desk = reviewing(Config::for_tests()).await;
    let mut core = desk.room.joined(&desk.room.bob).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    let (mut ann, _) = at_the_desk(&desk.room, &desk.room.ann).await;
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    let reply = desk.ask_as_ann("why?", NONCE).await;
    let epoch = desk.room.epoch().await;
    let id = format!("{}-r1", &epoch[..16]);
    assert_eq!(reply.json(), json!({ "code": 200, "data": { "id": id, "review": "pending" } }));

    let told = sue.object().await["item"].clone();
    let expected = json!({
        "questionId": id, "seq": 0, "number": 0, "rev": 0, "change": 1, "text": "why?", "review": "pending",
        "asker": { "user": "ann", "displayName": "Ann", "avatarurl": "https://a.example/ann.png" },
        "askedAt": told["askedAt"], "work": "open", "stage": "none", "pinned": false, "tags": [], "note": "",
        "answers": 0, "lastAnswer": 0, "changedBy": { "user": "", "displayName": "", "avatarurl": "" },
    });
    assert_eq!(told, expected);
    assert!(told["askedAt"].as_i64().unwrap() > 0);
    assert_eq!(ann.object().await["item"], expected);
    let mut hollow = expected.clone();
    (hollow["text"], hollow["askedAt"]) = ("".into(), 0.into());
    hollow["asker"] = json!({ "user": "", "displayName": "", "avatarurl": "" });
    assert_eq!(bob.object().await["item"], hollow, "there is something, and that is all");
    core.nothing_waits().await;
    assert!(desk.room.log().await.is_empty());
    let read = desk.room.get(&desk.room.bob, "/api/question/changes?after=0").await;
    assert_eq!(read.json()["data"]["items"], json!([hollow]));

    // The same nonce again is the same question, and nothing is told.
    assert_eq!(desk.ask_as_ann("why?", NONCE).await.json(), reply.json());
    desk.ask_as_ann("why not?", NONCE).await.refused(409);
    // Nothing else can be done with it before it is a question.
    let vote = json!({ "questionId": id, "streamId": STREAM, "vote": true });
    desk.room.post(&desk.room.bob, "/api/question/vote", vote).await.refused(404);
    desk.answer(&desk.room.staff, &id, "because", json!({})).await.refused(404);
    for change in [
        json!({ "state": "claimed" }),
        json!({ "stage": "now", "rev": 0 }),
        json!({ "review": "approved", "pinned": true, "rev": 0 }),
    ] {
        desk.change(&id, change).await.refused(400);
    }
    item(&desk.change(&id, json!({ "review": "approved" })).await, 409);
    desk.change_as(&desk.room.ann, &id, json!({ "review": "approved", "rev": 0 }))
        .await
        .refused(403);
    sue.nothing_waits().await;

    // Staff need nobody's leave, and what is a question has been seen.
    let asked = json!({ "content": "and you?", "streamId": STREAM });
    let asked = desk.room.post(&desk.room.staff, "/api/question/add", asked).await.json();
    assert_eq!((&asked["data"]["seq"], &asked["data"]["review"]), (&json!(1), &Value::Null));
    assert_eq!(sue.object().await["type"], "question");
    assert_eq!(sue.object().await["item"]["number"], 1);
    let question = asked["data"]["id"].as_str().unwrap().to_owned();
    desk.change(&question, json!({ "review": "rejected", "rev": 0 })).await.refused(400);
}

#[tokio::test]
async fn approved_by_two_at_once_it_is_published_once() {
    let desk = reviewing(Config::for_tests()).await;
    let nonce = |n: usize| format!("00000000-0000-4000-8000-{n:012x}");
    let mut waiting = Vec::new();
    for n in 0..50 {
        waiting.push(desk.submit(&format!("question {n}"), &nonce(n)).await);
    }
    let approve = || json!({ "review": "approved", "rev": 0 });
    let both = waiting.iter().map(|id| async {
        tokio::join!(
            desk.change_as(&desk.room.staff, id, approve()),
            desk.change_as(&desk.tim, id, approve()),
        )
    });
    for (sue, tim) in join_all(both).await {
        let (winner, loser) = if sue.status == 200 { (sue, tim) } else { (tim, sue) };
        let (done, seen) = (item(&winner, 200), item(&loser, 409));
        assert_eq!(done, seen, "the loser sees what became of it");
        assert!(done["published"].is_string() && done["review"].is_null(), "{done}");
    }
    let mut log = desk.room.log().await;
    log.sort_unstable();
    log.dedup();
    assert_eq!(log.len(), 50);
    assert_eq!(desk.room.log().await.len(), 50);
    let changes = desk.changes("after=0&limit=500").await;
    let items = changes["items"].as_array().unwrap();
    let numbers: Vec<u64> = items.iter().map(|item| item["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers.iter().filter(|number| **number == 0).count(), 50);
    let numbers: BTreeSet<u64> = numbers.into_iter().filter(|number| *number > 0).collect();
    assert_eq!(numbers, (1..=50).collect());
    let last: Vec<u64> = items.iter().map(|item| item["change"].as_u64().unwrap()).collect();
    assert_eq!(last, (51..=150).collect::<Vec<_>>(), "each is two changes, without holes");
    // Page by page it is the same.
    let page = desk.changes("after=60&limit=7").await;
    assert_eq!((&page["change"], &page["more"]), (&json!(67), &json!(true)));
    // Once more changes nothing.
    let again = desk.change(&waiting[0], json!({ "review": "approved", "rev": 1 })).await;
    assert_eq!(item(&again, 200)["published"], *published(items, &waiting[0]));
    assert_eq!(desk.changes("after=150").await["items"], json!([]));
    item(&desk.change(&waiting[0], json!({ "review": "rejected", "rev": 1 })).await, 409);
    assert_eq!(desk.room.log().await.len(), 50);
}

fn published<'a>(items: &'a [Value], id: &str) -> &'a Value {
    &items.iter().find(|item| item["questionId"] == id).unwrap()["published"]
}

#[tokio::test]
async fn approved_it_is_a_question_like_any_other() {
    let desk = reviewing(Config::for_tests()).await;
    let id = desk.submit("why?", NONCE).await;
    let mut core = desk.room.joined(&desk.room.bob).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    let (mut ann, _) = at_the_desk(&desk.room, &desk.room.ann).await;
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    let asked_at = desk.item(&id).await["askedAt"].clone();
    let done = item(&desk.change(&id, json!({ "review": "approved", "rev": 0 })).await, 200);
    assert_eq!(done["changedBy"]["user"], "sue");
    for client in [&mut core, &mut bob, &mut ann, &mut sue] {
        let entry = client.object().await;
        assert_eq!(
            (&entry["type"], &entry["user"], &entry["nonce"]),
            (&json!("question"), &json!("ann"), &json!(NONCE))
        );
        assert_eq!((&entry["id"], &entry["seq"]), (&done["published"], &json!(1)));
        assert!(entry["createdat"].as_i64().unwrap() >= asked_at.as_i64().unwrap());
    }
    core.nothing_waits().await;
    for client in [&mut bob, &mut ann, &mut sue] {
        let question = client.object().await["item"].clone();
        assert_eq!(
            (
                &question["questionId"],
                &question["number"],
                &question["sourceId"],
                &question["askedAt"]
            ),
            (&done["published"], &json!(1), &json!(id), &asked_at)
        );
        assert_eq!(question["text"], "why?");
    }
    assert_eq!(bob.object().await["item"]["review"], "pending", "whatever became of it");
    for client in [&mut ann, &mut sue] {
        let was = client.object().await["item"].clone();
        assert_eq!((&was["questionId"], &was["published"]), (&json!(id), &done["published"]));
    }
    // Who asks again is told of the entry.
    let reply = desk.ask_as_ann("why?", NONCE).await.json();
    assert_eq!(reply, json!({ "code": 200, "data": { "id": done["published"], "seq": 1 } }));
    let question = done["published"].as_str().unwrap().to_owned();
    item(&desk.change(&question, json!({ "state": "claimed" })).await, 200);
    for of in [&id, &question] {
        let log = format!("/api/question/log?questionId={of}");
        let log = desk.room.get(&desk.tim, &log).await.json();
        let line = &log["data"]["changes"][0];
        assert_eq!(
            (&line["field"], &line["old"], &line["new"], &line["by"]["user"]),
            (&json!("review"), &json!("pending"), &json!("approved"), &json!("sue"))
        );
    }
}

#[tokio::test]
async fn a_rejection_is_told_to_its_asker_alone_and_can_be_taken_back() {
    let desk = reviewing(Config::for_tests()).await;
    let id = desk.submit("why?", NONCE).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    let (mut ann, _) = at_the_desk(&desk.room, &desk.room.ann).await;
    let reject = json!({ "review": "rejected", "reason": "off topic", "rev": 0 });
    item(&desk.change(&id, reject).await, 200);
    let told = ann.object().await["item"].clone();
    assert_eq!((&told["review"], &told["reason"]), (&json!("rejected"), &json!("off topic")));
    assert_eq!(told["changedBy"]["user"], "", "staff are not named");
    let hollow = bob.object().await["item"].clone();
    assert_eq!(
        (&hollow["review"], &hollow["reason"], &hollow["text"]),
        (&json!("pending"), &Value::Null, &json!(""))
    );
    let reply = desk.ask_as_ann("why?", NONCE).await.json();
    assert_eq!(reply["data"], json!({ "id": id, "review": "rejected" }));

    let back = item(&desk.change(&id, json!({ "review": "pending", "rev": 1 })).await, 200);
    assert_eq!((&back["review"], &back["reason"]), (&json!("pending"), &Value::Null));
    assert_eq!(ann.object().await["item"]["review"], "pending");
    item(&desk.change(&id, json!({ "review": "rejected", "rev": 2 })).await, 200);
    let late = item(&desk.change(&id, json!({ "review": "approved", "rev": 3 })).await, 200);
    assert_eq!(late["published"], format!("{}-1", id.strip_suffix("-r1").unwrap()));
    assert_eq!(desk.room.log().await.len(), 1);
}

#[tokio::test]
async fn the_room_says_whether_it_reviews_and_what_waits_goes_on_waiting() {
    let desk = Desk::open(Config::for_tests()).await;
    let (rooms, topic) = (desk.room.running.rooms(), Topic::new(TOPIC));
    let says = async || {
        desk.room.get(&desk.room.staff, "/api/capabilities").await.json()["data"]["review"].clone()
    };
    assert_eq!(says().await, Value::Null, "off, and no word of it");
    rooms.set_review(&topic, true).await.unwrap();
    assert_eq!(says().await, true);
    assert!(rooms.room(&topic).await.unwrap().review);
    let id = desk.submit("why?", NONCE).await;
    rooms.set_review(&topic, false).await.unwrap();
    assert_eq!(says().await, Value::Null);
    let again = desk.ask_as_ann("why?", NONCE).await.json();
    assert_eq!(again["data"], json!({ "id": id, "review": "pending" }), "never a second one");
    desk.ask_as_ann("why not?", NONCE).await.refused(409);
    assert!(desk.room.log().await.is_empty());
    item(&desk.change(&id, json!({ "review": "approved", "rev": 0 })).await, 200);
    let other = NONCE.replace('6', "7");
    assert_eq!(desk.ask_as_ann("how?", &other).await.json()["data"]["seq"], 2);
    // Asked before the room reviewed, and again since: it is there.
    rooms.set_review(&topic, true).await.unwrap();
    assert_eq!(desk.ask_as_ann("how?", &other).await.json()["data"]["seq"], 2);
    assert!(rooms.set_review(&Topic::new("nowhere"), true).await.is_err());
}

#[tokio::test]
async fn a_history_that_begins_anew_has_nothing_waiting() {
    let desk = reviewing(Config::for_tests()).await;
    let id = desk.submit("why?", NONCE).await;
    desk.room.running.rooms().reset(&Topic::new(TOPIC)).await.unwrap();
    desk.change(&id, json!({ "review": "approved", "rev": 0 })).await.refused(404);
    assert_eq!(desk.changes("after=0").await["items"], json!([]));
    let other = desk.submit("why?", NONCE).await;
    assert_ne!(other, id);
}

#[tokio::test]
async fn without_states_of_questions_nothing_is_reviewed() {
    let seq = BTreeSet::from([Extension::Seq, Extension::Ack]);
    for config in [
        Config { core_only: true, ..Config::for_tests() },
        Config { extensions: seq, ..Config::for_tests() },
    ] {
        let desk = reviewing(config).await;
        let mut bob = desk.room.joined(&desk.room.bob).await;
        let reply = desk.ask_as_ann("why?", NONCE).await;
        assert!(reply.status == 200 && !reply.body.contains("review"), "{reply:?}");
        assert_eq!(bob.object().await["type"], "question");
        let said = desk.room.get(&desk.room.ann, "/api/capabilities").await;
        assert!(!said.body.contains("review"), "{said:?}");
    }
}
