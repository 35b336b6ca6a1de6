//! Extension `ack`: sends that are acknowledged, and stored once.

use aside_protocol::Extension;
use serde_json::{Value, json};

use super::asking::{ask, not_reviewed};
use crate::check::engine::{Judged, Probe, broken, probe};
use crate::check::member::{Member, holds};
use crate::check::stage::Stage;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "ack.send",
            ["talk.echo"],
            "`ack`: a send may carry `nonce`; the server tells the sender {\"type\": \"ack\", \"nonce\", \"id\", \"seq\"} as `data`.",
            "After the commit, answer the sender's socket with {\"type\":\"ack\"} and the nonce that stood in `chatInfo`; with `seq` also `id` and `seq`.",
            send
        ),
        probe!(
            "ack.echo",
            ["ack.send"],
            "The server echoes the nonce in the broadcast entry.",
            "Write `nonce` into the entry as it came.",
            echo
        ),
        probe!(
            "ack.once",
            ["ack.send", "talk.others"],
            "The server stores a nonce once: a repeat within 24 h is acknowledged with the same id, not stored again.",
            "Keep each sender's nonces for 24 h under a unique index; on a repeat, answer with the first ack and broadcast nothing.",
            once
        ),
        probe!(
            "ack.conflict",
            ["ack.send"],
            "The same nonce with another text is refused with 409.",
            "Compare the text with that which was stored under the nonce; answer {\"type\":\"nack\",\"nonce\",\"code\":409,\"reason\"}.",
            conflict
        ),
        probe!(
            "ack.nack",
            ["ack.send"],
            "A send that is refused is answered with {\"type\": \"nack\", \"nonce\", \"code\", \"reason\"}.",
            "Answer each send that carries a nonce: if it is not stored, with a nack that holds the fitting HTTP status.",
            nack
        ),
        probe!(
            "ack.ask",
            ["ask.broadcast"],
            "An ask may carry `nonce`, too: it is stored once, echoed in the entry, and the reply holds {\"code\": 200, \"data\": {\"id\", \"seq\"}}.",
            "Treat `nonce` in the body of api/question/add as that of a send; answer the same id each time.",
            asked
        ),
    ]
}

/// The ack or nack of a nonce.
async fn word(member: &mut Member, nonce: &str) -> Result<Value, crate::check::engine::Flaw> {
    let meant = |object: &Value| {
        matches!(object["type"].as_str(), Some("ack" | "nack")) && object["nonce"] == nonce
    };
    member.object("ack", meant).await
}

fn is_ack(stage: &Stage, word: &Value) -> Judged {
    if word["type"] != "ack" {
        return broken(format!("it was refused: {word}"));
    }
    if stage.known.has(Extension::Seq) && (!word["id"].is_string() || !word["seq"].is_u64()) {
        return broken(format!("the ack holds no `id` or no `seq`: {word}"));
    }
    Ok(format!("ack, seq {}", word["seq"]))
}

async fn send(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Ack)?;
    let mut pair = stage.pair().await?;
    let (words, nonce) = (stage.mark(), stage.nonce());
    stage.say(&mut pair.ann, &words, json!({ "nonce": nonce })).await;
    let word = word(&mut pair.ann, &nonce).await?;
    stage.keep(pair);
    is_ack(stage, &word)
}

async fn echo(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Ack)?;
    let mut pair = stage.pair().await?;
    let (words, nonce) = (stage.mark(), stage.nonce());
    stage.say(&mut pair.ann, &words, json!({ "nonce": nonce })).await;
    let entry = pair.ann.object("echo", |entry| holds(entry, &words)).await?;
    stage.keep(pair);
    if entry["nonce"] != nonce.as_str() {
        return broken(format!("the entry's `nonce` is {}", entry["nonce"]));
    }
    Ok("the entry carries it".to_owned())
}

async fn once(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Ack)?;
    let mut pair = stage.pair().await?;
    let (words, fence, nonce) = (stage.mark(), stage.mark(), stage.nonce());
    stage.say(&mut pair.ann, &words, json!({ "nonce": nonce })).await;
    let first = word(&mut pair.ann, &nonce).await?;
    stage.say(&mut pair.ann, &words, json!({ "nonce": nonce })).await;
    let second = word(&mut pair.ann, &nonce).await?;
    is_ack(stage, &second)?;
    if first["id"] != second["id"] || first["seq"] != second["seq"] {
        return broken(format!("the repeat was given another place: {first} and {second}"));
    }
    stage.say(&mut pair.ann, &fence, json!({})).await;
    let heard = pair.bob.until("message", |entry| holds(entry, &fence)).await?;
    let times = heard.iter().filter(|entry| holds(entry, &words)).count();
    if times != 1 {
        return broken(format!("it was broadcast {times} times"));
    }
    stage.keep(pair);
    Ok("the same ack twice, one broadcast".to_owned())
}

async fn conflict(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Ack)?;
    let mut pair = stage.pair().await?;
    let (words, others, nonce) = (stage.mark(), stage.mark(), stage.nonce());
    stage.say(&mut pair.ann, &words, json!({ "nonce": nonce })).await;
    word(&mut pair.ann, &nonce).await?;
    stage.say(&mut pair.ann, &others, json!({ "nonce": nonce })).await;
    let second = word(&mut pair.ann, &nonce).await?;
    stage.keep(pair);
    if second["type"] != "nack" || second["code"] != 409 {
        return broken(format!("another text under the same nonce: {second}"));
    }
    Ok("nack with 409".to_owned())
}

async fn nack(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Ack)?;
    let mut pair = stage.pair().await?;
    let nonce = stage.nonce();
    // Nobody has anything to say with it.
    stage.say(&mut pair.ann, "", json!({ "nonce": nonce })).await;
    let word = word(&mut pair.ann, &nonce).await?;
    stage.keep(pair);
    match word["type"].as_str() {
        Some("nack") if word["code"].is_i64() && word["reason"].is_string() => {
            Ok(format!("nack with {} for an empty text", word["code"]))
        }
        Some("nack") => broken(format!("the nack holds no `code` or no `reason`: {word}")),
        _ => Ok("an empty text is taken, so nothing was refused".to_owned()),
    }
}

async fn asked(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Ack)?;
    not_reviewed(stage)?;
    let mut pair = stage.pair().await?;
    let (words, fence, nonce) = (stage.mark(), stage.mark(), stage.nonce());
    let first = ask(stage, &words, json!({ "nonce": nonce })).await?;
    let second = ask(stage, &words, json!({ "nonce": nonce })).await?;
    let (one, two) = (&first.json["data"], &second.json["data"]);
    if !first.ok() || !second.ok() {
        return broken(format!("HTTP {}, and HTTP {} for the repeat", first.status, second.status));
    }
    if stage.known.has(Extension::Seq) && (!one["id"].is_string() || !one["seq"].is_u64()) {
        return broken(format!("the reply holds no data.id or no data.seq: {}", first.json));
    }
    if one["id"] != two["id"] {
        return broken(format!("the repeat was given another id: {one} and {two}"));
    }
    stage.say(&mut pair.ann, &fence, json!({})).await;
    let heard = pair.ann.until("message", |entry| holds(entry, &fence)).await?;
    let told: Vec<_> = heard.iter().filter(|entry| holds(entry, &words)).collect();
    stage.keep(pair);
    match told.as_slice() {
        [entry] if entry["nonce"] == nonce.as_str() => {
            Ok("one question, the same id twice".to_owned())
        }
        [entry] => broken(format!("the entry's `nonce` is {}", entry["nonce"])),
        all => broken(format!("it was broadcast {} times", all.len())),
    }
}
