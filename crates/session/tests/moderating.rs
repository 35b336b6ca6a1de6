//! What a desk does about people and what they say, from the side of those who do it, and of those to whom it is done.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use aside_history::Delivery;
use aside_protocol::EntryId;
use aside_protocol::moderation::{Deed, MUTE_SECONDS};
use aside_session::{HttpReply, ModerationError, Mute, Session, Settled};
use support::fake::{World, message};
use support::*;
use tokio::time::{Instant, sleep};

fn mute(user: &str, seconds: u64) -> Mute {
    Mute { user: user.to_owned(), seconds, reason: "spam".to_owned() }
}

/// A server with staff, who are online.
async fn kept_in_order() -> (Stage, Session) {
    let stage = Stage::start(Mode::Full).await;
    let sue = join_as(stage.addr(), stage.staff().await).await;
    assert!(online(&sue).await.facts.can_moderate);
    (stage, sue)
}

async fn entry_id(session: &Session, text: &str) -> EntryId {
    let row = row_is(session, text, "arrives", |_| true).await;
    entry_of(&row).entry.id.clone().unwrap()
}

fn told(deeds: &[Deed]) -> Vec<[String; 4]> {
    let line = |deed: &Deed| [&deed.action, &deed.user, &deed.old, &deed.reason].map(String::clone);
    deeds.iter().map(line).collect()
}

#[tokio::test]
async fn what_staff_remove_is_gone_for_all_and_stands_in_the_log() {
    let (stage, sue) = kept_in_order().await;
    let me = join(&stage).await;
    online(&me).await;
    stage.seed(["one".to_owned(), "rude".to_owned(), "three".to_owned()]).await;
    let id = entry_id(&sue, "rude").await;
    sue.remove_entry(id.clone(), "insult".to_owned()).await.unwrap();
    let view = until(&sue, "held", |view| !view.order.removing.is_empty()).await;
    assert_eq!((&view.order.removing[0].entry, view.order.removing[0].sent), (&id, false));
    sue.remove_now(id.clone()).await;
    for session in [&sue, &me] {
        reads(session, &["one".to_owned(), String::new(), "three".to_owned()]).await;
    }
    until(&sue, "done", |view| view.order.removing.is_empty()).await;
    let deeds = sue.deeds(None, 10).await.unwrap();
    assert_eq!(told(&deeds), [["removed", "ann", "rude", "insult"].map(str::to_owned)]);
    assert_eq!(sue.keep_entry(id).await, Err(ModerationError::TooLate));
}

#[tokio::test]
async fn who_is_muted_learns_until_when_and_speaks_again_when_let() {
    let (stage, sue) = kept_in_order().await;
    let bob = join_as(stage.addr(), stage.audience("bob").await).await;
    online(&bob).await;
    sue.mute(mute("bob", 600)).await.unwrap();
    let state = sue.moderation().await.unwrap();
    assert_eq!(state.muted.len(), 1);
    for asks in [false, true] {
        let id = if asks { bob.ask("why?").await } else { bob.send("hello").await };
        let settled = bob.settled(id.unwrap()).await.unwrap();
        let Settled::Failed { code, reason } = settled else { panic!("{settled:?}") };
        let until: jiff::Timestamp = reason.parse().unwrap();
        let left = until.duration_since(bob.now()).as_secs();
        assert_eq!((code.as_str(), (590..=601).contains(&left)), ("muted", true), "{reason}");
    }
    let view = bob.watch().borrow().clone();
    let told = view.order.muted_until.unwrap().as_millisecond();
    assert!((told - state.muted[0].until).abs() < 2000, "{told}");
    let kept =
        row_is(&bob, "hello", "is kept", |row| matches!(row.delivery, Delivery::Failed { .. }));
    let kept = kept.await;
    sue.mute(mute("bob", 0)).await.unwrap();
    bob.retry(kept.key).await.unwrap();
    row_is(&bob, "hello", "is sent", is_sent).await;
    until(&bob, "speaks", |view| view.order.muted_until.is_none()).await;
    assert_eq!(sue.moderation().await.unwrap().muted, []);
    let longer = sue.mute(mute("bob", MUTE_SECONDS + 1)).await;
    assert!(matches!(longer, Err(ModerationError::Refused { status: 400, .. })), "{longer:?}");
}

#[tokio::test]
async fn in_a_slow_room_what_is_said_waits_and_says_how_long() {
    let (stage, sue) = kept_in_order().await;
    sue.slow(30).await.unwrap();
    assert_eq!(sue.moderation().await.unwrap().slow_seconds, 30);
    let bob = join_as(stage.addr(), stage.audience("bob").await).await;
    assert_eq!(online(&bob).await.facts.slow_seconds, 30);
    let id = bob.send("one").await.unwrap();
    assert!(matches!(bob.settled(id).await.unwrap(), Settled::Sent { .. }));
    bob.send("two").await.unwrap();
    let view = until(&bob, "waits", |view| view.order.slowed_until.is_some()).await;
    let left = view.order.slowed_until.unwrap().duration_since(bob.now()).as_secs();
    assert!((20..=30).contains(&left), "{left}");
    let row = row_is(&bob, "two", "waits", |row| row.delivery == Delivery::Sending).await;
    bob.discard(row.key).await.unwrap();
    until(&bob, "nothing waits", |view| view.order.slowed_until.is_none()).await;
}

#[tokio::test]
async fn the_log_is_read_from_its_end() {
    let (_stage, sue) = kept_in_order().await;
    for seconds in 1..=5 {
        sue.slow(seconds).await.unwrap();
    }
    let numbers = |deeds: Vec<Deed>| deeds.iter().map(|deed| deed.number).collect::<Vec<_>>();
    assert_eq!(numbers(sue.deeds(None, 2).await.unwrap()), [4, 5]);
    assert_eq!(numbers(sue.deeds(Some(4), 2).await.unwrap()), [2, 3]);
    assert_eq!(numbers(sue.deeds(Some(2), 2).await.unwrap()), [1]);
    assert_eq!(numbers(sue.deeds(Some(1), 2).await.unwrap()), [] as [u64; 0]);
}

#[tokio::test]
async fn the_audience_is_offered_none_of_it() {
    let stage = Stage::start(Mode::Full).await;
    let me = join(&stage).await;
    assert!(!online(&me).await.facts.can_moderate);
    stage.publish("hi").await;
    let id = entry_id(&me, "hi").await;
    let no = Err(ModerationError::NotOffered);
    assert_eq!(me.remove_entry(id, String::new()).await, no);
    assert_eq!(me.mute(mute("ann", 60)).await, no);
    assert_eq!(me.slow(5).await, no);
    assert_eq!(me.moderation().await.map(drop), no);
    assert_eq!(me.deeds(None, 5).await.map(drop), no);
    assert_eq!(texts(&me).await, ["hi"]);
}

/// A server that moderates, and says this to a removal.
fn answering(status: u16) -> (World, Arc<AtomicU16>) {
    answering_later(status, false)
}

/// The same, and to come back in the end of all time.
fn answering_later(status: u16, asks_to_wait: bool) -> (World, Arc<AtomicU16>) {
    let (world, says) = (World::new(), Arc::new(AtomicU16::new(status)));
    let said = says.clone();
    world.route(move |request| {
        let body = r#"{"code":200,"data":{"extensions":["moderation"],"identity":{"user":"me","role":"moderator"}}}"#;
        let reply = |status, body: &str| HttpReply { status, body: body.into(), ..HttpReply::default() };
        match request.url.path() {
            path if path.ends_with("capabilities") => Ok(reply(200, body)),
            path if path.ends_with("remove") => {
                let wait = Some(u64::MAX.to_string()).filter(|_| asks_to_wait);
                Ok(HttpReply { retry_after: wait, ..reply(said.load(Ordering::Relaxed), "{}") })
            }
            _ => Ok(reply(404, "")),
        }
    });
    (world, says)
}

const WAIT: Duration = Duration::from_secs(5);
const REMOVE: &str = "moderation/remove";

#[tokio::test(start_paused = true)]
async fn a_removal_can_be_taken_back_for_six_seconds() {
    let (world, _) = answering(200);
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    let (spared, gone) = (EntryId::new("e1"), EntryId::new("e2"));
    let chosen = Instant::now();
    session.remove_entry(spared.clone(), String::new()).await.unwrap();
    session.remove_entry(gone.clone(), "rude".to_owned()).await.unwrap();
    session.remove_entry(gone, "twice".to_owned()).await.unwrap();
    peer.live_for(WAIT).await;
    assert_eq!(world.posted(REMOVE), [] as [&str; 0]);
    session.keep_entry(spared.clone()).await.unwrap();
    peer.live_for(WAIT).await;
    let posted = world.posted(REMOVE);
    assert_eq!(posted, [r#"{"entryId":"e2","streamId":"s","reason":"rude"}"#]);
    assert!(chosen.elapsed() >= Duration::from_secs(6));
    assert_eq!(session.keep_entry(spared).await, Err(ModerationError::TooLate));
    until(&session, "done", |view| view.order.removing.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_did_not_happen_is_tried_again_or_told() {
    let (world, says) = answering(503);
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    let id = EntryId::new("e1");
    session.remove_entry(id, String::new()).await.unwrap();
    peer.live_for(2 * WAIT).await;
    let tries = world.posted(REMOVE).len();
    assert!((2..=3).contains(&tries), "{tries}");
    says.store(403, Ordering::Relaxed);
    peer.live_for(WAIT).await;
    for other in ["e2", "e3"] {
        session.remove_entry(EntryId::new(other), String::new()).await.unwrap();
    }
    peer.live_for(2 * WAIT).await;
    let view = until(&session, "told", |view| view.order.not_removed.len() == 3).await;
    let told: Vec<_> =
        view.order.not_removed.iter().map(|n| (n.entry.as_str(), n.why.code())).collect();
    assert_eq!(told, ["e1", "e2", "e3"].map(|entry| (entry, "role_refused")));
    assert!(view.order.removing.is_empty());
    session.take_note().await;
    until(&session, "noted", |view| view.order.not_removed.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_removal_is_tried_again_within_a_minute_whatever_the_server_says() {
    let (world, says) = answering_later(503, true);
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    session.remove_entry(EntryId::new("e1"), String::new()).await.unwrap();
    peer.live_for(2 * WAIT).await;
    assert_eq!(world.posted(REMOVE).len(), 1);
    says.store(200, Ordering::Relaxed);
    peer.live_for(12 * WAIT).await;
    assert_eq!(world.posted(REMOVE).len(), 2);
    until(&session, "done", |view| view.order.removing.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_removal_waits_for_the_link_and_goes_out_before_the_room_is_left() {
    let (world, _) = answering(200);
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    session.remove_entry(EntryId::new("e1"), String::new()).await.unwrap();
    peer.close(1011, "").await;
    state(&session, "waiting").await;
    world.refuse(Some(aside_session::DialError::Unreachable));
    sleep(4 * WAIT).await;
    assert_eq!(world.posted(REMOVE).len(), 0, "not without a link");
    world.refuse(None);
    let mut peer = world.accept().await;
    peer.say(&message("bob", "back")).await;
    peer.live_for(WAIT).await;
    assert_eq!(world.posted(REMOVE).len(), 1);
    online(&session).await;
    session.remove_entry(EntryId::new("e2"), String::new()).await.unwrap();
    world.far(Duration::from_secs(1));
    session.close().await;
    assert_eq!(world.posted(REMOVE).len(), 2, "a slow link is waited for");
}
