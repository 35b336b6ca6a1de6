//! What a desk does about people and what they say, from the side of those who read and write.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use aside_history::{Anchor, Delivery, RowKind};
use aside_protocol::moderation::{REMOVE_PATH, RemoveRequest};
use aside_protocol::triage::{Change, Review, SaidAs};
use aside_protocol::{Body, Control, Entry, EntryId, Epoch, Seq, ServerFrame, StreamId, Token};
use aside_server::NewEntry;
use aside_session::{HttpReply, Session, Settled, Wish};
use support::fake::{Peer, World, message};
use support::*;

/// Staff remove what a row shows.
async fn remove(stage: &Stage, staff: &Token, id: EntryId) {
    let stream_id = StreamId::new("stream-1");
    let body = RemoveRequest { entry_id: id, stream_id, reason: String::new() }.to_json();
    let reply = reqwest::Client::new()
        .post(format!("http://{}/{REMOVE_PATH}", stage.addr()))
        .header("authorization", staff.expose())
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
}

#[tokio::test]
async fn what_is_removed_leaves_its_place_in_every_timeline() {
    let stage = Stage::start(Mode::Full).await;
    let (session, staff) = (join(&stage).await, stage.staff().await);
    online(&session).await;
    stage.seed(["one".to_owned(), "rude".to_owned(), "three".to_owned()]).await;
    let row = row_is(&session, "rude", "arrives", |_| true).await;
    let id = entry_of(&row).entry.id.clone().unwrap();
    remove(&stage, &staff, id).await;
    reads(&session, &["one".to_owned(), String::new(), "three".to_owned()]).await;
    let row = rows(&session).await.remove(1);
    assert_eq!(entry_of(&row).entry.display_name, "");
}

#[tokio::test]
async fn the_name_and_the_words_of_a_question_that_is_gone_leave_its_answer_too() {
    let stage = Stage::start(Mode::Full).await;
    let (session, staff) = (join(&stage).await, stage.staff().await);
    online(&session).await;
    let asked = NewEntry::question("u1", "Rude Name", "rude?");
    stage.running.rooms().publish(&topic(), asked).await.unwrap();
    let row = row_is(&session, "rude?", "arrives", |_| true).await;
    let id = entry_of(&row).entry.id.clone().unwrap();
    let desk = join_as(stage.addr(), staff.clone()).await;
    online(&desk).await;
    row_is(&desk, "rude?", "arrives", |_| true).await;
    desk.answer(id.clone(), "no").await.unwrap();
    row_is(&session, "no", "arrives", |_| true).await;
    remove(&stage, &staff, id).await;
    reads(&session, &[String::new(), "no".to_owned()]).await;
    let answer = rows(&session).await.remove(1);
    let said = &entry_of(&answer).entry;
    let Body::Answer { question, text, .. } = said.body() else { panic!("an answer") };
    assert_eq!((said.display_name.as_str(), question.as_str(), text.as_str()), ("", "", "no"));
}

#[tokio::test]
async fn the_name_of_who_asked_leaves_an_answer_whose_question_is_not_here() {
    let stage = Stage::start(Mode::Full).await;
    let (rooms, staff) = (stage.running.rooms(), stage.staff().await);
    let asked = NewEntry::question("u1", "Rude Name", "rude?");
    let id = rooms.publish(&topic(), asked).await.unwrap().id;
    stage.seed(numbered(1, 300)).await;
    let desk = join_as(stage.addr(), staff.clone()).await;
    online(&desk).await;
    desk.answer(id.clone(), "no").await.unwrap();
    let store = inline_store();
    let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
    let name = |row: &aside_history::EntryRow| row.entry.display_name.clone();
    row_is(&session, "no", "arrives", |row| name(row) == "Rude Name").await;
    remove(&stage, &staff, id).await;
    row_is(&session, "no", "is nobody's", |row| name(row).is_empty()).await;
    session.close().await;
    drop(session);

    // Many at once, while nobody was here.
    let mut rude = Vec::new();
    for n in 0..9 {
        let asked = NewEntry::question("u1", "Rude Name", format!("rude {n}?"));
        rude.push(rooms.publish(&topic(), asked).await.unwrap().id);
    }
    let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
    desk.answer(rude[8].clone(), "never").await.unwrap();
    row_is(&session, "never", "arrives", |row| name(row) == "Rude Name").await;
    session.close().await;
    drop(session);
    for id in rude {
        remove(&stage, &staff, id).await;
    }
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    row_is(&session, "never", "is nobody's", |row| name(row).is_empty()).await;
}

#[tokio::test]
async fn what_was_removed_while_nobody_was_here_is_gone_from_the_cache_too() {
    let stage = Stage::start(Mode::Full).await;
    let (store, staff) = (inline_store(), stage.staff().await);
    let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
    online(&session).await;
    stage.seed(["one".to_owned(), "rude".to_owned(), "three".to_owned()]).await;
    let row = row_is(&session, "rude", "arrives", |_| true).await;
    let id = entry_of(&row).entry.id.clone().unwrap();
    session.close().await;
    drop(session);
    remove(&stage, &staff, id).await;
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    reads(&session, &["one".to_owned(), String::new(), "three".to_owned()]).await;
}

#[tokio::test]
async fn a_question_without_a_name_is_still_ones_own() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        let name = Some("Anonymous".to_owned());
        stage.running.rooms().set_anonymous(&topic(), name).await.unwrap();
        let session = join(&stage).await;
        online(&session).await;
        let id = session.ask("why?").await.unwrap();
        let settled = session.settled(id).await.unwrap();
        assert!(matches!(settled, Settled::Sent { .. }), "{mode:?} {settled:?}");
        row_is(&session, "why?", "is sent", is_sent).await;
        reads(&session, &["why?".to_owned()]).await;
        assert!(entry_of(&rows(&session).await[0]).mine, "{mode:?}");
    }
}

#[tokio::test]
async fn a_muted_person_is_told_and_a_word_that_holds_is_no_loss() {
    let stage = Stage::start(Mode::Full).await;
    let rooms = stage.running.rooms();
    rooms.change_words(&topic(), "en", &["spam".to_owned()], true).await.unwrap();
    let session = join(&stage).await;
    online(&session).await;
    let sue = join_as(stage.addr(), stage.staff().await).await;
    let id = session.send("spam").await.unwrap();
    let Settled::InReview { id: held } = session.settled(id).await.unwrap() else { panic!("held") };
    let waits = row_is(&session, "spam", "waits", |row| row.delivery == Delivery::InReview).await;
    assert!(stage.texts_on_server().await.is_empty());
    // What is said later is not held up by it.
    let more = session.send("and this").await.unwrap();
    assert!(matches!(session.settled(more).await.unwrap(), Settled::Sent { .. }));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let item = loop {
        let known = sue.questions(0).await.unwrap().items;
        match known.into_iter().find(|item| item.question_id == held) {
            Some(item) => break item,
            None => assert!(tokio::time::Instant::now() < deadline, "staff are not told"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((item.text.as_str(), item.kind), ("spam", SaidAs::Message));
    let change = Change { review: Some(Review::Approved), ..Change::default() };
    sue.triage(Wish { question: held, rev: Some(item.rev), device: String::new(), change })
        .await
        .unwrap();
    let sent = row_is(&session, "spam", "is sent", is_sent).await;
    assert_eq!(sent.key, waits.key);
    let said = ["and this".to_owned(), "spam".to_owned()];
    reads(&session, &said).await;
    assert_eq!(stage.texts_on_server().await, said);
    rooms.mute(&topic(), "me", Duration::from_secs(60), "").await.unwrap();
    let id = session.send("hello").await.unwrap();
    let Settled::Failed { code, .. } = session.settled(id).await.unwrap() else { panic!("muted") };
    assert_eq!(code, "muted");
}

/// A room with places in which the desk removes; the list of what was missed comes with this status.
fn with_removals(status: u16) -> (World, Arc<AtomicU16>) {
    let (world, says) = (World::new(), Arc::new(AtomicU16::new(status)));
    let said = says.clone();
    world.route(move |request| {
        let reply =
            |status, body: &str| HttpReply { status, body: body.into(), ..HttpReply::default() };
        let able = r#"{"code":200,"data":{"extensions":["seq","resume","moderation"]}}"#;
        let list = r#"{"code":200,"data":{"removals":[{"id":"e2","seq":2,"number":1}]}}"#;
        match request.url.path() {
            path if path.ends_with("capabilities") => Ok(reply(200, able)),
            path if path.ends_with("removals") => Ok(reply(said.load(Ordering::Relaxed), list)),
            _ => Ok(reply(404, "")),
        }
    });
    (world, says)
}

fn placed(seq: u64) -> Entry {
    let id = Some(EntryId::new(format!("e{seq}")));
    Entry { id, seq: Some(Seq(seq)), ..message("bob", &format!("said {seq}")) }
}

async fn joins(peer: &mut Peer, seq: u64, removals: u64) {
    let (topic, epoch) = ("t".to_owned(), Epoch::new("life"));
    let joined = Control::Joined { topic, epoch, seq: Seq(seq), resumed: true, removals };
    peer.raw(&ServerFrame::control_text(&joined)).await;
}

async fn goes(peer: &mut Peer, seq: u64, number: u64) {
    let removed = Control::Removed { id: EntryId::new(format!("e{seq}")), seq: Seq(seq), number };
    peer.raw(&ServerFrame::control_text(&removed)).await;
}

async fn says_in_row(session: &Session, place: usize) -> String {
    entry_of(&rows(session).await[place]).entry.content.clone()
}

const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn what_is_removed_before_it_is_shown_is_never_shown() {
    let (world, _) = with_removals(200);
    world.break_history(true);
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    joins(&mut peer, 2, 0).await;
    // It is held until the page that goes before it comes.
    peer.say(&placed(2)).await;
    goes(&mut peer, 2, 1).await;
    peer.live_for(A_WHILE).await;
    world.remember(placed(1));
    world.break_history(false);
    peer.live_for(A_WHILE).await;
    reads(&session, &["said 1".to_owned(), String::new()]).await;
    let row = rows(&session).await.remove(1);
    assert_eq!(entry_of(&row).entry.display_name, "");
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_does_not_come_back_with_a_page_that_was_made_before() {
    let (world, _) = with_removals(200);
    for seq in 1..=300 {
        world.remember(placed(seq));
    }
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    joins(&mut peer, 300, 0).await;
    peer.live_for(A_WHILE).await;
    goes(&mut peer, 7, 1).await;
    peer.live_for(A_WHILE).await;
    let first = rows(&session).await[0].place;
    session.page(Anchor::Before(first), 50).await.unwrap();
    assert_eq!(says_in_row(&session, 6).await, "");
    assert_eq!(says_in_row(&session, 7).await, "said 8");

    // The same where a gap is filled.
    world.break_history(true);
    peer.say(&placed(310)).await;
    peer.live_for(12 * A_WHILE).await;
    let all = rows(&session).await;
    let gap = all.iter().find(|row| matches!(row.kind, RowKind::Gap(_))).unwrap().key;
    goes(&mut peer, 305, 2).await;
    for seq in 301..=310 {
        world.remember(placed(seq));
    }
    world.break_history(false);
    peer.live_for(A_WHILE).await;
    session.fill_gap(gap).await.unwrap();
    assert_eq!(says_in_row(&session, 304).await, "");
    assert_eq!(says_in_row(&session, 305).await, "said 306");
}

#[tokio::test(start_paused = true)]
async fn a_list_of_removals_that_does_not_come_is_asked_for_again() {
    let (world, says) = with_removals(503);
    for seq in 1..=3 {
        world.remember(placed(seq));
    }
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    joins(&mut peer, 3, 1).await;
    peer.live_for(A_WHILE).await;
    assert_eq!(says_in_row(&session, 1).await, "said 2");
    peer.live_for(4 * A_WHILE).await;
    let tries = world.requests("removals").len();
    assert!((3..=5).contains(&tries), "each wait is twice the one before: {tries}");
    says.store(200, Ordering::Relaxed);
    peer.live_for(6 * A_WHILE).await;
    reads(&session, &["said 1".to_owned(), String::new(), "said 3".to_owned()]).await;
}
