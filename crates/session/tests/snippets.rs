//! Texts that a room's staff share: what one of them writes the others have, and nobody overwrites what they have not seen.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use aside_protocol::triage::Snippets;
use aside_server::{Config, RoomSpec, TokenSpec};
use aside_session::{DeskState, Session, SnippetError};
use support::*;
use tokio::time::{Instant, sleep};

/// Another member of staff.
async fn tim(stage: &Stage) -> Session {
    let spec = TokenSpec::staff(RoomSpec::new("room-1").stream("stream-1"), "tim", "Tim", "Acme");
    let token = stage.running.rooms().create_token(spec).await.unwrap().token;
    join_as(stage.addr(), token).await
}

async fn sue(stage: &Stage) -> Session {
    join_as(stage.addr(), stage.staff().await).await
}

/// The list, as soon as it is of this revision of the room.
async fn list(session: &Session, rev: u64) -> Snippets {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let list = session.team_snippets().await.unwrap();
        if list.rev == rev && session.watch().borrow().desk.snippets.is_some() {
            return list;
        }
        assert!(Instant::now() < deadline, "{list:#?}");
        sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn names(list: &Snippets) -> Vec<&str> {
    list.snippets.iter().map(|one| one.name.as_str()).collect()
}

async fn put(
    session: &Session,
    rev: u64,
    id: Option<&str>,
    name: &str,
) -> Result<Snippets, SnippetError> {
    let (id, text) = (id.map(str::to_owned), format!("text of {name}"));
    session.put_team_snippet(rev, id, name.to_owned(), text).await
}

#[tokio::test]
async fn what_one_writes_the_other_has_without_asking() {
    let stage = Stage::start(Mode::Full).await;
    let (sue, tim) = (sue(&stage).await, tim(&stage).await);
    let before = (list(&sue, 0).await, list(&tim, 0).await);
    assert_eq!(before, (Snippets::default(), Snippets::default()));
    let mut watch = tim.watch();
    let seen = watch.borrow_and_update().desk.snippets;
    let written = put(&sue, 0, None, "thanks").await.unwrap();
    assert_eq!((written.rev, names(&written)), (1, vec!["thanks"]));
    assert_eq!(sue.team_snippets().await.unwrap(), written, "at once, for whoever wrote it");
    assert_eq!(list(&tim, 1).await, written);
    assert_eq!(written.snippets[0].by.user, "desk");
    assert_ne!(tim.watch().borrow().desk.snippets, seen, "and is told so");

    let id = written.snippets[0].id.clone();
    put(&tim, 1, Some(&id), "ta").await.unwrap();
    assert_eq!(names(&list(&sue, 2).await), ["ta"]);
    sue.remove_team_snippet(2, id).await.unwrap();
    assert_eq!(names(&list(&tim, 3).await), Vec::<&str>::new());
}

#[tokio::test]
async fn who_has_not_seen_the_newest_gets_it_and_changes_nothing() {
    let stage = Stage::start(Mode::Full).await;
    let (sue, tim) = (sue(&stage).await, tim(&stage).await);
    list(&tim, 0).await;
    list(&sue, 0).await;
    let (a, b) = tokio::join!(put(&sue, 0, None, "sue's"), put(&tim, 0, None, "tim's"));
    let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
    let now = won.unwrap();
    let late = lost.unwrap_err();
    assert_eq!(late, SnippetError::Conflict(now.clone()));
    assert_eq!(late.code(), "snippets_changed");
    for session in [&sue, &tim] {
        assert_eq!(list(session, 1).await, now);
    }
    let id = now.snippets[0].id.clone();
    assert_eq!(
        tim.remove_team_snippet(0, id.clone()).await,
        Err(SnippetError::Conflict(now.clone()))
    );
    assert_eq!(put(&tim, 1, Some("77"), "x").await, Err(SnippetError::NotOffered));
    let long = tim.put_team_snippet(1, None, "x".to_owned(), "x".repeat(16 * 1024 + 1)).await;
    assert_eq!(long, Err(SnippetError::Full));
    let blank = put(&tim, 1, None, " ").await;
    assert!(matches!(blank, Err(SnippetError::Refused { status: 400, .. })), "{blank:?}");
    tim.remove_team_snippet(1, id).await.unwrap();
}

#[tokio::test]
async fn without_a_link_the_last_list_stays_and_what_was_missed_comes_with_the_next() {
    let stage = Stage::durable(Mode::Full).await;
    let (tim, addr) = (tim(&stage).await, stage.addr());
    list(&tim, 0).await;
    let known = put(&tim, 0, None, "thanks").await.unwrap();
    let away = stage.stop().await;
    until(&tim, "catching up", |view| view.desk.state == DeskState::CatchingUp).await;
    assert_eq!(tim.team_snippets().await.unwrap(), known);
    assert!(tim.watch().borrow().desk.snippets.is_some());
    assert_eq!(put(&tim, 1, None, "later").await, Err(SnippetError::Offline));
    assert_eq!(
        tim.remove_team_snippet(1, known.snippets[0].id.clone()).await,
        Err(SnippetError::Offline)
    );

    let stage = away.start_at(addr).await;
    let sue = sue(&stage).await;
    list(&sue, 1).await;
    let now = put(&sue, 1, None, "later").await.unwrap();
    tim.reconnect();
    assert_eq!(list(&tim, 2).await, now);
}

#[tokio::test]
async fn it_outlives_the_rooms_history_and_not_a_server_that_has_none() {
    let stage = Stage::durable(Mode::Full).await;
    let (tim, addr) = (tim(&stage).await, stage.addr());
    list(&tim, 0).await;
    put(&tim, 0, None, "one").await.unwrap();
    put(&tim, 1, None, "two").await.unwrap();
    stage.running.rooms().reset(&topic()).await.unwrap();
    until(&tim, "fresh", |view| view.desk.state == DeskState::Fresh).await;
    assert_eq!(names(&list(&tim, 2).await), ["one", "two"]);
    let away = stage.stop().await.without_extensions();
    let stage = away.start_at(addr).await;
    tim.reconnect();
    until(&tim, "none", |view| view.desk.snippets.is_none()).await;
    assert_eq!(tim.team_snippets().await.unwrap(), Snippets::default());
    assert_eq!(put(&tim, 2, None, "x").await, Err(SnippetError::NotOffered));
    drop(stage);
}

#[tokio::test]
async fn the_audience_and_the_core_have_none() {
    let full = Stage::start(Mode::Full).await;
    let core = Stage::with(Config { core_only: true, ..config(Mode::Core) }).await;
    let (ann, bob) = (join(&full).await, join(&core).await);
    let sue = sue(&full).await;
    list(&sue, 0).await;
    put(&sue, 0, None, "thanks").await.unwrap();
    for session in [&ann, &bob] {
        online(session).await;
        assert_eq!(session.team_snippets().await.unwrap(), Snippets::default());
        assert_eq!(session.watch().borrow().desk.snippets, None);
        assert_eq!(put(session, 1, None, "mine").await, Err(SnippetError::NotOffered));
    }
}
