//! Extension `resume`: joins that go on where the last one ended.

use aside_protocol::Extension;
use serde_json::{Value, json};

use super::seq::row;
use crate::check::engine::{Flaw, Judged, Probe, broken, probe};
use crate::check::member::{Member, holds, is_entry};
use crate::check::stage::Stage;

/// How much is missed.
const MISSED: usize = 4;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "resume.joined",
            ["seq.live"],
            "`resume`: a join that carries {\"epoch\", \"after\"} is answered by {\"type\": \"joined\", \"topic\", \"epoch\", \"seq\"}.",
            "Answer a join with `epoch` in its payload with `joined` as `data`: the room's epoch (any text that changes when the history is reset) and its newest seq.",
            joined
        ),
        probe!(
            "resume.replay",
            ["resume.joined"],
            "Then every entry after `after` comes, in order, before any live one.",
            "Read the entries after `after` from the store and send them first; begin with live ones where those end, without a hole and without a repetition.",
            replay
        ),
        probe!(
            "resume.epoch",
            ["resume.joined"],
            "If the server can't (another epoch), it answers with \"resumed\": false, and the client pages over HTTP.",
            "Compare the epoch; if it is another, write \"resumed\":false into `joined`, replay nothing, and go on with live entries.",
            epoch
        ),
        probe!(
            "resume.core",
            ["resume.joined"],
            "A join without `epoch` gets no `joined`.",
            "Answer `joined` only to joins whose payload has an `epoch`: clients of the core do not know the word.",
            core
        ),
    ]
}

async fn told(member: &mut Member, epoch: &str, after: u64) -> Result<Value, Flaw> {
    member.join_with(json!({ "epoch": epoch, "after": after })).await;
    member.object("joined", |object| object["type"] == "joined").await
}

async fn joined(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Resume)?;
    let mut member = stage.opened(&stage.token).await?;
    let joined = told(&mut member, "", 0).await?;
    if joined["epoch"].as_str().is_none_or(str::is_empty) || !joined["seq"].is_u64() {
        return broken(format!("`joined` holds no `epoch` or no `seq`: {joined}"));
    }
    if joined["topic"] != stage.config.topic.as_str() {
        return broken(format!("`joined` names the topic {}", joined["topic"]));
    }
    Ok(format!("epoch {}, seq {}", joined["epoch"], joined["seq"]))
}

async fn replay(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Resume)?;
    let mut first = stage.opened(&stage.token).await?;
    let position = told(&mut first, "", 0).await?;
    drop(first);
    let (epoch, after) = (position["epoch"].as_str().unwrap_or_default(), position["seq"].as_u64());
    let after = after.unwrap_or_default();
    let mut pair = stage.pair().await?;
    let missed: Vec<String> = (0..MISSED).map(|_| stage.mark()).collect();
    let last = missed.last().cloned().unwrap_or_default();
    for words in &missed {
        stage.say(&mut pair.ann, words, json!({})).await;
    }
    pair.ann.object("echo", |entry| holds(entry, &last)).await?;
    let mut again = stage.opened(&stage.token).await?;
    let joined = told(&mut again, epoch, after).await?;
    if joined["resumed"] == false {
        return broken("\"resumed\": false, though the epoch is the room's and little was missed");
    }
    let live = stage.mark();
    stage.say(&mut pair.ann, &live, json!({})).await;
    let mut heard =
        again.until("live entry after the missed ones", |entry| holds(entry, &live)).await?;
    heard.retain(is_entry);
    let places = row(&heard)?;
    stage.keep(pair);
    if places.first() != Some(&(after + 1)) {
        return broken(format!(
            "after={after} is followed by seq {}",
            places.first().copied().unwrap_or_default()
        ));
    }
    if let Some(words) = missed.iter().find(|words| !heard.iter().any(|entry| holds(entry, words)))
    {
        return broken(format!("{words} was missed and did not come"));
    }
    Ok(format!("{} entries from seq {} on, then the live one", heard.len() - 1, after + 1))
}

async fn epoch(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Resume)?;
    let mut pair = stage.pair().await?;
    let mut member = stage.opened(&stage.token).await?;
    let joined = told(&mut member, "aside-check-of-no-room", 0).await?;
    if joined["resumed"] != false {
        return broken(format!("an epoch of no room was resumed: {joined}"));
    }
    let live = stage.mark();
    stage.say(&mut pair.ann, &live, json!({})).await;
    let mut heard = member.until("live entry", |entry| holds(entry, &live)).await?;
    heard.retain(is_entry);
    row(&heard)?;
    stage.keep(pair);
    match heard[0]["seq"].as_u64() > joined["seq"].as_u64() {
        true => Ok("\"resumed\": false, then live entries".to_owned()),
        false => broken("entries up to the `seq` of `joined` were sent all the same"),
    }
}

async fn core(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Resume)?;
    let mut pair = stage.pair().await?;
    let mut member = stage.opened(&stage.token).await?;
    member.join().await;
    member.beat().await;
    let fence = stage.mark();
    stage.say(&mut member, &fence, json!({})).await;
    let heard = member.until("echo", |entry| holds(entry, &fence)).await?;
    pair.ann.object("message", |entry| holds(entry, &fence)).await?;
    stage.keep(pair);
    match heard.iter().any(|object| object["type"] == "joined") {
        true => broken("a join of the core was answered with `joined`"),
        false => Ok("no `joined`".to_owned()),
    }
}
