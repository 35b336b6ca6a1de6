//! The answer desk: questions answered by keys alone, never twice unknowingly, and nothing that was begun is lost.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::app::{App, until};
use crate::driver;
use crate::room::{Mode, Room, STREAM};
use crate::stage::Stage;

/// The questions in the list, top to bottom: what they say, and which is selected.
const QUESTIONS: &str = "return all('[role=listbox] [role=option]')
    .map((el) => [text(el), el.getAttribute('aria-selected') === 'true', el.dataset.work]);";

async fn questions(app: &App) -> Vec<(String, bool, String)> {
    app.ask(QUESTIONS, json!([])).await
}

pub(crate) async fn listed(app: &App, count: usize) {
    until("the questions are listed", || async {
        (questions(app).await.len() == count).then_some(())
    })
    .await;
}

/// Waits until so many questions of a lane have come to the window, not only to the server.
/// A list that is looked at takes nothing in by itself: its lane is chosen after this.
async fn counted(app: &App, lane: &str, count: usize) {
    let body = "return all('[role=tab]').some((el) => text(el).replaceAll(' ', '') === a + b);";
    until("the lane has them", || async {
        app.ask::<bool>(body, json!([lane, count])).await.then_some(())
    })
    .await;
}

/// Waits until the list's own keys are heard: no field has the focus.
pub(crate) async fn no_field(app: &App) {
    let body = "return !document.activeElement?.matches(FIELD);";
    until("no field has the focus", || async {
        app.ask::<bool>(body, json!([])).await.then_some(())
    })
    .await;
}

pub(crate) async fn in_the_answer(app: &App) {
    let body = "const el = document.activeElement; return el?.matches(FIELD) && named(el).startsWith('Answer');";
    until("the answer has the focus", || async {
        app.ask::<Option<bool>>(body, json!([])).await.unwrap_or(false).then_some(())
    })
    .await;
}

#[tokio::test]
async fn twenty_questions_are_answered_by_keys_alone() {
    let room = Room::open(Mode::Full).await;
    for n in 1..=20 {
        room.ask(&format!("question {n:02}")).await;
    }
    let app =
        App::start_at_desk(Stage::set("twenty_questions_are_answered_by_keys_alone"), &room).await;
    listed(&app, 20).await;
    let began = Instant::now();
    for n in 1..=20 {
        no_field(&app).await;
        // The next that needs me, and into its answer.
        app.keys("n").await;
        app.keys("r").await;
        in_the_answer(&app).await;
        app.type_into("Answer", &format!("answer {n:02}")).await;
        app.control_enter().await;
        until("it was sent", || async { app.value("Answer").await.is_empty().then_some(()) }).await;
        app.keys("\u{1b}").await;
    }
    eprintln!(
        "20 questions from open to answered: {:?} each, 5 keys and the text",
        began.elapsed() / 20
    );
    until("all answers are there", || async { (room.texts().await.len() == 40).then_some(()) })
        .await;
    let texts = room.texts().await;
    for n in 1..=20 {
        let answer = format!("answer {n:02}");
        assert_eq!(texts.iter().filter(|text| **text == answer).count(), 1, "{texts:?}");
    }
    counted(&app, "Done", 20).await;
    no_field(&app).await;
    app.keys("5").await;
    listed(&app, 20).await;
    assert!(questions(&app).await.iter().all(|(.., work)| work == "answered"));
}

#[tokio::test]
async fn an_answer_that_would_be_the_second_is_held_beside_the_first() {
    let room = Room::open(Mode::Full).await;
    let question = room.ask("why?").await;
    let stage = Stage::set("an_answer_that_would_be_the_second_is_held_beside_the_first");
    let app = App::start_at_desk(stage, &room).await;
    let mut bo = room.bo().await;
    listed(&app, 1).await;
    app.keys("nr").await;
    in_the_answer(&app).await;
    app.type_into("Answer", "mine").await;
    room.colleague_answers(question, "theirs").await;
    app.row_or_words("theirs").await;
    app.control_enter().await;
    let held = "return all('[data-testid=held]').map(text)[0] ?? null;";
    let shown =
        until("it is held", || async { app.ask::<Option<String>>(held, json!([])).await }).await;
    assert!(shown.contains("theirs"), "{shown}");
    assert_eq!(room.texts().await, ["why?", "theirs"], "nothing was published");
    // Knowing of the other, it is sent beside it. Focus was never taken from the list.
    no_field(&app).await;
    app.keys("r").await;
    in_the_answer(&app).await;
    app.control_enter().await;
    assert_eq!(bo.hears("mine").await["type"], "answer");
    assert_eq!(room.texts().await, ["why?", "theirs", "mine"]);
    until("nothing is held", || async {
        app.ask::<Option<String>>(held, json!([])).await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_draft_survives_a_kill_and_keys_of_any_layout_are_text() {
    let room = Room::open(Mode::Full).await;
    room.ask("why?").await;
    room.ask("how?").await;
    let stage = Stage::set("a_draft_survives_a_kill_and_keys_of_any_layout_are_text");
    let app = App::start_at_desk(stage, &room).await;
    listed(&app, 2).await;
    app.keys("nr").await;
    in_the_answer(&app).await;
    let text = "ć @ # [ ] n x e c 1 . ? 因为";
    app.type_into("Answer", text).await;
    assert_eq!(app.value("Answer").await, text);
    let (lane, before) = (questions(&app).await, app.words().await);
    assert!(lane.len() == 1 || lane.iter().any(|(.., work)| work == "claimed"), "{before}");
    // What is composed is text, and no key of it is a command.
    let compose = "const field = all(FIELD).find((el) => named(el).startsWith('Answer'));
        for (const key of ['x', 'e', 'j', 'Enter'])
            for (const [code, composing] of [[229, false], [88, true]])
                field.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode: code, isComposing: composing, bubbles: true, cancelable: true }));
        return field.value;";
    assert_eq!(app.ask::<String>(compose, json!([])).await, text);
    // As long as a draft may take to the disk.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stage = app.die().await;

    let app = App::start(stage, &[], &[]).await;
    let mine = "all('[role=tab]').find((el) => text(el).startsWith('Mine'))?.click();
        return all('[role=listbox] [role=option]').length;";
    until("it is mine", || async { (app.ask::<usize>(mine, json!([])).await == 1).then_some(()) })
        .await;
    no_field(&app).await;
    app.keys("jr").await;
    in_the_answer(&app).await;
    until("the draft is back", || async { (app.value("Answer").await == text).then_some(()) })
        .await;
    assert_eq!(room.texts().await.len(), 2, "and nothing was sent");
}

#[tokio::test]
async fn what_waits_for_review_is_approved_by_a_key_and_then_the_audience_hears_it() {
    let room = Room::open(Mode::Full).await;
    room.review().await;
    let stage = Stage::set("what_waits_for_review_is_approved_by_a_key");
    let app = App::start_at_desk(stage, &room).await;
    let mut bo = room.bo().await;
    bo.ask("may I ask?").await;
    bo.ask("buy this").await;
    counted(&app, "Review", 2).await;
    no_field(&app).await;
    app.keys("1").await;
    listed(&app, 2).await;
    assert!(room.texts().await.is_empty(), "nobody else has seen it");
    app.keys("ja").await;
    assert_eq!(bo.hears("may I ask?").await["type"], "question");
    listed(&app, 1).await;
    app.keys("jX").await;
    until("it is rejected", || async {
        app.keys("5").await;
        (questions(&app).await.len() == 1).then_some(())
    })
    .await;
    assert!(questions(&app).await[0].0.contains("buy this"));
    app.keys("2").await;
    listed(&app, 1).await;
    assert!(questions(&app).await[0].0.contains("#1"), "it has its number now");
    assert_eq!(room.texts().await, ["may I ask?"]);
}

#[tokio::test]
async fn two_hundred_votes_a_second_do_not_move_the_selected_row() {
    let room = Room::open(Mode::Full).await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(room.ask(&format!("question {n:02}")).await);
    }
    let crowd = room.crowd(50).await;
    let stage = Stage::set("two_hundred_votes_a_second_do_not_move_the_selected_row");
    let app = App::start_at_desk(stage, &room).await;
    listed(&app, 12).await;
    let by_votes = "const sort = all('select').find((el) => [...el.options].some((option) => option.value === 'votes'));
        sort.value = 'votes'; sort.dispatchEvent(new Event('change', { bubbles: true })); sort.blur();
        return all('[role=option]').length;";
    app.ask::<usize>(by_votes, json!([])).await;
    no_field(&app).await;
    app.keys("jjjj").await;
    let place = "const el = all('[role=option][aria-selected=true]')[0]; if (!el) return null;
        const { x, y, width, height } = el.getBoundingClientRect(); return [el.dataset.id, x, y, width, height];";
    let first = app.ask::<Option<(String, f64, f64, f64, f64)>>(place, json!([])).await.unwrap();
    let http = driver::client();
    let began = Instant::now();
    let votes = crowd.iter().enumerate().flat_map(|(n, token)| {
        let (http, ids, room) = (&http, &ids, &room);
        (0..8).map(move |k| async move {
            // Spread over two seconds.
            tokio::time::sleep(Duration::from_millis(250 * k + 5 * n as u64)).await;
            let question = ids[(n * 7 + usize::try_from(k).unwrap() * 5) % 12].as_str();
            let body = json!({ "questionId": question, "streamId": STREAM, "vote": true });
            let request = http
                .post(format!("{}/api/question/vote", room.url()))
                .header("Authorization", token.expose())
                .header("content-type", "application/json")
                .body(body.to_string());
            assert_eq!(request.send().await.unwrap().status(), 200);
        })
    });
    let looking = async {
        let mut looks = 0;
        while began.elapsed() < Duration::from_secs(3) {
            let now = app.ask::<Option<(String, f64, f64, f64, f64)>>(place, json!([])).await;
            assert_eq!(now, Some(first.clone()), "after {:?}", began.elapsed());
            looks += 1;
        }
        looks
    };
    let (_, looks) = tokio::join!(join_all(votes), looking);
    assert!(looks > 10, "{looks}");
    // They came: the order would be another one, and says so.
    until("the order is said to have changed", || async {
        app.words().await.contains("order changed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_core_server_has_its_desk_here_and_the_composer_says_why_it_is_off() {
    let room = Room::open(Mode::Core).await;
    room.ask("why?").await;
    room.ask("how?").await;
    let stage = Stage::set("a_core_server_has_its_desk_here");
    let app = App::start_in(stage, &room).await;
    app.show("Questions").await;
    listed(&app, 2).await;
    app.keys("jx").await;
    listed_or_fewer(&app).await;
    app.keys("j\n").await;
    until("the composer says why", || async {
        app.words().await.contains("takes no answers from the desk").then_some(())
    })
    .await;
    room.ask_and_answer("when?", "at noon").await;
    app.keys("5").await;
    until("what was answered is done", || async {
        // The list holds still until it is asked for.
        app.keys(".").await;
        let done = questions(&app).await;
        let works: Vec<&str> = done.iter().map(|(.., work)| work.as_str()).collect();
        (works.contains(&"answered") && works.contains(&"dismissed")).then_some(())
    })
    .await;
    let stage = app.quit().await;
    let app = App::start(stage, &[], &[]).await;
    app.show("Questions").await;
    until("what was decided is still so", || async {
        app.keys("5").await;
        let done = questions(&app).await;
        done.iter().any(|(.., work)| work == "dismissed").then_some(())
    })
    .await;
}

async fn listed_or_fewer(app: &App) {
    until("it is dismissed", || async {
        let list = questions(app).await;
        (list.len() < 2 || list.iter().any(|(.., work)| work == "dismissed")).then_some(())
    })
    .await;
}
