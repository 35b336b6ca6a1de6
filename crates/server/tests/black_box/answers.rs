//! Answers that not everybody may read, answers that are changed later, and questions that are made of messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aside_protocol::{Body, Entry, Seq, Topic};
use aside_server::{Clock, Config, TokenSpec};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Got, Reply};
use crate::desk::{Desk, at_the_desk, item};
use crate::room::{STREAM, TOPIC, spec};

async fn entries(desk: &Desk) -> Vec<Entry> {
    desk.room.running.rooms().entries(&Topic::new(TOPIC), Seq(0), 9).await.unwrap()
}

const NONCE: &str = "0b1f6b8c-0d52-4f8e-9a57-1f4a5f2f7f31";

fn private(item: &Value) -> Vec<(&str, &str, &str)> {
    let answers = item["private"].as_array().map_or(&[][..], Vec::as_slice);
    answers
        .iter()
        .map(|answer| {
            let text = |key: &str| answer[key].as_str().unwrap();
            (text("visibility"), text("text"), answer["by"]["user"].as_str().unwrap())
        })
        .collect()
}

fn id(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_private_answer_is_no_entry_and_a_note_closes_nothing() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let mut core = desk.room.joined(&desk.room.bob).await;
    let (mut tim, _) = at_the_desk(&desk.room, &desk.tim).await;
    let note = json!({ "visibility": "staff", "seen": 0 });
    id(&desk.answer(&desk.room.staff, &question, "ask legal", note).await);
    let told = tim.object().await["item"].clone();
    assert_eq!(private(&told), [("staff", "ask legal", "sue")]);
    assert_eq!(
        (&told["work"], &told["answers"], &told["lastAnswer"]),
        (&json!("open"), &json!(0), &json!(0))
    );

    let alone = json!({ "visibility": "asker", "seen": 0, "nonce": NONCE });
    let first = id(&desk.answer(&desk.room.staff, &question, "for you alone", alone.clone()).await);
    let told = tim.object().await["item"].clone();
    assert_eq!(private(&told), [("staff", "ask legal", "sue"), ("asker", "for you alone", "sue")]);
    assert_eq!((&told["work"], &told["answers"]), (&json!("answered"), &json!(1)));
    assert_eq!(told["lastAnswer"], told["change"]);
    // Once, however often it is sent; other words under the same name are a mistake.
    let again = id(&desk.answer(&desk.room.staff, &question, "for you alone", alone.clone()).await);
    assert_eq!(first, again);
    desk.answer(&desk.room.staff, &question, "other words", alone).await.refused(409);
    assert_eq!(private(&desk.item(&question).await).len(), 2);

    // Whoever did not see it is held, in public and in private; a note never is.
    for visibility in ["public", "asker"] {
        let late = json!({ "visibility": visibility, "seen": 0 });
        let held = desk.answer(&desk.tim, &question, "late", late).await;
        assert_eq!(item(&held, 409)["lastAnswer"], told["lastAnswer"]);
    }
    id(&desk
        .answer(&desk.tim, &question, "noted", json!({ "visibility": "staff", "seen": 0 }))
        .await);
    core.nothing_waits().await;
    assert_eq!(desk.room.log().await.len(), 1, "the question alone");
    let odd = json!({ "visibility": "friends" });
    desk.answer(&desk.tim, &question, "x", odd).await.refused(400);
    desk.answer(&desk.room.ann, &question, "x", json!({ "visibility": "staff" }))
        .await
        .refused(403);
}

#[tokio::test]
async fn a_co_answer_is_not_held_by_a_claim_but_by_an_answer() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    item(&desk.change_as(&desk.tim, &question, json!({ "state": "claimed" })).await, 200);
    for visibility in ["public", "asker"] {
        let beside = json!({ "visibility": visibility, "seen": 0, "coAnswer": true });
        let seen = desk.item(&question).await["lastAnswer"].clone();
        let reply = desk.answer(&desk.room.staff, &question, "beside", beside).await;
        if visibility == "public" {
            assert_eq!(reply.status, 200, "{reply:?}");
        } else {
            assert_eq!(item(&reply, 409)["lastAnswer"], seen);
        }
    }
}

#[tokio::test]
async fn an_answer_is_changed_by_its_author_for_ten_minutes_and_by_a_host_always() {
    let now = Arc::new(AtomicI64::new(1_700_000_000_000));
    let seen = Arc::clone(&now);
    let clock = move || Timestamp::from_millisecond(seen.load(Ordering::Relaxed)).unwrap();
    let desk = Desk::open(Config { clock: Clock::from_fn(clock), ..Config::for_tests() }).await;
    let host = TokenSpec {
        role: aside_protocol::Role::Host,
        ..TokenSpec::staff(spec(), "hal", "Hal", "Org")
    };
    let host = desk.room.running.rooms().create_token(host).await.unwrap();
    let question = desk.ask("why?").await;
    let public = id(&desk.answer(&desk.room.staff, &question, "because", json!({})).await);
    let alone = id(&desk
        .answer(&desk.room.staff, &question, "pst", json!({ "visibility": "asker" }))
        .await);
    let post = async |who, path: &str, mut body: Value| {
        body["streamId"] = STREAM.into();
        desk.room.post(who, path, body).await
    };
    let edit = |id: &str, text: &str| json!({ "answerId": id, "content": text });
    for id in [&public, &alone] {
        post(&desk.tim, "/api/answer/edit", edit(id, "mine")).await.refused(403);
        post(&desk.room.ann, "/api/answer/edit", edit(id, "mine")).await.refused(403);
        post(&desk.room.staff, "/api/answer/edit", edit(id, " ")).await.refused(400);
    }
    post(&desk.room.staff, "/api/answer/edit", edit(&question, "no answer")).await.refused(404);
    now.fetch_add(599_000, Ordering::Relaxed);
    let (mut tim, at) = at_the_desk(&desk.room, &desk.tim).await;
    let changed =
        item(&post(&desk.room.staff, "/api/answer/edit", edit(&public, "since")).await, 200);
    assert_eq!(tim.object().await["item"], changed);
    assert_eq!((&changed["change"], &changed["answers"]), (&json!(at + 1), &json!(2)));
    let content = changed["edits"][0]["content"].as_str().unwrap();
    let now_says = Body::parse(aside_protocol::EntryKind::Answer, content);
    let Body::Answer { text, notes, .. } = &now_says else { panic!("{now_says:?}") };
    assert_eq!(
        (text.as_str(), notes.edited_at, notes.retracted),
        ("since", Some(1_700_000_599_000), false)
    );
    assert_eq!(changed["edits"][0]["answerId"], json!(public));
    let changed =
        item(&post(&desk.room.staff, "/api/answer/edit", edit(&alone, "psst")).await, 200);
    assert_eq!(private(&changed), [("asker", "psst", "sue")]);
    // The log of the room says it as it is now; its place is the same.
    let log = entries(&desk).await;
    assert_eq!((log.len(), log[1].body()), (2, now_says));

    now.fetch_add(2_000, Ordering::Relaxed);
    let retract = |id: &str| json!({ "answerId": id });
    for id in [&public, &alone] {
        post(&desk.room.staff, "/api/answer/retract", retract(id)).await.refused(403);
    }
    let back = item(&post(&host, "/api/answer/retract", retract(&alone)).await, 200);
    assert_eq!((private(&back), &back["answers"]), (vec![("asker", "", "sue")], &json!(1)));
    assert_eq!(back["private"][0]["retracted"], true);
    assert_eq!(back["work"], "answered", "the other answer is there");
    let back = item(&post(&host, "/api/answer/retract", retract(&public)).await, 200);
    assert_eq!((&back["answers"], &back["work"]), (&json!(0), &json!("open")));
    assert_eq!((&back["reason"], &back["closedAt"]), (&Value::Null, &Value::Null));
    let again = item(&post(&host, "/api/answer/retract", retract(&public)).await, 200);
    assert_eq!(again["answers"], 0, "it can be taken back once");
    let log = entries(&desk).await;
    assert!(!log[1].content.contains("since") && !log[1].content.contains("because"));
}

#[tokio::test]
async fn a_message_becomes_one_question_of_its_author() {
    let desk = Desk::open(Config::for_tests()).await;
    let message = desk.room.publish("will there be slides?").await.id.as_str().to_owned();
    let from = async |who, id: &str| {
        desk.room
            .post(who, "/api/question/from", json!({ "entryId": id, "streamId": STREAM }))
            .await
    };
    from(&desk.room.ann, &message).await.refused(403);
    let (first, second) = tokio::join!(from(&desk.room.staff, &message), from(&desk.tim, &message));
    let made = item(&first, 200);
    assert_eq!(made, item(&second, 200));
    assert_eq!(
        (&made["text"], &made["sourceId"], &made["number"]),
        (&json!("will there be slides?"), &json!(message), &json!(1))
    );
    let log = entries(&desk).await;
    assert_eq!(
        (log.len(), &log[0].user, &log[0].display_name),
        (2, &log[1].user, &log[1].display_name)
    );
    from(&desk.room.staff, made["questionId"].as_str().unwrap()).await.refused(404);
    from(&desk.room.staff, "no-1").await.refused(404);
}

#[tokio::test]
async fn edited_words_and_those_who_asked_the_same_stand_in_the_answer() {
    let desk = Desk::open(Config::for_tests()).await;
    let (a, b) = (desk.ask("wat?").await, desk.ask("what exactly?").await);
    let edited = item(&desk.change(&a, json!({ "text": "What?", "rev": 0 })).await, 200);
    assert_eq!((&edited["text"], &edited["originalText"]), (&json!("What?"), &json!("wat?")));
    let other = aside_server::NewEntry::question("bo", "Bo", "what is it?");
    let other = desk.room.running.rooms().publish(&Topic::new(TOPIC), other).await.unwrap().id;
    item(&desk.change(other.as_str(), json!({ "mergeInto": a, "rev": 0 })).await, 200);
    item(&desk.change(&b, json!({ "mergeInto": a, "rev": 0 })).await, 200);
    let target = desk.item(&a).await;
    assert_eq!(target["merged"].as_array().unwrap().len(), 2);
    id(&desk.answer(&desk.tim, &a, "this", json!({})).await);
    let log = entries(&desk).await;
    let Body::Answer { question, notes, .. } = log.last().unwrap().body() else {
        panic!("{log:?}")
    };
    assert_eq!(
        (question.as_str(), notes.also_asked),
        ("What?", vec!["Bo".to_owned()]),
        "Ann asked herself"
    );

    // Apart again, both know it.
    let (mut tim, at) = at_the_desk(&desk.room, &desk.tim).await;
    let rev = desk.item(&b).await["rev"].clone();
    let apart = item(&desk.change(&b, json!({ "unmerge": true, "rev": rev })).await, 200);
    assert_eq!((&apart["work"], &apart["mergedInto"]), (&json!("open"), &Value::Null));
    let told = [tim.object().await["item"].clone(), tim.object().await["item"].clone()];
    assert_eq!((&told[0], &told[1]["questionId"]), (&apart, &json!(a)));
    assert_eq!((&told[0]["change"], &told[1]["change"]), (&json!(at + 1), &json!(at + 2)));
    assert_eq!(told[1]["merged"].as_array().unwrap().len(), 1);
    let first = item(&desk.change(&a, json!({ "text": "wat?", "rev": told[1]["rev"] })).await, 200);
    assert_eq!(first["originalText"], Value::Null, "the first words again are no edit");
}

/// Clients take no larger message.
#[tokio::test]
async fn a_question_with_more_notes_than_a_message_holds_is_read_instead_of_told() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("why?").await;
    let (mut tim, at) = at_the_desk(&desk.room, &desk.tim).await;
    let (mut bob, _) = at_the_desk(&desk.room, &desk.room.bob).await;
    const NOTES: u64 = 40;
    let mut whole = 0;
    for change in at + 1..=at + NOTES {
        let note = json!({ "visibility": "staff" });
        id(&desk.answer(&desk.room.staff, &question, &"x".repeat(8_000), note).await);
        match tim.next().await {
            Got::Frame { data, .. } if data.len() > 256 * 1024 => panic!("{} bytes", data.len()),
            Got::Frame { data, .. } => {
                let told: Value = serde_json::from_str(&data).unwrap();
                if told["type"] == "triage" {
                    assert_eq!(told["item"]["change"], change);
                    whole += 1;
                } else {
                    assert_eq!(told, json!({ "type": "desk", "change": change }));
                }
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(bob.object().await["item"]["change"], change, "it is small to the audience");
    }
    assert!((20..NOTES).contains(&whole), "{whole} were told whole");
    assert_eq!(private(&desk.item(&question).await).len() as u64, NOTES);
}

#[tokio::test]
async fn an_answer_that_was_taken_back_opens_only_what_it_closed() {
    let desk = Desk::open(Config::for_tests()).await;
    let post = async |path: &str, mut body: Value| {
        body["streamId"] = STREAM.into();
        item(&desk.room.post(&desk.room.staff, path, body).await, 200)
    };
    for (state, reason, then) in [
        ("answered", "spoken", "answered"),
        ("dismissed", "abuse", "dismissed"),
        ("follow_up", "", "follow_up"),
    ] {
        let question = desk.ask("why?").await;
        let answer = id(&desk.answer(&desk.room.staff, &question, "because", json!({})).await);
        let rev = desk.item(&question).await["rev"].clone();
        let close = json!({ "state": state, "reason": reason, "rev": rev });
        item(&desk.change(&question, close).await, 200);
        let back = post("/api/answer/retract", json!({ "answerId": answer })).await;
        assert_eq!((&back["work"], &back["answers"]), (&json!(then), &json!(0)));
    }
    let question = desk.ask("when?").await;
    let answer = id(&desk.answer(&desk.room.staff, &question, "at three", json!({})).await);
    let back = post("/api/answer/retract", json!({ "answerId": answer })).await;
    assert_eq!(back["work"], "open");
    let said = post("/api/answer/edit", json!({ "answerId": answer, "content": "at four" })).await;
    assert_eq!((&said["work"], &said["answers"]), (&json!("answered"), &json!(1)));
}
