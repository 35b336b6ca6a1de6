//! What a desk does about people and what they say, from the side of those who read and write.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_protocol::moderation::{REMOVE_PATH, RemoveRequest};
use aside_protocol::{StreamId, Token};
use aside_session::Settled;
use support::*;

/// Staff remove what a row shows.
async fn remove(stage: &Stage, staff: &Token, id: aside_protocol::EntryId) {
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
    let id = session.send("spam").await.unwrap();
    let Settled::Failed { code, .. } = session.settled(id).await.unwrap() else { panic!("held") };
    assert_eq!(code, "202");
    rooms.mute(&topic(), "me", Duration::from_secs(60), "").await.unwrap();
    let id = session.send("hello").await.unwrap();
    let Settled::Failed { code, .. } = session.settled(id).await.unwrap() else { panic!("muted") };
    assert_eq!(code, "muted");
}
