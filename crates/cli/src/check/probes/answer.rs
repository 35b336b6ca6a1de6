//! Extension `answer`: staff answer over HTTP.

use aside_protocol::Extension;
use aside_protocol::http::ANSWER_PATH;
use serde_json::{Value, json};

use super::asking::ask;
use crate::check::engine::{Flaw, Judged, Probe, broken, probe, stuck};
use crate::check::member::holds;
use crate::check::stage::Stage;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "answer.add",
            ["ask.content"],
            "`answer` (staff): `POST api/answer/add` {\"questionId\", \"content\", \"streamId\", \"nonce\"} → an `answer` entry whose content also holds `questionId`.",
            "Store and broadcast an entry of type `answer`: content {\"orgName\",\"orgLogo\",\"question\",\"answer\",\"questionId\"} as JSON text, `displayName` the asker's name.",
            add
        ),
        probe!(
            "answer.unknown",
            ["ask.content"],
            "A question that is not there can't be answered.",
            "Answer api/answer/add for an unknown `questionId` with 404.",
            unknown
        ),
        probe!(
            "answer.role",
            ["ask.content"],
            "Answering is for staff: 403 = not for this role.",
            "Look at the token's role before anything else, and answer 403.",
            role
        ),
    ]
}

/// A new question's entry: its id is what extensions name it by.
pub(super) async fn new_question(stage: &mut Stage) -> Result<Value, Flaw> {
    super::asking::not_reviewed(stage)?;
    let mut pair = stage.pair().await?;
    let words = stage.mark();
    let reply = ask(stage, &words, json!({})).await?;
    if !reply.ok() {
        return stuck(format!("a question was not taken: HTTP {}", reply.status));
    }
    let entry = pair.ann.object("question", |entry| holds(entry, &words)).await?;
    stage.keep(pair);
    match entry["id"].as_str() {
        Some(_) => Ok(entry),
        None => stuck("questions have no `id` to be named by: announce `seq` as well"),
    }
}

async fn add(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Answer)?;
    let staff = stage.staff()?;
    let question = new_question(stage).await?;
    let (words, nonce) = (stage.mark(), stage.nonce());
    let mut pair = stage.pair().await?;
    let body = json!({
        "questionId": question["id"], "content": words,
        "streamId": stage.config.stream.as_str(), "nonce": nonce,
    });
    let reply = stage.post(ANSWER_PATH, &body, &staff).await?;
    if !reply.ok() {
        return broken(format!("HTTP {} for a token of staff", reply.status));
    }
    let entry = pair.ann.object("broadcast of an answer", |entry| holds(entry, &words)).await?;
    stage.keep(pair);
    let content = entry["content"].as_str().unwrap_or_default();
    let content: Value = serde_json::from_str(content).unwrap_or_default();
    if entry["type"] != "answer" {
        return broken(format!("it came as a {}", entry["type"]));
    }
    if content["answer"] != words.as_str() || !content["question"].is_string() {
        return broken(format!(
            "`content` holds no {{\"question\", \"answer\"}}: {}",
            entry["content"]
        ));
    }
    if content["questionId"] != question["id"] {
        return broken(format!("`content` names the question {}", content["questionId"]));
    }
    if entry["displayName"] != question["displayName"] {
        return broken(format!("`displayName` is {}, not the asker's", entry["displayName"]));
    }
    Ok("the answer came, and names its question".to_owned())
}

async fn unknown(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Answer)?;
    let staff = stage.staff()?;
    let words = stage.mark();
    let body = json!({
        "questionId": "aside-check-of-no-room", "content": words,
        "streamId": stage.config.stream.as_str(),
    });
    let reply = stage.post(ANSWER_PATH, &body, &staff).await?;
    match reply.status {
        400..500 => Ok(format!("HTTP {}", reply.status)),
        status => broken(format!("HTTP {status}")),
    }
}

async fn role(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Answer)?;
    let audience = stage.audience()?;
    let words = stage.mark();
    let question = stage.question.clone().unwrap_or_default();
    let body = json!({
        "questionId": question["id"], "content": words,
        "streamId": stage.config.stream.as_str(),
    });
    stage.post(ANSWER_PATH, &body, &audience).await?.refuses(403)
}
