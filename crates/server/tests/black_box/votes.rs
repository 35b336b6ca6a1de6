//! Votes of the audience, and who has which question before them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aside_server::{Clock, Config, Issued, TokenSpec};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::desk::{Desk, at_the_desk, item};
use crate::room::{Room, STREAM, TOPIC, spec};

async fn vote(desk: &Desk, who: &Issued, question: &str, vote: bool) -> Reply {
    let body = json!({ "questionId": question, "streamId": STREAM, "vote": vote });
    desk.room.post(who, "/api/question/vote", body).await
}

fn counted(reply: &Reply) -> (u64, bool) {
    assert_eq!(reply.status, 200, "{reply:?}");
    let data = reply.json()["data"].clone();
    (data["votes"].as_u64().unwrap(), data["voted"].as_bool().unwrap())
}

#[tokio::test]
async fn a_vote_counts_once_and_makes_no_step_of_staff_stale() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let (mut sue, at) = at_the_desk(&desk.room, &desk.room.staff).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    let mut core = desk.room.joined(&desk.room.ann).await;
    assert_eq!(counted(&vote(&desk, &desk.room.ann, &question, true).await), (1, true));
    assert_eq!(counted(&vote(&desk, &desk.room.ann, &question, true).await), (1, true));
    assert_eq!(counted(&vote(&desk, &desk.room.bob, &question, true).await), (2, true));
    let expected = json!({ "type": "votes", "votes": [[question, 2, at + 1]] });
    assert_eq!(sue.object().await, expected, "all of them at once");
    assert_eq!(bob.object().await, expected);
    core.nothing_waits().await;
    let now = desk.item(&question).await;
    assert_eq!((&now["votes"], &now["rev"], &now["voted"]), (&json!(2), &json!(0), &json!(false)));
    let mine = desk.room.get(&desk.room.bob, "/api/question/changes?after=0").await.json();
    assert_eq!(mine["data"]["items"][0]["voted"], true);
    item(&desk.change(&question, json!({ "pinned": true, "rev": 0 })).await, 200);
    assert_eq!(counted(&vote(&desk, &desk.room.ann, &question, false).await), (1, false));
    assert_eq!(sue.object().await["item"]["pinned"], true);
    assert_eq!(sue.object().await["votes"], json!([[question, 1, at + 3]]));
    vote(&desk, &desk.room.ann, "no-1", true).await.refused(404);
}

#[tokio::test]
async fn votes_go_with_a_merged_question_without_doubles_and_come_back() {
    let desk = Desk::open(Config::for_tests()).await;
    let (a, b) = (desk.ask("a").await, desk.ask("b").await);
    for (who, question) in [(&desk.room.ann, &a), (&desk.room.bob, &a), (&desk.room.bob, &b)] {
        counted(&vote(&desk, who, question, true).await);
    }
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    sue.object().await;
    item(&desk.change(&a, json!({ "mergeInto": b, "rev": 0 })).await, 200);
    let told = [sue.object().await["item"].clone(), sue.object().await["item"].clone()];
    assert_eq!((&told[0]["questionId"], &told[1]["questionId"]), (&json!(a), &json!(b)));
    assert_eq!(told[1]["votes"], 2, "Bob counts once");
    let closed = vote(&desk, &desk.room.ann, &a, true).await;
    assert_eq!(item(&closed, 409)["mergedInto"], json!(b));
    item(&desk.change(&a, json!({ "unmerge": true, "rev": 1 })).await, 200);
    let told = [sue.object().await["item"].clone(), sue.object().await["item"].clone()];
    assert_eq!((&told[0]["votes"], &told[1]["votes"]), (&json!(2), &json!(1)));
}

/// How many want each of these answered.
async fn votes(desk: &Desk, questions: [&String; 3]) -> [u64; 3] {
    let items = desk.changes("after=0").await["items"].as_array().unwrap().clone();
    questions.map(|question| {
        let found = items.iter().find(|item| item["questionId"] == *question).unwrap();
        found["votes"].as_u64().unwrap_or(0)
    })
}

#[tokio::test]
async fn votes_come_back_through_a_chain_whichever_link_is_taken_apart_first() {
    for farthest_first in [false, true] {
        let desk = Desk::open(Config::for_tests()).await;
        let (a, b, d) = (desk.ask("a").await, desk.ask("b").await, desk.ask("d").await);
        let Room { ann, bob, staff, .. } = &desk.room;
        for (who, question) in [(ann, &d), (bob, &d), (staff, &d), (ann, &b), (bob, &a)] {
            counted(&vote(&desk, who, question, true).await);
        }
        item(&desk.change(&d, json!({ "mergeInto": b, "rev": 0 })).await, 200);
        item(&desk.change(&b, json!({ "mergeInto": a, "rev": 0 })).await, 200);
        assert_eq!(votes(&desk, [&a, &b, &d]).await[0], 3, "nobody counts twice");
        let (mut sue, _) = at_the_desk(&desk.room, staff).await;
        let order = if farthest_first { [&d, &b] } else { [&b, &d] };
        for question in order {
            item(&desk.change(question, json!({ "unmerge": true, "rev": 1 })).await, 200);
        }
        assert_eq!(votes(&desk, [&a, &b, &d]).await, [1, 1, 3]);
        let newest = desk.changes("after=0").await["change"].clone();
        let mut told = json!({});
        loop {
            let item = sue.object().await["item"].clone();
            told[item["text"].as_str().unwrap()] = item["votes"].clone();
            if item["change"] == newest {
                break;
            }
        }
        assert_eq!(told, json!({ "a": 1, "b": 1, "d": 3 }), "desks count the same");
    }
}

#[tokio::test]
async fn what_is_closed_by_hand_is_merged_no_longer_and_what_is_merged_is_on_no_stage() {
    let desk = Desk::open(Config::for_tests()).await;
    let (a, b) = (desk.ask("a").await, desk.ask("b").await);
    for (who, question) in [(&desk.room.ann, &a), (&desk.room.bob, &b)] {
        counted(&vote(&desk, who, question, true).await);
    }
    item(&desk.change(&b, json!({ "stage": "next", "rev": 0 })).await, 200);
    let merged = item(&desk.change(&b, json!({ "mergeInto": a, "rev": 1 })).await, 200);
    assert_eq!((&merged["work"], &merged["stage"]), (&json!("merged"), &json!("none")));
    assert_eq!(desk.item(&a).await["votes"], 2);
    let closed = item(&desk.change(&b, json!({ "state": "dismissed", "rev": 2 })).await, 200);
    assert_eq!((&closed["work"], &closed["mergedInto"]), (&json!("dismissed"), &Value::Null));
    assert_eq!((&closed["votes"], &desk.item(&a).await["votes"]), (&json!(1), &json!(1)));
    assert_eq!(desk.item(&a).await["merged"], Value::Null);
}

#[tokio::test]
async fn votes_that_were_taken_are_counted_after_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let config = || Config { data: Some(data.path().to_owned()), ..Config::for_tests() };
    let desk = Desk::open(config()).await;
    let question = desk.ask("why?").await;
    counted(&vote(&desk, &desk.room.ann, &question, true).await);
    let Desk { room, tim } = desk;
    room.running.kill().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = aside_server::start(config(), listener).await.unwrap();
    let room = Room { running, ann: room.ann, bob: room.bob, staff: room.staff };
    let desk = Desk { room, tim };
    let (mut sue, at) = at_the_desk(&desk.room, &desk.room.staff).await;
    assert_eq!(sue.object().await["votes"], json!([[question, 1, at + 1]]));
    assert_eq!(desk.item(&question).await["votes"], 1);
}

async fn look(client: &mut Client, question: &str, doing: &str, device: &str) {
    let look = json!({ "topic": TOPIC, "questionId": question, "doing": doing, "device": device });
    client.frame(4, &look.to_string()).await;
}

fn people(told: &Value) -> Vec<(&str, &str, &str)> {
    assert_eq!(told["type"], "presence", "{told}");
    told["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| {
            let text = |key: &str| person[key].as_str().unwrap();
            (text("user"), text("device"), text("doing"))
        })
        .collect()
}

#[tokio::test]
async fn staff_see_who_has_a_question_before_them_on_every_device() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    let (mut phone, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    look(&mut sue, &question, "viewing", "laptop").await;
    for client in [&mut sue, &mut phone] {
        assert_eq!(people(&client.object().await), [("sue", "laptop", "viewing")]);
    }
    // The same again is no news.
    look(&mut sue, &question, "viewing", "laptop").await;
    look(&mut phone, &question, "drafting", "phone").await;
    let both = [("sue", "laptop", "viewing"), ("sue", "phone", "drafting")];
    assert_eq!(people(&sue.object().await), both);
    // Whoever comes later learns of it at once.
    let (mut tim, _) = at_the_desk(&desk.room, &desk.tim).await;
    assert_eq!(people(&tim.object().await), both);
    look(&mut sue, "", "viewing", "laptop").await;
    assert_eq!(people(&tim.object().await), [("sue", "phone", "drafting")]);
    drop(phone);
    assert_eq!(people(&tim.object().await), []);
    // Nobody of the audience hears of it, or is heard.
    look(&mut bob, &question, "drafting", "x").await;
    bob.nothing_waits().await;
    look(&mut sue, &question, "viewing", &"d".repeat(65)).await;
    look(&mut sue, &"q".repeat(10_000), "viewing", "laptop").await;
    tim.nothing_waits().await;
}

#[tokio::test]
async fn a_sign_of_writing_keeps_ones_own_claim() {
    let now = Arc::new(AtomicI64::new(1_700_000_000_000));
    let seen = Arc::clone(&now);
    let clock = move || Timestamp::from_millisecond(seen.load(Ordering::Relaxed)).unwrap();
    let desk = Desk::open(Config { clock: Clock::from_fn(clock), ..Config::for_tests() }).await;
    let question = desk.ask("why?").await;
    item(&desk.change(&question, json!({ "state": "claimed" })).await, 200);
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    let (mut tim, _) = at_the_desk(&desk.room, &desk.tim).await;
    now.fetch_add(60_000, Ordering::Relaxed);
    for (client, doing) in [(&mut tim, "drafting"), (&mut sue, "viewing")] {
        look(client, &question, doing, "laptop").await;
        assert_eq!(sue_hears(client).await["type"], "presence");
    }
    assert_eq!(desk.item(&question).await["claim"]["expiresAt"], 1_700_000_090_000_i64);
    look(&mut sue, &question, "drafting", "laptop").await;
    let mut told = sue_hears(&mut sue).await;
    while told["type"] != "triage" {
        told = sue_hears(&mut sue).await;
    }
    assert_eq!(told["item"]["claim"]["expiresAt"], 1_700_000_150_000_i64);
    assert_eq!(told["item"]["rev"], 1, "a sign of life makes no step stale");
}

async fn sue_hears(client: &mut Client) -> Value {
    tokio::time::timeout(Duration::from_secs(5), client.object()).await.unwrap()
}

#[tokio::test]
async fn there_are_no_votes_without_items() {
    let mut extensions = Config::default().extensions;
    extensions.remove(&aside_protocol::Extension::Triage);
    let desk = Desk::open(Config { extensions, ..Config::for_tests() }).await;
    let question = desk.ask("why?").await;
    vote(&desk, &desk.room.ann, &question, true).await.refused(404);
    let spec = TokenSpec::audience(spec(), "new", "New");
    let new = desk.room.running.rooms().create_token(spec).await.unwrap();
    let said = desk.room.get(&new, "/api/capabilities").await.json();
    assert!(!said["data"]["extensions"].to_string().contains("votes"));
}
