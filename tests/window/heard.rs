//! What a person hears who sees nothing: names, roles and states of what a window shows, and what of a room is said aloud.

use std::time::Instant;

use serde_json::json;

use crate::{
    app::{App, until},
    hidden::TITLE,
    reader::{Node, Reader, Role, State},
    room::{Mode, Room},
    stage::Stage,
};

const TAB: &str = "\u{e004}";
/// How often the page says something new, at most (`ui/src/state/announcer.svelte.ts`).
const SAID_EVERY_MS: u128 = 4_000;

/// The words of one language under which things are found.
struct Words {
    lang: &'static str,
    timeline: &'static str,
    message: &'static str,
    ask: &'static str,
    live: &'static str,
    settings: &'static str,
}

const LANGUAGES: [Words; 2] = [
    Words {
        lang: "en_US.UTF-8",
        timeline: "Timeline",
        message: "Message",
        ask: "Ask",
        live: "Live",
        settings: "Settings",
    },
    Words {
        lang: "zh_CN.UTF-8",
        timeline: "时间线",
        message: "消息",
        ask: "提问",
        live: "已连接",
        settings: "设置",
    },
];

async fn read_by(name: &str) -> (Stage, Reader) {
    let mut stage = Stage::set(name);
    let reader = Reader::sit_down(&mut stage).await;
    (stage, reader)
}

/// What can have the focus, and is called nothing.
fn nameless(page: &Node) -> Vec<String> {
    let below = page.all().into_iter().skip(1);
    let nameless = below.filter(|node| node.is(State::Focusable) && node.name.trim().is_empty());
    nameless.map(|node| format!("{:?} {:?} {}", node.role, node.attributes, node.read())).collect()
}

async fn every_control_has_a_name(reader: &Reader, screen: &str) {
    let nameless = nameless(&reader.page(TITLE).await);
    assert!(nameless.is_empty(), "{screen}: {nameless:#?}");
}

/// The name of what has the focus.
async fn focus(reader: &Reader) -> Option<String> {
    let page = reader.page(TITLE).await;
    let all = page.all();
    // A list and its chosen line both say that they have it: the line is further in.
    let focused = all.into_iter().rev().find(|node| node.is(State::Focused))?;
    Some(focused.name.clone())
}

async fn has_the_focus(reader: &Reader, name: &str) {
    until(&format!("{name} has the focus"), || async {
        focus(reader).await.is_some_and(|focused| focused.starts_with(name)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_room_is_heard_by_its_roles_and_names_in_both_languages() {
    let room = Room::open(Mode::Full).await;
    room.say("hello there").await;
    room.say("and once more").await;
    room.ask_and_answer("Is there a lift?", "Yes, at the gate.").await;
    for words in LANGUAGES {
        let (mut stage, reader) = read_by("a_room_is_heard_by_its_roles_and_names").await;
        stage.lang = words.lang.to_owned();
        let app = App::start_in(stage, &room).await;
        app.becomes(&["online"]).await;
        app.row(&["Yes, at the gate."]).await;
        let read = |page: &Node| {
            let log = page.find(Role::Log, words.timeline)?;
            let rows = log.all().into_iter().filter(|node| node.role == Role::Article);
            Some(rows.map(|row| (row.name.clone(), row.read())).collect::<Vec<_>>())
        };
        let rows = reader
            .until("four rows are read", TITLE, |page| read(page).filter(|rows| rows.len() == 4));
        let rows = rows.await;
        for (row, name, text) in [
            // The second of one person's rows shows no name, and has one all the same.
            (&rows[0], "Bo", "hello there"),
            (&rows[1], "Bo", "and once more"),
            (&rows[2], "Dora", "Is there a lift?"),
            (&rows[3], "Museum", "Yes, at the gate."),
        ] {
            assert!(row.0 == name && row.1.contains(text), "{name}, {text}: {row:?}");
        }
        let page = reader.page(TITLE).await;
        let composer = page.find(Role::Entry, words.message).expect("a composer");
        assert!(composer.is(State::Editable) && composer.is(State::Focusable));
        let ask = page.find(Role::Toggle, words.ask).expect("the mode");
        assert!(!ask.is(State::Pressed));
        let all = page.all();
        let status = all.iter().find(|node| node.role == Role::Status && node.read() == words.live);
        status.expect("the connection in words");
        every_control_has_a_name(&reader, "a room").await;

        app.type_into(words.message, "typed 打字").await;
        reader
            .until("what is typed is read", TITLE, |page| {
                let composer = page.find(Role::Entry, words.message)?;
                (composer.is(State::Focused) && composer.text == "typed 打字").then_some(())
            })
            .await;
        app.press(words.settings).await;
        let dialog = |page: &Node| {
            let dialog = page.find(Role::Dialog, words.settings)?;
            let inside = dialog.all().iter().any(|node| node.is(State::Focused));
            (dialog.is(State::Modal) && inside).then_some(())
        };
        reader.until("a dialog with a name has the focus", TITLE, dialog).await;
        every_control_has_a_name(&reader, "settings").await;
    }
}

#[tokio::test]
async fn the_focus_is_heard_where_tab_takes_it() {
    let room = Room::open(Mode::Full).await;
    room.say("hello there").await;
    let (stage, reader) = read_by("the_focus_is_heard_where_tab_takes_it").await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["hello there"]).await;
    // From the beginning of the page to its end.
    let begin = "document.activeElement?.blur(); getSelection().removeAllRanges(); return null;";
    app.ask::<()>(begin, json!([])).await;
    let named = "return named(document.activeElement);";
    let mut heard = Vec::new();
    for _ in 0..60 {
        app.keys(TAB).await;
        // Asked again and again: what was unread a moment ago is a part of a room's name.
        let same = until("the focus is heard where it is", || async {
            let name: String = app.ask(named, json!([])).await;
            focus(&reader)
                .await
                .filter(|heard| !name.is_empty() && name.starts_with(heard.as_str()))
        });
        heard.push(same.await);
        if heard.last().is_some_and(|name| name == "Ask") {
            break;
        }
    }
    for name in ["Settings", "Timeline", "Message", "Ask"] {
        assert!(heard.iter().any(|heard| heard == name), "{name}: {heard:?}");
    }
}

#[tokio::test]
async fn a_desk_is_heard_with_what_its_questions_are_at() {
    let room = Room::open(Mode::Full).await;
    let first = room.ask("Is there a lift?").await;
    room.ask("Where is the gate?").await;
    let (stage, reader) = read_by("a_desk_is_heard_with_what_its_questions_are_at").await;
    let app = App::start_at_desk(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row_or_words("Where is the gate?").await;
    let lane = |page: &Node| {
        let lane = page.find(Role::ListBox, "Open")?;
        let options = lane.all().into_iter().filter(|node| node.role == Role::ListItem);
        Some(options.map(|node| (node.name.clone(), node.is(State::Selected))).collect::<Vec<_>>())
    };
    let reads = |options: &[(String, bool)], n: usize, words: &[&str]| {
        options.get(n).is_some_and(|(name, _)| words.iter().all(|word| name.contains(word)))
    };
    let two = reader.until("two open questions", TITLE, |page| {
        lane(page).filter(|options| {
            reads(options, 0, &["#1 ", "Dora", " Open ", "Is there a lift?"])
                && reads(options, 1, &["#2 ", "Where is the gate?"])
        })
    });
    assert!(two.await.iter().all(|(_, selected)| !selected));
    every_control_has_a_name(&reader, "the desk").await;

    app.keys("j").await;
    reader
        .until("the chosen one is heard", TITLE, |page| {
            let options = lane(page)?;
            (options.first()?.1 && !options.get(1)?.1).then_some(())
        })
        .await;
    app.keys("r").await;
    has_the_focus(&reader, "Answer").await;
    every_control_has_a_name(&reader, "a question").await;
    app.type_into("Answer", "mine").await;
    reader
        .until("that it is mine is heard", TITLE, |page| {
            lane(page).filter(|options| reads(options, 0, &["by you", "Is there a lift?"]))
        })
        .await;
    room.colleague_answers(first, "Yes.").await;
    reader
        .until("that it is answered is heard", TITLE, |page| {
            lane(page).filter(|options| reads(options, 0, &["Answered", "Is there a lift?"]))
        })
        .await;
}

#[tokio::test]
async fn a_fast_room_is_told_in_few_words_and_a_lost_connection_at_once() {
    let mut room = Room::open(Mode::Full).await;
    room.say("hello there").await;
    let (stage, reader) = read_by("a_fast_room_is_told_in_few_words").await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["hello there"]).await;
    reader.page(TITLE).await;
    let (before, began) = (reader.aloud().len(), Instant::now());
    for burst in 0..10 {
        room.say_all((0..50).map(|n| format!("row {}", burst * 50 + n))).await;
        app.row(&[&format!("row {}", burst * 50 + 49)]).await;
    }
    let counted = until("it is said how many came", || async {
        let said = reader.aloud().split_off(before);
        said.iter().any(|words| words.contains("new messages")).then_some(said)
    });
    let said = counted.await;
    // Beside that: that the room is live, that it is fast, and what was said before it was.
    let most = began.elapsed().as_millis() / SAID_EVERY_MS + 3;
    assert!((said.len() as u128) <= most, "{said:?}");

    room.stop().await;
    until("the lost connection is said", || async {
        reader.aloud().iter().any(|words| words.contains("Reconnecting")).then_some(())
    })
    .await;
}
