//! Extension `moderation`: entries removed, people muted, a slow room, and the log of it. Whatever is done here to a room is undone before it is judged.

use aside_protocol::http::ASK_PATH;
use aside_protocol::moderation::{
    DEEDS_PATH, MODERATION_PATH, MUTE_PATH, REMOVALS_PATH, REMOVE_PATH, SLOW_PATH,
};
use aside_protocol::{Extension, Token};
use serde_json::{Value, json};

use crate::check::engine::{Flaw, Judged, Probe, broken, foreign, probe, stuck};
use crate::check::member::holds;
use crate::check::stage::Stage;
use crate::check::web::{Page, Reply};

/// How slow the room is made, and how long somebody is muted, for a moment; more than what one request waits for.
const SECONDS: u64 = 60;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "moderation.role",
            ["talk.echo"],
            "`moderation` is for staff, moderators and hosts; for anybody else, 403.",
            "Look at the token's role before anything else, and answer 403 to whoever is of the audience.",
            role
        ),
        probe!(
            "moderation.removed",
            ["seq.live"],
            "`POST api/moderation/remove` {\"entryId\", \"streamId\", \"reason\"}: everybody in the room is told {\"type\": \"removed\", \"id\", \"seq\", \"number\"}.",
            "Once it is stored, send that to every socket of the room, also to those of the core's join; `number` counts the room's removals.",
            removed
        ),
        probe!(
            "moderation.emptied",
            ["moderation.removed"],
            "A removed entry keeps its place, and nothing else: `user`, `displayName`, `avatarurl` and its text are empty from then on in the history.",
            "Empty these fields where the entry is stored; keep `id`, `seq` and `type`.",
            emptied
        ),
        probe!(
            "moderation.removals",
            ["moderation.removed"],
            "`GET api/moderation/removals?stream=&after=<number>&limit=`, for everybody: {\"code\": 200, \"data\": {\"removals\": [{\"number\", \"id\", \"seq\"}]}}, `number` without holes.",
            "Number the removals of a room in the transaction that makes them, and give those after `after`, oldest first.",
            removals
        ),
        probe!(
            "moderation.joined",
            ["moderation.removed", "resume.joined"],
            "`joined` has `removals`, their number, where there are any.",
            "Write the number of the room's newest removal into `joined`.",
            joined
        ),
        probe!(
            "moderation.muted",
            ["moderation.role", "ask.taken", "seq.live"],
            "`POST api/moderation/mute` {\"streamId\", \"seconds\", \"reason\"} with `user` or `entryId`: what they say and ask is refused with 403 and `Retry-After`; 0 ends it.",
            "Refuse with 403 and the seconds that are left, and take what they say again as soon as the mute is ended.",
            muted
        ),
        probe!(
            "moderation.state",
            ["moderation.muted"],
            "`GET api/moderation/state?stream=`: {\"code\": 200, \"data\": {\"slowSeconds\", \"muted\": [{\"user\", \"until\"}]}}.",
            "List whoever is muted now, `until` in milliseconds of the epoch, under the name that entries have.",
            state
        ),
        probe!(
            "moderation.nack",
            ["moderation.muted", "ack.nack"],
            "What somebody says who is muted is answered with a nack: 403, and `retry_ms`.",
            "Answer {\"type\":\"nack\",\"nonce\",\"code\":403,\"reason\",\"retry_ms\"}, `retry_ms` being what is left of it.",
            nack
        ),
        probe!(
            "moderation.slow",
            ["moderation.role", "ask.taken"],
            "`POST api/moderation/slow` {\"streamId\", \"seconds\"}: so long a person of the audience waits between what they say; sooner is 429. Capabilities say it as limits.slowSeconds.",
            "Keep the time of each person's last entry; refuse what comes sooner with 429 and `Retry-After`, and announce the setting.",
            slow
        ),
        probe!(
            "moderation.log",
            ["moderation.removed"],
            "`GET api/moderation/log?stream=&after=<number>&limit=`, or `before=` for the last ones: {\"deeds\": [{\"number\", \"action\", \"old\", \"by\", \"at\", …}]}, `old` being what a removed entry said.",
            "Write each deed down in the transaction that does it, with what was there before and who did it.",
            log
        ),
    ]
}

/// The token of staff, where the extension is there.
fn keeper(stage: &Stage) -> Result<Token, Flaw> {
    stage.announced(Extension::Moderation)?;
    stage.staff()
}

async fn post(stage: &mut Stage, path: &str, mut body: Value, by: &Token) -> Result<Reply, Flaw> {
    body["streamId"] = stage.config.stream.as_str().into();
    stage.post(path, &body, by).await
}

async fn get(stage: &Stage, path: &str, more: &[(&str, u64)], by: &Token) -> Result<Reply, Flaw> {
    let mut pairs = vec![("stream", stage.config.stream.to_string())];
    pairs.extend(more.iter().map(|(name, value)| (*name, value.to_string())));
    stage.get(path, &pairs, by).await
}

async fn role(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Moderation)?;
    let audience = stage.audience()?;
    for (path, body) in [
        (SLOW_PATH, json!({ "seconds": 0 })),
        (MUTE_PATH, json!({ "user": "aside-check-nobody", "seconds": 0 })),
        (REMOVE_PATH, json!({ "entryId": "aside-check-of-no-room" })),
    ] {
        post(stage, path, body, &audience).await?.refuses(403)?;
    }
    get(stage, DEEDS_PATH, &[], &audience).await?.refuses(403)
}

/// Says something and has it removed: the entry, its words, and what another member is told.
async fn remove(stage: &mut Stage) -> Result<(Value, String, Value), Flaw> {
    let staff = keeper(stage)?;
    let mut pair = stage.pair().await?;
    let words = stage.mark();
    stage.say(&mut pair.ann, &words, json!({})).await;
    let entry = pair.bob.object("message", |entry| holds(entry, &words)).await?;
    let body = json!({ "entryId": entry["id"], "reason": "aside-cli check" });
    let reply = post(stage, REMOVE_PATH, body, &staff).await?;
    if !reply.ok() {
        return broken(format!("HTTP {} for a token of staff", reply.status));
    }
    let meant = |told: &Value| told["type"] == "removed" && told["id"] == entry["id"];
    let told = pair.bob.object("`removed`", meant).await?;
    stage.keep(pair);
    Ok((entry, words, told))
}

async fn removed(stage: &mut Stage) -> Judged {
    let (entry, _, told) = remove(stage).await?;
    if told["seq"] != entry["seq"] || !told["number"].is_u64() {
        return broken(format!("told {told} of the entry with seq {}", entry["seq"]));
    }
    Ok(format!("told, as removal {}", told["number"]))
}

async fn emptied(stage: &mut Stage) -> Judged {
    let (entry, words, _) = remove(stage).await?;
    let seq = entry["seq"].as_u64().unwrap_or_default();
    let page = Page { place: Some(("after", seq.saturating_sub(1))), ..Page::newest(1) };
    let items = stage.page(&page).await?;
    let Some(item) = items.iter().find(|item| item["id"] == entry["id"]) else {
        return broken(format!("the history has nothing at seq {seq}"));
    };
    let left = ["user", "displayName", "avatarurl", "content"]
        .into_iter()
        .find(|name| !item[*name].is_null() && item[*name] != "");
    if item.to_string().contains(&words) {
        return broken(format!("what it said is still there: {item}"));
    }
    match left {
        Some(name) => broken(format!("`{name}` is still {}", item[name])),
        None => Ok(format!("seq {seq} is there, and empty")),
    }
}

async fn removals(stage: &mut Stage) -> Judged {
    let (first, second) = (remove(stage).await?.2, remove(stage).await?.2);
    let number = first["number"].as_u64().unwrap_or_default();
    if second["number"] != number + 1 {
        return broken(format!("after removal {number} comes {}", second["number"]));
    }
    let after = [("after", number.saturating_sub(1)), ("limit", 2)];
    let reply = get(stage, REMOVALS_PATH, &after, &stage.token).await?;
    let removals = reply.json["data"]["removals"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !reply.ok() {
        return broken(format!("HTTP {}", reply.status));
    }
    for (removal, told) in [&first, &second].iter().enumerate() {
        let found = removals.get(removal).cloned().unwrap_or_default();
        if ["number", "id", "seq"].iter().any(|name| found[*name] != told[*name]) {
            return broken(format!("told {told}, listed {found}"));
        }
    }
    Ok(format!("{number} and {}", number + 1))
}

async fn joined(stage: &mut Stage) -> Judged {
    let (_, _, told) = remove(stage).await?;
    let mut member = stage.opened(&stage.token).await?;
    member.join_with(json!({ "epoch": "", "after": 0 })).await;
    let joined = member.object("`joined`", |object| object["type"] == "joined").await?;
    match joined["removals"] == told["number"] {
        true => Ok(format!("removals {}", joined["removals"])),
        false => broken(format!("removal {} was told, and `joined` is {joined}", told["number"])),
    }
}

/// The audience says something: who that is, as entries name them.
async fn of_audience(stage: &mut Stage) -> Result<(Token, Value), Flaw> {
    let audience = stage.audience()?;
    let mut member = stage.opened(&audience).await?;
    member.join().await;
    let words = stage.mark();
    stage.say(&mut member, &words, json!({})).await;
    let entry = member.object("echo", |entry| holds(entry, &words)).await?;
    match entry["user"].as_str() {
        Some(user) if !user.is_empty() => Ok((audience, entry)),
        _ => stuck("entries of the audience name no user"),
    }
}

async fn ask(stage: &mut Stage, audience: &Token) -> Result<Reply, Flaw> {
    let words = stage.mark();
    post(stage, ASK_PATH, json!({ "content": words }), audience).await
}

fn waits(reply: &Reply) -> Result<u64, Flaw> {
    let wait = reply.retry_after.as_deref().and_then(|wait| wait.trim().parse().ok());
    match wait {
        Some(wait) if (1..=SECONDS).contains(&wait) => Ok(wait),
        _ => broken(format!("`Retry-After` is {:?}, of {SECONDS} s", reply.retry_after)),
    }
}

/// Mutes whoever said something, or ends it.
async fn mute(stage: &mut Stage, entry: &Value, seconds: u64) -> Result<(), Flaw> {
    let staff = keeper(stage)?;
    let body = json!({ "entryId": entry["id"], "seconds": seconds, "reason": "aside-cli check" });
    let reply = post(stage, MUTE_PATH, body, &staff).await?;
    match reply.ok() {
        true => Ok(()),
        false => broken(format!("HTTP {} for a token of staff", reply.status)),
    }
}

async fn muted(stage: &mut Stage) -> Judged {
    keeper(stage)?;
    let (audience, entry) = of_audience(stage).await?;
    mute(stage, &entry, SECONDS).await?;
    let refused = ask(stage, &audience).await;
    mute(stage, &entry, 0).await?;
    let again = ask(stage, &audience).await?;
    let refused = refused?;
    refused.refuses(403)?;
    let wait = waits(&refused)?;
    match again.ok() {
        true => Ok(format!("403 for {wait} s, and heard again")),
        false => broken(format!("HTTP {} after the mute was ended", again.status)),
    }
}

async fn state(stage: &mut Stage) -> Judged {
    let staff = keeper(stage)?;
    let (_, entry) = of_audience(stage).await?;
    mute(stage, &entry, SECONDS).await?;
    let during = get(stage, MODERATION_PATH, &[], &staff).await;
    mute(stage, &entry, 0).await?;
    let after = get(stage, MODERATION_PATH, &[], &staff).await?;
    let during = during?;
    let data = &during.json["data"];
    if !during.ok() || !data["slowSeconds"].is_u64() || !data["muted"].is_array() {
        return broken(format!("HTTP {}: {}", during.status, during.json));
    }
    let is_in = |reply: &Reply| {
        let muted = reply.json["data"]["muted"].as_array().map(Vec::as_slice).unwrap_or_default();
        muted.iter().any(|one| one["user"] == entry["user"] && one["until"].is_i64())
    };
    match (is_in(&during), is_in(&after)) {
        (true, false) => Ok(format!("{} was listed, and no longer is", entry["user"])),
        (false, _) => broken(format!("{} is muted, and not listed: {data}", entry["user"])),
        (true, true) => broken(format!("{} is not muted any more, but listed", entry["user"])),
    }
}

async fn nack(stage: &mut Stage) -> Judged {
    keeper(stage)?;
    stage.announced(Extension::Ack)?;
    let (audience, entry) = of_audience(stage).await?;
    let mut member = stage.opened(&audience).await?;
    member.join().await;
    mute(stage, &entry, SECONDS).await?;
    let (words, nonce) = (stage.mark(), stage.nonce());
    stage.say(&mut member, &words, json!({ "nonce": nonce })).await;
    let meant = |told: &Value| {
        matches!(told["type"].as_str(), Some("ack" | "nack")) && told["nonce"] == nonce.as_str()
    };
    let told = member.object("nack", meant).await;
    mute(stage, &entry, 0).await?;
    let told = told?;
    let wait = told["retry_ms"].as_u64().unwrap_or_default();
    match told["code"].as_i64() {
        Some(403) if (1..=SECONDS * 1000).contains(&wait) => Ok(format!("403, {wait} ms")),
        _ => broken(format!("told {told}")),
    }
}

async fn slow(stage: &mut Stage) -> Judged {
    let staff = keeper(stage)?;
    let audience = stage.audience()?;
    let before = get(stage, MODERATION_PATH, &[], &staff).await?;
    let before = before.json["data"]["slowSeconds"].as_u64().unwrap_or_default();
    if before > 0 {
        return foreign(format!("the room is slow already: {before} s"));
    }
    let set = post(stage, SLOW_PATH, json!({ "seconds": SECONDS }), &staff).await?;
    let asked = [ask(stage, &audience).await, ask(stage, &audience).await];
    let told = stage.get(aside_protocol::http::CAPABILITIES_PATH, &[], &audience).await;
    let back = post(stage, SLOW_PATH, json!({ "seconds": 0 }), &staff).await?;
    let after = ask(stage, &audience).await?;
    if !set.ok() || !back.ok() {
        return broken(format!("HTTP {} and {} for a token of staff", set.status, back.status));
    }
    let [first, second] = asked;
    if !first?.ok() {
        return stuck("the first question in the slow room was not taken");
    }
    let second = second?;
    second.refuses(429)?;
    let wait = waits(&second)?;
    let announced = &told?.json["data"]["limits"]["slowSeconds"];
    if *announced != SECONDS {
        return broken(format!("limits.slowSeconds is {announced} in a room of {SECONDS} s"));
    }
    match after.ok() {
        true => Ok(format!("429 for {wait} s, and no longer")),
        false => broken(format!("HTTP {} after the room was slow no more", after.status)),
    }
}

async fn log(stage: &mut Stage) -> Judged {
    let staff = keeper(stage)?;
    let (entry, words, _) = remove(stage).await?;
    // Beyond any number that there is.
    let last = [("before", u64::from(u32::MAX)), ("limit", 1)];
    let reply = get(stage, DEEDS_PATH, &last, &staff).await?;
    let deed = reply.json["data"]["deeds"][0].clone();
    if !reply.ok() || !deed["number"].is_u64() {
        return broken(format!("HTTP {}, no newest deed: {}", reply.status, reply.json));
    }
    if deed["action"] != "removed" || deed["entryId"] != entry["id"] {
        return broken(format!("the newest deed is {deed}"));
    }
    if deed["old"] != words.as_str() || !deed["by"]["user"].is_string() || !deed["at"].is_i64() {
        return broken(format!("it does not hold what was removed, by whom and when: {deed}"));
    }
    let number = deed["number"].as_u64().unwrap_or_default();
    let reply = get(stage, DEEDS_PATH, &[("after", number - 1), ("limit", 1)], &staff).await?;
    match reply.json["data"]["deeds"][0] == deed {
        true => Ok(format!("deed {number}")),
        false => broken(format!("after {} comes {}", number - 1, reply.json)),
    }
}
