//! A token that the server does not accept: said in words, not tried again and again, and put right in place.

use std::time::Duration;

use crate::{
    app::{App, stays},
    room::{Mode, Room},
    stage::Stage,
};

#[tokio::test]
async fn a_wrong_token_is_refused_once_and_replaced() {
    let room = Room::open(Mode::Full).await;
    room.say("behind the door").await;
    let app = App::start(Stage::set("a_wrong_token_is_refused_once_and_replaced"), &[], &[]).await;
    app.join(&room, "not-the-token").await;
    let status = app.becomes(&["refused"]).await;
    assert!(status.text.contains("Not admitted"), "{}", status.text);
    assert!(app.words().await.contains("The token is wrong or has expired"));

    let attempts =
        || async { room.probe().requests().iter().filter(|request| request.status == 401).count() };
    // Whatever was on its way when the refusal came is there by then.
    tokio::time::sleep(Duration::from_millis(300)).await;
    stays(Duration::from_secs(5), attempts).await;
    let knocks =
        room.probe().requests().iter().filter(|request| request.target.starts_with("/ws")).count();
    assert!((1..=2).contains(&knocks), "{knocks} attempts to open the socket");
    assert_eq!(room.probe().accepted(), 0);

    app.press("Enter another token").await;
    app.fill("Token", room.ana.expose()).await;
    app.press("Use this token").await;
    app.becomes(&["online"]).await;
    app.row(&["behind the door"]).await;
}
