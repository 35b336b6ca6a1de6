//! A room that reviews, from the side of those who ask: their row says the truth, and becomes the question that it is.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use aside_history::{Delivery, Row, Store};
use aside_protocol::EntryId;
use aside_protocol::triage::{Change, Item, Review};
use aside_session::{DeskState, Session, Settled, Wish};
use support::*;
use tokio::time::{Instant, sleep};

/// A server whose room reviews, and staff in it.
async fn reviewing() -> (Stage, Session) {
    let stage = Stage::durable(Mode::Full).await;
    stage.running.rooms().set_review(&topic(), true).await.unwrap();
    let sue = join_as(stage.addr(), stage.staff().await).await;
    online(&sue).await;
    (stage, sue)
}

async fn item_when(session: &Session, fits: impl Fn(&Item) -> bool) -> Item {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let items = session.questions(0).await.unwrap().items;
        if let Some(item) = items.iter().find(|item| fits(item)) {
            return item.clone();
        }
        assert!(Instant::now() < deadline, "{items:#?}");
        sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn decide(staff: &Session, review: Review, reason: Option<&str>) -> Item {
    let item = item_when(staff, |item| item.is_submission() && item.review != review).await;
    let change =
        Change { review: Some(review), reason: reason.map(str::to_owned), ..Change::default() };
    let (question, rev) = (item.question_id, Some(item.rev));
    staff.triage(Wish { question, rev, device: String::new(), change }).await.unwrap()
}

async fn waits(session: &Session, text: &str) -> Row {
    row_is(session, text, "in review", |row| row.delivery == Delivery::InReview).await
}

async fn ask(session: &Session, text: &str) -> EntryId {
    let id = session.ask(text).await.unwrap();
    let Settled::InReview { id } = session.settled(id).await.unwrap() else { panic!("in review") };
    id
}

#[tokio::test]
async fn the_row_waits_and_becomes_the_question() {
    let (stage, sue) = reviewing().await;
    let (me, bob) = (join(&stage).await, join_as(stage.addr(), stage.audience("bob").await).await);
    online(&me).await;
    assert!(online(&bob).await.facts.reviews);
    ask(&me, "why?").await;
    let row = waits(&me, "why?").await;
    stage.publish("chat").await;
    // Nothing is held up by it.
    let said = me.send("and this").await.unwrap();
    assert!(matches!(me.settled(said).await.unwrap(), Settled::Sent { .. }));
    let seen = ["chat".to_owned(), "and this".to_owned()];
    reads(&bob, &seen).await;
    let view = sue.watch().borrow().clone();
    assert_eq!(view.desk.open, 0, "it is no question yet");

    decide(&sue, Review::Approved, None).await;
    let published = row_is(&me, "why?", "published", is_sent).await;
    assert_eq!(published.key, row.key);
    let all = ["chat".to_owned(), "and this".to_owned(), "why?".to_owned()];
    for session in [&me, &bob, &sue] {
        reads(session, &all).await;
    }
    assert_eq!(stage.texts_on_server().await, all);
    let question = item_when(&sue, |item| !item.is_submission()).await;
    assert_eq!((question.number, question.text.as_str()), (1, "why?"));
    until(&sue, "open", |view| view.desk.open == 1).await;
}

#[tokio::test]
async fn a_rejection_is_told_with_its_reason_and_so_is_that_it_was_taken_back() {
    let (stage, sue) = reviewing().await;
    let me = join(&stage).await;
    online(&me).await;
    ask(&me, "why?").await;
    let rejected = |reason: &'static str| move |row: &aside_history::EntryRow| matches!(&row.delivery, Delivery::Failed { code, reason: said } if code == "rejected" && said == reason);
    decide(&sue, Review::Rejected, Some("off topic")).await;
    let row = row_is(&me, "why?", "rejected", rejected("off topic")).await;
    // Asking once more is the same question.
    me.retry(row.key).await.unwrap();
    row_is(&me, "why?", "still rejected", rejected("off topic")).await;
    decide(&sue, Review::Pending, None).await;
    waits(&me, "why?").await;
    decide(&sue, Review::Rejected, None).await;
    row_is(&me, "why?", "rejected again", rejected("")).await;
    decide(&sue, Review::Approved, None).await;
    let published = row_is(&me, "why?", "published", is_sent).await;
    assert_eq!(published.key, row.key);
    assert_eq!(stage.texts_on_server().await, ["why?"]);
}

#[tokio::test]
async fn what_waits_is_known_after_a_restart_even_without_the_cache() {
    for forget_the_cache in [false, true] {
        let (stage, sue) = reviewing().await;
        let dir = tempfile::tempdir().unwrap();
        let open = async || {
            let store = Store::open(dir.path()).unwrap().store;
            join_with(stage.addr(), stage.token.clone(), store).await
        };
        let me = open().await;
        online(&me).await;
        ask(&me, "why?").await;
        ask(&me, "how?").await;
        waits(&me, "how?").await;
        me.close().await;
        drop(me);
        if forget_the_cache {
            std::fs::remove_file(dir.path().join("cache.db")).unwrap();
        }
        let me = open().await;
        let row = waits(&me, "why?").await;
        until(&me, "fresh", |view| view.desk.state == DeskState::Fresh).await;
        waits(&me, "why?").await;
        me.close().await;
        drop(me);
        // Decided while nobody was here to hear of it; what came since is more than the cache knows.
        let first = item_when(&sue, |item| item.text == "why?").await;
        let change = Change { review: Some(Review::Approved), ..Change::default() };
        let (question, rev) = (first.question_id, Some(first.rev));
        sue.triage(Wish { question, rev, device: String::new(), change }).await.unwrap();
        let second = item_when(&sue, |item| item.text == "how?").await;
        let change = Change { review: Some(Review::Rejected), ..Change::default() };
        let (question, rev) = (second.question_id, Some(second.rev));
        sue.triage(Wish { question, rev, device: String::new(), change }).await.unwrap();
        let me = open().await;
        let published = row_is(&me, "why?", "published", is_sent).await;
        assert_eq!(published.key, row.key);
        row_is(&me, "how?", "rejected", |row| matches!(row.delivery, Delivery::Failed { .. }))
            .await;
        assert_eq!(stage.texts_on_server().await, ["why?"]);
    }
}

#[tokio::test]
async fn a_question_that_the_server_forgot_waits_no_longer() {
    let (stage, sue) = reviewing().await;
    let me = join(&stage).await;
    online(&me).await;
    let before = ask(&me, "why?").await;
    stage.running.rooms().reset(&topic()).await.unwrap();
    let gone = |row: &aside_history::EntryRow| matches!(&row.delivery, Delivery::Failed { code, .. } if code == "withdrawn");
    let row = row_is(&me, "why?", "withdrawn", gone).await;
    // A person may ask again.
    me.retry(row.key).await.unwrap();
    waits(&me, "why?").await;
    let other = |item: &Item| item.review == Review::Pending && item.question_id != before;
    item_when(&sue, other).await;
    assert!(stage.texts_on_server().await.is_empty());
}

#[tokio::test]
async fn on_a_server_that_reviews_no_more_nothing_waits_for_ever() {
    let (stage, sue) = reviewing().await;
    sue.close().await;
    let me = join(&stage).await;
    online(&me).await;
    ask(&me, "why?").await;
    let addr = stage.addr();
    let stage = stage.stop().await.without_extensions().start_at(addr).await;
    let gone = |row: &aside_history::EntryRow| matches!(&row.delivery, Delivery::Failed { code, .. } if code == "withdrawn");
    let row = row_is(&me, "why?", "withdrawn", gone).await;
    me.discard(row.key).await.unwrap();
    assert!(stage.texts_on_server().await.is_empty());
}
