//! What a person wants to stand out or to step back: made in the editor, in force for what is there and for what comes, and still
//! so after a restart.

use serde_json::json;

use crate::{
    app::{App, until},
    room::{Mode, Room},
    stage::Stage,
};

/// The colour of the row that says something.
const COLOUR: &str = "
    const row = all('[role=log] [role=article]').find((el) => text(el).includes(a));
    return row?.dataset.colour ?? '';";

async fn is_coloured(app: &App, says: &str) {
    until(&format!("{says} stands out"), || async {
        let colour: String = app.ask(COLOUR, json!([says])).await;
        (colour == "teal").then_some(())
    })
    .await;
}

async fn make_a_rule(app: &App, words: &str, does: &str) {
    app.press("Add a rule").await;
    app.fill("Words", words).await;
    let choose = "const el = all(FIELD).find((el) => named(el) === 'What it does');
        el.value = a;
        el.dispatchEvent(new Event('change', { bubbles: true }));
        return el.value;";
    let chosen: String = app.ask(choose, json!([does])).await;
    assert_eq!(chosen, does);
    app.press("Save").await;
    app.button("Add a rule").await;
}

async fn is_folded(app: &App, count: usize) {
    // A line between them (of what is new, should the window have lost the focus for a moment) makes two of one fold.
    let muted = "return all(BUTTON).map((el) => /^(\\d+) muted$/.exec(named(el))?.[1] ?? '0')
        .reduce((sum, count) => sum + Number(count), 0);";
    until(&format!("{count} muted"), || async {
        (app.ask::<usize>(muted, json!([])).await == count).then_some(())
    })
    .await;
    let rows = app.rows().await;
    assert!(rows.iter().all(|row| !row.text.contains("pills")), "{rows:?}");
}

#[tokio::test]
async fn a_rule_colours_and_folds_what_is_there_and_what_comes_and_survives_a_restart() {
    let room = Room::open(Mode::Full).await;
    room.say("the beamer is dark").await;
    room.say("cheap pills").await;
    let stage =
        Stage::set("a_rule_colours_and_folds_what_is_there_and_what_comes_and_survives_a_restart");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["cheap pills"]).await;

    app.press("Settings").await;
    app.press("Highlights and mutes").await;
    make_a_rule(&app, "BEAMER", "mark").await;
    make_a_rule(&app, "pills", "mute").await;
    app.press("Remove: “pills”").await;
    app.press("Undo").await;
    app.button("Remove: “pills”").await;
    app.press("Close").await;
    is_coloured(&app, "the beamer is dark").await;
    is_folded(&app, 1).await;

    room.say("more pills").await;
    room.say("which beamer?").await;
    is_coloured(&app, "which beamer?").await;
    is_folded(&app, 2).await;
    let open =
        "for (const fold of all(BUTTON).filter((el) => named(el).endsWith(' muted'))) fold.click();
        return null;";
    app.ask::<()>(open, json!([])).await;
    app.row(&["cheap pills"]).await;
    app.row(&["more pills"]).await;

    app.press("Bo").await;
    app.row_or_words("4 messages").await;
    app.fill("Private note", "knows the beamer").await;
    app.press("Close").await;

    let app = App::start_in(app.quit().await, &room).await;
    app.becomes(&["online"]).await;
    is_coloured(&app, "which beamer?").await;
    is_folded(&app, 2).await;
    app.press("Bo").await;
    until("the note is there", || async {
        (app.value("Private note").await == "knows the beamer").then_some(())
    })
    .await;
}
