//! Extension `triage`: questions as work items, for staff.

use aside_protocol::Extension;
use aside_protocol::triage::{CHANGES_PATH, STATE_PATH};
use serde_json::{Value, json};

use super::answer::new_question;
use crate::check::engine::{Flaw, Judged, Probe, broken, probe};
use crate::check::member::{Member, holds};
use crate::check::stage::Stage;
use crate::check::web::Reply;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "triage.desk",
            ["talk.echo"],
            "`triage`: a join may carry \"triage\": true; the server then says {\"type\": \"desk\", \"change\": <newest>}.",
            "Answer such a join with `desk` as `data`, `change` being the number of the room's newest change.",
            desk
        ),
        probe!(
            "triage.told",
            ["triage.desk", "ask.content"],
            "From there on it says {\"type\": \"triage\", \"item\": {…}} for each change, in order, `change` without holes.",
            "Count the changes of a room in the transaction that makes them, and tell each to whoever joined with \"triage\": true.",
            told
        ),
        probe!(
            "triage.changes",
            ["triage.told"],
            "`GET api/question/changes?stream=&after=&limit=`: {\"code\": 200, \"data\": {\"items\", \"change\", \"more\"}}.",
            "Give the items that changed after `after`, each as it stands now, in the order of their last changes.",
            changes
        ),
        probe!(
            "triage.claim",
            ["triage.told"],
            "`POST api/question/state` {\"questionId\", \"state\", \"rev\", …}; \"state\": \"claimed\" needs no `rev`. The reply holds the item.",
            "Answer with {\"code\":200,\"data\":{\"item\":{…}}}; a claim succeeds if nobody else holds the question.",
            claim
        ),
        probe!(
            "triage.stale",
            ["triage.told"],
            "A stale `rev` gets 409 and the current state.",
            "Compare `rev` with the item's in the same transaction; answer 409 with data.item and change nothing.",
            stale
        ),
        probe!(
            "triage.core",
            ["triage.told"],
            "Whoever did not join with \"triage\": true gets none of it.",
            "Send `desk`, `triage`, `votes` and `presence` only to sockets that asked for them.",
            core
        ),
        probe!(
            "triage.role",
            ["ask.content"],
            "Changing a question's state is for staff: 403 = not for this role.",
            "Look at the token's role before anything else, and answer 403.",
            role
        ),
    ]
}

/// A member of staff who sees questions, and the newest change until then.
pub(super) async fn at_desk(stage: &Stage) -> Result<(Member, u64), Flaw> {
    let mut member = stage.opened(&stage.staff().unwrap_or(stage.token.clone())).await?;
    member.join_with(json!({ "triage": true })).await;
    let desk = member.object("`desk`", |object| object["type"] == "desk").await?;
    match desk["change"].as_u64() {
        Some(change) => Ok((member, change)),
        None => broken(format!("`desk` holds no `change`: {desk}")),
    }
}

async fn desk(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    let (_, change) = at_desk(stage).await?;
    Ok(format!("change {change}"))
}

/// The next change of a question.
async fn item(member: &mut Member, question: &Value) -> Result<Value, Flaw> {
    let meant = |object: &Value| {
        object["type"] == "triage" && object["item"]["questionId"] == question["id"]
    };
    Ok(member.object("change of a question", meant).await?["item"].clone())
}

async fn told(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    let (mut member, mut change) = at_desk(stage).await?;
    let question = new_question(stage).await?;
    let meant = |object: &Value| {
        object["type"] == "triage" && object["item"]["questionId"] == question["id"]
    };
    let heard = member.until("change of a question", meant).await?;
    let (mut entry_came, mut items) = (false, 0);
    for object in &heard {
        entry_came |= object["type"] == "question" && object["id"] == question["id"];
        if object["type"] != "triage" {
            continue;
        }
        items += 1;
        let item = &object["item"];
        if item["change"].as_u64() != Some(change + 1) {
            return broken(format!("after change {change} comes {}", item["change"]));
        }
        change += 1;
        if !item["rev"].is_u64() || !item["work"].is_string() || !item["text"].is_string() {
            return broken(format!("an item without `rev`, `work` or `text`: {item}"));
        }
    }
    match entry_came {
        true => Ok(format!("{items} changes, up to {change}")),
        false => broken("the item came before the entry that caused it"),
    }
}

async fn post(stage: &mut Stage, question: &Value, change: Value) -> Result<Reply, Flaw> {
    let token = stage.staff()?;
    let mut body =
        json!({ "questionId": question["id"], "streamId": stage.config.stream.as_str() });
    for (key, value) in change.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    stage.post(STATE_PATH, &body, &token).await
}

async fn changes(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    let question = new_question(stage).await?;
    // Later than the entry, and known to be done when it is told.
    let (_, newest) = at_desk(stage).await?;
    let pairs = [
        ("stream", stage.config.stream.to_string()),
        ("after", newest.saturating_sub(1).to_string()),
        ("limit", "500".to_owned()),
    ];
    let reply = stage.get(CHANGES_PATH, &pairs, &stage.token).await?;
    let data = &reply.json["data"];
    if !reply.ok() || !data["items"].is_array() || !data["change"].is_u64() {
        return broken(format!("HTTP {}, no data.items or no data.change", reply.status));
    }
    if data["change"].as_u64() < Some(newest) {
        return broken(format!("it ends at change {} of {newest}", data["change"]));
    }
    let items = data["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    match items.iter().find(|item| item["questionId"] == question["id"]) {
        Some(item) => Ok(format!("change {}", item["change"])),
        None => broken("the newest question is not among them"),
    }
}

async fn claim(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    stage.staff()?;
    let question = new_question(stage).await?;
    let (mut member, _) = at_desk(stage).await?;
    let device = "aside-cli check";
    let reply = post(stage, &question, json!({ "state": "claimed", "device": device })).await?;
    let claimed = &reply.json["data"]["item"];
    if !reply.ok() || claimed["work"] != "claimed" {
        return broken(format!("HTTP {}, data.item.work is {}", reply.status, claimed["work"]));
    }
    let told = item(&mut member, &question).await?;
    let opened = post(stage, &question, json!({ "state": "open" })).await?;
    if told["work"] != "claimed" {
        return broken(format!("desks were told `work` {}", told["work"]));
    }
    match opened.ok() {
        true => Ok("claimed, told, and given back".to_owned()),
        false => broken(format!("giving it back: HTTP {}", opened.status)),
    }
}

async fn stale(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    stage.staff()?;
    let question = new_question(stage).await?;
    let claimed =
        post(stage, &question, json!({ "state": "claimed", "device": "aside-cli check" })).await?;
    let rev = claimed.json["data"]["item"]["rev"].as_u64().unwrap_or_default();
    let reply = post(stage, &question, json!({ "pinned": true, "rev": rev + 1000 })).await?;
    let given_back = post(stage, &question, json!({ "state": "open" })).await?;
    if reply.status != 409 {
        return broken(format!("HTTP {} for a `rev` that never was", reply.status));
    }
    if reply.json["data"]["item"]["questionId"] != question["id"] {
        return broken("409, but without the item as it stands");
    }
    if given_back.json["data"]["item"]["pinned"] == true {
        return broken("409, but the change happened");
    }
    Ok("409 with the item".to_owned())
}

async fn core(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    // Asks on the pair, neither of whom asked to be told.
    let question = new_question(stage).await?;
    let mut pair = stage.pair().await?;
    let fence = stage.mark();
    stage.say(&mut pair.bob, &fence, json!({})).await;
    let heard = pair.bob.until("echo", |entry| holds(entry, &fence)).await?;
    stage.keep(pair);
    let strange = |object: &&Value| {
        matches!(object["type"].as_str(), Some("desk" | "triage" | "votes" | "presence"))
    };
    match heard.iter().find(strange) {
        Some(object) => broken(format!("a client of the core was told {object}")),
        None => Ok(format!("question {} came as an entry alone", question["seq"])),
    }
}

async fn role(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Triage)?;
    let audience = stage.audience()?;
    let question = stage.question.clone().unwrap_or_default();
    let body = json!({
        "questionId": question["id"], "streamId": stage.config.stream.as_str(), "state": "claimed",
    });
    stage.post(STATE_PATH, &body, &audience).await?.refuses(403)
}
