//! Questions as work: one owner each, nobody answers what was answered meanwhile, and none of it reaches the audience.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aside_protocol::{Seq, Topic};
use aside_server::{Clock, Config};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::Got;
use crate::desk::{Desk, at_the_desk, item};
use crate::room::{Room, TOPIC};

const NONCE: &str = "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f31";

#[tokio::test]
async fn a_question_is_open_from_the_moment_it_is_asked() {
    let desk = Desk::open(Config::for_tests()).await;
    let (mut sue, before) = at_the_desk(&desk.room, &desk.room.staff).await;
    assert_eq!(before, 0);
    let question = desk.ask("why?").await;
    assert_eq!(sue.object().await["type"], "question", "the entry first");
    let told = sue.object().await;
    assert_eq!(told["type"], "triage");
    let expected = json!({
        "questionId": question, "seq": 1, "number": 1, "rev": 0, "change": 1, "text": "why?",
        "asker": { "user": "ann", "displayName": "Ann", "avatarurl": "" }, "askedAt": told["item"]["askedAt"],
        "work": "open", "stage": "none", "pinned": false, "tags": [], "note": "", "answers": 0, "lastAnswer": 0,
        "changedBy": { "user": "", "displayName": "", "avatarurl": "" },
    });
    assert_eq!(told["item"], expected);
    let mut read = expected.clone();
    read["voted"] = false.into();
    assert_eq!(desk.item(&question).await, read, "where the reader is known");
    desk.ask("and how?").await;
    let (_, now) = at_the_desk(&desk.room, &desk.tim).await;
    assert_eq!(now, 2);
}

#[tokio::test]
async fn of_two_who_claim_at_once_one_has_it_and_the_other_learns_who() {
    let desk = Desk::open(Config::for_tests()).await;
    let mut questions = Vec::new();
    for n in 0..200 {
        questions.push(desk.ask(&format!("question {n}")).await);
    }
    let claim = |device: &str| json!({ "state": "claimed", "device": device });
    let both = questions.iter().map(|question| async {
        tokio::join!(
            desk.change_as(&desk.room.staff, question, claim("s")),
            desk.change_as(&desk.tim, question, claim("t")),
        )
    });
    let mut won: HashMap<String, usize> = HashMap::new();
    for (sue, tim) in join_all(both).await {
        let (winner, loser) = if sue.status == 200 { (sue, tim) } else { (tim, sue) };
        let (owner, seen) =
            (item(&winner, 200)["claim"].clone(), item(&loser, 409)["claim"].clone());
        assert_eq!(owner, seen, "the loser sees the winner");
        *won.entry(owner["displayName"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(won.values().sum::<usize>(), 200);
    let items = desk.changes("after=0").await["items"].as_array().unwrap().clone();
    assert!(items.iter().all(|item| item["work"] == "claimed" && item["rev"] == 1));
}

#[tokio::test]
async fn a_claim_is_renewed_taken_over_given_back_and_ends_by_itself() {
    let now = Arc::new(AtomicI64::new(1_700_000_000_000));
    let seen = Arc::clone(&now);
    let clock = move || Timestamp::from_millisecond(seen.load(Ordering::Relaxed)).unwrap();
    let desk = Desk::open(Config { clock: Clock::from_fn(clock), ..Config::for_tests() }).await;
    let question = desk.ask("why?").await;
    let claim = json!({ "state": "claimed", "device": "laptop" });
    let first = item(&desk.change(&question, claim.clone()).await, 200);
    assert_eq!(first["claim"]["expiresAt"].as_i64().unwrap(), 1_700_000_090_000);
    now.fetch_add(60_000, Ordering::Relaxed);
    let renewed = item(&desk.change(&question, claim.clone()).await, 200);
    assert_eq!(
        (&renewed["claim"]["at"], &renewed["claim"]["expiresAt"]),
        (&json!(1_700_000_000_000_i64), &json!(1_700_000_150_000_i64))
    );

    item(&desk.change_as(&desk.tim, &question, claim.clone()).await, 409);
    let over = json!({ "state": "claimed", "takeOver": true });
    assert_eq!(
        item(&desk.change_as(&desk.tim, &question, over).await, 200)["claim"]["user"],
        "tim"
    );
    // Given back by its owner without a look; by somebody else only with one.
    item(&desk.change(&question, json!({ "state": "open" })).await, 409);
    let back = item(&desk.change_as(&desk.tim, &question, json!({ "state": "open" })).await, 200);
    assert_eq!((&back["work"], &back["claim"]), (&json!("open"), &Value::Null));

    // Without a sign of life it ends, for whoever comes first and for those who only watch.
    item(&desk.change(&question, claim.clone()).await, 200);
    let (mut tim, _) = at_the_desk(&desk.room, &desk.tim).await;
    now.fetch_add(90_000, Ordering::Relaxed);
    let told = tim.object().await["item"].clone();
    assert_eq!((&told["work"], &told["claim"]), (&json!("open"), &Value::Null));
    assert_eq!(
        item(&desk.change_as(&desk.tim, &question, claim).await, 200)["claim"]["user"],
        "tim"
    );
}

#[tokio::test]
async fn what_was_changed_since_one_looked_is_not_changed_again() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let pinned = item(&desk.change(&question, json!({ "pinned": true, "rev": 0 })).await, 200);
    assert_eq!((&pinned["pinned"], &pinned["rev"]), (&json!(true), &json!(1)));
    for late in [
        json!({ "state": "dismissed", "rev": 0 }),
        json!({ "tags": ["x"] }),
        json!({ "state": "answered" }),
    ] {
        let now = item(&desk.change_as(&desk.tim, &question, late).await, 409);
        assert_eq!(now, pinned, "nothing happened, and this is how it is");
    }
    // A claim with something else beside it is looked at as a whole.
    item(&desk.change(&question, json!({ "state": "claimed", "note": "mine" })).await, 409);
    let done = json!({ "state": "dismissed", "reason": "off_topic", "tags": ["later", "price"], "note": "asked in May", "rev": 1 });
    let done = item(&desk.change(&question, done).await, 200);
    assert_eq!(
        (&done["work"], &done["reason"], &done["tags"], &done["note"]),
        (
            &json!("dismissed"),
            &json!("off_topic"),
            &json!(["later", "price"]),
            &json!("asked in May")
        )
    );
    item(&desk.change(&question, json!({ "state": "claimed" })).await, 409);
    let again = item(&desk.change(&question, json!({ "state": "open", "rev": 2 })).await, 200);
    assert_eq!(
        (&again["work"], &again["closedAt"], &again["pinned"]),
        (&json!("open"), &Value::Null, &json!(true))
    );
    let log =
        desk.room.get(&desk.tim, &format!("/api/question/log?questionId={question}")).await.json();
    let lines = log["data"]["changes"].as_array().unwrap();
    assert!(
        lines.iter().any(|line| line["field"] == "work"
            && line["old"] == "open"
            && line["new"] == "dismissed"
            && line["by"]["displayName"] == "Sue"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn an_answer_that_would_be_the_second_is_not_stored() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let log = async || desk.room.log().await.len();
    // Somebody else is about to answer.
    item(&desk.change_as(&desk.tim, &question, json!({ "state": "claimed" })).await, 200);
    let held = desk
        .answer(&desk.room.staff, &question, "because", json!({ "seen": 0, "nonce": NONCE }))
        .await;
    assert_eq!(item(&held, 409)["claim"]["displayName"], "Tim");
    assert_eq!(log().await, 1);
    // And did.
    let first = desk.answer(&desk.tim, &question, "since", json!({ "seen": 0 })).await;
    assert_eq!(first.status, 200, "{first:?}");
    let held = item(
        &desk
            .answer(&desk.room.staff, &question, "because", json!({ "seen": 0, "nonce": NONCE }))
            .await,
        409,
    );
    assert_eq!(
        (
            &held["work"],
            &held["reason"],
            &held["answers"],
            &held["lastAnswer"],
            &held["changedBy"]["displayName"]
        ),
        (&json!("answered"), &json!("text"), &json!(1), &held["change"], &json!("Tim"))
    );
    let seen = &held["lastAnswer"];
    assert_eq!(log().await, 2);
    // Knowing of it, or without asking, it is stored; a repeat is not, even though it is late by now.
    for _ in 0..2 {
        let second = desk
            .answer(&desk.room.staff, &question, "because", json!({ "seen": seen, "nonce": NONCE }))
            .await;
        assert_eq!((second.status, &second.json()["data"]["seq"]), (200, &json!(3)));
    }
    assert_eq!(desk.answer(&desk.tim, &question, "and", json!({})).await.status, 200);
    assert_eq!((desk.item(&question).await["answers"].clone(), log().await), (json!(3), 4));
}

#[tokio::test]
async fn one_question_comes_next_and_one_is_talked_about() {
    let desk = Desk::open(Config::for_tests()).await;
    let (first, second) = (desk.ask("1").await, desk.ask("2").await);
    item(&desk.change(&first, json!({ "stage": "now", "rev": 0 })).await, 200);
    let (mut tim, at) = at_the_desk(&desk.room, &desk.tim).await;
    item(&desk.change(&second, json!({ "stage": "now", "rev": 0 })).await, 200);
    let told = [tim.object().await["item"].clone(), tim.object().await["item"].clone()];
    assert_eq!(
        (&told[0]["questionId"], &told[0]["stage"], &told[0]["change"]),
        (&json!(first), &json!("none"), &json!(at + 1))
    );
    assert_eq!(
        (&told[1]["questionId"], &told[1]["stage"], &told[1]["change"]),
        (&json!(second), &json!("now"), &json!(at + 2))
    );
}

#[tokio::test]
async fn the_same_question_twice_is_one_and_never_a_circle() {
    let desk = Desk::open(Config::for_tests()).await;
    let (a, b, c) = (desk.ask("a").await, desk.ask("b").await, desk.ask("c").await);
    let merged = item(&desk.change(&a, json!({ "mergeInto": b, "rev": 0 })).await, 200);
    assert_eq!((&merged["work"], &merged["mergedInto"]), (&json!("merged"), &json!(b)));
    item(&desk.change(&b, json!({ "mergeInto": c, "rev": 0 })).await, 200);
    // What would lead back to itself.
    desk.change(&c, json!({ "mergeInto": a, "rev": 0 })).await.refused(400);
    desk.change(&c, json!({ "mergeInto": c, "rev": 0 })).await.refused(400);
    desk.change(&c, json!({ "mergeInto": "no-9", "rev": 0 })).await.refused(404);
    desk.change(&c, json!({ "state": "merged", "rev": 0 })).await.refused(400);
    // Into the end of the chain.
    let d = desk.ask("d").await;
    assert_eq!(
        item(&desk.change(&d, json!({ "mergeInto": a, "rev": 0 })).await, 200)["mergedInto"],
        json!(c)
    );
    let apart = item(&desk.change(&d, json!({ "state": "open", "rev": 1 })).await, 200);
    assert_eq!((&apart["work"], &apart["mergedInto"]), (&json!("open"), &Value::Null));
}

#[tokio::test]
async fn the_audience_hears_of_questions_and_nothing_of_what_staff_say() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let mut core = desk.room.joined(&desk.room.bob).await;
    let mut staff_without = desk.room.joined(&desk.tim).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    let (mut ann, _) = at_the_desk(&desk.room, &desk.room.ann).await;
    let secret = json!({ "note": "secret", "tags": ["canary"], "text": "Why?", "rev": 0 });
    item(&desk.change(&question, secret).await, 200);
    item(&desk.change(&question, json!({ "state": "claimed" })).await, 200);
    let private = json!({ "visibility": "asker", "coAnswer": true });
    assert_eq!(desk.answer(&desk.tim, &question, "for you", private).await.status, 200);
    let note = json!({ "visibility": "staff" });
    assert_eq!(desk.answer(&desk.tim, &question, "canary", note).await.status, 200);
    for client in [&mut core, &mut staff_without] {
        client.nothing_waits().await;
    }
    for (client, answers) in [(&mut bob, 0), (&mut ann, 1)] {
        for n in 0..4 {
            let told = client.object().await["item"].clone();
            let text = told.to_string();
            for word in ["secret", "canary", "why?", "Sue", "Tim", "sue", "tim"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
            assert_eq!(told["text"], "Why?");
            let there = told["private"].as_array().map_or(0, Vec::len);
            assert_eq!(there, if n >= 2 { answers } else { 0 }, "{told}");
        }
    }
    for (who, answers) in [(&desk.room.bob, 0), (&desk.room.ann, 1)] {
        let read = desk.room.get(who, "/api/question/changes?after=0").await;
        for word in ["secret", "canary", "why?", "\"Sue\"", "\"Tim\""] {
            assert!(!read.body.contains(word), "{word} in {}", read.body);
        }
        assert_eq!(read.body.matches("for you").count(), answers);
    }
    let page = desk.room.get(&desk.room.ann, "/api/message/chatmsg").await;
    assert!(!page.body.contains("secret") && !page.body.contains("canary"));
    desk.change_as(&desk.room.ann, &question, json!({ "state": "claimed" })).await.refused(403);
    desk.room
        .get(&desk.room.ann, &format!("/api/question/log?questionId={question}"))
        .await
        .refused(403);
}

#[tokio::test]
async fn garbage_is_refused_and_changes_nothing() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let before = desk.item(&question).await;
    for change in [
        json!({ "state": "dancing", "rev": 0 }),
        json!({ "state": 7, "rev": 0 }),
        json!({ "pinned": "yes", "rev": 0 }),
        json!({ "tags": [""], "rev": 0 }),
        json!({ "tags": vec!["t"; 11], "rev": 0 }),
        json!({ "note": "n".repeat(2001), "rev": 0 }),
        json!({ "rev": -1, "pinned": true }),
        json!({ "device": "d".repeat(65), "state": "claimed" }),
    ] {
        desk.change(&question, change).await.refused(400);
    }
    desk.change("no-1", json!({ "state": "claimed" })).await.refused(404);
    let message = desk.room.publish("no question").await.id;
    desk.change(message.as_str(), json!({ "state": "claimed" })).await.refused(404);
    desk.room.get(&desk.tim, "/api/question/changes?after=x").await.refused(400);
    for target in ["changes?stream=other", "log?stream=other"] {
        desk.room.get(&desk.tim, &format!("/api/question/{target}")).await.refused(403);
    }
    assert_eq!(desk.item(&question).await, before);
}

#[tokio::test]
async fn changes_are_whole_while_others_write_and_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let config = || Config { data: Some(data.path().to_owned()), ..Config::for_tests() };
    let desk = Desk::open(config()).await;
    let (mut sue, _) = at_the_desk(&desk.room, &desk.room.staff).await;
    let writing = async {
        for n in 0..60 {
            let question = desk.ask(&format!("{n}")).await;
            if n % 2 == 0 {
                item(&desk.change(&question, json!({ "pinned": true, "rev": 0 })).await, 200);
            }
        }
    };
    let reading = async {
        let (mut after, mut pages) = (0, 0);
        while after < 60 {
            let page = desk.changes(&format!("after={after}&limit=7")).await;
            let next = page["change"].as_u64().unwrap();
            assert!(next >= after, "never back");
            (after, pages) = (next, pages + 1);
        }
        pages
    };
    let ((), pages) = tokio::join!(writing, reading);
    assert!(pages > 1);
    // Told without a hole.
    let mut told = 0;
    while told < 90 {
        if let Got::Frame { data, .. } = sue.next().await
            && let Ok(Value::Object(frame)) = serde_json::from_str(&data)
            && frame["type"] == "triage"
        {
            told += 1;
            assert_eq!(frame["item"]["change"], told);
        }
    }
    let all = desk.changes("after=0").await;
    assert_eq!(
        (all["items"].as_array().unwrap().len(), &all["change"], &all["more"]),
        (60, &json!(90), &json!(false))
    );
    let (addr, tim) = (desk.room.addr(), desk.tim);
    desk.room.running.stop().await;
    let listener = TcpListener::bind(addr).await.unwrap();
    let running = aside_server::start(config(), listener).await.unwrap();
    let room = Room { running, ann: desk.room.ann, bob: desk.room.bob, staff: desk.room.staff };
    let desk = Desk { room, tim };
    assert_eq!(desk.changes("after=0").await, all);
    let question = desk.ask("later").await;
    assert_eq!(
        (
            desk.item(&question).await["number"].clone(),
            desk.item(&question).await["change"].clone()
        ),
        (json!(61), json!(91))
    );
    // A history that begins anew takes its questions along.
    desk.room.running.rooms().reset(&Topic::new(TOPIC)).await.unwrap();
    assert_eq!(desk.changes("after=0").await["items"], json!([]));
    assert_eq!(
        desk.room.running.rooms().entries(&Topic::new(TOPIC), Seq(0), 9).await.unwrap().len(),
        0
    );
}

#[tokio::test]
async fn too_many_steps_at_once_are_asked_to_come_later() {
    let desk = Desk::open(Config::default()).await;
    let question = desk.ask("why?").await;
    let mut refused = None;
    for _ in 0..40 {
        let reply = desk.change(&question, json!({ "state": "claimed" })).await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("a limit");
    refused.refused(429);
    assert!(refused.header("retry-after").is_some());
    // Saying something is another matter.
    let mut sue = desk.room.joined(&desk.room.staff).await;
    sue.say("still here").await;
    assert_eq!(sue.object().await["content"], "still here");
}
