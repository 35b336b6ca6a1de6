//! The three ways in of the first start, by keys alone: each ends in a room in which what one says arrives.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    app::{App, free_port, until},
    first::{card, copy},
    room::{Mode, Room, STREAM, TOPIC},
    stage::Stage,
};

const TAB: char = '\u{e004}';
const ESCAPE: char = '\u{1b}';
const SAYS: &str = "What I say arrives";
/// What has the focus, as a screen reader names it.
const FOCUSED: &str = "return document.activeElement ? named(document.activeElement) : '';";

/// Somebody at the keyboard, and how much they had to do.
struct Hands {
    app: App,
    began: Instant,
    keys: usize,
    /// Places to find, and what to write there.
    steps: usize,
}

impl Hands {
    async fn at_the_first_start(name: &str) -> Hands {
        let began = Instant::now();
        let app = App::start(Stage::fresh(name), &[], &[]).await;
        app.button("Try the demo").await;
        Hands { app, began, keys: 0, steps: 0 }
    }

    async fn press(&mut self, key: char) {
        self.keys += 1;
        self.app.keys(&key.to_string()).await;
    }

    async fn tab_to(&mut self, name: &str) {
        self.steps += 1;
        for _ in 0..60 {
            if self.app.ask::<String>(FOCUSED, json!([])).await.starts_with(name) {
                return;
            }
            self.press(TAB).await;
        }
        panic!("{name} is not reached by Tab");
    }

    async fn write(&mut self, name: &str, words: &str) {
        self.tab_to(name).await;
        self.keys += words.chars().count();
        self.app.keys(words).await;
    }

    /// Leaves the tour, says something, and is done once it has arrived.
    async fn speaks(mut self, way: &str) {
        self.app.becomes(&["online"]).await;
        until("the tour", || async { (!card(&self.app).await.is_empty()).then_some(()) }).await;
        self.press(ESCAPE).await;
        until("it is gone", || async { card(&self.app).await.is_empty().then_some(()) }).await;
        let behind = "return !all('textarea').some((el) => named(el) === 'Message');";
        if self.app.ask::<bool>(behind, json!([])).await {
            self.tab_to("Timeline").await;
            self.press('\n').await;
            // The list itself, and out of it past all that its rows hold.
            self.press(TAB).await;
            self.tab_to("Timeline").await;
            self.press(ESCAPE).await;
        }
        self.write("Message", SAYS).await;
        self.press('\n').await;
        let row = self.app.row(&[SAYS]).await;
        self.app.settled(&row.key).await;
        let Hands { began, keys, steps, .. } = self;
        eprintln!("{way}: {:?} of the machine's, {keys} keys, {steps} steps", began.elapsed());
    }
}

#[tokio::test]
async fn the_demo_is_entered_and_spoken_in_by_keys() {
    let mut hands = Hands::at_the_first_start("the_demo_is_entered_by_keys").await;
    hands.tab_to("Try the demo").await;
    hands.press('\n').await;
    hands.speaks("the demo").await;
}

#[tokio::test]
async fn a_room_is_joined_by_a_pasted_link_and_spoken_in_by_keys() {
    let room = Room::open(Mode::Full).await;
    let mut hands = Hands::at_the_first_start("a_room_is_joined_by_keys").await;
    let link = format!("{}/r/{TOPIC}/{STREAM}#t={}", room.url(), room.ana.expose());
    copy(&hands.app, &link).await;
    hands.app.control('v').await;
    hands.keys += 2;
    hands.app.row_or_words("Filled in from the link, with its token.").await;
    hands.write("Name", "Ana").await;
    hands.press('\n').await;
    hands.speaks("a pasted link").await;
    assert_eq!(room.texts().await, [SAYS]);
}

#[tokio::test]
async fn a_room_is_hosted_and_spoken_in_by_keys() {
    let mut hands = Hands::at_the_first_start("a_room_is_hosted_by_keys").await;
    hands.tab_to("Host a room").await;
    hands.press('\n').await;
    hands.write("Room's name", "Question time").await;
    hands.write("Your name", "Hanna").await;
    hands.tab_to("More settings").await;
    hands.press('\n').await;
    // Another port than the usual one, which a room beside this test may have.
    hands.write("Port", &free_port().to_string()).await;
    hands.press('\n').await;
    until("the room is shared", || async {
        hands.app.value("Link").await.starts_with("http://").then_some(())
    })
    .await;
    hands.press(ESCAPE).await;
    until("its sheet is gone", || async {
        let open = "return document.querySelector('dialog[open]') !== null;";
        (hands.app.ask::<Value>(open, json!([])).await == false).then_some(())
    })
    .await;
    hands.speaks("a hosted room").await;
}
