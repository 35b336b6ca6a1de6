//! Questions: asked over HTTP, heard on the socket.

use aside_protocol::http::ASK_PATH;
use serde_json::{Value, json};

use crate::check::engine::{Flaw, Judged, Probe, broken, foreign, probe, stuck};
use crate::check::member::holds;
use crate::check::stage::Stage;
use crate::check::web::Reply;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "ask.taken",
            [],
            "`POST api/question/add` {\"content\", \"streamId\"}: ask.",
            "Take a JSON body with these two keys, and answer with a 2xx and {\"code\": 200}.",
            taken
        ),
        probe!(
            "ask.broadcast",
            ["ask.taken", "talk.others"],
            "The question then arrives as a broadcast.",
            "Broadcast an entry of type `question` to everybody in the room, once, when a question is stored.",
            broadcast
        ),
        probe!(
            "ask.content",
            ["ask.broadcast"],
            "`question`: `content` is the JSON string of {\"content\": \"<text>\"}.",
            "Encode {\"content\": \"<the question>\"} to JSON text and put that text into the entry's `content`.",
            content
        ),
        probe!(
            "ask.wrong-token",
            ["ask.broadcast"],
            "Asking takes the same token, `Authorization: <token>`.",
            "Refuse api/question/add with 401 if the token is not valid.",
            wrong_token
        ),
    ]
}

/// Asks a question.
pub(super) async fn ask(stage: &mut Stage, words: &str, more: Value) -> Result<Reply, Flaw> {
    let mut body = json!({ "content": words, "streamId": stage.config.stream.as_str() });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let token = stage.token.clone();
    stage.post(ASK_PATH, &body, &token).await
}

/// Questions of the audience that are looked at first are no entries at first.
pub(super) fn not_reviewed(stage: &Stage) -> Result<(), Flaw> {
    if stage.known.review && !stage.role().answers() {
        return foreign("this room reviews what the audience asks: check with a token of staff");
    }
    Ok(())
}

async fn taken(stage: &mut Stage) -> Judged {
    let words = stage.mark();
    let reply = ask(stage, &words, json!({})).await?;
    stage.admits(&reply)?;
    match reply.status {
        200..300 if reply.ok() => Ok(format!("HTTP {}", reply.status)),
        200..300 => broken(format!("HTTP {} with code {}", reply.status, reply.json["code"])),
        status => broken(format!("HTTP {status}")),
    }
}

async fn broadcast(stage: &mut Stage) -> Judged {
    not_reviewed(stage)?;
    let mut pair = stage.pair().await?;
    let (words, fence) = (format!("{} \"why?\" 为什么", stage.mark()), stage.mark());
    let reply = ask(stage, &words, json!({})).await?;
    if !reply.ok() {
        return stuck(format!("HTTP {}", reply.status));
    }
    let mark = words.split_inclusive(']').next().unwrap_or_default();
    let entry =
        pair.ann.object("broadcast of one's own question", |entry| holds(entry, mark)).await?;
    if entry["type"] != "question" {
        return broken(format!("it came as a {}", entry["type"]));
    }
    stage.say(&mut pair.ann, &fence, json!({})).await;
    let heard = pair.bob.until("broadcast of a question", |entry| holds(entry, &fence)).await?;
    let times = heard.iter().filter(|entry| holds(entry, mark)).count();
    if times != 1 {
        return broken(format!("another member was told of it {times} times"));
    }
    stage.keep(pair);
    stage.question = Some(entry);
    stage.lines.push(fence);
    Ok("both were told, once".to_owned())
}

async fn content(stage: &mut Stage) -> Judged {
    let Some(entry) = &stage.question else { return stuck("there is no question") };
    let Some(text) = entry["content"].as_str() else { return broken("`content` is no string") };
    let Ok(content) = serde_json::from_str::<Value>(text) else {
        return broken(format!("`content` is no JSON text: {text}"));
    };
    match content["content"].as_str() {
        Some(words) if words.ends_with("] \"why?\" 为什么") => Ok("as it was asked".to_owned()),
        Some(words) => broken(format!("the words are others: {words}")),
        None => broken(format!("`content` holds no {{\"content\"}}: {text}")),
    }
}

async fn wrong_token(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let (words, fence, wrong) = (stage.mark(), stage.mark(), stage.wrong_token());
    let body = json!({ "content": words, "streamId": stage.config.stream.as_str() });
    let reply = stage.post(ASK_PATH, &body, &wrong).await?;
    stage.say(&mut pair.ann, &fence, json!({})).await;
    let heard = pair.ann.until("echo", |entry| holds(entry, &fence)).await?;
    stage.keep(pair);
    if heard.iter().any(|entry| holds(entry, &words)) {
        return broken("a question with a wrong token was broadcast");
    }
    match reply.ok() {
        true => broken(format!("HTTP {} for a wrong token", reply.status)),
        false => Ok(format!("HTTP {}, code {}", reply.status, reply.json["code"])),
    }
}
