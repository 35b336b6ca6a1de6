//! A person joins through the form, reads the past, hears the others, says something and asks something.

use crate::{
    app::App,
    room::{Mode, Room, past, past_kind},
    stage::Stage,
    wire,
};

const PAST: usize = 250;

#[tokio::test]
async fn a_room_with_everything() {
    live_in(Mode::Full, "a_room_with_everything").await;
}

#[tokio::test]
async fn a_room_that_knows_part_one_alone() {
    live_in(Mode::Core, "a_room_that_knows_part_one_alone").await;
}

async fn live_in(mode: Mode, name: &str) {
    let room = Room::open(mode).await;
    room.remember(PAST).await;
    let app = App::start(Stage::set(name), &[], &[]).await;
    app.join(&room, room.ana.expose()).await;
    app.becomes(&["online"]).await;
    the_past_is_there_in_order(&app).await;
    the_others_are_heard(&app, &room, mode).await;
    what_is_written_arrives(&app, &room, mode).await;
    what_is_asked_arrives(&app, &room).await;
    assert_eq!(
        app.alerts().await,
        Vec::<String>::new(),
        "nothing went wrong, so nothing may say so"
    );
    assert!(!app.words().await.contains("404"));
    wire::check_all(&room, mode);
    assert_eq!(room.ana_connections().len(), 1, "one window, one connection");
}

async fn the_past_is_there_in_order(app: &App) {
    app.row(&[&past(PAST - 1)]).await;
    let rows = app.whole_timeline().await;
    let entries: Vec<_> =
        rows.iter().filter(|row| row.kind != "gap" && row.kind != "boundary").collect();
    assert_eq!(entries.len(), PAST);
    for (number, row) in entries.iter().enumerate() {
        assert!(row.text.contains(&past(number)), "row {number}: {}", row.text);
        assert_eq!(row.kind, past_kind(number), "row {number}");
    }
    let answer = entries.iter().find(|row| row.kind == "answer").unwrap();
    assert!(answer.text.contains("Museum replied to Dora"), "{}", answer.text);
}

async fn the_others_are_heard(app: &App, room: &Room, mode: Mode) {
    let mut bo = room.bo().await;
    bo.say("Hello from Bo").await;
    assert_eq!(app.row(&["Hello from Bo"]).await.kind, "message");
    match mode {
        Mode::Full => {
            bo.ask("When do the doors open?").await;
            let question = bo.hears("When do the doors open?").await;
            assert_eq!(app.row(&["When do the doors open?"]).await.kind, "question");
            bo.answer(room.cleo(), &question, "At nine.").await;
        }
        // Part 1 has no way to answer: the server's owner does.
        Mode::Core => room.ask_and_answer("When do the doors open?", "At nine.").await,
    }
    let answer = app.row(&["At nine."]).await;
    assert_eq!(answer.kind, "answer");
    for part in ["Museum replied to", "When do the doors open?"] {
        assert!(answer.text.contains(part), "{}", answer.text);
    }
}

async fn what_is_written_arrives(app: &App, room: &Room, mode: Mode) {
    let mut bo = room.bo().await;
    // Quotes and a backslash must survive three encodings.
    let text = r#"Ana says "hi" \ 你好"#;
    app.type_into("Message", &format!("{text}\n")).await;
    let heard = bo.hears("Ana says").await;
    assert_eq!(heard["content"], text);
    assert_eq!(heard["user"], "ana");
    assert_eq!(heard["type"], "message");
    wire::check_sent(room, text, mode);
    let row = app.row(&["Ana says"]).await;
    app.settled(&row.key).await;
    assert_eq!(app.value("Message").await, "", "the field is free for the next one");
}

async fn what_is_asked_arrives(app: &App, room: &Room) {
    let mut bo = room.bo().await;
    app.press("Ask").await;
    app.type_into("Message", "Is there a cloakroom?\n").await;
    let heard = bo.hears("Is there a cloakroom?").await;
    assert_eq!(heard["type"], "question");
    assert_eq!(heard["content"], r#"{"content":"Is there a cloakroom?"}"#);
    let row = app.row(&["Is there a cloakroom?"]).await;
    assert_eq!(row.kind, "question");
    app.settled(&row.key).await;
    let asks = room
        .probe()
        .requests()
        .into_iter()
        .filter(|request| request.target.contains("question/add"));
    // One of Ana's, and in a full room Bo's.
    assert!(asks.clone().all(|ask| ask.method == "POST" && ask.status == 200));
    // The next one is a message again.
    app.type_into("Message", "Only a remark.\n").await;
    assert_eq!(bo.hears("Only a remark.").await["type"], "message");
}
