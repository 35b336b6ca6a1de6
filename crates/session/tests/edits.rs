//! Answers that were changed while they were on their way here.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_protocol::triage::{AnswerEdit, Item, Person};
use aside_protocol::{
    AnswerNotes, Body, Control, Entry, EntryId, EntryKind, Epoch, Seq, ServerFrame,
};
use aside_session::{HttpReply, Session};
use support::fake::{Peer, World, message};
use support::*;

const S: fn(u64) -> Duration = Duration::from_secs;

fn says(text: &str, edited_at: Option<i64>, retracted: bool) -> String {
    let notes = AnswerNotes { edited_at, retracted, ..AnswerNotes::default() };
    Body::Answer {
        org_name: "Acme".to_owned(),
        org_logo: String::new(),
        question: "why?".to_owned(),
        text: text.to_owned(),
        question_id: Some(EntryId::new("q")),
        notes,
    }
    .to_content()
}

fn answer(content: String) -> Entry {
    let (id, seq) = (Some(EntryId::new("e2")), Some(Seq(2)));
    Entry { kind: EntryKind::Answer, id, seq, content, ..message("desk", "") }
}

fn first() -> Entry {
    Entry { id: Some(EntryId::new("e1")), seq: Some(Seq(1)), ..message("bob", "hi") }
}

/// The server tells that the answer reads otherwise now.
async fn tells(peer: &mut Peer, change: u64, content: String) {
    let edit = AnswerEdit { answer_id: EntryId::new("e2"), content };
    let item = Item::new(EntryId::new("q"), 1, "why?".to_owned(), Person::default(), 0);
    let item = Item { change, edits: vec![edit], ..item };
    peer.raw(&ServerFrame::triage_text(&item)).await;
}

/// A room whose history does not come for now.
async fn waiting() -> (World, Session, Peer) {
    let world = World::new();
    world.route(|request| {
        let able = r#"{"code":200,"data":{"extensions":["seq","resume","triage"],"identity":{"user":"me","role":"staff"}}}"#;
        let known = request.url.path().ends_with("capabilities");
        let (status, body) = if known { (200, able) } else { (404, "") };
        Ok(HttpReply { status, body: body.into(), ..HttpReply::default() })
    });
    world.break_history(true);
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    let (topic, epoch) = ("t".to_owned(), Epoch::new("life"));
    let joined = Control::Joined { topic, epoch, seq: Seq(1), resumed: false, removals: 0 };
    for control in [joined, Control::Desk { change: 0 }] {
        peer.raw(&ServerFrame::control_text(&control)).await;
    }
    peer.live_for(Duration::from_millis(50)).await;
    (world, session, peer)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_changed_before_its_page_comes_reads_as_it_was_changed() {
    let (world, session, mut peer) = waiting().await;
    tells(&mut peer, 1, says("new", Some(5), false)).await;
    // The page was made before.
    world.remember(first());
    world.remember(answer(says("old", None, false)));
    world.break_history(false);
    peer.live_for(S(10)).await;
    assert_eq!(texts(&session).await, ["hi", "new"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_changed_while_it_is_held_back_reads_as_it_was_changed() {
    for (before, change, after) in [
        (says("old", None, false), says("new", Some(5), false), "new"),
        (says("old", Some(3), false), says("", None, true), ""),
        // Of these two the answer itself is the newer one.
        (says("newest", Some(7), false), says("new", Some(5), false), "newest"),
        (says("", None, true), says("new", Some(5), false), ""),
    ] {
        let (world, session, mut peer) = waiting().await;
        peer.say(&answer(before)).await;
        tells(&mut peer, 1, change).await;
        peer.live_for(Duration::from_millis(50)).await;
        assert!(texts(&session).await.is_empty(), "what was before it did not come yet");
        world.remember(first());
        world.break_history(false);
        peer.live_for(S(20)).await;
        assert_eq!(texts(&session).await, ["hi", after]);
    }
}
