//! `aside --demo`: a room in the app itself, with an audience that says what it is.

use crate::{
    app::{App, until},
    stage::Stage,
};

#[tokio::test]
async fn the_demo_is_a_living_room_and_says_that_it_is_one() {
    let app = App::start(Stage::set("the_demo_is_a_living_room"), &["--demo"], &[]).await;
    app.becomes(&["online"]).await;
    // Who opens the demo sits at its desk.
    app.show("Timeline").await;
    let first = until("somebody says something", || async { app.rows().await.pop() }).await;
    until("and somebody else", || async { app.rows().await.pop().filter(|row| *row != first) })
        .await;
    assert!(app.words().await.contains("imulated audience"));
    app.type_into("Message", "I can speak here\n").await;
    let row = app.row(&["I can speak here"]).await;
    app.settled(&row.key).await;
}
