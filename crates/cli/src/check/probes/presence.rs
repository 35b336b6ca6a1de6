//! Who looks at what, a part of `triage`: told to desks, and to nobody else.

use aside_protocol::Extension;
use serde_json::{Value, json};

use super::answer::new_question;
use super::triage::at_desk;
use crate::check::engine::{Judged, Probe, broken, probe};
use crate::check::member::holds;
use crate::check::stage::Stage;

/// The type of a frame that says what one has before one.
const LOOK: i64 = 4;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "presence.told",
            ["triage.told"],
            "A client of staff may send type 4, {\"topic\", \"questionId\", \"doing\", \"device\"}; staff are told {\"type\": \"presence\", \"questionId\", \"people\": [{\"user\", \"displayName\", \"device\", \"doing\", …}]} when that changes, and on joining.",
            "Keep what each connection of staff looks at in memory, and tell the desks who is before a question whenever that is different.",
            told
        ),
        probe!(
            "presence.ends",
            ["presence.told"],
            "An empty `questionId` says: nothing; whoever is gone is no longer among the `people`.",
            "Tell the people of the question that was left, without whoever left it; do the same when the connection ends.",
            ends
        ),
        probe!(
            "presence.staff",
            ["presence.told"],
            "Staff are told who looks at what, and nobody else.",
            "Send `presence` only to sockets of staff that joined with \"triage\": true.",
            staff
        ),
    ]
}

fn look(stage: &Stage, question: &Value) -> String {
    let topic = stage.config.topic.as_str();
    json!({ "topic": topic, "questionId": question, "doing": "viewing", "device": "aside-cli check" })
        .to_string()
}

/// Whether a desk is told who looks at a question, and we are among them, or not.
fn is_of<'a>(question: &'a Value, here: bool) -> impl Fn(&Value) -> bool + 'a {
    move |told| {
        let people = told["people"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ours = people.iter().any(|one| one["device"] == "aside-cli check");
        told["type"] == "presence" && told["questionId"] == *question && ours == here
    }
}

async fn told(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    stage.staff()?;
    let question = new_question(stage).await?;
    let ((mut one, _), (mut other, _)) = (at_desk(stage).await?, at_desk(stage).await?);
    let frame = look(stage, &question["id"]);
    one.frame(LOOK, &frame).await;
    let told = other.object("`presence`", is_of(&question["id"], true)).await?;
    let people = told["people"].as_array().map(Vec::as_slice).unwrap_or_default();
    let known = people.iter().find(|one| one["device"] == "aside-cli check");
    let Some(person) = known.filter(|one| one["user"].is_string() && one["doing"] == "viewing")
    else {
        return broken(format!("told {told}"));
    };
    let (mut late, _) = at_desk(stage).await?;
    late.object("`presence` on joining", is_of(&question["id"], true)).await?;
    Ok(format!("{} is told to those who are here, and to those who come", person["user"]))
}

async fn ends(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    stage.staff()?;
    let question = new_question(stage).await?;
    let ((mut one, _), (mut other, _)) = (at_desk(stage).await?, at_desk(stage).await?);
    for away in ["looking at nothing", "leaving"] {
        let frame = look(stage, &question["id"]);
        one.frame(LOOK, &frame).await;
        other.object("`presence`", is_of(&question["id"], true)).await?;
        if away == "leaving" {
            drop(one);
            other
                .object("`presence` after a socket is gone", is_of(&question["id"], false))
                .await?;
            break;
        }
        let frame = look(stage, &json!(""));
        one.frame(LOOK, &frame).await;
        other.object("`presence` without us", is_of(&question["id"], false)).await?;
    }
    Ok("told when one looks away, and when one leaves".to_owned())
}

async fn staff(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    stage.staff()?;
    let audience = stage.audience()?;
    let question = new_question(stage).await?;
    let (mut desk, _) = at_desk(stage).await?;
    let mut member = stage.opened(&audience).await?;
    member.join_with(json!({ "triage": true })).await;
    // What is said before it has joined is not told to it.
    member.object("`desk`", |object| object["type"] == "desk").await?;
    let frame = look(stage, &question["id"]);
    desk.frame(LOOK, &frame).await;
    desk.object("`presence`", is_of(&question["id"], true)).await?;
    let fence = stage.mark();
    stage.say(&mut desk, &fence, json!({})).await;
    let heard = member.until("message", |entry| holds(entry, &fence)).await?;
    match heard.iter().find(|object| object["type"] == "presence") {
        Some(object) => broken(format!("the audience was told {object}")),
        None => Ok("the audience hears nothing of it".to_owned()),
    }
}
